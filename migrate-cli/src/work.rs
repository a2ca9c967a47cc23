//! A plan and a database, brought together: what most commands begin with.

use std::path::PathBuf;
use std::sync::Arc;

use migrate_core::history::HistoryError;
use migrate_core::plan::{HistoryName, Migration};
use migrate_core::{BackupBefore, History, HistorySummary, Interrupt, Migrator, Session, Target};

use crate::actor::actor;
use crate::context::Context;
use crate::database::Connecting;
use crate::functions::Origin;
use crate::limits::AskedLimits;
use crate::names::resolve;
use crate::planned::{AskedHistory, LazyPlan, Planned};
use crate::progress::Progress;
use crate::project::ProjectError;
use crate::protection::Allowance;
use crate::render::{self, Located, Sources};
use crate::settings::{Settings, SettingsError};
use crate::signals;

/// A session, and a plan that is read where there is something to do.
pub struct OpenProject {
    /// The plan.
    pub unread: LazyPlan,
    /// The session.
    pub session: Session,
    /// What the history has, in short.
    pub summary: Result<HistorySummary, HistoryError>,
    limits: AskedLimits,
}

impl OpenProject {
    /// Finds the plan, and connects to the database for `purpose`: `migrate up`.
    pub fn new(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        let settings = settings(context)?;
        // Of a plan in a file it is not known yet where its history is.
        let known = context.global.plan.is_none();
        let known = known.then(|| AskedHistory::of(context, settings.as_ref()).or_default());
        let ask = |session: &mut Session, history: &HistoryName| {
            let HistoryName { schema, table } = history;
            History::new(schema.as_str(), table.as_str()).summary(session)
        };
        let first = move |session: &mut Session| known.map(|history| ask(session, &history));
        let (unread, (mut session, summary), limits) =
            beside(context, purpose, settings, first, LazyPlan::of)?;
        let summary = summary.flatten().unwrap_or_else(|| ask(&mut session, &unread.history));
        Ok(Self { unread, session, summary, limits })
    }

    /// With the plan; and the summary.
    pub fn read(
        self,
        context: &Context,
    ) -> anyhow::Result<(Work, Result<HistorySummary, HistoryError>)> {
        let planned = self.unread.read(context)?;
        Ok((Work::of(context, planned, self.session, self.limits), self.summary))
    }
}

/// Finds the plan while the session is made. Neither needs the other, and what is wrong with the plan is
/// said first.
fn beside<P, T: Send + 'static>(
    context: &Context,
    purpose: &str,
    settings: Option<Settings>,
    first: impl FnOnce(&mut Session) -> T + Send + 'static,
    planned: impl FnOnce(&Context, Option<&Settings>) -> anyhow::Result<P>,
) -> anyhow::Result<(P, (Session, Option<T>), AskedLimits)> {
    let of_environment = AskedLimits::of_environment(&context.environment)?;
    let of_settings = settings.as_ref().map(|settings| settings.limits).unwrap_or_default();
    let connecting = Connecting::start(context, settings.as_ref(), purpose, first);
    let planned = planned(context, settings.as_ref())?;
    let session = connecting.finish(context, settings.as_ref())?;
    Ok((planned, session, of_environment.or(of_settings)))
}

/// Says on stderr which database a session is on, and whether it is protected.
pub fn announce(session: &Session, protected: Option<&str>, context: &Context) {
    let protected = protected.map(|name| format!(", protected as `{name}`"));
    let target = session.target();
    let text = format!("{target} ({}){}", target.origin(), protected.unwrap_or_default());
    context.printer.step("target", &text);
}

/// Whether others had locked the history for all the time that there was.
pub fn is_locked(error: &migrate_core::Error) -> bool {
    matches!(error, migrate_core::Error::History(HistoryError::Locked { .. }))
}

/// A plan, and a session on the database that it is for.
pub struct Work {
    /// Works on the one by the other.
    pub migrator: Migrator,
    /// The session.
    pub session: Session,
    /// The directory of the migrations crate; where the plan came from a file, there is none.
    folder: Option<PathBuf>,
    /// The Rust functions of the migrations; where the plan came from a file, there are none.
    functions: Option<Origin>,
    /// What settings and environment say of how long things may take.
    limits: AskedLimits,
}

