//! What a database stores of its migrations remains readable: dumps of databases whose histories
//! version 0.1 has written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_core::history::LogQuery;
use migrate_core::plan::PlanFile;
use migrate_core::plan::bundle::Bundle;
use migrate_core::{Allowed, DownTo, Error, Event};
use migrate_dsl::{Migration, Pgm, col};
use migrate_tests::{Engine, migration, reversible, server};
use serde_json::Value;

const IRREVERSIBLE: &str = "20260101000000_irreversible";
const MARKED: &str = "20260102000000_marked";
const DERIVED: &str = "20260103000000_derived";
const CAPTURED: &str = "20260104000000_captured";
const DECLARED: &str = "20260105000000_declared";
const WRITTEN: &str = "20260106000000_written";
const PARTIAL: &str = "20260107000000_partial";

const BEFORE: &str = "
    CREATE TABLE books (id int PRIMARY KEY, title text NOT NULL DEFAULT 'none' CHECK (title <> ''));
    CREATE INDEX books_title ON books (title);
    CREATE VIEW titles AS SELECT title FROM books;
    CREATE TABLE parted (id int, kind text) PARTITION BY LIST (id);
    CREATE TABLE first PARTITION OF parted FOR VALUES IN (1);
    CREATE INDEX its_own ON first (kind);";

fn derived(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title").comment("shown");
    });
    pgm.create_index("parted", ["kind"]);
}

fn captured(pgm: &mut Pgm) {
    pgm.drop_column("books", "title").cascade();
    pgm.create_index("posts", [col("title").desc()]).if_not_exists();
}

/// The last step of `PARTIAL`, in its failed and its corrected version.
const STEPS: [fn(&mut Pgm); 2] = [
    |pgm| {
        partial(pgm);
        pgm.sql("CREATE INDEX CONCURRENTLY last ON nothing (id)").outside_transaction();
    },
    |pgm| {
        partial(pgm);
        pgm.create_index("posts", ["id"]).named("last").concurrently();
    },
];

fn partial(pgm: &mut Pgm) {
    pgm.add_column("posts", |t| t.integer("likes"));
    pgm.drop_index("posts_title_idx").concurrently();
    pgm.create_index("posts", ["likes"]).concurrently();
}

/// The migrations up to `WRITTEN`, and the last one with this `up`.
fn all(last: fn(&mut Pgm)) -> Vec<Migration> {
    vec![
        migration(IRREVERSIBLE, |pgm| {
            pgm.sql("CREATE TABLE kept (id int)");
            pgm.irreversible("the law asks for it");
        }),
        migration(MARKED, |pgm| _ = pgm.sql("SELECT 1").down("SELECT 2")),
        migration(DERIVED, derived),
        migration(CAPTURED, captured),
        migration(DECLARED, |pgm| {
            pgm.sql("INSERT INTO kept VALUES (1)").down("DELETE FROM kept WHERE id = 1");
        }),
        reversible(
            WRITTEN,
            |pgm| _ = pgm.sql("CREATE TABLE written ()"),
            |pgm| _ = pgm.sql("DROP TABLE written"),
        ),
        migration(PARTIAL, last),
    ]
}

/// Restores the dump of this name.
fn restored(name: &str) -> Engine {
    let engine = Engine::new();
    let dump = std::fs::read_to_string(fixture(name)).unwrap();
    engine.database.client().batch_execute(&dump).unwrap_or_else(|error| panic!("{error:?}"));
    engine
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stored").join(format!("{name}.sql"))
}

