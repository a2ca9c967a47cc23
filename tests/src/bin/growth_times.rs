//! How long a captured step takes as its schema grows, and how much memory the program needs.
//!
//! `TMPDIR=/dev/shm cargo run --release -p migrate-tests --bin growth_times` prints tables: `up` and
//! `down` of one migration, seconds, beside what the server alone needs for the same, and the most
//! memory that `migrate` had; a captured step beside many other schemas; and the reading of the whole
//! catalog. For `up`, the server alone is a plain client that runs the statements of the step; for
//! `down` of what was dropped as a whole, it is psql with what `pg_dump --schema-only` has written.
//!
//! Each figure is the median of `RUNS` runs in turn (three without it; one of what takes more than a
//! minute). Arguments choose cases and sizes: `partitions=500,10000 references=5000 catalog=500`. With
//! `ONLY=up` nothing is reverted. In `TMPDIR`, the server's data is in memory: otherwise most of the time
//! is that of a disk which makes and deletes thousands of files.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_dsl::{Migrations, Plan};
use migrate_tests::cli::program;
use migrate_tests::growth::{ALL, Growing, STEPS, tables};
use migrate_tests::{catalog, environment, knob, migration};
use postgres::{Client, NoTls};

/// The sizes of the whole catalog.
const CATALOG: &[usize] = &[500, 5000];

/// After this long a case is not run once more.
const LONG: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    // It is built before anything is measured.
    _ = program();
    let sizes = Sizes(std::env::args().skip(1).collect());
    let bench = Bench {
        // 10,000 partitions and their indexes are locked at once.
        server: TemporaryCluster::start_with(&environment(), |cluster| {
            cluster
                .with_setting("max_locks_per_transaction", "4096")
                .with_setting("shared_buffers", "1GB")
                .with_setting("fsync", "off")
                .with_setting("autovacuum", "off")
        })?,
        runs: knob("RUNS").unwrap_or(3),
        only_up: std::env::var_os("ONLY").is_some_and(|only| only == "up"),
    };
    println!("| | `up`, s | the server alone | MB | `down`, s | psql, of pg_dump's | MB |");
    println!("|---|---|---|---|---|---|---|");
    for case in ALL {
        for size in sizes.of(case.name, case.sizes)? {
            let figures = bench.measure(case, size)?;
            println!("| {}, {size} | {} |", case.name, figures.map(show).join(" | "));
        }
    }
    println!("\n| | ms for each step of `up` | the server alone |\n|---|---|---|");
    for size in sizes.of(STEPS.name, STEPS.sizes)? {
        let [up, alone, ..] = bench.measure(&STEPS, size)?;
        let each = |seconds: Vec<f64>| {
            let steps = STEPS.statements().len() as f64;
            show(seconds.into_iter().map(|seconds| seconds * 1000.0 / steps).collect())
        };
        println!("| {}, {size} | {} | {} |", STEPS.name, each(up), each(alone));
    }
    println!("\n| tables | the whole catalog, s | pg_dump --schema-only |\n|---|---|---|");
    for size in sizes.of("catalog", CATALOG)? {
        let [read, dumped] = bench.measure_catalog(size)?;
        println!("| {size} | {} | {} |", show(read), show(dumped));
    }
    Ok(())
}

/// What was chosen by arguments.
struct Sizes(Vec<String>);

impl Sizes {
    fn of(&self, name: &str, usual: &[usize]) -> Result<Vec<usize>, Box<dyn Error>> {
        if self.0.is_empty() {
            return Ok(usual.to_vec());
        }
        let chosen = self.0.iter().filter_map(|argument| argument.strip_prefix(name));
        let sizes = chosen.filter_map(|sizes| sizes.strip_prefix('=')).flat_map(|it| it.split(','));
        Ok(sizes.map(str::parse).collect::<Result<_, _>>()?)
    }
}

struct Bench {
    server: TemporaryCluster,
    runs: usize,
    only_up: bool,
}

