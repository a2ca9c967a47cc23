//! A history that another role could have written is not used.

use migrate_core::history::HistoryError;
use migrate_core::{DownTo, Error, Event, History, Session, Target, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, Engine, migration};

const A: &str = "20260101000000_a";

fn one() -> Vec<Migration> {
    vec![migration(A, |pgm: &mut Pgm| _ = pgm.sql("CREATE TABLE a ()").down("DROP TABLE a"))]
}

/// The tables as the engine makes them, made by a role that may create objects in `public`, and a
/// trigger that makes this role superuser as soon as one writes to them.
fn plant(engine: &Engine) -> String {
    let role = engine.database.unique("mallory");
    let other = Engine::new();
    other.up(&one()).unwrap();
    let columns = other.value(
        "SELECT string_agg(format('CREATE TABLE %s (%s)', c, columns), '; ') FROM (
             SELECT attrelid::regclass AS c, string_agg(
                 format('%I %s %s', attname, format_type(atttypid, atttypmod),
                        CASE WHEN attidentity <> '' THEN 'GENERATED ALWAYS AS IDENTITY PRIMARY KEY'
                             WHEN attnum = 1 THEN 'PRIMARY KEY' END), ', ' ORDER BY attnum) AS columns
             FROM pg_attribute WHERE attrelid::regclass::text LIKE 'migrations%' AND attnum > 0
               AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')
             GROUP BY 1) AS t",
    );
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role}"
    ));
    let version = other.value("SELECT value FROM migrations_settings WHERE key = 'version'");
    engine
        .database
        .client_as(&role)
        .batch_execute(&format!(
            "{columns}; INSERT INTO migrations_settings VALUES ('version', '{version}');
             CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 EXECUTE 'ALTER ROLE {role} SUPERUSER';
                 RETURN NEW;
             END $$;
             CREATE TRIGGER take BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION take()"
        ))
        .unwrap_or_else(|error| panic!("{error}: {columns}"));
    role
}

