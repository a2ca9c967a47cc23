//! How long a lock is waited for, and when it is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use postgres::Client;

use super::error::Origin;
use crate::connect::interrupt::Wait;
use crate::event::{Event, LockHolder, Observer};
use crate::lock::{Gate, Obstacle, is_young};

/// How long to wait for a lock of which nothing is known: as long as others may wait behind us. It
/// takes a few milliseconds to identify it, and longer only where it cannot be observed.
const UNKNOWN: [u64; 6] = [10, 15, 15, 15, 30, 60];
/// The same for a lock that no session holds for long.
const GATED: [u64; 3] = [15, 30, 50];
/// The same for a lock on a row, behind which only sessions that need that row wait.
const ROW: [u64; 3] = [250, 500, 1000];

/// What is known of the locks that the transaction did not get so far.
#[derive(Default)]
pub(super) struct RetryState {
    pub(super) gate: Gate,
    pub(super) attempts: usize,
    /// How many of them knew which locks they required.
    pub(super) gated: usize,
    /// Whether a lock has been what it failed for.
    pub(super) locked: bool,
    /// Whether that was no lock on a relation.
    pub(super) row: bool,
    /// The sessions that hold that lock, and have held it for long.
    pub(super) holders: Vec<LockHolder>,
    told_holders: bool,
    /// Whether its holder waits for what the transaction has locked before.
    pub(super) in_circle: bool,
    /// The first statement that was seen to have work before it, if there is any.
    pub(super) behind_work: Option<usize>,
    /// Whether it was reported that all of it is repeated.
    pub(super) warned: bool,
    /// Whether something is read before a statement, which is not done under its lock.
    pub(super) captures: bool,
    /// How long others may wait.
    blocking: Duration,
}

impl RetryState {
    /// Before the first attempt of a transaction that may capture something, where others may wait for
    /// so long.
    pub(super) fn new(captures: bool, blocking: Duration) -> Self {
        Self { captures, blocking, ..Self::default() }
    }

    pub(super) fn budget(&self) -> Duration {
        let of = |budgets: &[u64], attempts: usize| {
            Duration::from_millis(budgets[attempts.min(budgets.len() - 1)])
        };
        if let Some(longest) = self.gate.queues()
            && !self.row
        {
            return longest.min(self.blocking);
        }
        match () {
            () if self.row => of(&ROW, self.attempts),
            () if self.gate.is_known() => of(&GATED, self.gated),
            () => of(&UNKNOWN, self.attempts),
        }
    }

    /// Returns a random time below a growing limit, so that sessions that collided do not collide again.
    pub(super) fn pause(&self) -> Duration {
        let longest = 25_u64 << self.attempts.min(6);
        let random = RandomState::new().hash_one(self.attempts);
        let random = Duration::from_millis(random % longest.min(1000));
        // Sessions that have waited behind us shall continue undisturbed.
        self.gate.queues().map_or(random, |waited| random + 2 * waited)
    }

    /// That there is work before this statement, which is not to be done under its lock.
    pub(super) fn is_behind_work(&mut self, number: usize) {
        self.behind_work = Some(self.behind_work.map_or(number, |first| first.min(number)));
    }

    /// Reports once which sessions hold a lock on a row for long.
    pub(super) fn tell_holders(&mut self, patience: Duration, observer: &mut dyn Observer) {
        if !self.holders.is_empty() && !std::mem::replace(&mut self.told_holders, true) {
            let holders = self.holders.clone();
            observer.event(Event::WaitingForLock { holders, patience });
        }
    }

    /// Returns the sessions that are in the way at this moment.
    pub(super) fn in_the_way(&mut self, client: &mut Client) -> Obstacle {
        match self.row && !self.holders.is_empty() {
            true => Obstacle { holders: std::mem::take(&mut self.holders), busy: Vec::new() },
            false => self.gate.in_the_way(client),
        }
    }

    /// Says once that the work before a statement is done again at each attempt at its lock.
    pub(super) fn tell_repeats(&mut self, origin: Origin<'_>, observer: &mut dyn Observer) {
        if std::mem::replace(&mut self.warned, true) {
            return;
        }
        let (file, line) = (&origin.step.place.file, origin.step.place.line);
        observer.event(Event::Notice {
            severity: "warning".to_owned(),
            message: format!(
                "{file}:{line} does not get its lock at once, and others may wait for what the migration has \
                 locked before, so all of it is rolled back and repeated; give this statement a migration of its own"
            ),
        });
    }

    /// Learns from what a statement was seen waiting for, which was a lock on a relation or was not.
    pub(super) fn learn(&mut self, waits: Vec<Wait>, is_relation: bool) {
        self.row = !is_relation && !waits.is_empty();
        self.in_circle = waits.iter().any(|wait| wait.in_circle);
        let holders = waits.into_iter().flat_map(|wait| wait.holders);
        self.holders = holders.filter(|holder| !is_young(holder)).collect();
    }

    pub(super) fn failed(&mut self) {
        self.locked = true;
        self.attempts += 1;
        self.gated += usize::from(self.gate.is_known());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(retry: &mut RetryState) -> Vec<u128> {
        let budget = |retry: &mut RetryState| {
            let budget = retry.budget().as_millis();
            retry.failed();
            budget
        };
        (0..7).map(|_| budget(retry)).collect()
    }

    #[test]
    fn what_others_queue_behind_is_waited_for_only_briefly() {
        assert_eq!(budgets(&mut RetryState::default()), [10, 15, 15, 15, 30, 60, 60]);
        let mut of_row = RetryState { row: true, ..RetryState::default() };
        assert_eq!(budgets(&mut of_row), [250, 500, 1000, 1000, 1000, 1000, 1000]);
    }

    #[test]
    fn the_pause_grows_up_to_a_second() {
        let longest = |attempts| {
            let pause = |_| RetryState { attempts, ..RetryState::default() }.pause().as_millis();
            (0..200).map(pause).max().unwrap()
        };
        assert!((10..25).contains(&longest(0)), "{}", longest(0));
        assert!((50..100).contains(&longest(2)), "{}", longest(2));
        assert!((700..1000).contains(&longest(60)), "{}", longest(60));
    }

    #[test]
    fn work_comes_before_the_first_statement_that_has_some_before_it() {
        let mut retry = RetryState::default();
        [5, 3, 4].into_iter().for_each(|number| retry.is_behind_work(number));
        assert_eq!(retry.behind_work, Some(3));
    }
}
