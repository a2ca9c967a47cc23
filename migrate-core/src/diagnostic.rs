//! An error as a person should see it: each slot says one thing.

use migrate_dsl::FunctionError;
use postgres::error::{DbError, SqlState};

use crate::count::all_of;
use crate::error::{Error, mark_options};
use crate::event::Direction;
use crate::execute::{ApplyError, Failure, FailureState, ServerError, Traffic};
use crate::history::HistoryError;
use crate::history::inverse::IrreversibleReason;
use crate::plan::{Capture, Inverse, Place, Statement, Step};

/// What went wrong, where, what it means and what to do; the caller renders it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostic {
    /// A short name, or the server's five letters.
    pub code: Option<String>,
    /// Stands alone: lower case, no final period.
    pub message: String,
    /// The user's own line.
    pub source: Option<SourceMark>,
    /// The SQL that the server refused.
    pub sql: Option<SqlMark>,
    /// The line of a file of data at which the server stopped.
    pub data: Option<SourceMark>,
    /// The effect: what the server added, what state things are in.
    pub notes: Vec<String>,
    /// What to do next.
    pub helps: Vec<String>,
}

/// A place in a migration, to be shown with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMark {
    /// The file, line and column.
    pub place: Place,
    /// The word to underline there.
    pub verb: Option<String>,
    /// Whether the file is not what it was when that was noted, so that the line may be another.
    pub outdated: bool,
}

/// A place in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlMark {
    /// The statement.
    pub sql: String,
    /// Of raw SQL, the line of the text that was given on which the statement starts, from 0.
    pub line: usize,
    /// The byte at which the server stopped, where it said so.
    pub offset: Option<usize>,
}

impl Error {
    /// The error in the slots of a message; several where several things are wrong.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Apply(error) => {
                let mut told = of_apply(error);
                if let Some(source) = &mut told.source {
                    // A function is that of the file as it is.
                    let is_here = matches!(error.failure, Failure::Function { .. });
                    source.outdated = error.outdated && !is_here;
                }
                vec![told]
            }
            Self::Problems(problems) => problems
                .iter()
                .map(|(name, problem)| Diagnostic {
                    code: Some("migration".to_owned()),
                    message: problem.message.clone(),
                    source: Some(SourceMark {
                        place: problem.place.clone(),
                        verb: problem.verb.clone(),
                        outdated: false,
                    }),
                    notes: vec![format!("`{name}` was not started: nothing was changed")],
                    helps: problem.help.iter().cloned().collect(),
                    ..Diagnostic::default()
                })
                .collect(),
            Self::Protected { steps, .. } if !steps.is_empty() => {
                let mut diagnostics: Vec<_> =
                    steps.iter().map(|(name, step)| self.of_destroying(name, step)).collect();
                // What to do is the same for all of them, and said once.
                if let Some(last) = diagnostics.last_mut() {
                    last.helps.extend(self.help());
                }
                diagnostics
            }
            Self::Irreversible { why, outdated, .. } => {
                vec![self.of_step("no_way_back", why, *outdated)]
            }
            Self::UntrustedCode { why, .. } => vec![self.of_step("untrusted_code", why, false)],
            #[cfg(feature = "backup")]
            Self::Unrecorded { source, .. } => {
                let mut told = source.diagnostics();
                if let Some(first) = told.first_mut() {
                    first.notes.insert(0, std::mem::replace(&mut first.message, self.to_string()));
                    first.helps = self.help().into_iter().collect();
                }
                told
            }
            Self::RowsLost(losses) => {
                let mut notes: Vec<_> =
                    losses.iter().map(|loss| format!("`{}` goes with {loss}", loss.name)).collect();
                notes.dedup();
                vec![Diagnostic { code: Some("rows_lost".to_owned()), notes, ..self.plain() }]
            }
            Self::History(HistoryError::Untrusted { distrust, .. }) => {
                let notes = distrust.iter().map(ToString::to_string).collect();
                let code = Some("untrusted_history".to_owned());
                vec![Diagnostic { code, notes, ..self.plain() }]
            }
            #[cfg(feature = "backup")]
            Self::Backup(error) => {
                let notes = [&self.plain().notes, error.more()].concat();
                vec![Diagnostic { notes, ..self.plain() }]
            }
            _ => vec![self.plain()],
        }
    }

    /// Returns a diagnostic about a step.
    fn of_step(&self, code: &str, why: &IrreversibleReason, outdated: bool) -> Diagnostic {
        Diagnostic {
            code: Some(code.to_owned()),
            source: Some(SourceMark {
                place: why.place.clone(),
                verb: Some(why.verb.clone()),
                outdated,
            }),
            ..self.plain()
        }
    }

    /// A step that may not be applied in a protected database.
    fn of_destroying(&self, name: &str, step: &Step) -> Diagnostic {
        let lost = match &step.inverse {
            Inverse::Captured(Capture { lost: Some(lost), .. }) => lost,
            Inverse::None { reason } => reason,
            _ => "what it destroys is not restored",
        };
        Diagnostic {
            code: Some("protected".to_owned()),
            message: format!("{}: {lost}, and {self}", step.summary),
            source: Some(verb_of(step)),
            notes: vec![format!("it is a step of `{name}`: nothing was changed")],
            ..Diagnostic::default()
        }
    }

    /// The error without a place in the source.
    fn plain(&self) -> Diagnostic {
        let mut notes = Vec::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            notes.push(match error.downcast_ref::<postgres::Error>() {
                Some(error) => server_message(error),
                None => error.to_string(),
            });
            cause = if error.is::<postgres::Error>() { None } else { error.source() };
        }
        Diagnostic {
            message: self.to_string(),
            notes,
            helps: self.help().into_iter().collect(),
            ..Diagnostic::default()
        }
    }
}

