//! Why the history cannot be used.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use migrate_dsl::Name;
use postgres::Client;
use serde::Serialize;
use thiserror::Error;

use crate::connect::interrupt::Stop;
use crate::connect::permission;
use crate::event::LockHolder;

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
    /// Something of it was removed.
    #[error("the history `{table}` is incomplete: {}", problems.join(", and "))]
    Incomplete {
        /// The table.
        table: String,
        /// What is wrong, each a clause.
        problems: Vec<String>,
        /// Statements that complete it; none where what is missing cannot be known.
        remedy: Vec<String>,
        /// Whether it is no longer known if the database is protected.
        protection_lost: bool,
    },
    /// Migrations that were applied, and not reverted, have no row any more.
    #[error("{}", removed(table, rows))]
    RowsRemoved {
        /// The table.
        table: String,
        /// Which, and what the log says of them.
        rows: Vec<RemovedRow>,
    },
    /// Its tables cannot be created: something else has their names.
    #[error("the history `{table}` cannot be {what}: {} there already", there(by))]
    Occupied {
        /// The table.
        table: String,
        /// What could be done with it otherwise.
        what: &'static str,
        /// The existing objects.
        by: Vec<String>,
        /// Whether that is the rest of a history.
        is_rest: bool,
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
    /// Another role could have written it, or is the owner of code that runs when it is written.
    #[error("the history `{table}` cannot be trusted")]
    Untrusted {
        /// The table.
        table: String,
        /// What is wrong, and with what of it.
        distrust: Vec<UntrustedObject>,
    },
    /// Another version of this tool has stored how a migration is reverted.
    #[error(
        "the stored inverse of `{name}` has format {found}; this version reads up to {}",
        migrate_dsl::FORMAT
    )]
    NewerInverse {
        /// The migration.
        name: String,
        /// The format.
        found: u32,
    },
    /// Its name leaves no room for those of the tables beside it.
    #[error("`{table}` cannot be the name of the history: {problem}")]
    Name {
        /// The table.
        table: String,
        /// What is wrong.
        problem: String,
    },
    /// Others had locked it for all the time that there was.
    #[error("the history `{table}` is locked{}", locked_by(holders))]
    Locked {
        /// The table.
        table: String,
        /// Its holders at the end.
        holders: Vec<LockHolder>,
        /// How long it was waited for.
        waited: Duration,
        /// Whether the command had changed something before.
        midway: bool,
    },
    /// It was requested to stop while other sessions had locked it.
    #[error("{0} while waiting for a lock on the history")]
    Stopped(Stop),
    /// The server refused to read or write it.
    #[error("the history cannot be read or written")]
    Database(#[from] postgres::Error),
    /// The role may not read or write it.
    #[error("the history cannot be read or written")]
    Denied {
        /// What the server said.
        source: postgres::Error,
        /// Which role could allow it, and how.
        advice: String,
    },
    /// A row cannot be what this tool wrote.
    #[error("{row} cannot be read")]
    Damaged {
        /// What the row is about, with the table.
        row: String,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl HistoryError {
    /// That what `table` has about a migration is not what this tool wrote.
    pub(super) fn damaged(
        table: &Name,
        name: &str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Damaged { row: format!("the row of `{name}` in `{table}`"), source: source.into() }
    }

    /// The same, with what the catalog says of a right that is missing for `sql`.
    pub(crate) fn advised(self, client: &mut Client, sql: &str) -> Self {
        let Self::Database(source) = self else { return self };
        let advice = source.as_db_error().and_then(|said| permission::advice(client, said, sql));
        match advice {
            Some(advice) => Self::Denied { source, advice },
            None => Self::Database(source),
        }
    }

    /// The same, where the command has changed something before.
    pub(crate) fn midway(self) -> Self {
        match self {
            Self::Locked { table, holders, waited, .. } => {
                Self::Locked { table, holders, waited, midway: true }
            }
            other => other,
        }
    }

    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Foreign { .. } => Some(ANOTHER_NAME.to_owned()),
            Self::Incomplete { remedy, protection_lost, .. } => {
                let protect = match protection_lost {
                    true => {
                        "\nif the database was protected (`migrate log` tells), protect it again with \
                         `migrate protect NAME`"
                    }
                    false => "",
                };
                let restore =
                    "nothing was changed; find out who removed it, and restore it from a backup";
                Some(match remedy.is_empty() {
                    true => format!("{restore}: nothing else tells what was in it{protect}"),
                    false => format!(
                        "{restore}; or complete the history with:\n{};{protect}",
                        remedy.join(";\n")
                    ),
                })
            }
            Self::RowsRemoved { rows, .. } => {
                let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
                Some(format!(
                    "nothing was changed, and who removed it is not known; {}",
                    remedies_of_removed(&names)
                ))
            }
            Self::Occupied { is_rest: true, table, .. } => Some(format!(
                "nothing was changed; the table `{table}` was removed, with the record of what is \
                 applied: restore it from a backup; or rename or drop the rest, and record what the \
                 database has with `migrate mark`"
            )),
            Self::Occupied { what, .. } => Some(match *what {
                "created" => format!("nothing was changed; rename that, or {ANOTHER_NAME}"),
                _ => "nothing was changed; rename that".to_owned(),
            }),
            Self::Damaged { .. } => Some(
                "the row was modified manually: correct it, or restore it from a backup".to_owned(),
            ),
            Self::Untrusted { distrust, .. } => Some(remedies(distrust)),
            Self::Newer { .. } | Self::NewerInverse { .. } => {
                Some("use the migrate that wrote it, or a newer one".to_owned())
            }
            Self::Name { .. } => Some("choose a shorter one".to_owned()),
            Self::Denied { advice, .. } => Some(advice.clone()),
            Self::Locked { holders, waited, midway, .. } => {
                Some(help_if_locked(holders, *waited, *midway))
            }
            Self::Database(_) | Self::Stopped(_) => None,
        }
    }
}

