//! How long a captured step takes as its schema grows, and how much memory the program needs.
//!
//! `cargo run --release -p migrate-tests --bin growth_times` prints the table: `up` and `down` of one
//! migration and the reading of the whole catalog, seconds, and the most memory that `migrate` used,
//! MB; each the median of `RUNS` runs (three without it). Arguments choose cases and sizes:
//! `partitions=500,2000 references=5000`. With `ONLY=up` nothing is reverted.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_dsl::{Migrations, Plan};
use migrate_tests::cli::program;
use migrate_tests::growth::{ALL, Growing};
use migrate_tests::{catalog, environment, knob, migration};
use postgres::{Client, NoTls};

fn main() -> Result<(), Box<dyn Error>> {
    // It is built before anything is measured.
    _ = program();
    let runs = knob("RUNS").unwrap_or(3);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let chosen = |case: &Growing| {
        let sizes = arguments.iter().filter_map(|argument| {
            let (name, sizes) = argument.split_once('=')?;
            (name == case.name).then(|| sizes.split(',').map(|size| size.parse::<usize>()))
        });
        sizes.flatten().collect::<Result<Vec<_>, _>>()
    };
    // 10,000 partitions and their indexes are locked at once.
    let server = TemporaryCluster::start_with(&environment(), |cluster| {
        cluster
            .with_setting("max_locks_per_transaction", "4096")
            .with_setting("shared_buffers", "1GB")
            .with_setting("fsync", "off")
            .with_setting("autovacuum", "off")
    })?;
    println!("{:<44} {:>8} {:>8} {:>8}", "seconds; MB", "median", "least", "most");
    for case in ALL {
        let sizes = if arguments.is_empty() { case.sizes.to_vec() } else { chosen(case)? };
        for size in sizes {
            measure(&server, case, size, runs)?;
        }
    }
    let sizes = arguments.iter().filter_map(|argument| argument.strip_prefix("catalog="));
    for size in sizes.flat_map(|sizes| sizes.split(',')) {
        measure_catalog(&server, size.parse()?, runs)?;
    }
    if arguments.is_empty() {
        measure_catalog(&server, 500, runs)?;
        measure_catalog(&server, 5000, runs)?;
    }
    Ok(())
}

fn measure(
    server: &TemporaryCluster,
    case: &Growing,
    size: usize,
    runs: usize,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let plan = folder.path().join("plan.json");
    let migrations = vec![migration("20260101000000_step", case.up)];
    fs::write(&plan, Plan::of(&Migrations::new("", "", migrations)).to_json())?;
    prepare(server, &(case.schema)(size))?;
    let mut figures: [Vec<f64>; 4] = Default::default();
    for _ in 0..runs {
        administer(server, "CREATE DATABASE growth TEMPLATE growth_template")?;
        let (up, most) = migrate(server, &plan, "up");
        figures[0].push(up.as_secs_f64());
        figures[1].push(most);
        if std::env::var_os("ONLY").is_none_or(|only| only != "up") {
            let (down, most) = migrate(server, &plan, "down");
            figures[2].push(down.as_secs_f64());
            figures[3].push(most);
        }
        administer(server, "DROP DATABASE growth")?;
    }
    let names = ["up", "up, MB", "down", "down, MB"];
    for (name, figures) in names.iter().zip(figures).filter(|(_, figures)| !figures.is_empty()) {
        print(&format!("{}, {size}: {name}", case.name), figures);
    }
    Ok(())
}

fn measure_catalog(
    server: &TemporaryCluster,
    size: usize,
    runs: usize,
) -> Result<(), Box<dyn Error>> {
    prepare(server, &migrate_tests::growth::tables(size))?;
    let url = server.url("growth_template");
    let (mut read, mut dumped) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let started = Instant::now();
        let mut client = Client::connect(&url, NoTls)?;
        assert!(catalog(&mut client, &[]).lines().count() > size);
        read.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        let dump = Command::new(server.server().bindir.join("pg_dump"))
            .args(["--schema-only", "--dbname", &url])
            .stdout(Stdio::null())
            .status()?;
        assert!(dump.success());
        dumped.push(started.elapsed().as_secs_f64());
    }
    print(&format!("the whole catalog, {size} tables"), read);
    print(&format!("pg_dump --schema-only, {size} tables"), dumped);
    Ok(())
}

/// Makes the database that every run gets a copy of.
fn prepare(server: &TemporaryCluster, schema: &[String]) -> Result<(), Box<dyn Error>> {
    administer(server, "DROP DATABASE IF EXISTS growth_template")?;
    administer(server, "CREATE DATABASE growth_template")?;
    let mut client = Client::connect(&server.url("growth_template"), NoTls)?;
    schema.iter().try_for_each(|sql| client.batch_execute(sql))?;
    Ok(())
}

fn administer(server: &TemporaryCluster, sql: &str) -> Result<(), postgres::Error> {
    Client::connect(&server.url("postgres"), NoTls)?.batch_execute(sql)
}

/// Runs the program; how long it took, and the most memory that it had, in MB.
fn migrate(server: &TemporaryCluster, plan: &Path, command: &str) -> (Duration, f64) {
    let started = Instant::now();
    let mut child = Command::new(program())
        .args([command, "--plan"])
        .arg(plan)
        .env("DATABASE_URL", server.url("growth"))
        .current_dir(plan.parent().expect("the plan is in a folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut most = 0.0;
    let ended = loop {
        most = memory(child.id()).unwrap_or(most);
        match child.try_wait().expect("the program can be asked") {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(ended.success(), "migrate {command}: {ended}");
    (started.elapsed(), most)
}

/// The most memory that a process has had so far, in MB; none if it has ended.
fn memory(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = most.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn print(what: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    println!("{what:<44} {:>8.2} {least:>8.2} {most:>8.2}", figures[figures.len() / 2]);
}
