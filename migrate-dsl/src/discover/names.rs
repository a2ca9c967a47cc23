//! Which files of a folder are migrations, and what is wrong with the names of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use super::Timestamp;

/// A migration as its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Timestamp and words: `20261120101500_create_comments`.
    pub name: String,
    /// What stands in front of the name.
    pub timestamp: Timestamp,
    /// The files, by their names in the folder.
    pub file: SourceFile,
}

/// The language of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFile {
    /// A Rust module.
    Rust(String),
    /// SQL, and maybe the SQL that reverts it.
    Sql {
        /// `x.sql` or `x.up.sql`.
        up: String,
        /// `x.down.sql`.
        down: Option<String>,
    },
}

impl SourceFile {
    /// The file with `up`.
    #[must_use]
    pub fn up(&self) -> &str {
        match self {
            Self::Rust(file) | Self::Sql { up: file, .. } => file,
        }
    }

    /// All files of the migration.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let down = match self {
            Self::Rust(_) => None,
            Self::Sql { down, .. } => down.as_deref(),
        };
        std::iter::once(self.up()).chain(down)
    }
}

/// Why a folder of migrations cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameProblem {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

/// The migrations in a folder, in the order of their timestamps. Folders below it, hidden files,
/// `main.rs`, `lib.rs` and the modules that `lib.rs` declares are none.
///
/// # Errors
///
/// Every file that is named badly or is none (a named pipe, for example), timestamps that two migrations share or that are still to
/// come, and a folder that cannot be read.
pub fn sources(folder: &Path) -> Result<Vec<Source>, Vec<NameProblem>> {
    let unreadable = |error: std::io::Error| {
        vec![NameProblem {
            message: format!("cannot read `{}`: {error}", folder.display()),
            help: "it is where the migrations are expected".to_owned(),
        }]
    };
    let (mut files, mut special) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(unreadable)?;
        if ending(&file).is_none() || file.starts_with('.') || kind.is_dir() {
            continue;
        }
        // A link that leads nowhere is told of when it is read.
        let leads_to = || fs::metadata(entry.path()).is_ok_and(|data| !data.is_file());
        if !kind.is_file() && (!kind.is_symlink() || leads_to()) {
            special.push(not_a_file(&file));
            continue;
        }
        files.push(file);
    }
    if !special.is_empty() {
        return Err(special);
    }
    files.sort();
    let lib = fs::read_to_string(folder.join("lib.rs")).unwrap_or_default();
    named(&files, &lib, Timestamp::now())
}

/// To read it might wait for ever.
fn not_a_file(file: &str) -> NameProblem {
    NameProblem {
        message: format!("`src/{file}` is neither a file nor a link to one"),
        help: "remove it, or put the file in its place".to_owned(),
    }
}

