//! Reverting a partially applied migration: just the steps that were applied.

use std::time::Instant;

use super::Migrator;
use super::locked_run::LockedRun;
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Observer};
use crate::execute::{InterruptedStatement, revert, standing};
use crate::history::inverse::{BACK, Captured, IrreversibleReason};
use crate::history::{Action, History, InFlight, Line, Unfinished};
use crate::plan::versions::for_server;
use crate::plan::{Capture, Inverse, Step, checksum_of_first};
use crate::reason::UnfinishedReason;

/// Why a step is not restored of which some statements were done.
const PART: &str = "the step was only partially applied, but its inverse covers the whole step";

/// A step that was done, and how it is reverted.
struct Back {
    /// How many statements of the migration were done before the step.
    before: usize,
    /// How many with it.
    after: usize,
    /// The inverse.
    step: Step,
}

impl Migrator {
    /// The steps that revert what was done of a partially applied migration, the last one
    /// first.
    pub(super) fn would_revert_partial(
        &self,
        session: &mut Session,
        unfinished: &Unfinished,
    ) -> Result<Vec<Step>, Error> {
        let up = self.steps_of(unfinished, session.major())?;
        let standing = self.standing(session, unfinished, &up, None)?;
        let (_, backs) = self.backs(unfinished, standing, session.major())?;
        Ok(backs.into_iter().map(|back| back.step).collect())
    }

    /// The migration's steps, if they still are those that were begun.
    fn steps_of(&self, unfinished: &Unfinished, major: u32) -> Result<Vec<Step>, Error> {
        let migration = self.plan.migration(&unfinished.name);
        let migration =
            migration.ok_or_else(|| stuck(unfinished, UnfinishedReason::FileMissing))?;
        let up = for_server(&migration.up, major);
        match unfinished.fits(&up) {
            true => Ok(up),
            false => Err(stuck(unfinished, UnfinishedReason::FileChanged)),
        }
    }

    /// Determines the state of the statement that was running, if one was.
    fn standing(
        &self,
        session: &mut Session,
        unfinished: &Unfinished,
        up: &[Step],
        observer: Option<&mut dyn Observer>,
    ) -> Result<InterruptedStatement, Error> {
        if !unfinished.running {
            return Ok(InterruptedStatement::NotDone);
        }
        let bounds = (&self.limits, &self.interrupt);
        Ok(standing(session, unfinished, up, bounds, observer)?)
    }

    fn backs(
        &self,
        unfinished: &Unfinished,
        standing: InterruptedStatement,
        major: u32,
    ) -> Result<(Vec<Step>, Vec<Back>), Error> {
        // What may be done has to be reverted like what is.
        let done =
            unfinished.statements_done + usize::from(standing != InterruptedStatement::NotDone);
        let up = self.steps_of(unfinished, major)?;
        let mut backs = Vec::new();
        let mut before = 0;
        for (number, step) in up.iter().enumerate() {
            let end = before + step.statements.len();
            if before < done && before < end {
                let captured = unfinished.captured.get(&number);
                let whole = end <= done;
                let statements = match &step.inverse {
                    Inverse::Derived { statements } => match captured {
                        None => statements.clone(),
                        Some(read) => read
                            .statements(&Capture::default())
                            .map_err(|reason| irreversible(unfinished, step, reason))?,
                    },
                    Inverse::Declared { statements } if whole => statements.clone(),
                    Inverse::Captured(capture) if whole => {
                        let captured = captured.map(|read| read.statements(capture));
                        captured
                            .unwrap_or(Err(PART))
                            .map_err(|reason| irreversible(unfinished, step, reason))?
                    }
                    Inverse::None { reason } => return Err(irreversible(unfinished, step, reason)),
                    Inverse::Declared { .. } | Inverse::Captured(_) => {
                        return Err(irreversible(unfinished, step, PART));
                    }
                };
                let step = Step {
                    summary: format!("{BACK}{}", step.summary),
                    statements,
                    destroys: false,
                    idempotent: false,
                    done_when: None,
                    hints: Vec::new(),
                    ..step.clone()
                };
                let step = for_server(&[step], major).remove(0);
                backs.push(Back { before, after: end.min(done), step });
            }
            before = end;
        }
        backs.reverse();
        Ok((up, backs))
    }
}