/// Returns the server's message, without the driver's words around it.
fn server_message(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}

fn of_apply(error: &ApplyError) -> Diagnostic {
    if let Failure::LockLost(_) = &error.failure {
        return Diagnostic {
            message: error.failure.to_string(),
            notes: vec![error.state()],
            helps: vec![
                "connect to the server itself: a pooler in transaction mode hands out another \
                 connection for each transaction"
                    .to_owned(),
            ],
            ..Diagnostic::default()
        };
    }
    let said = error.failure.said();
    let server = said.and_then(ServerError::server);
    let mut diagnostic = Diagnostic {
        code: said.and_then(ServerError::code).map(|code| code.code().to_owned()),
        message: error.failure.message(),
        ..Diagnostic::default()
    };
    if let Failure::NotResumed { help, source, .. } = &error.failure {
        diagnostic.notes.push(format!("first failure: {source}"));
        diagnostic.notes.push(error.state());
        diagnostic.helps.extend(help.as_deref().map(str::to_owned));
        diagnostic.helps.push(looks_first(error));
        return diagnostic;
    }
    if let Failure::Stopped(_) = &error.failure {
        if error.left == FailureState::Unknown {
            diagnostic.message += ", and the server did not answer";
            let state = format!("`{}`: whether it was committed is not known", error.name);
            diagnostic.notes.push(state);
            diagnostic.helps.push(looks_first(error));
            return diagnostic;
        }
        diagnostic.notes.push(error.state());
        diagnostic.helps.push(match error.left {
            FailureState::Partial { .. } => format!(
                "run `migrate {}` again: it goes on at the statement that was stopped",
                error.command()
            ),
            FailureState::Incomplete => finishes(error),
            _ => format!("run `migrate {}` again", error.command()),
        });
        return diagnostic;
    }
    if let Failure::Statement { step, statement, advice, .. } = &error.failure {
        diagnostic.source = Some(source_of(step, statement));
        let offset = server.and_then(|server| match server.position() {
            Some(postgres::error::ErrorPosition::Original(position)) => {
                byte_offset(&statement.sql, *position)
            }
            _ => None,
        });
        match &statement.summary {
            // Users do not read our code for its effect.
            Some(summary) => diagnostic.notes.push(format!("the statement {summary}")),
            None => {
                diagnostic.sql = Some(SqlMark {
                    sql: statement.sql.clone(),
                    line: if step.place.file.ends_with(".sql") { 0 } else { statement.line },
                    offset,
                });
            }
        }
        if let Some(file) = &statement.input_file {
            let line = server.and_then(|server| line_of_copy(server.where_()?));
            match line {
                Some(line) => {
                    let place = Place { file: file.clone(), line, column: 1 };
                    diagnostic.data = Some(SourceMark { place, verb: None, outdated: false });
                }
                None => diagnostic.notes.push(format!("the rows are those of `{file}`")),
            }
        }
        diagnostic.helps.extend(advice.as_deref().map(str::to_owned));
        diagnostic.helps.extend(server.and_then(|server| outside(server, step, statement)));
        diagnostic.helps.extend(server.and_then(|server| dotted(server, step, statement)));
    } else if let Failure::Function { step, name, source, .. } = &error.failure {
        diagnostic = of_function(step, name, source);
    } else if let Some(judged) = of_engine(error) {
        diagnostic = judged;
        diagnostic.notes.push(error.state());
        return diagnostic;
    } else if let Failure::Capture { step, .. } = &error.failure {
        let place = step.place.clone();
        diagnostic.source =
            Some(SourceMark { place, verb: Some(step.verb.clone()), outdated: false });
        diagnostic.message = format!("{}: {}", error.failure, diagnostic.message);
        diagnostic.helps.push("a `pub fn down` in the file spares the reading".to_owned());
    } else if let Failure::NotThere { step, .. } = &error.failure {
        diagnostic.source = Some(verb_of(step));
        diagnostic.helps.push("name in `.captures(..)` what the SQL changes".to_owned());
    } else {
        diagnostic.message = format!("{}: {}", error.failure, diagnostic.message);
    }
    if let Some(server) = server {
        diagnostic.notes.extend(server.detail().map(ToOwned::to_owned));
        let told = server.where_().and_then(|context| without_our_code(context, error));
        diagnostic.notes.extend(told.map(|context| format!("in {context}")));
        diagnostic.helps.extend(server.hint().map(ToOwned::to_owned));
    }
    diagnostic.notes.push(error.state());
    let is_repeatable = error.failure.step().is_some_and(Step::says_what_after_crash);
    let again = match error.left {
        FailureState::Incomplete => finishes(error),
        _ if said.and_then(ServerError::code) == Some(&SqlState::QUERY_CANCELED) => format!(
            "run `migrate {}` again; DB_STATEMENT_TIMEOUT says how long a statement may take",
            error.command()
        ),
        FailureState::RolledBack | FailureState::Nothing if error.outdated => format!(
            "fix the cause and run `migrate {}` again{}",
            error.command(),
            match error.in_sync {
                true => {
                    "; or go back to the branch that has the file, and run `migrate down` there"
                }
                false => "",
            }
        ),
        FailureState::RolledBack | FailureState::Nothing if error.failure.is_of_server() => {
            format!("fix the cause and run `migrate {}` again", error.command())
        }
        FailureState::RolledBack | FailureState::Nothing => {
            format!("fix the file and run `migrate {}` again", error.command())
        }
        FailureState::Partial { .. } => format!(
            "fix the cause and run `migrate {}` again to resume at the failed statement",
            error.command()
        ),
        FailureState::Begun if error.direction == Direction::Down => format!(
            "inspect the database, fix the cause and run `migrate {}` again: the step is not \
             repeated unless it is declared idempotent",
            error.command()
        ),
        FailureState::Begun if is_repeatable => format!(
            "fix the cause and run `migrate {}` again: the step is run once more, unless its \
             `.done_when(\"…\")` says that it is done",
            error.direction.as_str()
        ),
        FailureState::Begun | FailureState::Unrecorded => format!(
            "fix the cause and run `migrate {}` again: with `.idempotent()` or `.done_when(\"…\")` \
             in the file it resumes automatically",
            error.direction.as_str()
        ),
        FailureState::Unknown => "run `migrate status`".to_owned(),
    };
    diagnostic.helps.push(again);
    diagnostic
}

