//! The tables: whether they are there, whether they are ours, and how they are made.

use postgres::Client;
use thiserror::Error;

use super::History;

/// Why the history cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A table of that name is there, but another tool made it.
    #[error(
        "the table `{table}` is not a history of migrate: it has no column `{missing}`; its columns are {columns}"
    )]
    Foreign {
        /// The table.
        table: String,
        /// The first column that ours would have.
        missing: String,
        /// The columns that it has.
        columns: String,
    },
    /// Its name leaves no room for those of the tables beside it.
    #[error("`{table}` cannot be the name of the history: {problem}")]
    Name {
        /// The table.
        table: String,
        /// What is wrong.
        problem: String,
    },
    /// The server refused to read or write it.
    #[error("the history cannot be read or written")]
    Database(#[from] postgres::Error),
    /// A row cannot be what this tool wrote.
    #[error("the history row of `{name}` cannot be read")]
    Damaged {
        /// The migration.
        name: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl HistoryError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Foreign { .. } => Some(
                "give the history another name, `table = \"schema_history\"` in \
                 `[workspace.metadata.migrate]`"
                    .to_owned(),
            ),
            Self::Damaged { .. } => Some(
                "someone edited it by hand; `migrate status` still reads the others".to_owned(),
            ),
            Self::Name { .. } => Some("choose a shorter one".to_owned()),
            Self::Database(_) => None,
        }
    }
}

/// The columns of the history, in the order in which a person wants to see them.
const COLUMNS: &[(&str, &str)] = &[
    ("id", "integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("name", "text NOT NULL UNIQUE"),
    ("applied_at", "timestamptz NOT NULL"),
    ("execution_time_ms", "bigint NOT NULL"),
    ("checksum", "text NOT NULL"),
    ("source_digest", "text NOT NULL"),
    ("generator", "text NOT NULL"),
    ("up", "jsonb NOT NULL"),
    ("down", "jsonb NOT NULL"),
];

impl History {
    /// Whether the database has the history; its columns are checked to be ours.
    ///
    /// # Errors
    ///
    /// When a table of that name belongs to something else, or the server cannot be asked.
    pub fn exists(&self, client: &mut Client) -> Result<bool, HistoryError> {
        let names =
            [&self.schema, &self.journal_table().name].map(migrate_dsl::Identifier::problem);
        if let Some(problem) = names.into_iter().flatten().next() {
            return Err(HistoryError::Name { table: self.table.to_string(), problem });
        }
        let found: Vec<String> = client
            .query(
                "SELECT a.attname::text FROM pg_catalog.pg_attribute a \
                 JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped \
                 ORDER BY a.attnum",
                &[&self.schema.as_str(), &self.table.name.as_str()],
            )?
            .iter()
            .map(|row| row.get(0))
            .collect();
        if found.is_empty() {
            return Ok(false);
        }
        match COLUMNS.iter().find(|(name, _)| !found.iter().any(|column| column == name)) {
            None => Ok(true),
            Some((missing, _)) => Err(HistoryError::Foreign {
                table: self.table.to_string(),
                missing: (*missing).to_owned(),
                columns: found
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// Creates the tables, and the schema if it is not there: all or nothing.
    ///
    /// # Errors
    ///
    /// When the role may not, or the server cannot be asked.
    pub fn create(&self, client: &mut Client) -> Result<(), HistoryError> {
        let schema_exists = client
            .query_opt(
                "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
                &[&self.schema.as_str()],
            )?
            .is_some();
        let mut sql = String::from("BEGIN;\n");
        if !schema_exists {
            sql += &format!("CREATE SCHEMA {};\n", self.schema.quoted());
        }
        let columns: Vec<_> =
            COLUMNS.iter().map(|(name, kind)| format!("\"{name}\" {kind}")).collect();
        sql += &format!("CREATE TABLE {} ({});\n", self.table.quoted(), columns.join(", "));
        sql += &format!(
            "CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
             at timestamptz NOT NULL DEFAULT clock_timestamp(), action text NOT NULL, \
             name text NOT NULL, outcome text NOT NULL, duration_ms bigint, message text, \
             role text NOT NULL DEFAULT current_user, actor text NOT NULL, git_commit text, \
             tool_version text NOT NULL);\n",
            self.log_table().quoted()
        );
        sql += &format!(
            "CREATE TABLE {} (name text PRIMARY KEY, direction text NOT NULL, \
             checksum text NOT NULL, statements_done integer NOT NULL, running boolean NOT NULL, \
             captured jsonb NOT NULL, noted jsonb, \
             started_at timestamptz NOT NULL DEFAULT now());\n",
            self.journal_table().quoted()
        );
        sql += "COMMIT";
        client.batch_execute(&sql).inspect_err(|_| {
            // Leaves the session usable; the first error is the one that counts.
            _ = client.batch_execute("ROLLBACK");
        })?;
        Ok(())
    }
}
