//! A plan and a database, brought together: what most commands begin with.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use migrate_core::plan::{Migration, Plan};
use migrate_core::{History, Migrator, Session};

use crate::actor::actor;
use crate::context::Context;
use crate::database;
use crate::names::resolve;
use crate::progress::BuildProgress;
use crate::project::Project;
use crate::render::{self, Located, Sources};
use crate::settings::Settings;

/// A plan, and a session on the database that it is for.
pub struct Work {
    /// Works on the one by the other.
    pub migrator: Migrator,
    /// The session.
    pub session: Session,
    /// The folder of the migrations crate; where the plan came from a file, there is none.
    folder: Option<PathBuf>,
}

/// The plan, and the folder of the crate that it was made from.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The folder of the migrations crate; where the plan came from a file, there is none.
    pub folder: Option<PathBuf>,
}

impl Planned {
    /// The plan of `--plan`, or of the project.
    pub fn of(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        if let Some(file) = &context.global.plan {
            let path = context.environment.current_dir.join(file);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the plan `{}`", file.display()))?;
            let plan = Plan::from_json(&text)
                .with_context(|| format!("`{}` is not a plan", file.display()))?;
            return Ok(Self { plan, folder: None });
        }
        let settings = settings.context("without `--plan`, settings were loaded")?;
        let mut progress = BuildProgress::new(context.printer);
        let project = Project::new(&settings.dir, &context.environment);
        let plan = project.plan(&mut |event| progress.show(event))?;
        Ok(Self { plan, folder: Some(settings.dir.clone()) })
    }
}

/// The project's settings. With `--plan` they are optional: a deployment has no project.
pub fn settings(context: &Context) -> anyhow::Result<Option<Settings>> {
    let loaded = Settings::load(&context.environment, &context.global.overrides);
    match loaded {
        Ok(settings) => {
            settings.warnings.iter().for_each(|warning| context.printer.warning(warning));
            Ok(Some(settings))
        }
        Err(_) if context.global.plan.is_some() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Work {
    /// Makes the plan, and connects to the database for `purpose`: `migrate up`.
    pub fn open(context: &Context, purpose: &str) -> anyhow::Result<Self> {
        let settings = settings(context)?;
        let Planned { plan, folder } = Planned::of(context, settings.as_ref())?;
        let target = database::target(context, settings.as_ref())?;
        let session = database::connect(&target, purpose)?;
        let overrides = &context.global.overrides;
        let named =
            |flag: &Option<String>, setting: fn(&Settings) -> Option<&String>, default: &str| {
                let setting = settings.as_ref().and_then(setting);
                flag.as_ref().or(setting).map_or_else(|| default.to_owned(), Clone::clone)
            };
        let history = History::new(
            named(&overrides.schema, |settings| settings.schema.as_ref(), "public"),
            named(&overrides.table, |settings| settings.table.as_ref(), "migrations"),
        );
        let mut migrator = Migrator::new(plan, actor(&context.environment)).history(history);
        if let Some(seconds) = context.environment.var("MAX_LOCK_WAIT") {
            let seconds: f64 = seconds
                .parse()
                .ok()
                .filter(|seconds| (0.0..1e9).contains(seconds))
                .context("`MAX_LOCK_WAIT` is not a number of seconds")?;
            migrator = migrator.patience(Duration::from_secs_f64(seconds));
        }
        Ok(Self { migrator, session, folder })
    }

    /// Says on stderr which database is about to change.
    pub fn announce(&self, context: &Context) {
        let target = self.session.target();
        context.printer.step("target", &format!("{target} ({})", target.origin()));
    }

    /// An error of the engine, with where the source is to be shown from.
    pub fn located(&self, error: migrate_core::Error) -> anyhow::Error {
        Located { error, folder: self.folder.clone() }.into()
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
        let sources = Sources::new(self.folder.clone());
        for step in &migration.up {
            for hint in &step.hints {
                context.printer.note(&render::hint(hint, step, &sources));
            }
        }
    }
}
