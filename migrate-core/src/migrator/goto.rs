//! Going to just the state after one migration.

use super::down::Meant;
use super::up::tell_drift;
use super::{DownTo, Migrator, UpTo};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Direction, Observer};
use crate::history::Action;

impl Migrator {
    /// Takes back and applies until the database has just the migrations up to `name`, and gives the
    /// names of both. What stopped half way is finished, or taken back, whichever leads there.
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
        let result = self.goto_unlogged(session, name, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn goto_unlogged(
        &self,
        session: &mut Session,
        name: &str,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        let known = self.known(session)?.unwrap_or_default();
        tell_drift(&self.entries(&known), observer);
        self.alone(session, observer, |session, lock, known, observer| {
            let mut meant = Meant::of(&known, &DownTo::Name(name.to_owned()));
            // One that was being taken back has to go, and comes again where it is to stay.
            let half_back = known.unfinished.iter().find(|row| row.direction == Direction::Down);
            let half_back = half_back.filter(|half| !meant.names().contains(&half.name));
            let half_back =
                half_back.and_then(|half| known.applied.iter().find(|row| row.name == half.name));
            if let Some(row) = half_back {
                meant.applied.insert(0, row);
            }
            // What could not be applied afterwards is refused before anything is taken back.
            let to = UpTo { name: Some(name.to_owned()), ..UpTo::default() };
            let left = meant.left_of(&known);
            self.can_go_on(&left, session.major())?;
            let again = self.to_apply(&left, &self.entries(&left), &to, session.major())?;
            self.may_apply(&left, &again)?;
            self.prepare_functions_of(again.iter().flat_map(|migration| &migration.up))?;

            let mut back = Vec::new();
            if !meant.names().is_empty() {
                let way = self.backwards(session, &known, &meant)?;
                back = self.go_back(session, lock, &known, &way, observer)?;
            }
            let known = self.known_by_now(session)?;
            let there = self.up_alone(session, lock, &known, &to, observer)?;
            Ok((back, there))
        })
    }
}