/// Explains how to run raw SQL that the server accepts only outside a transaction.
fn outside(server: &DbError, step: &Step, statement: &Statement) -> Option<String> {
    let is_refused = *server.code() == SqlState::ACTIVE_SQL_TRANSACTION
        && step.transactional
        // Inside a function there is always a transaction, and `SET TRANSACTION` requires one.
        && server.where_().is_none()
        && !statement.sql.trim_start().to_ascii_lowercase().starts_with("set");
    if !is_refused {
        return None;
    }
    if step.place.file.ends_with(".sql") {
        let line = "`-- migrate: outside transaction`";
        return Some(format!(
            "make {line} the first line of the file: each statement then runs alone"
        ));
    }
    let is_raw = ["sql", "sql_file"].contains(&step.verb.as_str());
    is_raw.then(|| "add `.outside_transaction()`: each statement then runs alone".to_owned())
}

/// Explains a name with a dot in it, where there is no object of that name.
fn dotted(server: &DbError, step: &Step, statement: &Statement) -> Option<String> {
    let missing =
        [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME, SqlState::UNDEFINED_OBJECT];
    let is_raw = ["sql", "sql_file", "statement"].contains(&step.verb.as_str());
    if is_raw || !missing.contains(server.code()) {
        return None;
    }
    // Every second piece stands between quotes.
    let names = statement.sql.split('"').skip(1).step_by(2);
    let mut parts = names.filter(|name| server.message().contains(name)).filter_map(|name| {
        let (schema, name) = name.split_once('.')?;
        let is_one = |part: &str| !part.is_empty() && !part.contains(['.', ' ']);
        (is_one(schema) && is_one(name)).then_some((schema, name))
    });
    let (schema, name) = parts.next()?;
    Some(format!(
        "a dot is a part of a name: what is in the schema `{schema}` is written \
         `(\"{schema}\", \"{name}\")`"
    ))
}

