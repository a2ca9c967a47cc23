//! Plans, as `--plan FILE` reads them.

use std::collections::BTreeMap;

use migrate_core::plan::Checksum as _;
use migrate_core::plan::bundle::Carried;
use migrate_core::{Error, Event, FailureState, Migrator, Session, StoredInverse, UpTo};
use migrate_dsl::{Migration, Pgm, env};
use migrate_tests::engine::migrator;
use migrate_tests::{Engine, migration, plan, reversible};
use serde_json::Value;

use crate::Tried;
use crate::mutate::{Random, leaves, nasty_texts, text, value};

/// Migrations with something of everything that a plan can say.
pub(crate) fn migrations() -> Vec<Migration> {
    fn first(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| {
            t.id();
            t.text("title").not_null();
        });
        pgm.sql("INSERT INTO posts (title) VALUES ('one')").down("DELETE FROM posts");
    }
    fn second(pgm: &mut Pgm) {
        pgm.create_index("posts", "title").concurrently().unique().nulls_not_distinct();
        pgm.sql("VACUUM posts").outside_transaction().idempotent().down("");
        pgm.sql("ANALYZE posts").done_when("SELECT true").down("ANALYZE posts");
    }
    fn third(pgm: &mut Pgm) {
        pgm.add_column("posts", |t| t.text("body").default("it's"));
        pgm.drop_column("posts", "title").keep_data();
        pgm.alter_column("posts", "body").set_not_null();
        pgm.grant(["SELECT"]).on_table("posts").to("public");
        pgm.sql("SELECT 1").captures(migrate_dsl::Object::table("posts"));
    }
    fn back(pgm: &mut Pgm) {
        pgm.sql("DELETE FROM posts WHERE false");
    }
    fn fourth(pgm: &mut Pgm) {
        pgm.create_role("malformed_role").password(env("APP_PASSWORD"));
        pgm.drop_role("malformed_role");
    }
    vec![
        migration("20260101000000_first", first),
        migration("20260102000000_second", second),
        migration("20260103000000_third", third),
        reversible("20260104000000_fourth", first_again, back),
        migration("20260105000000_fifth", fourth),
    ]
}

fn first_again(pgm: &mut Pgm) {
    pgm.sql("UPDATE posts SET body = 'two'; UPDATE posts SET body = 'three'").down("");
}

/// The plan of these as JSON.
pub(crate) fn valid() -> String {
    serde_json::to_string(&plan(&migrations())).unwrap()
}

fn by_hand() -> Vec<String> {
    let plan = valid();
    let deep = |open: &str, close: &str, depth| open.repeat(depth) + &close.repeat(depth);
    let mut inputs = vec![
        deep("[", "]", 10_000),
        deep("{\"a\":", "}", 10_000),
        plan.replacen("\"statements\":[", &format!("\"statements\":[{}", "[".repeat(10_000)), 1),
        plan.replacen(
            "{\"format\":1",
            &format!("{{\"x\":{},\"format\":1", deep("[", "]", 10_000)),
            1,
        ),
        plan.replacen("\"format\":1", "\"format\":1,\"format\":1", 1),
        plan.replacen("\"format\":1", "\"format\":1.0", 1),
        plan.replacen("\"format\":1", "\"format\":\"1\"", 1),
        plan.replacen("\"format\":1", "\"format\":-1", 1),
        plan.replacen("\"format\":1", "\"bundle\":1,\"format\":1", 1),
        plan.replacen(
            "\"format\":1",
            "\"history\":{\"schema\":\"\",\"table\":\"\"},\"format\":1",
            1,
        ),
        format!("\u{feff}{plan}"),
        format!("{plan}{plan}"),
        format!("{plan}\0"),
        format!("[{plan}]"),
        plan.replace("\"sql\"", "\"Sql\""),
        plan.replace("public", "\\ud800"),
        plan.replace("posts", "\\u0000"),
        plan.replace("20260101000000_first", "20260102000000_second"),
        plan.replace("20260101000000_first", ""),
        " ".repeat(1_000_000) + &plan,
        format!("{{\"format\":1,\"x\":\"{}\"}}", "y".repeat(5_000_000)),
    ];
    inputs.extend(nasty_texts());
    inputs
}

fn variables() -> BTreeMap<String, String> {
    BTreeMap::from([("APP_PASSWORD".to_owned(), "it's".to_owned())])
}

