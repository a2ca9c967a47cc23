//! How long it takes from an edit to the plan, and what the first build of a new project costs.
//!
//! `cargo run --release -p migrate-tests --bin loop_times` prints the table; it makes projects in
//! a temporary folder and removes them.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_tests::cli::program;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// How often each figure is taken.
const RUNS: usize = 7;

fn main() {
    let program = program();
    println!("{:<44} {:>8} {:>8} {:>8}", "seconds", "median", "least", "most");
    for migrations in [10, 100, 1000, 5000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_project(folder.path(), migrations);
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

/// What the processes that have ended so far have cost.
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

/// Whether a second build of the crate by hand compiles nothing.
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

fn write_project(folder: &Path, migrations: usize) {
    let language = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-dsl");
    let language = language.canonicalize().expect("the language is beside the tests");
    let crate_folder = folder.join("migrations");
    fs::create_dir_all(crate_folder.join("src")).expect("a folder");
    let mut manifest = String::from(
        "[package]\nname = \"migrations\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[workspace.metadata.migrate]\ndir = \".\"\n\n",
    );
    for table in ["dependencies", "build-dependencies"] {
        _ = writeln!(manifest, "[{table}]\nmigrate-dsl = {{ path = {language:?} }}\n");
    }
    let write = |file: &str, text: &str| fs::write(crate_folder.join(file), text).expect("a file");
    write("Cargo.toml", &manifest);
    write("build.rs", "fn main() {\n    migrate_dsl::discover::build();\n}\n");
    write("src/lib.rs", "migrate_dsl::migrations!();\n");
    write(
        "src/main.rs",
        "fn main() -> std::process::ExitCode {\n    migrate_dsl::print_plan(migrations::all())\n}\n",
    );
    for number in 1..=migrations {
        write_migration(folder, number, "first");
    }
}

/// A migration of the usual size.
fn write_migration(folder: &Path, number: usize, column: &str) {
    let (minute, second) = (number / 60, number % 60);
    let file = format!(
        "202601{:02}{:02}{:02}{second:02}_m{number}.rs",
        1 + minute / 1440,
        minute / 60 % 24,
        minute % 60
    );
    let text = format!(
        "use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {{
    pgm.create_table(\"table_{number}\", |t| {{
        t.id();
        t.timestamps();
        t.varchar(\"title\", 120).not_null();
        t.text(\"{column}\");
        t.bigint(\"parent_id\").references(\"table_{number}\", \"id\").on_delete(Cascade);
    }});
    pgm.create_index(\"table_{number}\", [col(\"title\"), col(\"created_at\").desc()]);
    pgm.sql(\"UPDATE table_{number} SET title = ''\").down(\"\");
}}
"
    );
    fs::write(folder.join("migrations/src").join(file), text).expect("a file");
}

fn print(what: &str, figures: &[Duration]) {
    let mut seconds: Vec<_> = figures.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    let (least, most) = (seconds[0], seconds[seconds.len() - 1]);
    println!("{what:<44} {:>8.3} {least:>8.3} {most:>8.3}", seconds[seconds.len() / 2]);
}