impl Bench {
    /// The time and memory of `up`, and those of `down`, the time of the server alone beside each.
    fn measure(&self, case: &Growing, size: usize) -> Result<[Vec<f64>; 6], Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let plan = folder.path().join("plan.json");
        let migrations = vec![migration("20260101000000_step", case.up)];
        fs::write(&plan, Plan::of(&Migrations::new("", "", migrations)).to_json())?;
        let statements = case.statements();
        self.prepare(&(case.schema)(size))?;
        let dump = folder.path().join("schema.sql");
        self.dump(&dump)?;
        let mut figures: [Vec<f64>; 6] = Default::default();
        let [up, alone, up_memory, down, restored, down_memory] = &mut figures;
        let began = Instant::now();
        for run in 0..self.runs {
            if run > 0 && began.elapsed() > LONG {
                break;
            }
            self.copy("TEMPLATE growth_template")?;
            let (time, most) = self.migrate(&plan, "up");
            up.push(time);
            up_memory.push(most);
            if !self.only_up {
                let (time, most) = self.migrate(&plan, "down");
                down.push(time);
                down_memory.push(most);
            }
            self.copy("TEMPLATE growth_template")?;
            let started = Instant::now();
            let mut client = Client::connect(&self.server.url("growth"), NoTls)?;
            let mut transaction = client.transaction()?;
            for statement in &statements {
                transaction.batch_execute(&statement.sql)?;
            }
            transaction.commit()?;
            alone.push(started.elapsed().as_secs_f64());
            drop(client);
            if case.drops_all && !self.only_up {
                self.copy("")?;
                restored.push(self.restore(&dump)?);
            }
        }
        self.administer("DROP DATABASE growth")?;
        Ok(figures)
    }

    fn measure_catalog(&self, size: usize) -> Result<[Vec<f64>; 2], Box<dyn Error>> {
        self.prepare(&tables(size))?;
        let (mut read, mut dumped) = (Vec::new(), Vec::new());
        for _ in 0..self.runs {
            let started = Instant::now();
            let mut client = Client::connect(&self.server.url("growth_template"), NoTls)?;
            assert!(catalog(&mut client, &[]).lines().count() > size);
            read.push(started.elapsed().as_secs_f64());
            drop(client);
            let started = Instant::now();
            self.dump(Path::new("/dev/null"))?;
            dumped.push(started.elapsed().as_secs_f64());
        }
        Ok([read, dumped])
    }

    /// Makes the database that every run gets a copy of, with the statistics that autovacuum would have
    /// gathered.
    fn prepare(&self, schema: &[String]) -> Result<(), Box<dyn Error>> {
        self.administer("DROP DATABASE IF EXISTS growth_template")?;
        self.administer("CREATE DATABASE growth_template")?;
        let mut client = Client::connect(&self.server.url("growth_template"), NoTls)?;
        schema.iter().try_for_each(|sql| client.batch_execute(sql))?;
        client.batch_execute("ANALYZE")?;
        Ok(())
    }

    /// Creates the database of a run; outstanding writes of the previous one are flushed.
    fn copy(&self, options: &str) -> Result<(), postgres::Error> {
        self.administer("DROP DATABASE IF EXISTS growth")?;
        self.administer(&format!("CREATE DATABASE growth {options}"))?;
        self.administer("CHECKPOINT")
    }

    fn administer(&self, sql: &str) -> Result<(), postgres::Error> {
        Client::connect(&self.server.url("postgres"), NoTls)?.batch_execute(sql)
    }

    fn dump(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let mut pg_dump = Command::new(self.server.server().bindir.join("pg_dump"));
        pg_dump.args(["--schema-only", "--dbname", &self.server.url("growth_template")]);
        let dumped = pg_dump.arg("--file").arg(file).status()?;
        assert!(dumped.success(), "pg_dump: {dumped}");
        Ok(())
    }

    fn restore(&self, file: &Path) -> Result<f64, Box<dyn Error>> {
        let mut psql = Command::new(self.server.server().bindir.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]);
        psql.args(["--dbname", &self.server.url("growth"), "--file"]).arg(file);
        let started = Instant::now();
        // It warns of publications on a server that does not publish.
        psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let restored = psql.status()?;
        assert!(restored.success(), "psql: {restored}");
        Ok(started.elapsed().as_secs_f64())
    }

    /// Runs the program; how many seconds it took, and the most memory that it had, in MB.
    fn migrate(&self, plan: &Path, command: &str) -> (f64, f64) {
        let started = Instant::now();
        let mut child = Command::new(program())
            .args([command, "--plan"])
            .arg(plan)
            .env("DATABASE_URL", self.server.url("growth"))
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
        (started.elapsed().as_secs_f64(), most)
    }
}

/// The most memory that a process has had so far, in MB; none if it has ended.
fn memory(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = most.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// The median, the least and the most.
fn show(mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    match figures.as_slice() {
        [] => String::new(),
        [only] => format!("{only:.2}"),
        all @ [least, .., most] => {
            format!("{:.2} ({least:.2} to {most:.2})", all[all.len() / 2])
        }
    }
}
