//! A primary that is lost, and a standby that takes over.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use migrate_core::{Error, Event, Failure, Migrator, Session, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::eventually;
use migrate_tests::{TcpProxy, migration, plan};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Client, NoTls};

use crate::server::{Server, Surroundings, free_port};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

/// A standby of a server that follows it, until this is dropped.
struct Standby {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Standby {
    /// Programs are run by the primary, as the user that it runs as.
    fn of(primary: &Server) -> Self {
        let mut client = primary.client();
        let row = client.query_one("SELECT setting FROM pg_config WHERE name = 'BINDIR'", &[]);
        let programs = PathBuf::from(row.unwrap().get::<_, String>(0));
        let data = primary.cluster.data.with_file_name("standby");
        let port = free_port();
        let (bin, from, to) = (programs.display(), primary.cluster.url("postgres"), data.display());
        run(
            &mut client,
            &format!(
                "{bin}/pg_basebackup -d \"{from}\" -D {to} -R -c fast && \
                 echo \"port={port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\" \
                 >> {to}/postgresql.auto.conf && \
                 {bin}/pg_ctl -D {to} -l {to}/log -w start"
            ),
        );
        let standby = Self { programs, data, port };
        eventually("it follows", || {
            let follows = "SELECT FROM pg_stat_replication WHERE state = 'streaming'";
            client.query_opt(follows, &[]).unwrap().is_some()
        });
        standby
    }

    fn client(&self) -> Client {
        let port = self.port;
        Client::connect(&format!("postgres://postgres@127.0.0.1:{port}/postgres"), NoTls).unwrap()
    }

    fn promote(&self) {
        self.client().query_one("SELECT pg_promote()", &[]).unwrap();
    }

