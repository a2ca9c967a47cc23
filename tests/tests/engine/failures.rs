//! What is reported, and what remains, after a failure.

use migrate_core::{Error, Event, FailureState, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::engine::migrator;
use migrate_tests::{Engine, migration, plan};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

#[test]
fn the_third_of_four_undoes_the_first_two() {
    let engine = Engine::new();
    let empty = engine.catalog();
    const LINE: u32 = line!() + 3;
    let all = [migration(A, |pgm| {
        pgm.create_table("one", |t| t.id());
        pgm.sql("CREATE TABLE two ();\n  INSERT INTO öne VALUES (1, nope);\nCREATE TABLE four ()");
    })];
    let error = engine.up(&all).unwrap_err();
    let Error::Apply(failed) = &error else { panic!("{error}") };
    assert_eq!(failed.left, FailureState::RolledBack);
    let diagnostic = &error.diagnostics()[0];
    assert_eq!(diagnostic.code.as_deref(), Some("42P01"));
    assert_eq!(diagnostic.message, "relation \"öne\" does not exist");
    let sql = diagnostic.sql.as_ref().unwrap();
    assert_eq!(sql.sql, "INSERT INTO öne VALUES (1, nope)");
    assert_eq!(&sql.sql[sql.offset.unwrap()..], "öne VALUES (1, nope)");
    let source = diagnostic.source.as_ref().unwrap();
    assert_eq!(source.verb.as_deref(), Some("sql"));
    assert_eq!((source.place.file.ends_with("failures.rs"), source.place.line), (true, LINE));
    assert_eq!(engine.catalog(), empty);
    assert_eq!(engine.status(&all), format!("pending {A}"));
    assert_eq!(
        engine.value("SELECT outcome || ': ' || message FROM migrations_log"),
        "failed: relation \"öne\" does not exist"
    );
}

#[test]
fn a_sql_file_is_shown_at_the_statements_own_line() {
    let engine = Engine::new();
    let (up, down) =
        ("CREATE TABLE a ();\n\nSELECT 1 / 0", ("src/a.down.sql", "DROP TABLE a;\nCOMMIT"));
    let file = |down| [Migration::sql(A, "src/a.up.sql", A, up, down)];
    let error = engine.up(&file(None)).unwrap_err();
    let place = error.diagnostics()[0].source.as_ref().unwrap().place.clone();
    assert_eq!((place.file.as_str(), place.line), ("src/a.up.sql", 3));
    let error = engine.up(&file(Some(down))).unwrap_err();
    let Error::Problems(problems) = &error else { panic!("{error}") };
    assert_eq!(problems[0].1.place.file, "src/a.down.sql");
    assert!(problems[0].1.message.starts_with("`COMMIT` ends the transaction"), "{error}");
}

#[test]
fn notices_caused_by_engine_are_suppressed() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.sql("CREATE TABEL a ()"))];
    let mut told = Vec::new();
    let listen = &mut |event: Event| told.push(event);
    let error = engine.migrator(&all).up(&mut engine.session(), &UpTo::default(), listen);
    assert_eq!(error.unwrap_err().diagnostics()[0].code.as_deref(), Some("42601"));
    told.retain(|event| matches!(event, Event::Notice { .. }));
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_name_with_a_dot_in_it_is_told_how_a_schema_is_named() {
    let engine = Engine::new();
    let helps = |up: fn(&mut Pgm)| {
        let error = engine.up(&[migration(A, up)]).unwrap_err();
        let told = error.diagnostics().remove(0);
        format!("{}: {}", told.message, told.helps.join("; "))
    };
    insta::assert_snapshot!(
        helps(|pgm| _ = pgm.drop_table("public.articles")),
        @r#"table "public.articles" does not exist: a dot is a part of a name: what is in the schema `public` is written `("public", "articles")`; fix the file and run `migrate up` again"#
    );
    for up in [(|pgm| _ = pgm.create_index("public.articles", "id")) as fn(&mut Pgm), |pgm| {
        _ = pgm.drop_type("public.articles")
    }] {
        let told = helps(up);
        assert!(told.contains(r#"`("public", "articles")`"#), "{told}");
    }
    for up in [(|pgm| _ = pgm.create_index(("public", "articles"), "id")) as fn(&mut Pgm), |pgm| {
        _ = pgm.sql(r#"DROP TABLE "public.articles""#)
    }] {
        let told = helps(up);
        assert!(!told.contains("a dot"), "{told}");
    }
}

#[test]
fn earlier_migrations_stay() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())),
        migration(B, |pgm| _ = pgm.sql("SELECT 1/0")),
    ];
    assert!(engine.up(&all).is_err());
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
}

