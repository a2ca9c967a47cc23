//! `migrate backup`

use clap::Args;
use migrate_core::backup::Place;
use migrate_core::{BackupBefore, Event};
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::usage::UsageError;
use crate::usage::at_least_one;
use crate::work::Work;

/// Where to back up to.
///
/// `pg_dump -Fc` writes the backup, and `pg_restore` reads it to its end before it counts. With
/// `BACKUP_BEFORE_MIGRATE=1`, or a folder in its place, `migrate up` makes one before it applies
/// anything.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file, or a folder for one with a name of its own; a folder of this database in the state
    /// folder (`~/.local/state/migrate/backups`) without it
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// Keep the newest N backups of this database in that directory and remove the others
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    keep: Option<usize>,
}

/// What `backup` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The file.
    file: &'a str,
    /// Its size.
    bytes: u64,
    /// The files of older backups that were removed.
    removed: &'a [String],
}

/// Backs the database up, and prints the path of the backup. Needs no files.
pub fn run(args: &BackupArgs, context: &Context) -> anyhow::Result<Exit> {
    let environment = &context.environment;
    let named = args.file.as_ref().map(|file| Place::named(file, environment));
    if let (Some(Place::File(_)), Some(_)) = (&named, args.keep) {
        return Err(UsageError {
            message: "`--keep` is for a folder of backups, and this is a file".to_owned(),
            help: "name the folder, with a slash at its end".to_owned(),
        }
        .into());
    }
    let mut work = Work::open_without_plan(context, "migrate backup")?;
    let place = match named {
        Some(place) => place,
        None => Place::usual(environment, work.session.target())?,
    };
    work.announce(context)?;
    let mut progress = Progress::new(context.printer);
    work.at_work(&progress, context);
    let mut removed = Vec::new();
    let mut observer = |event: Event| {
        if let Event::Pruned { files } = &event {
            removed.extend(files.iter().map(|file| file.display().to_string()));
        }
        progress.show(event);
    };
    let backup =
        work.migrator.backup(&mut work.session, &place, args.keep, environment, &mut observer);
    let backup = backup.map_err(|error| work.located(error))?;
    let file = backup.file.display().to_string();
    context.printer.data(&file);
    context.printer.summary(&Summary { file: &file, bytes: backup.bytes, removed: &removed });
    Ok(Exit::Done)
}

/// Has a backup made before anything is applied, where `BACKUP_BEFORE_MIGRATE` says so.
pub fn before_migrate(work: Work, context: &Context) -> anyhow::Result<Work> {
    let environment = &context.environment;
    let place = match environment.var("BACKUP_BEFORE_MIGRATE").map(str::trim) {
        None | Some("" | "0" | "false" | "no" | "off") => return Ok(work),
        Some("1" | "true" | "yes" | "on") => Place::usual(environment, work.session.target())?,
        Some(folder) => Place::Folder(environment.current_dir.join(folder)),
    };
    let backup = BackupBefore { place, environment: environment.clone() };
    Ok(work.backup_before(backup))
}