/// Explains what the next run does if it is unknown whether the last one committed.
fn looks_first(error: &ApplyError) -> String {
    format!(
        "run `migrate {}` again: it waits until the server has ended the lost session, reads from the \
         history whether that was committed, and continues from there",
        error.command()
    )
}

fn finishes(error: &ApplyError) -> String {
    format!(
        "run `migrate {}` again: it completes or cleans up this statement, then continues",
        error.command()
    )
}

/// Describes the failure of a function: where it is known, the line of its statement, or of its panic.
fn of_function(step: &Step, name: &str, error: &FunctionError) -> Diagnostic {
    let in_function = |place: &migrate_dsl::Place, verb: &str| SourceMark {
        place: Place { file: place.file.clone(), line: place.line, column: place.column },
        verb: Some(verb.to_owned()).filter(|verb| !verb.is_empty()),
        outdated: false,
    };
    let query = error.query.as_deref();
    let own = verb_of(step);
    let inner = match (&error.place, query) {
        (Some(place), _) => Some(in_function(place, "")),
        (None, Some(query)) => {
            let place = query.asked.place.as_ref();
            place.map(|place| in_function(place, &query.asked.verb))
        }
        (None, None) => None,
    };
    let mut notes = Vec::new();
    if inner.is_some() {
        let Place { file, line, .. } = &step.place;
        notes.push(format!("in the Rust function `{name}`, `pgm.rust` in {file}, line {line}"));
    }
    notes.extend(query.and_then(|query| query.detail.clone()));
    let told_of_query = query.filter(|_| error.place.is_none());
    Diagnostic {
        code: query.and_then(|query| query.code.clone()),
        message: match inner {
            Some(_) => error.to_string(),
            None => format!("the Rust function `{name}`: {error}"),
        },
        source: Some(inner.unwrap_or(own)),
        sql: told_of_query.filter(|query| !query.asked.sql.is_empty()).map(|query| SqlMark {
            sql: query.asked.sql.clone(),
            line: 0,
            offset: query.position.and_then(|position| byte_offset(&query.asked.sql, position)),
        }),
        data: None,
        notes,
        helps: query.and_then(|query| query.hint.clone()).into_iter().collect(),
    }
}

/// Returns where in functions the server stopped, without lines of code that the author did not write.
fn without_our_code(context: &str, error: &ApplyError) -> Option<String> {
    let ours = match &error.failure {
        Failure::Statement { statement, .. } => statement.summary.is_some(),
        _ => false,
    };
    let lines = context.lines().filter(|line| !(ours && line.contains("inline_code_block")));
    let context = lines.collect::<Vec<_>>().join("\n");
    (!context.is_empty()).then_some(context)
}