/// The project's settings. With `--plan` they are optional: a deployment has no project. Settings
/// that are wrong are wrong with a plan, too.
pub fn settings(context: &Context) -> anyhow::Result<Option<Settings>> {
    let loaded = Settings::load(&context.environment, &context.global.overrides);
    match loaded {
        Ok(settings) => {
            settings.warnings.iter().for_each(|warning| context.printer.warning(warning));
            Ok(Some(settings))
        }
        Err(SettingsError::NoProject(_)) if context.global.plan.is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The project's settings, for what needs no more than a database: where one is named, there may be
/// no project.
pub fn settings_if_any(context: &Context) -> anyhow::Result<Option<Settings>> {
    let is_named = context.global.overrides.database_url.is_some()
        || Target::from_environment(&context.environment)?.is_some();
    settings(context).or_else(|error| match error.downcast_ref() {
        Some(SettingsError::NoProject(_)) if is_named => Ok(None),
        _ => Err(error),
    })
}

impl Work {
    /// Makes the plan, and connects to the database for `purpose`: `migrate up`.
    pub fn open(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        Self::open_with(context, purpose, settings(context)?, Planned::of)
    }

    /// The same for reverting, which needs no files: where they do not compile, what the database
    /// has stored will do.
    pub fn open_to_revert(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        Self::open_with(context, purpose, settings(context)?, Planned::or_stored)
    }

    /// The same for what needs only the history: nothing is compiled.
    pub fn open_without_plan(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        Self::open_with(context, purpose, settings(context)?, Planned::history_alone)
    }

    /// The same for what only reads the history: without a project it is that of the flags, or the
    /// usual one. What writes does not guess which history is meant.
    pub fn open_to_read(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        Self::open_with(context, purpose, settings_if_any(context)?, Planned::history_alone)
    }

    /// Destroys even in a protected database, if its name was given.
    pub fn allow(self, allowance: &Allowance, context: &Context) -> Self {
        Self { migrator: self.migrator.allow(allowance.given(context)), ..self }
    }

    /// Has a backup made before anything is applied.
    pub fn backup_before(self, backup: BackupBefore) -> Self {
        Self { migrator: self.migrator.backup_before(Some(backup)), ..self }
    }

    fn open_with(
        context: &Context,
        purpose: &str,
        settings: Option<Settings>,
        planned: impl FnOnce(&Context, Option<&Settings>) -> anyhow::Result<Planned>,
    ) -> anyhow::Result<Self> {
        let nothing = |_: &mut Session| ();
        let (planned, (session, _), limits) = beside(context, purpose, settings, nothing, planned)?;
        Ok(Self::of(context, planned, session, limits))
    }

    fn of(context: &Context, planned: Planned, session: Session, limits: AskedLimits) -> Self {
        let Planned { plan, history, folder, git_commit } = planned;
        let history = History::new(history.schema, history.table);
        let migrator = Migrator::new(plan, actor(&context.environment, git_commit))
            .history(history)
            .variables(context.environment.vars.clone())
            .limits(limits.limits());
        let functions = folder.clone().map(|folder| Origin {
            folder,
            environment: context.environment.clone(),
            printer: context.printer,
        });
        let progress = Progress::new(context.printer);
        let migrator = migrator.reporter(progress.reporter());
        let mut work = Self { migrator, session, folder, functions, limits };
        work.show_functions_in(&progress);
        work
    }

    /// Rust functions can be run, and what they print is shown there.
    fn show_functions_in(&mut self, progress: &Progress) {
        if let Some(origin) = &self.functions {
            let planned = &self.migrator.plan().migrations;
            let functions = Arc::new(origin.functions(planned, progress.printed()));
            self.migrator = self.migrator.clone().functions(functions);
        }
    }

    /// The flags count: before anything is read, since that may have to wait for others.
    pub fn within(self, flags: &AskedLimits) -> Self {
        let limits = flags.or(self.limits);
        Self { migrator: self.migrator.limits(limits.limits()), limits, ..self }
    }

    /// Before something is changed: signals end it in good order, and what happens meanwhile is shown.
    pub fn at_work(&mut self, progress: &Progress, context: &Context) {
        let interrupt = Interrupt::default();
        interrupt.watch_over(&self.session);
        signals::stop(&interrupt, context.printer);
        let migrator = self.migrator.clone();
        self.migrator = migrator.interrupt(&interrupt).reporter(progress.reporter());
        self.show_functions_in(progress);
    }

    /// Says on stderr which database is about to change, and whether it is protected.
    pub fn announce(&mut self, context: &Context) -> anyhow::Result<()> {
        let protected = match self.migrator.protection(&mut self.session) {
            // It has been waited for, and is not to be waited for again.
            Err(error) if is_locked(&error) => return Err(self.located(error)),
            // A history that cannot be read is reported by the next operation.
            protected => protected.ok().flatten(),
        };
        self.announce_as(protected.as_deref(), context);
        Ok(())
    }

    /// The same, where it is known already whether it is protected.
    pub fn announce_as(&self, protected: Option<&str>, context: &Context) {
        announce(&self.session, protected, context);
    }

    /// An error of the engine, with where the source is to be shown from.
    pub fn located(&self, error: migrate_core::Error) -> anyhow::Error {
        match self.migrator.unless_stopped(error) {
            // The compiler has more to say than that there are no functions.
            migrate_core::Error::Functions(source) => match source.downcast::<ProjectError>() {
                Ok(error) => (*error).into(),
                Err(source) => {
                    let error = migrate_core::Error::Functions(source);
                    Located { error, folder: self.folder.clone() }.into()
                }
            },
            error => Located { error, folder: self.folder.clone() }.into(),
        }
    }

    /// The migration that is meant, among those that the files or the database know.
    pub fn resolve(&mut self, asked: &str) -> anyhow::Result<String> {
        let status =
            self.migrator.status(&mut self.session).map_err(|error| self.located(error))?;
        let known: Vec<_> = status.migrations.into_iter().map(|entry| entry.name).collect();
        Ok(resolve(asked, &known)?)
    }

    /// Shows what the author of a migration may have meant otherwise.
    pub fn hints(&self, context: &Context, migration: &Migration) {
        let sources = Sources::new(self.folder.clone(), &context.environment.current_dir);
        for step in &migration.up {
            for hint in &step.hints {
                context.printer.note(&render::hint(hint, step, &sources));
            }
        }
    }
}
