//! What every command gets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use migrate_core::Environment;

use crate::actor::account;
use crate::dotenv::{self, Found, Variables};
use crate::printer::Printer;
use crate::project::shown;
use crate::settings::Overrides;
use crate::usage::UsageError;

/// Flags that every command has.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Flags that win over the project's settings.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Read the plan from a file made with `migrate bundle` instead of the migrations crate
    #[arg(long, value_name = "FILE", global = true)]
    pub plan: Option<PathBuf>,
    /// Print JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
}

/// What every command gets: the outside, the flags that all commands have, and where to print.
pub struct Context {
    /// Variables, home and working folder; `.env` is read into it already.
    pub environment: Environment,
    /// The one that prints.
    pub printer: Printer,
    /// The flags that all commands have.
    pub global: Global,
}

impl Context {
    /// The outside as this process sees it. Variables of a `.env` file in the working folder or
    /// above it, within the repository, count, but those of the process win.
    pub fn of_process(global: Global) -> anyhow::Result<Self> {
        let printer = Printer::new(global.json);
        let current_dir = std::env::current_dir()?;
        let mut vars = BTreeMap::new();
        let home = std::env::home_dir();
        let found = dotenv::find(&current_dir, home.as_deref(), &dotenv::trusted_users());
        if let Found::Foreign { path, owner } = &found {
            printer.warning(&format!(
                "`{}` is not read: it belongs to another user, {}; if you trust what it says, make \
                 it yours with `chown`, or set its variables yourself",
                shown(path, &current_dir),
                user(*owner)
            ));
        }
        if let Found::Pipe(path) = &found {
            printer.warning(&format!(
                "`{}` is not read: it is a named pipe; put a file in its place, or set its variables \
                 yourself",
                shown(path, &current_dir)
            ));
        }
        if let Found::File(path) = found {
            let shown = shown(&path, &current_dir);
            let text = std::fs::read(&path).with_context(|| format!("cannot read `{shown}`"))?;
            let variables = Variables::read(&text);
            for line in variables.skipped {
                // Not the line itself: it may be one with a password.
                printer.warning(&format!("`{shown}:{line}` is not `NAME=value`, and is skipped"));
            }
            vars.extend(variables.pairs);
        }
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => _ = vars.insert(name, value),
                // To pass over one that names the database would mean another database.
                Err(_)
                    if name.starts_with("PG") || ["DATABASE_URL", "DB_URL"].contains(&&*name) =>
                {
                    let message = format!("the variable `{name}` is not UTF-8");
                    let help =
                        "percent-encode non-ASCII characters in a URL, `é` as `%C3%A9`".to_owned();
                    return Err(UsageError { message, help }.into());
                }
                Err(_) => {}
            }
        }
        let account = account();
        let environment = Environment { vars, account, home, current_dir };
        Ok(Self { environment, printer, global })
    }
}

/// The name of a user, where it has one.
fn user(id: u32) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(id)).ok().flatten();
    user.map_or_else(|| format!("number {id}"), |user| format!("`{}`", user.name))
}
