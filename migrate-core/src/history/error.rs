//! Why the history cannot be used.

use thiserror::Error;

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
    /// A newer version of this tool has changed the tables.
    #[error("the history `{table}` has version {found}; this migrate knows up to {known}")]
    Newer {
        /// The table.
        table: String,
        /// The version that its settings tell.
        found: String,
        /// The newest version known here.
        known: usize,
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
            Self::Newer { .. } => Some("use the migrate that wrote it, or a newer one".to_owned()),
            Self::Name { .. } => Some("choose a shorter one".to_owned()),
            Self::Database(_) => None,
        }
    }
}