const ANOTHER_NAME: &str = "give the history another name, `table = \"schema_history\"` in \
     `[workspace.metadata.migrate]`";

fn help_if_locked(holders: &[LockHolder], waited: Duration, midway: bool) -> String {
    let state = match midway {
        true => "what was done before is recorded, and nothing else was changed",
        false => "nothing was changed",
    };
    let what = holders.first().map(|holder| format!("{}; ", holder.help()));
    format!(
        "{state}; {}waited for {:.1} s; MAX_LOCK_WAIT sets the limit in seconds",
        what.unwrap_or_default(),
        waited.as_secs_f64()
    )
}

fn locked_by(holders: &[LockHolder]) -> String {
    match holders {
        [] => String::new(),
        [holder] => format!(": in its way is {holder}"),
        [holder, others @ ..] => format!(": in its way is {holder}, and {} more", others.len()),
    }
}

/// What the log says of a migration whose row was removed from the history by something else than this
/// tool: `up` does not apply it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemovedRow {
    /// The migration.
    pub name: String,
    /// Who applied it.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Returns the remedy for migrations whose rows were removed.
pub(crate) fn remedies_of_removed(names: &[&str]) -> String {
    let it = if names.len() == 1 { "it" } else { "them" };
    let names = names.join(" ");
    format!(
        "if the database has what was applied, `migrate mark {names}` records {it} again; if not, \
         `migrate mark --pending {names}` lets `migrate up` apply {it} again"
    )
}

fn removed(table: &str, rows: &[RemovedRow]) -> String {
    const SHOWN: usize = 5;
    let applied = |row: &RemovedRow| {
        format!("{} applied `{}` at {}", row.who, row.name, row.at.format("%Y-%m-%d %H:%M:%S UTC"))
    };
    let mut told: Vec<_> = rows.iter().take(SHOWN).map(applied).collect();
    told.extend((rows.len() > SHOWN).then(|| format!("{} more", rows.len() - SHOWN)));
    let told = told.join(", ");
    match rows {
        [_] => format!(
            "the log records that {told}, but no later revert; its row was deleted from `{table}`"
        ),
        _ => format!(
            "the log records that {told}, but no later revert; their rows were deleted from \
             `{table}`"
        ),
    }
}

fn there(by: &[String]) -> String {
    format!("{} {}", by.join(", "), if by.len() == 1 { "is" } else { "are" })
}

/// Why a table of the history cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntrustedObject {
    /// The table, or what hangs on it.
    pub object: String,
    /// What is wrong with it, as a clause.
    pub reason: String,
    /// A statement that puts it right; none where the user has to decide.
    pub remedy: Option<String>,
    /// Whether it is nothing of a history, and has the name of something that is.
    pub is_in_the_way: bool,
}

impl fmt::Display for UntrustedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.object, self.reason)
    }
}

fn remedies(distrust: &[UntrustedObject]) -> String {
    let (in_the_way, written): (Vec<_>, Vec<_>) = distrust.iter().partition(|it| it.is_in_the_way);
    let with = |of: Vec<&UntrustedObject>, else_: &str, first: &str| {
        let statements: Vec<_> = of.iter().filter_map(|it| it.remedy.as_deref()).collect();
        match (of.is_empty(), statements.is_empty()) {
            (true, _) => None,
            (_, true) => Some(else_.to_owned()),
            _ => Some(format!("{first}:\n{};", statements.join(";\n"))),
        }
    };
    let look = "look at its rows first: what they keep is run with the rights of this role";
    let helps = [
        with(
            in_the_way,
            "nothing was changed; rename what is in the place of the history",
            "nothing was changed; the owner, or a superuser, removes what is in the place of the \
             history with",
        ),
        with(written, look, &format!("{look}; then")),
    ];
    helps.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