/// The log, a line each.
fn log(engine: &Engine) -> String {
    let query = LogQuery { name: None, count: None };
    let log = engine.migrator(&[]).log(&mut engine.session(), &query).unwrap();
    let lines = log
        .iter()
        .rev()
        .map(|entry| format!("{} {} {} {}", entry.action, entry.name, entry.outcome, entry.who));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_migration_that_stopped_on_its_way_up() {
    let engine = restored("partly_applied");
    let (broken, corrected) = (all(STEPS[0]), all(STEPS[1]));
    insta::assert_snapshot!(engine.status(&broken), @r"
    applied 20260101000000_irreversible
    applied 20260102000000_marked
    applied 20260103000000_derived
    applied 20260104000000_captured
    applied 20260105000000_declared
    applied 20260106000000_written
    partial 20260107000000_partial
    ");
    insta::assert_snapshot!(log(&engine), @r"
    up 20260101000000_irreversible done ada
    mark applied 20260102000000_marked done ada
    up 20260103000000_derived done ada
    up 20260104000000_captured done ada
    up 20260105000000_declared done ada
    up 20260106000000_written done ada
    up 20260107000000_partial failed ada
    protect production done ada
    ");
    let found = engine.migrator(&broken).verify(&mut engine.session()).unwrap().findings;
    let found: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(found, ["it is partially applied, after 3 statements"]);
    assert_eq!(engine.up(&corrected).unwrap(), [PARTIAL]);
    let count = corrected.len() - 1;
    assert!(matches!(engine.down(&corrected, count), Err(Error::Protected { .. })));
    let allowed = Allowed { name: "production".to_owned(), origin: "the test".to_owned() };
    let down = |migrations: &[Migration]| {
        let migrator = engine.migrator(migrations).allow(Some(allowed.clone()));
        migrator.down(&mut engine.session(), &DownTo::Count(count), &mut |_: Event| {})
    };
    // All of it without files, by what is stored alone.
    let reverted = down(&[]).unwrap();
    assert_eq!(reverted, [PARTIAL, WRITTEN, DECLARED, CAPTURED, DERIVED, MARKED]);
    let error = down(&[]).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_irreversible` cannot be reverted: the law asks for it");
    let expected = Engine::new();
    expected.database.execute(BEFORE);
    expected.database.execute("CREATE TABLE kept (id int)");
    // A column that was dropped stands last.
    let sorted = |engine: &Engine| {
        let catalog = engine.catalog();
        catalog.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(sorted(&engine), sorted(&expected));
}

#[test]
fn a_migration_that_stopped_on_its_way_up_is_reverted() {
    let engine = restored("partly_applied");
    let allowed = Allowed { name: "production".to_owned(), origin: "the test".to_owned() };
    let all = all(STEPS[0]);
    let migrator = engine.migrator(&all).allow(Some(allowed));
    let down = migrator.down(&mut engine.session(), &DownTo::Count(1), &mut |_: Event| {});
    assert_eq!(down.unwrap(), [PARTIAL]);
    assert_eq!(
        engine.value("SELECT indexdef FROM pg_indexes WHERE indexname = 'posts_title_idx'"),
        "CREATE INDEX posts_title_idx ON public.posts USING btree (title DESC)"
    );
}

#[test]
fn a_migration_that_stopped_on_its_way_down() {
    let engine = restored("partly_reverted");
    let all = all(STEPS[1]);
    insta::assert_snapshot!(engine.status(&all), @r"
    applied 20260101000000_irreversible
    applied 20260102000000_marked
    applied 20260103000000_derived
    applied 20260104000000_captured
    applied 20260105000000_declared
    applied 20260106000000_written
    partial 20260107000000_partial
    ");
    insta::assert_snapshot!(log(&engine), @r"
    up 20260101000000_irreversible done ada
    mark applied 20260102000000_marked done ada
    up 20260103000000_derived done ada
    up 20260104000000_captured done ada
    up 20260105000000_declared done ada
    up 20260106000000_written done ada
    up 20260107000000_partial done ada
    down 20260107000000_partial failed ada
    ");
    assert!(matches!(engine.up(&all), Err(Error::Unfinished { .. })));
    engine.database.execute("CREATE INDEX posts_likes_idx ON posts (likes)");
    assert_eq!(engine.down(&all, 1).unwrap(), [PARTIAL]);
    assert_eq!(engine.up(&all).unwrap(), [PARTIAL]);
}

/// Writes the dumps: once for each version whose history has another form.
#[test]
#[ignore = "it writes the fixtures"]
fn write() {
    let engine = written(STEPS[0]);
    let _ = engine.up(&all(STEPS[0])).unwrap_err();
    engine.migrator(&[]).protect(&mut engine.session(), "production", &mut |_: Event| {}).unwrap();
    dump(&engine, "partly_applied");
    let engine = written(STEPS[1]);
    engine.up(&all(STEPS[1])).unwrap();
    // What its inverse is to drop.
    engine.database.execute("DROP INDEX posts_likes_idx");
    let _ = engine.down(&all(STEPS[1]), 1).unwrap_err();
    dump(&engine, "partly_reverted");
}

fn written(last: fn(&mut Pgm)) -> Engine {
    let engine = Engine::new();
    engine.database.execute(BEFORE);
    let all = all(last);
    let first = [all[0].clone()];
    engine.up(&first).unwrap();
    let mark = [MARKED.to_owned()];
    engine.migrator(&all).mark_applied(&mut engine.session(), &mark, &mut |_: Event| {}).unwrap();
    engine.up(&all[..6]).unwrap();
    engine
}

fn dump(engine: &Engine, name: &str) {
    let dumped = Command::new(server().bindir.join("pg_dump"))
        .args(["--no-owner", "--no-privileges", "--inserts", "--dbname", &engine.database.url()])
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let dumped = String::from_utf8(dumped.stdout).unwrap();
    let lines = dumped.lines().filter(|line| {
        !line.is_empty() && !["--", "\\"].iter().any(|start| line.starts_with(start))
    });
    std::fs::create_dir_all(fixture(name).parent().unwrap()).unwrap();
    std::fs::write(fixture(name), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
}

/// A change to one of these requires a new version of the tables, and support for the old one.
#[test]
fn the_names_that_are_stored_are_these() {
    let engine = written(STEPS[0]);
    let all = all(STEPS[0]);
    let _ = engine.up(&all).unwrap_err();
    let mut client = engine.database.client();
    let mut names = BTreeSet::new();
    engine.migrator(&[]).protect(&mut engine.session(), "production", &mut |_: Event| {}).unwrap();
    let columns = "SELECT format('%s.%s %s', table_name, column_name, data_type) \
                   FROM information_schema.columns WHERE table_name LIKE 'migrations%'";
    names.extend(client.query(columns, &[]).unwrap().iter().map(|row| row.get::<_, String>(0)));
    for table in ["migrations", "migrations_journal"] {
        let rows = client.query(&format!("SELECT to_jsonb(t)::text FROM {table} t"), &[]).unwrap();
        for row in rows {
            paths(&serde_json::from_str(row.get(0)).unwrap(), table, &mut names);
        }
    }
    let keys = "SELECT 'migrations_settings: ' || key FROM migrations_settings";
    names.extend(client.query(keys, &[]).unwrap().iter().map(|row| row.get::<_, String>(0)));
    let plan = serde_json::to_value(migrate_tests::plan(&all)).unwrap();
    paths(&plan, "plan", &mut names);
    let bundle = Bundle::of(&PlanFile { plan: migrate_tests::plan(&[]), history: None }, None, "");
    paths(&serde_json::from_str(bundle.unwrap().to_json()).unwrap(), "bundle", &mut names);
    insta::assert_snapshot!(names.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The members of a value, by their paths; of words that are one of a few, the word.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                paths(member, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| paths(item, &format!("{path}[]"), found));
        }
        Value::String(word) if path.ends_with("kind") => {
            _ = found.insert(format!("{path}: {word}"))
        }
        // The columns of a table are found as such.
        _ if path.split('.').count() == 2 && path.starts_with("migrations") => {}
        _ => _ = found.insert(path.to_owned()),
    }
}
