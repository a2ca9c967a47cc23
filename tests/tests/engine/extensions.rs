//! What extensions keep of tables, and no reader of the catalog knows: it is named, and what would
//! are restored as another kind of table is not reverted.
//!
//! The extensions of these tests have no files: a row in `pg_extension`, and tables that
//! `ALTER EXTENSION .. ADD` has made its own. Citus itself is in the program `citus`.

use migrate_core::backup::Place;
use migrate_core::{DownTo, Error, Event, RestoreOptions, UpTo, Verification};
use migrate_dsl::{Migration, Object, Pgm, expr};
use migrate_tests::{Cli, Engine, environment, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

/// Makes an extension of these tables.
fn extension(engine: &Engine, name: &str, tables: &[(&str, &str)]) {
    let members = tables.iter().map(|(table, columns)| {
        format!("CREATE TABLE {table} ({columns}); ALTER EXTENSION {name} ADD TABLE {table};")
    });
    engine.database.execute(&format!(
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         CREATE SCHEMA shelf;
         INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
         SELECT 90001, '{name}', 10, oid, false, '1' FROM pg_namespace WHERE nspname = 'shelf';
         {}",
        members.collect::<String>()
    ));
}

/// The part of Citus that says what is distributed.
fn citus() -> Engine {
    let engine = Engine::new();
    extension(
        &engine,
        "citus",
        &[
            (
                "shelf.pg_dist_partition",
                "logicalrelid regclass, partmethod \"char\", colocationid int, repmodel \"char\"",
            ),
            ("shelf.pg_dist_object", "classid oid, objid oid, objsubid int"),
            ("shelf.pg_dist_local_group", "groupid int"),
        ],
    );
    engine.database.execute(
        "INSERT INTO shelf.pg_dist_local_group VALUES (0);
         CREATE TABLE events (id int PRIMARY KEY);
         INSERT INTO shelf.pg_dist_partition VALUES ('events', 'h', 1, 's');
         INSERT INTO shelf.pg_dist_object VALUES ('pg_class'::regclass, 'events'::regclass, 0)",
    );
    engine
}

/// Returns what `up` reports as not restored, before it begins, and then what it applied.
fn told_by_up(engine: &Engine, all: &[Migration]) -> Vec<String> {
    let mut told = Vec::new();
    let mut observer = |event: Event| match event {
        Event::NotRestored { message, .. } => told.push(message),
        Event::Started { name, .. } => told.push(format!("started {name}")),
        Event::Finished { irreversible, lost, .. } => {
            told.extend(irreversible.map(|why| format!("irreversible: {why}")));
            told.extend(lost.into_iter().map(|lost| format!("lost: {lost}")));
        }
        _ => {}
    };
    let migrator = engine.migrator(all);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut observer).unwrap();
    told
}

fn told_by_down(engine: &Engine, all: &[Migration]) -> Vec<String> {
    let mut told = Vec::new();
    let mut observer = |event: Event| match event {
        Event::NotRestored { message, .. } => told.push(message),
        Event::Started { name, .. } => told.push(format!("started {name}")),
        _ => {}
    };
    let migrator = engine.migrator(all);
    migrator.down(&mut engine.session(), &DownTo::Count(1), &mut observer).unwrap();
    told
}

fn refused(engine: &Engine, all: &[Migration]) -> String {
    match engine.down(all, 1).unwrap_err() {
        Error::Irreversible { why, .. } => why.reason,
        other => panic!("{other}"),
    }
}

fn drop_events(pgm: &mut Pgm) {
    pgm.drop_table("events");
}

#[test]
fn a_distributed_table_is_not_recreated_as_a_local_one() {
    let engine = citus();
    let all = [migration(A, drop_events)];
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    `20260101000000_a`: drop table `events`: table `events` is a distributed table of the extension `citus`; this is not captured, and `down` will refuse to revert it
    started 20260101000000_a
    irreversible: table `events` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    ");
    insta::assert_snapshot!(refused(&engine, &all), @"table `events` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`");
    assert_eq!(engine.value("SELECT to_regclass('events') IS NULL"), "t");
    // A `down` of the author's own is the author's to answer for.
    let all = [reversible(A, drop_events, |pgm| {
        pgm.sql("CREATE TABLE events (id int PRIMARY KEY)");
    })];
    assert_eq!(told_by_down(&engine, &all), [format!("started {A}")]);
    assert_eq!(told_by_up(&engine, &all), [format!("started {A}")]);
}

