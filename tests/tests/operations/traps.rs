//! What others of this kind get wrong: a test each, on a server.

use migrate_dsl::Pgm;
use migrate_dsl::prelude::*;
use migrate_tests::{Engine, migration, plan};
use postgres::Client;

const NAME: &str = "20260101000000_trap";

/// A database in which `before` was run and then the migration.
#[track_caller]
fn after(before: &str, up: fn(&mut Pgm)) -> (Engine, Client) {
    let engine = Engine::new();
    engine.database.execute(before);
    engine.up(&[migration(NAME, up)]).unwrap_or_else(|error| panic!("{:#?}", error.diagnostics()));
    let client = engine.database.client();
    (engine, client)
}

fn texts(client: &mut Client, query: &str) -> Vec<String> {
    client.query(query, &[]).unwrap().into_iter().map(|row| row.get(0)).collect()
}

fn text(client: &mut Client, query: &str) -> String {
    texts(client, query).pop().unwrap_or_default()
}

#[test]
fn a_text_that_looks_like_a_call_stays_text_and_an_expression_is_not_frozen() {
    let (_engine, mut client) = after("", |pgm| {
        pgm.create_table("notes", |t| {
            t.integer("id");
            t.text("word").default("now()");
            t.timestamptz("at").default(expr("clock_timestamp()"));
        });
    });
    client.batch_execute("INSERT INTO notes VALUES (1); INSERT INTO notes VALUES (2)").unwrap();
    assert_eq!(text(&mut client, "SELECT DISTINCT word FROM notes"), "now()");
    assert_eq!(text(&mut client, "SELECT count(DISTINCT at)::text FROM notes"), "2");
}

#[test]
fn a_new_name_is_one_name_dots_and_all() {
    let (_engine, mut client) = after("CREATE SCHEMA b; CREATE TABLE a ()", |pgm| {
        pgm.rename_table("a", "b.c");
    });
    let names =
        "SELECT schemaname || '/' || tablename FROM pg_tables WHERE tablename IN ('a', 'c', 'b.c')";
    assert_eq!(text(&mut client, names), "public/b.c");
}

#[test]
fn zero_and_false_are_values() {
    let (_engine, mut client) = after("", |pgm| {
        pgm.create_sequence("s").min_value(0).start(0);
        pgm.create_table("t", |t| {
            t.integer("n").default(0);
            t.boolean("b").default(false);
        })
        .parameter("autovacuum_enabled", false);
    });
    let sequence = "SELECT concat(start_value, ' ', min_value) FROM pg_sequences";
    assert_eq!(text(&mut client, sequence), "0 0");
    client.batch_execute("INSERT INTO t DEFAULT VALUES").unwrap();
    assert_eq!(text(&mut client, "SELECT concat(n, b) FROM t"), "0f");
    let options = "SELECT reloptions::text FROM pg_class WHERE relname = 't'";
    assert_eq!(text(&mut client, options), "{autovacuum_enabled=false}");
}

#[test]
fn no_connections_is_a_limit() {
    let engine = Engine::new();
    let plan = plan(&[migration(NAME, |pgm| _ = pgm.create_role("r").connection_limit(0))]);
    assert_eq!(
        plan.migrations[0].up[0].statements[0].sql,
        r#"CREATE ROLE "r" WITH CONNECTION LIMIT 0"#
    );
    drop(engine);
}

#[test]
fn long_generated_names_do_not_collide() {
    const LONG: &str = "a_column_with_a_name_that_is_rather_long_but_still_allowed";
    let (_engine, mut client) = after("", |pgm| {
        pgm.create_table("a_table_with_a_long_name", |t| {
            t.integer(LONG);
            t.integer("other");
        });
        pgm.create_index("a_table_with_a_long_name", [LONG]);
        pgm.create_index("a_table_with_a_long_name", [LONG, "other"]);
    });
    let names =
        texts(&mut client, "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public'");
    assert_eq!(names.iter().filter(|name| name.starts_with("a_table")).count(), 2, "{names:?}");
}

