//! A second connection that watches the first at work.
//!
//! Others that wait behind a statement of ours are not to wait for long: beyond
//! [`Limits::blocking`] the statement is cancelled. The watchdog also sees what a statement waits
//! for, and tells how a build gets on. It connects only once a statement takes long enough to be of
//! interest.
//!
//! Its connection may hang: a pool at its limit gives it none before the engine's own is over. So
//! no session waits for it for long, and another thread [keeps the time](Interrupt::keep_time).

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::SqlState;

use super::blocked::BEHIND;
use super::gate::is_young;
use super::holders::waited_for;
use super::waiters::Waiters;
use crate::connect::interrupt::{Interrupt, Kind, Running, Verdict, Wait};
use crate::connect::{ConnectError, Session, Target};
use crate::event::Event;
use crate::limits::Limits;

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
/// How often the progress of a build is reported.
const TELL: Duration = Duration::from_millis(500);
/// How often, at most, the sessions that a running statement waits for are reported, if they have
/// changed, and if they have not.
const TELL_OTHERS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];
/// How long connecting may take before the lack of a connection is reported.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);
/// How long a look may take: a connection that is frozen is of no use, and another one may be.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// When it is tried again after a failure: the server may have had none to spare for a moment.
const CONNECTS_AGAIN: Duration = Duration::from_secs(2);
/// How long its end is waited for, so that its connection does not outlive the work. It takes
/// longer only where the server hangs.
const LEAVES_WITHIN: Duration = Duration::from_millis(500);

/// Watches until it is dropped.
pub(crate) struct Watchdog {
    interrupt: Interrupt,
    /// Says nothing, but closes with the thread.
    gone: Receiver<()>,
}

impl Watchdog {
    pub(crate) fn start(
        interrupt: &Interrupt,
        limits: Limits,
        session: &Session,
        reporter: Option<Reporter>,
    ) -> Self {
        interrupt.watch_over(session);
        let number = interrupt.relieve();
        let (here, gone) = mpsc::channel();
        let watch = WatchedSession {
            interrupt: interrupt.clone(),
            number,
            limits,
            target: session.target().clone(),
            reporter,
            session: None,
            opening: None,
            tried: None,
            why: None,
            told_why: false,
            waiters: Waiters::default(),
            told: Instant::now(),
            looked_for_standby: Instant::now(),
            others: Others::default(),
        };
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            // Without it the engine works as well, only less considerately.
            _ = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        };
        let clock = interrupt.clone();
        spawn("clock", Box::new(move || clock.keep_time(number, &limits)));
        spawn(
            "watchdog",
            Box::new(move || {
                watch.run();
                drop(here);
            }),
        );
        Self { interrupt: interrupt.clone(), gone }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.interrupt.state().on_duty = None;
        self.interrupt.notify();
        _ = self.gone.recv_timeout(LEAVES_WITHIN);
    }
}

/// Whether the watchdog looks: connects it first where it has no connection yet.
pub(crate) fn is_watching(interrupt: &Interrupt) -> bool {
    let until = Instant::now() + CONNECTS_WITHIN;
    let mut state = interrupt.state();
    if state.is_watching.is_none() {
        state.is_watching = Some(false);
        interrupt.notify();
        while state.is_watching == Some(false) && Instant::now() < until && state.on_duty.is_some()
        {
            state = interrupt.wait(state, Duration::from_millis(100));
        }
    }
    state.is_watching == Some(true)
}

struct WatchedSession {
    interrupt: Interrupt,
    /// Tells it from those before and after it.
    number: u64,
    limits: Limits,
    target: Target,
    reporter: Option<Reporter>,
    session: Option<Session>,
    /// The connection that is being made, in a thread of its own.
    opening: Option<Receiver<Result<Session, ConnectError>>>,
    /// When the last one was begun.
    tried: Option<Instant>,
    /// Why there is none, and whether that was reported.
    why: Option<String>,
    told_why: bool,
    /// The sessions that wait behind us.
    waiters: Waiters,
    told: Instant,
    looked_for_standby: Instant,
    others: Others,
}

/// The sessions that a concurrent build waits for.
#[derive(Default)]
struct Others {
    looked: Option<Instant>,
    told: Option<Instant>,
    /// The transactions that were reported.
    known: HashSet<String>,
}

/// Finds the process where it has committed and waits for a
/// [synchronous standby](https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION).
const WAITS_FOR_STANDBY: &str =
    "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'";

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

