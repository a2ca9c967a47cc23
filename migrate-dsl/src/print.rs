//! The program that a migrations crate is: it prints its plan, and runs functions of it.

use std::env;
use std::io::Write;
use std::process::{ExitCode, exit};

use crate::serve::serve;
use crate::{Migrations, Plan};

/// Where the caller wants the plan: a file, so that what a migration prints for itself does not
/// get into it. Without it the plan goes to stdout.
const PLAN_FILE: &str = "MIGRATE_PLAN_FILE";
/// The socket of an engine that wants a function to be run, and no plan.
const FUNCTION_SOCKET: &str = "MIGRATE_FUNCTION_SOCKET";

/// Makes the plan of the migrations and prints it as JSON: the whole `main` of a migrations crate.
///
/// For an engine that applies a migration with [`Pgm::rust`](crate::Pgm::rust), it runs that
/// function.
///
/// # Errors
///
/// Where the plan cannot be written, says so on stderr and exits with 1.
#[expect(clippy::print_stderr, reason = "this is the program's main function")]
pub fn print_plan(migrations: Migrations) -> ExitCode {
    if let Some(socket) = env::var_os(FUNCTION_SOCKET) {
        return match serve(&migrations, &socket, gone) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: cannot speak with `migrate`: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let json = Plan::of(&migrations).to_json();
    let written = match env::var_os(PLAN_FILE) {
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

#[expect(clippy::exit, reason = "without an engine there is nothing left to do for a function")]
fn gone() {
    exit(1);
}
