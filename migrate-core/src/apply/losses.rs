//! What a way back would destroy: the rows of the tables that it drops, the values of the columns.
//!
//! SQL does not tell: what a `DROP SCHEMA`, a `DO` block or a function of the user's takes with it,
//! the server alone knows. So the way back is gone in a transaction that is rolled back, and the
//! catalog is asked after each statement what is gone; that statement is undone, the rows are
//! counted, and it is done again. Rows that a `DELETE` of the way back itself has removed before are
//! not counted: its author says that they are the migration's own.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;
use postgres::types::Oid;
use serde::Serialize;

use super::attributes::Attributes;
use super::error::{ApplyError, Failure, is_lock};
use super::left::Left;
use super::question::{Trial, touches_no_rows};
use super::send::{Variables, send};
use super::{HURRY, THINK, function};
use crate::event::Direction;
use crate::functions::Runner;
use crate::interrupt::{Interrupt, Kind, Verdict, Wait};
use crate::limits::Limits;
use crate::lock::{Gate, Gone, lock_timeout};
use crate::plan::{Function, Statement, Step};
use crate::watchdog::is_watching;
use crate::{Observer, Session};

/// Rows, or values of a column, that are lost when a migration is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The migration.
    pub name: String,
    /// The table; none of what nobody knows before it is done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub table: String,
    /// The column, where it is not the whole table.
    pub column: Option<String>,
    /// How many rows have something in it, counted no further than one more than
    /// [`MOST`](Self::MOST); not known where this role may not count them, or it would take long.
    pub rows: Option<i64>,
    /// What could not be tried, so that nobody knows what it takes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untried: Option<String>,
}

impl Loss {
    /// How far rows are counted: others may wait meanwhile.
    pub const MOST: i64 = 10_000;

    /// Of a migration, nothing in particular.
    pub(super) fn of(name: &str) -> Self {
        let (name, table) = (name.to_owned(), String::new());
        Self { name, table, column: None, rows: None, untried: None }
    }

    fn untried(name: &str, statement: &Statement) -> Self {
        let untried = match (&statement.rust, statement.sql.trim().lines().next()) {
            (Some(called), _) => format!("the Rust function `{}`", called.name),
            (None, first) => format!("`{}`", shortened(first.unwrap_or_default(), &statement.sql)),
        };
        Self { untried: Some(untried), ..Self::of(name) }
    }
}

/// As much of a statement's first line as is read with ease.
fn shortened(first: &str, sql: &str) -> String {
    const SHOWN: usize = 80;
    let shown: String = first.chars().take(SHOWN).collect();
    if shown.len() < sql.trim().len() { format!("{} …", shown.trim_end()) } else { shown }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, rows, .. } = self;
        if let Some(untried) = &self.untried {
            return write!(
                f,
                "whatever {untried} takes with it, which could not be tried beforehand"
            );
        }
        match rows {
            Some(rows) if *rows > Self::MOST => f.write_str("more than 10,000 ")?,
            Some(rows) => write!(f, "{rows} ")?,
            None => f.write_str("nobody knows how many ")?,
        }
        let plural = if *rows == Some(1) { "" } else { "s" };
        match &self.column {
            None => write!(f, "row{plural} of `{table}`"),
            Some(column) => write!(f, "value{plural} of `{column}` in `{table}`"),
        }
    }
}

/// How long each lock is waited for: others may wait behind us.
const BUDGET: Duration = Duration::from_millis(50);
/// How soon a lock is asked for again.
const PAUSE: Duration = Duration::from_millis(100);

/// What these ways back would destroy, one gone after the other. Nothing of it is kept.
pub(crate) fn losses(
    session: &mut Session,
    reverts: &[(String, Vec<Step>)],
    variables: &Variables,
    functions: &Runner,
    limits: &Limits,
    interrupt: &Interrupt,
    observer: &mut dyn Observer,
) -> Result<Vec<Loss>, ApplyError> {
    let rehearsal = Rehearsal { reverts, variables, functions, limits, interrupt };
    let found = rehearsal.run(session, observer);
    // They will be said again, when it is meant.
    drop(session.take_notices());
    let name = reverts.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    found.map_err(|failure| ApplyError::new(name, Direction::Down, failure, Left::RolledBack))
}

/// Before the statement, as the role that the session has; rows that it may not see are no reason to
/// believe that there are none.
const AS_IT_WAS: &str = "ROLLBACK TO before; RESET ROLE; SET LOCAL row_security = off";

/// How long a statement may take, until the transaction falls back behind this.
fn within(limit: Duration) -> String {
    format!("SET LOCAL statement_timeout = {}", limit.as_millis().max(1))
}

