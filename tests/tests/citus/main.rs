//! Citus itself: a coordinator and a worker, of the installation that `MIGRATE_TEST_CITUS_BINDIR`
//! names, a folder with `initdb` and `postgres` whose server has `citus.so`. Without it, these tests
//! report that they were skipped; what they show is tried on every PostgreSQL by
//! `engine::extensions`, with tables that look like those of Citus.

use migrate_core::backup::Place;
use migrate_core::cluster::{Programs, TemporaryCluster};
use migrate_core::{
    DownTo, Environment, Error, Event, Migrator, RestoreOptions, Session, Target, UpTo,
};
use migrate_dsl::{Migration, Object, Pgm};
use migrate_tests::engine::migrator;
use migrate_tests::{environment, migration, plan, reversible};
use postgres::{Client, NoTls};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

const DATABASE: &str = "postgres";

/// A coordinator with a worker.
struct Citus {
    coordinator: TemporaryCluster,
    worker: TemporaryCluster,
    environment: Environment,
}

impl Citus {
    /// Starts both; nothing where there is no Citus.
    #[expect(
        clippy::print_stderr,
        reason = "whoever runs the tests wants to know what was left out"
    )]
    fn start() -> Option<Self> {
        let mut environment = environment();
        let named = environment.var("MIGRATE_TEST_CITUS_BINDIR").map(ToOwned::to_owned);
        if let Some(bindir) = named {
            environment.vars.insert("MIGRATE_PG_BINDIR".to_owned(), bindir);
        }
        let is_citus = |programs: &Programs| {
            let libraries = ["../lib/citus.so", "../lib/postgresql/citus.so"];
            libraries.iter().any(|library| programs.bindir.join(library).exists())
        };
        let Some(programs) = Programs::all(&environment).into_iter().find(is_citus) else {
            assert!(
                environment.var("MIGRATE_TEST_CITUS_BINDIR").is_none(),
                "`MIGRATE_TEST_CITUS_BINDIR` names no server with `citus.so`"
            );
            eprintln!("left out: no server here has Citus (`MIGRATE_TEST_CITUS_BINDIR`)");
            return None;
        };
        let bindir = programs.bindir.display().to_string();
        environment.vars.insert("MIGRATE_PG_BINDIR".to_owned(), bindir);
        let server = || {
            let server = TemporaryCluster::start_with(&environment, |cluster| {
                cluster
                    .with_setting("shared_preload_libraries", "citus")
                    .with_setting("max_prepared_transactions", "20")
                    .with_setting("citus.shard_count", "4")
                    .with_setting("citus.enable_statistics_collection", "off")
            });
            server.unwrap_or_else(|error| panic!("{error}: {:?}", error.log()))
        };
        let citus =
            Self { coordinator: server(), worker: server(), environment: environment.clone() };
        citus.on_worker().batch_execute("CREATE EXTENSION citus").unwrap();
        citus.execute("CREATE EXTENSION citus");
        let node = |server: &TemporaryCluster| {
            format!("'{}', {}", server.socket_folder.display(), server.port)
        };
        citus.execute(&format!(
            "SELECT citus_set_coordinator_host({}); SELECT citus_add_node({});",
            node(&citus.coordinator),
            node(&citus.worker)
        ));
        Some(citus)
    }

    fn client(&self) -> Client {
        Client::connect(&self.coordinator.url(DATABASE), NoTls).unwrap()
    }

    fn on_worker(&self) -> Client {
        Client::connect(&self.worker.url(DATABASE), NoTls).unwrap()
    }

    fn execute(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\nin: {sql}"));
    }

    fn session(&self, url: &str) -> Session {
        let target = Target::parse(url, "the test", &self.environment).unwrap();
        Session::connect(&target, "migrate test").unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the distributed tables, one per line.
    fn tables(&self) -> String {
        let rows = self.client().query(
            "SELECT concat_ws(' ', table_name::text, citus_table_type, distribution_column, shard_count::text)
             FROM citus_tables ORDER BY table_name::text",
            &[],
        );
        rows.unwrap().iter().map(|row| row.get::<_, String>(0) + "\n").collect()
    }

    /// Applies everything; gives what is not restored, and why what is irreversible.
    fn up(&self, all: &[Migration]) -> Vec<String> {
        let mut told = Vec::new();
        let mut observer = |event: Event| match event {
            Event::NotRestored { message, .. } => told.push(message),
            Event::Finished { irreversible: Some(why), .. } => told.push(why),
            _ => {}
        };
        let session = &mut self.session(&self.coordinator.url(DATABASE));
        migrator(plan(all)).up(session, &UpTo::default(), &mut observer).unwrap();
        told
    }

    fn down(&self, all: &[Migration], count: usize) -> Result<Vec<String>, Error> {
        let session = &mut self.session(&self.coordinator.url(DATABASE));
        migrator(plan(all)).down(session, &DownTo::Count(count), &mut |_: Event| {})
    }

    fn refuses(&self, all: &[Migration]) -> String {
        match self.down(all, 1).unwrap_err() {
            Error::Irreversible { why, .. } => why.reason,
            other => panic!("{other}"),
        }
    }
}