#[test]
fn what_a_dropped_schema_had_distributed_is_named() {
    let engine = citus();
    engine.database.execute(
        "CREATE SCHEMA tenant;
         CREATE TABLE tenant.orders ();
         INSERT INTO shelf.pg_dist_partition VALUES ('tenant.orders', 'n', 7, 's')",
    );
    let all = [migration(A, |pgm| _ = pgm.drop_schema("tenant").cascade())];
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    `20260101000000_a`: drop schema `tenant`: table `tenant.orders` is a distributed table of the extension `citus`; this is not captured, and `down` will refuse to revert it
    started 20260101000000_a
    irreversible: table `tenant.orders` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    ");
    insta::assert_snapshot!(refused(&engine, &all), @"table `tenant.orders` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`");
}

#[test]
fn a_table_that_is_only_in_the_metadata_is_reverted() {
    let engine = citus();
    engine
        .database
        .execute("UPDATE shelf.pg_dist_partition SET partmethod = 'n', colocationid = 0");
    let all = [migration(A, drop_events)];
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    `20260101000000_a`: drop table `events`: the extension `citus` keeps something of table `events` in `shelf.pg_dist_partition`; this is not captured, and `down` will not restore it
    started 20260101000000_a
    lost: drop table `events`: its rows are not restored
    lost: drop table `events`: what the extension `citus` keeps of table `events` in `shelf.pg_dist_partition` is not restored
    ");
    insta::assert_snapshot!(told_by_down(&engine, &all).join("\n"), @"
    reverting `20260101000000_a` does not restore what the extension `citus` keeps of table `events` in `shelf.pg_dist_partition`
    started 20260101000000_a
    ");
    assert_eq!(engine.value("SELECT count(*) FROM events"), "0");
}

/// Around each of these, the catalog's own tables stay as they are.
const DISTRIBUTING: [fn(&mut Pgm); 4] = [
    |pgm| {
        pgm.sql("INSERT INTO shelf.pg_dist_partition VALUES ('plain', 'h', 1, 's')")
            .captures(Object::table("plain"));
    },
    |pgm| {
        pgm.sql("UPDATE shelf.pg_dist_partition SET colocationid = 2")
            .captures(Object::table("events"));
    },
    |pgm| {
        pgm.sql("DELETE FROM shelf.pg_dist_partition").captures(Object::table("events"));
    },
    // As `undistribute_table` does it.
    |pgm| {
        pgm.sql(
            "DO $$ BEGIN
                CREATE TABLE other (id int);
                DROP TABLE events;
                ALTER TABLE other RENAME TO events;
                ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
             END $$",
        )
        .captures(Object::table("events"));
    },
];

/// `reverted`, with nothing changed, is what must not be said.
#[test]
fn what_is_captured_around_distributing_is_irreversible() {
    for (number, up) in DISTRIBUTING.into_iter().enumerate() {
        let engine = citus();
        engine.database.execute("CREATE TABLE plain ()");
        let all = [migration(A, up)];
        let told = told_by_up(&engine, &all).pop().unwrap_or_default();
        let why = told.strip_prefix("irreversible: ").unwrap_or_else(|| panic!("{number}: {told}"));
        let table = if number == 0 { "plain" } else { "events" };
        assert!(
            why.starts_with(&format!(
                "the step changes what the extension `citus` keeps of table `{table}` in \
                 `shelf.pg_dist_partition`, which is not captured"
            )),
            "{why}"
        );
        assert_eq!(refused(&engine, &all), why);
    }
}

#[test]
fn what_leaves_a_distributed_table_as_it_is_is_reverted() {
    let engine = citus();
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE events ADD name text").captures(Object::table("events"));
        pgm.alter_column("events", "name").set_type(expr("varchar(9)"));
        pgm.sql("ALTER TABLE events RENAME TO happenings").captures(Object::table("events"));
    })];
    let before = engine.catalog();
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
    assert_eq!(engine.value("SELECT logicalrelid FROM shelf.pg_dist_partition"), "events");
}

