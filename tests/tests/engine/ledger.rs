//! The log, and what is found when the history is held against it.

use migrate_core::history::LogQuery;
use migrate_core::{Error, Event, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";

fn table_a(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

fn table_b(pgm: &mut Pgm) {
    pgm.create_table("b", |t| t.id());
}

fn findings(engine: &Engine, migrations: &[Migration]) -> String {
    let verified = engine.migrator(migrations).verify(&mut engine.session()).unwrap();
    let lines = verified
        .findings
        .iter()
        .map(|finding| format!("{:?} {}: {}", finding.kind, finding.name, finding.message));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_action_is_logged() {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, |pgm| _ = pgm.sql("SELECT nonsense"))];
    engine.up(&all).unwrap_err();
    let (mut session, migrator) = (engine.session(), engine.migrator(&all));
    let mut quiet = |_: Event| {};
    let both = [A.to_owned(), B.to_owned()];
    migrator.mark_applied(&mut session, &both, &mut quiet).unwrap();
    migrator.mark_pending(&mut session, &both[1..], &mut quiet).unwrap();
    let changed = [migration(A, |pgm| {
        pgm.create_table("a", |t| _ = t.bigint("id"));
    })];
    engine.migrator(&changed).accept(&mut session, A, "it is all the same", &mut quiet).unwrap();
    migrator.protect(&mut session, "production", &mut quiet).unwrap();
    migrator.unprotect(&mut session, "production", &mut quiet).unwrap();
    engine.down(&all, 1).unwrap();
    let log = migrator.log(&mut session, &LogQuery::default()).unwrap();
    let lines = log.iter().rev().map(|entry| {
        let message = entry.message.as_deref().unwrap_or_default();
        format!("{} {} {} {message}", entry.action, entry.name, entry.outcome).trim_end().to_owned()
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    up 20260101000000_a done
    up 20260102000000_b failed column "nonsense" does not exist
    mark applied 20260102000000_b done
    mark pending 20260102000000_b done
    accept 20260101000000_a done it is all the same
    protect production done
    unprotect production done
    down 20260101000000_a done
    "#);
    assert!(log.iter().all(|entry| entry.who == "ada" && entry.host.as_deref() == Some("test")));
    let of_b = LogQuery { count: Some(2), name: Some(B.to_owned()) };
    let of_b = migrator.log(&mut session, &of_b).unwrap();
    assert_eq!(
        of_b.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(),
        ["mark pending", "mark applied"]
    );
}

#[test]
fn migrations_that_fail_together_are_each_found_in_the_log() {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, |pgm| _ = pgm.sql("SELECT nonsense"))];
    let together = UpTo { single_transaction: true, ..UpTo::default() };
    engine.up_to(&all, &together).unwrap_err();
    let query = LogQuery { name: Some(B.to_owned()), ..LogQuery::default() };
    assert_eq!(engine.migrator(&all).log(&mut engine.session(), &query).unwrap().len(), 1);
    let mut names = engine.migrator(&all).logged_names(&mut engine.session()).unwrap();
    names.sort();
    assert_eq!(names, [A, B]);
}

#[test]
fn the_log_is_only_added_to_even_by_a_superuser_in_passing() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    for change in [
        "UPDATE migrations_log SET actor = 'nobody'",
        "DELETE FROM migrations_log",
        "DELETE FROM migrations_log WHERE false",
        "TRUNCATE migrations_log",
    ] {
        let error = engine.database.client().batch_execute(change).unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.message(), "`public.migrations_log` is only added to", "{change}");
    }
    engine.down(&[], 1).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM migrations_log"), "2");
}

#[test]
fn a_history_by_another_name_has_a_log_that_is_kept() {
    let engine = Engine::new();
    let history = migrate_core::History::new("ops \"x\"", "sch'éma %\\");
    let migrator = engine.migrator(&[migration(A, table_a)]).history(history);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings, []);
    let truncate = r#"TRUNCATE "ops ""x"""."sch'éma %\_log""#;
    let error = engine.database.client().batch_execute(truncate).unwrap_err();
    assert!(error.as_db_error().unwrap().message().ends_with("is only added to"));
}

#[test]
fn what_the_tool_itself_does_is_sound() {
    let engine = Engine::new();
    let all = [
        migration(A, table_a),
        migration(B, |pgm| {
            pgm.create_table("b", |t| t.id());
            pgm.create_index("b", "id").concurrently();
        }),
        migration(C, |_| {}),
    ];
    let mut quiet = |_: Event| {};
    let migrator = engine.migrator(&all);
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().applied, 0);
    engine.up(&all).unwrap();
    migrator.redo(&mut engine.session(), 2, &mut quiet).unwrap();
    migrator.mark_pending(&mut engine.session(), &[C.to_owned()], &mut quiet).unwrap();
    migrator.mark_applied(&mut engine.session(), &[C.to_owned()], &mut quiet).unwrap();
    engine.down(&all, 1).unwrap();
    let together = UpTo { single_transaction: true, ..UpTo::default() };
    engine.up_to(&all, &together).unwrap();
    let verified = migrator.verify(&mut engine.session()).unwrap();
    assert_eq!((verified.applied, verified.findings), (3, vec![]));
}

