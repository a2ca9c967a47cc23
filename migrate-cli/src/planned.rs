//! The plan that a command works by: of a file, or of the project.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context as _;
use migrate_core::discover::plain_file;
use migrate_core::plan::bundle::{BundleError, Carried};
use migrate_core::plan::{Fingerprint, HistoryName, Plan};

use crate::actor::checked_out;
use crate::context::Context;
use crate::printer::count;
use crate::progress::BuildProgress;
use crate::project::{CurrentPlan, Project, ProjectError};
use crate::settings::Settings;
use crate::usage::UsageError;

/// The plan, its history, and the folder of the crate that it was made from.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The history that its migrations are recorded in.
    pub history: HistoryName,
    /// The directory of the migrations crate; where the plan came from a file, there is none.
    pub folder: Option<PathBuf>,
    /// The commit that the plan was made of, where that is known.
    pub git_commit: Option<String>,
}

/// The same, with the plan not read yet: that takes long where it is long.
pub struct LazyPlan {
    /// The history that its migrations are recorded in.
    pub history: HistoryName,
    plan: Source,
    folder: Option<PathBuf>,
}

/// Where a plan is.
enum Source {
    /// In a file, of this name.
    File(Carried, PathBuf),
    Project(CurrentPlan),
}

impl LazyPlan {
    /// The plan of `--plan`, or of the project.
    pub fn of(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        let asked = AskedHistory::of(context, settings);
        if let Some(file) = &context.global.plan {
            let carried = carried(file, context)?;
            let history = match &carried {
                Carried::Bundle(bundle) => bundle.history.clone(),
                Carried::Plan(plan) => plan.history.clone(),
            };
            let history = match history {
                Some(history) => asked.agrees_with(history, context)?,
                None => asked.or_default(),
            };
            let plan = Source::File(carried, file.clone());
            return Ok(Self { history, plan, folder: None });
        }
        let settings = settings.context("without `--plan`, settings were loaded")?;
        let mut progress = BuildProgress::new(context.printer);
        let project = Project::new(&settings.dir, &context.environment);
        let plan = project.plan(&mut |event| progress.show(event))?;
        let (plan, folder) = (Source::Project(plan), Some(settings.dir.clone()));
        Ok(Self { history: asked.or_default(), plan, folder })
    }

    /// Returns the fingerprint that shows whether all of it is applied, where it is known.
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        match &self.plan {
            Source::File(Carried::Bundle(bundle), _) => Some(&bundle.fingerprint),
            Source::File(Carried::Plan(_), _) => None,
            Source::Project(plan) => Some(plan.fingerprint()),
        }
    }

    /// With the plan.
    pub fn read(self, context: &Context) -> anyhow::Result<Planned> {
        let Self { history, plan, folder } = self;
        let (plan, git_commit) = match plan {
            Source::File(carried, file) => {
                // The checkout that this runs in, if it is one, has nothing to do with it.
                let git_commit = match &carried {
                    Carried::Bundle(bundle) => bundle.git_commit.clone(),
                    Carried::Plan(_) => None,
                };
                let file = carried.into_plan().with_context(|| not_a_plan(&file))?;
                (file.plan, git_commit)
            }
            Source::Project(plan) => {
                let mut progress = BuildProgress::new(context.printer);
                let plan = plan.read(&mut |event| progress.show(event))?;
                (plan, checked_out(&context.environment))
            }
        };
        Ok(Planned { plan, history, folder, git_commit })
    }
}

fn not_a_plan(file: &Path) -> String {
    format!("`{}` is not a plan", file.display())
}

