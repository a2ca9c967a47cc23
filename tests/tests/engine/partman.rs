//! pg_partman itself, where the server has it; else these tests report that they were skipped. What they
//! show is tried on every PostgreSQL by `extensions`, with tables that look like its own.

use migrate_core::backup::Place;
use migrate_core::{Error, Event, Migrator, RestoreOptions, UpTo};
use migrate_dsl::{Migration, Object, Pgm};
use migrate_tests::{Engine, environment, migration};

const A: &str = "20260101000000_a";

/// A table that it manages, and one that it does not; nothing where it is not there.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn managed() -> Option<Engine> {
    let engine = Engine::new();
    let is_there = "SELECT EXISTS (SELECT FROM pg_available_extensions
                                   WHERE name = 'pg_partman' AND default_version LIKE '4.%')";
    if engine.value(is_there) == "f" {
        eprintln!("left out: the server has no pg_partman 4");
        return None;
    }
    engine.database.execute(
        "CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman;
         CREATE SCHEMA shop;
         CREATE TABLE shop.events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
         CREATE TABLE shop.plain (LIKE shop.events) PARTITION BY RANGE (at);
         SELECT partman.create_parent('shop.events', 'at', 'native', 'monthly', p_premake := 2)",
    );
    Some(engine)
}

fn told_by_up(engine: &Engine, all: &[Migration]) -> Vec<String> {
    let mut told = Vec::new();
    let mut observer = |event: Event| {
        if let Event::NotRestored { message, .. } = event {
            told.push(message);
        }
    };
    engine.migrator(all).up(&mut engine.session(), &UpTo::default(), &mut observer).unwrap();
    told
}

fn maintain(engine: &Engine) {
    engine.database.execute("SELECT partman.run_maintenance()");
}

#[test]
fn a_managed_table_is_restored_managed() {
    let Some(engine) = managed() else { return };
    let before = engine.catalog();
    for up in [(|pgm| _ = pgm.drop_table(("shop", "events"))) as fn(&mut Pgm), |pgm| {
        _ = pgm.drop_schema("shop").cascade()
    }] {
        let all = [migration(A, up)];
        let told = told_by_up(&engine, &all);
        assert!(
            told[0].contains("`pg_partman` keeps something of table `shop.events`"),
            "{told:?}"
        );
        engine.down(&all, 1).unwrap();
        assert_eq!(engine.catalog(), before);
        maintain(&engine);
    }
}

#[test]
fn what_it_is_told_is_not_reverted() {
    for up in [
        (|pgm| {
            pgm.sql("SELECT partman.create_parent('shop.plain', 'at', 'native', 'monthly')")
                .captures(Object::table(("shop", "plain")));
        }) as fn(&mut Pgm),
        |pgm| {
            pgm.sql("UPDATE partman.part_config SET premake = 7")
                .captures(Object::table(("shop", "events")));
        },
        |pgm| {
            pgm.sql(
                "ALTER TABLE shop.events RENAME TO happenings;
                 UPDATE partman.part_config SET parent_table = 'shop.happenings'",
            )
            .captures(Object::table(("shop", "events")));
        },
    ] {
        let Some(engine) = managed() else { return };
        let all = [migration(A, up)];
        engine.up(&all).unwrap();
        let refused = engine.down(&all, 1).unwrap_err();
        assert!(matches!(refused, Error::Irreversible { .. }), "{refused}");
        maintain(&engine);
    }
}

#[test]
fn what_goes_with_it_is_named() {
    let Some(engine) = managed() else { return };
    let all = [migration(A, |pgm| _ = pgm.drop_extension("pg_partman"))];
    let told = told_by_up(&engine, &all);
    assert!(told[0].contains("table `shop.events` in `partman.part_config`"), "{told:?}");
    assert!(told[0].ends_with("`down` will not restore it"), "{told:?}");
    let back =
        engine.migrator(&all).would_revert(&mut engine.session(), &migrate_core::DownTo::All);
    assert_eq!(Migrator::not_restored(back.unwrap()).len(), 1);
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM partman.part_config"), "0");
}

#[test]
fn a_backup_has_its_configuration() {
    let Some(engine) = managed() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().to_owned());
    let migrator = engine.migrator(&[]);
    let told = &mut Vec::new();
    let mut observer = |event: Event| {
        if let Event::NotRestored { message, .. } = event {
            told.push(message);
        }
    };
    let session = &mut engine.session();
    let backup = migrator.backup(session, &place, None, &environment(), &mut observer).unwrap();
    let clean = RestoreOptions { clean: true, no_owner: false };
    migrator.restore(session, &backup.file, clean, &environment(), &mut observer).unwrap();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(engine.value("SELECT parent_table FROM partman.part_config"), "shop.events");
    maintain(&engine);
}