/// Where Citus knows what a table is part of, it distributes a new part itself.
#[test]
fn a_part_of_what_stays_distributed_is_recreated() {
    let engine = citus();
    engine.database.execute(
        "CREATE TABLE parts (at date) PARTITION BY RANGE (at);
         CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
         CREATE SCHEMA tenant; CREATE TABLE tenant.orders ();
         CREATE TABLE shelf.pg_dist_schema (schemaid oid);
         ALTER EXTENSION citus ADD TABLE shelf.pg_dist_schema;
         INSERT INTO shelf.pg_dist_schema VALUES ('tenant'::regnamespace);
         INSERT INTO shelf.pg_dist_partition
         VALUES ('parts', 'h', 1, 's'), ('part', 'h', 1, 's'), ('tenant.orders', 'n', 2, 's')",
    );
    let all = [
        migration(A, |pgm| _ = pgm.drop_table("part")),
        migration(B, |pgm| _ = pgm.drop_table(("tenant", "orders"))),
    ];
    let before = engine.catalog();
    let told = told_by_up(&engine, &all);
    assert!(
        told.iter()
            .all(|line| line.starts_with("started") || line.ends_with("rows are not restored")),
        "{told:?}"
    );
    engine.down(&all, 2).unwrap();
    assert_eq!(engine.catalog(), before);

    // It was dropped with the whole.
    let all = [migration(A, |pgm| _ = pgm.drop_table("parts"))];
    engine.up(&all).unwrap();
    assert!(refused(&engine, &all).starts_with("table `part"));
}

/// As pg_partman and TimescaleDB have it, and by number.
fn shelf() -> Engine {
    let engine = Engine::new();
    extension(
        &engine,
        "shelf",
        &[
            ("shelf.part_config", "parent_table text PRIMARY KEY, premake int"),
            ("shelf.labels", "schema_name name, table_name name, label text"),
            ("shelf.items", "relation oid, number int"),
        ],
    );
    engine.database.execute(
        "CREATE TABLE parents (id int); CREATE TABLE labelled (id int); CREATE TABLE items (id int);
         INSERT INTO shelf.part_config VALUES ('public.parents', 4);
         INSERT INTO shelf.labels VALUES ('public', 'labelled', 'x');
         INSERT INTO shelf.items VALUES ('items'::regclass, 7)",
    );
    engine
}

