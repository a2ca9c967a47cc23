//! What can go wrong with a whole command.

use thiserror::Error;

#[cfg(feature = "backup")]
use crate::backup::BackupError;
use crate::connect::interrupt::Stop;
use crate::connect::{ConnectError, OpenError, ReconnectError, TargetError};
use crate::data_loss::Loss;
use crate::event::Direction;
use crate::execute::{ApplyError, Failure};
use crate::history::inverse::IrreversibleReason;
use crate::history::{Allowed, HistoryError};
use crate::lock::LockError;
use crate::order::OutOfOrder;
use crate::plan::{PlanError, Problem, Step};
use crate::reason::{MissingFunction, UnfinishedReason};
use crate::shell;

/// Why the engine did not do what was requested.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The history cannot be used.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Another runner is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Nothing can be written.
    #[error("the database only reads: {why}")]
    ReadOnly {
        /// Why.
        why: &'static str,
    },
    /// Migrations cannot be applied as they are written.
    #[error("{} cannot be applied as written", list(.0.iter().map(|(name, _)| name.as_str())))]
    Problems(Vec<(String, Problem)>),
    /// A pending migration is older than one that is applied.
    #[error("`{}` is older than `{}`, which is applied already", .0.late, .0.newest_applied)]
    OutOfOrder(OutOfOrder),
    /// A migration cannot be reverted.
    #[error("`{name}` cannot be reverted: {}", why.reason)]
    Irreversible {
        /// Which.
        name: String,
        /// Why.
        why: Box<IrreversibleReason>,
        /// Whether the file is missing, or differs from the one that was applied.
        outdated: bool,
    },
    /// Reverting a migration would run code of a role that is not trusted, with the rights of the
    /// role that migrates.
    #[error("`{name}` is not reverted: {}", why.reason)]
    UntrustedCode {
        /// Which.
        name: String,
        /// Whose code.
        owner: String,
        /// The role with whose rights it would run.
        user: String,
        /// Where that is, and why.
        why: Box<IrreversibleReason>,
    },
    /// The files do not have the migration.
    #[error("`{name}` is applied, but there is no file for it any more")]
    FileMissing {
        /// Which.
        name: String,
    },
    /// A Rust function is not at hand.
    #[error("`{name}` {} the Rust function `{function}`, and {why}", if *back { "is reverted by" } else { "runs" })]
    FunctionMissing {
        /// The migration.
        name: String,
        /// The function.
        function: String,
        /// Whether it is needed to revert the migration.
        back: bool,
        /// Where it is not.
        why: MissingFunction,
    },
    /// The program that has the Rust functions cannot be had.
    #[error("the Rust functions of the migrations cannot be run")]
    Functions(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The plan of migrations that are linked into the program cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The URL of a database is none.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The database is not where this build expects it.
    #[error(
        "this build knows {}, the database has {has}: {}",
        count(*knows),
        difference(behind, ahead, partial)
    )]
    NotCurrent {
        /// How many migrations this build knows.
        knows: usize,
        /// How many the database has.
        has: usize,
        /// Those that the database does not have.
        behind: Vec<String>,
        /// Those that this build does not know.
        ahead: Vec<String>,
        /// Those that are partially applied.
        partial: Vec<String>,
    },
    /// A partially applied migration is in the way.
    #[error("`{name}` is partially {}: {why}", direction.participle())]
    Unfinished {
        /// Which.
        name: String,
        /// In which direction.
        direction: Direction,
        /// What prevents it from being continued.
        why: UnfinishedReason,
    },
    /// While the connection was lost, another runner changed the state on which this one was based.
    #[error("another migrate has {did} `{name}` while the connection was gone")]
    Overtaken {
        /// Which migration it was about.
        name: String,
        /// What it did with it.
        did: &'static str,
    },
    /// It was to stop, and the server did not answer any more.
    #[error("{0}, and the server did not answer")]
    Stopped(Stop),
    /// It was to stop while a synchronous standby was waited for.
    #[error("{stop}: `{name}` is committed here, not yet confirmed by the standby")]
    Unconfirmed {
        /// Why it was to stop.
        stop: Stop,
        /// The migration.
        name: String,
    },
    /// The server that took over does not have what was applied before.
    #[error(
        "`{name}` was applied before the failover, and the new primary does not have it: it was \
         promoted before it had received that"
    )]
    LostInFailover {
        /// Which migration.
        name: String,
    },
    /// A migration that needs to run outside a transaction was to run in one.
    #[error(
        "`{name}` has steps that cannot run in a transaction, so it cannot share one with others"
    )]
    NotTransactional {
        /// Which.
        name: String,
    },
    /// The database is protected, and something in it was about to be destroyed.
    #[error("the database is protected as `{name}`{}", given.as_ref().map(|given| format!(", and {} says `{}`", given.origin, given.name)).unwrap_or_default())]
    Protected {
        /// The name under which it is.
        name: String,
        /// The name that was given.
        given: Option<Allowed>,
        /// The steps that would have destroyed something, each with its migration, where it is what
        /// was to be applied.
        steps: Vec<(String, Step)>,
    },
    /// Rows would be lost with what is to be reverted or applied.
    #[error("this would lose {}", lost(.0))]
    RowsLost(Vec<Loss>),
    /// The database is protected under another name.
    #[error("the database is protected as `{protected}`, not as `{asked}`")]
    ProtectedAs {
        /// The name under which it is.
        protected: String,
        /// The requested name.
        asked: String,
    },
    /// There is nothing in the file of a migration to be accepted.
    #[error("there is nothing to accept in `{name}`: {why}")]
    NothingToAccept {
        /// Which.
        name: String,
        /// Why.
        why: &'static str,
    },
    /// A backup could not be made, or not restored.
    #[cfg(feature = "backup")]
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// What was requested is done, and only the history could not be updated accordingly.
    #[cfg(feature = "backup")]
    #[error("{done}, but {what}")]
    Unrecorded {
        /// What is done, as a clause.
        done: String,
        /// What is not, as a clause.
        what: &'static str,
        /// Why.
        source: Box<Error>,
    },
    /// A database that is to be restored has something in it.
    #[error("the database is not empty: it has {what}")]
    NotEmpty {
        /// Some of what it has.
        what: String,
    },
    /// The server is a worker of a Citus cluster.
    #[error("the server is a worker of a Citus cluster, and only its coordinator changes tables")]
    CitusWorker,
    /// To remove all that a database has would destroy the Citus cluster.
    #[error(
        "`--clean` would drop the extension `citus`, and with it the cluster's list of workers and the \
         distribution of every table"
    )]
    CitusClean,
    /// A migration failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The server failed otherwise.
    #[error("the server failed")]
    Database(#[from] postgres::Error),
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Target(error) => error.into(),
            OpenError::Connect(error) => error.into(),
        }
    }
}

