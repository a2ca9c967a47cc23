//! What migrations would destroy on their way: the rows of the tables that they drop, the values of
//! the columns.
//!
//! SQL does not show this: only the server knows what a `DROP SCHEMA`, a `DO` block or a user's
//! function drops as well. So the migrations are run in a transaction that is rolled back, and after
//! each statement the catalog is checked for what was dropped; that statement is undone, the rows are
//! counted, and it is run again. Rows that a `DELETE` has removed before are not counted: its author
//! names them. Nor are those that the run itself has inserted: no more can be lost than existed before.

mod attributes;
mod tables;

use std::fmt;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use serde::Serialize;

use crate::connect::interrupt::{Interrupt, Kind, Verdict, Wait};
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::{ENTER_TRUSTED, LEAVE_TRUSTED, remember};
use crate::connect::{OpenTransaction, Session};
use crate::event::{Direction, Observer};
use crate::execute::apply_error::ApplyError;
use crate::execute::completion_probe::{Trial, is_direct, touches_no_rows};
use crate::execute::error::{Failure, is_lock};
use crate::execute::failure_state::FailureState;
use crate::execute::send::{Variables, send};
use crate::execute::unlogged::Logging;
use crate::execute::{LONG_IDLE_TIMEOUT, SHORT_IDLE_TIMEOUT, rust_function};
use crate::functions::Runner;
use crate::history::History;
use crate::limits::Limits;
use crate::lock::watchdog::is_watching;
use crate::lock::{Gate, GateOutcome, lock_timeout};
use crate::plan::{Function, Statement};
use attributes::Attributes;
use tables::{DroppedTable, TableInventory};

/// Rows, or values of a column, that are lost when a migration is reverted or applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The migration.
    pub name: String,
    /// The table; empty if it is unknown before the statement has run.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub table: String,
    /// The column, where it is not the whole table.
    pub column: Option<String>,
    /// The type that the column gets, where it stays and its values are what that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// How many rows have something in it, counted no further than one more than
    /// [`MOST`](Self::MOST); not known where this role may not count them, or it would take long.
    pub rows: Option<i64>,
    /// What could not be tried, so that it is unknown what it drops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untried: Option<String>,
}

impl Loss {
    /// How far rows are counted: others may wait meanwhile.
    pub const MOST: i64 = 10_000;

    /// Of a migration, nothing in particular.
    pub(super) fn of(name: &str) -> Self {
        let (name, table) = (name.to_owned(), String::new());
        Self { name, table, column: None, becomes: None, rows: None, untried: None }
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
            None => f.write_str("an unknown number of ")?,
        }
        let plural = if *rows == Some(1) { "" } else { "s" };
        match &self.column {
            None => write!(f, "row{plural} of `{table}`"),
            Some(column) => write!(f, "value{plural} of `{column}` in `{table}`"),
        }?;
        match &self.becomes {
            Some(becomes) => write!(f, " that `{becomes}` does not hold"),
            None => Ok(()),
        }
    }
}

/// How long each lock is waited for: others may wait behind us.
const BUDGET: Duration = Duration::from_millis(50);
/// The pause before a lock is requested again.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether a statement that fails in the one transaction may do something when it is meant, and
/// lose rows. On the way forward, what is not refused for the transaction fails then, too.
fn may_do_otherwise(statement: &Statement, direction: Direction) -> bool {
    let is_refused = || direction == Direction::Down || is_direct(&statement.sql);
    statement.rust.is_some() || (is_refused() && !touches_no_rows(&statement.sql))
}

/// How a statement of the rehearsal went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StatementOutcome {
    Well,
    /// It fails here, and may not when it is meant.
    Wrong,
    /// Others rest on what it is about, and will when it is meant: nothing is lost by it.
    Refused,
}

/// A migration that is reverted or applied: what is done of it, statement by statement.
pub(crate) struct MigrationRun<'a> {
    pub(crate) name: &'a str,
    pub(crate) direction: Direction,
    pub(crate) statements: Vec<&'a Statement>,
}

