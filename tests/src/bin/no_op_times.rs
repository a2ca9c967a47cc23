//! How long `migrate up` takes with nothing to do, against psql reading the history.
//!
//! `cargo run --release -p migrate-tests --bin no_op_times -- [RUNS]` prints the table: milliseconds,
//! medians of 21 runs in turn without another number, as whole programs.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use migrate_core::cluster::{Cluster, Server};
use migrate_tests::cli::program;
use migrate_tests::environment;
use migrate_tests::large_project::{write_migration, write_pair, write_project};
use postgres::{Client, NoTls};

fn main() -> Result<(), Box<dyn Error>> {
    let runs = std::env::args().nth(1).map_or(Ok(21), |runs| runs.parse())?;
    let folder = tempfile::tempdir()?;
    let mut environment = environment();
    environment.vars.insert("XDG_STATE_HOME".into(), folder.path().display().to_string());
    let cluster = Cluster::for_project(&environment, Path::new("times"))?;
    let server = cluster.start()?;
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>8}",
        "milliseconds", "median", "least", "most", "of psql"
    );
    for (what, migrations, of_sql) in [
        ("1000 files of Rust", 1000, false),
        ("10,000 files of Rust", 10_000, false),
        ("10,000 pairs of files of SQL", 10_000, true),
    ] {
        let project = tempfile::tempdir()?;
        write_project(project.path());
        for number in 1..=migrations {
            match of_sql {
                true => write_pair(project.path(), number),
                false => write_migration(project.path(), number, "first"),
            }
        }
        println!("{what}");
        measure(&server, project.path(), migrations, runs)?;
    }
    cluster.remove()?;
    Ok(())
}

/// Applies all, and prints how long it takes then.
fn measure(
    server: &Server,
    project: &Path,
    migrations: usize,
    runs: usize,
) -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect(&server.url("postgres"), NoTls)?;
    client.batch_execute("DROP DATABASE IF EXISTS times")?;
    client.batch_execute("CREATE DATABASE times")?;
    client.batch_execute("ALTER DATABASE times SET synchronous_commit = off")?;
    let url = server.url("times");
    let plan = project.join("plan.json");
    let migrate = |arguments: &[&str]| {
        let mut migrate = Command::new(program());
        migrate.args(arguments).env("DATABASE_URL", &url).current_dir(project);
        migrate
    };
    milliseconds(&mut migrate(&["bundle", "plan.json"]))?;
    milliseconds(&mut migrate(&["up"]))?;
    let psql = |sql: &str| {
        let mut psql = Command::new(server.bindir.join("psql"));
        psql.args(["-Xq", "-d", &url, "-c", sql]);
        psql
    };
    let mut client = Client::connect(&url, NoTls)?;
    for statement in ["VACUUM (FREEZE, ANALYZE)", "CHECKPOINT"] {
        client.batch_execute(statement)?;
    }
    let rows = "SELECT name, checksum FROM migrations ORDER BY id";
    let mut programs = [
        ("psql, the rows of the history", psql(rows)),
        ("psql, SELECT 1", psql("SELECT 1")),
        ("up --plan", migrate(&["up", "--plan", plan.to_str().unwrap_or_default()])),
        ("up", migrate(&["up"])),
    ];
    let mut times = programs.each_ref().map(|_| Vec::new());
    for _ in 0..runs {
        for ((_, program), times) in programs.iter_mut().zip(&mut times) {
            times.push(milliseconds(program)?);
        }
    }
    let mut of_rows = 1.0;
    for (number, ((what, _), mut times)) in programs.iter().zip(times).enumerate() {
        times.sort_by(f64::total_cmp);
        let [median, least, most] = [times.len() / 2, 0, times.len() - 1].map(|at| times[at]);
        if number == 0 {
            of_rows = median;
        }
        let of = median / of_rows;
        println!("  {what:<42} {median:>8.1} {least:>8.1} {most:>8.1} {of:>8.2}");
    }
    let applied: i64 = client.query_one("SELECT count(*) FROM migrations", &[])?.get(0);
    assert_eq!(usize::try_from(applied)?, migrations);
    fs::remove_file(plan)?;
    Ok(())
}

/// Measures how long a program takes.
fn milliseconds(command: &mut Command) -> std::io::Result<f64> {
    let started = Instant::now();
    let ended =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    assert!(ended.success());
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}
