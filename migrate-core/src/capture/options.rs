//! Options, set in one of four ways.

use std::borrow::Cow;

use migrate_dsl::{Identifier, quote_literal};

use super::form::Style;

/// Settings whose value is a list of names, each of which is a literal of its own.
const LISTS: &[&str] = &[
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Whether an option is internal to the server: PostgreSQL reserves names that start with `pg_`,
/// and some minor releases of November 2026 store `pg_attver` in the options of every column, which
/// others reject. Everything else is stored: if only known options were, one that this version does
/// not know would be lost silently.
pub(super) fn is_internal(option: &str) -> bool {
    option.starts_with("pg_")
}

/// A statement without the internal options of a column that an inverse stored by an earlier version
/// may set; none if it sets nothing else.
pub(crate) fn without_internal(sql: &str) -> Option<Cow<'_, str>> {
    let unchanged = Some(Cow::Borrowed(sql));
    if !sql.starts_with("ALTER ") || !sql.contains(" ALTER COLUMN ") {
        return unchanged;
    }
    let Some((front, list)) =
        [" SET (pg_", " RESET (pg_", " SET (n_distinct", " RESET (n_distinct"]
            .iter()
            .filter_map(|start| sql.rfind(start))
            .max()
            .and_then(|at| sql[at..].find('(').map(|open| sql.split_at(at + open + 1)))
    else {
        return unchanged;
    };
    let Some(list) = list.strip_suffix(')') else { return unchanged };
    let kept: Vec<_> = list.split(", ").filter(|option| !is_internal(option)).collect();
    (!kept.is_empty()).then(|| Cow::Owned(format!("{front}{})", kept.join(", "))))
}

impl Style {
    /// Returns the statements that turn the existing options into the expected ones.
    pub(super) fn set(self, alter: &str, found: &[String], wanted: &[String]) -> Vec<String> {
        let is_set =
            |name: &str, options: &[String]| options.iter().any(|option| parted(option).0 == name);
        let surplus: Vec<&str> = found
            .iter()
            .map(|option| parted(option).0)
            .filter(|name| !is_set(name, wanted))
            .collect();
        let is_withheld = |option: &str| self == Self::Foreign && !option.contains('=');
        let missing: Vec<(&str, &str)> = wanted
            .iter()
            .filter(|option| !found.contains(option) && !is_withheld(option))
            .map(|option| parted(option))
            .collect();
        if surplus.is_empty() && missing.is_empty() {
            return Vec::new();
        }
        // What is set is put last. A subscription has no RESET, and no order.
        let kept = found.iter().filter(|option| wanted.contains(option));
        let is_in_order = kept.zip(wanted).all(|(kept, wanted)| kept == wanted);
        let has_order = self == Self::Parameters && !alter.starts_with("ALTER SUBSCRIPTION ");
        if has_order && !is_in_order {
            let reset = self.set(alter, found, &[]);
            return reset.into_iter().chain(self.set(alter, &[], wanted)).collect();
        }
        match self {
            Self::Parameters => {
                let reset = format!("{alter} RESET ({})", surplus.join(", "));
                let set = missing
                    .iter()
                    .map(|(name, value)| format!("{name} = {}", quote_literal(value)));
                let set = format!("{alter} SET ({})", set.collect::<Vec<_>>().join(", "));
                let parts = [(!surplus.is_empty(), reset), (!missing.is_empty(), set)];
                parts.into_iter().filter(|(is_any, _)| *is_any).map(|(_, sql)| sql).collect()
            }
            Self::Foreign => {
                let drop = surplus.iter().map(|name| format!("DROP {}", quoted(name)));
                let set = missing.iter().map(|(name, value)| {
                    let verb = if is_set(name, found) { "SET" } else { "ADD" };
                    format!("{verb} {} {}", quoted(name), quote_literal(value))
                });
                let changes = drop.chain(set).collect::<Vec<_>>().join(", ");
                vec![format!("{alter} OPTIONS ({changes})")]
            }
            Self::Variables => {
                let reset = surplus.iter().map(|name| format!("{alter} RESET {name}"));
                let set = missing.iter().map(|(name, value)| {
                    let is_list = LISTS.contains(&name.to_ascii_lowercase().as_str());
                    let value = if is_list { literals(value) } else { quote_literal(value) };
                    format!("{alter} SET {name} TO {value}")
                });
                reset.chain(set).collect()
            }
            Self::Definition => {
                let drop = surplus.iter().map(|name| (*name).to_owned());
                let set = missing.iter().map(|(name, value)| format!("{name} = {value}"));
                vec![format!("{alter} ({})", drop.chain(set).collect::<Vec<_>>().join(", "))]
            }
        }
    }
}

