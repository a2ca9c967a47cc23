//! A history of which parts were removed by hand: what is reported, and what `verify` finds.

use migrate_core::history::HistoryError;
use migrate_core::{Error, Event, UpTo};
use migrate_dsl::Migration;
use migrate_tests::{Cli, Engine, migration};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn all() -> [Migration; 2] {
    [
        migration(A, |pgm| _ = pgm.create_table("one", |t| t.id())),
        migration(B, |pgm| _ = pgm.create_table("two", |t| t.id())),
    ]
}

/// One of two is applied, and the database protected; then this is done to the history.
fn broken(sql: &str) -> Engine {
    let engine = Engine::new();
    engine.up(&all()[..1]).unwrap();
    let migrator = engine.migrator(&all());
    migrator.protect(&mut engine.session(), "live", &mut |_: Event| {}).unwrap();
    engine.database.execute(sql);
    engine
}

fn found(engine: &Engine) -> Vec<String> {
    let verified = engine.migrator(&all()).verify(&mut engine.session()).unwrap();
    assert_eq!(verified.is_sound(), verified.findings.is_empty());
    verified.findings.into_iter().map(|it| format!("{}: {}", it.name, it.message)).collect()
}

/// What is missing, by what removed it.
const REMOVED: [(&str, &str); 8] = [
    ("DELETE FROM migrations_settings", "`public.migrations_settings` has no row `version`"),
    (
        "DELETE FROM migrations_settings WHERE key = 'version'",
        "`public.migrations_settings` has no row `version`",
    ),
    (
        "UPDATE migrations_settings SET value = '2' WHERE key = 'version'",
        "`version` in `public.migrations_settings` is 2, and the tables are of version 3",
    ),
    ("DROP TABLE migrations_settings", "the table `public.migrations_settings` is missing"),
    ("DROP TABLE migrations_log", "the table `public.migrations_log` is missing"),
    ("DROP TABLE migrations_journal", "the table `public.migrations_journal` is missing"),
    (
        "ALTER TABLE migrations_journal DROP COLUMN noted",
        "`public.migrations_journal` has no column `noted`",
    ),
    (
        "ALTER TABLE migrations_log DROP COLUMN checksum",
        "`public.migrations_log` has no column `checksum`",
    ),
];

#[test]
fn what_was_removed_is_named_and_what_is_offered_completes_it() {
    for (sql, problem) in REMOVED {
        let engine = broken(sql);
        let before = engine.catalog();
        let message = format!("the history `public.migrations` is incomplete: {problem}");
        let error = engine.up(&all()).unwrap_err();
        assert_eq!(error.to_string(), message, "{sql}");
        assert_eq!(engine.down(&all(), 1).unwrap_err().to_string(), message, "{sql}");
        assert_eq!(engine.catalog(), before, "{sql}");
        assert_eq!(found(&engine), [format!("public.migrations: {message}")], "{sql}");

        let help = error.help().unwrap();
        let statements = help.split_once("complete the history with:\n").unwrap().1;
        let (statements, protect) = statements.split_once(";\nif the").unwrap_or((statements, ""));
        let loses_protection =
            sql == "DELETE FROM migrations_settings" || sql.starts_with("DROP TABLE migrations_s");
        assert_eq!(!protect.is_empty(), loses_protection, "{sql}: {help}");
        engine.database.execute(statements);
        if loses_protection {
            // What the statements do not bring back, the log still tells.
            let error = engine.up(&all()).unwrap_err();
            assert!(error.to_string().contains("protected as `live`"), "{sql}: {error}");
            let migrator = engine.migrator(&all());
            assert!(migrator.protect(&mut engine.session(), "live", &mut |_: Event| {}).unwrap());
        }
        engine.up(&all()).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let reference = Engine::new();
        reference.up(&all()).unwrap();
        let tables = "SELECT string_agg(concat_ws(' ', table_name, column_name, data_type, column_default), ', '
                      ORDER BY table_name, column_name) FROM information_schema.columns
                      WHERE table_name LIKE 'migrations%'";
        assert_eq!(engine.value(tables), reference.value(tables), "{sql}");
    }
}

#[test]
fn a_protection_that_was_removed_by_hand_is_found() {
    let engine = broken("DELETE FROM migrations_settings WHERE key = 'protected'");
    let found = found(&engine).join("\n");
    assert!(
        found.starts_with(
            "public.migrations: the log says that ada protected the database as `live` at"
        ) && found
            .ends_with("and not that the protection was removed; the settings do not have it"),
        "{found}"
    );
    // What the tool itself removes is not reported as missing.
    let engine = broken("");
    let migrator = engine.migrator(&all());
    assert!(migrator.unprotect(&mut engine.session(), "live", &mut |_: Event| {}).unwrap());
    assert_eq!(migrator.verify(&mut engine.session()).unwrap().findings.len(), 0);
}