struct Rehearsal<'a> {
    reverts: &'a [(String, Vec<Step>)],
    variables: &'a Variables,
    functions: &'a Runner,
    limits: &'a Limits,
    interrupt: &'a Interrupt,
}

impl Rehearsal<'_> {
    /// All over again, as long as locks are not to be had.
    fn run(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Loss>, Failure> {
        let deadline = Instant::now() + self.limits.lock_wait;
        let mut gate = Gate::default();
        let mut kind = Kind::Blocking;
        loop {
            let gone = gate.wait(session.client(), deadline, self.interrupt, observer);
            match gone.map_err(Failure::connection)? {
                Gone::Free => {}
                Gone::Held(holders) => {
                    return Err(Failure::Locked { step: None, holders, source: None });
                }
                Gone::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            let mut waits = Vec::new();
            let found = self.once(session, kind, &mut waits);
            if !session.client().is_closed() {
                _ = session.client().batch_execute("ROLLBACK");
            }
            let failure = match found {
                Err(failure) if failure.is_about_a_lock() => failure,
                found => return found,
            };
            gate.learn(session.client(), &waits).map_err(Failure::connection)?;
            if Instant::now() >= deadline {
                return Err(failure.locked(gate.in_the_way(session.client())));
            }
            if let Some(stop) = self.interrupt.sleep(PAUSE) {
                return Err(Failure::Stopped(stop));
            }
            if is_watching(self.interrupt) {
                kind = Kind::Observed;
            }
        }
    }

    fn once(
        &self,
        session: &mut Session,
        kind: Kind,
        waits: &mut Vec<Wait>,
    ) -> Result<Vec<Loss>, Failure> {
        let execute = |session: &mut Session, sql: &str| {
            session.client().batch_execute(sql).map_err(Failure::connection)
        };
        execute(session, "BEGIN")?;
        execute(session, HURRY)?;
        execute(session, &lock_timeout(BUDGET))?;
        if let Some(limit) = self.limits.statement {
            execute(session, &within(limit))?;
        }
        let mut stock = Stock::read(session.client()).map_err(Failure::connection)?;
        let attributes = Attributes::read(session.client());
        let mut attributes = attributes.map_err(Failure::connection)?;
        let mut losses = Vec::new();
        for (name, steps) in self.reverts {
            for statement in steps.iter().flat_map(|step| step.statements.iter()) {
                let statement = match Trial::of(&statement.sql) {
                    Trial::Nothing => continue,
                    Trial::Impossible => {
                        losses.push(Loss::untried(name, statement));
                        continue;
                    }
                    Trial::Instead(sql) => &Statement::new(sql),
                    Trial::Itself => statement,
                };
                execute(session, "SAVEPOINT before")?;
                if !self.go(session, kind, statement, waits)? {
                    // In a transaction it cannot be had, or it will fail when it is meant, too.
                    execute(session, "ROLLBACK TO before; RELEASE before")?;
                    if statement.rust.is_some() || !touches_no_rows(&statement.sql) {
                        losses.push(Loss::untried(name, statement));
                    }
                    continue;
                }
                let gone = stock.gone(session.client()).map_err(Failure::connection)?;
                let inside = attributes.gone(session.client()).map_err(Failure::connection)?;
                if !(gone.is_empty() && inside.is_empty()) {
                    for gone in gone {
                        execute(session, AS_IT_WAS)?;
                        execute(session, &within(self.limits.blocking))?;
                        let count = |client: &mut Client| gone.loss(client, name);
                        losses.extend(self.count(session, kind, waits, count)?);
                    }
                    for attribute in inside {
                        execute(session, AS_IT_WAS)?;
                        execute(session, &within(self.limits.blocking))?;
                        let count = |client: &mut Client| attribute.losses(client, name);
                        losses.extend(self.count(session, kind, waits, count)?);
                    }
                    execute(session, "ROLLBACK TO before")?;
                    self.go(session, kind, statement, waits)?;
                }
                execute(session, "RELEASE before")?;
            }
            self.end_of_migration(session, kind, waits)?;
        }
        Ok(losses)
    }

    /// Counts what there was, unless somebody stops that or waits for it.
    fn count<T>(
        &self,
        session: &mut Session,
        kind: Kind,
        waits: &mut Vec<Wait>,
        count: impl FnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (counted, ended) = session.guarded(self.interrupt, kind, count);
        waits.extend(ended.waits);
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        match ended.verdict {
            Some(Verdict::InTheWay { others, waited }) => {
                Err(Failure::in_the_way(None, others, waited, None))
            }
            Some(Verdict::Queued) => Err(Failure::queued(None, None)),
            None => counted,
        }
    }

    /// Checks what was deferred, as the `COMMIT` of each migration will: a table whose checks are
    /// pending cannot be altered.
    fn end_of_migration(
        &self,
        session: &mut Session,
        kind: Kind,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        session.client().batch_execute("SAVEPOINT before").map_err(Failure::connection)?;
        if !self.go(session, kind, &Statement::new("SET CONSTRAINTS ALL IMMEDIATE"), waits)? {
            // Nor will the migration get any further.
            let undo = "ROLLBACK TO before; RELEASE before";
            return session.client().batch_execute(undo).map_err(Failure::connection);
        }
        // The next migration finds them as they were.
        let deferred = session.client().query_one(
            "SELECT pg_catalog.string_agg(name, ', ') FROM ( \
             SELECT pg_catalog.format('%I.%I', n.nspname, c.conname) AS name \
             FROM pg_catalog.pg_constraint c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace \
             GROUP BY 1 HAVING pg_catalog.bool_and(c.condeferred)) deferred",
            &[],
        );
        let deferred = deferred.and_then(|row| row.try_get::<_, Option<String>>(0));
        let deferred = deferred.map_err(Failure::connection)?;
        let again = deferred.map(|names| format!("SET CONSTRAINTS {names} DEFERRED; "));
        let sql = format!("{}RELEASE before", again.unwrap_or_default());
        session.client().batch_execute(&sql).map_err(Failure::connection)
    }

    /// Whether the server does it.
    fn go(
        &self,
        session: &mut Session,
        kind: Kind,
        statement: &Statement,
        waits: &mut Vec<Wait>,
    ) -> Result<bool, Failure> {
        if let Some(called) = &statement.rust {
            return self.call(session, kind, called, waits);
        }
        let (sent, ended) =
            session.guarded(self.interrupt, kind, |client| send(client, statement, self.variables));
        waits.extend(ended.waits);
        let Err(error) = sent else { return Ok(true) };
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        if Failure::is_cut_by(&error) || session.client().is_closed() {
            return Err(Failure::connection(error));
        }
        match ended.verdict {
            Some(Verdict::InTheWay { others, waited }) => {
                Err(Failure::in_the_way(None, others, waited, Some(error.into())))
            }
            Some(Verdict::Queued) => Err(Failure::queued(None, Some(error.into()))),
            None if error.code().is_some_and(is_lock) => {
                Err(Failure::queued(None, Some(error.into())))
            }
            None => Ok(false),
        }
    }
}

impl Rehearsal<'_> {
    /// Whether the function does what it is to do.
    fn call(
        &self,
        session: &mut Session,
        kind: Kind,
        called: &Function,
        waits: &mut Vec<Wait>,
    ) -> Result<bool, Failure> {
        session.client().batch_execute(THINK).map_err(Failure::connection)?;
        let (result, ended) = session.guarded(self.interrupt, kind, |client| {
            function::run(client, called, self.functions, self.interrupt, true)
        });
        waits.extend(ended.waits);
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        match (result, ended.verdict) {
            (Err(function::Ended::Cut(error)), _) => Err(Failure::connection(error)),
            (_, Some(Verdict::InTheWay { others, waited })) => {
                Err(Failure::in_the_way(None, others, waited, None))
            }
            (_, Some(Verdict::Queued)) => Err(Failure::queued(None, None)),
            (Ok(()), None) => {
                session.client().batch_execute(HURRY).map_err(Failure::connection)?;
                Ok(true)
            }
            (Err(function::Ended::Failed { error, .. }), None) => {
                let code = error.query.and_then(|query| query.code);
                match code.is_some_and(|code| is_lock(&SqlState::from_code(&code))) {
                    true => Err(Failure::queued(None, None)),
                    false => Ok(false),
                }
            }
        }
    }
}