impl LockedRun<'_> {
    /// Reverts what was applied of a partially applied migration. Each step is a transaction of its own,
    /// with its progress in the journal, so that this can be interrupted and resumed, too.
    pub(super) fn revert_partial(&mut self, unfinished: &Unfinished) -> Result<(), Error> {
        let (migrator, name) = (self.migrator, &unfinished.name);
        let started = Instant::now();
        let major = self.session.major();
        let up = migrator.steps_of(unfinished, major)?;
        let standing = match migrator.standing(self.session, unfinished, &up, Some(self.observer)) {
            Err(Error::Apply(error)) => {
                return Err(migrator.failed(self.session, Direction::Down, error).into());
            }
            standing => standing?,
        };
        let (up, backs) = migrator.backs(unfinished, standing, major)?;
        migrator.prepare_functions_of(backs.iter().map(|back| &back.step))?;
        let statements = backs.iter().map(|back| back.step.statements.len()).sum();
        self.started(name, Direction::Down, statements);
        let end = || {
            let log = migrator.history.log(&migrator.actor, Line::done(Action::Down, name));
            vec![migrator.history.journal_end(name), log]
        };
        if backs.is_empty() {
            migrator.write(self.session, end())?;
        }
        let journal = Journal { unfinished, standing, up: &up, history: &migrator.history };
        for (number, back) in backs.iter().enumerate() {
            let record = |_: &Captured| {
                if number + 1 == backs.len() {
                    end()
                } else {
                    vec![journal.entry(back.before, None)]
                }
            };
            let running = |noted: Option<&InFlight>| journal.entry(back.after, noted);
            let steps = std::slice::from_ref(&back.step);
            let work = Self::work(migrator, name, Direction::Down, steps, &record);
            revert(self.session, &migrator.history, self.lock, &work, &running, self.observer)
                .map_err(|error| migrator.failed(self.session, Direction::Down, error))?;
        }
        self.reverted(name, started.elapsed());
        Ok(())
    }
}

/// What the journal says of a partially applied migration while it is reverted.
struct Journal<'a> {
    unfinished: &'a Unfinished,
    standing: InterruptedStatement,
    up: &'a [Step],
    history: &'a History,
}

impl Journal<'_> {
    /// SQL that records that the first `done` statements are applied.
    fn entry(&self, done: usize, noted: Option<&InFlight>) -> String {
        let Self { unfinished, standing, up, history } = self;
        // Until all of a statement is reverted of which only some may be done, it is not
        // done, and stays in doubt.
        let in_doubt =
            done > unfinished.statements_done && *standing == InterruptedStatement::Begun;
        let done = if in_doubt { unfinished.statements_done } else { done };
        let noted = noted.or(unfinished.noted.as_ref().filter(|_| in_doubt));
        let checksum = checksum_of_first(up, done);
        let (name, captured) = (&unfinished.name, &unfinished.captured);
        history.journal(name, Direction::Up, &checksum, done, noted, captured)
    }
}

pub(super) fn stuck(unfinished: &Unfinished, why: UnfinishedReason) -> Error {
    Error::Unfinished { name: unfinished.name.clone(), direction: unfinished.direction, why }
}

fn irreversible(unfinished: &Unfinished, step: &Step, reason: &str) -> Error {
    let (place, verb) = (step.place.clone(), step.verb.clone());
    let why = Box::new(IrreversibleReason { reason: reason.to_owned(), place, verb });
    Error::Irreversible { name: unfinished.name.clone(), why, outdated: false }
}
