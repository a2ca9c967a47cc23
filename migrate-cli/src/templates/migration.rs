//! What a new migration does, guessed from its name.

use super::ColumnSpec;

/// What the words of a name ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `create_posts`
    CreateTable(String),
    /// `add_location_to_posts`
    AddColumns {
        /// The table.
        table: String,
        /// The columns that the name names.
        columns: Vec<String>,
    },
    /// `remove_location_from_posts`
    DropColumns {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// `drop_posts`
    DropTable(String),
    /// `rename_contents_to_body_in_comments`
    RenameColumn {
        /// The table.
        table: String,
        /// The column.
        from: String,
        /// Its new name.
        to: String,
    },
    /// `rename_posts_to_articles`
    RenameTable {
        /// The table.
        from: String,
        /// Its new name.
        to: String,
    },
    /// `index_title_on_posts`
    CreateIndex {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// `drop_index_posts_title_idx`
    DropIndex(String),
    /// Anything else.
    Empty,
}

impl Shape {
    /// Returns what a migration of this name, in `snake_case`, does with these columns.
    #[must_use]
    pub fn of(name: &str, columns: &[ColumnSpec]) -> Self {
        let given = || columns.iter().map(|column| column.name.clone()).collect();
        if let Some(rest) = name.strip_prefix("create_index_on_") {
            if !columns.is_empty() {
                let (table, columns) = (rest.to_owned(), given());
                return Self::CreateIndex { table, columns };
            }
            // Where the table's name ends cannot be known; mostly it is one word.
            let split = rest.split_once('_');
            return split.map_or(Self::Empty, |(table, columns)| Self::CreateIndex {
                table: table.to_owned(),
                columns: names(columns),
            });
        }
        if let Some(rest) = ["create_index_", "add_index_", "index_"]
            .iter()
            .find_map(|verb| name.strip_prefix(verb))
        {
            let split = rest.rsplit_once("_on_").or_else(|| rest.rsplit_once("_to_"));
            return split.map_or(Self::Empty, |(columns, table)| Self::CreateIndex {
                table: table.to_owned(),
                columns: names(columns),
            });
        }
        if let Some(index) = name.strip_prefix("drop_index_") {
            return Self::DropIndex(index.to_owned());
        }
        if let Some(table) = name.strip_prefix("create_").and_then(table) {
            return Self::CreateTable(table);
        }
        if let Some(rest) = name.strip_prefix("add_") {
            return Self::adding(rest, columns);
        }
        let dropped = name.strip_prefix("drop_");
        if let Some((columns, table)) =
            name.strip_prefix("remove_").or(dropped).and_then(|rest| rest.rsplit_once("_from_"))
        {
            return Self::DropColumns { table: table.to_owned(), columns: names(columns) };
        }
        if let Some(table) = dropped.and_then(table) {
            return Self::DropTable(table);
        }
        if let Some((from, to)) =
            name.strip_prefix("rename_").and_then(|rest| rest.split_once("_to_"))
        {
            let (from, to) = (from.to_owned(), to);
            return match to.rsplit_once("_in_") {
                Some((to, table)) => {
                    Self::RenameColumn { table: table.to_owned(), from, to: to.to_owned() }
                }
                None => Self::RenameTable { from, to: to.to_owned() },
            };
        }
        Self::Empty
    }

    /// Parses the text after `add_`.
    fn adding(rest: &str, columns: &[ColumnSpec]) -> Self {
        if let Some((named, table)) = rest.rsplit_once("_to_") {
            return Self::AddColumns { table: table.to_owned(), columns: names(named) };
        }
        // `add_location_posts location:point`
        let given: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
        let named = [given.join("_and_"), given.join("_")];
        let table = named
            .iter()
            .filter(|named| !named.is_empty())
            .find_map(|named| rest.strip_prefix(named.as_str())?.strip_prefix('_'));
        table.map_or(Self::Empty, |table| Self::AddColumns {
            table: table.to_owned(),
            columns: given,
        })
    }

    /// Whether columns that were given have a place in it.
    #[must_use]
    pub fn takes_columns(&self) -> bool {
        matches!(self, Self::CreateTable(_) | Self::AddColumns { .. } | Self::CreateIndex { .. })
    }
}

/// `a_and_b` is two.
fn names(words: &str) -> Vec<String> {
    words.split("_and_").map(str::to_owned).collect()
}

/// `posts`, `posts_table`, `table_posts`.
fn table(words: &str) -> Option<String> {
    let words = words.strip_prefix("table_").unwrap_or(words);
    let words = words.strip_suffix("_table").unwrap_or(words);
    (!words.is_empty()).then(|| words.to_owned())
}

/// The columns that `t.timestamps()` adds.
const TIMESTAMPS: [&str; 2] = ["created_at", "updated_at"];

/// The text of a Rust migration.
#[must_use]
pub fn rust(shape: &Shape, columns: &[ColumnSpec]) -> String {
    let mut lines = Vec::new();
    match shape {
        Shape::CreateTable(table) => {
            lines.push(format!("pgm.create_table({table:?}, |t| {{"));
            let own_key = columns.iter().find(|column| column.name == "id");
            lines.extend(own_key.is_none().then(|| "    t.id();".to_owned()));
            lines.extend(columns.iter().map(|column| match own_key {
                Some(key) if key == column => format!("    t.{}.primary_key();", column.call),
                _ => format!("    t.{};", column.call),
            }));
            let own_times = columns.iter().any(|column| TIMESTAMPS.contains(&column.name.as_str()));
            lines.extend((!own_times).then(|| "    t.timestamps();".to_owned()));
            lines.push("});".to_owned());
        }
        Shape::AddColumns { table, columns: named } => {
            let guessed = named.iter().map(|name| format!("text({name:?})"));
            let calls: Vec<_> = match columns {
                [] => {
                    lines.push("// The name does not tell the type: `text` is a guess.".to_owned());
                    guessed.collect()
                }
                given => given.iter().map(|column| column.call.clone()).collect(),
            };
            lines.push(format!("pgm.add_column({table:?}, |t| {{"));
            lines.extend(calls.iter().map(|call| format!("    t.{call};")));
            lines.push("});".to_owned());
        }
        Shape::DropColumns { table, columns } => {
            lines.push(format!("pgm.drop_column({table:?}, {});", list(columns)));
        }
        Shape::DropTable(table) => lines.push(format!("pgm.drop_table({table:?});")),
        Shape::RenameColumn { table, from, to } => {
            lines.push(format!("pgm.rename_column({table:?}, {from:?}, {to:?});"));
        }
        Shape::RenameTable { from, to } => {
            lines.push(format!("pgm.rename_table({from:?}, {to:?});"));
        }
        Shape::CreateIndex { table, columns: named } => {
            let given: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
            let columns = if given.is_empty() { named } else { &given };
            lines.push(format!("pgm.create_index({table:?}, {});", list(columns)));
        }
        Shape::DropIndex(index) => lines.push(format!("pgm.drop_index({index:?});")),
        Shape::Empty => return include_str!("empty.rs.txt").to_owned(),
    }
    let body: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {{\n{body}}}\n")
}

/// `"a"`, or `["a", "b"]`.
fn list(names: &[String]) -> String {
    match names {
        [name] => format!("{name:?}"),
        names => format!("{names:?}"),
    }
}

#[cfg(test)]
mod tests;
