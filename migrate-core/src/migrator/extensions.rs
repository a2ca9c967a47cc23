//! What extensions store about tables, reported before an operation that would not restore it.

use std::collections::BTreeSet;

use super::down::RevertPlan;
use super::up::is_inferred;
use super::{Finding, FindingKind, Migrator};
use crate::capture::{Registration, is_citus_worker, unrestored_of};
use crate::connect::Session;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::execute::keywords::{Unnamed, unnamed};
use crate::history::inverse::StoredInverse;
use crate::plan::{Capture, Inverse, Migration, Statement, Step};

/// What the plan says of raw SQL that leaves no trace in the catalog, and what of it is not restored.
const LOST: [(&str, &str); 3] = [
    ("what is done to rows", "rows that its SQL changed"),
    ("values are converted back", "values that a change of type has changed"),
    ("sequences that were set", "the values that sequences had"),
];

/// How many of them a message names.
const SHOWN: usize = 3;

impl Migrator {
    /// Returns the warnings of [`up`](Self::up) about extensions before it applies these migrations: what
    /// they store about tables that are dropped or changed, which the inverses would not restore, and
    /// names that they refer to. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn warnings_before_up(
        &self,
        session: &mut Session,
        migrations: &[&Migration],
    ) -> Result<Vec<Event>, Error> {
        if !session.extensions_have_tables() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let inferred = migrations.iter().filter(|migration| is_inferred(migration));
        for migration in
            inferred.filter(|migration| StoredInverse::irreversible(migration).is_none())
        {
            for step in &migration.up {
                let Some(capture) = drops_or_changes(step) else { continue };
                let found = Registration::of_named(session, &capture.objects)?;
                events.extend(of_step(migration, step, capture, &found));
            }
        }
        for migration in migrations {
            let statements: Vec<_> = migration.up.iter().flat_map(|it| &it.statements).collect();
            // Statements that drop a table are reported above.
            let what = format!("`{}`", migration.name);
            events.extend(of_names(session, &what, &statements, false)?);
        }
        events.extend(self.warnings_of_history(session)?);
        Ok(events)
    }

    pub(super) fn tell_before_up(
        &self,
        session: &mut Session,
        migrations: &[&Migration],
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let events = self.warnings_before_up(session, migrations)?;
        events.into_iter().for_each(|event| observer.event(event));
        Ok(())
    }

    /// Returns the warnings of [`down`](Self::down) before it runs these inverses, by migration: what they
    /// do not restore, and names that extensions refer to. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub fn warnings_before_down(
        &self,
        session: &mut Session,
        reverts: &[(String, Vec<Step>)],
    ) -> Result<Vec<Event>, Error> {
        let mut events = Self::not_restored(reverts.to_vec());
        for (name, steps) in reverts {
            let statements: Vec<_> = steps.iter().flat_map(|step| &step.statements).collect();
            events.extend(of_names(session, &format!("reverting `{name}`"), &statements, true)?);
        }
        events.extend(self.warnings_of_history(session)?);
        Ok(events)
    }

    pub(super) fn tell_before_down(
        &self,
        session: &mut Session,
        back: &RevertPlan,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let events = self.warnings_before_down(session, &back.steps())?;
        events.into_iter().for_each(|event| observer.event(event));
        Ok(())
    }

    /// The same of both, where the one comes after the other.
    pub(super) fn tell_before_both(
        &self,
        session: &mut Session,
        reverts: &[(String, Vec<Step>)],
        migrations: &[&Migration],
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        let mut events = self.warnings_before_down(session, reverts)?;
        events.extend(self.warnings_before_up(session, migrations)?);
        events.into_iter().for_each(|event| observer.event(event));
        Ok(())
    }

    fn warnings_of_history(&self, session: &mut Session) -> Result<Vec<Event>, Error> {
        let findings = self.registered_history(session)?;
        let warnings = findings.into_iter().map(|finding| Event::Notice {
            severity: "warning".to_owned(),
            message: format!("{}; {}", finding.message, finding.help),
        });
        Ok(warnings.collect())
    }

    /// Returns what these inverses, by migration, do not restore: data of extensions, the content of
    /// objects that raw SQL dropped, and its changes to rows.
    #[must_use]
    pub fn not_restored(reverts: Vec<(String, Vec<Step>)>) -> Vec<Event> {
        let events = reverts.into_iter().filter_map(|(name, steps)| {
            let statements = steps.iter().flat_map(|step| &step.statements);
            let lost = statements.flat_map(unrestored_of).map(ToOwned::to_owned);
            let mut lost: Vec<_> = lost.collect();
            let by_words = steps.iter().flat_map(lost_by_words).map(ToOwned::to_owned);
            let by_words: BTreeSet<_> = by_words.collect();
            lost.extend(by_words);
            (!lost.is_empty()).then(|| Event::NotRestored {
                message: format!("reverting `{name}` does not restore {}", listed(&lost)),
                name,
                objects: lost,
            })
        });
        events.collect()
    }

    /// Refuses a worker of a Citus cluster: what changes there is the coordinator's to change.
    pub(super) fn refuse_worker(session: &mut Session) -> Result<(), Error> {
        if session.extensions_have_tables() && is_citus_worker(session.client())? {
            return Err(Error::CitusWorker);
        }
        Ok(())
    }

    /// Tables of the history that an extension has taken over.
    pub(super) fn registered_history(&self, session: &mut Session) -> Result<Vec<Finding>, Error> {
        if !session.extensions_have_tables() {
            return Ok(Vec::new());
        }
        let tables = [
            self.history.table().clone(),
            self.history.log_table(),
            self.history.journal_table(),
            self.history.settings_table(),
        ];
        let found = Registration::of_tables(session.client(), &tables)?;
        let found = found.iter().filter(|it| it.is_of_citus() && !it.is_of_schema());
        let findings = found.map(|it| Finding {
            kind: FindingKind::Tampered,
            name: self.history.table().to_string(),
            message: format!("{it}, and the tables of the history must be local ones"),
            help: format!(
                "where it has no identity column, `SELECT undistribute_table('{}')`; else create it \
                 again as a local table, with its triggers, and copy its rows",
                it.full_name()
            ),
            change: None,
        });
        Ok(findings.collect())
    }
}

