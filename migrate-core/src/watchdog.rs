//! A second connection that watches the first at work.
//!
//! Others that wait behind a statement of ours are not to wait for long: beyond
//! [`Limits::blocking`] the statement is cancelled. The watchdog also keeps the time of the whole,
//! sees what a statement waits for, and tells how a build gets on. It connects only once a
//! statement takes long enough to be of interest.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;

use crate::interrupt::{Interrupt, Kind, Running, Stop, Verdict, Wait};
use crate::limits::Limits;
use crate::{Event, Session, Target};

/// Where events go that come while the engine waits for the server; from another thread.
pub type Reporter = Arc<dyn Fn(Event) + Send + Sync>;

/// A statement that is over by then is not looked at.
const WORTH_A_LOOK: Duration = Duration::from_millis(150);
/// How often a statement is looked at that may be in the way.
const LOOK: Duration = Duration::from_millis(100);
/// For how long that is of interest.
const OBSERVED: Duration = Duration::from_millis(300);
/// How often a statement is looked at of which it is of interest what it waits for.
const OBSERVE: Duration = Duration::from_millis(3);
/// How often the progress of a build is told.
const TELL: Duration = Duration::from_millis(500);

/// Watches until it is dropped.
pub(crate) struct Watchdog {
    interrupt: Interrupt,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn start(
        interrupt: &Interrupt,
        limits: Limits,
        target: &Target,
        reporter: Option<Reporter>,
    ) -> Self {
        interrupt.state().over = false;
        interrupt.state().is_watching = None;
        let watch = Watch {
            interrupt: interrupt.clone(),
            limits,
            deadline: limits.whole.map(|whole| Instant::now() + whole),
            target: target.clone(),
            reporter,
            session: None,
            failed: false,
            waiting: HashMap::new(),
            told: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("watchdog".to_owned());
        // Without it the engine works as well, only less considerately.
        let thread = thread.spawn(move || watch.run()).ok();
        Self { interrupt: interrupt.clone(), thread }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.interrupt.state().over = true;
        self.interrupt.notify();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Whether the watchdog looks: connects it first where it has no connection yet.
pub(crate) fn is_watching(interrupt: &Interrupt) -> bool {
    let until = Instant::now() + Duration::from_secs(2);
    let mut state = interrupt.state();
    if state.is_watching.is_none() {
        state.is_watching = Some(false);
        interrupt.notify();
        while state.is_watching == Some(false) && Instant::now() < until && !state.over {
            state = interrupt.wait(state, Duration::from_millis(100));
        }
    }
    state.is_watching == Some(true)
}

struct Watch {
    interrupt: Interrupt,
    limits: Limits,
    deadline: Option<Instant>,
    target: Target,
    reporter: Option<Reporter>,
    session: Option<Session>,
    failed: bool,
    /// Who waits behind us, since when we know of it.
    waiting: HashMap<i32, Instant>,
    told: Instant,
}

/// Whether it is still at the locks that it takes first.
fn is_observed(running: &Running) -> bool {
    running.kind == Kind::Observed && running.since.elapsed() < OBSERVED
}

/// The statement that is looked at.
#[derive(Clone, Copy)]
struct Seen {
    number: u64,
    pid: i32,
    kind: Kind,
}

impl Watch {
    fn run(mut self) {
        loop {
            let asked_for;
            let seen = {
                let mut state = self.interrupt.state();
                let pause = match &state.running {
                    Some(running) if is_observed(running) => OBSERVE,
                    Some(running) if running.since.elapsed() < WORTH_A_LOOK => {
                        WORTH_A_LOOK.saturating_sub(running.since.elapsed())
                    }
                    Some(_) => LOOK,
                    None => Duration::from_secs(3600),
                };
                let left = self.deadline.map(|at| at.saturating_duration_since(Instant::now()));
                let pause = left.map_or(pause, |left| pause.min(left)).max(OBSERVE);
                asked_for = state.is_watching == Some(false) && self.session.is_none();
                if !state.over && !asked_for {
                    state = self.interrupt.wait(state, pause);
                }
                if state.over {
                    return;
                }
                state.running.as_ref().and_then(|running| {
                    let kind = match running.kind {
                        Kind::Observed if !is_observed(running) => Kind::Blocking,
                        kind => kind,
                    };
                    let seen = Seen { number: running.number, pid: running.pid, kind };
                    let worth_it = running.since.elapsed() >= WORTH_A_LOOK;
                    (worth_it || kind == Kind::Observed).then_some(seen)
                })
            };
            self.keep_time();
            self.interrupt.insist();
            if asked_for {
                self.connect();
            }
            if let Some(seen) = seen {
                self.look(seen);
            }
        }
    }

    fn keep_time(&mut self) {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.deadline = None;
            self.interrupt.stop_for(Stop::OutOfTime(self.limits.whole.unwrap_or_default()));
        }
    }

    /// One attempt: where the server has no connection to spare, ours is not the one to insist.
    fn connect(&mut self) -> bool {
        if self.session.is_none() && !self.failed {
            self.session = Session::connect(&self.target, "migrate watchdog").ok();
            self.failed = self.session.is_none();
        }
        let is_there = self.session.is_some();
        self.interrupt.state().is_watching = is_there.then_some(true);
        self.interrupt.notify();
        is_there
    }

    fn look(&mut self, seen: Seen) {
        if !self.connect() {
            return;
        }
        let Some(session) = &mut self.session else { return };
        let looked = match seen.kind {
            Kind::Observed => observe(session.client(), seen).map(|waits| {
                let mut state = self.interrupt.state();
                if let Some(running) = &mut state.running
                    && running.number == seen.number
                {
                    for wait in waits {
                        if !running.waits.contains(&wait) {
                            running.waits.push(wait);
                        }
                    }
                }
            }),
            Kind::Blocking => self.mind_the_others(seen),
            Kind::Concurrent => Ok(()),
        };
        let told = looked.and_then(|()| self.tell_progress(seen));
        if told.is_err_and(|error| error.code() != Some(&SqlState::QUERY_CANCELED)) {
            self.session = None;
        }
    }

    /// Cancels the statement where others have waited behind it for too long.
    fn mind_the_others(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let client = session.client();
        // Autovacuum, which belongs to no role, can wait.
        let behind = client.query(
            "SELECT w.pid FROM (SELECT DISTINCT pid FROM pg_catalog.pg_locks \
             WHERE NOT granted AND pid <> $1) w \
             JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid AND a.usesysid IS NOT NULL \
             WHERE $1 = ANY (pg_catalog.pg_blocking_pids(w.pid))",
            &[&seen.pid],
        )?;
        let now = Instant::now();
        let behind: Vec<i32> = behind.iter().map(|row| row.get(0)).collect();
        self.waiting.retain(|pid, _| behind.contains(pid));
        for pid in behind {
            self.waiting.entry(pid).or_insert(now);
        }
        let waited = self.waiting.values().map(Instant::elapsed).max().unwrap_or_default();
        if self.waiting.is_empty() || waited < self.limits.blocking {
            return Ok(());
        }
        // A function is not at the server all the time, and keeps its locks meanwhile.
        let row = client.query_opt(
            "SELECT query_start, EXISTS (SELECT FROM pg_catalog.pg_locks \
             WHERE pid = $1 AND NOT granted) FROM pg_catalog.pg_stat_activity \
             WHERE pid = $1 AND state IN ('active', 'idle in transaction') \
             AND wait_event IS DISTINCT FROM 'SyncRep'",
            &[&seen.pid],
        )?;
        let Some(row) = row else { return Ok(()) };
        let started: Option<chrono::DateTime<chrono::Utc>> = row.try_get(0)?;
        let verdict = if row.try_get(1)? {
            Verdict::Queued
        } else {
            Verdict::InTheWay { others: self.waiting.len(), waited }
        };
        // Under the mutex, so that the engine cannot go on to its next statement meanwhile.
        let mut state = self.interrupt.state();
        if state.condemn(seen.number, verdict) {
            // What waits for its standbys is committed already.
            client.execute(
                "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
                 WHERE pid = $1 AND query_start = $2 AND wait_event IS DISTINCT FROM 'SyncRep'",
                &[&seen.pid, &started],
            )?;
        }
        drop(state);
        self.waiting.clear();
        Ok(())
    }

    fn tell_progress(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let (Some(reporter), Some(session)) = (&self.reporter, &mut self.session) else {
            return Ok(());
        };
        if self.told.elapsed() < TELL || seen.kind == Kind::Observed {
            return Ok(());
        }
        self.told = Instant::now();
        let row = session.client().query_opt(
            "SELECT phase, CASE WHEN tuples_total > 0 THEN tuples_done \
             WHEN blocks_total > 0 THEN blocks_done ELSE lockers_done END, \
             CASE WHEN tuples_total > 0 THEN tuples_total \
             WHEN blocks_total > 0 THEN blocks_total ELSE lockers_total END, current_locker_pid \
             FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1",
            &[&seen.pid],
        )?;
        let Some(row) = row else { return Ok(()) };
        let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        let locker: Option<i64> = row.try_get(3)?;
        reporter(Event::Progress {
            phase: row.try_get::<_, Option<String>>(0)?.unwrap_or_default(),
            done: count(row.try_get(1)?).unwrap_or_default(),
            of: count(row.try_get(2)?).unwrap_or_default(),
            waits_for: locker.filter(|pid| *pid > 0).and_then(|pid| i32::try_from(pid).ok()),
        });
        Ok(())
    }
}

/// The locks that the statement waits for.
fn observe(client: &mut Client, seen: Seen) -> Result<Vec<Wait>, postgres::Error> {
    let rows = client.query(
        "SELECT locktype, relation, mode FROM pg_catalog.pg_locks WHERE pid = $1 AND NOT granted",
        &[&seen.pid],
    )?;
    let waits = rows.iter().map(|row| {
        Ok(Wait { kind: row.try_get(0)?, relation: row.try_get(1)?, mode: row.try_get(2)? })
    });
    waits.collect()
}