#[test]
fn what_any_extension_keeps_of_a_table_is_named() {
    let engine = shelf();
    let all = [migration(A, |pgm| _ = pgm.drop_table(["parents", "labelled", "items"]))];
    let before = engine.catalog();
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    `20260101000000_a`: drop table `parents`, `labelled`, `items`: the extension `shelf` keeps something of table `items` in `shelf.items`; the extension `shelf` keeps something of table `labelled` in `shelf.labels`; the extension `shelf` keeps something of table `parents` in `shelf.part_config`; this is not captured, and `down` may not restore all of it
    started 20260101000000_a
    lost: drop table `parents`, `labelled`, `items`: its rows are not restored
    lost: drop table `parents`, `labelled`, `items`: what the extension `shelf` keeps of table `items` in `shelf.items` is not restored
    ");
    insta::assert_snapshot!(told_by_down(&engine, &all).join("\n"), @"
    reverting `20260101000000_a` does not restore what the extension `shelf` keeps of table `items` in `shelf.items`
    started 20260101000000_a
    ");
    assert_eq!(engine.catalog(), before);
    // Without the file, too.
    engine.up(&all).unwrap();
    assert_eq!(told_by_down(&engine, &[]).len(), 1);
}

#[test]
fn what_is_known_by_its_name_may_be_renamed_and_be_restored() {
    let engine = shelf();
    let all = [migration(A, |pgm| {
        pgm.drop_table("parents").keep_data();
        pgm.sql("ALTER TABLE labelled RENAME TO renamed").captures(Object::table("labelled"));
    })];
    let before = engine.catalog();
    let told = told_by_up(&engine, &all);
    assert!(!told.iter().any(|line| line.starts_with("irreversible")), "{told:?}");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

/// A table that TimescaleDB has made a hypertable.
fn hypertable() -> Engine {
    let engine = Engine::new();
    extension(
        &engine,
        "timescaledb",
        &[("shelf.hypertable", "id int, schema_name name, table_name name")],
    );
    engine.database.execute(
        "CREATE TABLE events (id int);
         INSERT INTO shelf.hypertable VALUES ('events'::regclass::oid::int, 'public', 'events')",
    );
    engine
}

#[test]
fn a_hypertable_is_not_recreated_as_an_ordinary_one() {
    let engine = hypertable();
    // The extension forgets a table that is dropped.
    engine.database.execute(
        "CREATE FUNCTION forget() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             DELETE FROM shelf.hypertable USING pg_event_trigger_dropped_objects() AS d
             WHERE (d.schema_name, d.object_name) = (hypertable.schema_name, table_name);
         END $$;
         CREATE EVENT TRIGGER forget ON sql_drop EXECUTE FUNCTION forget()",
    );
    let all = [migration(A, drop_events)];
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    `20260101000000_a`: drop table `events`: table `events` is a hypertable of the extension `timescaledb`; this is not captured, and `down` will refuse to revert it
    started 20260101000000_a
    irreversible: table `events` was a hypertable of the extension `timescaledb`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    ");
    insta::assert_snapshot!(refused(&engine, &all), @"table `events` was a hypertable of the extension `timescaledb`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`");
}

#[test]
fn what_goes_with_an_extension_is_named() {
    let engine = shelf();
    let all = [migration(A, |pgm| _ = pgm.drop_extension("shelf"))];
    insta::assert_snapshot!(told_by_up(&engine, &all)[0], @"`20260101000000_a`: drop extension `shelf`: the extension `shelf` keeps something of table `items` in `shelf.items`; the extension `shelf` keeps something of table `labelled` in `shelf.labels`; the extension `shelf` keeps something of table `parents` in `shelf.part_config`; this is not captured, and `down` will not restore it");
    let back = engine.migrator(&all).would_revert(&mut engine.session(), &DownTo::All);
    let back = migrate_core::Migrator::not_restored(back.unwrap());
    let [Event::NotRestored { objects, .. }] = back.as_slice() else { panic!("{back:?}") };
    insta::assert_snapshot!(objects.join("\n"), @"
    what the extension `shelf` keeps of table `items` in `shelf.items`
    what the extension `shelf` keeps of table `labelled` in `shelf.labels`
    what the extension `shelf` keeps of table `parents` in `shelf.part_config`
    ");
}

/// Renaming the table alone would leave the extension with a name that does not exist.
#[test]
fn what_has_followed_a_rename_in_the_step_itself_is_not_left_behind() {
    let engine = shelf();
    let all = [migration(A, |pgm| {
        pgm.sql(
            "ALTER TABLE parents RENAME TO elders;
             UPDATE shelf.part_config SET parent_table = 'public.elders'",
        )
        .captures(Object::table("parents"));
    })];
    engine.up(&all).unwrap();
    insta::assert_snapshot!(refused(&engine, &all), @"the step changes the name in what the extension `shelf` keeps of table `parents` in `shelf.part_config`, which is not captured: the inverse would rename the table alone, and the migration has no `down`");
    assert_eq!(engine.value("SELECT to_regclass('elders') IS NOT NULL"), "t");
}

/// TimescaleDB stores a hypertable in several tables.
#[test]
fn chunks_and_dimensions_of_a_hypertable_are_known() {
    let hypertable = || {
        let engine = Engine::new();
        extension(
            &engine,
            "timescaledb",
            &[
                ("shelf.hypertable", "id int, schema_name name, table_name name"),
                ("shelf.chunk", "hypertable_id int, schema_name name, table_name name"),
                ("shelf.dimension", "hypertable_id int, interval_length bigint"),
            ],
        );
        engine.database.execute(
            "CREATE TABLE events (id int);
             CREATE SCHEMA inside; CREATE TABLE inside.chunk () INHERITS (events);
             INSERT INTO shelf.hypertable VALUES (1, 'public', 'events');
             INSERT INTO shelf.chunk VALUES (1, 'inside', 'chunk');
             INSERT INTO shelf.dimension VALUES (1, 7)",
        );
        engine
    };
    let engine = hypertable();
    let all = [migration(A, |pgm| {
        pgm.sql("UPDATE shelf.dimension SET interval_length = 1").captures(Object::table("events"));
    })];
    assert_eq!(told_by_up(&engine, &all)[0].matches(" is a ").count(), 1);
    insta::assert_snapshot!(refused(&engine, &all), @"the step changes what the extension `timescaledb` keeps of table `events` in `shelf.hypertable`, which is not captured, and the migration has no `down`");

    let engine = hypertable();
    let all = [migration(A, |pgm| {
        pgm.sql("DROP TABLE inside.chunk; DELETE FROM shelf.chunk")
            .captures(Object::table("events"));
    })];
    engine.up(&all).unwrap();
    insta::assert_snapshot!(refused(&engine, &all), @"table `inside.chunk` was a chunk of the extension `timescaledb`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`");

    let engine = hypertable();
    let all = [migration(A, |pgm| _ = pgm.drop_extension("timescaledb"))];
    insta::assert_snapshot!(told_by_up(&engine, &all)[0], @"`20260101000000_a`: drop extension `timescaledb`: table `events` is a hypertable of the extension `timescaledb`; this is not captured, and `down` will refuse to revert it");
    insta::assert_snapshot!(refused(&engine, &all), @"table `events` is no hypertable without the extension `timescaledb`, and is not made one again by creating that, and the migration has no `down`");
}

#[test]
fn a_dependent_of_an_unknown_class_is_named() {
    let engine = shelf();
    engine.database.execute(
        "CREATE TABLE t (); CREATE TABLE shelf.things ();
         INSERT INTO pg_depend
         SELECT 'shelf.things'::regclass, 1, 0, 'pg_class'::regclass, 't'::regclass, 0, 'a'",
    );
    let all = [migration(A, |pgm| _ = pgm.drop_table("t"))];
    let events = engine.migrator(&all);
    let pending: Vec<_> = events.plan().migrations.iter().collect();
    let told = events.warnings_before_up(&mut engine.session(), &pending).unwrap();
    let [Event::NotRestored { message, .. }] = told.as_slice() else { panic!("{told:?}") };
    insta::assert_snapshot!(message, @"`20260101000000_a`: drop table `t`: an unknown extension keeps something of table `t` in `shelf.things`; this is not captured, and `down` will not restore it");
    // The server itself knows no such class, and drops no table with such a dependent.
    assert!(engine.up(&all).is_err());

    // What does not drop it is captured all the same.
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE t ADD x int").captures(Object::table("t"));
    })];
    let before = engine.catalog();
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

/// TimescaleDB itself does so.
#[test]
fn an_extension_that_follows_a_rename_follows_it_back() {
    let engine = hypertable();
    engine.database.execute(
        "CREATE FUNCTION follow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             UPDATE shelf.hypertable SET table_name = relname FROM pg_class c WHERE c.oid = id::oid;
         END $$;
         CREATE EVENT TRIGGER follow ON ddl_command_end EXECUTE FUNCTION follow()",
    );
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE events RENAME TO happenings").captures(Object::table("events"));
    })];
    engine.up(&all).unwrap();
    let name = "SELECT table_name FROM shelf.hypertable";
    assert_eq!(engine.value(name), "happenings");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value(name), "events");
}

