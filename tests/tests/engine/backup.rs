//! Backups, made and restored.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use migrate_core::backup::{Backup, BackupError, Place};
use migrate_core::history::HistoryError;
use migrate_core::{
    Allowed, BackupBefore, DownTo, Environment, Error, Event, History, Limits, Migrator,
    RestoreOptions, Session, Stop, Target, UpTo,
};
use migrate_dsl::Pgm;
use migrate_tests::process::{eventually, write_script};
use migrate_tests::{Engine, TcpProxy, catalog, environment, migration, server};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

const CLEAN: RestoreOptions = RestoreOptions { clean: true, no_owner: false };

fn table_a(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
    pgm.sql("INSERT INTO a SELECT generate_series(1, 100)").down("DELETE FROM a");
}

fn table_b(pgm: &mut Pgm) {
    pgm.create_table("b", |t| {
        t.bigint("a").references("a", "id");
    });
}

fn back_up(engine: &Engine, folder: &Path) -> Result<Backup, Error> {
    let place = Place::Folder(folder.to_owned());
    let migrator = engine.migrator(&[]);
    migrator.backup(&mut engine.session(), &place, None, &environment(), &mut |_: Event| {})
}

fn put_back(
    migrator: &Migrator,
    engine: &Engine,
    file: &Path,
    options: RestoreOptions,
) -> Result<(), Error> {
    let environment = environment();
    migrator.restore(&mut engine.session(), file, options, &environment, &mut |_: Event| {})
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_backup_is_restored_into_an_empty_database() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.up(&[migration(A, table_a)]).unwrap();
    let backup = back_up(&engine, folder.path()).unwrap();
    assert_eq!(files(folder.path()), std::slice::from_ref(&backup.file));
    let metadata = fs::metadata(&backup.file).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (backup.bytes, 0o600));
    assert_eq!(
        engine.value("SELECT name || ': ' || message FROM migrations_log WHERE action = 'backup'"),
        format!("{}: {}, {} bytes", engine.database.name(), backup.file.display(), backup.bytes)
    );

    let other = Engine::new();
    let migrator = other.migrator(&[migration(A, table_a)]);
    put_back(&migrator, &other, &backup.file, RestoreOptions::default()).unwrap();
    assert_eq!(other.value("SELECT count(*) FROM a"), "100");
    assert_eq!(other.status(&[migration(A, table_a)]), format!("applied {A}"));
    assert_eq!(other.catalog(), engine.catalog());
    assert_eq!(migrator.verify(&mut other.session()).unwrap().findings, []);
    assert_eq!(
        other.value("SELECT string_agg(action, ', ' ORDER BY id) FROM migrations_log"),
        "up, restore"
    );
    // It takes up where the backed up one was.
    other.up(&[migration(A, table_a), migration(B, table_b)]).unwrap();
    other.down(&[], 2).unwrap();
}

const MUCH: &str = r#"
CREATE EXTENSION pg_trgm;
CREATE SCHEMA "Other things";
CREATE TYPE "Other things".mood AS ENUM ('sad', 'happy');
CREATE TABLE "Other things".people (id int PRIMARY KEY, m "Other things".mood);
CREATE TABLE notes (id int, text text, person int REFERENCES "Other things".people);
CREATE INDEX ON notes USING gin (text gin_trgm_ops);
CREATE FUNCTION said() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE $$x$$; END';
CREATE EVENT TRIGGER said ON ddl_command_end EXECUTE FUNCTION said();
CREATE PUBLICATION news FOR TABLE notes;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
SELECT lo_create(4711);
INSERT INTO "Other things".people VALUES (1, 'sad');
INSERT INTO notes VALUES (1, E'SET transaction_timeout = 0;\nCOMMIT;\n\\.', 1);
GRANT CREATE ON SCHEMA public TO PUBLIC;
"#;