/// Returns what is wrong, one problem per line, and the remedy.
fn refusal(engine: &Engine, result: Result<Vec<String>, Error>) -> String {
    let name = engine.database.name();
    match result {
        Err(Error::History(HistoryError::Untrusted { distrust, .. })) => {
            let lines = distrust.iter().map(|it| {
                let remedy = it.remedy.as_deref().unwrap_or("-");
                format!("{it}: {remedy}").replace(&format!("{name}_"), "")
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Ok(done) => format!("done: {done:?}"),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn tables_of_another_role_are_refused() {
    let engine = Engine::new();
    let role = plant(&engine);
    insta::assert_snapshot!(refusal(&engine, engine.up(&one())), @"
    `public.migrations` belongs to `mallory`: ALTER TABLE public.migrations OWNER TO postgres
    `public.migrations_journal` belongs to `mallory`: ALTER TABLE public.migrations_journal OWNER TO postgres
    `public.migrations_log` belongs to `mallory`: ALTER TABLE public.migrations_log OWNER TO postgres
    `public.migrations_settings` belongs to `mallory`: ALTER TABLE public.migrations_settings OWNER TO postgres
    trigger take on table public.migrations uses function public.take(), which belongs to `mallory`: DROP TRIGGER take ON public.migrations
    ");
    let mut session = engine.session();
    let migrator = engine.migrator(&one());
    let down = migrator.down(&mut session, &DownTo::Count(1), &mut |_: Event| {});
    assert!(refusal(&engine, down).contains("belongs to"));
    assert!(migrator.status(&mut session).is_err());
    assert!(migrator.verify(&mut session).is_err());
    assert!(migrator.sync(&mut session, true, &mut |_: Event| {}).is_err());
    let superuser = format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{role}'");
    assert_eq!(engine.value(&superuser), "f");
}

#[test]
fn the_refusal_says_what_puts_it_right() {
    let cli = Cli::with_plan(&one());
    assert_eq!(cli.run("up").code, Some(0));
    let role = cli.database.unique("mallory");
    cli.database.execute(&format!(
        "CREATE ROLE {role}; ALTER TABLE migrations_log OWNER TO {role};
         GRANT UPDATE, SELECT ON migrations TO {role}; GRANT INSERT ON migrations_journal TO PUBLIC"
    ));
    let said = cli.run("down");
    assert_eq!(said.code, Some(5));
    let text = said.stderr.replace(&role, "mallory").replace(cli.database.name(), "<database>");
    insta::assert_snapshot!(text.lines().skip(1).collect::<Vec<_>>().join("\n"), @"
    error[untrusted_history]: the history `public.migrations` cannot be trusted
     |
     = note: `public.migrations_log` belongs to `mallory`
     = note: `public.migrations` may be written by `mallory` (UPDATE)
     = note: `public.migrations_journal` may be written by everybody (INSERT)
     = help: look at its rows first: what they keep is run with the rights of this role; then:
             ALTER TABLE public.migrations_log OWNER TO postgres;
             REVOKE UPDATE ON public.migrations FROM mallory;
             REVOKE INSERT ON public.migrations_journal FROM PUBLIC;
    ");
}

#[test]
fn what_hangs_on_the_tables_is_looked_at() {
    let engine = Engine::new();
    engine.up(&one()).unwrap();
    let role = engine.database.unique("mallory");
    engine.database.execute(&format!(
        "CREATE ROLE {role}; CREATE SCHEMA m AUTHORIZATION {role}; SET ROLE {role};
         CREATE TYPE m.mood AS ENUM ('good'); CREATE TYPE m.pair AS (key text, value text);
         CREATE FUNCTION m.yes(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
         CREATE FUNCTION m.word() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
         CREATE FUNCTION m.run() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ));
    let put = [
        "ALTER TABLE migrations ADD COLUMN mood m.mood",
        "ALTER TABLE migrations ADD CONSTRAINT odd CHECK (m.yes(name))",
        "ALTER TABLE migrations_log ADD COLUMN word text DEFAULT m.word()",
        "CREATE INDEX odd ON migrations_settings ((m.yes(key)))",
        "CREATE TRIGGER odd BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION m.run()",
        "CREATE RULE odd AS ON INSERT TO migrations_journal DO ALSO SELECT 1",
        "CREATE POLICY odd ON migrations USING (m.yes(name))",
        "ALTER TABLE migrations_settings OF m.pair",
        "CREATE TABLE m.heir () INHERITS (migrations)",
    ];
    let mut text = String::new();
    for sql in put {
        let mut client = engine.database.client();
        // Each alone, and taken away again by what the refusal says.
        client.batch_execute(sql).unwrap();
        let refused = refusal(&engine, engine.up(&[one(), vec![again()]].concat()));
        text += &format!("{sql}\n  {}\n", refused.replace('\n', "\n  "));
        let remedy = refused.split(": ").last().unwrap_or_default();
        let undo = match sql {
            _ if sql.contains("m.heir") => "DROP TABLE m.heir",
            _ => remedy,
        };
        client.batch_execute(undo).unwrap_or_else(|error| panic!("{error}: {undo}"));
    }
    insta::assert_snapshot!(text, @"
    ALTER TABLE migrations ADD COLUMN mood m.mood
      column mood of table public.migrations uses type m.mood, which belongs to `mallory`: ALTER TABLE public.migrations DROP COLUMN mood
    ALTER TABLE migrations ADD CONSTRAINT odd CHECK (m.yes(name))
      constraint odd on table public.migrations uses function m.yes(text), which belongs to `mallory`: ALTER TABLE public.migrations DROP CONSTRAINT odd
    ALTER TABLE migrations_log ADD COLUMN word text DEFAULT m.word()
      default value for column word of table public.migrations_log uses function m.word(), which belongs to `mallory`: ALTER TABLE public.migrations_log ALTER COLUMN word DROP DEFAULT
    CREATE INDEX odd ON migrations_settings ((m.yes(key)))
      index public.odd uses function m.yes(text), which belongs to `mallory`: DROP INDEX public.odd
    CREATE TRIGGER odd BEFORE INSERT ON migrations FOR EACH ROW EXECUTE FUNCTION m.run()
      trigger odd on table public.migrations uses function m.run(), which belongs to `mallory`: DROP TRIGGER odd ON public.migrations
    CREATE RULE odd AS ON INSERT TO migrations_journal DO ALSO SELECT 1
      rule `odd` on `public.migrations_journal` can replace what is written: DROP RULE odd ON public.migrations_journal
    CREATE POLICY odd ON migrations USING (m.yes(name))
      policy `odd` on `public.migrations` can hide rows: DROP POLICY odd ON public.migrations
    ALTER TABLE migrations_settings OF m.pair
      table public.migrations_settings uses type m.pair, which belongs to `mallory`: ALTER TABLE public.migrations_settings NOT OF
    CREATE TABLE m.heir () INHERITS (migrations)
      `public.migrations` is part of an inheritance tree with `m.heir`: -
    ");
    engine.up(&one()).unwrap();
}

fn again() -> Migration {
    migration("20260102000000_b", |pgm: &mut Pgm| _ = pgm.sql("SELECT 1").down(""))
}

#[test]
fn what_is_no_table_goes_by_what_drops_it() {
    let mut text = String::new();
    for plant in [
        "VIEW migrations AS SELECT 1 AS id",
        "MATERIALIZED VIEW migrations AS SELECT 1 AS id",
        "SEQUENCE migrations",
        "INDEX migrations ON theirs (a)",
        "TYPE migrations AS (id int)",
        "FOREIGN TABLE migrations (id int) SERVER nowhere",
        "TABLE migrations (id int) PARTITION BY LIST (id)",
        "TYPE migrations AS ENUM ('a')",
        "DOMAIN migrations_settings AS int",
    ] {
        let engine = Engine::new();
        let role = engine.database.unique("mallory");
        engine.database.execute(&format!(
            "CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role};
             CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
             GRANT USAGE ON FOREIGN SERVER nowhere TO {role};
             SET ROLE {role}; CREATE TABLE theirs (a int); CREATE {plant}"
        ));
        let error = engine.up(&one()).unwrap_err();
        let [told] = &error.diagnostics()[..] else { panic!("{error:?}") };
        text += &format!("{plant}\n  {}\n", told.message);
        let more = [&told.notes[..], &told.helps].concat().join("\n").replace('\n', "\n  ");
        text += &format!("  {more}\n");
        text = text.replace(&role, "mallory");
        let remedies = error.help().unwrap_or_default();
        if let Some(remedy) = remedies.lines().find(|line| line.starts_with("DROP")) {
            engine.database.execute(remedy);
            engine.up(&one()).unwrap();
        }
    }
    insta::assert_snapshot!(text, @r#"
    VIEW migrations AS SELECT 1 AS id
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a view, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP VIEW public.migrations;
    MATERIALIZED VIEW migrations AS SELECT 1 AS id
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a materialized view, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP MATERIALIZED VIEW public.migrations;
    SEQUENCE migrations
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a sequence, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP SEQUENCE public.migrations;
    INDEX migrations ON theirs (a)
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but an index, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP INDEX public.migrations;
    TYPE migrations AS (id int)
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a type, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP TYPE public.migrations;
    FOREIGN TABLE migrations (id int) SERVER nowhere
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a foreign table, which belongs to `mallory`
      nothing was changed; the owner, or a superuser, removes what is in the place of the history with:
      DROP FOREIGN TABLE public.migrations;
    TABLE migrations (id int) PARTITION BY LIST (id)
      the history `public.migrations` cannot be trusted
      `public.migrations` is not an ordinary table, but a partitioned table, which belongs to `mallory`
      nothing was changed; rename what is in the place of the history
    TYPE migrations AS ENUM ('a')
      the history `public.migrations` cannot be created: the type `public.migrations` (owner `mallory`) is there already
      nothing was changed; rename that, or give the history another name, `table = "schema_history"` in `[workspace.metadata.migrate]`
    DOMAIN migrations_settings AS int
      the history `public.migrations` cannot be created: the type `public.migrations_settings` (owner `mallory`) is there already
      nothing was changed; rename that, or give the history another name, `table = "schema_history"` in `[workspace.metadata.migrate]`
    "#);
}

#[test]
fn a_view_is_no_history() {
    let engine = Engine::new();
    let role = engine.database.unique("mallory");
    engine.up(&one()).unwrap();
    engine.database.execute(&format!(
        "CREATE ROLE {role}; ALTER TABLE migrations RENAME TO hidden; GRANT CREATE ON SCHEMA public TO {role};
         GRANT SELECT ON hidden TO {role}; SET ROLE {role}; CREATE VIEW migrations AS SELECT * FROM hidden"
    ));
    let refused = refusal(&engine, engine.up(&one()));
    assert!(refused.starts_with("`public.migrations` is not an ordinary table"), "{refused}");
    assert!(engine.migrator(&one()).status(&mut engine.session()).is_err());
}

#[test]
fn a_history_of_ones_own_role_of_the_owner_and_of_an_administrator_is_used() {
    let engine = Engine::new();
    let name = engine.database.name();
    let [owner, member, app] = ["owner", "member", "app"].map(|role| engine.database.unique(role));
    engine.database.execute(&format!(
        "CREATE ROLE {owner} LOGIN; CREATE ROLE {member} LOGIN; CREATE ROLE {app} LOGIN;
         GRANT {app} TO {member}; GRANT ALL ON SCHEMA public TO PUBLIC"
    ));
    let up = |role: &str, migrations: &[Migration]| {
        let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
        let target = Target::parse(&url, "the test", &migrate_core::Environment::default());
        let mut session = Session::connect(&target.unwrap(), "migrate test").unwrap();
        engine.migrator(migrations).up(&mut session, &UpTo::default(), &mut |_: Event| {})
    };
    // Made by one role, used by a member of it.
    up(&app, &one()).unwrap();
    let more = [one(), vec![again()]].concat();
    up(&member, &more).unwrap();
    // A superuser is a member of no role by being one.
    let third = migration("20260103000000_c", |pgm: &mut Pgm| _ = pgm.sql("SELECT 1").down(""));
    let more = [more, vec![third]].concat();
    let refused = refusal(&engine, engine.up(&more));
    assert!(refused.contains("`public.migrations` belongs to `app`"), "{refused}");
    // Unless that role owns the database.
    engine.database.execute(&format!("ALTER DATABASE {name} OWNER TO {app}"));
    engine.up(&more).unwrap();
}

#[test]
fn who_else_may_create_where_the_history_is_is_told_once() {
    let cli = Cli::with_plan(&[one(), vec![again()]].concat());
    cli.database.execute("GRANT CREATE ON SCHEMA public TO PUBLIC");
    let first = cli.run("up 1").stderr;
    assert!(first.contains("REVOKE CREATE ON SCHEMA \"public\" FROM PUBLIC"), "{first}");
    let second = cli.run("up").stderr;
    assert!(!second.contains("REVOKE"), "{second}");
}

#[test]
fn a_schema_of_somebody_else_is_no_place_for_the_history_of_a_superuser() {
    let engine = Engine::new();
    let role = engine.database.unique("mallory");
    engine.database.execute(&format!("CREATE ROLE {role}; CREATE SCHEMA m AUTHORIZATION {role}"));
    let all = one();
    let migrator = engine.migrator(&all).history(History::new("m", "migrations"));
    let up = || {
        let up = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        up.map(|_| Vec::new())
    };
    assert_eq!(
        refusal(&engine, up()),
        "schema `m` belongs to `mallory`: ALTER SCHEMA m OWNER TO postgres"
    );
    assert_eq!(engine.value("SELECT to_regclass('m.migrations')"), "NULL");
    engine.database.execute("ALTER SCHEMA m OWNER TO postgres");
    up().unwrap();
}

#[test]
fn default_privileges_do_not_let_others_write_the_history() {
    let cli = Cli::with_plan(&one());
    let role = cli.database.unique("mallory");
    cli.database.execute(&format!(
        "CREATE ROLE {role}; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {role}"
    ));
    let said = cli.run("up");
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    for statement in said.stderr.lines().map(str::trim).filter(|it| it.starts_with("REVOKE")) {
        cli.database.execute(statement);
    }
    assert_eq!(cli.run("up").code, Some(0));
}

/// A role that may create objects in the schema of the history cannot prevent it without being named.
#[test]
fn a_planted_function_is_named_with_its_owner_and_a_remedy() {
    let plants = [
        (
            "FUNCTION migrations_log_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            true,
        ),
        (
            "FUNCTION migrations_log_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            false,
        ),
        ("PROCEDURE migrations_log_kept() LANGUAGE sql AS ''", false),
        ("FUNCTION migrations_log_kept(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", false),
    ];
    let mut text = String::new();
    for (plant, is_used) in plants {
        let engine = Engine::new();
        let role = engine.database.unique("mallory");
        engine.database.execute(&format!(
            "CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}; SET ROLE {role}; CREATE {plant}"
        ));
        if is_used {
            engine.database.execute(&format!(
                "SET ROLE {role}; CREATE TABLE theirs (); CREATE TRIGGER theirs BEFORE UPDATE ON theirs
                 FOR EACH STATEMENT EXECUTE FUNCTION migrations_log_kept()"
            ));
        }
        let refused = refusal(&engine, engine.up(&one()));
        text += &format!("{plant}\n  {refused}\n");
        if is_used {
            assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
            let (_, remedy) = refused.rsplit_once(": ").unwrap();
            engine.database.execute(remedy);
            engine.up(&one()).unwrap();
        }
        assert_eq!(engine.migrator(&one()).verify(&mut engine.session()).unwrap().findings, []);
    }
    insta::assert_snapshot!(text, @r#"
    FUNCTION migrations_log_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
      `public.migrations_log_kept()` has the name of a function of the history, and belongs to `mallory`: DROP FUNCTION public.migrations_log_kept() CASCADE
    FUNCTION migrations_log_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
      done: ["20260101000000_a"]
    PROCEDURE migrations_log_kept() LANGUAGE sql AS ''
      done: ["20260101000000_a"]
    FUNCTION migrations_log_kept(int) RETURNS int LANGUAGE sql AS 'SELECT 1'
      done: ["20260101000000_a"]
    "#);
}

#[test]
fn a_planted_routine_that_this_role_may_not_drop_is_named() {
    let engine = Engine::new();
    let [mallory, app] = ["mallory", "app"].map(|role| engine.database.unique(role));
    engine.database.execute(&format!(
        "CREATE ROLE {mallory}; CREATE ROLE {app} LOGIN; GRANT ALL ON SCHEMA public TO PUBLIC;
         SET ROLE {mallory}; CREATE PROCEDURE migrations_log_kept() LANGUAGE sql AS ''"
    ));
    let up = || {
        let url = engine.database.url().replace("user=postgres", &format!("user={app}"));
        let target = Target::parse(&url, "the test", &migrate_core::Environment::default());
        let mut session = Session::connect(&target.unwrap(), "migrate test").unwrap();
        engine.migrator(&one()).up(&mut session, &UpTo::default(), &mut |_: Event| {})
    };
    let refused = refusal(&engine, up());
    insta::assert_snapshot!(refused, @"`public.migrations_log_kept()` has the name of a function of the history, and belongs to `mallory`: DROP ROUTINE public.migrations_log_kept() CASCADE");
    let (_, remedy) = refused.rsplit_once(": ").unwrap();
    engine.database.execute(remedy);
    up().unwrap();
}