#[test]
fn a_name_that_the_server_would_cut_is_refused_with_the_cut_one_shown() {
    let plan = plan(&[migration(NAME, |pgm| _ = pgm.drop_table("x".repeat(64)))]);
    let problem = &plan.migrations[0].problems[0].message;
    assert!(problem.contains(&format!("would cut it to `{}`", "x".repeat(63))), "{problem}");
}

#[test]
fn types_and_operators_are_no_names_to_quote() {
    let (_engine, mut client) = after("CREATE EXTENSION btree_gist", |pgm| {
        pgm.create_table("rooms", |t| {
            t.column("no", "int");
            t.column("price", "double precision");
            t.column("during", "tstzrange");
            t.exclude("gist", [(col("no"), "="), (col("during"), "&&")]);
        });
    });
    let types = "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
                 FROM pg_attribute WHERE attrelid = 'rooms'::regclass AND attnum > 0";
    assert_eq!(text(&mut client, types), "integer, double precision, tstzrange");
}

#[test]
fn attributes_and_the_constraints_of_domains_are_altered_as_the_server_reads_it() {
    let (_engine, mut client) =
        after("CREATE TYPE address AS (street text, zip text); CREATE DOMAIN age AS int", |pgm| {
            pgm.alter_composite_type("address").drop_attribute("none").if_exists();
            pgm.alter_composite_type("address").drop_attribute("zip").if_exists();
            pgm.alter_domain("age").add_check("grown_up", "VALUE >= 18");
        });
    let attributes = "SELECT string_agg(attname, ', ') FROM pg_attribute
                      WHERE attrelid = 'address'::regclass AND NOT attisdropped";
    assert_eq!(text(&mut client, attributes), "street");
    let check = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'grown_up'";
    assert_eq!(text(&mut client, check), "CHECK ((VALUE >= 18))");
}

#[test]
fn a_grant_on_one_table_is_on_one_table() {
    let engine = Engine::new();
    let role = engine.database.unique("reader");
    engine.database.execute(&format!(
        "CREATE TABLE one (); CREATE TABLE other (); CREATE ROLE {role}; CREATE SCHEMA app;
         CREATE TABLE app.one ()"
    ));
    // A migration is a plain function and cannot know the name, so all roles stand for it.
    engine
        .up(&[migration(NAME, |pgm| {
            pgm.grant("SELECT").on_table(("public", "one")).to(Role::public());
        })])
        .unwrap();
    let mut client = engine.database.client();
    let readable = format!(
        "SELECT oid::regclass::text FROM pg_class
         WHERE relkind = 'r' AND oid >= 16384 AND has_table_privilege('{role}', oid, 'SELECT')"
    );
    assert_eq!(texts(&mut client, &readable), ["one"]);
}