/// Warns of statements that drop (if requested), rename or move what an extension knows by its
/// name, unless they change what it stores, too.
fn of_names(
    session: &mut Session,
    what: &str,
    statements: &[&Statement],
    drops: bool,
) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    if !session.extensions_have_tables() {
        return Ok(events);
    }
    let unnamed = statements.iter().filter_map(|statement| unnamed(&statement.sql));
    for Unnamed { relations, schemas, drops: is_drop } in unnamed.filter(|it| drops || !it.drops) {
        let found = Registration::by_names(session.client(), &relations, &schemas)?;
        let follows =
            |it: &Registration| statements.iter().any(|sql| sql.sql.contains(it.kept_in()));
        for registration in found.iter().filter(|it| !follows(it)) {
            let does = if is_drop { "drops" } else { "renames" };
            events.push(Event::Notice {
                severity: "warning".to_owned(),
                message: format!(
                    "{registration}, by its name, and {what} {does} it; change what it keeps, too"
                ),
            });
        }
    }
    Ok(events)
}

/// Returns the capture of a step that drops or changes tables or schemas.
fn drops_or_changes(step: &Step) -> Option<&Capture> {
    let Inverse::Captured(capture) = &step.inverse else { return None };
    let drops = ["drop_", "purge_"].iter().any(|start| step.verb.starts_with(start));
    let kinds = ["table", "foreign table", "view", "materialized view", "schema", "extension"];
    let is_whole = capture.objects.iter().any(|object| kinds.contains(&object.kind.as_str()));
    // What is set aside with its data stays what it is.
    (capture.only.is_none()
        && capture.first.is_empty()
        && is_whole
        && (drops || capture.must_exist))
        .then_some(capture)
}

fn of_step(
    migration: &Migration,
    step: &Step,
    capture: &Capture,
    found: &[Registration],
) -> Option<Event> {
    let objects = told(found);
    if objects.is_empty() {
        return None;
    }
    let (name, summary) = (&migration.name, &step.summary);
    let then = match () {
        () if capture.must_exist => "if the step changes that, `down` will refuse to revert it",
        () if found.iter().any(Registration::makes_another_kind) => {
            "`down` will refuse to revert it"
        }
        () if found.iter().any(Registration::is_by_name) => "`down` may not restore all of it",
        () => "`down` will not restore it",
    };
    let message =
        format!("`{name}`: {summary}: {}; this is not captured, and {then}", listed(&objects));
    Some(Event::NotRestored { name: name.clone(), message, objects })
}

/// Each as a sentence, and once.
pub(super) fn told(found: &[Registration]) -> Vec<String> {
    let mut told: Vec<_> = found.iter().map(ToString::to_string).collect();
    told.dedup();
    told
}

/// The first few of them.
pub(super) fn listed(all: &[String]) -> String {
    let shown = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

/// Returns what this inverse does not restore, by the words of the SQL that it reverts.
fn lost_by_words(back: &Step) -> Vec<&'static str> {
    let Inverse::Captured(Capture { must_exist: true, lost: Some(lost), .. }) = &back.inverse
    else {
        return Vec::new();
    };
    let known = LOST.iter().filter(|(sentence, _)| lost.contains(sentence));
    known.map(|(_, what)| *what).collect()
}