/// Returns what these would destroy, run one after the other. All of it is rolled back.
pub(crate) fn losses(
    session: &mut Session,
    rehearsal: &Rehearsal<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<Loss>, ApplyError> {
    let found = rehearsal.run(session, observer);
    // They will be said again, when it is meant.
    drop(session.take_notices());
    let first = rehearsal.runs.first();
    let (name, direction) = first.map_or(("", Direction::Down), |run| (run.name, run.direction));
    found.map_err(|failure| ApplyError::new(name, direction, failure, FailureState::RolledBack))
}

/// Before the statement, as the role that the session has; rows that it may not see are no reason to
/// believe that there are none.
const AS_IT_WAS: &str = "ROLLBACK TO before; RESET ROLE; SET LOCAL row_security = off";
/// The same, before all of them.
const AS_ALL_WAS: &str = "ROLLBACK TO outset; RESET ROLE; SET LOCAL row_security = off";

/// Returns SQL for how long a statement may take, until the transaction rolls back beyond this.
fn within(limit: Duration) -> String {
    format!("SET LOCAL statement_timeout = {}", limit.as_millis().max(1))
}

/// All that is to be run, and with what.
pub(crate) struct Rehearsal<'a> {
    pub(crate) runs: &'a [MigrationRun<'a>],
    /// Whose rows are not the user's.
    pub(crate) history: &'a History,
    pub(crate) variables: &'a Variables,
    pub(crate) functions: &'a Runner,
    pub(crate) limits: &'a Limits,
    pub(crate) interrupt: &'a Interrupt,
}