#[test]
fn what_was_there_goes_with_a_clean_restore() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.database.execute(MUCH);
    engine.up(&[migration(A, table_a)]).unwrap();
    let before = catalog(&mut engine.database.client(), &[]);
    let backup = back_up(&engine, folder.path()).unwrap();

    let both = [migration(A, table_a), migration(B, table_b)];
    engine.up(&both).unwrap();
    engine.database.execute(
        "CREATE SCHEMA later CREATE TABLE t (); DROP SCHEMA \"Other things\" CASCADE; \
         CREATE EXTENSION hstore; COMMENT ON SCHEMA public IS 'ours'; DELETE FROM a; \
         REVOKE USAGE ON SCHEMA public FROM PUBLIC; CREATE CAST (text AS point) WITH INOUT; \
         SELECT lo_create(4712)",
    );
    let error = put_back(&engine.migrator(&both), &engine, &backup.file, RestoreOptions::default());
    let error = error.unwrap_err();
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
    put_back(&engine.migrator(&both), &engine, &backup.file, CLEAN).unwrap();
    // That schema is not the one that came with the database, but says the same.
    let after = catalog(&mut engine.database.client(), &[]);
    assert_eq!(after.replace("schema public: standard public schema\n", ""), before);
    assert_eq!(engine.value("SELECT count(*) FROM a"), "100");
    assert_eq!(
        engine.value("SELECT text FROM notes"),
        "SET transaction_timeout = 0;\nCOMMIT;\n\\."
    );
    assert_eq!(
        engine.value("SELECT string_agg(oid::text, ' ') FROM pg_largeobject_metadata"),
        "4711"
    );
    assert_eq!(engine.status(&both), format!("applied {A}\npending {B}"));
    engine.up(&both).unwrap();

    let again = back_up(&engine, folder.path()).unwrap();
    put_back(&engine.migrator(&both), &engine, &again.file, CLEAN).unwrap();
    assert_eq!(engine.status(&both), format!("applied {A}\napplied {B}"));
    let other = Engine::new();
    put_back(&other.migrator(&both), &other, &again.file, RestoreOptions::default()).unwrap();
    assert_eq!(other.status(&both), format!("applied {A}\napplied {B}"));
}

#[test]
fn what_is_there_is_told() {
    let engine = Engine::new();
    let file = Path::new("/nowhere");
    let told = |sql: &str| {
        engine.database.execute(sql);
        let migrator = engine.migrator(&[]);
        put_back(&migrator, &engine, file, RestoreOptions::default()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(told(""), @"cannot read the backup `/nowhere`");
    insta::assert_snapshot!(told("CREATE EXTENSION hstore"), @"cannot read the backup `/nowhere`");
    insta::assert_snapshot!(told("CREATE SCHEMA s"), @"the database is not empty: it has schema `s`");
    insta::assert_snapshot!(told("CREATE TYPE s.mood AS ENUM ()"), @"the database is not empty: it has type `s.mood`, schema `s`");
    insta::assert_snapshot!(told("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE b (); CREATE VIEW a AS SELECT 1"), @"the database is not empty: it has view `public.a`, table `public.b`, function `public.f` and 2 more");
}

#[test]
fn a_file_that_is_no_whole_backup_changes_nothing() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.up(&[migration(A, table_a)]).unwrap();
    let backup = back_up(&engine, folder.path()).unwrap();
    let whole = fs::read(&backup.file).unwrap();
    let file = folder.path().join("other");
    let before =
        (catalog(&mut engine.database.client(), &[]), engine.value("SELECT count(*) FROM a"));
    let refused = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        match put_back(&engine.migrator(&[]), &engine, &file, CLEAN) {
            Err(Error::Backup(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    for bytes in [&b""[..], b"PG", b"SELECT 1;", &[0; 1000]] {
        let error = refused(bytes);
        assert!(matches!(error, BackupError::NotABackup(_)), "{error:?}");
    }
    for end in [5, 20, whole.len() / 2, whole.len() - 1, whole.len() - 30] {
        let error = refused(&whole[..end]);
        assert!(matches!(error, BackupError::Damaged { .. }), "{end}: {error:?}");
    }
    let after =
        (catalog(&mut engine.database.client(), &[]), engine.value("SELECT count(*) FROM a"));
    assert_eq!(after, before);
    assert!(put_back(&engine.migrator(&[]), &engine, folder.path(), CLEAN).is_err());
}

#[test]
fn a_restore_that_the_server_refuses_changes_nothing() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let role = engine.database.unique("owner");
    engine.database.execute(&format!(
        "CREATE ROLE {role}; CREATE TABLE a (); CREATE TABLE z (); ALTER TABLE z OWNER TO {role}"
    ));
    let backup = back_up(&engine, folder.path()).unwrap();
    engine
        .database
        .execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}; CREATE TABLE later ()"));
    let before = engine.catalog();
    let error = put_back(&engine.migrator(&[]), &engine, &backup.file, CLEAN).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot restore `{}`: role \"{role}\" does not exist", engine.database.name())
    );
    assert!(error.help().unwrap().contains("--no-owner"), "{:?}", error.help());
    assert_eq!(engine.catalog(), before);
    let options = RestoreOptions { clean: true, no_owner: true };
    put_back(&engine.migrator(&[]), &engine, &backup.file, options).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('z') IS NOT NULL"), "t");
    assert_eq!(engine.value("SELECT to_regclass('later') IS NULL"), "t");
}

