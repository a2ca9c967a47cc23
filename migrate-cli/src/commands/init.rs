//! `migrate init`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::project::setup::{Kind, Language, Occupant, Setup, SetupError};
use crate::project::shown;
use crate::settings::{DEFAULT_DIR, Settings, SettingsError};
use crate::usage::UsageError;

/// How to set up.
///
/// Writes a crate for migrations into `migrations`, or the folder that `--dir` names; makes it a
/// member of the workspace; and puts the project's settings into `[workspace.metadata.migrate]`.
/// A package without a workspace becomes one. Where there is no cargo project at all, the crate
/// stands by itself, with the settings in its own manifest.
#[derive(Debug, Args)]
#[group(id = "dsl", multiple = false)]
pub struct InitArgs {
    /// Take migrate-dsl from this folder
    #[arg(long, value_name = "DIR", group = "dsl")]
    dsl_path: Option<PathBuf>,
    /// Take migrate-dsl from this repository
    #[arg(long, value_name = "URL", group = "dsl")]
    dsl_git: Option<String>,
    /// Take this version of migrate-dsl from the registry
    #[arg(long, value_name = "VERSION", group = "dsl")]
    dsl_version: Option<String>,
}

/// What `init` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The files that were written or changed.
    files: &'a [String],
}

/// Sets up migrations in the project of the working folder.
pub fn run(args: &InitArgs, context: &Context) -> anyhow::Result<Exit> {
    let here = &context.environment.current_dir;
    // Settings that are there may name a folder that is not.
    let known = match Settings::load(&context.environment, &context.global.overrides) {
        Ok(settings) => Some(settings.dir),
        Err(SettingsError::NoProject(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let setup = match Setup::settle(here, known.as_deref(), &language(args, context)?) {
        Ok(setup) => setup,
        Err(SetupError::Occupied { folder, occupant: Occupant::Ours }) => {
            let folder = shown(&folder, here);
            context.printer.step(
                "Unchanged",
                &format!("`{folder}` has migrations already; `--dir` names another folder"),
            );
            context.printer.summary(&Summary { files: &[] });
            return Ok(Exit::Done);
        }
        Err(error) => return Err(explained(error, context)),
    };
    setup.apply().map_err(|error| explained(error, context))?;
    for write in &setup.writes {
        let verb = if write.before.is_some() { "changed" } else { "created" };
        context.printer.step(verb, &shown(&write.path, here));
    }
    tell(&setup, context);
    let files = setup.writes.iter().map(|write| shown(&write.path, here));
    context.printer.summary(&Summary { files: &files.collect::<Vec<_>>() });
    Ok(Exit::Done)
}

fn language(args: &InitArgs, context: &Context) -> anyhow::Result<Language> {
    Ok(match args {
        InitArgs { dsl_path: Some(path), .. } => {
            let folder = context.environment.current_dir.join(path);
            if !folder.join("Cargo.toml").is_file() {
                return Err(UsageError {
                    message: format!("`{}` is not the folder of a crate", path.display()),
                    help: "`--dsl-path` names the folder of migrate-dsl".to_owned(),
                }
                .into());
            }
            Language::Path(folder.canonicalize()?)
        }
        InitArgs { dsl_git: Some(url), .. } => Language::Git(url.clone()),
        InitArgs { dsl_version: Some(version), .. } => Language::Version(version.clone()),
        _ => Language::Fitting,
    })
}

/// Reports what was done, and the next steps.
fn tell(setup: &Setup, context: &Context) {
    let here = &context.environment.current_dir;
    let folder = shown(&setup.folder, here);
    let settings = shown(&setup.settings, here);
    let done = match setup.kind {
        Kind::Workspace => format!("`{folder}` is a member of the workspace"),
        Kind::Member => {
            format!("`{folder}` is a member of the workspace; `{settings}` has the settings")
        }
        Kind::Package => format!(
            "`{settings}` is a workspace now, with `{folder}` as its member; building the package \
             builds no more than before"
        ),
        Kind::LeftOut => format!(
            "the workspace leaves `{folder}` out (`exclude`), so it is one of its own; \
             `{settings}` has the settings"
        ),
        Kind::Alone => {
            format!("`{folder}` is a crate by itself, with the settings in `{settings}`")
        }
    };
    let mut lines =
        vec![String::new(), done, format!("it depends on {}", setup.language.explanation())];
    let is_found = setup.folder.ends_with(DEFAULT_DIR);
    if setup.kind == Kind::Alone && !is_found {
        lines.push(format!(
            "run `migrate` inside `{folder}`, or with `--dir {folder}`: without a `Cargo.toml` \
             here, nothing else says where it is"
        ));
    }
    lines.extend([
        String::new(),
        "next: `migrate create create_posts title:varchar:120!`, then `migrate up`".to_owned(),
        "without a `DATABASE_URL`, a PostgreSQL of the project's own is used (`database = \
         \"private\"`)"
            .to_owned(),
    ]);
    context.printer.note(&lines.join("\n"));
}

/// The error, with what to do about it where that is known.
fn explained(error: SetupError, context: &Context) -> anyhow::Error {
    let help = match &error {
        SetupError::Occupied { .. } => {
            "choose another folder, as in `migrate init --dir db/migrations`"
        }
        SetupError::Outside { .. } => "name a folder below it with `--dir`",
        SetupError::Manifest { .. } | SetupError::Unwritable { .. } => return error.into(),
    };
    let message = match &error {
        SetupError::Occupied { folder, occupant } => {
            let folder = shown(folder, &context.environment.current_dir);
            format!("`{folder}` {occupant}")
        }
        other => other.to_string(),
    };
    UsageError { message, help: help.to_owned() }.into()
}