#[test]
fn in_one_transaction_none_stays() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())),
        migration(B, |pgm| _ = pgm.sql("SELECT 1/0")),
    ];
    let together = UpTo { single_transaction: true, ..UpTo::default() };
    assert!(engine.up_to(&all, &together).is_err());
    assert_eq!(engine.status(&all), format!("pending {A}\npending {B}"));
    let all = [all[0].clone(), migration(B, |pgm| _ = pgm.create_table("b", |t| t.id()))];
    assert_eq!(engine.up_to(&all, &together).unwrap(), [A, B]);
    assert_eq!(engine.value("SELECT count(DISTINCT xmin::text) FROM migrations"), "1");
}

#[test]
fn what_fails_at_commit_is_told_as_that() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql(
            "CREATE TABLE a (id int PRIMARY KEY, next int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO a VALUES (1, 2)",
        );
    })];
    let error = engine.up(&all).unwrap_err();
    let message = &error.diagnostics()[0].message;
    assert!(
        message
            .starts_with("the transaction could not be committed: insert or update on table \"a\""),
        "{message}"
    );
    assert_eq!(engine.value("SELECT to_regclass('a')"), "NULL");
}

#[test]
fn problems_are_told_before_anything_is_done() {
    let engine = Engine::new();
    let long = "x".repeat(64);
    assert_eq!(long.len(), 64);
    let all = [
        migration(A, |pgm| _ = pgm.create_table("fine", |t| t.id())),
        migration(B, |pgm| _ = pgm.create_table("x".repeat(64), |t| t.id())),
    ];
    let error = engine.up(&all).unwrap_err();
    let Error::Problems(problems) = &error else { panic!("{error}") };
    assert_eq!(problems.len(), 1);
    assert!(problems[0].1.message.contains("has 64 bytes"), "{}", problems[0].1.message);
    assert_eq!(engine.status(&all), format!("pending {A}\npending {B}"));
}

#[test]
fn a_panic_names_its_line_and_spares_the_others() {
    const LINE: u32 = line!() + 3;
    fn panics(_: &mut Pgm) {
        let nothing = "".parse::<u8>().ok();
        nothing.expect("there is something");
    }
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_table("a", |t| t.id())), migration(B, panics)];
    let first = UpTo { count: Some(1), ..UpTo::default() };
    assert_eq!(engine.up_to(&all, &first).unwrap(), [A]);
    let error = engine.up(&all).unwrap_err();
    let diagnostic = &error.diagnostics()[0];
    assert_eq!(diagnostic.message, "panicked: there is something");
    let place = &diagnostic.source.as_ref().unwrap().place;
    assert_eq!((place.file.ends_with("failures.rs"), place.line), (true, LINE));
}

#[test]
fn names_of_every_kind_come_and_go() {
    let engine = Engine::new();
    let empty = engine.catalog();
    let all = [migration(A, |pgm| {
        for name in [
            "select",
            "with \"quotes\"",
            "with space",
            "Łódź",
            "a.b",
            "it's",
            r"back\slash",
            "$$",
            "--",
            "/*",
        ] {
            pgm.create_table(name, |t| {
                t.id();
                t.text(name).default(name).comment(name);
            })
            .comment(name);
            pgm.create_index(name, name);
            pgm.add_unique(name, name);
            pgm.add_check(name, format!("check {name}"), "true");
        }
    })];
    engine.up(&all).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname IN ('select', 'Łódź', 'it''s', '--')"), "4");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), empty);
}