#[test]
fn protection_is_of_the_database_and_not_of_its_backup() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let mut quiet = |_: Event| {};
    engine.up(&[migration(A, table_a)]).unwrap();
    let unprotected = back_up(&engine, folder.path()).unwrap();
    let migrator = engine.migrator(&[]);
    migrator.protect(&mut engine.session(), "production", &mut quiet).unwrap();
    let protected = back_up(&engine, folder.path()).unwrap();

    let error = put_back(&migrator, &engine, &unprotected.file, CLEAN);
    assert!(matches!(error, Err(Error::Protected { .. })));
    let allowed = Allowed { name: "production".to_owned(), origin: "`--allow`".to_owned() };
    let migrator = migrator.allow(Some(allowed));
    put_back(&migrator, &engine, &unprotected.file, CLEAN).unwrap();
    let protection = migrator.protection(&mut engine.session()).unwrap();
    assert_eq!(protection.as_deref(), Some("production"));

    let other = Engine::new();
    put_back(&other.migrator(&[]), &other, &protected.file, RestoreOptions::default()).unwrap();
    assert_eq!(other.migrator(&[]).protection(&mut other.session()).unwrap(), None);
}

#[test]
fn the_log_is_carried_over_a_restore() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let both = [migration(A, table_a), migration(B, table_b)];
    let migrator = engine.migrator(&both);
    let empty = back_up(&engine, folder.path()).unwrap();
    engine.up(&both[..1]).unwrap();
    let backup = back_up(&engine, folder.path()).unwrap();
    engine.up(&both).unwrap();
    engine.down(&both, 1).unwrap();
    let log = || {
        engine.value(
            "SELECT string_agg(concat_ws(' ', action, left(name, 14), role), ',' ORDER BY at) \
             FROM migrations_log WHERE action <> 'backup'",
        )
    };
    let before = log();
    for file in [&backup.file, &backup.file, &empty.file] {
        let lines: usize = engine.value("SELECT count(*) FROM migrations_log").parse().unwrap();
        put_back(&migrator, &engine, file, CLEAN).unwrap();
        let restored = engine.value("SELECT count(*) FROM migrations_log").parse();
        assert_eq!(restored, Ok(lines + 1), "{}", log());
        assert!(log().starts_with(&before), "{}", log());
        assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings, []);
    }
    // What comes after it counts as before.
    engine.up(&both).unwrap();
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings, []);
    engine.database.execute("DELETE FROM migrations WHERE name LIKE '%b'");
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings.len(), 1);
    // A database that has had no log gets that of the backup, and a line.
    let other = Engine::new();
    put_back(&other.migrator(&both), &other, &backup.file, RestoreOptions::default()).unwrap();
    assert_eq!(other.value("SELECT count(*) FROM migrations_log WHERE action = 'restore'"), "1");
}