/// The line of the rows at which `COPY` stopped, in whatever language: `COPY words, line 3, …`.
fn line_of_copy(context: &str) -> Option<u32> {
    let told = context.lines().last()?.strip_prefix("COPY ")?;
    told.split(", ").skip(1).find_map(|part| {
        let mut numbers = part.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        numbers.next()?.parse().ok()
    })
}

/// Returns the remedies for a lock that was not available, besides those about its holder.
fn lock_helps(traffic: Option<&Traffic>, command: &str) -> Vec<String> {
    let again = format!("run `migrate {command}` again");
    let longer = "give it longer with MAX_LOCK_WAIT";
    let Some(Traffic { tables }) = traffic else {
        return vec![format!("{again}, or {longer}")];
    };
    let mut helps = vec![format!(
        "{again} in a quieter moment, with those who write stopped if need be, or {longer}"
    )];
    if tables.len() > 1 {
        helps.push(format!(
            "where all transactions use {} in the same order, the locks can be had among them; in more \
             than one order, who has one table waits for the other behind the migration",
            all_of(tables)
        ));
    }
    helps
}

/// Describes a failure that the engine itself detected, not the server.
fn of_engine(error: &ApplyError) -> Option<Diagnostic> {
    let failure = &error.failure;
    let command = error.command();
    let plain = Diagnostic { message: failure.to_string(), ..Diagnostic::default() };
    Some(match failure {
        Failure::Locked { step, holders, traffic, .. } => Diagnostic {
            code: Some("lock_wait".to_owned()),
            source: step.as_deref().map(verb_of),
            notes: holders.iter().skip(1).map(|holder| format!("and {holder}")).collect(),
            helps: holders
                .iter()
                .take(1)
                .map(crate::lock::LockHolder::help)
                .chain(lock_helps(traffic.as_deref(), command))
                .collect(),
            ..plain
        },
        Failure::InTheWay { step, statement, .. } => {
            let verb = step.as_ref().map(|step| step.verb.as_str()).unwrap_or_default();
            Diagnostic {
                code: Some("in_the_way".to_owned()),
                source: step.as_deref().zip(statement.as_deref()).map(|(s, t)| source_of(s, t)),
                sql: statement.as_ref().map(|statement| SqlMark {
                    sql: statement.sql.clone(),
                    line: statement.line,
                    offset: None,
                }),
                helps: vec![
                    online_form(verb).to_owned(),
                    "or run it when no session waits, with a greater MAX_BLOCKING".to_owned(),
                ],
                ..plain
            }
        }
        Failure::Replaced { done, back, .. } => {
            let [finish, undo] = mark_options(error.direction);
            let known = if *done { "it is done" } else { "it is not known whether it is done" };
            let name = &error.name;
            let again = (!back)
                .then(|| format!("put it back where it was, and run `migrate {command}` again"));
            let or = if *back { "" } else { "or " };
            let by_hand = format!(
                "{or}look at the database; finish the migration by hand and run `migrate mark \
                 {name}{finish}`, or undo by hand what it did and run `migrate mark {name}{undo}`"
            );
            Diagnostic {
                code: Some("unknown".to_owned()),
                notes: vec![known.to_owned()],
                helps: again.into_iter().chain([by_hand]).collect(),
                ..plain
            }
        }
        Failure::NotBoolean { step } => Diagnostic {
            source: Some(verb_of(step)),
            helps: vec![format!(
                "write it as `SELECT EXISTS (SELECT …)`, and run `migrate {command}` again"
            )],
            ..plain
        },
        Failure::AlreadyApplied => Diagnostic {
            helps: vec!["`migrate status` tells what is applied now".to_owned()],
            ..plain
        },
        Failure::InvalidIndex { step, statement, index } => Diagnostic {
            code: Some("invalid_index".to_owned()),
            source: Some(source_of(step, statement)),
            helps: vec![format!(
                "drop it with `DROP INDEX CONCURRENTLY {index}`, and run `migrate {command}` again"
            )],
            ..plain
        },
        Failure::Unknown { step, statement } => {
            let [finish, undo] = mark_options(error.direction);
            let name = &error.name;
            Diagnostic {
                code: Some("unknown".to_owned()),
                source: Some(source_of(step, statement)),
                sql: Some(SqlMark {
                    sql: statement.sql.clone(),
                    line: statement.line,
                    offset: None,
                }),
                helps: vec![
                    format!(
                        "look at the database; finish the migration by hand and run \
                         `migrate mark {name}{finish}`, or undo by hand what it did and run \
                         `migrate mark {name}{undo}`"
                    ),
                    match error.direction {
                        Direction::Up if step.says_what_after_crash() => {
                            format!("or run `migrate up`, which resumes `{name}` at this step")
                        }
                        Direction::Up => {
                            "say `.idempotent()` or `.done_when(\"SELECT …\")` in the file, and it \
                             resumes automatically"
                                .to_owned()
                        }
                        Direction::Down => {
                            "or write a `pub fn down` whose step says `.idempotent()` or \
                             `.done_when(\"SELECT …\")`, and it resumes automatically"
                                .to_owned()
                        }
                    },
                ],
                ..plain
            }
        }
        _ => return None,
    })
}