/// What the files (sorted) are, judged by their names; `lib` is the text of `lib.rs`.
fn named(files: &[String], lib: &str, now: Timestamp) -> Result<Vec<Source>, Vec<NameProblem>> {
    let mut found: Vec<Source> = Vec::new();
    let mut downs = Vec::new();
    let mut problems: Vec<_> = files.iter().filter_map(|file| in_capitals(file)).collect();
    let latest = Timestamp::latest();
    let mut free = Free::after(files, now, latest);
    for file in files.iter().filter(|file| in_capitals(file).is_none()) {
        let rust_module = file.strip_suffix(".rs");
        if let Some(module) = rust_module
            && (["main", "lib"].contains(&module) || declares(lib, module))
        {
            continue;
        }
        if let Some(stem) = file.strip_suffix(".down.sql") {
            downs.push((stem, file));
            continue;
        }
        let sql = file.strip_suffix(".up.sql").or_else(|| file.strip_suffix(".sql"));
        let Some(stem) = rust_module.or(sql) else {
            continue;
        };
        match parse(stem, &file[stem.len()..], latest, &mut free) {
            Ok(timestamp) => {
                let name = stem.to_owned();
                let file = match rust_module {
                    Some(_) => SourceFile::Rust(file.clone()),
                    None => SourceFile::Sql { up: file.clone(), down: None },
                };
                found.push(Source { name, timestamp, file });
            }
            Err(Why { what, help }) => problems.push(NameProblem {
                message: format!("`src/{file}` {what}"),
                help: help.unwrap_or_else(|| not_a_migration(file, free.take())),
            }),
        }
    }
    problems.extend(attach(downs, &mut found));
    found.sort_by(|a, b| (a.timestamp, &a.name).cmp(&(b.timestamp, &b.name)));
    let mut taken = BTreeSet::new();
    for pair in found.windows(2).filter(|pair| pair[0].timestamp == pair[1].timestamp) {
        if taken.is_empty() {
            taken.extend(found.iter().map(|source| source.timestamp));
        }
        let mut free = pair[1].timestamp.next();
        while !taken.insert(free) {
            free = free.next();
        }
        problems.push(NameProblem {
            message: format!(
                "`src/{}` and `src/{}` have the same timestamp, so their order is not defined",
                pair[0].file.up(),
                pair[1].file.up()
            ),
            help: format!("rename one of them, to `{}` for example", pair[1].renamed(free)),
        });
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The ending of a migration's file, which this one has, if not in that case.
fn ending(file: &str) -> Option<&'static str> {
    const ENDINGS: [&str; 4] = [".rs", ".up.sql", ".down.sql", ".sql"];
    let bytes = file.as_bytes();
    ENDINGS.into_iter().find(|ending| {
        let start = bytes.len().checked_sub(ending.len());
        start.is_some_and(|start| bytes[start..].eq_ignore_ascii_case(ending.as_bytes()))
    })
}

/// What is wrong with an ending in capitals: where files are found whatever their case, it would be
/// another one.
fn in_capitals(file: &str) -> Option<NameProblem> {
    let ending = ending(file)?;
    let (stem, written) = file.split_at(file.len() - ending.len());
    (written != ending).then(|| NameProblem {
        message: format!(
            "`src/{file}` has the ending `{written}`; endings are written in lower case"
        ),
        help: format!("rename it to `{stem}{ending}`"),
    })
}

/// Gives the SQL that reverts, stems with their files, to the migrations that it is for.
fn attach(downs: Vec<(&str, &String)>, found: &mut [Source]) -> Vec<NameProblem> {
    let mut places = BTreeMap::new();
    for (place, source) in found.iter().enumerate().filter(|_| !downs.is_empty()) {
        places.entry(source.name.clone()).or_insert(place);
    }
    let mut problems = Vec::new();
    for (stem, file) in downs {
        let up = places.get(stem).map(|place| &mut found[*place].file);
        if let Some(SourceFile::Sql { down, .. }) = up {
            *down = Some(file.clone());
        } else {
            problems.push(NameProblem {
                message: format!("`src/{file}` has no `src/{stem}.up.sql` beside it"),
                help: "add the file that it reverts, or remove it".to_owned(),
            });
        }
    }
    problems
}

impl Source {
    fn renamed(&self, timestamp: Timestamp) -> String {
        format!("{timestamp}{}", &self.file.up()[14..])
    }
}

/// Timestamps that no migration has: now, or the second after the last one, and so on, so that
/// files that get new names keep their order.
struct Free(Timestamp);

impl Free {
    fn after(files: &[String], now: Timestamp, latest: Timestamp) -> Self {
        let stamps = files.iter().filter_map(|file| Timestamp::parse(file.get(..14)?));
        let last = stamps.filter(|stamp| *stamp <= latest).max();
        Self(last.map_or(now, |last| now.max(last.next())))
    }

    fn take(&mut self) -> Timestamp {
        let taken = self.0;
        self.0 = taken.next();
        taken
    }
}

struct Why {
    what: String,
    help: Option<String>,
}

/// Reads a name: 14 digits, `_`, and words in `snake_case`.
fn parse(
    stem: &str,
    extension: &str,
    latest: Timestamp,
    free: &mut Free,
) -> Result<Timestamp, Why> {
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let (stamp, words) = stem.split_at(digits);
    if digits != 14 {
        let what = if digits == 0 {
            "has no timestamp in front of its name".to_owned()
        } else {
            {
                let plural = if digits == 1 { "" } else { "s" };
                format!(
                    "starts with {digits} digit{plural}; a timestamp has 14: year, month, day, hour, \
                 minute, second"
                )
            }
        };
        return Err(Why { what, help: None });
    }
    let Some(timestamp) = Timestamp::parse(stamp) else {
        let what = format!("starts with `{stamp}`, which is no date and time");
        return Err(Why { what, help: None });
    };
    let separated = words.starts_with('_');
    let words = words.strip_prefix('_').unwrap_or(words);
    let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !separated || words.is_empty() || !words.bytes().all(snake) {
        let what = "is not named `<timestamp>_<words_in_snake_case>`".to_owned();
        let snake = snake_case(words);
        let words = if snake.is_empty() { "what_it_does" } else { &snake };
        let help = format!("rename it, for example to `{timestamp}_{words}`");
        return Err(Why { what, help: Some(help) });
    }
    if timestamp > latest {
        let what =
            format!("has a timestamp that is still to come (now it is {} UTC)", Timestamp::now());
        let help = format!("rename it to `{}_{words}{extension}`", free.take());
        return Err(Why { what, help: Some(help) });
    }
    Ok(timestamp)
}

fn not_a_migration(file: &str, timestamp: Timestamp) -> String {
    let (stem, extension) = file.split_once('.').unwrap_or((file, "rs"));
    let words = snake_case(stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_'));
    let words = if words.is_empty() { "what_it_does" } else { &words };
    let rename = format!("rename it to `{timestamp}_{words}.{extension}`");
    if extension == "rs" {
        format!("{rename}, or declare `mod {stem};` in `src/lib.rs` if it is no migration")
    } else {
        format!("{rename}, or move it into a folder below `src/` if it is no migration")
    }
}

/// `AddLocation`, `add-location`, `add location`: all become `add_location`.
#[must_use]
pub fn snake_case(words: &str) -> String {
    let mut snake = String::new();
    let mut lower_before = false;
    for character in words.chars() {
        if !character.is_alphanumeric() {
            lower_before = false;
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            continue;
        }
        if character.is_uppercase() && lower_before {
            snake.push('_');
        }
        lower_before = character.is_lowercase() || character.is_numeric();
        snake.extend(character.to_lowercase().filter(char::is_ascii));
    }
    snake.trim_end_matches('_').to_owned()
}

/// Whether `lib` has a line `mod <module>;`.
fn declares(lib: &str, module: &str) -> bool {
    lib.lines().any(|line| {
        let line = line.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        line.strip_prefix("mod ").is_some_and(|rest| rest.trim().strip_suffix(';') == Some(module))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[&str]) -> String {
        let files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
        let now = Timestamp::parse("20260101120000").unwrap();
        let problems = named(&files, "pub mod helpers;", now).unwrap_err();
        let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        // The moment of the test is not part of it.
        let after = text.split_once("now it is ").map_or("", |(_, rest)| &rest[..14]);
        if after.is_empty() { text } else { text.replace(after, "<now>") }
    }

    #[test]
    fn migrations_in_order() {
        let files = [
            "20250101000000_b.up.sql",
            "20250101000000_b.down.sql",
            "20240101000000_c.sql",
            "20230101000000_a.rs",
            "helpers.rs",
            "lib.rs",
            "main.rs",
        ];
        let files = files.map(str::to_owned);
        let found =
            named(&files, "mod helpers;\nmigrate_dsl::migrations!();", Timestamp::now()).unwrap();
        let names: Vec<_> = found.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["20230101000000_a", "20240101000000_c", "20250101000000_b"]);
        assert_eq!(
            found[2].file.all().collect::<Vec<_>>(),
            ["20250101000000_b.up.sql", "20250101000000_b.down.sql"]
        );
    }

    #[test]
    fn bad_names() {
        insta::assert_snapshot!(problems(&["add_location.rs", "2026_x.rs", "20261399000000_x.rs", "20250101000000_AddIt.rs", "20250101000000.rs", "views.sql"]), @"
        `src/add_location.rs` has no timestamp in front of its name; rename it to `20260101120000_add_location.rs`, or declare `mod add_location;` in `src/lib.rs` if it is no migration
        `src/2026_x.rs` starts with 4 digits; a timestamp has 14: year, month, day, hour, minute, second; rename it to `20260101120001_x.rs`, or declare `mod 2026_x;` in `src/lib.rs` if it is no migration
        `src/20261399000000_x.rs` starts with `20261399000000`, which is no date and time; rename it to `20260101120002_x.rs`, or declare `mod 20261399000000_x;` in `src/lib.rs` if it is no migration
        `src/20250101000000_AddIt.rs` is not named `<timestamp>_<words_in_snake_case>`; rename it, for example to `20250101000000_add_it`
        `src/20250101000000.rs` is not named `<timestamp>_<words_in_snake_case>`; rename it, for example to `20250101000000_what_it_does`
        `src/views.sql` has no timestamp in front of its name; rename it to `20260101120003_views.sql`, or move it into a folder below `src/` if it is no migration
        ");
    }

    #[test]
    fn endings_in_capitals() {
        insta::assert_snapshot!(problems(&["20250101000000_x.UP.SQL", "20250101000000_x.up.sQl", "20250101000000_x.Down.sql", "20250102000000_y.RS", "20250103000000_z.SQL"]), @"
        `src/20250101000000_x.UP.SQL` has the ending `.UP.SQL`; endings are written in lower case; rename it to `20250101000000_x.up.sql`
        `src/20250101000000_x.up.sQl` has the ending `.up.sQl`; endings are written in lower case; rename it to `20250101000000_x.up.sql`
        `src/20250101000000_x.Down.sql` has the ending `.Down.sql`; endings are written in lower case; rename it to `20250101000000_x.down.sql`
        `src/20250102000000_y.RS` has the ending `.RS`; endings are written in lower case; rename it to `20250102000000_y.rs`
        `src/20250103000000_z.SQL` has the ending `.SQL`; endings are written in lower case; rename it to `20250103000000_z.sql`
        ");
    }

    #[test]
    fn timestamps_that_clash_or_are_to_come() {
        insta::assert_snapshot!(problems(&["20250101000059_a.rs", "20250101000059_b.sql", "20250101000059_bb.sql", "20250102000000_c.down.sql", "29990101000000_d.rs", "29990101000001_e.up.sql"]), @"
        `src/29990101000000_d.rs` has a timestamp that is still to come (now it is <now> UTC); rename it to `20260101120000_d.rs`
        `src/29990101000001_e.up.sql` has a timestamp that is still to come (now it is <now> UTC); rename it to `20260101120001_e.up.sql`
        `src/20250102000000_c.down.sql` has no `src/20250102000000_c.up.sql` beside it; add the file that it reverts, or remove it
        `src/20250101000059_a.rs` and `src/20250101000059_b.sql` have the same timestamp, so their order is not defined; rename one of them, to `20250101000100_b.sql` for example
        `src/20250101000059_b.sql` and `src/20250101000059_bb.sql` have the same timestamp, so their order is not defined; rename one of them, to `20250101000101_bb.sql` for example
        ");
    }

    #[test]
    fn words_become_snake_case() {
        for words in ["AddLocation", "add-location", " add  location ", "add_location"] {
            assert_eq!(snake_case(words), "add_location");
        }
        assert_eq!(snake_case("addHTTP2Url"), "add_http2_url");
    }
}