#[test]
fn a_history_table_that_was_dropped_is_missed() {
    let engine = broken("DROP TABLE migrations");
    let message = "the history `public.migrations` cannot be created: \
                   the table `public.migrations_journal` (owner `postgres`), \
                   the table `public.migrations_log` (owner `postgres`), \
                   the table `public.migrations_settings` (owner `postgres`) are there already";
    let error = engine.up(&all()).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert!(error.help().unwrap().contains("the table `public.migrations` was removed"));
    assert_eq!(engine.down(&all(), 1).unwrap_err().to_string(), message);
    let cli = Cli::on(engine.database);
    cli.write_plan(&all());
    for command in ["status", "log", "down", "redo", "sync"] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(1), "{command}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains("are there already"), "{command}: {}", said.stderr);
    }
    let engine = Engine { database: cli.database };
    assert_eq!(found(&engine), [format!("public.migrations: {message}")]);
}

#[test]
fn a_type_with_the_name_of_the_history_is_named() {
    let types = [
        ("migrations AS ENUM ()", "type `public.migrations`"),
        ("migrations_log AS ENUM ()", "type `public.migrations_log`"),
    ];
    for (create, what) in types {
        let engine = Engine::new();
        engine.database.execute(&format!("CREATE TYPE {create}"));
        let error = engine.up(&all()).unwrap_err();
        let message = format!(
            "the history `public.migrations` cannot be created: the {what} (owner `postgres`) is \
             there already"
        );
        assert_eq!(error.to_string(), message);
        assert!(error.help().unwrap().contains("give the history another name"));
    }
    // What has columns looks like a table.
    let engine = Engine::new();
    engine.database.execute("CREATE TYPE migrations AS (a int)");
    assert!(matches!(engine.up(&all()), Err(Error::History(HistoryError::Untrusted { .. }))));
}

#[test]
fn a_migration_whose_row_was_removed_is_not_applied_again() {
    let all = [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE t (n int)").down("DROP TABLE t")),
        migration(B, |pgm| _ = pgm.sql("INSERT INTO t VALUES (1)").down("DELETE FROM t")),
    ];
    let cli = Cli::with_plan(&all);
    assert_eq!(cli.run("up").code, Some(0));
    cli.database.execute("DELETE FROM migrations WHERE name = '20260102000000_b'");
    insta::assert_snapshot!(
        cli.session(&[
            "up",
            "up --dry-run",
            "goto 20260102000000_b",
            "sync",
            "status",
            "--json status",
            "verify",
            "mark 20260102000000_b",
            "up",
            "verify",
        ]),
        @r#"
    $ migrate up  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260102000000_b` at <moment>, but no later revert; its row was deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260102000000_b` records it again; if not, `migrate mark --pending 20260102000000_b` lets `migrate up` apply it again
    $ migrate up --dry-run  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260102000000_b` at <moment>, but no later revert; its row was deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260102000000_b` records it again; if not, `migrate mark --pending 20260102000000_b` lets `migrate up` apply it again
    $ migrate goto 20260102000000_b  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260102000000_b` at <moment>, but no later revert; its row was deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260102000000_b` records it again; if not, `migrate mark --pending 20260102000000_b` lets `migrate up` apply it again
    $ migrate sync  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260102000000_b` at <moment>, but no later revert; its row was deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260102000000_b` records it again; if not, `migrate mark --pending 20260102000000_b` lets `migrate up` apply it again
    $ migrate status  # 0
    applied  20260101000000_a  <moment>
    pending  20260102000000_b
             the log says that ada applied it at <moment>; its row was removed: see `migrate verify`
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    $ migrate --json status  # 0
    {"format":1,"event":"summary","migrations":[{"name":"20260101000000_a","state":"applied","applied_at":"<moment>","execution_time_ms":0,"checksum":"<checksum>"},{"name":"20260102000000_b","state":"pending","applied_at":null,"execution_time_ms":null,"checksum":"<checksum>","removed":{"name":"20260102000000_b","who":"ada","at":"<moment>"}}]}
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    $ migrate verify  # 3
    tampered      20260102000000_b: the log says that ada applied it at <moment>, and not that it was reverted; the history does not have it
      help: this tool does not do that: find out who did; `migrate log --name 20260102000000_b` tells what was done by it; if the database has what was applied, `migrate mark 20260102000000_b` records it again; if not, `migrate mark --pending 20260102000000_b` lets `migrate up` apply it again
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |     verified 1 applied migration: 1 finding
    $ migrate mark 20260102000000_b  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |       marked 20260102000000_b as applied; nothing was run
    $ migrate up  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |         done nothing to do: nothing is pending
    $ migrate verify  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |     verified 2 applied migrations: 0 findings
    "#
    );
    cli.database.execute("DELETE FROM migrations");
    insta::assert_snapshot!(
        cli.session(&[
            "up",
            "up 1",
            "mark 20260101000000_a",
            "mark --pending 20260102000000_b",
            "mark --pending 20260102000000_b",
            "up",
            "verify",
            "log 3",
        ]),
        @"
    $ migrate up  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260101000000_a` at <moment>, ada applied `20260102000000_b` at <moment>, but no later revert; their rows were deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260101000000_a 20260102000000_b` records them again; if not, `migrate mark --pending 20260101000000_a 20260102000000_b` lets `migrate up` apply them again
    $ migrate up 1  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: the log records that ada applied `20260101000000_a` at <moment>, but no later revert; its row was deleted from `public.migrations`
    |  |
    |  = help: nothing was changed, and who removed it is not known; if the database has what was applied, `migrate mark 20260101000000_a` records it again; if not, `migrate mark --pending 20260101000000_a` lets `migrate up` apply it again
    $ migrate mark 20260101000000_a  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |       marked 20260101000000_a as applied; nothing was run
    $ migrate mark --pending 20260102000000_b  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |       marked 20260102000000_b as pending; nothing was run
    $ migrate mark --pending 20260102000000_b  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |         done nothing to do: recorded as pending already
    $ migrate up  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |      applied 20260102000000_b (<time> ms)
    |         done 1 migration applied
    $ migrate verify  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |     verified 2 applied migrations: 0 findings
    $ migrate log 3  # 0
    when  action  name  outcome  took  tool  commit  who
    <moment>  up  20260102000000_b  done  0.1.0  ada@<host> as postgres
    <moment>  mark pending  20260102000000_b  done  0.1.0  ada@<host> as postgres
    <moment>  mark applied  20260101000000_a  done  0.1.0  ada@<host> as postgres
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    "
    );
    // What is to be applied again is, and nothing else was.
    assert_eq!(Engine { database: cli.database }.value("SELECT count(*)::text FROM t"), "2");
}