#[test]
fn nothing_is_inherited_from_the_role() {
    let engine = Engine::new();
    engine.database.execute(&format!(
        "ALTER DATABASE {0} SET statement_timeout = '20ms'; \
         ALTER DATABASE {0} SET lock_timeout = '1ms'; ALTER DATABASE {0} SET default_transaction_isolation = 'serializable'",
        engine.database.name()
    ));
    engine.up(&[migration(A, |pgm| _ = pgm.sql("SELECT pg_sleep(0.1)"))]).unwrap();
}

#[test]
fn a_lost_answer_is_no_failure() {
    // The driver cannot follow, but the server continues and commits.
    let engine = Engine::new();
    let mut plan = plan(&[migration(A, |pgm| _ = pgm.sql("CREATE TABLE a (); SELECT 1"))]);
    plan.migrations[0].up[0].statements[1].sql = "COPY a TO STDOUT".to_owned();
    let mut events = Vec::new();
    let applied =
        migrator(plan).up(&mut engine.session(), &UpTo::default(), &mut |event| events.push(event));
    assert_eq!(applied.unwrap(), [A]);
    assert!(matches!(events[2], Event::ConnectionLost { .. }), "{events:?}");
    assert!(matches!(events[3], Event::Reconnected { recorded: true, .. }), "{events:?}");
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "1");
}

#[test]
fn what_a_migration_sets_is_not_for_the_next() {
    let engine = Engine::new();
    engine.database.execute("CREATE FUNCTION hide() RETURNS void LANGUAGE plpgsql AS $$BEGIN PERFORM set_config('search_path', '', false); END$$");
    let role = engine.database.unique("migrator");
    engine.database.execute(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}"));
    engine.database.execute(&format!("CREATE TABLE roles AS SELECT '{role}' AS name"));
    let all = [
        migration(A, |pgm| _ = pgm.sql("SELECT hide()")),
        migration(B, |pgm| {
            pgm.create_table("b", |t| t.id());
            pgm.sql("DO $$BEGIN EXECUTE 'SET LOCAL ROLE ' || (SELECT name FROM roles); END$$");
        }),
    ];
    engine.database.execute(&format!("GRANT SELECT ON roles TO {role}"));
    assert_eq!(engine.up(&all).unwrap(), [A, B]);
}

#[test]
fn all_or_none_is_asked_of_one_migration_too() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_index("a", "b").concurrently())];
    let together = UpTo { single_transaction: true, ..UpTo::default() };
    let error = engine.up_to(&all, &together).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` has steps that cannot run in a transaction, so it cannot share one with others");
}

#[test]
fn goto_takes_nothing_back_that_it_cannot_follow_up() {
    let engine = Engine::new();
    let c = "20260103000000_c";
    let table = |pgm: &mut Pgm| _ = pgm.create_table("t", |t| t.id());
    engine
        .up(&[migration(B, table), migration(c, |pgm| _ = pgm.create_table("c", |t| t.id()))])
        .unwrap();
    let all = [migration(A, |_| {}), migration(B, table), migration(c, |_| {})];
    let error = engine.migrator(&all).goto(&mut engine.session(), B, &mut |_: Event| {});
    assert!(matches!(error, Err(Error::OutOfOrder(_))));
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "2");
}

#[test]
fn a_frozen_database_stays_as_it_is() {
    let engine = Engine::new();
    let name = engine.database.name();
    engine
        .database
        .execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let error =
        engine.up(&[migration(A, |pgm| _ = pgm.create_table("a", |t| t.id()))]).unwrap_err();
    insta::assert_snapshot!(error, @"the database only reads: `default_transaction_read_only` is on");
}