#[test]
fn where_no_extension_has_tables_nothing_is_told() {
    let engine = Engine::new();
    let all =
        [migration(A, |pgm| _ = pgm.create_table("events", |t| t.id())), migration(B, drop_events)];
    insta::assert_snapshot!(told_by_up(&engine, &all).join("\n"), @"
    started 20260101000000_a
    started 20260102000000_b
    lost: drop table `events`: its rows are not restored
    ");
}

#[test]
fn a_backup_says_what_it_does_not_contain() {
    let (engine, folder) = (citus(), tempfile::tempdir().unwrap());
    let mut told = Vec::new();
    let mut observer = |event: Event| match event {
        Event::NotRestored { message, .. } => told.push(message),
        Event::BackedUp(_) => told.push("backed up".to_owned()),
        _ => {}
    };
    let place = Place::Folder(folder.path().to_owned());
    let migrator = engine.migrator(&[]);
    let session = &mut engine.session();
    let backup = migrator.backup(session, &place, None, &environment(), &mut observer).unwrap();
    insta::assert_snapshot!(told.join("\n"), @"
    the backup will not contain what extensions keep of tables, and `restore` will create ordinary ones: table `events` is a distributed table of the extension `citus`
    backed up
    ");

    // To empty a coordinator would destroy its cluster.
    let clean = RestoreOptions { clean: true, no_owner: false };
    let restored =
        migrator.restore(session, &backup.file, clean, &environment(), &mut |_: Event| {});
    assert!(matches!(restored, Err(Error::CitusClean)), "{restored:?}");

    // It creates the extension.
    let mut told = Vec::new();
    let mut observer = |event: Event| {
        if let Event::NotRestored { message, .. } = event {
            told.push(message);
        }
    };
    let other = Engine::new();
    let options = RestoreOptions::default();
    let session = &mut other.session();
    let restored = migrator.restore(session, &backup.file, options, &environment(), &mut observer);
    assert!(restored.is_err(), "there are no files of such an extension");
    insta::assert_snapshot!(told.join("\n"), @"the backup is of a database with the extension `citus`, whose distribution no backup contains: every table is restored as a local table of the coordinator; distribute them again with `create_distributed_table` and `create_reference_table`");
}

#[test]
fn a_worker_is_refused() {
    let engine = citus();
    engine.database.execute("UPDATE shelf.pg_dist_local_group SET groupid = 3");
    let error = engine.up(&[migration(A, drop_events)]).unwrap_err();
    assert!(matches!(error, Error::CitusWorker), "{error}");
    assert_eq!(error.help().unwrap(), "nothing was changed; use the coordinator's URL");
    assert_eq!(engine.value("SELECT to_regclass('migrations') IS NULL"), "t");
}

#[test]
fn verify_finds_a_history_that_is_no_longer_local() {
    let engine = citus();
    let all = [migration(A, |pgm| _ = pgm.create_table("one", |t| t.id()))];
    engine.up(&all).unwrap();
    engine.database.execute(
        "INSERT INTO shelf.pg_dist_partition VALUES ('migrations', 'n', 0, 's'), ('one', 'h', 1, 's')",
    );
    let verified = engine.migrator(&all).verify(&mut engine.session()).unwrap();
    let Verification { findings, .. } = &verified;
    let told: Vec<_> =
        findings.iter().map(|it| format!("{}: {}; {}", it.name, it.message, it.help)).collect();
    insta::assert_snapshot!(told.join("\n"), @"public.migrations: the extension `citus` keeps something of table `migrations` in `shelf.pg_dist_partition`, and the tables of the history must be local ones; where it has no identity column, `SELECT undistribute_table('public.migrations')`; else create it again as a local table, with its triggers, and copy its rows");
    assert!(!verified.is_sound());
}

#[test]
fn the_program_says_it_and_exits_with_5() {
    let Engine { database } = citus();
    let cli = Cli::on(database);
    cli.write_plan(&[migration(A, drop_events)]);
    insta::assert_snapshot!(
        cli.session(&["up --dry-run", "up", "down --dry-run", "down", "up --json"]),
        @r#"
    $ migrate up --dry-run  # 0
    -- 20260101000000_a
    -- line 91: drop table `events`
    DROP TABLE "events";
    -- inverse, captured:
    --   as it was: table `events`; its rows are not restored
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | warning: `20260101000000_a`: drop table `events`: table `events` is a distributed table of the extension `citus`; this is not captured, and `down` will refuse to revert it
    $ migrate up  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |      created history table `public.migrations`
    | warning: `20260101000000_a`: drop table `events`: table `events` is a distributed table of the extension `citus`; this is not captured, and `down` will refuse to revert it
    |      applied 20260101000000_a (<time> ms)
    |         note it cannot be reverted: table `events` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    |         done 1 migration applied
    $ migrate down --dry-run  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error[no_way_back]: `20260101000000_a` cannot be reverted: table `events` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    | --> tests/tests/engine/extensions.rs:91:9
    |  = help: nothing was changed; write a `pub fn down` in its file to revert it
    $ migrate down  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error[no_way_back]: `20260101000000_a` cannot be reverted: table `events` was a distributed table of the extension `citus`, which is not captured: the inverse would create an ordinary table, and the migration has no `down`
    | --> tests/tests/engine/extensions.rs:91:9
    |  = help: nothing was changed; write a `pub fn down` in its file to revert it
    $ migrate up --json  # 0
    {"format":1,"event":"summary","applied":[]}
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |         done nothing to do: nothing is pending
    "#
    );
}

#[test]
fn what_is_known_by_a_name_is_named_before_that_name_goes() {
    let engine = shelf();
    let all = [migration(A, |pgm| _ = pgm.rename_table("parents", "elders"))];
    let warnings = |engine: &Engine, all: &[Migration], is_up: bool| {
        let mut told = Vec::new();
        let mut observer = |event: Event| match event {
            Event::Notice { message, .. } => told.push(message),
            Event::Started { .. } => told.push("started".to_owned()),
            _ => {}
        };
        let (migrator, mut session) = (engine.migrator(all), engine.session());
        let dry = match is_up {
            true => {
                let migrations = migrator.would_apply(&mut session, &UpTo::default()).unwrap();
                let dry = migrator.warnings_before_up(&mut session, &migrations).unwrap();
                migrator.up(&mut session, &UpTo::default(), &mut observer).unwrap();
                dry
            }
            false => {
                let back = migrator.would_revert(&mut session, &DownTo::Count(1)).unwrap();
                let dry = migrator.warnings_before_down(&mut session, &back).unwrap();
                migrator.down(&mut session, &DownTo::Count(1), &mut observer).unwrap();
                dry
            }
        };
        let dry = dry.into_iter().filter_map(|event| match event {
            Event::Notice { message, .. } => Some(message),
            _ => None,
        });
        let dry: Vec<_> = dry.chain(["started".to_owned()]).collect();
        assert_eq!(told, dry, "a dry run tells what the run does");
        told.join("\n")
    };
    insta::assert_snapshot!(warnings(&engine, &all, true), @"
    the extension `shelf` keeps something of table `parents` in `shelf.part_config`, by its name, and `20260101000000_a` renames it; change what it keeps, too
    started
    ");
    engine.database.execute("UPDATE shelf.part_config SET parent_table = 'public.elders'");
    insta::assert_snapshot!(warnings(&engine, &all, false), @"
    the extension `shelf` keeps something of table `elders` in `shelf.part_config`, by its name, and reverting `20260101000000_a` renames it; change what it keeps, too
    started
    ");

    // Registered since.
    let engine = shelf();
    let all = [migration(A, |pgm| {
        pgm.create_table("late", |t| _ = t.id());
    })];
    assert_eq!(warnings(&engine, &all, true), "started");
    engine.database.execute("INSERT INTO shelf.part_config VALUES ('public.late', 4)");
    insta::assert_snapshot!(warnings(&engine, &all, false), @"
    the extension `shelf` keeps something of table `late` in `shelf.part_config`, by its name, and reverting `20260101000000_a` drops it; change what it keeps, too
    started
    ");

    // A step that changes it as well causes no warning; nor does one of a table that no extension knows.
    let engine = shelf();
    let all = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE parents SET SCHEMA shelf");
        pgm.sql("UPDATE shelf.part_config SET parent_table = 'shelf.parents'");
        pgm.sql("CREATE TABLE x (); ALTER TABLE x RENAME TO y");
    })];
    assert_eq!(warnings(&engine, &all, true), "started");
    let all = [all[0].clone(), migration(B, |pgm| _ = pgm.rename_schema("shelf", "rack"))];
    insta::assert_snapshot!(warnings(&engine, &all, true), @"
    the extension `shelf` keeps something of table `shelf.parents` in `shelf.part_config`, by its name, and `20260102000000_b` renames it; change what it keeps, too
    started
    ");
}

#[test]
fn every_dry_run_tells_of_names() {
    let Engine { database } = shelf();
    let cli = Cli::on(database);
    let all = [migration(A, |pgm| _ = pgm.rename_table("parents", "elders"))];
    cli.write_plan(&all);
    let tells = |command: &str, what: &str| {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stderr.contains(what), "{command}: {}", said.stderr);
    };
    let up = format!("by its name, and `{A}` renames it");
    for command in ["up --dry-run".to_owned(), format!("goto {A} --dry-run"), "up".to_owned()] {
        tells(&command, &up);
    }
    cli.database.execute("UPDATE shelf.part_config SET parent_table = 'public.elders'");
    tells("down --dry-run", &format!("by its name, and reverting `{A}` renames it"));
    cli.write_plan(&[]);
    tells("sync --dry-run", &format!("by its name, and reverting `{A}` renames it"));
}
