//! `migrate protect`

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::usage::UsageError;
use crate::work::Work;

/// How to protect.
///
/// A name is stored in the database. From then on destructive commands (`down`, `redo`, `goto` and `sync`
/// backwards, `mark --pending`, `restore`, `db drop`, `db reset`) exit with code 5, unless that name
/// is given with `--allow` or in `ALLOW_DDL_IN_PRODUCTION`. So do `up`, `goto` and `sync` where a
/// pending migration loses rows or values for good: `drop_table` and `drop_column` without
/// `keep_data`, `truncate_table`, `purge_table`, `drop_schema` with `cascade`. What raw SQL does is
/// not judged.
#[derive(Debug, Args)]
pub struct ProtectArgs {
    /// The name of this database, such as `production`
    #[arg(value_name = "NAME")]
    name: String,
    /// Remove the protection under this name
    #[arg(long)]
    off: bool,
}

/// What `protect` has done.
#[derive(Serialize)]
struct Summary<'a> {
    /// The name that destructive commands have to be given; none where the database is not protected.
    protected: Option<&'a str>,
    /// Whether that was different before.
    changed: bool,
}

/// Protects the database, or no longer. Needs no files.
pub fn run(args: &ProtectArgs, context: &Context) -> anyhow::Result<Exit> {
    let name = args.name.as_str();
    if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
        return Err(UsageError {
            message: "a name to protect under is not empty, and has no blanks around it".to_owned(),
            help: "write what people call this database: `migrate protect production`".to_owned(),
        }
        .into());
    }
    let mut work = Work::open_without_plan(context, "migrate protect")?;
    work.announce(context)?;
    let mut progress = Progress::new(context.printer);
    let mut observer = |event| progress.show(event);
    let changed = if args.off {
        work.migrator.unprotect(&mut work.session, name, &mut observer)
    } else {
        work.migrator.protect(&mut work.session, name, &mut observer)
    };
    let changed = changed.map_err(|error| work.located(error))?;
    let text = match (args.off, changed) {
        (false, true) => {
            format!("as `{name}`: destructive commands require `--allow` with that name")
        }
        (false, false) => format!("nothing to do: it is protected as `{name}` already"),
        (true, true) => "no name is required any more".to_owned(),
        (true, false) => "nothing to do: it is not protected".to_owned(),
    };
    let verb = match (args.off, changed) {
        (false, true) => "protected",
        (true, true) => "unprotected",
        (_, false) => "done",
    };
    context.printer.step(verb, &text);
    let protected = (!args.off).then_some(name);
    context.printer.summary(&Summary { protected, changed });
    Ok(Exit::Done)
}
