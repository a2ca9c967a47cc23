//! `migrate renumber`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use migrate_core::discover::Timestamp;
use migrate_core::order::State;
use serde::Serialize;

use crate::commands::create::{Other, next, others};
use crate::context::Context;
use crate::database::NoDatabase;
use crate::exit_code::Exit;
use crate::names::resolve;
use crate::project::{ProjectError, shown};
use crate::settings::Settings;
use crate::usage::Refusal;
use crate::work::Work;

/// What to give a new timestamp.
///
/// A branch that is merged late brings migrations that are older than what is applied by then. This
/// renames the files of one to the time now, or to the second after the newest migration.
#[derive(Debug, Args)]
pub struct RenumberArgs {
    /// The migration, by name, timestamp or file
    #[arg(value_name = "NAME")]
    name: String,
}

/// What `renumber` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// What the migration is called now.
    name: &'a str,
    /// What it was called before.
    was: &'a str,
    /// Its files.
    files: &'a [String],
}

/// Renames the files of a migration, and prints their new paths.
pub fn run(args: &RenumberArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = Settings::load(&context.environment, &context.global.overrides)?;
    let source = settings.dir.join("src");
    if !source.is_dir() {
        return Err(ProjectError::NoCrate(settings.dir).into());
    }
    let files = others(&source).with_context(|| format!("cannot read `{}`", source.display()))?;
    let mut known: Vec<_> = files.iter().map(name_of).collect();
    known.sort();
    known.dedup();
    let name = resolve(&args.name, &known)?;
    let applied = applied(context)?;
    if applied.contains(&name) {
        return Err(Refusal {
            message: format!("`{name}` is applied, and has its name in the history"),
            help: "revert it with `migrate down` first, or leave it where it is".to_owned(),
        }
        .into());
    }
    let (own, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| name_of(file) == name);
    let recorded = applied.iter().filter_map(|name| Timestamp::parse(name.split('_').next()?));
    let others: Vec<_> = others.iter().map(|other| other.timestamp).chain(recorded).collect();
    let is_newest = own.iter().all(|file| {
        !file.timestamp.is_future() && others.iter().all(|other| *other < file.timestamp)
    });
    let words = own.first().map(|file| file.words.clone()).unwrap_or_default();
    let new = if is_newest {
        name.clone()
    } else {
        format!("{}_{words}", next(others.into_iter(), Timestamp::now()))
    };
    let renamed: Vec<_> =
        own.iter().map(|file| (file.path.clone(), moved(&file.path, &name, &new))).collect();
    if is_newest {
        context.printer.step("done", &format!("nothing to do: `{name}` is the newest"));
    } else {
        rename(&renamed)?;
        context.printer.step("renamed", &format!("{name} to {new}"));
    }
    let here = &context.environment.current_dir;
    let paths: Vec<_> = renamed.iter().map(|(_, path)| shown(path, here)).collect();
    context.printer.data(&paths.join("\n"));
    context.printer.summary(&Summary { name: &new, was: &name, files: &paths });
    Ok(Exit::Done)
}

fn name_of(file: &Other) -> String {
    format!("{}_{}", file.timestamp, file.words)
}

/// Returns the migrations that the configured database has, finished or not; none without a database.
fn applied(context: &Context) -> anyhow::Result<Vec<String>> {
    let mut work = match Work::open_without_plan(context, "migrate renumber") {
        Ok(work) => work,
        Err(error) if error.is::<NoDatabase>() => {
            context.printer.warning(
                "no database is configured, so it is not known whether the migration is applied",
            );
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    work.announce(context)?;
    let status = work.migrator.status(&mut work.session).map_err(|error| work.located(error))?;
    let recorded = status.migrations.into_iter().filter(|entry| entry.state != State::Pending);
    Ok(recorded.map(|entry| entry.name).collect())
}

/// The path under the new name, with all that follows it: `.rs`, `.up.sql`.
fn moved(path: &Path, name: &str, new: &str) -> PathBuf {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(file.replacen(name, new, 1))
}

/// Renames all files or none, and never onto another.
fn rename(renamed: &[(PathBuf, PathBuf)]) -> anyhow::Result<()> {
    for (index, (from, to)) in renamed.iter().enumerate() {
        let result = match to.exists() {
            true => Err(std::io::ErrorKind::AlreadyExists.into()),
            false => fs::rename(from, to),
        };
        if let Err(error) = result {
            for (from, to) in &renamed[..index] {
                _ = fs::rename(to, from);
            }
            let what = format!("cannot rename `{}` to `{}`", from.display(), to.display());
            return Err(anyhow::Error::new(error).context(what));
        }
    }
    Ok(())
}
