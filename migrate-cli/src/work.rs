//! A plan and a database, brought together: what most commands begin with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use migrate_core::plan::bundle::{BundleError, Carried};
use migrate_core::plan::{HistoryName, Migration, Plan, PlanFile};
use migrate_core::{BackupBefore, History, Interrupt, Migrator, Session, Target};

use crate::actor::{actor, checked_out};
use crate::context::Context;
use crate::database;
use crate::functions::Origin;
use crate::limits::AskedLimits;
use crate::names::resolve;
use crate::printer::count;
use crate::progress::{BuildProgress, Progress};
use crate::project::{Project, ProjectError};
use crate::protection::Allowance;
use crate::render::{self, Located, Sources};
use crate::settings::{Settings, SettingsError};
use crate::signals;
use crate::usage::UsageError;

/// A plan, and a session on the database that it is for.
pub struct Work {
    /// Works on the one by the other.
    pub migrator: Migrator,
    /// The session.
    pub session: Session,
    /// The folder of the migrations crate; where the plan came from a file, there is none.
    folder: Option<PathBuf>,
    /// The Rust functions of the migrations; where the plan came from a file, there are none.
    functions: Option<Origin>,
    /// What settings and environment say of how long things may take.
    limits: AskedLimits,
}

/// The plan, its history, and the folder of the crate that it was made from.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The history that its migrations are recorded in.
    pub history: HistoryName,
    /// The folder of the migrations crate; where the plan came from a file, there is none.
    pub folder: Option<PathBuf>,
    /// The commit that the plan was made of, where that is known.
    pub git_commit: Option<String>,
}

impl Planned {
    /// The plan of `--plan`, or of the project.
    pub fn of(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        let asked = AskedHistory::of(context, settings);
        if let Some(file) = &context.global.plan {
            let path = context.environment.current_dir.join(file);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the plan `{}`", file.display()))?;
            let carried = carried(&text, file, context)?;
            // The checkout that this runs in, if it is one, has nothing to do with it.
            let git_commit = match &carried {
                Carried::Bundle(bundle) => bundle.git_commit.clone(),
                Carried::Plan(_) => None,
            };
            let PlanFile { plan, history } = carried.into_plan();
            let history = match history {
                Some(history) => asked.agrees_with(history, context)?,
                None => asked.or_default(),
            };
            return Ok(Self { plan, history, folder: None, git_commit });
        }
        let settings = settings.context("without `--plan`, settings were loaded")?;
        let mut progress = BuildProgress::new(context.printer);
        let project = Project::new(&settings.dir, &context.environment);
        let plan = project.plan(&mut |event| progress.show(event))?;
        let git_commit = checked_out(&context.environment);
        Ok(Self {
            plan,
            history: asked.or_default(),
            folder: Some(settings.dir.clone()),
            git_commit,
        })
    }
}

/// What a file holds; of a bundle it is told which one it is.
fn carried(text: &str, file: &Path, context: &Context) -> anyhow::Result<Carried> {
    let carried = Carried::from_json(text).map_err(|error| {
        let shown = file.display();
        match error {
            BundleError::Plan(error) => {
                anyhow::Error::new(error).context(format!("`{shown}` is not a plan"))
            }
            error => anyhow::Error::new(error).context(format!("cannot use the bundle `{shown}`")),
        }
    })?;
    if let Carried::Bundle(bundle) = &carried {
        let digest: String = bundle.digest.chars().take(12).collect();
        let commit = bundle
            .git_commit
            .as_ref()
            .map(|commit| format!(", commit {}", commit.chars().take(7).collect::<String>()));
        let count = count(bundle.plan.plan.migrations.len(), "migration");
        context
            .printer
            .step("bundle", &format!("{count}, sha256 {digest}{}", commit.unwrap_or_default()));
    }
    Ok(carried)
}

impl Planned {
    /// No plan: for what needs only the history. Nothing is compiled.
    fn history_alone(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        if context.global.plan.is_some() {
            return Ok(Self { plan: Plan::empty(), ..Self::of(context, settings)? });
        }
        let history = AskedHistory::of(context, settings).or_default();
        let git_commit = checked_out(&context.environment);
        Ok(Self { plan: Plan::empty(), history, folder: None, git_commit })
    }

    /// The plan, or an empty one where the project's files do not make one.
    fn or_stored(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        Self::of(context, settings).or_else(|error| {
            if !error.is::<ProjectError>() {
                return Err(error);
            }
            context.printer.warning(&format!(
                "{error}; every migration is taken back as it was stored when it was applied"
            ));
            let history = AskedHistory::of(context, settings).or_default();
            let folder = settings.map(|settings| settings.dir.clone());
            let git_commit = checked_out(&context.environment);
            Ok(Self { plan: Plan::empty(), history, folder, git_commit })
        })
    }
}