#[test]
fn a_row_that_was_removed_does_not_make_its_migration_late() {
    let engine = Engine::new();
    engine.up(&all()).unwrap();
    engine.database.execute("DELETE FROM migrations WHERE id = 1");
    let error = engine.up(&all()).unwrap_err();
    assert!(matches!(error, Error::History(HistoryError::RowsRemoved { .. })), "{error:?}");
    // Commands that the removed row does not affect still work.
    engine.down(&all(), 1).unwrap();
    let error = engine.up(&all()[1..]).map(|applied| applied.len());
    assert_eq!(error.unwrap(), 1);
}

#[test]
fn what_the_tool_removes_it_applies_again() {
    let engine = Engine::new();
    let (session, migrator) = (&mut engine.session(), engine.migrator(&all()));
    let observer = &mut |_: Event| {};
    let names = || vec![A.to_owned(), B.to_owned()];
    let up =
        |session: &mut _| engine.migrator(&all()).up(session, &UpTo::default(), &mut |_: Event| {});
    assert_eq!(up(session).unwrap(), names());
    assert_eq!(migrator.redo(session, 2, observer).unwrap(), names());
    engine.down(&all(), 2).unwrap();
    assert_eq!(up(session).unwrap(), names());
    migrator.goto(session, A, observer).unwrap();
    assert_eq!(up(session).unwrap(), [B]);
    // Another branch has other migrations.
    engine.migrator(&all()[..1]).sync(session, true, observer).unwrap();
    assert_eq!(migrator.sync(session, true, observer).unwrap().1, [B]);
    // `up` fails because of existing objects, and not before.
    assert_eq!(migrator.mark_pending(session, &names(), observer).unwrap(), names());
    assert!(matches!(up(session), Err(Error::Apply(_))));
    assert_eq!(migrator.mark_applied(session, &names(), observer).unwrap(), names());
    assert_eq!(migrator.verify(session).unwrap().findings, []);
}

