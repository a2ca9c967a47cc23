//! How long it takes from an edit to the plan, and what the first build of a new project costs.
//!
//! `cargo run --release -p migrate-tests --bin loop_times` prints the table; it makes projects in
//! a temporary folder and removes them.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_tests::cli::program;
use migrate_tests::large_project::{write_migration, write_project};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// How often each figure is taken.
const RUNS: usize = 7;

fn main() {
    let program = program();
    println!("{:<44} {:>8} {:>8} {:>8}", "seconds", "median", "least", "most");
    for migrations in [10, 100, 1000, 5000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_project(folder.path());
        (1..=migrations).for_each(|number| write_migration(folder.path(), number, "first"));
        let (wall, cpu) = plan(program, folder.path());
        let row = |what: &str, figures: &[Duration]| {
            print(&format!("{migrations:>5} migrations: {what}"), figures)
        };
        row("first build, wall", &[wall]);
        row("first build, CPU", &[cpu]);
        let unchanged: Vec<_> = (0..RUNS).map(|_| plan(program, folder.path()).0).collect();
        row("unchanged", &unchanged);
        let edit = |run: usize| {
            write_migration(folder.path(), migrations / 2, &format!("edited_{run}"));
            plan(program, folder.path()).0
        };
        row("one edited", &(0..RUNS).map(edit).collect::<Vec<_>>());
        let add = |run: usize| {
            write_migration(folder.path(), migrations + run + 1, "added");
            plan(program, folder.path()).0
        };
        row("one added", &(0..RUNS).map(add).collect::<Vec<_>>());
        assert_eq!(cargo_does_nothing(folder.path()), Some(true), "a second build is not fresh");
    }
}

/// Makes the plan; how long that took, and what it cost.
fn plan(program: &Path, folder: &Path) -> (Duration, Duration) {
    let (started, before) = (Instant::now(), cpu());
    let status = Command::new(program)
        .args(["plan", "--json"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .expect("the program starts");
    assert!(status.success());
    (started.elapsed(), cpu() - before)
}

/// Returns the CPU time of the processes that have ended so far.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

/// Checks that a second build of the crate by hand compiles nothing.
fn cargo_does_nothing(folder: &Path) -> Option<bool> {
    let build = || {
        let manifest = folder.join("migrations/Cargo.toml");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--manifest-path"]).arg(manifest);
        cargo.output().ok().map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
    };
    build()?;
    Some(!build()?.contains("Compiling"))
}

fn print(what: &str, figures: &[Duration]) {
    let mut seconds: Vec<_> = figures.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    let (least, most) = (seconds[0], seconds[seconds.len() - 1]);
    println!("{what:<44} {:>8.3} {least:>8.3} {most:>8.3}", seconds[seconds.len() / 2]);
}