/// What flags and settings say of the history.
struct AskedHistory<'a> {
    schema: Option<&'a String>,
    table: Option<&'a String>,
}

impl<'a> AskedHistory<'a> {
    /// Settings have the flags in them; without a project there are the flags alone.
    fn of(context: &'a Context, settings: Option<&'a Settings>) -> Self {
        let flags = &context.global.overrides;
        let (schema, table) = match settings {
            Some(settings) => (&settings.schema, &settings.table),
            None => (&flags.schema, &flags.table),
        };
        Self { schema: schema.as_ref(), table: table.as_ref() }
    }

    fn or_default(&self) -> HistoryName {
        let named = |asked: Option<&String>, default: &str| {
            asked.map_or_else(|| default.to_owned(), Clone::clone)
        };
        HistoryName { schema: named(self.schema, "public"), table: named(self.table, "migrations") }
    }

    /// The history of the plan, unless something else was asked for: with another history, all
    /// that is applied would count as pending.
    fn agrees_with(
        &self,
        history: HistoryName,
        context: &Context,
    ) -> Result<HistoryName, UsageError> {
        let flags = &context.global.overrides;
        for (key, asked, flag, planned) in [
            ("schema", self.schema, &flags.schema, &history.schema),
            ("table", self.table, &flags.table, &history.table),
        ] {
            let Some(asked) = asked.filter(|asked| *asked != planned) else {
                continue;
            };
            let (asked, help) = if flag.is_some() {
                (format!("`--{key} {asked}`"), format!("leave `--{key}` out"))
            } else {
                let help =
                    format!("make the plan anew in this project, or add `--{key} {planned}`");
                (format!("`{key} = \"{asked}\"` in the project's settings"), help)
            };
            return Err(UsageError {
                message: format!(
                    "{asked} contradicts the plan, whose history has the {key} `{planned}`"
                ),
                help,
            });
        }
        Ok(history)
    }
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

    /// The same for taking back, which needs no files: where they do not compile, what the database
    /// has stored will do.
    pub fn open_to_take_back(context: &Context, purpose: &str) -> anyhow::Result<Self> {
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
        let of_environment = AskedLimits::of_environment(&context.environment)?;
        let of_settings = settings.as_ref().map(|settings| settings.limits).unwrap_or_default();
        let limits = of_environment.or(of_settings);
        let Planned { plan, history, folder, git_commit } = planned(context, settings.as_ref())?;
        let target = database::target(context, settings.as_ref())?;
        let session = database::connect(context, &target, purpose)?;
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
        let mut work = Self { migrator, session, folder, functions, limits };
        work.show_functions_in(&Progress::new(context.printer));
        Ok(work)
    }

    /// Rust functions can be run, and what they print is shown there.
    fn show_functions_in(&mut self, progress: &Progress) {
        if let Some(origin) = &self.functions {
            let planned = &self.migrator.plan().migrations;
            let functions = Arc::new(origin.functions(planned, progress.printed()));
            self.migrator = self.migrator.clone().functions(functions);
        }
    }

    /// Before something is changed: the flags count, signals end it in good order, and what happens
    /// meanwhile is shown.
    pub fn at_work(&mut self, flags: &AskedLimits, progress: &Progress, context: &Context) {
        let interrupt = Interrupt::default();
        interrupt.watch_over(&self.session);
        signals::stop(&interrupt, context.printer);
        let migrator = self.migrator.clone();
        self.migrator = migrator
            .limits(flags.or(self.limits).limits())
            .interrupt(&interrupt)
            .reporter(progress.reporter());
        self.show_functions_in(progress);
    }

    /// Says on stderr which database is about to change, and whether it is protected.
    pub fn announce(&mut self, context: &Context) {
        // A history that cannot be read is told by whatever comes next.
        let protected = self.migrator.protection(&mut self.session).ok().flatten();
        self.announce_as(protected.as_deref(), context);
    }

    /// The same, where it is known already whether it is protected.
    pub fn announce_as(&self, protected: Option<&str>, context: &Context) {
        let protected = protected.map(|name| format!(", protected as `{name}`"));
        let target = self.session.target();
        let text = format!("{target} ({}){}", target.origin(), protected.unwrap_or_default());
        context.printer.step("target", &text);
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