#[test]
fn a_log_that_cannot_tell_refuses_nothing() {
    let all = [migration(A, |pgm| _ = pgm.sql("SELECT 1").down("SELECT 1"))];
    let engine = Engine::new();
    engine.up(&all).unwrap();
    engine.database.execute("DELETE FROM migrations");
    assert!(engine.up(&all).is_err());
    // A role that may not read it sees the rest without it.
    let role = engine.database.unique("reader");
    engine.database.execute(&format!(
        "CREATE ROLE {role}; GRANT SELECT ON migrations, migrations_journal, migrations_settings TO {role}"
    ));
    let mut session = engine.session();
    session.client().batch_execute(&format!("SET ROLE {role}")).unwrap();
    let status = engine.migrator(&all).status(&mut session).unwrap();
    assert_eq!(status.migrations[0].removed, None);
    // It was cut.
    engine
        .database
        .execute("ALTER TABLE migrations_log DISABLE TRIGGER kept; DELETE FROM migrations_log");
    assert_eq!(engine.up(&all).unwrap(), [A]);
}

/// The columns of a table of the history.
fn columns(engine: &Engine, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    );
    engine.value(&sql).split(' ').map(str::to_owned).collect()
}

#[test]
fn any_column_that_is_gone_is_named_and_is_restored_where_it_can() {
    let all = [migration(A, |pgm| _ = pgm.sql("SELECT 1").down("SELECT 1"))];
    let engine = Engine::new();
    engine.up(&all).unwrap();
    for table in ["migrations", "migrations_log", "migrations_journal", "migrations_settings"] {
        for column in columns(&engine, table) {
            let engine = Engine::new();
            engine.up(&all).unwrap();
            engine.database.execute(&format!("ALTER TABLE {table} DROP COLUMN {column} CASCADE"));
            let told = |verb: &str, error: &Error| {
                let [diagnostic, ..] = &error.diagnostics()[..] else { panic!("{verb}") };
                let text = format!("{verb}: {} {:?}", diagnostic.message, diagnostic.notes);
                let is_told = text.contains("incomplete") && text.contains(table);
                assert!(is_told, "{table}.{column}: {text}");
                diagnostic.helps.join("\n")
            };
            let migrator = engine.migrator(&all);
            let help = told("status", &migrator.status(&mut engine.session()).unwrap_err());
            told("up", &engine.up(&all).unwrap_err());
            told("down", &engine.down(&all, 1).unwrap_err());
            let verified = migrator.verify(&mut engine.session()).unwrap();
            assert!(!verified.findings.is_empty(), "{table}.{column}");
            assert!(!help.contains("another name"), "{table}.{column}: {help}");
            let Some((_, remedy)) = help.split_once("with:\n") else {
                assert_eq!(table, "migrations", "{column}: {help}");
                continue;
            };
            let remedy = remedy.split("\nif the database").next().unwrap();
            engine.database.execute(remedy);
            assert_eq!(engine.status(&all), format!("applied {A}"), "{table}.{column}");
            engine.down(&all, 1).unwrap_or_else(|error| panic!("{table}.{column}: {error:?}"));
        }
    }
}

#[test]
fn a_protection_that_only_the_log_knows_keeps_others_from_going_on() {
    let all = [migration(A, |pgm| _ = pgm.sql("CREATE TABLE t (n int)").down("DROP TABLE t"))];
    let engine = Engine::new();
    engine.up(&all).unwrap();
    let migrator = engine.migrator(&all);
    migrator.protect(&mut engine.session(), "prod", &mut |_: Event| {}).unwrap();
    engine.database.execute("DELETE FROM migrations_settings WHERE key = 'protected'");
    let error = engine.down(&all, 1).unwrap_err();
    let diagnostic = &error.diagnostics()[0];
    assert!(diagnostic.message.contains("incomplete"), "{diagnostic:?}");
    let help = diagnostic.helps.join("\n");
    let (_, remedy) = help.split_once("with:\n").unwrap();
    engine.database.execute(remedy);
    assert!(matches!(engine.down(&all, 1), Err(Error::Protected { .. })));
    migrator.unprotect(&mut engine.session(), "prod", &mut |_: Event| {}).unwrap();
    engine.down(&all, 1).unwrap();
}

#[test]
fn verify_finds_who_else_may_write_the_history() {
    let all = [migration(A, |pgm| _ = pgm.sql("SELECT 1").down("SELECT 1"))];
    let engine = Engine::new();
    engine.up(&all).unwrap();
    let other = engine.database.unique("other");
    engine.database.execute(&format!("CREATE ROLE {other}; GRANT INSERT ON migrations TO {other}"));
    let error = engine.migrator(&all).verify(&mut engine.session()).unwrap_err();
    assert!(error.diagnostics()[0].notes.join(" ").contains(&other), "{error:?}");
}
