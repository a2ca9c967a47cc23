//! A terminal that is closed, and Ctrl-C where nothing is delivered.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use migrate_dsl::Migration;
use migrate_tests::process::eventually;
use migrate_tests::{Cli, TcpProxy, migration, server};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;

fn wait_for_sleep(cli: &Cli) {
    let sleeps = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                  AND datname = current_database()";
    let mut client = cli.database.client();
    eventually("it sleeps", || client.query_opt(sleeps, &[]).unwrap().is_some());
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Lets what is started from here on hear that the terminal is closed, though these tests run under nohup.
#[expect(unsafe_code, reason = "the disposition of a signal is one of the process")]
fn hear_hang_ups() {
    // SAFETY: the default runs no code of ours.
    unsafe { signal(Signal::SIGHUP, SigHandler::SigDfl) }.unwrap();
}

fn hang_up(child: &Child, cli: &Cli) {
    wait_for_sleep(cli);
    send(child, Signal::SIGHUP);
}

fn immutable(cli: &Cli) {
    // An index may only use what never changes, and a sleep is said to.
    cli.database.execute(
        "CREATE FUNCTION nap(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_sleep(2); RETURN $1; END'",
    );
}

fn with_nap() -> Vec<Migration> {
    vec![migration("20260101000000_slow", |pgm| {
        pgm.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").down("");
        pgm.sql("CREATE INDEX CONCURRENTLY slow ON t (nap(n))").outside_transaction().down("");
    })]
}

#[test]
fn a_closed_terminal_ends_the_work_in_good_order() {
    hear_hang_ups();
    let cli = Cli::with_plan(&with_nap());
    immutable(&cli);
    let mut child = cli.command("up").stderr(Stdio::null()).spawn().unwrap();
    hang_up(&child, &cli);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let found = "SELECT count(*) FILTER (WHERE NOT indisvalid), (SELECT concat_ws(' ', outcome, message) \
                 FROM migrations_log ORDER BY id DESC LIMIT 1) FROM pg_index";
    let row = cli.database.client().query_one(found, &[]).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get(1)), (0, "failed interrupted"));
}

#[test]
fn under_nohup_the_work_goes_on() {
    let cli = Cli::with_plan(&with_nap());
    immutable(&cli);
    let command = cli.command("up");
    let mut nohup = Command::new("nohup");
    nohup.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nohup.env(name, value),
            None => nohup.env_remove(name),
        };
    }
    nohup.current_dir(cli.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = nohup.stderr(Stdio::null()).spawn().unwrap();
    hang_up(&child, &cli);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn one_ctrl_c_is_enough_where_nothing_is_delivered() {
    let all = [migration("20260101000000_slow", |pgm| _ = pgm.sql("SELECT pg_sleep(30)").down(""))];
    let proxy = TcpProxy::new(server());
    let cli = Cli::with_plan(&all);
    let url = proxy.url(cli.database.name());
    let mut command = cli.command("up");
    let mut child = command.env("DATABASE_URL", url).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_sleep(&cli);
    proxy.freeze();
    let since = Instant::now();
    send(&child, Signal::SIGINT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(since.elapsed() < Duration::from_millis(2500), "{:?}", since.elapsed());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("interrupted, and the server did not answer"), "{said}");
    assert!(said.contains("whether it was committed is not known"), "{said}");
    proxy.thaw();
}
