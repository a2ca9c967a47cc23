//! A history whose tables an older version has made.

use migrate_core::history::{HistoryError, LogQuery};
use migrate_core::plan::Checksum as _;
use migrate_core::{Error, Event, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::{Engine, catalog, migration, plan, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn table_a(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

fn table_b(pgm: &mut Pgm) {
    pgm.create_table("b", |t| t.id());
}

/// The tables of version 1, word for word.
const VERSION_1: &str = r#"
CREATE TABLE "public"."migrations" ("id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "name" text NOT NULL UNIQUE, "applied_at" timestamptz NOT NULL, "execution_time_ms" bigint NOT NULL, "checksum" text NOT NULL, "source_digest" text NOT NULL, "generator" text NOT NULL, "up" jsonb NOT NULL, "down" jsonb NOT NULL);
CREATE TABLE "public"."migrations_log" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), action text NOT NULL, name text NOT NULL, outcome text NOT NULL, duration_ms bigint, message text, role text NOT NULL DEFAULT current_user, actor text NOT NULL, git_commit text, tool_version text NOT NULL);
CREATE TABLE "public"."migrations_journal" (name text PRIMARY KEY, direction text NOT NULL, checksum text NOT NULL, statements_done integer NOT NULL, running boolean NOT NULL, captured jsonb NOT NULL, started_at timestamptz NOT NULL DEFAULT clock_timestamp());
"#;

/// A database in which version 1 has applied `A`.
fn older() -> Engine {
    let engine = Engine::new();
    engine.database.execute(VERSION_1);
    let plan = plan(&[reversible(A, table_a, |pgm| _ = pgm.sql("DROP TABLE a"))]);
    let migration = &plan.migrations[0];
    let down = serde_json::json!({"format": 1, "way_back": {"written": migration.down}});
    let mut client = engine.database.client();
    client.batch_execute("CREATE TABLE a (id bigint)").unwrap();
    client
        .execute(
            "INSERT INTO migrations (name, applied_at, execution_time_ms, checksum, source_digest, \
             generator, up, down) VALUES ($1, now(), 1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb)",
            &[
                &A,
                &migration.checksum(),
                &migration.source_digest,
                &plan.generator,
                &serde_json::to_string(&migration.up).unwrap(),
                &down.to_string(),
            ],
        )
        .unwrap();
    client
        .execute(
            "INSERT INTO migrations_log (action, name, outcome, duration_ms, actor, tool_version) \
             VALUES ('up', $1, 'done', 1, 'ada@test', '0')",
            &[&A],
        )
        .unwrap();
    engine
}

#[test]
fn looking_at_it_changes_nothing() {
    let engine = older();
    let before = catalog(&mut engine.database.client(), &[]);
    let all = [migration(A, table_a), migration(B, table_b)];
    assert_eq!(engine.status(&all), format!("applied {A}\npending {B}"));
    let (mut session, migrator) = (engine.session(), engine.migrator(&all));
    assert_eq!(migrator.log(&mut session, &LogQuery::default()).unwrap().len(), 1);
    assert_eq!(migrator.verify(&mut session).unwrap().findings, []);
    assert_eq!(migrator.protection(&mut session).unwrap(), None);
    assert_eq!(migrator.would_apply(&mut session, &UpTo::default()).unwrap().len(), 1);
    assert_eq!(
        engine.migrator(&all[..1]).up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap(),
        [""; 0]
    );
    assert_eq!(catalog(&mut engine.database.client(), &[]), before);
}

#[test]
fn working_on_it_brings_it_up_to_date_once() {
    let engine = older();
    let all = [migration(A, table_a), migration(B, table_b)];
    let mut upgraded = 0;
    for _ in 0..2 {
        engine
            .migrator(&all)
            .up(&mut engine.session(), &UpTo::default(), &mut |event: Event| {
                upgraded += usize::from(matches!(event, Event::HistoryUpgraded { .. }));
            })
            .unwrap();
    }
    assert_eq!(upgraded, 1);
    assert_eq!(
        engine.value(
            "SELECT string_agg(action || ' ' || name, ', ' ORDER BY id) FROM migrations_log"
        ),
        format!("up {A}, upgrade public.migrations, up {B}")
    );
    assert_eq!(engine.migrator(&all).verify(&mut engine.session()).unwrap().findings, []);
    assert_eq!(engine.down(&all, 2).unwrap(), [B, A]);

    // It is now what a new one is.
    let new = Engine::new();
    new.up(&all).unwrap();
    new.down(&all, 2).unwrap();
    let (was_old, is_new) =
        (catalog(&mut engine.database.client(), &[]), catalog(&mut new.database.client(), &[]));
    assert_eq!(was_old, is_new);
    assert_eq!(
        engine.value("SELECT value FROM migrations_settings WHERE key = 'version'"),
        new.value("SELECT value FROM migrations_settings WHERE key = 'version'")
    );
}

#[test]
fn a_backup_of_it_is_logged_and_brings_it_up_to_date() {
    let engine = older();
    let folder = tempfile::tempdir().unwrap();
    let place = migrate_core::backup::Place::Folder(folder.path().to_owned());
    let environment = migrate_tests::environment();
    let migrator = engine.migrator(&[]);
    migrator.backup(&mut engine.session(), &place, None, &environment, &mut |_: Event| {}).unwrap();
    assert_eq!(
        engine.value("SELECT string_agg(action, ', ' ORDER BY id) FROM migrations_log"),
        "up, upgrade, backup"
    );
}

/// A tool that copies tables without their settings leaves just that.
const GUARD: &str = "\
CREATE FUNCTION migrations_log_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON migrations_log
    FOR EACH STATEMENT EXECUTE FUNCTION migrations_log_kept();";

#[test]
fn one_that_has_some_of_the_new_is_brought_up_to_date() {
    for more in [
        GUARD.to_owned(),
        format!(
            "{GUARD} CREATE TABLE migrations_settings (key text PRIMARY KEY, value text NOT NULL);
             INSERT INTO migrations_settings VALUES ('version', '1'), ('protected', 'p')"
        ),
    ] {
        let engine = older();
        engine.database.execute(&more);
        let all = [migration(A, table_a), migration(B, table_b)];
        engine.up(&all).unwrap_or_else(|error| panic!("{more}: {error:?}"));
        let protected = engine.migrator(&all).protection(&mut engine.session()).unwrap();
        assert_eq!(protected.is_some(), more.contains("protected"), "{more}");
        assert_eq!(engine.migrator(&all).verify(&mut engine.session()).unwrap().findings, []);
        engine.database.client().batch_execute("DELETE FROM migrations_log").unwrap_err();
    }
}

#[test]
fn what_others_do_with_the_function_of_the_log_stays_theirs() {
    let engine = older();
    engine.database.execute(&format!(
        "{GUARD} CREATE TABLE ours (); CREATE TRIGGER ours BEFORE UPDATE ON ours
             FOR EACH STATEMENT EXECUTE FUNCTION migrations_log_kept()"
    ));
    let all = [migration(A, table_a), migration(B, table_b)];
    let error = engine.up(&all).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n{}", error.help().unwrap()), @"
    the history `public.migrations` cannot be upgraded: the function `public.migrations_log_kept()` (owner `postgres`), which trigger ours on table public.ours uses, is there already
    nothing was changed; rename that
    ");
    engine.database.execute("ALTER FUNCTION migrations_log_kept() RENAME TO ours");
    engine.up(&all).unwrap();
}

#[test]
fn a_restore_is_done_although_the_history_is_not_brought_up_to_date() {
    let engine = older();
    engine.database.execute(&format!(
        "{GUARD} CREATE TABLE ours (); CREATE TRIGGER ours BEFORE UPDATE ON ours
             FOR EACH STATEMENT EXECUTE FUNCTION migrations_log_kept()"
    ));
    let folder = tempfile::tempdir().unwrap();
    let place = migrate_core::backup::Place::Folder(folder.path().to_owned());
    let environment = migrate_tests::environment();
    let migrator = engine.migrator(&[migration(A, table_a)]);
    let mut quiet = |_: Event| {};
    let error =
        migrator.backup(&mut engine.session(), &place, None, &environment, &mut quiet).unwrap_err();
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let shown = |error: &Error| {
        let [told] = &error.diagnostics()[..] else { panic!("{error:?}") };
        let text =
            format!("{}\n{}\n{}", told.message, told.notes.join("\n"), told.helps.join("\n"));
        text.replace(&file.display().to_string(), "<file>")
            .replace(engine.database.name(), "<database>")
    };
    insta::assert_snapshot!(shown(&error), @"
    the backup `<file>` was made, but the log of the history could not be made to say so
    the history `public.migrations` cannot be upgraded: the function `public.migrations_log_kept()` (owner `postgres`), which trigger ours on table public.ours uses, is there already
    it need not be done again; rename that
    ");
    engine.database.execute("DROP TABLE a");
    let options = migrate_core::RestoreOptions { clean: true, ..Default::default() };
    let error = migrator
        .restore(&mut engine.session(), &file, options, &environment, &mut quiet)
        .unwrap_err();
    insta::assert_snapshot!(shown(&error), @"
    `<database>` was restored from `<file>`, but the history that came with it could not be brought up to date
    the history `public.migrations` cannot be upgraded: the function `public.migrations_log_kept()` (owner `postgres`), which trigger ours on table public.ours uses, is there already
    it need not be done again; rename that
    ");
    assert_eq!(engine.value("SELECT count(*) FROM a"), "0");

    // What is in the way of the upgrade by our own doing is not.
    engine.database.execute("DROP TABLE ours");
    std::fs::remove_file(&file).unwrap();
    migrator.backup(&mut engine.session(), &place, None, &environment, &mut quiet).unwrap();
    engine.database.execute("DROP TABLE a");
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    migrator.restore(&mut engine.session(), &file, options, &environment, &mut quiet).unwrap();
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings, []);
}

#[test]
fn the_server_says_nothing_of_it() {
    let engine = older();
    let mut said = Vec::new();
    let mut observe = |event: Event| {
        if let Event::Notice { message, .. } = event {
            said.push(message);
        }
    };
    let all = [migration(A, table_a), migration(B, table_b)];
    engine.migrator(&all).up(&mut engine.session(), &UpTo::default(), &mut observe).unwrap();
    assert_eq!(said, [""; 0]);
}

#[test]
fn one_of_a_newer_version_is_left_alone() {
    let engine = Engine::new();
    let all = [migration(A, table_a)];
    engine.up(&all).unwrap();
    for version in ["4", "4711", "soon"] {
        engine.database.execute(&format!(
            "UPDATE migrations_settings SET value = '{version}' WHERE key = 'version'"
        ));
        let error = engine.down(&all, 1).unwrap_err();
        assert!(matches!(error, Error::History(HistoryError::Newer { .. })), "{error}");
        assert_eq!(
            error.to_string(),
            format!(
                "the history `public.migrations` has version {version}; this migrate knows up to 3"
            )
        );
    }
}

#[test]
fn settings_of_something_else_are_left_alone() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE migrations_settings (name text, setting text)");
    // Nothing else of ours is there, so the table is simply in the way.
    assert!(matches!(engine.up(&[migration(A, table_a)]), Err(Error::History(_))));
    assert_eq!(engine.value("SELECT to_regclass('migrations') IS NULL"), "t");
    engine.database.execute(VERSION_1);
    let error = engine.up(&[migration(A, table_a)]).unwrap_err();
    insta::assert_snapshot!(error, @"the table `public.migrations_settings` is not a history of migrate: it has no column `key`; its columns are `name`, `setting`");
}
