//! Locks on tables that are always in use, by each transaction for a moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use migrate_core::{Error, Event, Failure, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::process::eventually;
use migrate_tests::{Engine, migration};

const A: &str = "20260101000000_a";

fn engine() -> Engine {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (who int);
         INSERT INTO users VALUES (0)",
    );
    engine
}

fn foreign_key() -> [Migration; 1] {
    [migration(A, |pgm| {
        pgm.sql("ALTER TABLE posts ADD CONSTRAINT posts_who FOREIGN KEY (who) REFERENCES users")
            .down("ALTER TABLE posts DROP CONSTRAINT posts_who");
    })]
}

/// Applies while clients use the tables, each running `statements` in a transaction with pauses of up to
/// twice this after each; every other one the other way round. Gives the longest of these transactions too.
fn up_among(
    engine: &Engine,
    all: &[Migration],
    clients: u64,
    statements: [&str; 2],
    pause: Duration,
    patience: Duration,
) -> (Result<Vec<String>, Error>, Vec<Event>, Duration) {
    let over = AtomicBool::new(false);
    let client = |number: u64| {
        let mut client = engine.database.client();
        let mut statements = statements;
        if number % 2 == 1 {
            statements.reverse();
        }
        let mut state = number + 1;
        let mut sleep = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(pause * u32::try_from(state >> 54).unwrap() / 512);
        };
        let mut longest = Duration::ZERO;
        while !over.load(Ordering::Relaxed) {
            let started = Instant::now();
            client.batch_execute("BEGIN").unwrap();
            for statement in statements {
                client.batch_execute(statement).unwrap();
                sleep();
            }
            client.batch_execute("COMMIT").unwrap();
            longest = longest.max(started.elapsed());
            sleep();
        }
        longest
    };
    std::thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> =
            (0..clients).map(|number| scope.spawn(move || client(number))).collect();
        std::thread::sleep(Duration::from_millis(300));
        let mut events = Vec::new();
        let result = engine.migrator(all).patience(patience).up(
            &mut engine.session(),
            &UpTo::default(),
            &mut |event: Event| events.push(event),
        );
        over.store(true, Ordering::Relaxed);
        let longest = threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap();
        (result, events, longest)
    })
}

/// A client that has one table and waits for the other behind the migration keeps it from its locks.
#[test]
fn two_locks_are_had_among_clients_that_take_them_in_both_orders() {
    let engine = engine();
    let statements = ["DELETE FROM users WHERE id < 0", "INSERT INTO posts VALUES (0)"];
    let (pause, patience) = (Duration::from_millis(5), Duration::from_secs(60));
    let (result, _, longest) = up_among(&engine, &foreign_key(), 4, statements, pause, patience);
    // It is a matter of luck when: 3 s on average, and 10 s now and then.
    assert_eq!(result.unwrap(), [A]);
    assert!(longest < Duration::from_millis(500), "{longest:?}");
}

/// There is hardly a moment without a transaction that has lasted for a while, and none that takes long.
#[test]
fn one_lock_is_queued_for_where_there_is_no_moment_without_others() {
    let engine = engine();
    engine.database.execute("INSERT INTO users SELECT generate_series(1, 20)");
    let statements = ["INSERT INTO posts VALUES (0)", "INSERT INTO posts VALUES (1)"];
    let add = [migration(A, |pgm| _ = pgm.add_column("posts", |t| _ = t.integer("m")))];
    let (pause, patience) = (Duration::from_millis(50), Duration::from_secs(20));
    let started = Instant::now();
    let (result, events, longest) = up_among(&engine, &add, 16, statements, pause, patience);
    assert_eq!(result.unwrap(), [A]);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    // Each takes up to 200 ms alone, and may wait for one of the others behind us.
    assert!(longest < Duration::from_millis(900), "{longest:?}");
    let told = |event: &Event| matches!(event, Event::WaitingForLock { .. });
    assert!(!events.iter().any(told), "{events:?}");
}

/// While the migration has locked rows that others need, it does not wait for a long transaction.
#[test]
fn rows_are_given_up_at_once_where_the_next_lock_is_held_for_long() {
    let engine = engine();
    engine.database.execute("ALTER TABLE users ADD name text");
    let up = |pgm: &mut Pgm| {
        change_rows(pgm);
        pgm.add_column("posts", |t| _ = t.integer("m"));
    };
    let over = AtomicBool::new(false);
    let (mut reader, mut client) = (engine.database.client(), engine.database.client());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            reader.batch_execute("SELECT pg_sleep(4) FROM (SELECT count(*) FROM posts) p").unwrap()
        });
        let client = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let started = Instant::now();
                client.batch_execute("UPDATE users SET name = 'a'").unwrap();
                longest = longest.max(started.elapsed());
                std::thread::sleep(Duration::from_millis(5));
            }
            longest
        });
        std::thread::sleep(Duration::from_millis(1200));
        let migrator = engine.migrator(&[migration(A, up)]).patience(Duration::from_secs(20));
        let result = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        over.store(true, Ordering::Relaxed);
        assert_eq!(result.unwrap(), [A]);
        let longest = client.join().unwrap();
        assert!(longest < Duration::from_millis(900), "{longest:?}");
    });
}

