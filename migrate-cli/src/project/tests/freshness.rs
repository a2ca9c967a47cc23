//! What is compiled after what has changed.

use std::thread;

use super::sandbox::{Sandbox, creates};
use crate::project::BuildEvent;

const A: &str = "migrations/src/20250101000000_a.rs";

fn three(name: &str) -> Sandbox {
    let migrations = ["a", "b", "c"].map(creates);
    let [a, b, c] = migrations;
    Sandbox::new(
        name,
        &[("20250101000000_a.rs", a), ("20250102000000_b.rs", b), ("20250103000000_c.rs", c)],
    )
}

#[test]
fn only_what_changed_is_compiled() {
    let project = three("only-what-changed");
    let first = project.plan();
    assert_eq!(first.compiled(), Some(3));
    let first = first.plan();
    assert_eq!(project.plan_without_cargo(), first);

    project.write(A, &creates("x"));
    let edited = project.plan();
    assert_eq!(edited.compiled(), Some(1));
    assert_eq!(edited.steps(), "create table `x`\ncreate table `b`\ncreate table `c`");

    project.write("migrations/src/20250102120000_d.sql", "CREATE TABLE d ()");
    let added = project.plan();
    assert_eq!(added.compiled(), Some(1));
    assert_eq!(added.plan().migrations[2].name, "20250102120000_d");

    project.remove("migrations/src/20250102000000_b.rs");
    let removed = project.plan();
    assert_eq!(removed.compiled(), None);
    assert_eq!(removed.plan().migrations.len(), 3);

    project.write(A, &creates("a"));
    project.remove("migrations/src/20250102120000_d.sql");
    project.write("migrations/src/20250102000000_b.rs", &creates("b"));
    let as_before = project.plan();
    assert_eq!(as_before.compiled(), Some(1), "`b` is still known");
    assert_eq!(as_before.plan(), first);
}

#[test]
fn a_file_put_back_with_an_old_modification_time_is_seen() {
    let project = three("put-back");
    project.write("helper/Cargo.toml", "[package]\nname = \"helper\"\nedition = \"2024\"\n");
    project.write("helper/src/lib.rs", "pub const TABLE: &str = \"h\";\n");
    project.replace(
        "migrations/Cargo.toml",
        "[dependencies]",
        "[dependencies]\nhelper = { path = \"../helper\" }",
    );
    project.replace(A, "\"a\"", "helper::TABLE");
    let first = project.plan();
    assert!(first.steps().starts_with("create table `h`"));
    project.plan_without_cargo();

    project.put_back("migrations/src/20250103000000_c.rs", &creates("d"));
    assert!(project.plan().steps().ends_with("create table `d`"));

    project.put_back("helper/src/lib.rs", "pub const TABLE: &str = \"i\";\n");
    let helper = project.plan();
    assert_eq!(helper.compiled(), Some(3));
    assert!(helper.steps().starts_with("create table `i`"));
    project.plan_without_cargo();

    project.write("helper/src/lib.rs", "pub const TABLE: &str = \"j\";\n");
    assert!(project.plan().steps().starts_with("create table `j`"));

    project.write("helper/Cargo.toml", "[package]\nname = \"helper\"\nedition = \"2021\"\n");
    assert_eq!(project.plan().compiled(), Some(3));
}