impl From<ReconnectError> for Error {
    fn from(error: ReconnectError) -> Self {
        match error {
            ReconnectError::Connect(error) => error.into(),
            ReconnectError::Stopped(stop) => LockError::Stopped(stop).into(),
        }
    }
}

impl Error {
    /// The same, of `sync`, which continues the migration when it is run again.
    pub(crate) fn in_sync(self) -> Self {
        match self {
            Self::Apply(error) => Self::Apply(ApplyError { in_sync: true, ..error }),
            other => other,
        }
    }

    /// Returns why it was requested to stop, where that is the only cause.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        match self {
            Self::Lock(LockError::Stopped(stop))
            | Self::History(HistoryError::Stopped(stop))
            | Self::Stopped(stop)
            | Self::Unconfirmed { stop, .. } => Some(*stop),
            #[cfg(feature = "backup")]
            Self::Backup(BackupError::Stopped { stop, .. }) => Some(*stop),
            #[cfg(feature = "backup")]
            Self::Unrecorded { source, .. } => source.stopped(),
            Self::Apply(ApplyError { failure: Failure::Stopped(stop), .. }) => Some(*stop),
            _ => None,
        }
    }

    /// Returns the remedy, if there is one.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Connect(error) => Some(error.help()),
            Self::History(error) => error.help(),
            Self::Lock(error) => error.help(),
            Self::ReadOnly { .. } => {
                Some("name the primary server, or have the freeze lifted".to_owned())
            }
            Self::OutOfOrder(order) => Some(format!(
                "`migrate renumber {}` gives it a newer timestamp; where it does not matter which comes \
                 first, `migrate up --allow-out-of-order` applies it as it is",
                order.late
            )),
            Self::Protected { name, steps, .. } => Some(format!(
                "{}to confirm, pass `--allow {word}` or set `ALLOW_DDL_IN_PRODUCTION={word}`",
                if steps.is_empty() { "nothing was changed; " } else { "" },
                word = shell::word(name)
            )),
            Self::RowsLost(_) => Some(
                "nothing was changed; `migrate sync --discard-rows` lets them go, and `migrate \
                 backup` keeps a copy first"
                    .to_owned(),
            ),
            Self::ProtectedAs { protected, .. } => {
                Some(format!("`migrate protect --off {}` removes that", shell::word(protected)))
            }
            Self::NothingToAccept { .. } => {
                Some("run `migrate verify` to see what has changed since it was applied".to_owned())
            }
            #[cfg(feature = "backup")]
            Self::Backup(error) => error.help(),
            #[cfg(feature = "backup")]
            Self::Unrecorded { source, .. } => help_on_unrecorded(source),
            Self::NotEmpty { .. } => Some(
                "restore into an empty database (`migrate db create`), or let `--clean` remove all \
                 that is in this one first"
                    .to_owned(),
            ),
            Self::CitusWorker => {
                Some("nothing was changed; use the coordinator's URL".to_owned())
            }
            Self::CitusClean => Some(
                "nothing was changed; restore into a new database (`migrate db create`), and distribute \
                 its tables again"
                    .to_owned(),
            ),
            Self::Irreversible { why, .. } => Some(help_on_irreversible(why)),
            Self::UntrustedCode { owner, user, .. } => {
                let [owner, user] =
                    [owner, user].map(|role| migrate_dsl::Identifier::from(role.as_str()).quoted());
                Some(format!(
                    "nothing was changed; if the role is trusted, `GRANT {owner} TO {user}` says so; \
                     else write a `pub fn down` in its file that leaves out what belongs to it"
                ))
            }
            Self::FileMissing { .. } => {
                Some("restore the file; `migrate down` can revert it without one".to_owned())
            }
            Self::FunctionMissing { back: true, why, .. } if *why != MissingFunction::PlanInFile => Some(
                "nothing was changed; a function is part of the program: bring its file back, or \
                 switch to the branch that has it, run `migrate down` there, and switch again"
                    .to_owned(),
            ),
            Self::FunctionMissing { .. } => Some(
                "nothing was changed; run this from the migrations crate, or from an \
                 application that links it"
                    .to_owned(),
            ),
            Self::Target(error) => Some(error.help()),
            Self::NotCurrent { behind, ahead, partial, .. } => {
                Some(if !partial.is_empty() || !behind.is_empty() {
                    "run `migrate up` to apply or finish them".to_owned()
                } else if !ahead.is_empty() {
                    "deploy the build that knows them, or revert them with `migrate down`"
                        .to_owned()
                } else {
                    return None;
                })
            }
            Self::Unfinished { name, direction, why } => {
                let elsewhere = match why {
                    UnfinishedReason::FileMissing => {
                        "in a checkout that has its file, `migrate up` finishes it and `migrate \
                         down` reverts what it did; or "
                    }
                    _ => "",
                };
                let [finish, undo] = mark_options(*direction);
                Some(format!(
                    "{elsewhere}look at the database; finish it by hand and run `migrate mark {name}{finish}`, \
                     or undo by hand what it did and run `migrate mark {name}{undo}`"
                ))
            }
            Self::Overtaken { .. } => Some(
                "check `migrate status`, then run the command again if it is still needed"
                    .to_owned(),
            ),
            Self::Stopped(_) => Some(
                "run it again: the history says what is done, and the lock is free as soon as the \
                 server has ended the lost session"
                    .to_owned(),
            ),
            Self::Unconfirmed { .. } => Some(
                "it is done and recorded, and lost only if this server is lost before a standby has \
                 received it: see `synchronous_standby_names` and `pg_stat_replication`"
                    .to_owned(),
            ),
            Self::LostInFailover { .. } => Some(
                "other data may be lost as well: look at the new primary before you run `migrate up`, \
                 which applies what it does not have"
                    .to_owned(),
            ),
            Self::NotTransactional { .. } => Some("leave out `--single-transaction`".to_owned()),
            Self::Problems(_)
            | Self::Apply(_)
            | Self::Database(_)
            | Self::Functions(_)
            | Self::Plan(_) => None,
        }
    }
}

