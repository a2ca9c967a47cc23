//! Taking back.

use super::up::without_secrets;
use super::{Known, Migrator, UpTo};
use crate::apply::{Work, is_transactional};
use crate::event::Direction;
use crate::history::{Action, Applied, Line, TRANSACTION_MS, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::Step;
use crate::versions::for_server;
use crate::way_back::Captured;
use crate::{Error, Event, Observer, Session, WayBack};

/// How far to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownTo {
    /// The last so many, in the order of applying.
    Count(usize),
    /// Everything newer than this one, which stays.
    Name(String),
    /// Everything.
    All,
}

impl DownTo {
    /// What is left of it when one migration was taken back.
    fn less_one(&self) -> Self {
        match self {
            Self::Count(count) => Self::Count(count.saturating_sub(1)),
            other => other.clone(),
        }
    }
}

/// The migration that stopped half way up, if it is one of those that are meant.
fn meant_partial<'a>(known: &'a Known, to: &DownTo) -> Option<&'a Unfinished> {
    Migrator::partial_up(known).filter(|partial| match to {
        DownTo::Count(count) => *count > 0,
        DownTo::Name(name) => partial.name > *name,
        DownTo::All => true,
    })
}

/// A migration to take back, and how.
struct Revert {
    name: String,
    steps: Vec<Step>,
}

impl Migrator {
    /// Takes back migrations, the last one first, and gives their names.
    ///
    /// # Errors
    ///
    /// When the database is protected or one of them has no way back, before anything is touched; or
    /// when one fails, and then those before it stay taken back.
    pub fn down(
        &self,
        session: &mut Session,
        to: &DownTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        // With nothing applied there is nothing to take back, and no history to create.
        let nothing = |known: Known| known.applied.is_empty() && known.unfinished.is_empty();
        if self.known(session.client())?.is_none_or(nothing) {
            return Ok(Vec::new());
        }
        self.alone(session, observer, |session, lock, mut known, observer| {
            let mut done = Vec::new();
            let mut to = to.clone();
            // What stopped half way is the newest, and only its steps that were done come back.
            if let Some(partial) = meant_partial(&known, &to).cloned() {
                self.take_back_partial(session, lock, &partial, observer)?;
                known.unfinished.retain(|row| row.name != partial.name);
                done.push(partial.name);
                to = to.less_one();
            }
            done.extend(self.down_alone(session, lock, &known, &to, observer)?);
            Ok(done)
        })
    }

    /// The statements that [`down`](Self::down) would run, by migration. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down), but for what only the server can refuse.
    pub fn would_take_back(
        &self,
        session: &mut Session,
        to: &DownTo,
    ) -> Result<Vec<(String, Vec<Step>)>, Error> {
        let mut known = self.known(session.client())?.unwrap_or_default();
        let mut to = to.clone();
        let mut all = Vec::new();
        if let Some(partial) = meant_partial(&known, &to).cloned() {
            let steps = self.would_take_back_partial(&partial, session.major())?;
            known.unfinished.retain(|row| row.name != partial.name);
            all.push((partial.name, steps));
            to = to.less_one();
        }
        let reverts = self.to_take_back(session, &known, &to)?;
        all.extend(reverts.into_iter().map(|revert| (revert.name, revert.steps)));
        Ok(all)
    }

    /// Takes back the last `count` migrations and applies the same again.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down) and [`up`](Self::up); when a file is gone, before anything is
    /// touched.
    pub fn redo(
        &self,
        session: &mut Session,
        count: usize,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        if self.known(session.client())?.is_none_or(|known| known.applied.is_empty()) {
            return Ok(Vec::new());
        }
        self.alone(session, observer, |session, lock, known, observer| {
            let to = DownTo::Count(count);
            let again: Vec<_> = chosen(&known, &to).iter().map(|row| row.name.clone()).collect();
            for name in &again {
                let missing = || Error::FileMissing { name: name.clone() };
                self.fit(&[self.plan.migration(name).ok_or_else(missing)?], session.major())?;
            }
            self.down_alone(session, lock, &known, &to, observer)?;
            let known = self.known(session.client())?.unwrap_or_default();
            self.apply_these(session, lock, &known, &again, observer)
        })
    }

