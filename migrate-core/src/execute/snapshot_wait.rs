//! What a concurrent build would wait for, before it has begun.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::connect::interrupt::{Interrupt, Stop};
use crate::event::{Event, Observer};
use crate::lock::{LockHolder, old_snapshots, unseen_transactions};

const LOOK: Duration = Duration::from_millis(250);
/// A snapshot this old belongs to work that may go on for long.
const OLD: Duration = Duration::from_secs(1);

/// Why a concurrent build is not begun.
pub(super) enum Why {
    Held(Vec<LockHolder>),
    Stopped(Stop),
}

/// Waits until no transaction of the database has an old snapshot: an index build waits for all of
/// them, on any table, and its unfinished index would be in the way meanwhile.
///
/// An unprivileged role cannot see which sessions have one. A session that is in a transaction for as
/// long may have none, and may stay there forever: it is reported, and not waited for.
pub(super) fn wait(
    client: &mut Client,
    deadline: Instant,
    interrupt: &Interrupt,
    observer: &mut dyn Observer,
) -> Result<Option<Why>, postgres::Error> {
    let mut told = false;
    let mut began = Instant::now();
    let mut unseen = HashMap::<String, Instant>::new();
    loop {
        let now = Instant::now();
        let holders = old_snapshots(client, OLD)?;
        if holders.is_empty() {
            let mut others = unseen_transactions(client)?;
            unseen.retain(|transaction, _| others.iter().any(|o| o.transaction == *transaction));
            others.retain(|other| {
                let first = *unseen.entry(other.transaction.clone()).or_insert(now);
                now.duration_since(first) >= OLD
            });
            let fresh = unseen.len() > others.len();
            if !fresh || now.duration_since(began) >= OLD + LOOK {
                if !others.is_empty() {
                    observer.event(Event::MayWaitFor { holders: others });
                }
                return Ok(None);
            }
            if let Some(stop) = interrupt.sleep(LOOK) {
                return Ok(Some(Why::Stopped(stop)));
            }
            continue;
        }
        began = now;
        if Instant::now() >= deadline {
            return Ok(Some(Why::Held(holders)));
        }
        if !told {
            told = true;
            let patience = deadline.saturating_duration_since(Instant::now());
            observer.event(Event::WaitingForLock { holders, patience });
        }
        if let Some(stop) = interrupt.sleep(LOOK) {
            return Ok(Some(Why::Stopped(stop)));
        }
    }
}
