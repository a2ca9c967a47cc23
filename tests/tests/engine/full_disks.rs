//! Disks that are full, and have room again.

use std::time::Duration;

use migrate_core::cluster::{Cluster, TemporaryCluster};
use migrate_core::{Environment, Error, Event, Session, Target, UpTo};
use migrate_dsl::Migration;
use migrate_tests::engine::migrator;
use migrate_tests::process::eventually;
use migrate_tests::{Mount, environment, migration, plan, tell};
use postgres::{Client, NoTls};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

const LEFT_OUT: &str = "left out: it needs root to mount a small file system";

fn up(url: &str, all: &[Migration]) -> Result<Vec<String>, Error> {
    let target = Target::parse(url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test")?;
    let mut tell = |event: Event| tell(&format!("{event:?}"));
    let migrator = migrator(plan(all)).patience(Duration::from_secs(30));
    migrator.up(&mut session, &UpTo::default(), &mut tell)
}

fn message(error: &Error) -> String {
    error.diagnostics()[0].message.clone()
}

#[test]
fn a_full_tablespace_is_named_and_once_there_is_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(small) = Mount::new(&folder.path().join("small"), "2m") else {
        return tell(LEFT_OUT);
    };
    let server = TemporaryCluster::start(&environment(), None).unwrap();
    let url = server.url("postgres");
    let mut client = Client::connect(&url, NoTls).unwrap();
    let location = folder.path().join("small").display().to_string();
    client.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{location}'")).unwrap();
    let all = [
        migration(A, |pgm| {
            pgm.sql("CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 100000)")
                .down("");
            pgm.sql("CREATE INDEX CONCURRENTLY t_n_idx ON t (n) TABLESPACE small")
                .outside_transaction()
                .down("");
        }),
        migration(B, |pgm| {
            pgm.sql("CREATE TABLE u TABLESPACE small AS SELECT * FROM t").down("");
        }),
    ];
    let error = up(&url, &all).unwrap_err();
    assert!(message(&error).contains("No space left on device"), "{}", message(&error));
    let left = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass";
    assert_eq!(client.query_one(left, &[]).unwrap().get::<_, i64>(0), 0);
    small.resize("4m");
    // The index has room now, the table has not.
    let error = up(&url, &all).unwrap_err();
    assert!(message(&error).contains("No space left on device"), "{}", message(&error));
    let left =
        "SELECT string_agg(name, ',') || coalesce(to_regclass('u')::text, '') FROM migrations";
    assert_eq!(client.query_one(left, &[]).unwrap().get::<_, String>(0), A);
    small.resize("40m");
    assert_eq!(up(&url, &all).unwrap(), [B]);
    let rows = "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM u)";
    assert_eq!(client.query_one(rows, &[]).unwrap().get::<_, i64>(0), 200_000);
}

#[test]
fn a_server_that_cannot_write_at_all_goes_down_and_once_there_is_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(small) = Mount::new(&folder.path().join("state"), "100m") else {
        return tell(LEFT_OUT);
    };
    let mut environment = environment();
    environment.home = Some(folder.path().to_owned());
    let state = folder.path().join("state").display().to_string();
    environment.vars.insert("XDG_STATE_HOME".into(), state);
    let cluster = Cluster::for_project(&environment, folder.path()).unwrap();
    let url = cluster.start().unwrap().url("postgres");
    // The log of what is to be written fills the disk before the table does.
    let all = [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE t (n int, filler text)").down("")),
        migration(B, |pgm| {
            pgm.sql("INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, 1000000) n")
                .down("");
        }),
    ];
    let error = up(&url, &all).unwrap_err();
    assert!(message(&error).contains("No space left on device"), "{}", message(&error));
    small.resize("1g");
    // It may have given up, or be at its recovery.
    eventually("it is back", || cluster.start().is_ok() && Client::connect(&url, NoTls).is_ok());
    assert_eq!(up(&url, &all).unwrap(), [B]);
    let mut client = Client::connect(&url, NoTls).unwrap();
    let rows = "SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM migrations)";
    assert_eq!(client.query_one(rows, &[]).unwrap().get::<_, i64>(0), 1_000_002);
    cluster.remove().unwrap();
}