    /// Takes back and applies until the database has just the migrations up to `name`.
    ///
    /// # Errors
    ///
    /// As [`down`](Self::down) and [`up`](Self::up).
    pub fn goto(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        self.alone(session, observer, |session, lock, known, observer| {
            let to = DownTo::Name(name.to_owned());
            // What could not be applied afterwards is refused before anything is taken back.
            let gone: Vec<_> = chosen(&known, &to).iter().map(|row| row.name.clone()).collect();
            let mut left = known.clone();
            left.applied.retain(|row| !gone.contains(&row.name));
            let to_apply = UpTo { name: Some(name.to_owned()), ..UpTo::default() };
            self.to_apply(&left, &to_apply, session.major())?;

            let back = self.down_alone(session, lock, &known, &to, observer)?;
            let known = self.known(session.client())?.unwrap_or_default();
            let to = UpTo { name: Some(name.to_owned()), ..UpTo::default() };
            let there = self.up_alone(session, lock, &known, &to, observer)?;
            Ok((back, there))
        })
    }

    fn down_alone(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        to: &DownTo,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let reverts = self.to_take_back(session, known, to)?;
        if !reverts.is_empty() {
            self.may_destroy(known.protected.as_deref())?;
        }
        let mut done = Vec::new();
        for revert in reverts {
            self.take_back(session, lock, known, &revert, observer)?;
            done.push(revert.name);
        }
        Ok(done)
    }

    /// The migrations to take back and their steps: all of them known to have a way back.
    fn to_take_back(
        &self,
        session: &mut Session,
        known: &Known,
        to: &DownTo,
    ) -> Result<Vec<Revert>, Error> {
        let mut reverts = Vec::new();
        for row in chosen(known, to) {
            let way_back = self.way_back(session, row)?;
            let steps = way_back.steps().map_err(|why| Error::NoWayBack {
                name: row.name.clone(),
                why: Box::new(why.clone()),
            })?;
            let (name, steps) = (row.name.clone(), for_server(steps, session.major()));
            let problems = without_secrets(&steps, &self.variables);
            if !problems.is_empty() {
                let problems = problems.into_iter().map(|problem| (name.clone(), problem));
                return Err(Error::Problems(problems.collect()));
            }
            reverts.push(Revert { name, steps });
        }
        for unfinished in &known.unfinished {
            let why = match reverts.first() {
                _ if unfinished.direction != Direction::Down.as_str() => {
                    "it has to be finished first"
                }
                Some(first) if first.name != unfinished.name => "it has to be finished first",
                Some(first) if !unfinished.fits(&first.steps) => {
                    "what it has taken back is no longer what its way back says"
                }
                _ => continue,
            };
            return Err(Error::Unfinished {
                name: unfinished.name.clone(),
                direction: unfinished.direction.clone(),
                why: why.to_owned(),
            });
        }
        Ok(reverts)
    }

    /// The file's own word, if what was applied is still what it says; else the stored one.
    pub(super) fn way_back(&self, session: &mut Session, row: &Applied) -> Result<WayBack, Error> {
        let file = self.plan.migration(&row.name).filter(|migration| {
            let says_something = migration.down.is_some() || migration.irreversible.is_some();
            says_something && migration.problems.is_empty() && migration.checksum() == row.checksum
        });
        match file {
            Some(migration) => Ok(WayBack::of(migration, &Captured::new())),
            None => Ok(self.history.way_back(session.client(), &row.name)?),
        }
    }

    fn take_back(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        known: &Known,
        revert: &Revert,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let name = &revert.name;
        let unfinished = known.unfinished.iter().find(|row| row.name == *name);
        let duration = if is_transactional(&revert.steps) && unfinished.is_none() {
            TRANSACTION_MS.to_owned()
        } else {
            self.history.since_journaled(name)
        };
        let record = |_: &Captured| {
            vec![
                self.history.delete(name),
                self.history.log(&self.actor, Line::done(Action::Down, name).took(&duration)),
            ]
        };
        let work = Work {
            name,
            direction: Direction::Down,
            steps: &revert.steps,
            captures: false,
            variables: &self.variables,
            record: &record,
            limits: self.limits,
            interrupt: &self.interrupt,
        };
        observer.event(Event::Started {
            name: name.clone(),
            direction: Direction::Down,
            statements: work.statements(),
        });
        let names = [name.clone()];
        let result = self.apply_through_cuts(session, lock, &work, &names, unfinished, observer);
        let duration = result.map_err(|error| self.failed(session, Action::Down, error))?;
        observer.event(Event::Finished {
            name: name.clone(),
            direction: Direction::Down,
            duration,
            no_way_back: None,
            lost: Vec::new(),
        });
        Ok(())
    }
}

/// The applied migrations that are meant, the last applied first.
fn chosen<'a>(known: &'a Known, to: &DownTo) -> Vec<&'a Applied> {
    let newest_first = known.applied.iter().rev();
    match to {
        DownTo::Count(count) => newest_first.take(*count).collect(),
        DownTo::Name(name) => newest_first.filter(|row| row.name > *name).collect(),
        DownTo::All => newest_first.collect(),
    }
}