/// The name and the value of an option.
fn parted(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

/// A list of names, with or without quotes, as literals: `"$user", a` as `'$user', 'a'`.
fn literals(list: &str) -> String {
    let mut names = vec![String::new()];
    let mut letters = list.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match (letter, names.last_mut()) {
            // Two of them are one inside.
            ('"', Some(name)) if is_quoted && letters.next_if_eq(&'"').is_some() => name.push('"'),
            ('"', _) => is_quoted = !is_quoted,
            (',', _) if !is_quoted => names.push(String::new()),
            (letter, _) if !is_quoted && letter.is_ascii_whitespace() => {}
            (letter, Some(name)) => name.push(letter),
            (_, None) => {}
        }
    }
    names.iter().map(|name| quote_literal(name)).collect::<Vec<_>>().join(", ")
}

fn quoted(name: &str) -> String {
    Identifier::from(name).quoted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_set_in_their_order() {
        let set = |found: &[&str], wanted: &[&str]| {
            let [found, wanted] = [found, wanted]
                .map(|options| options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>());
            Style::Parameters.set("ALTER", &found, &wanted).join("; ")
        };
        assert_eq!(set(&["a=1"], &["a=1", "b=2"]), "ALTER SET (b = '2')");
        assert_eq!(set(&["b=2"], &["a=1", "b=2"]), "ALTER RESET (b); ALTER SET (a = '1', b = '2')");
        assert_eq!(set(&["a=1", "b=2"], &["b=2"]), "ALTER RESET (a)");
        assert_eq!(set(&["a=1", "b=2"], &["a=1", "b=3"]), "ALTER SET (b = '3')");
    }

    #[test]
    fn what_has_no_value_is_dropped_and_not_set() {
        let set = |found: &[&str], wanted: &[&str]| {
            let [found, wanted] = [found, wanted]
                .map(|options| options.iter().map(|&option| option.to_owned()).collect::<Vec<_>>());
            Style::Foreign.set("ALTER", &found, &wanted).join("; ")
        };
        assert_eq!(set(&["key"], &["host=a", "key"]), "ALTER OPTIONS (ADD \"host\" 'a')");
        assert_eq!(
            set(&["host=b", "key"], &["host=a"]),
            "ALTER OPTIONS (DROP \"key\", SET \"host\" 'a')"
        );
        assert_eq!(set(&[], &["key"]), "");
    }

    #[test]
    fn stored_statements_lose_internal_options() {
        let alter = "ALTER TABLE ONLY public.t ALTER COLUMN a";
        let kept = |sql: &str| without_internal(&format!("{alter} {sql}")).map(Cow::into_owned);
        let set = |sql: &str| Some(format!("{alter} {sql}"));
        assert_eq!(kept("SET (pg_attver = '3')"), None);
        assert_eq!(kept("RESET (pg_attver)"), None);
        assert_eq!(kept("SET (n_distinct = '5', pg_attver = '3')"), set("SET (n_distinct = '5')"));
        assert_eq!(kept("SET (pg_attver = '3', n_distinct = '5')"), set("SET (n_distinct = '5')"));
        assert_eq!(kept("RESET (pg_attver, n_distinct)"), set("RESET (n_distinct)"));
        assert_eq!(kept("SET DEFAULT '(pg_x)'"), set("SET DEFAULT '(pg_x)'"));
        assert_eq!(without_internal("SELECT ' SET (pg_)'").as_deref(), Some("SELECT ' SET (pg_)'"));
    }

    #[test]
    fn the_names_of_a_list_are_literals() {
        assert_eq!(literals(r#""""#), "''");
        assert_eq!(literals(""), "''");
        assert_eq!(literals(r#""$user", public,"a, ""b""" "#), r#"'$user', 'public', 'a, "b"'"#);
        assert_eq!(literals("it's"), "'it''s'");
    }
}
