//! Changes to manifests that leave the rest of them as it is.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

/// Settings of a new project.
pub(super) struct Settings {
    /// `workspace` or `package`.
    pub(super) of: String,
    /// The folder of the migrations, from the manifest.
    pub(super) dir: String,
}

impl Settings {
    /// Adds them to `[<of>.metadata.migrate]`. Existing entries stay, but for `dir`: the
    /// crate is where it was just put.
    pub(super) fn add_to(&self, manifest: &mut DocumentMut) -> Result<(), String> {
        let metadata = table(manifest.as_table_mut(), &self.of, false)?;
        let metadata = table(metadata, "metadata", true)?;
        let is_new = !metadata.contains_key("migrate");
        let settings = table(metadata, "migrate", false)?;
        let said = settings.get("dir").and_then(Item::as_str);
        if said != Some(&self.dir) {
            settings.insert("dir", value(&self.dir));
        }
        if is_new {
            settings.insert("database", value("private"));
        }
        Ok(())
    }
}

/// The table of that name, made where there is none. One that is implicit has no line of its own.
fn table<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
    implicit: bool,
) -> Result<&'a mut dyn TableLike, String> {
    if !parent.contains_key(name) {
        let mut table = Table::new();
        table.set_implicit(implicit);
        parent.insert(name, Item::Table(table));
    }
    let found = parent.get_mut(name).and_then(Item::as_table_like_mut);
    found.ok_or_else(|| format!("has a `{name}` that is no table"))
}

/// Makes a folder a member of the workspace, unless it is one. A package becomes a workspace.
pub(super) fn add_member(manifest: &mut DocumentMut, member: &str) -> Result<(), String> {
    let workspace = table(manifest.as_table_mut(), "workspace", false)?;
    let members = workspace.entry("members").or_insert_with(|| value(Array::new()));
    let members = members.as_array_mut().ok_or("has `workspace.members` that are no list")?;
    let is_member =
        members.iter().filter_map(Value::as_str).any(|pattern| matches(pattern, member));
    if !is_member {
        push(members, member);
    }
    Ok(())
}

/// Whether the workspace leaves the folder out.
pub(super) fn excludes(manifest: &DocumentMut, member: &str) -> bool {
    let excluded = || {
        let excluded = manifest.get("workspace")?.get("exclude")?.as_array()?;
        let mut paths = excluded.iter().filter_map(Value::as_str);
        Some(paths.any(|path| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            member == path || member.starts_with(&format!("{path}/"))
        }))
    };
    excluded().unwrap_or(false)
}

/// Adds to a list in the way in which the list is written.
fn push(list: &mut Array, text: &str) {
    let mut new = Value::from(text);
    let (mut prefix, mut suffix) = (String::new(), String::new());
    if let Some(last) = list.iter_mut().last() {
        let decor = last.decor_mut();
        let part = |raw: Option<&toml_edit::RawString>| {
            raw.and_then(|raw| raw.as_str()).unwrap_or_default().to_owned()
        };
        (prefix, suffix) = (part(decor.prefix()), part(decor.suffix()));
        // What stood behind the last one: the end of the line.
        decor.set_suffix("");
    }
    if let Some(line) = prefix.rfind('\n') {
        let indent = prefix.split_off(line);
        // A comment behind what was the last one stays with it.
        let trailing = list.trailing().as_str().unwrap_or_default().to_owned();
        let (comment, _) = trailing.rsplit_once('\n').unwrap_or_default();
        prefix = format!("{comment}{indent}");
        list.set_trailing("\n");
        list.set_trailing_comma(true);
        suffix.clear();
    } else if !list.is_empty() {
        prefix = " ".to_owned();
    }
    new.decor_mut().set_prefix(prefix);
    new.decor_mut().set_suffix(suffix);
    list.push_formatted(new);
}

/// Whether a pattern of `members`, as `crates/*`, means the folder.
fn matches(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let pattern: Vec<_> = pattern.split('/').collect();
    let folder: Vec<_> = folder.split('/').collect();
    pattern.len() == folder.len()
        && pattern
            .iter()
            .zip(folder)
            .all(|(pattern, part)| part_matches(pattern.as_bytes(), part.as_bytes()))
}

/// `*` is any text, `?` any byte.
fn part_matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| part_matches(rest, &text[taken..])),
        ([b'?', pattern @ ..], [_, text @ ..]) => part_matches(pattern, text),
        ([a, pattern @ ..], [b, text @ ..]) => a == b && part_matches(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_member(manifest: &str) -> String {
        let mut manifest: DocumentMut = manifest.parse().unwrap();
        add_member(&mut manifest, "migrations").unwrap();
        let settings = Settings { of: "workspace".to_owned(), dir: "migrations".to_owned() };
        settings.add_to(&mut manifest).unwrap();
        manifest.to_string()
    }

    #[test]
    fn a_list_on_one_line() {
        insta::assert_snapshot!(with_member("[workspace]\nmembers = [\"app\"] # all of them\nresolver = \"3\"\n\n[profile.dev]\ndebug = 0\n"), @r#"
        [workspace]
        members = ["app", "migrations"] # all of them
        resolver = "3"

        [workspace.metadata.migrate]
        dir = "migrations"
        database = "private"

        [profile.dev]
        debug = 0
        "#);
    }

    #[test]
    fn a_list_on_many_lines() {
        insta::assert_snapshot!(with_member("[workspace]\nmembers = [\n    # first\n    \"app\", # the app\n    \"lib\", # the rest\n]\n"), @r#"
        [workspace]
        members = [
            # first
            "app", # the app
            "lib", # the rest
            "migrations",
        ]

        [workspace.metadata.migrate]
        dir = "migrations"
        database = "private"
        "#);
    }

    #[test]
    fn a_list_without_a_last_comma() {
        insta::assert_snapshot!(with_member("[workspace]\nmembers = [\n  \"app\",\n  \"lib\"\n]\n"), @r#"
        [workspace]
        members = [
          "app",
          "lib",
          "migrations",
        ]

        [workspace.metadata.migrate]
        dir = "migrations"
        database = "private"
        "#);
    }

    #[test]
    fn a_package_becomes_a_workspace() {
        insta::assert_snapshot!(with_member("# mine\n[package]\nname = \"app\"\n\n[dependencies]\nserde = \"1\"\n"), @r#"
        # mine
        [package]
        name = "app"

        [dependencies]
        serde = "1"

        [workspace]
        members = ["migrations"]

        [workspace.metadata.migrate]
        dir = "migrations"
        database = "private"
        "#);
    }

    #[test]
    fn patterns_that_mean_it_already() {
        for members in ["migrations", "./migrations/", "*", "mig*s", "migration?"] {
            let manifest = format!(
                "[workspace]\nmembers = [\"{members}\"]\n\n[workspace.metadata.migrate]\ndir = \"migrations\"\n"
            );
            assert_eq!(with_member(&manifest), manifest);
        }
        assert!(!matches("crates/*", "migrations"));
        assert!(!matches("*", "a/b"));
    }

    #[test]
    fn what_is_left_out() {
        let manifest: DocumentMut = "[workspace]\nexclude = [\"./db\"]".parse().unwrap();
        assert!(excludes(&manifest, "db/migrations"));
        assert!(!excludes(&manifest, "dbs"));
    }
}