#[test]
fn files_that_migrations_include_and_read() {
    let project = three("included");
    project.write(
        A,
        "use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {\n    \
         pgm.sql(include_str!(\"sql/a.sql\")).down(\"\");\n}\n",
    );
    project.write("migrations/src/sql/a.sql", "SELECT 1");
    project.write(
        "migrations/src/20250102000000_b.rs",
        "use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {\n    \
         pgm.sql_file(\"sql/b.sql\").down(\"\");\n    \
         println!(\"{}\", option_env!(\"TENANT\").unwrap_or(\"nobody\"));\n}\n",
    );
    let sql = |project: &Sandbox, at: usize| {
        let plan = project.plan().plan();
        let migration = &plan.migrations[at];
        match migration.up.first() {
            Some(step) => step.statements[0].sql.clone(),
            None => migration.problems[0].message.clone(),
        }
    };
    let missing = project.plan().plan();
    let problems = &missing.migrations[1].problems;
    assert!(problems[0].message.contains("cannot read `src/sql/b.sql`"), "{problems:?}");
    project.plan_without_cargo();

    project.write("migrations/src/sql/b.sql", "SELECT 2");
    let read = project.plan();
    assert_eq!(read.compiled(), Some(1));
    assert!(read.events.contains(&BuildEvent::Output("nobody".to_owned())));
    project.put_back("migrations/src/sql/b.sql", "SELECT 3");
    assert_eq!(sql(&project, 1), "SELECT 3");
    project.put_back("migrations/src/sql/a.sql", "SELECT 4");
    assert_eq!(sql(&project, 0), "SELECT 4");
    project.plan_without_cargo();

    let mut project = project;
    let tenant = ("TENANT".to_owned(), "ada".to_owned());
    project.environment.vars.extend([tenant]);
    let other_tenant = project.plan();
    assert!(other_tenant.events.contains(&BuildEvent::Output("ada".to_owned())));
}

#[test]
fn the_environment_is_not_there_when_a_plan_is_made() {
    let mut project = three("environment");
    let secrets = [("TENANT", "ada"), ("DATABASE_URL", "postgres://db"), ("PGPASSWORD", "s3cret")];
    project
        .environment
        .vars
        .extend(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())));
    project.write(
        A,
        "use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {\n    \
         for name in [\"TENANT\", \"DATABASE_URL\", \"PGPASSWORD\", \"PATH\"] {\n        \
         println!(\"{name} {}\", std::env::var(name).is_ok());\n    }\n    \
         pgm.create_table(\"a\", |t| t.id());\n}\n",
    );
    let planned = project.plan();
    for said in ["TENANT false", "DATABASE_URL false", "PGPASSWORD false", "PATH true"] {
        assert!(planned.events.contains(&BuildEvent::Output(said.to_owned())), "{said}");
    }
}

#[test]
fn a_migration_that_uses_another_is_compiled_with_it() {
    let project = three("mentions");
    project.write(
        A,
        &(creates("a") + "\npub fn columns(t: &mut Table) {\n    t.text(\"name\");\n}\n"),
    );
    project.write(
        "migrations/src/20250103000000_c.rs",
        "use super::m20250101000000_a::columns;\nuse migrate_dsl::prelude::*;\n\n\
         pub fn up(pgm: &mut Pgm) {\n    pgm.create_table(\"c\", columns);\n}\n",
    );
    project.plan().plan();
    project.replace("migrations/src/20250103000000_c.rs", "\"c\"", "\"d\"");
    assert_eq!(project.plan().compiled(), Some(2));
    project.replace(A, "\"name\"", "\"title\"");
    let edited = project.plan();
    assert_eq!(edited.compiled(), Some(2));
    let plan = edited.plan();
    assert!(plan.migrations[2].up[0].statements[0].sql.contains("title"));
}

#[test]
fn manifests_and_settings_of_cargo_count() {
    let project = three("settings-of-cargo");
    project.plan().plan();
    project.write(".cargo/config.toml", "[build]\nrustflags = []\n");
    assert_eq!(project.plan().compiled(), Some(3));
    project.plan_without_cargo();
    project.remove(".cargo/config.toml");
    project.replace("migrations/Cargo.toml", "[lib]", "description = \"x\"\n\n[lib]");
    assert_eq!(project.plan().compiled(), Some(3));
    let mut project = project;
    let flags = ("RUSTFLAGS".to_owned(), "--cfg tests".to_owned());
    project.environment.vars.extend([flags]);
    assert_eq!(project.plan().compiled(), Some(3));
}