/// The tables that have rows of their own, and those of their columns that are no more.
struct Stock {
    tables: Vec<(Oid, String)>,
    dropped: HashSet<(Oid, i16)>,
}

/// A table, or a column of it, that a statement has dropped.
struct Dropped {
    table: Oid,
    shown: String,
    column: Option<i16>,
}

impl Stock {
    fn read(client: &mut Client) -> Result<Self, postgres::Error> {
        let rows = client.query(
            "SELECT c.oid, c.oid::regclass::text FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind = 'r' AND c.relpersistence <> 't' \
             AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
             ORDER BY 2",
            &[],
        )?;
        let tables: Result<_, _> =
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
        let mut stock = Self { tables: tables?, dropped: HashSet::new() };
        stock.dropped = stock.dropped_columns(client)?.into_iter().collect();
        Ok(stock)
    }

    /// What is gone since it was looked at last.
    fn gone(&mut self, client: &mut Client) -> Result<Vec<Dropped>, postgres::Error> {
        let oids: Vec<_> = self.tables.iter().map(|(oid, _)| *oid).collect();
        let left =
            client.query("SELECT oid FROM pg_catalog.pg_class WHERE oid = ANY ($1)", &[&oids])?;
        let left: HashSet<Oid> = left.iter().map(|row| row.get(0)).collect();
        let (tables, gone) =
            std::mem::take(&mut self.tables).into_iter().partition(|(oid, _)| left.contains(oid));
        self.tables = tables;
        let gone: Vec<(Oid, String)> = gone;
        let tables = gone.into_iter();
        let mut all: Vec<_> =
            tables.map(|(table, shown)| Dropped { table, shown, column: None }).collect();
        for (table, column) in self.dropped_columns(client)? {
            if self.dropped.insert((table, column)) {
                let shown = self.tables.iter().find(|(oid, _)| *oid == table);
                let shown = shown.map(|(_, shown)| shown.clone()).unwrap_or_default();
                all.push(Dropped { table, shown, column: Some(column) });
            }
        }
        Ok(all)
    }