impl Rehearsal<'_> {
    /// Runs all of it, and again as long as locks are not available.
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
                GateOutcome::Free | GateOutcome::Blocking => {}
                GateOutcome::Held(obstacle) => {
                    return Err(Failure::obstructed(None, obstacle, None));
                }
                GateOutcome::Stopped(stop) => return Err(Failure::Stopped(stop)),
            }
            let mut waits = Vec::new();
            let found = self.once(session, kind, &mut waits);
            let failure = match found {
                Err(failure) if failure.is_about_a_lock() => failure,
                found => return found,
            };
            gate.learn(session.client(), &waits, 0).map_err(Failure::connection)?;
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

    /// Once, in a transaction that is rolled back.
    fn once(
        &self,
        session: &mut Session,
        kind: Kind,
        waits: &mut Vec<Wait>,
    ) -> Result<Vec<Loss>, Failure> {
        let mut transaction = self.begin(session)?;
        let inventory = TableInventory::read(transaction.client(), self.history);
        let inventory = inventory.map_err(Failure::connection)?;
        if inventory.is_empty() {
            return Ok(Vec::new());
        }
        let attributes = Attributes::read(transaction.client()).map_err(Failure::connection)?;
        let found = Vec::new();
        let mut trial = DryRun { of: self, transaction, kind, waits, inventory, attributes, found };
        for run in self.runs {
            trial.migration(run)?;
        }
        trial.losses()
    }

    /// The transaction in which all of it is tried.
    fn begin<'s>(&self, session: &'s mut Session) -> Result<OpenTransaction<'s>, Failure> {
        let begun = OpenTransaction::begin(session, &[]);
        let mut transaction = begun.map_err(Failure::connection)?;
        let mut statements = self.runs.iter().flat_map(|run| &run.statements);
        if statements.any(|statement| !statement.secrets.is_empty()) {
            Logging::off_within(&mut transaction).map_err(Failure::connection)?;
        }
        execute(&mut transaction, SHORT_IDLE_TIMEOUT)?;
        execute(&mut transaction, &lock_timeout(BUDGET))?;
        if let Some(limit) = self.limits.statement {
            execute(&mut transaction, &within(limit))?;
        }
        execute(&mut transaction, &savepoint("outset"))?;
        Ok(transaction)
    }

    /// Counts the previous contents, unless the run is stopped or another session waits for it.
    fn count<T>(
        &self,
        transaction: &mut OpenTransaction<'_>,
        kind: Kind,
        waits: &mut Vec<Wait>,
        count: impl FnOnce(&mut OpenTransaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (counted, ended) = transaction.guarded(self.interrupt, kind, count);
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
        transaction: &mut OpenTransaction<'_>,
        kind: Kind,
        waits: &mut Vec<Wait>,
    ) -> Result<(), Failure> {
        transaction.execute(&savepoint("before")).map_err(Failure::connection)?;
        let now = Statement::new("SET CONSTRAINTS ALL IMMEDIATE");
        if self.go(transaction, kind, &now, waits)? != StatementOutcome::Well {
            // Nor will the migration get any further.
            let undo = "ROLLBACK TO before; RELEASE before";
            return transaction.execute(undo).map_err(Failure::connection);
        }
        // The next migration finds them in their previous state.
        let deferred = transaction.client().query_one(
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
        transaction.execute(&sql).map_err(Failure::connection)
    }

    /// Runs the statement, and returns whether it succeeds; with the author's `search_path`, unless it
    /// was read from the catalog.
    fn go(
        &self,
        transaction: &mut OpenTransaction<'_>,
        kind: Kind,
        statement: &Statement,
        waits: &mut Vec<Wait>,
    ) -> Result<StatementOutcome, Failure> {
        if statement.captured {
            return self.send(transaction, kind, statement, waits);
        }
        transaction.execute(LEAVE_TRUSTED).map_err(Failure::connection)?;
        let went = self.send(transaction, kind, statement, waits)?;
        if went == StatementOutcome::Well {
            transaction.execute(ENTER_TRUSTED).map_err(Failure::connection)?;
        }
        // A failed one is rolled back, and the path with it.
        Ok(went)
    }

    fn send(
        &self,
        transaction: &mut OpenTransaction<'_>,
        kind: Kind,
        statement: &Statement,
        waits: &mut Vec<Wait>,
    ) -> Result<StatementOutcome, Failure> {
        if let Some(called) = &statement.rust {
            let called = self.call(transaction, kind, called, waits)?;
            return Ok(if called { StatementOutcome::Well } else { StatementOutcome::Wrong });
        }
        let (sent, ended) = transaction
            .guarded(self.interrupt, kind, |it| send(it.client(), statement, self.variables));
        waits.extend(ended.waits);
        let Err(error) = sent else { return Ok(StatementOutcome::Well) };
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        if Failure::is_cut_by(&error) || transaction.is_closed() {
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
            None if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => {
                Ok(StatementOutcome::Refused)
            }
            None => Ok(StatementOutcome::Wrong),
        }
    }
}

impl Rehearsal<'_> {
    /// Calls the function, and returns whether it succeeds.
    fn call(
        &self,
        transaction: &mut OpenTransaction<'_>,
        kind: Kind,
        called: &Function,
        waits: &mut Vec<Wait>,
    ) -> Result<bool, Failure> {
        transaction.execute(LONG_IDLE_TIMEOUT).map_err(Failure::connection)?;
        let (functions, interrupt) = (self.functions, self.interrupt);
        let (result, ended) =
            rust_function::run_within(transaction, called, functions, (interrupt, kind));
        waits.extend(ended.waits);
        if let Some(stop) = self.interrupt.stopped() {
            return Err(Failure::Stopped(stop));
        }
        match (result, ended.verdict) {
            (Err(rust_function::FailedCall::Cut(error)), _) => Err(Failure::connection(error)),
            (_, Some(Verdict::InTheWay { others, waited })) => {
                Err(Failure::in_the_way(None, others, waited, None))
            }
            (_, Some(Verdict::Queued)) => Err(Failure::queued(None, None)),
            (Ok(()), None) => {
                transaction.execute(SHORT_IDLE_TIMEOUT).map_err(Failure::connection)?;
                Ok(true)
            }
            (Err(rust_function::FailedCall::Failed { error, .. }), None) => {
                let code = error.query.and_then(|query| query.code);
                match code.is_some_and(|code| is_lock(&SqlState::from_code(&code))) {
                    true => Err(Failure::queued(None, None)),
                    false => Ok(false),
                }
            }
        }
    }
}