#[test]
fn names_and_texts_are_what_they_look_like() {
    const NAMES: [&str; 6] = ["say \"hi\"", "a b", "Select", "select", "Łódź", "it's; --"];
    let up = |pgm: &mut Pgm| {
        for name in NAMES {
            pgm.create_table(name, |t| {
                t.integer(name).check("true").comment(r#"it's \ $$ "x""#);
                t.unique([name]).named(format!("{name} u"));
            });
            pgm.create_index(name, name).named(format!("{name} i"));
        }
    };
    let (engine, mut client) = after("", up);
    let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384";
    for name in NAMES {
        assert!(texts(&mut client, tables).contains(&name.to_owned()), "{name}");
    }
    let comments = "SELECT DISTINCT description FROM pg_description WHERE objoid >= 16384";
    assert_eq!(text(&mut client, comments), r#"it's \ $$ "x""#);
    engine.down(&[migration(NAME, up)], 1).unwrap();
}

#[test]
fn several_indexes_are_built_without_blocking_in_one_migration() {
    let up = |pgm: &mut Pgm| {
        pgm.create_index("posts", "a").concurrently();
        pgm.create_index("posts", "b").concurrently();
        pgm.create_index("posts", ["a", "b"]).concurrently();
    };
    let (engine, mut client) = after("CREATE TABLE posts (a int, b int)", up);
    let valid =
        "SELECT count(*)::text FROM pg_index WHERE indrelid = 'posts'::regclass AND indisvalid";
    assert_eq!(text(&mut client, valid), "3");
    engine.down(&[migration(NAME, up)], 1).unwrap();
    assert_eq!(text(&mut client, valid), "0");
}

#[test]
fn semicolons_inside_a_statement_do_not_end_it() {
    let (_engine, mut client) = after("CREATE TABLE a (b text)", |pgm| {
        pgm.sql(
            "INSERT INTO a VALUES ('x;y'), (E'it\\';'), ($t$;$$;$t$) /* ; /* ; */ */; -- ;
             CREATE RULE r AS ON DELETE TO a DO ALSO (NOTIFY one; NOTIFY two);
             CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END; $$;",
        )
        .down("");
    });
    assert_eq!(texts(&mut client, "SELECT b FROM a"), ["x;y", "it';", ";$$;"]);
}

#[test]
fn the_body_of_a_function_is_one_statement() {
    if migrate_tests::server().major() < 14 {
        return;
    }
    let (_engine, mut client) = after("", |pgm| {
        pgm.sql(
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; END;
             CREATE TABLE t ()",
        )
        .down("");
    });
    assert_eq!(text(&mut client, "SELECT f()::text"), "2");
}

#[test]
fn a_problem_names_the_call_and_its_line() {
    let plan = plan(&[migration(NAME, |pgm| {
        pgm.create_index("posts", [""; 0]);
    })]);
    let problem = &plan.migrations[0].problems[0];
    assert_eq!(problem.verb.as_deref(), Some("create_index"));
    assert!(problem.place.file.ends_with("traps.rs"), "{}", problem.place.file);
    let text = include_str!("traps.rs").lines().nth(problem.place.line as usize - 1);
    assert!(text.is_some_and(|text| text.contains("pgm.create_index(")), "{text:?}");
}

#[test]
fn an_error_of_the_server_names_the_call_and_its_line() {
    let engine = Engine::new();
    let up = |pgm: &mut Pgm| _ = pgm.create_index("posts", "title");
    let error = engine.up(&[migration(NAME, up)]).unwrap_err();
    let shown = format!("{:?}", error.diagnostics());
    assert!(shown.contains("create_index") && shown.contains("traps.rs"), "{shown}");
}

#[test]
fn a_detaching_that_was_interrupted_is_finished_and_is_restored_attached() {
    let engine = Engine::new();
    if engine.session().major() < 14 {
        return; // Nothing is detached concurrently.
    }
    engine.database.execute(
        "CREATE TABLE hits (day int PRIMARY KEY, n int CHECK (n > 0)) PARTITION BY RANGE (day);
         CREATE TABLE hits_1 PARTITION OF hits FOR VALUES FROM (1) TO (2);
         INSERT INTO hits VALUES (1, 1)",
    );
    let (mut reader, mut other) = (engine.database.client(), engine.database.client());
    reader.batch_execute("BEGIN; SELECT FROM hits").unwrap();
    let interrupted = other.batch_execute("SET statement_timeout = 300").and_then(|()| {
        other.batch_execute("ALTER TABLE hits DETACH PARTITION hits_1 CONCURRENTLY")
    });
    assert!(interrupted.is_err());
    reader.batch_execute("ROLLBACK").unwrap();
    let pending = "SELECT string_agg(inhdetachpending::text, '') FROM pg_inherits \
                   WHERE inhrelid = 'hits_1'::regclass";
    assert_eq!(engine.value(pending), "true");
    // With the check of its bounds, which the interrupted one has left behind. Only an interruption
    // makes a detaching pending.
    let before = engine.catalog().replace(" (detach pending)", "");

    let all = [migration(NAME, |pgm| _ = pgm.detach_partition("hits", "hits_1").finalize())];
    engine.up(&all).unwrap();
    assert_eq!(engine.value(pending), "NULL");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
    assert_eq!(engine.value("SELECT count(*) FROM hits"), "1");
}