/// Reads a file; a bundle is reported by its digest.
fn carried(file: &Path, context: &Context) -> anyhow::Result<Carried> {
    let shown = file.display();
    let path = context.environment.current_dir.join(file);
    let text = match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(UsageError {
                message: format!("could not read plan `{shown}`: {error}"),
                help: "name a file; to read what another program writes, name `/dev/stdin`"
                    .to_owned(),
            }
            .into());
        }
        read => read.with_context(|| format!("could not read plan `{shown}`"))?,
    };
    let carried = Carried::from_json(text).map_err(|error| match error {
        BundleError::Plan(error) => anyhow::Error::new(error).context(not_a_plan(file)),
        error => anyhow::Error::new(error).context(format!("cannot use the bundle `{shown}`")),
    })?;
    if let Carried::Bundle(bundle) = &carried {
        let digest: String = bundle.digest.chars().take(12).collect();
        let commit = bundle
            .git_commit
            .as_ref()
            .map(|commit| format!(", commit {}", commit.chars().take(7).collect::<String>()));
        let count = count(bundle.fingerprint.migrations, "migration");
        context
            .printer
            .step("bundle", &format!("{count}, sha256 {digest}{}", commit.unwrap_or_default()));
    }
    Ok(carried)
}

/// Returns the text of a plan. A file that this process was given open may be a pipe: then it has
/// a writer, or ends at once.
fn read(path: &Path) -> io::Result<String> {
    if is_open_already(path) { fs::read_to_string(path) } else { plain_file::read_to_string(path) }
}

/// Whether a path leads to a file descriptor of this process, such as `/dev/stdin` or what a shell makes of
/// `<(a-program)`.
fn is_open_already(path: &Path) -> bool {
    /// As many links as a path has at most, with room to spare.
    const LINKS: usize = 8;
    let Ok(descriptors) = fs::canonicalize("/dev/fd") else { return false };
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Some(folder) = path.parent().and_then(|folder| fs::canonicalize(folder).ok()) else {
            return false;
        };
        if folder == descriptors {
            return true;
        }
        let Ok(target) = fs::read_link(&path) else { return false };
        path = folder.join(target);
    }
    false
}

impl Planned {
    /// The plan of `--plan`, or of the project.
    pub fn of(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        LazyPlan::of(context, settings)?.read(context)
    }

    /// No plan: for what needs only the history. Nothing is compiled.
    pub fn history_alone(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        if context.global.plan.is_some() {
            return Ok(Self { plan: Plan::empty(), ..Self::of(context, settings)? });
        }
        let history = AskedHistory::of(context, settings).or_default();
        let git_commit = checked_out(&context.environment);
        Ok(Self { plan: Plan::empty(), history, folder: None, git_commit })
    }

    /// The plan, or an empty one where the project's files do not make one.
    pub fn or_stored(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Self> {
        Self::of(context, settings).or_else(|error| {
            if !error.is::<ProjectError>() {
                return Err(error);
            }
            context.printer.warning(&format!(
                "{error}; every migration is reverted as it was stored when it was applied"
            ));
            let history = AskedHistory::of(context, settings).or_default();
            let folder = settings.map(|settings| settings.dir.clone());
            let git_commit = checked_out(&context.environment);
            Ok(Self { plan: Plan::empty(), history, folder, git_commit })
        })
    }
}

/// What flags and settings say of the history.
pub struct AskedHistory<'a> {
    schema: Option<&'a String>,
    table: Option<&'a String>,
}

impl<'a> AskedHistory<'a> {
    /// Settings have the flags in them; without a project there are the flags alone.
    pub fn of(context: &'a Context, settings: Option<&'a Settings>) -> Self {
        let flags = &context.global.overrides;
        let (schema, table) = match settings {
            Some(settings) => (&settings.schema, &settings.table),
            None => (&flags.schema, &flags.table),
        };
        Self { schema: schema.as_ref(), table: table.as_ref() }
    }

    /// The history that is meant.
    pub fn or_default(&self) -> HistoryName {
        let named = |asked: Option<&String>, default: &str| {
            asked.map_or_else(|| default.to_owned(), Clone::clone)
        };
        HistoryName { schema: named(self.schema, "public"), table: named(self.table, "migrations") }
    }

    /// Returns the history of the plan, unless another one was requested: with another history, all
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
                    format!("create the plan again in this project, or add `--{key} {planned}`");
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
