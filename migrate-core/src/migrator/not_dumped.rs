//! What no backup contains, reported before one is made or restored.

use super::Migrator;
use super::extensions::{listed, told};
use crate::capture::{Registration, has_citus};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Event, Observer};

/// Extensions of which a backup does not have all, and what is to be done about it.
const RESTORED_WITHOUT: &[(&str, &str)] = &[
    (
        "citus",
        "the backup is of a database with the extension `citus`, whose distribution no backup contains: \
         every table is restored as a local table of the coordinator; distribute them again with \
         `create_distributed_table` and `create_reference_table`",
    ),
    (
        "timescaledb",
        "the backup is of a database with the extension `timescaledb`, which requires \
         `timescaledb_pre_restore()` before and `timescaledb_post_restore()` after it is restored, and \
         `migrate` calls neither: see that hypertables are complete",
    ),
];

impl Migrator {
    /// Reports what a backup does not contain.
    pub(super) fn tell_before_backup(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        tell_not_dumped(
            session,
            "the backup will not contain what extensions keep of tables, and `restore` will create \
             ordinary ones",
            observer,
        )
    }

    /// Refuses to remove what makes a Citus cluster of servers.
    pub(super) fn refuse_clean(session: &mut Session) -> Result<(), Error> {
        match session.extensions_have_tables() && has_citus(session.client())? {
            true => Err(Error::CitusClean),
            false => Ok(()),
        }
    }

    /// Reports what is not restored of the backup's database or, with `clean`, of this one.
    pub(super) fn tell_before_restore(
        &self,
        session: &mut Session,
        extensions: &[String],
        clean: bool,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let name = session.target().database();
        for (extension, message) in RESTORED_WITHOUT {
            if extensions.iter().any(|it| it == extension) {
                let (name, message) = (name.to_owned(), (*message).to_owned());
                let objects = vec![(*extension).to_owned()];
                observer.event(Event::NotRestored { name, message, objects });
            }
        }
        match clean {
            true => tell_not_dumped(
                session,
                "`--clean` removes what no backup contains, and it is not restored",
                observer,
            ),
            false => Ok(()),
        }
    }
}

/// Tells what extensions keep of tables that no backup contains.
fn tell_not_dumped(
    session: &mut Session,
    message: &str,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    if !session.extensions_have_tables() {
        return Ok(());
    }
    let mut found = Registration::all(session.client())?;
    found.retain(Registration::is_not_dumped);
    let objects = told(&found);
    if !objects.is_empty() {
        let message = format!("{message}: {}", listed(&objects));
        let name = session.target().database().to_owned();
        observer.event(Event::NotRestored { name, message, objects });
    }
    Ok(())
}
