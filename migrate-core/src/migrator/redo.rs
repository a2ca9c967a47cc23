//! Taking back and applying the same again.

use super::down::Meant;
use super::{DownTo, Known, Migrator};
use crate::connect::Session;
use crate::error::Error;
use crate::event::Observer;
use crate::history::Action;

impl Migrator {
    /// Takes back the last `count` migrations and applies the same again. One that stopped half way
    /// counts, and begins again.
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
        let result = self.redo_unlogged(session, count, observer);
        self.note_refusal(session, Action::Down, result)
    }

    fn redo_unlogged(
        &self,
        session: &mut Session,
        count: usize,
        observer: &mut dyn Observer,
    ) -> Result<Vec<String>, Error> {
        let nothing = |known: Known| known.applied.is_empty() && known.unfinished.is_empty();
        if self.known(session)?.is_none_or(nothing) {
            return Ok(Vec::new());
        }
        self.alone(session, observer, |session, lock, known, observer| {
            let meant = Meant::of(&known, &DownTo::Count(count));
            let again = meant.names();
            let mut migrations = Vec::new();
            for name in &again {
                let missing = || Error::FileMissing { name: name.clone() };
                let migration = self.plan.migration(name).ok_or_else(missing)?;
                self.fit(&[migration], session.major())?;
                self.prepare_functions_of(&migration.up)?;
                migrations.push(migration);
            }
            self.may_apply(&meant.left_of(&known), &migrations)?;
            let back = self.backwards(session, &known, &meant)?;
            self.go_back(session, lock, &known, &back, observer)?;
            let known = self.known_by_now(session)?;
            migrations.sort_by_key(|migration| &migration.name);
            self.apply_these(session, lock, &known, &migrations, true, observer)
        })
    }
}
