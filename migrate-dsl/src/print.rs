//! The program that a migrations crate is: it prints its plan.

use std::io::Write;
use std::process::ExitCode;

use crate::{Migrations, Plan};

/// Where the caller wants the plan: a file, so that what a migration prints for itself does not
/// get into it. Without it the plan goes to stdout.
const PLAN_FILE: &str = "MIGRATE_PLAN_FILE";

/// Makes the plan of the migrations and prints it as JSON: the whole `main` of a migrations crate.
///
/// # Errors
///
/// Where the plan cannot be written, says so on stderr and exits with 1.
#[expect(clippy::print_stderr, reason = "this is the program's main function")]
pub fn print_plan(migrations: Migrations) -> ExitCode {
    let json = Plan::of(&migrations).to_json();
    let written = match std::env::var_os(PLAN_FILE) {
        Some(file) => std::fs::write(file, json),
        None => std::io::stdout().lock().write_all(json.as_bytes()),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write the plan: {error}");
            ExitCode::FAILURE
        }
    }
}