/// Work on rows that others need, before a lock.
fn change_rows(pgm: &mut Pgm) {
    pgm.sql("UPDATE users SET name = 'b'").down("");
    pgm.sql("SELECT pg_sleep(0.1)").down("");
}

/// The server would end one of the two after `deadlock_timeout`, a second: the client gets no error, and
/// waits for less than that.
#[test]
fn a_client_that_waits_for_what_the_migration_has_locked_is_let_go() {
    let wants_table = |pgm: &mut Pgm| {
        change_rows(pgm);
        pgm.add_column("posts", |t| _ = t.integer("m"));
    };
    let wants_rows = |pgm: &mut Pgm| {
        change_rows(pgm);
        pgm.sql("UPDATE posts SET who = who").down("");
    };
    let wants_tables = |pgm: &mut Pgm| {
        change_rows(pgm);
        pgm.add_column("posts", |t| _ = t.integer("m"));
        pgm.add_column("users", |t| _ = t.integer("m"));
    };
    let ups: [fn(&mut Pgm); 3] = [wants_table, wants_rows, wants_tables];
    for (number, up) in ups.into_iter().enumerate() {
        let engine = engine();
        engine.database.execute("ALTER TABLE users ADD name text; INSERT INTO posts VALUES (0)");
        let (mut client, mut other) = (engine.database.client(), engine.database.client());
        client.batch_execute("BEGIN; UPDATE posts SET who = 0").unwrap();
        let mut events = Vec::new();
        let (result, waited) = std::thread::scope(|scope| {
            let client = scope.spawn(move || {
                let changed = "SELECT FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'RowExclusiveLock'";
                eventually("rows are changed", || other.query_opt(changed, &[]).unwrap().is_some());
                std::thread::sleep(Duration::from_millis(200));
                let started = Instant::now();
                client.batch_execute("UPDATE users SET name = 'a'").unwrap();
                let waited = started.elapsed();
                client.batch_execute("COMMIT").unwrap();
                waited
            });
            let listen = &mut |event: Event| events.push(event);
            let migrator = engine.migrator(&[migration(A, up)]).patience(Duration::from_secs(20));
            let result = migrator.up(&mut engine.session(), &UpTo::default(), listen);
            (result, client.join().unwrap())
        });
        assert_eq!(result.unwrap(), [A], "{number}");
        assert!(waited < Duration::from_millis(900), "{number}: {waited:?}");
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Notice { message, .. } => Some(message),
                _ => None,
            })
            .collect();
        assert!(
            matches!(*told, [told] if told.contains("all of it is rolled back and repeated")),
            "{told:?}"
        );
        assert_eq!(engine.value("SELECT min(name) FROM users"), "b");
    }
}

#[test]
fn traffic_is_reported_without_termination_advice() {
    let engine = engine();
    // There is no moment in which none of these is in its transaction.
    let statements =
        ["DELETE FROM users WHERE id < 0; SELECT pg_sleep(0.06)", "INSERT INTO posts VALUES (0)"];
    let (pause, patience) = (Duration::from_millis(20), Duration::from_secs(5));
    let (result, events, _) = up_among(&engine, &foreign_key(), 10, statements, pause, patience);
    let error = result.unwrap_err();
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::WaitingForTraffic { tables, .. } => Some(tables.join(" ")),
            Event::WaitingForLock { holders, .. } => Some(format!("{holders:?}")),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(["posts", "users", "users posts"].contains(&told[0].as_str()), "{told:?}");
    let Error::Apply(failed) = &error else { panic!("{error}") };
    let Failure::Locked { holders, traffic, .. } = &failed.failure else {
        panic!("{}", failed.failure)
    };
    assert!(holders.is_empty() && traffic.is_some(), "{holders:?}");
    let message = failed.failure.to_string();
    assert!(message.starts_with("short transactions use `"), "{message}");
    let helps = error.diagnostics()[0].helps.join("; ");
    assert!(helps.contains("in a quieter moment"), "{helps}");
    assert!(!helps.contains("pg_"), "{helps}");
}

#[test]
fn a_concurrent_build_or_drop_tells_whom_it_waits_for() {
    let engine = engine();
    let (build, drop) = ("20260102000000_b", "20260103000000_c");
    let all = [
        migration(build, |pgm| _ = pgm.create_index("posts", "who").concurrently()),
        migration(drop, |pgm| _ = pgm.drop_index("posts_who_idx").concurrently()),
    ];
    for (count, name) in [(1, build), (2, drop)] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let mut holder = engine.database.client();
        holder.batch_execute("BEGIN; INSERT INTO posts VALUES (0)").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(2));
                holder.batch_execute("COMMIT").unwrap();
            });
            let migrator = engine.migrator(&all[..count]).reporter(Arc::new(move |event| {
                if let Event::WaitingForOthers { holders } = event {
                    heard.lock().unwrap().extend(holders.iter().map(ToString::to_string));
                }
            }));
            let done = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
            assert_eq!(done.unwrap(), [name]);
        });
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("holds ROW EXCLUSIVE on `posts` for "), "{told:?}");
        assert!(told[0].contains("INSERT INTO posts"), "{told:?}");
    }
}
