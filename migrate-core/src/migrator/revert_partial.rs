//! Taking back a migration that stopped half way up: just the steps that were done.

use super::{Known, Migrator};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Event, Observer};
use crate::execute::{Standing, Work, standing, take_back};
use crate::history::inverse::{BACK, Captured, NoWayBack};
use crate::history::{Action, Line, Noted, Unfinished};
use crate::lock::RunnerLock;
use crate::plan::versions::for_server;
use crate::plan::{Capture, Inverse, Step, checksum_of_first};
use crate::reason::UnfinishedReason;

/// Why a step does not come back of which some statements were done.
const PART: &str = "only a part of it was done, and its way back is that of the whole";

/// A step that was done, and how it comes back.
struct Back {
    /// How many statements of the migration were done before the step.
    before: usize,
    /// How many with it.
    after: usize,
    /// The way back.
    step: Step,
}

impl Migrator {
    /// The steps that take back what was done of a migration that stopped half way up, the last one
    /// first.
    pub(super) fn would_take_back_partial(
        &self,
        session: &mut Session,
        unfinished: &Unfinished,
    ) -> Result<Vec<Step>, Error> {
        let up = self.steps_of(unfinished, session.major())?;
        let standing = self.standing(session, unfinished, &up, None)?;
        let (_, backs) = self.backs(unfinished, standing, session.major())?;
        Ok(backs.into_iter().map(|back| back.step).collect())
    }

    /// Takes back what was done of a migration that stopped half way up. Each step is a transaction
    /// of its own, with the journal's word on it, so that this, too, can stop and go on.
    pub(super) fn take_back_partial(
        &self,
        session: &mut Session,
        lock: &RunnerLock,
        unfinished: &Unfinished,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let name = &unfinished.name;
        let started = std::time::Instant::now();
        let up = self.steps_of(unfinished, session.major())?;
        let standing = match self.standing(session, unfinished, &up, Some(observer)) {
            Err(Error::Apply(error)) => {
                return Err(self.failed(session, Direction::Down, error).into());
            }
            standing => standing?,
        };
        let (up, backs) = self.backs(unfinished, standing, session.major())?;
        self.prepare_functions_of(backs.iter().map(|back| &back.step))?;
        let statements = backs.iter().map(|back| back.step.statements.len()).sum();
        let direction = Direction::Down;
        observer.event(Event::Started { name: name.clone(), direction, statements });
        let end = || {
            let log = self.history.log(&self.actor, Line::done(Action::Down, name));
            vec![self.history.journal_end(name), log]
        };
        if backs.is_empty() {
            self.write(session, end())?;
        }
        for (number, back) in backs.iter().enumerate() {
            let journal = |done, noted: Option<&Noted>| {
                // Until all of a statement is reverted of which only some may be done, it is not
                // done, and stays in doubt.
                let in_doubt = done > unfinished.statements_done && standing == Standing::Begun;
                let done = if in_doubt { unfinished.statements_done } else { done };
                let noted = noted.or(unfinished.noted.as_ref().filter(|_| in_doubt));
                let checksum = checksum_of_first(&up, done);
                let (history, captured) = (&self.history, &unfinished.captured);
                history.journal(name, Direction::Up, &checksum, done, noted, captured)
            };
            let record = |_: &Captured| {
                if number + 1 == backs.len() {
                    return end();
                }
                vec![journal(back.before, None)]
            };
            let running = |noted: Option<&Noted>| journal(back.after, noted);
            let work = Work {
                name,
                direction,
                steps: std::slice::from_ref(&back.step),
                captures: false,
                variables: &self.variables,
                functions: &self.functions,
                record: &record,
                limits: self.limits,
                interrupt: &self.interrupt,
            };
            take_back(session, &self.history, lock, &work, &running, observer)
                .map_err(|error| self.failed(session, Direction::Down, error))?;
        }
        observer.event(Event::Finished {
            name: name.clone(),
            direction,
            duration: started.elapsed(),
            irreversible: None,
            lost: Vec::new(),
        });
        Ok(())
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

    /// How the statement stands that was running, if one was.
    fn standing(
        &self,
        session: &mut Session,
        unfinished: &Unfinished,
        up: &[Step],
        observer: Option<&mut dyn Observer>,
    ) -> Result<Standing, Error> {
        if !unfinished.running {
            return Ok(Standing::NotDone);
        }
        let bounds = (&self.limits, &self.interrupt);
        Ok(standing(session, unfinished, up, bounds, observer)?)
    }

    fn backs(
        &self,
        unfinished: &Unfinished,
        standing: Standing,
        major: u32,
    ) -> Result<(Vec<Step>, Vec<Back>), Error> {
        // What may be done has to be reverted like what is.
        let done = unfinished.statements_done + usize::from(standing != Standing::NotDone);
        let up = self.steps_of(unfinished, major)?;
        let mut backs = Vec::new();
        let mut before = 0;
        for (number, step) in up.iter().enumerate() {
            let end = before + step.statements.len();
            if before < done && before < end {
                let captured = unfinished.captured.get(&number);
                let whole = end <= done;
                let statements = match &step.inverse {
                    Inverse::Construction { statements } => match captured {
                        None => statements.clone(),
                        Some(read) => read
                            .statements(&Capture::default())
                            .map_err(|reason| no_way_back(unfinished, step, reason))?,
                    },
                    Inverse::Declaration { statements } if whole => statements.clone(),
                    Inverse::Capture(capture) if whole => {
                        let captured = captured.map(|read| read.statements(capture));
                        captured
                            .unwrap_or(Err(PART))
                            .map_err(|reason| no_way_back(unfinished, step, reason))?
                    }
                    Inverse::None { reason } => return Err(no_way_back(unfinished, step, reason)),
                    Inverse::Declaration { .. } | Inverse::Capture(_) => {
                        return Err(no_way_back(unfinished, step, PART));
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

    /// The migration that stopped half way up, if there is one.
    pub(super) fn partial_up(known: &Known) -> Option<&Unfinished> {
        known.unfinished.iter().find(|row| row.direction == Direction::Up)
    }
}

pub(super) fn stuck(unfinished: &Unfinished, why: UnfinishedReason) -> Error {
    Error::Unfinished { name: unfinished.name.clone(), direction: unfinished.direction, why }
}

fn no_way_back(unfinished: &Unfinished, step: &Step, reason: &str) -> Error {
    let (place, verb) = (step.place.clone(), step.verb.clone());
    let why = Box::new(NoWayBack { reason: reason.to_owned(), place, verb });
    Error::NoWayBack { name: unfinished.name.clone(), why, outdated: false }
}