/// All queries on a plan that write nothing.
fn look(migrator: &Migrator, session: &mut Session) -> Result<(), String> {
    for migration in &migrator.plan().migrations {
        _ = (migration.checksum(), StoredInverse::irreversible(migration), migration.words());
    }
    let told = |error: Error| {
        let told = error.diagnostics().into_iter().map(|told| told.message + &told.helps.concat());
        told.collect::<Vec<_>>().join("\n")
    };
    migrator.verify(session).map_err(told)?;
    migrator.would_apply(session, &UpTo::default()).map(drop).map_err(told)
}

#[test]
fn plans() {
    let mut tried = Tried::new("plans");
    let mut random = Random::of("plans");
    let engine = Engine::new();
    let all = migrations();
    engine.up(&all[..1]).unwrap();
    let (catalog, history) = (engine.catalog(), history(&engine));
    let mut session = engine.session();
    let (plan, json) = (valid(), serde_json::from_str::<Value>(&valid()).unwrap());
    let mut inputs = by_hand();
    inputs.extend((0..300).map(|_| text(&plan, &mut random)));
    inputs.extend((0..350).map(|_| value(&json, &mut random).to_string()));
    for input in &inputs {
        let session = &mut session;
        tried.input(input, move || {
            let carried = Carried::from_json(input.clone()).map_err(|error| error.to_string())?;
            let plan = carried.into_plan().map_err(|error| error.to_string())?.plan;
            let again = serde_json::to_string(&plan).map_err(|error| error.to_string())?;
            assert_eq!(migrate_core::plan::from_json(&again).as_ref().ok(), Some(&plan), "{again}");
            look(&migrator(plan).variables(variables()), session)
        });
    }
    assert_eq!((engine.catalog(), self::history(&engine)), (catalog, history));
}

/// Returns what the engine stores, as text.
pub(crate) fn history(engine: &Engine) -> String {
    let table = |name: &str| {
        let sql = format!("SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM {name} t");
        engine.value(&sql)
    };
    ["migrations", "migrations_log", "migrations_journal", "migrations_settings"]
        .map(table)
        .join("\n")
}

#[test]
fn plans_that_are_applied() {
    let mut tried = Tried::new("plans that are applied");
    let mut random = Random::of("plans that are applied");
    let json: Value = serde_json::from_str(&valid()).unwrap();
    let template = Engine::new();
    template.up(&migrations()[..1]).unwrap();
    let before = template.catalog();
    for number in 0..20 {
        let mut changed = json.clone();
        let migrations = changed["migrations"].as_array_mut().unwrap();
        // The last one is about roles, which stay on the server.
        let mut second = migrations.swap_remove(1 + number % 3);
        migrations.truncate(1);
        let steps = second["up"].as_array_mut().unwrap();
        for step in steps {
            let parts = ["statements", "inverse", "transactional", "done_when", "idempotent"];
            if let Some(part) = step.get_mut(random.pick::<&str>(&parts)) {
                *part = leaves(part, &mut random);
            }
        }
        migrations.push(second);
        let Ok(plan) = migrate_core::plan::from_json(&changed.to_string()) else { continue };
        let engine = Engine {
            database: migrate_tests::TestDatabase::from_template(template.database.name()),
        };
        let before = &before;
        tried.input(&changed.to_string(), || {
            let migrator = migrator(plan).variables(variables());
            let ended = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
            let Err(error) = ended else { return Ok(()) };
            let done = engine.value("SELECT count(*) FROM migrations") != "1"
                || matches!(&error, Error::Apply(failed) if matches!(failed.left, FailureState::Partial { .. }));
            if !done {
                assert_eq!(engine.catalog(), *before, "{error}");
            }
            Err(error.diagnostics().remove(0).message)
        });
    }
}

#[test]
fn large_plans() {
    let mut tried = Tried::new("large plans");
    let plan = valid();
    let large = plan.replacen("it's", &"x".repeat(20_000_000), 1);
    let many =
        plan.replacen("\"migrations\":[", &format!("\"migrations\":[{}", "{},".repeat(100_000)), 1);
    for input in [&large, &many] {
        tried.input(&input.len(), || {
            Carried::from_json(input.clone()).map(drop).map_err(|error| error.to_string())
        });
    }
}