impl WatchedSession {
    fn run(mut self) {
        loop {
            let asked_for;
            let stopping;
            let seen = {
                let mut state = self.interrupt.state();
                let pause = match &state.running {
                    Some(running) if is_observed(running) => OBSERVE,
                    Some(running) if running.since.elapsed() < WORTH_A_LOOK => {
                        WORTH_A_LOOK.saturating_sub(running.since.elapsed())
                    }
                    Some(_) => LOOK,
                    None if state.stop.is_some() => LOOK,
                    None => Duration::from_secs(3600),
                };
                asked_for = state.is_watching == Some(false) && self.session.is_none();
                if state.on_duty == Some(self.number) && !asked_for {
                    state = self.interrupt.wait(state, pause.max(OBSERVE));
                }
                if state.on_duty != Some(self.number) {
                    return;
                }
                // After a failover the work continues at another server, with other processes.
                if let Some(target) = state.target.take_if(|it| it.hosts() != self.target.hosts()) {
                    (self.session, self.opening, self.tried) = (None, None, None);
                    self.target = target;
                }
                stopping = state.pid.filter(|_| state.stop.is_some());
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
            if asked_for {
                self.connect();
            }
            if let Some(seen) = seen {
                self.look(seen);
            }
            if let Some(pid) = stopping {
                self.end_wait_for_standby(pid);
            }
        }
    }

    /// One attempt at a time: where the server has no connection to spare, ours is not the one to
    /// insist.
    fn connect(&mut self) -> bool {
        if self.session.is_none() {
            self.open();
        }
        let is_there = self.session.is_some();
        // A connection that is still being made may be available in a moment.
        let is_coming = !is_there && self.opening.is_some() && self.why.is_none();
        let mut state = self.interrupt.state();
        if state.on_duty == Some(self.number) && !is_coming {
            state.is_watching = is_there.then_some(true);
        }
        drop(state);
        self.interrupt.notify();
        is_there
    }

    fn open(&mut self) {
        let began = match (&self.opening, self.tried) {
            (Some(_), Some(tried)) => tried,
            (None, Some(tried)) if tried.elapsed() < CONNECTS_AGAIN => return,
            _ => {
                let (done, opening) = mpsc::channel();
                let target = self.target.clone();
                let thread = std::thread::Builder::new().name("watchdog connects".to_owned());
                _ = thread.spawn(move || {
                    _ = done.send(Session::connect(&target, "migrate watchdog"));
                });
                self.opening = Some(opening);
                *self.tried.insert(Instant::now())
            }
        };
        let Some(opening) = &self.opening else { return };
        match opening.recv_timeout(LOOK) {
            Ok(Ok(session)) => {
                if let Some(lifeline) = session.lifeline() {
                    lifeline.sever_when_silent(ANSWERS_WITHIN);
                }
                self.session = Some(session);
                (self.opening, self.why, self.told_why) = (None, None, false);
            }
            Ok(Err(error)) => {
                (self.opening, self.why) = (None, Some(error.to_string()));
            }
            Err(RecvTimeoutError::Disconnected) => {
                (self.opening, self.why) = (None, Some("there is no thread for it".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) if began.elapsed() >= CONNECTS_WITHIN => {
                let waited = CONNECTS_WITHIN.as_secs();
                self.why = Some(format!("there is no second connection after {waited} s"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }

    /// Says once that others may wait behind a statement for as long as that takes.
    fn tell_why(&mut self, seen: Seen) {
        if let (Some(why), Some(reporter)) = (&self.why, &self.reporter)
            && !self.told_why
            && seen.kind != Kind::Concurrent
        {
            self.told_why = true;
            reporter(Event::Unwatched { why: why.clone() });
        }
    }

    fn look(&mut self, seen: Seen) {
        if !self.connect() {
            self.tell_why(seen);
            return;
        }
        let looked = match seen.kind {
            Kind::Observed => self.learn_waits(seen),
            Kind::Blocking => self.mind_the_others(seen),
            Kind::Concurrent => self.tell_others(seen),
        };
        let told = looked.and_then(|()| self.tell_progress(seen));
        let told = told.and_then(|()| self.tell_wait_for_standby(seen));
        if told.is_err_and(|error| error.code() != Some(&SqlState::QUERY_CANCELED)) {
            self.session = None;
        }
    }

    /// Notes what the statement waits for, and cancels it where those wait for it: the server would end
    /// one of the two after `deadlock_timeout`, and not always ours.
    fn learn_waits(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let client = session.client();
        let waits = observe(client, seen)?;
        let in_circle = waits.iter().any(|wait| wait.in_circle);
        let mut state = self.interrupt.state();
        let Some(running) = state.running.as_mut().filter(|it| it.number == seen.number) else {
            return Ok(());
        };
        for wait in waits {
            running.waits.retain(|known| !known.is_same(&wait));
            running.waits.push(wait);
        }
        drop(state);
        if in_circle && let Some(sending) = self.interrupt.condemn(seen.number, Verdict::Queued) {
            let waits = "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
                         WHERE pid = $1 AND wait_event_type = 'Lock'";
            client.execute(waits, &[&seen.pid])?;
            drop(sending);
        }
        Ok(())
    }

    /// Cancels the statement where others have waited behind it for too long.
    fn mind_the_others(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let major = session.major();
        let client = session.client();
        self.waiters.look(client, major, seen.pid, seen.number)?;
        let Some(waited) = self.waiters.longest().filter(|it| *it >= self.limits.blocking) else {
            return Ok(());
        };
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
            Verdict::InTheWay { others: self.waiters.count(), waited }
        };
        // The engine does not go on to its next statement meanwhile.
        if let Some(sending) = self.interrupt.condemn(seen.number, verdict) {
            // What waits for its standbys is committed already.
            client.execute(
                "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
                 WHERE pid = $1 AND query_start = $2 AND wait_event IS DISTINCT FROM 'SyncRep'",
                &[&seen.pid, &started],
            )?;
            drop(sending);
        }
        self.waiters.clear();
        Ok(())
    }

    /// Only this shows, where there is no terminal, which sessions a concurrent build waits for.
    fn tell_others(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let (Some(reporter), Some(session)) = (&self.reporter, &mut self.session) else {
            return Ok(());
        };
        let others = &mut self.others;
        if others.looked.is_some_and(|looked| looked.elapsed() < TELL) {
            return Ok(());
        }
        others.looked = Some(Instant::now());
        let mut holders = waited_for(session.client(), seen.pid)?;
        // Sessions that are about to end are many, and different ones by the time the report is read.
        holders.retain(|holder| !is_young(holder));
        let is_known = holders.iter().all(|holder| others.known.contains(&holder.transaction));
        let pause = TELL_OTHERS[usize::from(is_known)];
        if holders.is_empty() || others.told.is_some_and(|told| told.elapsed() < pause) {
            return Ok(());
        }
        others.told = Some(Instant::now());
        others.known = holders.iter().map(|holder| holder.transaction.clone()).collect();
        reporter(Event::WaitingForOthers { holders });
        Ok(())
    }

    /// Reports that a commit waits for a standby, which nothing else shows.
    fn tell_wait_for_standby(&mut self, seen: Seen) -> Result<(), postgres::Error> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if seen.kind == Kind::Observed || self.looked_for_standby.elapsed() < TELL {
            return Ok(());
        }
        self.looked_for_standby = Instant::now();
        let waits = session.client().query_opt(WAITS_FOR_STANDBY, &[&seen.pid])?.is_some();
        let mut state = self.interrupt.state();
        let Some(running) = state.running.as_mut().filter(|it| it.number == seen.number) else {
            return Ok(());
        };
        let is_news = waits && !std::mem::replace(&mut running.is_committed, waits);
        drop(state);
        if let (true, Some(reporter)) = (is_news, &self.reporter) {
            reporter(Event::WaitingForStandby { pid: seen.pid });
        }
        Ok(())
    }

    /// When all is to end, no standby is waited for, whatever it is that waits.
    fn end_wait_for_standby(&mut self, pid: i32) {
        if !self.connect() {
            return;
        }
        let Some(session) = &mut self.session else { return };
        let sql =
            format!("SELECT pg_catalog.pg_cancel_backend($1) WHERE EXISTS ({WAITS_FOR_STANDBY})");
        match session.client().query_opt(&sql, &[&pid]) {
            Ok(Some(_)) => self.interrupt.note_unconfirmed(),
            Ok(None) => {}
            Err(_) => self.session = None,
        }
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
    let sql = format!(
        "WITH RECURSIVE {BEHIND} SELECT locktype, relation, mode, EXISTS (SELECT FROM behind WHERE pid = $1) \
         FROM pg_catalog.pg_locks WHERE pid = $1 AND NOT granted"
    );
    let rows = client.query(&sql, &[&seen.pid])?;
    let mut waits = Vec::new();
    for row in rows {
        let kind: String = row.try_get(0)?;
        let holders = if kind == "relation" { Vec::new() } else { waited_for(client, seen.pid)? };
        waits.push(Wait {
            kind,
            relation: row.try_get(1)?,
            mode: row.try_get(2)?,
            in_circle: row.try_get(3)?,
            holders,
        });
    }
    Ok(waits)
}