    fn dropped_columns(&self, client: &mut Client) -> Result<Vec<(Oid, i16)>, postgres::Error> {
        let oids: Vec<_> = self.tables.iter().map(|(oid, _)| *oid).collect();
        let rows = client.query(
            "SELECT attrelid, attnum FROM pg_catalog.pg_attribute \
             WHERE attisdropped AND attnum > 0 AND attrelid = ANY ($1) ORDER BY 1, 2",
            &[&oids],
        )?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

impl Dropped {
    /// What there was in it; asked once it is there again.
    fn loss(&self, client: &mut Client, name: &str) -> Result<Option<Loss>, Failure> {
        let (column, rows) = match self.count(client) {
            Ok((column, rows)) => (column, Some(rows)),
            Err(error) if error.as_db_error().is_some() => (None, None),
            Err(error) => return Err(Failure::connection(error)),
        };
        let (name, table) = (name.to_owned(), self.shown.clone());
        Ok((rows != Some(0)).then_some(Loss { name, table, column, rows, untried: None }))
    }

    fn count(&self, client: &mut Client) -> Result<(Option<String>, i64), postgres::Error> {
        let row = client.query_one(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1",
            &[&self.table],
        )?;
        let table: String = row.try_get(0)?;
        if let Some(number) = self.column {
            return self.count_column(client, &table, number);
        }
        let most = Loss::MOST + 1;
        let sql = format!("SELECT count(*) FROM (SELECT FROM ONLY {table} LIMIT {most}) counted");
        Ok((None, client.query_one(&sql, &[])?.try_get(0)?))
    }

    /// The values of a column that somebody has put there: those that the server itself puts there,
    /// by a default or a number, are no loss.
    fn count_column(
        &self,
        client: &mut Client,
        table: &str,
        number: i16,
    ) -> Result<(Option<String>, i64), postgres::Error> {
        let row = client.query_one(
            "SELECT a.attname::text, pg_catalog.quote_ident(a.attname), \
             a.attidentity = 'a' OR a.attgenerated <> '', \
             pg_catalog.pg_get_expr(d.adbin, d.adrelid), (a.attmissingval::text::text[])[1] \
             FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d \
             ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attrelid = $1 AND a.attnum = $2",
            &[&self.table, &number],
        )?;
        let (name, quoted): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if row.try_get(2)? {
            return Ok((Some(name), 0));
        }
        let default: Option<String> = row.try_get(3)?;
        // What calls a function may say something else each time, or count.
        let default = default.filter(|default| is_constant(default));
        let default = default.unwrap_or_else(|| "NULL".to_owned());
        let missing: Option<String> = row.try_get(4)?;
        let most = Loss::MOST + 1;
        let sql = format!(
            "SELECT count(*) FROM (SELECT FROM ONLY {table} WHERE {quoted} IS NOT NULL \
             AND {quoted}::text IS DISTINCT FROM ({default})::text \
             AND {quoted}::text IS DISTINCT FROM $1 LIMIT {most}) counted"
        );
        Ok((Some(name), client.query_one(&sql, &[&missing])?.try_get(0)?))
    }
}

/// Whether an expression, as the server writes it, calls nothing.
fn is_constant(expression: &str) -> bool {
    // A quote in a literal is doubled, so what lies between two of them is outside or nothing.
    expression.split('\'').step_by(2).all(|outside| !outside.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants() {
        for constant in ["0", "'(1,2)'::point", "'it''s (not)'::text", "true", "ARRAY[]::text[]"] {
            assert!(is_constant(constant), "{constant}");
        }
        for call in ["now()", "nextval('s'::regclass)", "('a'::text || upper('b'::text))"] {
            assert!(!is_constant(call), "{call}");
        }
    }
}
