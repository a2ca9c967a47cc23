//! How long others wait while `migrate up` gets an `ALTER TABLE` through behind an old read.
//!
//! `cargo run --release -p migrate-tests --bin side_load_times` prints the table. On a table are 8
//! readers and 200 writes a second. First the longest that one of them takes is measured without
//! anything else, then for as long while a transaction that has read the table stays open for three
//! seconds and the program applies an `ALTER TABLE`. Each figure is the median of five runs, in
//! milliseconds; the last row is the same `ALTER TABLE` by hand.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_dsl::{Migration, Migrations, Plan};
use migrate_tests::cli::program;
use migrate_tests::environment;
use migrate_tests::process::eventually;
use postgres::{Client, NoTls};
use tempfile::TempDir;

const RUNS: usize = 5;
const READERS: u64 = 8;
/// Each writes a hundred times a second.
const WRITERS: u64 = 2;
const ROWS: u64 = 10_000;
/// How long the old read stays open.
const HELD: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<44} {:>8} {:>8} {:>8}", "the longest wait, in ms", "median", "least", "most");
    for (role, autovacuum) in
        [("postgres", false), ("plain", false), ("postgres", true), ("plain", true)]
    {
        let with = if autovacuum { ", autovacuum at work" } else { "" };
        let bench = Bench::new(autovacuum)?;
        let runs: Vec<_> = (1..=RUNS).map(|run| bench.run(|| bench.migrate(role, run))).collect();
        let who = if role == "postgres" { "a superuser" } else { "a plain role" };
        print(&format!("{who}{with}: before"), runs.iter().map(|run| run.0).collect());
        print(&format!("{who}{with}: during"), runs.iter().map(|run| run.1).collect());
        print(&format!("{who}{with}: more"), runs.iter().map(|run| run.1 - run.0).collect());
    }
    let bench = Bench::new(false)?;
    let by_hand = || bench.client("postgres").batch_execute("ALTER TABLE t ADD COLUMN m int");
    print("by hand: during", vec![bench.run(|| by_hand().expect("it gets its lock")).1]);
    Ok(())
}

/// A server with a table and its load, of which somebody may be in the way.
struct Bench {
    server: TemporaryCluster,
    folder: TempDir,
    autovacuum: bool,
}

/// The work that goes on beside the migration.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    /// The longest that a statement has taken, in microseconds.
    longest: AtomicU64,
}

impl Bench {
    fn new(autovacuum: bool) -> Result<Self, Box<dyn Error>> {
        let server = TemporaryCluster::start_with(&environment(), |cluster| {
            cluster.with_setting("autovacuum_naptime", "1s")
        })?;
        let bench = Self { server, folder: tempfile::tempdir()?, autovacuum };
        let vacuum = if autovacuum {
            "autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, \
             autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
        } else {
            "autovacuum_enabled = off"
        };
        bench.client("postgres").batch_execute(&format!(
            "CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA public TO plain; \
             CREATE TABLE t (id int PRIMARY KEY, n int, filler text) WITH ({vacuum}); \
             INSERT INTO t SELECT n, 0, repeat('x', 100) FROM generate_series(1, {ROWS}) n; \
             ALTER TABLE t OWNER TO plain"
        ))?;
        Ok(bench)
    }

    fn url(&self, role: &str) -> String {
        self.server.url("postgres").replace("user=postgres", &format!("user={role}"))
    }

    fn client(&self, role: &str) -> Client {
        Client::connect(&self.url(role), NoTls).expect("the server takes connections")
    }

    /// The longest wait without and with `work` behind an old read, in milliseconds.
    fn run(&self, work: impl FnOnce()) -> (f64, f64) {
        let load = Load::default();
        std::thread::scope(|scope| {
            for number in 0..READERS + WRITERS {
                let load = &load;
                scope.spawn(move || load.work(self.client("postgres"), number));
            }
            std::thread::sleep(Duration::from_millis(500));
            load.longest.store(0, Ordering::SeqCst);
            std::thread::sleep(HELD);
            let before = load.longest();

            let mut holder = self.client("postgres");
            if self.autovacuum {
                self.until_autovacuum_comes();
            }
            holder.batch_execute("BEGIN; SELECT n FROM t LIMIT 1").expect("a read");
            load.longest.store(0, Ordering::SeqCst);
            let opened = Instant::now();
            scope.spawn(move || {
                std::thread::sleep(HELD);
                holder.batch_execute("COMMIT").expect("a commit");
            });
            work();
            assert!(opened.elapsed() >= HELD, "nothing was in the way");
            // Those that still wait are to be counted.
            std::thread::sleep(Duration::from_millis(100));
            let during = load.longest();
            load.over.store(true, Ordering::SeqCst);
            (before, during)
        })
    }

    fn until_autovacuum_comes(&self) {
        let at_work = "SELECT FROM pg_stat_progress_vacuum v JOIN pg_stat_activity a USING (pid) \
                       WHERE v.relid = 't'::regclass AND a.backend_type = 'autovacuum worker'";
        let mut client = self.client("postgres");
        eventually("autovacuum comes", || {
            client.query_opt(at_work, &[]).is_ok_and(|row| row.is_some())
        });
    }

    /// Applies one more migration.
    fn migrate(&self, role: &str, run: usize) {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let migrations = (1..=run).map(|number| {
            let name = leak(format!("2026010100000{number}_c{number}"));
            let up = leak(format!("ALTER TABLE t ADD COLUMN c{number} int"));
            Migration::sql(name, name, name, up, None)
        });
        let plan = Plan::of(&Migrations::new("", "", migrations.collect()));
        let file = self.folder.path().join("plan.json");
        fs::write(&file, plan.to_json()).expect("a file");
        let mut migrate = Command::new(program());
        migrate.args(["up", "--plan"]).arg(&file).env("DATABASE_URL", self.url(role));
        let said = migrate.stdin(Stdio::null()).output().expect("the program starts");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
}

impl Load {
    /// The longest wait so far, in milliseconds.
    fn longest(&self) -> f64 {
        Duration::from_micros(self.longest.load(Ordering::SeqCst)).as_secs_f64() * 1000.0
    }

    fn work(&self, mut client: Client, number: u64) {
        let reads = number < READERS;
        let pause = Duration::from_millis(if reads { 5 } else { 10 });
        let mut row = number;
        while !self.over.load(Ordering::SeqCst) {
            row = (row + 7919) % ROWS;
            let sql = match reads {
                true => format!("SELECT n FROM t WHERE id = {row}"),
                false => format!("UPDATE t SET n = n + 1 WHERE id = {row}"),
            };
            let started = Instant::now();
            client.batch_execute(&sql).expect("the load goes on");
            let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.longest.fetch_max(took, Ordering::SeqCst);
            std::thread::sleep(pause);
        }
    }
}

fn print(what: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    let (least, most) = (figures[0], figures[figures.len() - 1]);
    println!("{what:<44} {:>8.1} {least:>8.1} {most:>8.1}", figures[figures.len() / 2]);
}