#[test]
fn a_newer_history_is_refused_before_anything_is_written() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let all = [migration(A, table_a)];
    engine.up(&all).unwrap();
    let backup = back_up(&engine, folder.path()).unwrap();
    let before = files(folder.path());
    engine.database.execute("UPDATE migrations_settings SET value = '99' WHERE key = 'version'");
    let error = back_up(&engine, folder.path()).unwrap_err();
    assert!(matches!(error, Error::History(HistoryError::Newer { .. })), "{error}");
    assert_eq!(files(folder.path()), before);
    let error = put_back(&engine.migrator(&all), &engine, &backup.file, CLEAN).unwrap_err();
    assert!(matches!(error, Error::History(HistoryError::Newer { .. })), "{error}");
    assert_eq!(engine.value("SELECT value FROM migrations_settings WHERE key = 'version'"), "99");
}

#[test]
fn protection_stays_where_the_backup_has_no_history() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let mut quiet = |_: Event| {};
    let empty = back_up(&engine, folder.path()).unwrap();
    let migrator = engine.migrator(&[migration(A, table_a)]);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut quiet).unwrap();
    migrator.protect(&mut engine.session(), "it's \\ours\\", &mut quiet).unwrap();
    let elsewhere = migrator.clone().history(History::new("Other ops", "our \"history\""));
    elsewhere.protect(&mut engine.session(), "it's \\ours\\", &mut quiet).unwrap();

    let allowed = Allowed { name: "it's \\ours\\".to_owned(), origin: "`--allow`".to_owned() };
    let permitted = migrator.clone().allow(Some(allowed));
    put_back(&permitted, &engine, &empty.file, CLEAN).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('a') IS NULL"), "t");
    for migrator in [&migrator, &elsewhere] {
        let protection = migrator.protection(&mut engine.session()).unwrap();
        assert_eq!(protection.as_deref(), Some("it's \\ours\\"));
    }
    let session = &mut engine.session();
    assert_eq!(migrator.verify(session).unwrap().findings, []);
    migrator.up(session, &UpTo::default(), &mut quiet).unwrap();
    let refused = migrator.down(session, &DownTo::All, &mut quiet);
    assert!(matches!(refused, Err(Error::Protected { .. })), "{refused:?}");

    // One from before there were settings gets them with the protection.
    engine.database.execute(
        "DROP TABLE migrations_settings; DROP FUNCTION migrations_log_kept CASCADE; \
         ALTER TABLE migrations_log DROP COLUMN checksum; \
         ALTER TABLE migrations_journal DROP COLUMN noted",
    );
    let old = back_up(&engine, folder.path()).unwrap();
    migrator.protect(&mut engine.session(), "it's \\ours\\", &mut quiet).unwrap();
    put_back(&permitted, &engine, &old.file, CLEAN).unwrap();
    let refused = migrator.down(&mut engine.session(), &DownTo::All, &mut quiet);
    assert!(matches!(refused, Err(Error::Protected { .. })), "{refused:?}");
    permitted.down(&mut engine.session(), &DownTo::All, &mut quiet).unwrap();
}