/// The help on what came after the work: that nothing was changed is not true of the whole.
#[cfg(feature = "backup")]
fn help_on_unrecorded(source: &Error) -> Option<String> {
    let Some(help) = source.help() else {
        return Some(
            "it need not be done again; `migrate verify` tells how the history is".to_owned(),
        );
    };
    let rest = help.strip_prefix("nothing was changed; ").unwrap_or(&help);
    Some(format!("it need not be done again; {rest}"))
}

fn help_on_irreversible(why: &IrreversibleReason) -> String {
    match why.verb.as_str() {
        "irreversible" => "nothing was changed; the migration's author has the last word: \
                           `irreversible` in its file"
            .to_owned(),
        _ if why.place.file.ends_with(".sql") => {
            "nothing was changed; write the SQL that reverts it into a `.down.sql` beside its file"
                .to_owned()
        }
        verb @ ("alter_column" | "sql" | "sql_file" | "rust") => format!(
            "nothing was changed; to revert it, add `.down(..)` to `pgm.{verb}` in its file, or write \
             a `pub fn down`"
        ),
        _ => "nothing was changed; write a `pub fn down` in its file to revert it".to_owned(),
    }
}

fn count(migrations: usize) -> String {
    let one = if migrations == 1 { "migration" } else { "migrations" };
    format!("{migrations} {one}")
}

/// Returns the differences between the two, in a line: of many, the first few.
fn difference(behind: &[String], ahead: &[String], partial: &[String]) -> String {
    const SHOWN: usize = 3;
    let groups =
        [("missing there", behind), ("unknown here", ahead), ("partially applied", partial)];
    let told = groups.into_iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| {
        let more = match names.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{what}: {}{more}", list(names.iter().take(SHOWN).map(String::as_str)))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Each but once, in the words of [`Loss`].
/// The options of `migrate mark` for a migration that was finished, and for one that was undone, by
/// hand.
pub(crate) fn mark_options(direction: Direction) -> [&'static str; 2] {
    match direction {
        Direction::Up => ["", " --pending"],
        Direction::Down => [" --pending", ""],
    }
}

fn lost(losses: &[Loss]) -> String {
    let losses: Vec<_> = losses.iter().map(ToString::to_string).collect();
    match losses.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    names.dedup();
    names.join(", ")
}