#[test]
fn files_are_held_against_the_history() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a), migration(C, |_| {})]).unwrap();
    let now = [migration(A, table_b), migration(B, |_| {})];
    insta::assert_snapshot!(findings(&engine, &now), @r"
    Changed 20260101000000_a: its file was modified after it was applied
    Late 20260102000000_b: it is pending, and older than `20260103000000_c`, which is applied
    Missing 20260103000000_c: it is applied, but has no file
    ");
    let verified = engine.migrator(&now).verify(&mut engine.session()).unwrap();
    let (was, is) = verified.findings[0].change.as_ref().unwrap();
    assert!(
        was[0].statements[0].sql.contains("\"a\"") && is[0].statements[0].sql.contains("\"b\"")
    );
    assert!(!verified.is_sound());

    let all = [migration(A, table_a), migration(B, |_| {}), migration(C, |_| {})];
    let allowed = UpTo { allow_out_of_order: true, ..UpTo::default() };
    engine.up_to(&all, &allowed).unwrap();
    insta::assert_snapshot!(findings(&engine, &all), @"AppliedLate 20260102000000_b: it was applied after `20260103000000_c`, which is newer");
    assert!(engine.migrator(&all).verify(&mut engine.session()).unwrap().is_sound());
}

#[test]
fn what_is_partially_applied_is_found() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |t| t.id());
        pgm.create_index("a", "nothing").concurrently();
    })];
    engine.up(&all).unwrap_err();
    insta::assert_snapshot!(findings(&engine, &all), @"Partial 20260101000000_a: it is partially applied, after 1 statement");
}

#[test]
fn another_rendering_of_the_same_source_is_no_change() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    engine.database.execute("UPDATE migrations SET generator = '0.0.1'");
    assert_eq!(findings(&engine, &[migration(A, table_b)]), "");
    let error = engine.migrator(&[migration(A, table_b)]).accept(
        &mut engine.session(),
        A,
        "why not",
        &mut |_: Event| {},
    );
    assert!(matches!(error, Err(Error::NothingToAccept { .. })));
}