fn execute(transaction: &mut OpenTransaction<'_>, sql: &str) -> Result<(), Failure> {
    transaction.execute(sql).map_err(Failure::connection)
}

/// A dry run: the transaction that is rolled back, and what was found to be lost in it by now.
struct DryRun<'a> {
    of: &'a Rehearsal<'a>,
    transaction: OpenTransaction<'a>,
    kind: Kind,
    waits: &'a mut Vec<Wait>,
    inventory: TableInventory,
    attributes: Attributes,
    /// With the dropped tables, whose rows are counted once more.
    found: Vec<(Option<DroppedTable>, Loss)>,
}

impl DryRun<'_> {
    fn migration(&mut self, run: &MigrationRun<'_>) -> Result<(), Failure> {
        // What one migration sets is not for the next one.
        let path = remember(self.transaction.author_path(), true);
        execute(&mut self.transaction, &path)?;
        for statement in &run.statements {
            self.statement(run, statement)?;
        }
        self.of.end_of_migration(&mut self.transaction, self.kind, self.waits)
    }

    fn statement(&mut self, run: &MigrationRun<'_>, statement: &Statement) -> Result<(), Failure> {
        let MigrationRun { name, direction, .. } = run;
        let instead;
        let statement = match Trial::of(&statement.sql) {
            Trial::Nothing => return Ok(()),
            Trial::Impossible => {
                self.found.push((None, Loss::untried(name, statement)));
                return Ok(());
            }
            Trial::Instead(sql) => {
                instead = Statement::new(sql);
                &instead
            }
            Trial::Itself => statement,
        };
        execute(&mut self.transaction, &savepoint("before"))?;
        let went = self.of.go(&mut self.transaction, self.kind, statement, self.waits)?;
        if went != StatementOutcome::Well {
            // It is not allowed in a transaction, or it will fail in earnest, too.
            execute(&mut self.transaction, "ROLLBACK TO before; RELEASE before")?;
            if went == StatementOutcome::Wrong && may_do_otherwise(statement, *direction) {
                self.found.push((None, Loss::untried(name, statement)));
            }
            return Ok(());
        }
        let gone = self.inventory.gone(&mut self.transaction, *direction)?;
        let inside =
            self.attributes.gone(self.transaction.client()).map_err(Failure::connection)?;
        if !(gone.is_empty() && inside.is_empty()) {
            for gone in gone {
                let loss = self.count(AS_IT_WAS, |it| gone.loss(it, name))?;
                self.found.extend(loss.map(|loss| (Some(gone), loss)));
            }
            for attribute in inside {
                let losses = self.count(AS_IT_WAS, |it| attribute.losses(it, name))?;
                self.found.extend(losses.into_iter().map(|loss| (None, loss)));
            }
            execute(&mut self.transaction, "ROLLBACK TO before")?;
            self.of.go(&mut self.transaction, self.kind, statement, self.waits)?;
            self.inventory.look_again(self.transaction.client()).map_err(Failure::connection)?;
        }
        execute(&mut self.transaction, "RELEASE before")
    }

    /// Counts in an earlier state, to which this SQL rolls back.
    fn count<T>(
        &mut self,
        state: &str,
        count: impl FnOnce(&mut OpenTransaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        execute(&mut self.transaction, state)?;
        execute(&mut self.transaction, &within(self.of.limits.blocking))?;
        self.of.count(&mut self.transaction, self.kind, self.waits, count)
    }

    /// Returns what was found, less the rows that did not exist before.
    fn losses(mut self) -> Result<Vec<Loss>, Failure> {
        let mut losses = Vec::new();
        for (gone, mut loss) in std::mem::take(&mut self.found) {
            if let Some(gone) = gone {
                let first = self.count(AS_ALL_WAS, |it| gone.loss(it, &loss.name))?;
                let Some(first) = first else { continue };
                loss.rows = first.rows.zip(loss.rows).map(|(first, last)| first.min(last));
            }
            losses.push(loss);
        }
        Ok(losses)
    }
}