/// Returns what to write in place of an operation that makes other sessions wait for long.
fn online_form(verb: &str) -> &'static str {
    match verb {
        "create_index" | "drop_index" | "reindex_index" | "reindex_table" => {
            "add `.concurrently()`: others then read and write on"
        }
        "add_check" | "add_foreign_key" => {
            "add `.not_valid()`, and `pgm.validate_constraint(..)` in the next migration: the scan \
             then makes nobody wait"
        }
        "add_unique" | "add_primary_key" => {
            "build the index first, `create_index(..).unique().concurrently()`, and make the \
             constraint of it with `.using_index(..)`"
        }
        "alter_column" | "add_column" => {
            "add a nullable column without a default that is computed for each row, fill it in \
             batches, and set the rest afterwards"
        }
        "sql" | "sql_file" | "statement" | "rust" => {
            "cut the work into batches, each of them a transaction of its own"
        }
        _ => "take it apart, so that what takes long holds no lock that others want",
    }
}

/// Returns the place of a statement: the verb that recorded it, or its own line of a `.sql` file.
fn source_of(step: &Step, statement: &Statement) -> SourceMark {
    if step.place.file.ends_with(".sql") {
        let mut place = step.place.clone();
        place.line += u32::try_from(statement.line).unwrap_or_default();
        return SourceMark { place, verb: None, outdated: false };
    }
    verb_of(step)
}

/// The verb that recorded a step.
fn verb_of(step: &Step) -> SourceMark {
    SourceMark { place: step.place.clone(), verb: Some(step.verb.clone()), outdated: false }
}

/// The byte of the character that the server counts from 1.
fn byte_offset(sql: &str, position: u32) -> Option<usize> {
    let characters = usize::try_from(position).ok()?.checked_sub(1)?;
    sql.char_indices().map(|(byte, _)| byte).chain([sql.len()]).nth(characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_tells_the_line() {
        for (context, line) in [
            ("COPY words, line 3, column weight: \"7, 8\"", Some(3)),
            ("COPY words, line 12: \"a\"", Some(12)),
            ("COPY words, Zeile 3, Spalte weight: \"x\"", Some(3)),
            ("COPY words", None),
            ("PL/pgSQL function f() line 1 at RAISE", None),
            ("PL/pgSQL function f() line 1 at RAISE\nCOPY words, line 4: \"a\"", Some(4)),
        ] {
            assert_eq!(line_of_copy(context), line, "{context}");
        }
    }

    #[test]
    fn the_server_counts_characters() {
        assert_eq!(byte_offset("äöü x", 1), Some(0));
        assert_eq!(byte_offset("äöü x", 5), Some(7));
        assert_eq!(byte_offset("ab", 3), Some(2));
        assert_eq!(byte_offset("ab", 4), None);
        assert_eq!(byte_offset("ab", 0), None);
    }
}
