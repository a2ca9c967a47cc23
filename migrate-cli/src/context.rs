//! What every command gets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use migrate_core::Environment;

use crate::printer::Printer;
use crate::settings::Overrides;

/// Flags that every command has.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Flags that win over the project's settings.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Take the plan from a file, made with `migrate plan --json`, instead of the migrations crate
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
    /// above it count, but those of the process win.
    pub fn of_process(global: Global) -> anyhow::Result<Self> {
        let printer = Printer::new(global.json);
        let mut vars = BTreeMap::new();
        match dotenvy::dotenv_iter() {
            Ok(file) => {
                for pair in file {
                    // The parser's error quotes the line, and that may be one with a password.
                    let (name, value) = pair.map_err(|_| {
                        anyhow::anyhow!("`.env` has a line that is not `NAME=value`")
                    })?;
                    vars.insert(name, value);
                }
            }
            Err(error) if error.not_found() => {}
            Err(_) => anyhow::bail!("`.env` cannot be read"),
        }
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        vars.extend(std::env::vars_os().filter_map(utf8));
        let environment =
            Environment { vars, home: std::env::home_dir(), current_dir: std::env::current_dir()? };
        Ok(Self { environment, printer, global })
    }
}