#[test]
fn a_backup_is_made_before_anything_is_applied() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let place = Place::Folder(folder.path().join("new/folder"));
    let before = BackupBefore { place, environment: environment() };
    let up = |migrations: &[migrate_dsl::Migration]| {
        let migrator = engine.migrator(migrations).backup_before(Some(before.clone()));
        migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {})
    };
    up(&[migration(A, table_a)]).unwrap();
    up(&[migration(A, table_a)]).unwrap();
    assert_eq!(files(&folder.path().join("new/folder")).len(), 1);
    up(&[migration(A, table_a), migration(B, |pgm| _ = pgm.sql("nonsense"))]).unwrap_err();
    let made = files(&folder.path().join("new/folder"));
    assert_eq!(made.len(), 2);
    assert_eq!(
        engine.value(
            "SELECT string_agg(action || ' ' || outcome, ', ' ORDER BY id) FROM migrations_log"
        ),
        "backup done, up done, backup done, up failed"
    );

    // Without a backup nothing is applied.
    let nowhere = Place::Folder("/proc/nowhere".into());
    let before = BackupBefore { place: nowhere, environment: environment() };
    let both = [migration(A, table_a), migration(B, table_b)];
    let migrator = engine.migrator(&both).backup_before(Some(before));
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    assert!(matches!(error, Err(Error::Backup(BackupError::Folder { .. }))));
    assert_eq!(engine.status(&both), format!("applied {A}\npending {B}"));
}

#[test]
fn old_backups_go_only_when_asked_for() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let first = back_up(&engine, folder.path()).unwrap();
    back_up(&engine, folder.path()).unwrap();
    assert_eq!(files(folder.path()).len(), 2);
    let place = Place::Folder(folder.path().to_owned());
    let mut pruned = Vec::new();
    let last = engine
        .migrator(&[])
        .backup(&mut engine.session(), &place, Some(1), &environment(), &mut |event: Event| {
            if let Event::Pruned { files } = event {
                pruned = files;
            }
        })
        .unwrap();
    assert_eq!((pruned.len(), &pruned[0]), (2, &first.file));
    assert_eq!(files(folder.path()), [last.file]);
    // A database without a history gets none by being backed up.
    assert_eq!(engine.value("SELECT to_regclass('migrations') IS NULL"), "t");
}

