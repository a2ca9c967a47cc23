//! How long other sessions wait while `migrate up` runs an `ALTER TABLE` behind an old read.
//!
//! `cargo run --release -p migrate-tests --bin side_load_times` prints the table. On a table are 8
//! readers and 200 writes a second. First the longest that one of them takes is measured without any
//! disturbance, then for as long while a transaction that has read the table stays open for three
//! seconds and the program applies an `ALTER TABLE`. Then the same with work before the `ALTER TABLE`
//! in its transaction, for which no session has to wait. Each figure is the median of five runs, in
//! milliseconds; the last row is the same `ALTER TABLE` by hand. `RUNS=100` makes that many runs, and
//! `ONLY=work` only the rows that have that in their names.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_dsl::{Migrations, Pgm, Plan};
use migrate_tests::cli::program;
use migrate_tests::process::eventually;
use migrate_tests::{environment, knob, migration};
use postgres::{Client, NoTls};
use tempfile::TempDir;

const READERS: u64 = 8;
/// Each writes a hundred times a second.
const WRITERS: u64 = 2;
const ROWS: u64 = 10_000;
/// How long the old read stays open.
const HELD: Duration = Duration::from_secs(3);

/// What is applied while another session is in the way.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    up: fn(&mut Pgm),
    role: &'static str,
    autovacuum: bool,
    /// How long the work takes that comes before the lock.
    work: Duration,
}

const fn case(name: &'static str, up: fn(&mut Pgm), work: u64) -> Case {
    Case { name, up, role: "postgres", autovacuum: false, work: Duration::from_millis(work) }
}

const CASES: [Case; 9] = [
    case("a superuser", add, 0),
    Case { role: "plain", ..case("a plain role", add, 0) },
    Case { autovacuum: true, ..case("a superuser, autovacuum at work", add, 0) },
    Case { autovacuum: true, role: "plain", ..case("a plain role, autovacuum at work", add, 0) },
    case("0.3 s of work before it", |pgm| work(pgm, "0.3"), 300),
    case("3 s of work before it", |pgm| work(pgm, "3"), 3000),
    case("6 s of work before it", |pgm| work(pgm, "6"), 6000),
    case("an ALTER of another table, 1 s of work, it", between, 1000),
    case("1 s of work, a captured drop", captured, 1000),
];

fn add(pgm: &mut Pgm) {
    pgm.sql("ALTER TABLE t ADD COLUMN c int; ALTER TABLE t DROP COLUMN c").down("");
}

/// A backfill of another table.
fn work(pgm: &mut Pgm, seconds: &str) {
    pgm.sql(format!("UPDATE other SET n = n + 1 FROM pg_sleep({seconds})")).down("");
    add(pgm);
}

fn between(pgm: &mut Pgm) {
    pgm.sql("ALTER TABLE other ADD COLUMN c int; ALTER TABLE other DROP COLUMN c").down("");
    work(pgm, "1");
}

fn captured(pgm: &mut Pgm) {
    pgm.sql("UPDATE other SET n = n + 1 FROM pg_sleep(1)").down("");
    pgm.drop_column("t", "old");
}

fn main() -> Result<(), Box<dyn Error>> {
    let runs = knob("RUNS").unwrap_or(5);
    let only = std::env::var("ONLY").unwrap_or_default();
    // Built before anything is measured.
    _ = program();
    println!("{:<60} {:>8} {:>8} {:>8}", "the longest wait, in ms", "median", "least", "most");
    for case in CASES.iter().filter(|case| case.name.contains(&only)) {
        let bench = Bench::new(case.autovacuum)?;
        let held = HELD + case.work;
        let runs: Vec<_> =
            (1..=runs).map(|run| bench.run(held, || bench.migrate(case, run))).collect();
        print(&format!("{}: before", case.name), runs.iter().map(|run| run.0).collect());
        print(&format!("{}: during", case.name), runs.iter().map(|run| run.1).collect());
        print(&format!("{}: more", case.name), runs.iter().map(|run| run.1 - run.0).collect());
    }
    let bench = Bench::new(false)?;
    let by_hand = || bench.client("postgres").batch_execute("ALTER TABLE t ADD COLUMN m int");
    print("by hand: during", vec![bench.run(HELD, || by_hand().expect("it gets its lock")).1]);
    Ok(())
}

/// A server with a table and its load, of which a session may be in the way.
struct Bench {
    server: TemporaryCluster,
    folder: TempDir,
    autovacuum: bool,
}

/// The work that runs beside the migration.
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
             ALTER TABLE t OWNER TO plain; CREATE TABLE other AS SELECT 1 AS n"
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
    fn run(&self, held: Duration, work: impl FnOnce()) -> (f64, f64) {
        self.client("postgres")
            .batch_execute("ALTER TABLE t ADD COLUMN IF NOT EXISTS old int")
            .expect("a column to drop");
        let load = Load::default();
        std::thread::scope(|scope| {
            for number in 0..READERS + WRITERS {
                let load = &load;
                scope.spawn(move || load.work(self.client("postgres"), number));
            }
            std::thread::sleep(Duration::from_millis(500));
            load.longest.store(0, Ordering::SeqCst);
            std::thread::sleep(held);
            let before = load.longest();

            let mut holder = self.client("postgres");
            if self.autovacuum {
                self.until_autovacuum_comes();
            }
            holder.batch_execute("BEGIN; SELECT n FROM t LIMIT 1").expect("a read");
            load.longest.store(0, Ordering::SeqCst);
            let opened = Instant::now();
            scope.spawn(move || {
                std::thread::sleep(held);
                holder.batch_execute("COMMIT").expect("a commit");
            });
            work();
            assert!(opened.elapsed() >= held, "nothing was in the way");
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
    fn migrate(&self, case: &Case, run: usize) {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let migrations = (1..=run).map(|number| {
            migration(leak(format!("{:014}_c", 20_260_101_000_000 + number)), case.up)
        });
        let plan = Plan::of(&Migrations::new("", "", migrations.collect()));
        let file = self.folder.path().join("plan.json");
        fs::write(&file, plan.to_json()).expect("a file");
        let mut migrate = Command::new(program());
        migrate.args(["up", "--plan"]).arg(&file).env("DATABASE_URL", self.url(case.role));
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
    println!("{what:<60} {:>8.1} {least:>8.1} {most:>8.1}", figures[figures.len() / 2]);
}
