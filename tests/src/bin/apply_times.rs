//! How long 1000 migrations take, against psql running the same statements.
//!
//! `cargo run --release -p migrate-tests --bin apply_times -- [PROGRAM ..]` prints the table: seconds,
//! medians of seven runs in turn, on a server that syncs every commit. Each migration is a
//! transaction on either side; psql records nothing. Other builds of `migrate` can be named to be
//! timed beside this one.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use migrate_core::cluster::{Cluster, Server};
use migrate_dsl::{Migration, Migrations, Plan};
use migrate_tests::cli::program;
use migrate_tests::environment;
use postgres::{Client, NoTls};

const RUNS: usize = 7;
const MIGRATIONS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut environment = environment();
    environment.vars.insert("XDG_STATE_HOME".into(), folder.path().display().to_string());
    let cluster = Cluster::for_project(&environment, Path::new("times"))?;
    let server = cluster.start()?;
    let (plan, script) = (folder.path().join("plan.json"), folder.path().join("all.sql"));
    write(&plan, &script)?;
    let programs: Vec<PathBuf> = [program().to_owned()]
        .into_iter()
        .chain(std::env::args_os().skip(1).map(Into::into))
        .collect();
    let mut by_psql = [Vec::new(), Vec::new()];
    let mut by_migrate = vec![[Vec::new(), Vec::new()]; programs.len()];
    for _ in 0..RUNS {
        let database = fresh(&server)?;
        by_psql[0].push(seconds(psql(&server, &database).arg("--file").arg(&script)));
        for (program, times) in programs.iter().zip(&mut by_migrate) {
            let database = fresh(&server)?;
            times[0].push(seconds(&mut migrate(program, &server, &database, &plan)));
            times[1].push(seconds(&mut migrate(program, &server, &database, &plan)));
        }
        let read = "SELECT name, checksum FROM migrations ORDER BY id";
        by_psql[1].push(seconds(psql(&server, &database).args(["--command", read])));
    }
    println!("{:<44} {:>8} {:>8} {:>8}", "seconds", "median", "least", "most");
    let [all, rows] = by_psql;
    let all = print("psql, 1000 transactions", all);
    let rows = print("psql, the 1000 rows of the history", rows);
    for (program, [up, nothing]) in programs.iter().zip(by_migrate) {
        println!("{}", program.file_name().unwrap_or_default().display());
        let up = print("  up, 1000 migrations", up);
        let nothing = print("  up, nothing to do", nothing);
        println!("  1000 migrations: {:.2} of psql", up / all);
        println!("  nothing to do: {:.2} of psql", nothing / rows);
    }
    cluster.remove()?;
    Ok(())
}

/// The plan, and the same as a file for psql.
fn write(plan: &Path, script: &Path) -> std::io::Result<()> {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut sql = String::new();
    let migrations = (0..MIGRATIONS).map(|number| {
        let name = leak(format!("20260101{:02}{:02}{:02}_m{number}", 0, number / 60, number % 60));
        let up = leak(format!(
            "CREATE TABLE t{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);\n\
             CREATE INDEX t{number}_title ON t{number} (title)"
        ));
        _ = writeln!(sql, "BEGIN;\n{up};\nCOMMIT;");
        Migration::sql(name, name, name, up, None)
    });
    let migrations = migrations.collect();
    fs::write(plan, Plan::of(&Migrations::new("", "", migrations)).to_json())?;
    fs::write(script, sql)
}

/// An empty database, in the place of the last one.
fn fresh(server: &Server) -> Result<String, postgres::Error> {
    let mut client = Client::connect(&server.url("postgres"), NoTls)?;
    client.batch_execute("DROP DATABASE IF EXISTS times")?;
    client.batch_execute("CREATE DATABASE times")?;
    client.batch_execute("CHECKPOINT")?;
    Ok(server.url("times"))
}

fn psql(server: &Server, database: &str) -> Command {
    let mut psql = Command::new(server.bindir.join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", database]);
    psql
}

fn migrate(program: &Path, server: &Server, database: &str, plan: &Path) -> Command {
    let mut migrate = Command::new(program);
    migrate.args(["up", "--plan"]).arg(plan).env("DATABASE_URL", database);
    migrate.current_dir(&server.data);
    migrate
}

/// Measures how long a program takes.
fn seconds(command: &mut Command) -> f64 {
    let started = Instant::now();
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(ended.expect("the program starts").success());
    started.elapsed().as_secs_f64()
}

fn print(what: &str, mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    let median = figures[figures.len() / 2];
    println!("{what:<44} {median:>8.3} {least:>8.3} {most:>8.3}");
    median
}