const TABLES: &str = "
    CREATE TABLE events (tenant int, id int, body text, PRIMARY KEY (tenant, id));
    CREATE INDEX ON events (body);
    CREATE TABLE countries (code text PRIMARY KEY, name text);
    CREATE TABLE parts (tenant int, at date) PARTITION BY RANGE (at);
    CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE SCHEMA tenant;
    CREATE TABLE tenant.orders (id int PRIMARY KEY);
    SELECT create_distributed_table('events', 'tenant');
    SELECT create_reference_table('countries');
    SELECT create_distributed_table('parts', 'tenant');
    SELECT citus_schema_distribute('tenant');";

/// What a migration does, and how the reason begins for which it is irreversible.
type Case = (fn(&mut Pgm), &'static str);

/// Each of these would be restored as something else.
const IRREVERSIBLE: [Case; 8] = [
    (|pgm| _ = pgm.drop_table("events"), "table `events` was a distributed table"),
    (|pgm| _ = pgm.drop_table("countries"), "table `countries` was a reference table"),
    (|pgm| _ = pgm.drop_table("parts"), "table `part"),
    (|pgm| _ = pgm.drop_schema("tenant").cascade(), "schema `tenant` was a distributed schema"),
    (
        |pgm| {
            pgm.sql("SELECT create_distributed_table('plain', 'id')")
                .captures(Object::table("plain"));
        },
        "the step changes what the extension `citus` keeps of table `plain`",
    ),
    (
        |pgm| {
            pgm.sql("SELECT alter_distributed_table('events', shard_count := 8, cascade_to_colocated := false)")
                .captures(Object::table("events"));
        },
        "the step changes what the extension `citus` keeps of table `events`",
    ),
    (
        |pgm| {
            pgm.sql("SELECT undistribute_table('events')").captures(Object::table("events"));
        },
        "the step changes what the extension `citus` keeps of table `events`",
    ),
    (
        |pgm| {
            pgm.sql("SELECT citus_schema_undistribute('tenant')")
                .captures(Object::schema("tenant"));
        },
        "the step changes what the extension `citus` keeps of ",
    ),
];

#[test]
fn what_would_be_restored_as_another_kind_is_refused() {
    let Some(citus) = Citus::start() else { return };
    for (up, why) in IRREVERSIBLE {
        for table in ["events", "countries", "parts", "plain"] {
            citus.execute(&format!("DROP TABLE IF EXISTS {table}"));
        }
        citus.execute("DROP SCHEMA IF EXISTS tenant CASCADE");
        citus.execute(TABLES);
        citus.execute("CREATE TABLE plain (id int PRIMARY KEY)");
        let all = [migration(A, up)];
        let told = citus.up(&all);
        assert!(told.last().is_some_and(|told| told.starts_with(why)), "{why}: {told:?}");
        let before = citus.tables();
        assert!(citus.refuses(&all).starts_with(why), "{why}");
        assert_eq!(citus.tables(), before);
        let migrator = migrator(plan(&all));
        let mut session = citus.session(&citus.coordinator.url(DATABASE));
        migrator.mark_pending(&mut session, &[A.to_owned()], &mut |_: Event| {}).unwrap();
    }
}

#[test]
fn what_leaves_the_distribution_is_reverted() {
    let Some(citus) = Citus::start() else { return };
    citus.execute(TABLES);
    let before = citus.tables();
    let all = [
        migration(A, |pgm| {
            pgm.drop_column("events", "body");
            pgm.alter_column("countries", "name").set_type("varchar");
            pgm.drop_table("part");
            pgm.drop_table(("tenant", "orders"));
            pgm.drop_table("countries").keep_data();
            pgm.sql("ALTER TABLE events RENAME tenant TO customer")
                .captures(Object::table("events"));
        }),
        reversible(
            B,
            |pgm| {
                pgm.sql("CREATE TABLE plain (id int PRIMARY KEY)");
                pgm.sql("SELECT create_distributed_table('plain', 'id')");
            },
            |pgm| _ = pgm.drop_table("plain"),
        ),
    ];
    // The effect of raw SQL is not known beforehand.
    let told = citus.up(&all);
    assert!(told.len() == 1 && told[0].contains("if the step changes that"), "{told:?}");
    assert_ne!(citus.tables(), before);
    citus.down(&all, 2).unwrap();
    assert_eq!(citus.tables(), before);
}

#[test]
fn backup_and_restore_say_what_they_leave_out() {
    let Some(citus) = Citus::start() else { return };
    citus.execute(TABLES);
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let mut observer = |event: Event| {
        if let Event::NotRestored { objects, .. } = event {
            told.extend(objects);
        }
    };
    let session = &mut citus.session(&citus.coordinator.url(DATABASE));
    let migrator: Migrator = migrator(plan(&[]));
    let place = Place::Folder(folder.path().to_owned());
    let environment = &citus.environment;
    let backup = migrator.backup(session, &place, None, environment, &mut observer).unwrap();
    insta::assert_snapshot!(told.join("\n"), @"
    schema `tenant` is a distributed schema of the extension `citus`
    table `countries` is a reference table of the extension `citus`
    table `events` is a distributed table of the extension `citus`
    table `part` is a distributed table of the extension `citus`
    table `parts` is a distributed table of the extension `citus`
    table `tenant.orders` is a distributed table of the extension `citus`
    ");

    let clean = RestoreOptions { clean: true, no_owner: false };
    let restored = migrator.restore(session, &backup.file, clean, environment, &mut |_: Event| {});
    assert!(matches!(restored, Err(Error::CitusClean)), "{restored:?}");

    citus.execute("CREATE DATABASE copy");
    let mut told = Vec::new();
    let mut observer = |event: Event| {
        if let Event::NotRestored { objects, .. } = event {
            told.extend(objects);
        }
    };
    let session = &mut citus.session(&citus.coordinator.url("copy"));
    let options = RestoreOptions::default();
    migrator.restore(session, &backup.file, options, environment, &mut observer).unwrap();
    assert_eq!(told, ["citus"]);
}

#[test]
fn the_history_is_local_and_a_worker_is_refused() {
    let Some(citus) = Citus::start() else { return };
    citus.execute(
        "ALTER DATABASE postgres SET citus.use_citus_managed_tables = on;
         ALTER DATABASE postgres SET citus.enable_schema_based_sharding = on",
    );
    let all = [migration(A, |pgm| _ = pgm.create_table("one", |t| t.id()))];
    citus.up(&all);
    let url = citus.coordinator.url(DATABASE);
    let elsewhere = migrator(plan(&all)).history(migrate_core::History::new("own", "history"));
    let to = UpTo { count: Some(1), ..UpTo::default() };
    citus.execute("DROP TABLE one");
    elsewhere.up(&mut citus.session(&url), &to, &mut |_: Event| {}).unwrap();
    let taken = citus.client().query_one(
        "SELECT count(*) FROM pg_dist_partition
         WHERE logicalrelid::text LIKE '%migrations%' OR logicalrelid::text LIKE 'own.%'",
        &[],
    );
    assert_eq!(taken.unwrap().get::<_, i64>(0), 0);
    assert!(migrator(plan(&all)).verify(&mut citus.session(&url)).unwrap().is_sound());
    citus.execute("SELECT citus_add_local_table_to_metadata('migrations_settings')");
    assert!(!migrator(plan(&all)).verify(&mut citus.session(&url)).unwrap().is_sound());

    let session = &mut citus.session(&citus.worker.url(DATABASE));
    let refused = migrator(plan(&all)).up(session, &UpTo::default(), &mut |_: Event| {});
    assert!(matches!(refused, Err(Error::CitusWorker)), "{refused:?}");
}
