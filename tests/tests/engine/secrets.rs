//! What only the machine that applies knows: it gets to the server and nowhere else.

use std::collections::BTreeMap;

use migrate_core::plan::Plan;
use migrate_core::{Error, Event, UpTo};
use migrate_tests::{Engine, migration, plan};

const A: &str = "20260101000000_a";
const PASSWORD: &str = "it's a long secret";

/// A plan whose one statement requires a password.
fn with_secret(sql: &'static str, scram: bool) -> Plan {
    let mut plan = plan(&[migration(A, |pgm| _ = pgm.sql("SELECT 1").down(""))]);
    let statement = &mut plan.migrations[0].up[0].statements[0];
    statement.sql = sql.to_owned();
    let secret = serde_json::json!({"variable": "APP_PASSWORD", "scram": scram});
    statement.secrets = vec![serde_json::from_value(secret).unwrap()];
    plan
}

fn up(engine: &Engine, plan: Plan, password: Option<&str>) -> Result<Vec<String>, Error> {
    let variables: BTreeMap<_, _> =
        password.map(|word| ("APP_PASSWORD".to_owned(), word.to_owned())).into_iter().collect();
    let migrator = migrate_tests::engine::migrator(plan).variables(variables);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {})
}

#[test]
fn it_reaches_the_server_and_no_table() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE said (what text)");
    let plan = with_secret("INSERT INTO said VALUES (:'APP_PASSWORD')", false);
    up(&engine, plan, Some(PASSWORD)).unwrap();
    assert_eq!(engine.value("SELECT what FROM said"), PASSWORD);
    let everywhere = engine.value(
        "SELECT string_agg(m::text, '') || (SELECT string_agg(l::text, '') FROM migrations_log l)
         FROM migrations m",
    );
    assert!(everywhere.contains(":'APP_PASSWORD'") && !everywhere.contains("long secret"));
}

#[test]
fn of_a_roles_password_the_server_gets_a_verifier() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE said (what text)");
    let plan = with_secret("INSERT INTO said VALUES (:'APP_PASSWORD')", true);
    up(&engine, plan, Some(PASSWORD)).unwrap();
    assert!(engine.value("SELECT what FROM said").starts_with("SCRAM-SHA-256$"));
}

#[test]
fn without_it_nothing_runs() {
    let engine = Engine::new();
    for (password, state) in [(None, "not set"), (Some(""), "empty")] {
        let plan = with_secret("CREATE ROLE app PASSWORD :'APP_PASSWORD'", true);
        let error = up(&engine, plan, password).unwrap_err();
        let told = error.diagnostics().remove(0);
        assert_eq!(told.message, format!("the environment variable `APP_PASSWORD` is {state}"));
        assert!(told.helps[0].starts_with("give it a value: `export APP_PASSWORD=…`"), "{told:?}");
    }
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
}

#[test]
fn an_error_of_the_server_does_not_repeat_it() {
    let engine = Engine::new();
    let plan = with_secret("SELECT :'APP_PASSWORD'::int", false);
    let error = up(&engine, plan, Some(PASSWORD)).unwrap_err();
    let told = format!("{:?}", error.diagnostics());
    assert!(told.contains("22P02") && !told.contains("long secret"), "{told}");
    let log = engine.value("SELECT string_agg(l::text, '') FROM migrations_log l");
    assert!(log.contains("failed") && !log.contains("long secret"), "{log}");
}

