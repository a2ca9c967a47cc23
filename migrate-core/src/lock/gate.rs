//! Requests a lock only when it can be had at once.
//!
//! All later requests wait behind a request for a strong lock, those of readers too. So a lock that
//! was not available within a few milliseconds is not waited for: the transaction is rolled back, and
//! the lock is requested again when no old transaction holds it.

use std::collections::HashMap;
use std::ops::RangeBounds;
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::types::Oid;

use super::blocked::BEHIND;
use super::holders::{COLUMNS, SOURCES, conflicting, words};
use super::several::one_of_several;
use crate::connect::OpenTransaction;
use crate::connect::interrupt::{Interrupt, Stop, Wait};
use crate::connect::search_path::shown;
use crate::event::{Class, Event, LockHolder, Observer};

/// A transaction that is older holds a lock for long enough that others would queue behind us.
const OLD: Duration = Duration::from_millis(40);
/// How often the holders are looked at.
const LOOK: Duration = Duration::from_millis(15);
/// A wait that takes longer is reported.
const WORTH_TELLING: Duration = Duration::from_millis(500);
/// After this long without a lock that no session holds for long, the traffic is reported instead.
const BUSY: Duration = Duration::from_secs(3);
/// How long it is then waited for with others behind it, the first times and from then on.
const QUEUE: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];
/// To end a transaction that is younger would be of no use: it soon ends anyway.
const YOUNG: Duration = Duration::from_secs(1);

/// A relation and the mode in which a migration was seen to lock it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    relation: Oid,
    mode: String,
    /// `"public"."posts"`, where it can be locked by name ahead of the statement.
    name: Option<String>,
    /// Its name for messages.
    shown: String,
    /// Whether autovacuum is at work on it and has to be canceled.
    evict: bool,
    /// The statement of the transaction that requested it.
    statement: usize,
}

/// The locks that a migration is known to require.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    wanted: Vec<Wanted>,
    /// When the first of them became known.
    since: Option<Instant>,
    /// Whether there is a language in which the server itself can try for several locks.
    has_plpgsql: bool,
    told_busy: bool,
    /// How often it has let through to the queue.
    queued: usize,
}

/// What keeps a session from getting a lock.
#[derive(Debug, Default)]
pub(crate) struct Obstacle {
    /// The sessions that hold it.
    pub(crate) holders: Vec<LockHolder>,
    /// Tables that many sessions use briefly, if none does for long.
    pub(crate) busy: Vec<String>,
}

/// The result of waiting at the gate.
#[derive(Debug)]
pub(crate) enum GateOutcome {
    /// No session is in the way.
    Free,
    /// These still are, and the time is over.
    Held(Obstacle),
    /// Others have waited behind this session for too long meanwhile.
    Blocking,
    /// All is to end.
    Stopped(Stop),
}

impl Gate {
    /// Learns from what a statement was seen waiting for; whether that was a relation.
    pub(crate) fn learn(
        &mut self,
        client: &mut Client,
        waits: &[Wait],
        statement: usize,
    ) -> Result<bool, postgres::Error> {
        let mut learned = false;
        for wait in waits {
            let Some(relation) = wait.relation.filter(|_| wait.kind == "relation") else {
                continue;
            };
            learned = true;
            if self.wanted.iter().any(|w| w.relation == relation && w.mode == wait.mode) {
                continue;
            }
            let row = client.query_opt(
                "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), \
                 c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE'), \
                 c.oid::regclass::text, EXISTS (SELECT FROM pg_catalog.pg_language \
                 WHERE lanname = 'plpgsql' AND pg_catalog.has_language_privilege(oid, 'USAGE')) \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE c.oid = $1",
                &[&relation],
            )?;
            let Some(row) = row else { continue };
            let can_be_locked: bool = row.try_get(1)?;
            let name: String = row.try_get(0)?;
            self.has_plpgsql = row.try_get(3)?;
            self.since.get_or_insert_with(Instant::now);
            self.wanted.push(Wanted {
                relation,
                mode: wait.mode.clone(),
                name: can_be_locked.then_some(name),
                shown: shown(row.try_get(2)?),
                evict: false,
                statement,
            });
            // All runners that lock several tables take them in the same order.
            self.wanted.sort_by_key(|wanted| wanted.relation);
        }
        Ok(learned)
    }