/// Returns the findings after this SQL was run by hand.
fn after(sql: &str) -> String {
    let engine = Engine::new();
    let all = [migration(A, table_a), migration(B, table_b)];
    engine.up(&all).unwrap();
    engine.database.execute(sql);
    findings(&engine, &all)
        .lines()
        .map(|line| line.split(" 20").next().map_or(line, |_| line))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_history_that_somebody_changed_is_found() {
    insta::assert_snapshot!(after("UPDATE migrations SET checksum = 'x' WHERE id = 1"), @r"
    Changed 20260101000000_a: its file was modified after it was applied
    Tampered 20260101000000_a: the SQL in `up` of its row does not match the row's checksum
    Tampered 20260101000000_a: the checksum of its row is not the one in the log
    ");
    insta::assert_snapshot!(after("UPDATE migrations SET up = '[]' WHERE id = 2"), @"Tampered 20260102000000_b: the SQL in `up` of its row does not match the row's checksum");
    insta::assert_snapshot!(after("UPDATE migrations SET up = '{}', down = '3' WHERE id = 2"), @r"
    Tampered 20260102000000_b: `up` of its row cannot be read: invalid type: map, expected a sequence at line 1 column 0
    Tampered 20260102000000_b: `down` of its row cannot be read: invalid type: integer `3`, expected struct Stored at line 1 column 1
    ");
    insta::assert_snapshot!(after("INSERT INTO migrations OVERRIDING SYSTEM VALUE SELECT 7, '20250101000000_z', now(), 1, checksum, '', '', up, down FROM migrations LIMIT 1"), @r"
    Missing 20250101000000_z: it is applied, but has no file
    Tampered 20250101000000_z: the history has it; the log does not know that it was ever applied
    Tampered 20250101000000_z: its `id` is above the counter of the history, so that a later one will collide with it
    ");
    let gone = after("DELETE FROM migrations WHERE id = 2");
    assert!(
        gone.starts_with("Tampered 20260102000000_b: the log says that ada applied it at "),
        "{gone}"
    );
    let moved = after("UPDATE migrations SET applied_at = '2026-01-01 00:00:00Z' WHERE id = 2");
    assert!(moved.starts_with("Tampered 20260102000000_b: its row says that it was applied at 2026-01-01 00:00:00 UTC, the log says at "), "{moved}");
    insta::assert_snapshot!(after("ALTER TABLE migrations ALTER id SET GENERATED BY DEFAULT; UPDATE migrations SET id = 3 WHERE id = 1; SELECT nextval('migrations_id_seq')"), @r"
    AppliedLate 20260101000000_a: it was applied after `20260102000000_b`, which is newer
    Tampered 20260101000000_a: its row is numbered after that of `20260102000000_b`, which the log has later
    ");
    insta::assert_snapshot!(after("ALTER TABLE migrations_log DISABLE TRIGGER kept; DELETE FROM migrations_log WHERE id = 1"), @"
    Tampered 20260101000000_a: the history has it; the log does not know that it was ever applied
    Tampered public.migrations: the trigger `kept`, which lets lines of `public.migrations_log` only be added, is gone, changed or disabled: its lines may have been changed or removed
    ");
    insta::assert_snapshot!(after("ALTER TABLE migrations_log DISABLE TRIGGER kept; DELETE FROM migrations_log WHERE id = 1; ALTER TABLE migrations_log ENABLE TRIGGER kept"), @"Tampered 20260101000000_a: the history has it; the log does not know that it was ever applied");
}

/// Each is put right by what the finding says.
#[test]
fn a_log_that_anybody_could_have_changed_is_found() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    for sql in [
        "DROP TRIGGER kept ON migrations_log",
        "DROP FUNCTION migrations_log_kept() CASCADE",
        "ALTER TABLE migrations_log DISABLE TRIGGER kept",
        "ALTER TABLE migrations_log ENABLE REPLICA TRIGGER kept",
        "DROP TRIGGER kept ON migrations_log; CREATE TRIGGER kept BEFORE DELETE ON migrations_log
             FOR EACH STATEMENT EXECUTE FUNCTION migrations_log_kept()",
    ] {
        engine.database.execute(sql);
        let all = [migration(A, table_a)];
        let found = engine.migrator(&all).verify(&mut engine.session()).unwrap().findings;
        let [finding] = &found[..] else { panic!("{sql}: {found:?}") };
        assert!(finding.message.starts_with("the trigger `kept`"), "{sql}: {found:?}");
        let (_, remedy) = finding.help.split_once('\n').unwrap();
        engine.database.execute(remedy);
        assert_eq!(findings(&engine, &all), "", "{sql}");
        engine.database.client().batch_execute("DELETE FROM migrations_log").unwrap_err();
    }
}

/// No `DateTime` of the client's can hold it.
#[test]
fn a_time_that_never_comes_is_damage() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    engine.database.execute("UPDATE migrations SET applied_at = 'infinity'");
    let status = engine.migrator(&[]).status(&mut engine.session()).unwrap_err();
    assert_eq!(
        status.to_string(),
        "the row of `20260101000000_a` in `public.migrations` cannot be read"
    );
}

#[test]
fn a_changed_file_is_accepted_with_its_inverse() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a)]).unwrap();
    engine.database.execute("ALTER TABLE a RENAME TO b");
    let now = [migration(A, table_b)];
    assert_eq!(engine.status(&now), format!("changed {A}"));
    let migrator = engine.migrator(&now);
    migrator.accept(&mut engine.session(), A, "renamed by hand", &mut |_: Event| {}).unwrap();
    assert_eq!(engine.status(&now), format!("applied {A}"));
    assert_eq!(findings(&engine, &now), "");
    let again = migrator.accept(&mut engine.session(), A, "again", &mut |_: Event| {});
    assert!(matches!(again, Err(Error::NothingToAccept { .. })));
    // The stored inverse is the new one: no file is needed.
    engine.down(&[], 1).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('b') IS NULL"), "t");
}

#[test]
fn accepting_keeps_an_inverse_that_the_file_does_not_have() {
    let engine = Engine::new();
    engine
        .up(&[migration(A, |pgm| {
            _ = pgm.sql("CREATE TABLE a (id int)").down("DROP TABLE a");
        })])
        .unwrap();
    let now = [migration(A, |pgm| _ = pgm.sql("CREATE TABLE a (id bigint)"))];
    let migrator = engine.migrator(&now);
    migrator.accept(&mut engine.session(), A, "widened by hand", &mut |_: Event| {}).unwrap();
    engine.down(&now, 1).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('a') IS NULL"), "t");
}

#[test]
fn nothing_but_a_changed_file_is_accepted() {
    let engine = Engine::new();
    engine.up(&[migration(A, table_a), migration(C, |_| {})]).unwrap();
    let now = [
        migration(A, table_a),
        migration(B, table_b),
        reversible("20260104000000_d", table_b, |_| {}),
    ];
    let accept = |name: &str| {
        let accepted =
            engine.migrator(&now).accept(&mut engine.session(), name, "x", &mut |_: Event| {});
        accepted.unwrap_err().to_string()
    };
    insta::assert_snapshot!(accept(A), @"there is nothing to accept in `20260101000000_a`: its file says what was applied");
    insta::assert_snapshot!(accept(B), @"there is nothing to accept in `20260102000000_b`: it is not applied");
    insta::assert_snapshot!(accept(C), @"`20260103000000_c` is applied, but there is no file for it any more");
    insta::assert_snapshot!(accept("x"), @"there is nothing to accept in `x`: it is not applied");
    assert_eq!(engine.value("SELECT count(*) FROM migrations_log WHERE action = 'accept'"), "0");
    let broken = [migration(A, |pgm| _ = pgm.sql("COMMIT"))];
    let error = engine.migrator(&broken).accept(&mut engine.session(), A, "x", &mut |_: Event| {});
    assert!(matches!(error, Err(Error::Problems(_))));
}