    /// Waits until this server has received what the primary has written so far.
    fn catch_up(&self, primary: &Server) {
        let mut client = primary.client();
        let at: String = client.query_one("SELECT pg_current_wal_lsn()::text", &[]).unwrap().get(0);
        let mut client = self.client();
        let sql = format!("SELECT pg_last_wal_replay_lsn() >= '{at}'::pg_lsn");
        eventually("it has caught up", || client.query_one(&sql, &[]).unwrap().get(0));
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let text = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        if let Some(pid) = text.lines().next().and_then(|line| line.parse().ok()) {
            _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }
}

/// Runs a program as the server does.
fn run(client: &mut Client, program: &str) {
    let folder: String = client.query_one("SHOW data_directory", &[]).unwrap().get(0);
    let said = format!("{folder}/program.log");
    let sql = format!("COPY (SELECT) TO PROGRAM $program$({program}) > {said} 2>&1$program$");
    client.batch_execute(&sql).unwrap_or_else(|error| {
        panic!("{error}\nin: {program}\n{}", std::fs::read_to_string(said).unwrap_or_default())
    });
}

fn crash(primary: &Server) {
    kill(Pid::from_raw(primary.cluster.pid), Signal::SIGQUIT).unwrap();
    eventually("it is gone", || std::net::TcpStream::connect(("127.0.0.1", primary.port)).is_err());
}

fn both(primary: &Server, standby: &Standby, more: &str) -> Session {
    let here = Surroundings::new();
    let ports = format!("{},{}", primary.port, standby.port);
    let text = format!("host=127.0.0.1,127.0.0.1 port={ports} user=postgres {more}");
    here.connect(&text).unwrap()
}

fn two() -> [Migration; 2] {
    [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE one (n int)").down("DROP TABLE one")),
        migration(B, |pgm| {
            pgm.sql("INSERT INTO one VALUES (1); SELECT pg_sleep(1.5)").down("DELETE FROM one");
        }),
    ]
}

fn patient(all: &[Migration]) -> Migrator {
    migrator(plan(all)).patience(Duration::from_secs(20))
}

/// Applies both; `at_work` comes while the second one runs.
fn up(
    session: &mut Session,
    primary: &Server,
    at_work: impl FnOnce(),
) -> Result<Vec<String>, Error> {
    let all = two();
    std::thread::scope(|scope| {
        let runner =
            scope.spawn(|| patient(&all).up(session, &UpTo::default(), &mut |_: Event| {}));
        let sleeps = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let mut client = primary.client();
        eventually("it is at the second", || client.query_opt(sleeps, &[]).unwrap().is_some());
        drop(client);
        at_work();
        runner.join().unwrap()
    })
}

#[test]
fn a_promoted_standby_takes_over() {
    let primary = Server::new();
    let standby = Standby::of(&primary);
    let mut session = both(&primary, &standby, "");
    let since = Instant::now();
    let applied = up(&mut session, &primary, || {
        standby.catch_up(&primary);
        crash(&primary);
        // Until then it is there, and cannot be written to.
        std::thread::sleep(Duration::from_millis(500));
        standby.promote();
    });
    assert_eq!(applied.unwrap(), [A, B]);
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    let rows = standby.client().query_one("SELECT count(*) FROM one", &[]).unwrap();
    assert_eq!(rows.get::<_, i64>(0), 1);
    assert!(session.target().server().ends_with(&standby.port.to_string()));
}

#[test]
fn a_former_primary_that_is_restored_is_not_taken() {
    let primary = Server::new();
    let standby = Standby::of(&primary);
    let mut session = both(&primary, &standby, "target_session_attrs=any");
    let applied = up(&mut session, &primary, || {
        standby.catch_up(&primary);
        // It starts again on its own branch of history, as the first of the URL.
        kill(Pid::from_raw(primary.cluster.pid), Signal::SIGSTOP).unwrap();
        standby.promote();
        let mut client = standby.client();
        kill(Pid::from_raw(primary.cluster.pid), Signal::SIGCONT).unwrap();
        crash(&primary);
        let (bin, data) = (standby.programs.display(), primary.cluster.data.display());
        run(&mut client, &format!("{bin}/pg_ctl -D {data} -l {data}/log -w restart"));
    });
    let old = std::fs::read_to_string(primary.cluster.data.join("postmaster.pid")).unwrap();
    let names = |client: &mut Client| -> i64 {
        client.query_one("SELECT count(*) FROM migrations", &[]).unwrap().get(0)
    };
    let counts = (names(&mut primary.client()), names(&mut standby.client()));
    let pid = old.lines().next().unwrap().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGQUIT).unwrap();
    assert_eq!(applied.unwrap(), [A, B]);
    assert_eq!(counts, (1, 2));
}

#[test]
fn migrations_lost_in_a_failover_are_told() {
    let primary = Server::new();
    let standby = Standby::of(&primary);
    let mut session = both(&primary, &standby, "");
    // What comes from here on never reaches the standby.
    for sql in ["ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"] {
        standby.client().batch_execute(sql).unwrap();
    }
    let follows = "SELECT FROM pg_stat_replication";
    eventually("it follows no more", || {
        primary.client().query_opt(follows, &[]).unwrap().is_none()
    });
    let error = up(&mut session, &primary, || {
        crash(&primary);
        standby.promote();
    });
    let error = error.unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert!(matches!(failed.failure, Failure::NotResumed { .. }), "{error}");
    let told = &error.diagnostics()[0];
    insta::assert_snapshot!(told.message, @"the connection was lost, and the work could not be resumed: `20260101000000_a` was applied before the failover, and the new primary does not have it: it was promoted before it had received that");
    insta::assert_snapshot!(told.helps[0], @"other data may be lost as well: look at the new primary before you run `migrate up`, which applies what it does not have");
}

#[test]
fn another_cluster_at_the_same_address_is_refused() {
    let (primary, other) = (Server::new(), Server::new());
    let proxy = TcpProxy::new(&primary.cluster);
    let mut session = Surroundings::new().connect(&proxy.url("postgres")).unwrap();
    let error = up(&mut session, &primary, || {
        proxy.lead_to(&other.cluster);
        crash(&primary);
    });
    let told = &error.unwrap_err().diagnostics()[0];
    assert!(
        told.message.contains("is not the cluster that the connection was lost to"),
        "{told:?}"
    );
    let history = "SELECT to_regclass('migrations')::text";
    let row = other.client().query_one(history, &[]).unwrap();
    assert_eq!(row.get::<_, Option<String>>(0), None);
}