#[test]
fn a_plan_does_not_tell_where_it_was_made() {
    let json = |project: &Sandbox| serde_json::to_string(&project.plan().plan()).unwrap();
    assert_eq!(json(&three("checkout-one")), json(&three("checkout-two")));
}

#[test]
fn a_state_that_cannot_be_read_is_recreated() {
    let project = three("broken-state");
    let first = project.plan().plan();
    let whole = std::fs::read(project.state_file()).unwrap();
    let cut = whole[..whole.len() - 1].to_vec();
    let changed = [&cut, "x".as_bytes()].concat();
    let other_version = format!("{:016x}{}", 15, "{\"version\":\"0\"}").into_bytes();
    for broken in [Vec::new(), b"{".to_vec(), other_version, cut, changed] {
        std::fs::write(project.state_file(), broken).unwrap();
        let again = project.plan();
        assert_eq!(again.compiled(), Some(3));
        assert_eq!(again.plan(), first);
    }
}

#[test]
fn a_build_that_fails_leaves_what_is_known() {
    let project = three("failing");
    project.plan().plan();
    project.write(A, "nonsense");
    assert!(project.plan().result.is_err());
    assert!(project.plan().result.is_err());
    project.write(A, &creates("a"));
    project.plan_without_cargo();
}

#[test]
fn two_at_once_build_once() {
    let project = three("two-at-once");
    let outcomes = thread::scope(|scope| {
        let asked = [(); 4].map(|()| scope.spawn(|| project.plan()));
        asked.map(|asked| asked.join().unwrap())
    });
    let builds = outcomes.iter().filter(|outcome| outcome.compiled().is_some());
    assert_eq!(builds.count(), 1);
    let plans = outcomes.map(super::sandbox::Outcome::plan);
    assert!(plans.iter().all(|plan| *plan == plans[0]));
}

#[test]
fn no_migrations_yet() {
    let project = Sandbox::new("none-yet", &[]);
    assert_eq!(project.plan().plan().migrations, []);
    project.plan_without_cargo();
}

#[test]
fn a_wait_for_cargos_own_lock_is_told() {
    let project = three("waiting");
    project.plan().plan();
    let folder = project.state_file();
    let folder = folder.ancestors().nth(2).unwrap().join("debug");
    project.write(A, &creates("x"));
    let lock = std::fs::File::open(folder.join(".cargo-lock")).unwrap();
    let mut waited = false;
    let plan = project.project().plan(&mut |event| match event {
        // Not earlier: the other tests' cargos would wait as well, and we for them.
        BuildEvent::Started { .. } => lock.lock().unwrap(),
        BuildEvent::Waiting { what } if what.starts_with("another cargo") => {
            waited = true;
            lock.unlock().unwrap();
        }
        _ => {}
    });
    assert!(waited);
    plan.unwrap();
}

#[test]
fn a_project_for_another_machine_is_planned_on_this_one() {
    let mut project = three("another-machine");
    let target = ("CARGO_BUILD_TARGET".to_owned(), "wasm32-unknown-unknown".to_owned());
    project.environment.vars.extend([target]);
    assert_eq!(project.plan().plan().migrations.len(), 3);
    project.write(A, &creates("x"));
    assert_eq!(project.plan().compiled(), Some(1));
    project.plan_without_cargo();
}

/// The build script and the program need the same crates, and one build of them serves both.
#[test]
fn a_dependency_is_compiled_once() {
    let mut project = three("cold");
    let target = project.folder.join("target");
    let variable = ("CARGO_TARGET_DIR".to_owned(), target.display().to_string());
    project.environment.vars.extend([variable]);
    project.plan().plan();
    let compiled = std::fs::read_dir(target.join("migrate/debug/deps")).unwrap();
    let names = compiled.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let libraries =
        names.filter(|name| name.starts_with("libsea_query") && name.ends_with(".rlib"));
    assert_eq!(libraries.count(), 1);
}