#[test]
fn what_goes_wrong_leaves_no_half_backup() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let place = |name: &str| Place::File(folder.path().join(name));
    let back_up = |place: &Place, environment: &Environment| {
        let migrator = engine.migrator(&[]);
        match migrator.backup(&mut engine.session(), place, None, environment, &mut |_: Event| {}) {
            Err(Error::Backup(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    fs::write(folder.path().join("there"), "x").unwrap();
    assert!(matches!(back_up(&place("there"), &environment()), BackupError::Exists(_)));
    assert!(matches!(back_up(&place("no/folder"), &environment()), BackupError::Folder { .. }));

    let mut nothing = environment();
    nothing.vars.insert("MIGRATE_PG_BINDIR".into(), "/nowhere".into());
    assert!(matches!(back_up(&place("a"), &nothing), BackupError::NoPrograms { .. }));

    // A `pg_dump` that fails as on a full disk, and one whose work cannot be read.
    let fails = |script: &str| {
        let bindir = tempfile::tempdir().unwrap();
        let major = engine.session().major();
        for name in ["pg_dump", "pg_restore", "psql"] {
            let path = bindir.path().join(name);
            let text = format!(
                "#!/bin/sh\ncase \"$1\" in --version) echo '{name} (PostgreSQL) {major}.1'; exit;; esac\n{script}\n"
            );
            write_script(&path, &text);
        }
        let mut environment = environment();
        let bindir_text = bindir.path().display().to_string();
        environment.vars.insert("MIGRATE_PG_BINDIR".into(), bindir_text);
        back_up(&place("a"), &environment)
    };
    let error =
        fails("echo 'pg_dump: error: could not write: No space left on device' >&2; exit 1");
    assert!(matches!(error, BackupError::NoSpace(_)), "{error:?}");
    let error = fails("echo 'pg_dump: error: query failed' >&2; exit 1");
    assert_eq!(
        error.to_string(),
        format!("cannot back up `{}`: query failed", engine.database.name())
    );
    let error = fails("exit 0");
    assert!(matches!(error, BackupError::NotABackup(_)), "{error:?}");
    let error = fails(
        "for file; do case $file in /*.partial) printf PGDMPxx > $file;; esac; done; case $0 in *pg_restore) echo 'pg_restore: error: bad' >&2; exit 1;; esac",
    );
    assert!(matches!(error, BackupError::Damaged { .. }), "{error:?}");
    assert_eq!(files(folder.path()), [folder.path().join("there")]);
}

#[test]
fn a_backup_ends_with_the_time_and_waits_for_no_lock_for_ever() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.up(&[migration(A, table_a)]).unwrap();
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; LOCK TABLE a").unwrap();
    let place = Place::Folder(folder.path().to_owned());
    let before = BackupBefore { place: place.clone(), environment: environment() };
    let both = [migration(A, table_a), migration(B, table_b)];
    let up = |limits: Limits| {
        let migrator = engine.migrator(&both).limits(limits).backup_before(Some(before.clone()));
        let session = &mut engine.session();
        migrator.up(session, &UpTo::default(), &mut |_: Event| {}).unwrap_err()
    };
    let whole = Some(Duration::from_millis(600));
    let error = up(Limits { whole, ..Limits::default() });
    assert_eq!(error.stopped(), Some(Stop::OutOfTime(Duration::from_millis(600))), "{error}");
    let error = up(Limits { lock_wait: Duration::from_millis(300), ..Limits::default() });
    assert!(matches!(error, Error::Backup(BackupError::Locked { .. })), "{error}");
    let migrator = engine.migrator(&[]).limits(Limits { whole, ..Limits::default() });
    let session = &mut engine.session();
    let error = migrator.backup(session, &place, None, &environment(), &mut |_: Event| {});
    assert!(error.as_ref().unwrap_err().stopped().is_some(), "{error:?}");
    // Nothing remains: no half file, no session that waits.
    assert!(files(folder.path()).is_empty());
    eventually("no session of pg_dump", || {
        engine.value(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump' \
             AND datname = current_database()",
        ) == "0"
    });
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(engine.status(&both), format!("applied {A}\npending {B}"));
}

#[test]
fn a_restore_lets_others_pass_while_it_waits_for_a_lock() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.up(&[migration(A, table_a)]).unwrap();
    let backup = back_up(&engine, folder.path()).unwrap();
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; SELECT 1 FROM a LIMIT 1").unwrap();
    let restore = |limits: Limits| {
        let migrator = engine.migrator(&[]).limits(limits);
        put_back(&migrator, &engine, &backup.file, CLEAN)
    };
    let patience = |milliseconds| Limits {
        lock_wait: Duration::from_millis(milliseconds),
        ..Limits::default()
    };
    let error = restore(patience(300)).unwrap_err();
    assert!(matches!(error, Error::Backup(BackupError::Locked { .. })), "{error}");
    let whole = Some(Duration::from_millis(600));
    let error = restore(Limits { whole, ..Limits::default() }).unwrap_err();
    assert_eq!(error.stopped(), Some(Stop::OutOfTime(Duration::from_millis(600))), "{error}");
    assert_eq!(engine.value("SELECT count(*) FROM a"), "100");

    std::thread::scope(|scope| {
        let restored = scope.spawn(|| restore(patience(60_000)));
        eventually("the restore waits", || {
            engine.value(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' \
                 AND datname = current_database() AND wait_event_type = 'Lock'",
            ) == "1"
        });
        // This one waits behind it, but not for as long as the holder sits there.
        assert_eq!(engine.value("SELECT count(*) FROM a"), "100");
        holder.batch_execute("ROLLBACK").unwrap();
        restored.join().unwrap().unwrap();
    });
    assert_eq!(engine.value("SELECT count(*) FROM a"), "100");
}

/// By then, everything has been sent to psql, which is far behind.
#[test]
fn a_restore_is_stopped_while_a_statement_runs() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.database.execute(
        "CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
             IF current_setting('test.fast', true) IS NULL THEN PERFORM pg_sleep(30); END IF;
             RETURN 1;
         END $$;
         SET test.fast = 'on';
         CREATE MATERIALIZED VIEW slowly AS SELECT slow() AS n",
    );
    let backup = back_up(&engine, folder.path()).unwrap();
    let whole = Some(Duration::from_secs(2));
    let migrator = engine.migrator(&[]).limits(Limits { whole, ..Limits::default() });
    let started = Instant::now();
    let error = put_back(&migrator, &engine, &backup.file, CLEAN).unwrap_err();
    assert_eq!(error.stopped(), Some(Stop::OutOfTime(Duration::from_secs(2))), "{error}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    eventually("the statement is cancelled", || {
        engine.value(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE application_name = 'psql' AND datname = current_database()",
        ) == "0"
    });
    assert_eq!(engine.value("SELECT n FROM slowly"), "1");
}