#[test]
fn no_part_of_it_and_no_other_spelling_is_told() {
    let secret = "before=\"horse\\\t=after";
    for (sql, code) in [
        ("SELECT :'APP_PASSWORD'::int", "22P02"),
        ("DO $$ BEGIN RAISE 'it ends in %', split_part(:'APP_PASSWORD', '=', 3); END $$", "P0001"),
        ("INSERT INTO late VALUES (:'APP_PASSWORD'), (:'APP_PASSWORD')", "23505"),
    ] {
        let engine = Engine::new();
        engine.database.execute("CREATE TABLE late (a text UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        let error = up(&engine, with_secret(sql, false), Some(secret)).unwrap_err();
        let mut told = format!("{error:?} {:?}", error.diagnostics());
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            told.push_str(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        assert!(told.contains(code) && !told.contains("horse"), "{told}");
        assert!(!told.contains("ends in after"), "{told}");
        let log = engine.value("SELECT string_agg(l::text, '') FROM migrations_log l");
        assert!(log.contains("may repeat a secret") && !log.contains("horse"), "{log}");
    }
}

#[test]
fn a_notice_does_not_repeat_it() {
    for (secret, notices) in [(":'APP_PASSWORD'", 0), ("'none'", 1)] {
        let engine = Engine::new();
        let sql = format!("DO $$ BEGIN RAISE NOTICE 'it is %', {secret}; END $$");
        let variables = BTreeMap::from([("APP_PASSWORD".to_owned(), PASSWORD.to_owned())]);
        let mut plan = with_secret("SELECT 1", false);
        plan.migrations[0].up[0].statements[0].sql = sql;
        if notices > 0 {
            plan.migrations[0].up[0].statements[0].secrets.clear();
        }
        let mut told = Vec::new();
        let migrator = migrate_tests::engine::migrator(plan).variables(variables);
        let listen = &mut |event: Event| told.push(event);
        migrator.up(&mut engine.session(), &UpTo::default(), listen).unwrap();
        told.retain(|event| matches!(event, Event::Notice { .. }));
        assert_eq!(told.len(), notices, "{told:?}");
    }
}

#[test]
fn data_travels_with_its_statement() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE posts (id int, title text)");
    let mut plan = plan(&[migration(A, |pgm| _ = pgm.sql("SELECT 1; SELECT 2").down(""))]);
    let statement = &mut plan.migrations[0].up[0].statements[0];
    statement.sql = "COPY posts FROM STDIN WITH (FORMAT csv)".to_owned();
    statement.input = Some("1,\"one; two\"\n2,Łódź\n".to_owned());
    let mut broken = plan.clone();
    broken.migrations[0].up[0].statements[0].input = Some("x,y\n".to_owned());
    let error = up(&engine, broken, None).unwrap_err();
    let diagnostic = error.diagnostics().remove(0);
    assert_eq!(diagnostic.code.as_deref(), Some("22P02"));
    assert!(diagnostic.notes.iter().any(|note| note.contains("line 1")), "{diagnostic:?}");
    up(&engine, plan, None).unwrap();
    assert_eq!(engine.value("SELECT string_agg(title, ' ') FROM posts"), "one; two Łódź");
}

/// Lines of the server's log of this test run that have this in them.
fn logged(part: &str) -> usize {
    migrate_tests::server_log().lines().filter(|line| line.contains(part)).count()
}

#[test]
fn the_servers_log_does_not_repeat_it() {
    let engine = Engine::new();
    let name = engine.database.name();
    // As an administrator may have it.
    engine.database.execute(&format!(
        "ALTER DATABASE {name} SET log_min_duration_statement = 0;
         ALTER DATABASE {name} SET log_statement = 'all'"
    ));
    for (number, outside) in [false, true].into_iter().enumerate() {
        for (sql, works) in [
            ("CREATE USER MAPPING FOR CURRENT_USER SERVER no OPTIONS (a :'APP_PASSWORD')", false),
            ("SELECT :'APP_PASSWORD'::int", false),
            ("SELEC :'APP_PASSWORD'", false),
            ("SELECT :'APP_PASSWORD'", true),
        ] {
            let secret = format!("{name}-secret-{number}");
            let mut plan = with_secret(sql, false);
            plan.migrations[0].name = format!("2026010100000{number}_a");
            plan.migrations[0].up[0].transactional = !outside;
            let mut other = plan.migrations[0].up[0].clone();
            other.statements[0].secrets.clear();
            other.statements[0].sql = format!("SELECT '{name}-other'");
            plan.migrations[0].up.push(other);
            let applied = up(&engine, plan, Some(&secret));
            assert_eq!(applied.is_ok(), works, "{sql}: {applied:?}");
            assert_eq!(logged(&secret), 0, "{sql}");
        }
    }
    // What follows outside a transaction is logged again.
    assert!(logged(&format!("{name}-other")) > 0);
}

#[test]
fn a_role_that_may_not_keep_the_server_from_logging_migrates_all_the_same() {
    let engine = Engine::new();
    let role = engine.database.unique("app");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT ALL ON SCHEMA public TO {role};
         CREATE TABLE said (what text); GRANT ALL ON said TO {role}"
    ));
    for outside in [false, true] {
        let mut plan = with_secret("INSERT INTO said VALUES (:'APP_PASSWORD')", false);
        plan.migrations[0].up[0].transactional = !outside;
        let set = "SET LOCAL ROLE";
        let mut own = plan.migrations[0].up[0].clone();
        own.transactional = true;
        own.statements[0].secrets.clear();
        own.statements[0].sql = format!("{set} {role}");
        plan.migrations[0].up.insert(0, own);
        plan.migrations[0].name = format!("2026010100000{}_a", u8::from(outside));
        up(&engine, plan, Some(PASSWORD)).unwrap();
    }
    assert_eq!(engine.value("SELECT count(*) FROM said"), "2");
}
