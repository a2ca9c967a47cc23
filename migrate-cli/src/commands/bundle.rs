//! `migrate bundle`

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use migrate_core::plan::PlanFile;
use migrate_core::plan::bundle::Bundle;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::planned::Planned;
use crate::printer;
use crate::render::Located;
use crate::usage::Refusal;
use crate::work::settings;

/// Where to write to.
///
/// The bundle has the plan, the name of the history, and a digest: `--plan FILE` refuses one that
/// was cut or changed on the way.
#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The file
    #[arg(value_name = "FILE", default_value = "migrations-bundle.json")]
    file: String,
}

/// What `bundle` has written.
#[derive(Serialize)]
struct Summary<'a> {
    /// The file.
    file: &'a str,
    /// The SHA-256 of its plan.
    digest: &'a str,
    /// How many are in it.
    migrations: usize,
}

/// Writes the plan into a file, and prints its path. Needs no database.
pub fn run(args: &BundleArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = settings(context)?;
    let Planned { plan, history, folder, git_commit } = Planned::of(context, settings.as_ref())?;
    let problems = plan.migrations.iter().flat_map(|migration| {
        let problems = migration.problems.iter().cloned();
        problems.map(|problem| (migration.name.clone(), problem))
    });
    let problems: Vec<_> = problems.collect();
    if !problems.is_empty() {
        return Err(Located { error: migrate_core::Error::Problems(problems), folder }.into());
    }
    if let Some(function) = plan.migrations.iter().find_map(|it| it.functions().next()) {
        return Err(Refusal {
            message: format!(
                "`{}` runs the Rust function `{}`, which a bundle cannot carry",
                function.migration, function.name
            ),
            help:
                "apply it where the crate of the migrations is, or from an application that links \
                   it (`Migrator::embedded`)"
                    .to_owned(),
        }
        .into());
    }
    let count = plan.migrations.len();
    let plan = PlanFile { plan, history: Some(history) };
    let bundle = Bundle::of(&plan, git_commit, env!("CARGO_PKG_VERSION"))?;
    let path = context.environment.current_dir.join(&args.file);
    write(&path, &format!("{}\n", bundle.to_json()))
        .with_context(|| format!("cannot write `{}`", args.file))?;
    let digest = &bundle.digest;
    context
        .printer
        .step("bundled", &format!("{}, sha256 {digest}", printer::count(count, "migration")));
    context.printer.data(&args.file);
    context.printer.summary(&Summary { file: &args.file, digest, migrations: count });
    Ok(Exit::Done)
}

/// Writes a file whole, in the place of an older one, or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.inspect_err(|_| _ = fs::remove_file(&partial))
}
