//! The names and definitions of a table's columns, in one list. From that list the table is created
//! and upgraded, recognized as ours, written and read.

use migrate_dsl::Name;

/// A column of one of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    /// The version of the tables that brought it.
    pub(super) since: usize,
    /// SQL for the value in existing rows if the column was dropped; none where it must not be guessed.
    lost: Option<&'static str>,
}

/// A column that the first version of the tables has.
pub(super) const fn column(name: &'static str, definition: &'static str) -> Column {
    Column { name, definition, since: 1, lost: None }
}

impl Column {
    /// The same, brought by a later version.
    pub(super) const fn since(self, version: usize) -> Self {
        Self { since: version, ..self }
    }

    /// The same, which can be put back, with this SQL for the rows that are there.
    pub(super) const fn or_lost(self, sql: &'static str) -> Self {
        Self { lost: Some(sql), ..self }
    }

    /// Whether it can be put back although there are rows.
    pub(super) fn can_be_restored(&self) -> bool {
        let is_free =
            !self.definition.contains("NOT NULL") && !self.definition.contains("PRIMARY KEY");
        let has_own = self.definition.contains("DEFAULT") || self.definition.contains("IDENTITY");
        self.lost.is_some() || is_free || has_own
    }

    fn is_json(&self) -> bool {
        self.definition.starts_with("pg_catalog.jsonb")
    }

    /// Returns the expression that reads it from a table with the alias `t`: JSON as text, and columns
    /// that older tables do not have as text or null.
    fn read(&self) -> String {
        let name = self.name;
        match self {
            Self { since: 2.., .. } => format!("pg_catalog.to_jsonb(t) ->> '{name}' AS {name}"),
            _ if self.is_json() => format!("{name}::pg_catalog.text AS {name}"),
            _ => name.to_owned(),
        }
    }
}

/// The version of tables that have all of these columns.
pub(super) const fn newest(tables: &[&[Column]]) -> usize {
    let mut version = 1;
    let mut table = 0;
    while table < tables.len() {
        let mut column = 0;
        while column < tables[table].len() {
            if tables[table][column].since > version {
                version = tables[table][column].since;
            }
            column += 1;
        }
        table += 1;
    }
    version
}

/// SQL that creates a table as its first version was.
pub(super) fn create_table(table: &Name, columns: &[Column]) -> String {
    let of_first = columns.iter().filter(|column| column.since == 1);
    let columns: Vec<_> =
        of_first.map(|column| format!("\"{}\" {}", column.name, column.definition)).collect();
    format!("CREATE TABLE {} ({})", table.quoted(), columns.join(", "))
}

/// SQL that adds what a version has brought.
pub(super) fn add_columns<'a>(
    table: &Name,
    columns: impl IntoIterator<Item = &'a Column>,
    version: usize,
) -> Vec<String> {
    let brought = columns.into_iter().filter(|column| column.since == version);
    brought.map(|column| add_column(table, column)).collect()
}

/// SQL that adds a column.
pub(super) fn add_column(table: &Name, column: &Column) -> String {
    format!("ALTER TABLE {} ADD COLUMN {} {}", table.quoted(), column.name, column.definition)
}

/// Returns the SQL that puts back a column that was dropped.
pub(super) fn restore_column(table: &Name, column: &Column) -> Vec<String> {
    let Some(lost) = column.lost else { return vec![add_column(table, column)] };
    let mut statements = vec![format!("{} DEFAULT {lost}", add_column(table, column))];
    statements.push(format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
        table.quoted(),
        column.name
    ));
    statements
}

/// Returns the SQL that adds a row: each value is SQL, and columns whose value is `NULL` are omitted.
pub(super) fn insert(table: &Name, values: &[(&str, String)]) -> String {
    let given = values.iter().filter(|(_, sql)| sql != "NULL");
    let (names, values): (Vec<_>, Vec<_>) = given.map(|(name, sql)| (*name, sql.as_str())).unzip();
    format!("INSERT INTO {} ({}) VALUES ({})", table.quoted(), names.join(", "), values.join(", "))
}

/// SQL that reads all columns that `is_asked` for, each under its name.
pub(super) fn select(
    table: &Name,
    columns: &[Column],
    is_asked: impl Fn(&Column) -> bool,
) -> String {
    let columns: Vec<_> =
        columns.iter().filter(|column| is_asked(column)).map(Column::read).collect();
    format!("SELECT {} FROM {} AS t", columns.join(", "), table.quoted())
}

/// All but the steps of migrations, which can be long.
pub(super) fn short(column: &Column) -> bool {
    !column.is_json()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        column("name", "text"),
        column("up", "pg_catalog.jsonb"),
        column("host", "text").since(2),
    ];

    #[test]
    fn one_list_makes_all_statements() {
        let table = Name::from("t");
        insta::assert_snapshot!(
            [
                vec![create_table(&table, COLUMNS)],
                add_columns(&table, COLUMNS, 2),
                vec![
                    insert(&table, &[("name", "'a'".to_owned()), ("host", "NULL".to_owned())]),
                    select(&table, COLUMNS, |_| true),
                    select(&table, COLUMNS, short),
                ],
            ]
            .concat()
            .join("\n"),
            @r#"
        CREATE TABLE "t" ("name" text, "up" pg_catalog.jsonb)
        ALTER TABLE "t" ADD COLUMN host text
        INSERT INTO "t" (name) VALUES ('a')
        SELECT name, up::pg_catalog.text AS up, pg_catalog.to_jsonb(t) ->> 'host' AS host FROM "t" AS t
        SELECT name, pg_catalog.to_jsonb(t) ->> 'host' AS host FROM "t" AS t
        "#
        );
    }
}