#[test]
fn whom_the_database_belongs_to_needs_no_superuser() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    if engine.session().major() < 15 {
        return; // `public` belonged to a superuser.
    }
    let role = engine.database.unique("owner");
    let name = engine.database.name();
    engine
        .database
        .execute(&format!("CREATE ROLE {role} LOGIN; ALTER DATABASE {name} OWNER TO {role}"));
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = migrate_core::Target::parse(&url, "the test", &Environment::default());
    let target = target.unwrap_or_else(|error| panic!("{error}: {url}"));
    let mut session = migrate_core::Session::connect(&target, "test").unwrap();
    let migrator = engine.migrator(&[migration(A, table_a)]);
    let mut quiet = |_: Event| {};
    migrator.up(&mut session, &UpTo::default(), &mut quiet).unwrap();
    let place = Place::Folder(folder.path().to_owned());
    let backup = migrator.backup(&mut session, &place, None, &environment(), &mut quiet).unwrap();
    migrator.down(&mut session, &DownTo::All, &mut quiet).unwrap();
    migrator.restore(&mut session, &backup.file, CLEAN, &environment(), &mut quiet).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM a"), "100");
    engine.database.execute(&format!("ALTER DATABASE {name} OWNER TO postgres"));
}

#[test]
fn a_role_that_may_not_read_everything_is_told_so() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    engine.up(&[migration(A, table_a)]).unwrap();
    let role = engine.database.unique("reader");
    engine.database.execute(&format!("CREATE ROLE {role} LOGIN; CREATE TABLE secret ()"));
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = migrate_core::Target::parse(&url, "the test", &Environment::default());
    let target = target.unwrap_or_else(|error| panic!("{error}: {url}"));
    let mut session = migrate_core::Session::connect(&target, "test").unwrap();
    let place = Place::Folder(folder.path().to_owned());
    let backup =
        engine.migrator(&[]).backup(&mut session, &place, None, &environment(), &mut |_: Event| {});
    let error = backup.unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_proxy_may_end_the_session_while_other_programs_restore() {
    let (engine, folder) = (Engine::new(), tempfile::tempdir().unwrap());
    let all = [migration(A, table_a)];
    engine.up(&all).unwrap();
    let proxy = TcpProxy::with_idle_limit(server(), Some(Duration::from_secs(1)));
    let target =
        Target::parse(&proxy.url(engine.database.name()), "the test", &Environment::default());
    // Tables that take a while to fill again, each of them less than the proxy's limit.
    engine.database.execute(
        "CREATE FUNCTION nap(int) RETURNS bool LANGUAGE sql IMMUTABLE AS \
         'SELECT pg_catalog.pg_sleep(0.05) IS NOT NULL'",
    );
    for number in 0..10 {
        engine.database.execute(&format!(
            "CREATE TABLE slow{number} (n int CHECK (nap(n))); \
             INSERT INTO slow{number} SELECT generate_series(1, 3)"
        ));
    }
    let backup = back_up(&engine, folder.path()).unwrap();
    let mut session = Session::connect(&target.unwrap(), "migrate restore").unwrap();
    let mut quiet = |_: Event| {};
    let (migrator, here) = (engine.migrator(&all), environment());
    migrator.restore(&mut session, &backup.file, CLEAN, &here, &mut quiet).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM migrations_log WHERE action = 'restore'"), "1");
}
