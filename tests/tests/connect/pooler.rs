//! PgBouncer in each of its modes; where it is not installed, a note says that this was not tried.

use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use migrate_core::connect::ConnectError;
use migrate_core::{Event, Limits, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::eventually;
use migrate_tests::{Cli, migration, plan};
use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::server::{Server, Surroundings, free_port};

struct PgBouncer {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl PgBouncer {
    /// One before the server; nothing where the program is not there.
    fn start(server: &Server, settings: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).collect::<Vec<_>>().into_iter();
        let folders =
            folders.chain(["/usr/sbin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from));
        let mut programs = folders.map(|folder| folder.join("pgbouncer"));
        let Some(program) = programs.find(|program| program.exists()) else {
            #[expect(clippy::print_stderr, reason = "whoever reads the tests should know")]
            {
                eprintln!("skipped: `pgbouncer` is not installed");
            }
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir = {}\n\
             auth_type = any\n{settings}\n",
            server.port,
            folder.path().display()
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command.arg("--quiet").arg(&file).stderr(Stdio::null()).stdout(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            // It does not run as root.
            command.uid(65534).gid(65534);
        }
        let process = command.spawn().unwrap();
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(10), "PgBouncer does not start");
            thread::sleep(Duration::from_millis(5));
        }
        Some(Self { process, folder, port })
    }

    fn tcp(&self) -> String {
        format!("postgres://ada@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    fn socket(&self) -> String {
        let folder = self.folder.path().display();
        format!("host={folder} port={} user=ada dbname=postgres", self.port)
    }

    /// Returns the outcome of a session, both ways.
    fn outcomes(&self) -> [Result<(), String>; 2] {
        let here = Surroundings::new();
        [self.tcp(), self.socket()].map(|text| match here.connect(&text) {
            Ok(mut session) => {
                session.client().batch_execute("SELECT 1").unwrap();
                Ok(())
            }
            Err(ConnectError::Pooled { noticed, .. }) => Err(noticed),
            Err(error) => panic!("{error}"),
        })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
fn a_pool_in_transaction_mode_is_refused() {
    let server = Server::new();
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\ndefault_pool_size = 1",
        "pool_mode = transaction\nserver_round_robin = 1",
        "pool_mode = statement",
    ] {
        let Some(pool) = PgBouncer::start(&server, settings) else { return };
        for outcome in pool.outcomes() {
            let noticed = outcome.expect_err(settings);
            assert!(noticed.contains("served by"), "{noticed}");
        }
        // With several processes at hand, too.
        let mut others: Vec<_> =
            (0..3).map(|_| Client::connect(&pool.tcp(), NoTls).unwrap()).collect();
        if settings == "pool_mode = transaction" || settings.contains("robin") {
            others.iter_mut().for_each(|other| other.batch_execute("BEGIN").unwrap());
            others.iter_mut().for_each(|other| other.batch_execute("COMMIT").unwrap());
        }
        for outcome in pool.outcomes() {
            outcome.expect_err(settings);
        }
    }
}

#[test]
fn nothing_is_left_behind_in_a_pool_in_transaction_mode() {
    let server = Server::new();
    let Some(pool) = PgBouncer::start(&server, "pool_mode = transaction\ndefault_pool_size = 1")
    else {
        return;
    };
    let mut other = Client::connect(&pool.tcp(), NoTls).unwrap();
    other.batch_execute("SET statement_timeout = '4321ms'").unwrap();
    pool.outcomes()[0].as_ref().unwrap_err();
    let row = other.simple_query("SHOW statement_timeout").unwrap();
    let value = row.iter().find_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(value, Some("4321ms"));
}

#[test]
fn a_pool_of_sessions_will_do() {
    let server = Server::new();
    for settings in ["pool_mode = session", "pool_mode = session\ndefault_pool_size = 1"] {
        let Some(pool) = PgBouncer::start(&server, settings) else { return };
        assert_eq!(pool.outcomes(), [Ok(()), Ok(())], "{settings}");
    }
}

fn create_table() -> Migration {
    migration("20260101000000_one", |pgm| {
        pgm.create_table("one", |t| {
            t.id();
        });
    })
}

#[test]
fn the_command_line_refuses_it_before_anything_has_run() {
    let server = Server::new();
    let Some(pool) = PgBouncer::start(&server, "pool_mode = transaction") else { return };
    let cli = Cli::with_plan(&[create_table()]).var("DATABASE_URL", &pool.tcp());
    let stable = |said: String| said.replace(&pool.port.to_string(), "<port>");
    let said = cli.run("up");
    let words = stable(said.stderr);
    let words = words.split_inclusive([' ', '\n']).map(|word| {
        let is_process = word.trim_end().parse::<u32>().is_ok();
        if is_process { word.replace(word.trim_end(), "<process>") } else { word.to_owned() }
    });
    insta::assert_snapshot!(words.collect::<String>(), @"
    error: postgres on ada@127.0.0.1:<port> is a connection pool in transaction mode: two sessions were served by the one process <process>
     |
     = help: migrations need one session from the beginning to the end: connect to the server itself, mostly on port 5432, or to a pool with `pool_mode = session`
    ");
    assert_eq!(said.code, Some(5));
    assert_eq!(cli.run("status").code, Some(5));
    let tables: i64 = server
        .client()
        .query_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", &[])
        .unwrap()
        .get(0);
    assert_eq!(tables, 0);
}

#[test]
fn migrations_run_in_a_pool_of_sessions() {
    let server = Server::new();
    let Some(pool) = PgBouncer::start(&server, "pool_mode = session") else { return };
    let cli = Cli::with_plan(&[create_table()]).var("DATABASE_URL", &pool.tcp());
    for command in ["up", "down", "up"] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
}

#[test]
fn connect_does_not_wait_when_pool_has_one_connection() {
    let server = Server::new();
    let settings = "pool_mode = session\ndefault_pool_size = 1\nquery_wait_timeout = 0";
    let Some(pool) = PgBouncer::start(&server, settings) else { return };
    // In a thread of its own, so that the test does not hang with it.
    let up = |what: &str, all: Vec<Migration>, whole| {
        let mut session = Surroundings::new().connect(&pool.tcp()).unwrap();
        let runner = thread::spawn(move || {
            let limits = Limits { whole, ..Limits::default() };
            let migrator = migrator(plan(&all)).limits(limits);
            migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {})
        });
        eventually(what, || runner.is_finished());
        runner.join().unwrap().map_err(|error| error.diagnostics()[0].message.clone())
    };
    let short = migration("20260101000000_a", |pgm| _ = pgm.sql("SELECT pg_sleep(0.4)").down(""));
    let since = Instant::now();
    assert!(up("it is done", vec![short.clone()], None).is_ok());
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    let long = migration("20260102000000_b", |pgm| _ = pgm.sql("SELECT pg_sleep(60)").down(""));
    let ended = up("its time is over", vec![short, long], Some(Duration::from_millis(700)));
    assert_eq!(ended.unwrap_err(), "stopped after 0.7 s, the time that was given");
}

#[test]
fn a_crowd_in_a_small_pool_of_sessions_waits_for_the_work_alone() {
    let server = Server::new();
    let Some(bouncer) = PgBouncer::start(
        &server,
        "pool_mode = session\nignore_startup_parameters = extra_float_digits,options\n\
         default_pool_size = 3\nmax_client_conn = 200",
    ) else {
        return;
    };
    let all = [migration("20260101000000_a", |pgm| _ = pgm.create_table("a", |t| t.id()))];
    let cli = Cli::with_plan(&all).var("DATABASE_URL", &bouncer.tcp());
    // The program is there by then.
    assert_eq!(cli.run("status").code, Some(0));
    let since = Instant::now();
    let runners: Vec<_> = (0..12)
        .map(|_| cli.command("up").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
        .collect();
    for mut runner in runners {
        assert_eq!(runner.wait().unwrap().code(), Some(0));
    }
    let waited = since.elapsed();
    assert!(waited < Duration::from_secs(6), "{waited:?}");
}

#[test]
fn a_turn_in_a_pool_is_waited_for_longer_than_a_login() {
    let server = Server::new();
    let Some(bouncer) = PgBouncer::start(
        &server,
        "pool_mode = session\nignore_startup_parameters = extra_float_digits\n\
         default_pool_size = 1",
    ) else {
        return;
    };
    let url = format!("{}&connect_timeout=1", bouncer.tcp());
    let first = Surroundings::new().connect(&url).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| Surroundings::new().connect(&url).map(drop));
        thread::sleep(Duration::from_secs(2));
        drop(first);
        second.join().unwrap().unwrap();
    });
}