    /// Waits until the known locks can be had at once.
    pub(crate) fn wait(
        &mut self,
        client: &mut Client,
        deadline: Instant,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<GateOutcome, postgres::Error> {
        self.until_free(client, deadline, None, interrupt, observer)
    }

    /// The same in a transaction that has done some work, and has the author's path: only as long as no
    /// session waits longer than `blocking` behind it, on a row for example, or has one of these locks.
    pub(crate) fn wait_holding(
        &mut self,
        transaction: &mut OpenTransaction<'_>,
        deadline: Instant,
        blocking: Duration,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<GateOutcome, postgres::Error> {
        transaction.trusted(|client| {
            self.until_free(client, deadline, Some(blocking), interrupt, observer)
        })
    }

    fn until_free(
        &mut self,
        client: &mut Client,
        deadline: Instant,
        blocking: Option<Duration>,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<GateOutcome, postgres::Error> {
        let mut behind = Behind::default();
        let mut seen = HashMap::<String, Instant>::new();
        let mut first_look = None;
        let mut told = false;
        if self.wanted.is_empty() {
            return Ok(interrupt.stopped().map_or(GateOutcome::Free, GateOutcome::Stopped));
        }
        loop {
            let holders = self.holders(client)?;
            let now = Instant::now();
            let watched = now - *first_look.get_or_insert(now);
            let old = self.those_for_long(holders, &mut seen, now);
            let left = deadline.saturating_duration_since(now);
            let is_traffic = self.is_busy() && old.iter().all(is_young);
            if is_traffic && !std::mem::replace(&mut self.told_busy, true) {
                let tables = self.tables();
                observer.event(Event::WaitingForTraffic { tables, patience: left });
            }
            // A transaction that was there at the first look and still is, is old by then, however
            // long a look takes.
            let fresh = seen.values().any(|first| now - *first < OLD);
            if old.is_empty() && (!fresh || watched >= OLD) {
                return Ok(GateOutcome::Free);
            }
            if is_traffic && now < deadline && self.can_queue() {
                self.queued += 1;
                return Ok(GateOutcome::Free);
            }
            if let Some(blocking) = blocking
                && behind.must_be_let_go(client, &old, blocking)?
            {
                return Ok(GateOutcome::Blocking);
            }
            if now >= deadline && !old.is_empty() {
                return Ok(GateOutcome::Held(self.obstacle(old)));
            }
            let lasts = |holder: &LockHolder| {
                let first = seen.get(&holder.transaction);
                !is_young(holder) || first.is_some_and(|first| now - *first >= WORTH_TELLING)
            };
            if !told && watched >= WORTH_TELLING && old.iter().any(lasts) {
                told = true;
                observer.event(Event::WaitingForLock { holders: old, patience: left });
            }
            if let Some(stop) = interrupt.sleep(LOOK) {
                return Ok(GateOutcome::Stopped(stop));
            }
        }
    }

    /// Returns the holders that have been there for a while, since `seen` by now, except for autovacuum
    /// where it can be canceled.
    fn those_for_long(
        &mut self,
        holders: Vec<LockHolder>,
        seen: &mut HashMap<String, Instant>,
        now: Instant,
    ) -> Vec<LockHolder> {
        seen.retain(|transaction, _| holders.iter().any(|h| h.transaction == *transaction));
        let old = holders.into_iter().filter(|holder| {
            let first = *seen.entry(holder.transaction.clone()).or_insert(now);
            let age = holder.age.unwrap_or_default().max(now - first);
            // One whose start is hidden counts as new when it is first seen.
            age >= OLD || matches!(holder.class, Class::Prepared(_))
        });
        let (mut evicted, mut old): (Vec<_>, Vec<_>) =
            old.partition(|holder| holder.class == Class::Autovacuum);
        for wanted in &mut self.wanted {
            wanted.evict = wanted.name.is_some()
                && evicted.iter().any(|h| h.relation_id == Some(wanted.relation));
        }
        evicted.retain(|holder| {
            !self.wanted.iter().any(|w| w.evict && holder.relation_id == Some(w.relation))
        });
        old.append(&mut evicted);
        old
    }

    /// Returns the holders of locks that conflict with the required ones.
    fn holders(&self, client: &mut Client) -> Result<Vec<LockHolder>, postgres::Error> {
        let wanted = self.wanted.iter().map(|wanted| {
            let modes: Vec<_> =
                conflicting(&wanted.mode).iter().map(|mode| format!("'{mode}'")).collect();
            format!("(l.relation = {} AND l.mode IN ({}))", wanted.relation, modes.join(", "))
        });
        let sql = format!(
            "SELECT {COLUMNS} FROM {SOURCES} WHERE l.locktype = 'relation' \
             AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database()) AND ({})",
            wanted.collect::<Vec<_>>().join(" OR ")
        );
        client.query(&sql, &[])?.iter().map(LockHolder::of).collect()
    }

    /// Returns SQL that takes the locks that statements with these numbers are known to require, see
    /// [`weak`](Self::weak) and [`strong`](Self::strong).
    pub(crate) fn locks(&self, budget: Duration, of: impl RangeBounds<usize>) -> Vec<String> {
        let of = (of.start_bound().cloned(), of.end_bound().cloned());
        [self.weak(budget, of), self.strong(of)].concat()
    }

    /// SQL that sends autovacuum away from where it is in the way of these locks: it gives way only once
    /// it was waited for longer than `deadlock_timeout`, which a lock that lets readers and writers pass
    /// can do. `budget` is how long each lock after that may take.
    pub(crate) fn weak(&self, budget: Duration, of: impl RangeBounds<usize>) -> Vec<String> {
        let evict = self.wanted_by(of).filter(|wanted| wanted.evict);
        let evict: Vec<_> = evict.filter_map(|wanted| wanted.name.as_deref()).collect();
        let mut sql = Vec::new();
        if !evict.is_empty() {
            sql.push(
                "SELECT pg_catalog.set_config('lock_timeout', (extract(epoch FROM \
                 pg_catalog.current_setting('deadlock_timeout')::interval) OPERATOR(pg_catalog.*) 1000 \
                 OPERATOR(pg_catalog.+) 1000)::int::pg_catalog.text, true)"
                    .to_owned(),
            );
            sql.extend(evict.iter().map(|name| lock(name, "SHARE UPDATE EXCLUSIVE")));
        }
        sql.push(lock_timeout(budget));
        sql
    }

    /// SQL that takes these locks.
    pub(crate) fn strong(&self, of: impl RangeBounds<usize>) -> Vec<String> {
        let locks = self
            .wanted_by(of)
            .filter_map(|wanted| Some(lock(wanted.name.as_deref()?, &words(&wanted.mode))));
        let locks: Vec<_> = locks.collect();
        match locks.len() > 1 && self.has_plpgsql {
            true => vec![one_of_several(&locks)],
            false => locks,
        }
    }

    fn wanted_by(&self, of: impl RangeBounds<usize>) -> impl Iterator<Item = &Wanted> {
        self.wanted.iter().filter(move |wanted| of.contains(&wanted.statement))
    }

    /// Whether it knows of any lock.
    pub(crate) fn is_known(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Returns what is in the way at this moment.
    pub(crate) fn in_the_way(&self, client: &mut Client) -> Obstacle {
        if self.wanted.is_empty() {
            return Obstacle::default();
        }
        self.obstacle(self.holders(client).unwrap_or_default())
    }

    fn obstacle(&self, holders: Vec<LockHolder>) -> Obstacle {
        match self.is_busy() && holders.iter().all(is_young) {
            true => Obstacle { holders: Vec::new(), busy: self.tables() },
            false => Obstacle { holders, busy: Vec::new() },
        }
    }

    /// Returns how long the lock may be waited for with other sessions behind it, if it is for one table
    /// among traffic: there may be no moment without transactions, but each of them ends soon.
    pub(crate) fn queues(&self) -> Option<Duration> {
        let times = self.queued.checked_sub(1)?;
        Some(QUEUE[times.min(QUEUE.len() - 1)])
    }

    /// With two tables, a session that holds one may wait behind us for the other.
    fn can_queue(&self) -> bool {
        self.wanted.iter().all(|wanted| wanted.relation == self.wanted[0].relation)
    }

    /// Whether it has tried for so long that the first holders are no longer the ones in the way.
    fn is_busy(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= BUSY)
    }

    fn tables(&self) -> Vec<String> {
        let mut tables: Vec<_> = self.wanted.iter().map(|wanted| wanted.shown.clone()).collect();
        tables.dedup();
        tables
    }
}

/// A client whose transaction has no start is about to end. What may not be seen has none, either.
pub(crate) fn is_young(holder: &LockHolder) -> bool {
    matches!(holder.class, Class::Query | Class::IdleInTransaction)
        && holder.age.is_none_or(|age| age < YOUNG)
}

/// The sessions that wait behind this one, or behind those, and since when that is known.
#[derive(Default)]
struct Behind(HashMap<i32, Instant>);

impl Behind {
    /// Whether the waiting sessions have to be let go: they have waited for long, or for a session that
    /// takes long; or one of the holders waits for us, and does not continue before we do.
    fn must_be_let_go(
        &mut self,
        client: &mut Client,
        holders: &[LockHolder],
        blocking: Duration,
    ) -> Result<bool, postgres::Error> {
        let waited = self.look(client)?;
        let waits_for_us =
            |holder: &LockHolder| holder.pid.is_some_and(|pid| self.0.contains_key(&pid));
        let takes_long = !waited.is_zero() && holders.iter().any(|holder| !is_young(holder));
        Ok(waited >= blocking || takes_long || holders.iter().any(waits_for_us))
    }

    /// The longest that one of them has waited by now. Autovacuum, which belongs to no role, can wait.
    fn look(&mut self, client: &mut Client) -> Result<Duration, postgres::Error> {
        let own: i32 = client.query_one("SELECT pg_catalog.pg_backend_pid()", &[])?.try_get(0)?;
        let sql = format!(
            "WITH RECURSIVE {BEHIND} SELECT pid FROM behind \
             JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE a.usesysid IS NOT NULL"
        );
        let rows = client.query(&sql, &[&own])?;
        let now = Instant::now();
        let pids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i32>, _>>()?;
        self.0.retain(|pid, _| pids.contains(pid));
        let waited = pids.into_iter().map(|pid| now - *self.0.entry(pid).or_insert(now));
        Ok(waited.max().unwrap_or_default())
    }
}

fn lock(name: &str, mode: &str) -> String {
    format!("LOCK TABLE ONLY {name} IN {mode} MODE")
}

/// SQL that bounds the wait for each lock of a transaction.
pub(crate) fn lock_timeout(budget: Duration) -> String {
    format!("SET LOCAL lock_timeout = {}", budget.as_millis().max(1))
}
