//! Ctrl-C where it does not reach the server: over TLS, whose beginning takes an answer, with a
//! server that accepts no more connections while its existing sessions continue.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use migrate_core::{Event, Interrupt, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::eventually;
use migrate_tests::{Cli, migration, plan};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::certificates::{Authority, Certificate};
use crate::server::{Server, Surroundings};

/// A server that accepts no connections, until this is dropped.
struct Deaf(Pid);

impl Deaf {
    fn new(server: &Server) -> Self {
        let pid = Pid::from_raw(server.cluster.pid);
        kill(pid, Signal::SIGSTOP).unwrap();
        Self(pid)
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        _ = kill(self.0, Signal::SIGCONT);
    }
}

fn server() -> Server {
    Server::with_tls(&Certificate::of("db.test").signed_by(&Authority::new("ours")))
}

fn slow() -> Migration {
    migration("20260101000000_slow", |pgm| _ = pgm.sql("SELECT pg_sleep(3)").down(""))
}

fn wait_for_the_sleep(server: &Server) {
    let mut client = server.client();
    let at_work = "SELECT FROM pg_stat_activity WHERE state = 'active' \
                   AND query LIKE 'BEGIN%pg_sleep(3)%'";
    eventually("it is at work", || client.query_opt(at_work, &[]).unwrap().is_some());
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

#[test]
fn second_interrupt_exits_at_once_when_server_hangs() {
    let server = server();
    let cli = Cli::with_plan(&[slow()]).var(
        "DATABASE_URL",
        &format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=require", server.port),
    );
    let mut child = cli.command("up").stderr(Stdio::null()).spawn().unwrap();
    wait_for_the_sleep(&server);
    let _deaf = Deaf::new(&server);
    send(&child, Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "the first one ends it in good order");
    send(&child, Signal::SIGTERM);
    let since = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
}

#[test]
fn hanging_cancel_does_not_block_exit() {
    let server = server();
    let here = Surroundings::new();
    let text = format!("host=127.0.0.1 port={} user=postgres sslmode=require", server.port);
    let mut session = here.connect(&text).unwrap();
    let (interrupt, all) = (Interrupt::default(), [slow()]);
    let migrator = migrator(plan(&all)).interrupt(&interrupt);
    std::thread::scope(|scope| {
        let runner =
            scope.spawn(|| migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {}));
        wait_for_the_sleep(&server);
        let deaf = Deaf::new(&server);
        let since = Instant::now();
        interrupt.stop();
        assert!(interrupt.is_stopped());
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        // The statement comes to its end all the same, and with it the work.
        eventually("it has ended", || runner.is_finished());
        drop(deaf);
        _ = runner.join().unwrap();
    });
}
