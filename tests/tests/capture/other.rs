//! Schemas, types, routines, and what is seldom in a migration.

use migrate_core::plan::Only;

use crate::step;

#[test]
fn a_schema_is_restored_with_all_that_is_in_it() {
    let schema = r#"
        CREATE ROLE {role};
        CREATE SCHEMA shop;
        GRANT USAGE ON SCHEMA shop TO {role};
        COMMENT ON SCHEMA shop IS 'of a schema';
        CREATE COLLATION shop.german (locale = 'C');
        CREATE TYPE shop.mood AS ENUM ('sad', 'it''s');
        CREATE DOMAIN shop.email AS text COLLATE "C" DEFAULT 'x@y' NOT NULL CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
        COMMENT ON CONSTRAINT has_at ON DOMAIN shop.email IS 'of a domain';
        CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi);
        CREATE TYPE shop.pair AS (a int, b text COLLATE "C");
        REVOKE USAGE ON TYPE shop.pair FROM PUBLIC;
        CREATE SEQUENCE shop.numbers AS smallint START -5 INCREMENT -1 MINVALUE -9 CYCLE;
        SELECT nextval('shop.numbers');
        CREATE TABLE shop.users (id int PRIMARY KEY DEFAULT nextval('shop.numbers'), email shop.email, mood shop.mood, pairs shop.pair[]);
        CREATE FUNCTION shop.double(a int, VARIADIC b int[] DEFAULT '{}') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
        CREATE FUNCTION shop.all_of() RETURNS SETOF shop.users LANGUAGE sql BEGIN ATOMIC SELECT * FROM shop.users; END;
        CREATE PROCEDURE shop.clean() LANGUAGE sql AS 'DELETE FROM shop.users';
        REVOKE EXECUTE ON FUNCTION shop.double FROM PUBLIC;
        CREATE AGGREGATE shop.total(int) (sfunc = int4pl, stype = int, initcond = '0');
        CREATE INDEX ON shop.users (shop.double(id));
        CREATE VIEW shop.glad AS SELECT shop.total(id) FROM shop.users WHERE mood = 'sad';
        CREATE FUNCTION shop.same(shop.pair, shop.pair) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a';
        CREATE FUNCTION shop.order_of(shop.pair, shop.pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a - $2.a';
        CREATE OPERATOR shop.=== (function = shop.same, leftarg = shop.pair, rightarg = shop.pair, commutator = OPERATOR(shop.===), restrict = eqsel, join = eqjoinsel);
        CREATE OPERATOR FAMILY shop.family USING btree;
        CREATE OPERATOR CLASS shop.class FOR TYPE shop.pair USING btree FAMILY shop.family AS OPERATOR 3 shop.===, FUNCTION 1 shop.order_of(shop.pair, shop.pair);
        CREATE CAST (shop.mood AS shop.pair) WITHOUT FUNCTION;
        CREATE TEXT SEARCH DICTIONARY shop.dict (template = simple, stopwords = english);
        CREATE TEXT SEARCH CONFIGURATION shop.search (copy = english);
        ALTER TEXT SEARCH CONFIGURATION shop.search ALTER MAPPING FOR asciiword WITH shop.dict, simple;
        CREATE STATISTICS shop.statistics ON id, email FROM shop.users;
        CREATE TABLE outside (mood shop.mood DEFAULT 'sad', email shop.email);
        CREATE VIEW public.seen AS SELECT shop.double(id) FROM shop.users;
    "#
    .replace("CREATE CAST (shop.mood AS shop.pair) WITHOUT FUNCTION;", "");
    step(&schema, "DROP SCHEMA shop CASCADE", &["schema shop"]).in_another_order().is_restored();
    step(&schema, "ALTER SCHEMA shop RENAME TO store", &["schema shop", "schema store"])
        .is_restored();
    for (sql, object) in [
        ("DROP DOMAIN shop.email CASCADE", "domain shop.email"),
        (
            "ALTER DOMAIN shop.email DROP NOT NULL, ALTER DOMAIN shop.email DROP DEFAULT",
            "domain shop.email",
        ),
        ("ALTER DOMAIN shop.email SET DEFAULT 'z'", "domain shop.email"),
        ("ALTER DOMAIN shop.email DROP CONSTRAINT has_at", "domain shop.email"),
        ("DROP TYPE shop.pair CASCADE", "type shop.pair"),
        ("ALTER TYPE shop.pair DROP ATTRIBUTE b, ADD ATTRIBUTE c int", "type shop.pair"),
        ("DROP TYPE shop.span CASCADE", "type shop.span"),
        ("DROP SEQUENCE shop.numbers CASCADE", "sequence shop.numbers"),
        ("DROP FUNCTION shop.double CASCADE", "function shop.double"),
        (
            "CREATE OR REPLACE FUNCTION shop.double(a int, VARIADIC b int[] DEFAULT '{}') RETURNS int LANGUAGE sql AS 'SELECT 7'",
            "function shop.double",
        ),
        ("ALTER FUNCTION shop.double COST 7", "function shop.double"),
        (
            "DROP FUNCTION shop.double CASCADE; CREATE FUNCTION shop.double(b int, VARIADIC c int[]) RETURNS bigint LANGUAGE sql AS 'SELECT 7'",
            "function shop.double",
        ),
        ("DROP PROCEDURE shop.clean", "procedure shop.clean()"),
        ("DROP AGGREGATE shop.total(int) CASCADE", "aggregate shop.total(int)"),
        ("DROP TABLE shop.users CASCADE", "table shop.users"),
        ("DROP TEXT SEARCH DICTIONARY shop.dict CASCADE", "text search dictionary shop.dict"),
        (
            "ALTER TEXT SEARCH DICTIONARY shop.dict (stopwords, accept = false)",
            "text search dictionary shop.dict",
        ),
        (
            "ALTER TEXT SEARCH CONFIGURATION shop.search DROP MAPPING FOR asciiword",
            "text search configuration shop.search",
        ),
        ("DROP TEXT SEARCH CONFIGURATION shop.search", "text search configuration shop.search"),
        ("DROP COLLATION shop.german", "collation shop.german"),
        ("DROP OPERATOR CLASS shop.class USING btree", "schema shop"),
        ("DROP OPERATOR shop.=== (shop.pair, shop.pair) CASCADE", "schema shop"),
        ("GRANT CREATE ON SCHEMA shop TO {role}", "schema shop"),
    ] {
        let sql = sql.replace("DROP NOT NULL, ALTER", "DROP NOT NULL; ALTER");
        // A column of the table is restored as the last one, so that the function is written otherwise.
        let all_of = "BEGIN ATOMIC SELECT * FROM shop.users; END";
        let schema = match sql.starts_with("DROP DOMAIN") {
            true => schema.replace(all_of, "AS 'SELECT * FROM shop.users'"),
            false => schema.clone(),
        };
        step(&schema, &sql, &[object]).in_another_order().is_restored();
    }
}

#[test]
fn what_is_new_is_dropped_when_nothing_needs_it_any_more() {
    let posts = "CREATE TABLE posts (id int PRIMARY KEY, title text); CREATE VIEW titles AS SELECT title FROM posts";
    step(
        posts,
        "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
         CREATE OR REPLACE VIEW titles AS SELECT f(title) AS title FROM posts",
        &["function f", "view titles"],
    )
    .is_restored();
    step(
        posts,
        "DROP VIEW titles;
         CREATE TYPE mood AS ENUM ('a');
         ALTER TABLE posts ALTER title TYPE mood USING 'a'::mood",
        &["type mood", "column posts.title"],
    )
    .is_restored();
    step(
        "CREATE TABLE posts (id int)",
        "CREATE SEQUENCE s; ALTER TABLE posts ALTER id SET DEFAULT nextval('s')",
        &["sequence s", "column posts.id"],
    )
    .is_restored();
    step(
        "CREATE TABLE t (id int NOT NULL); CREATE UNIQUE INDEX ids ON t (id); COMMENT ON INDEX ids IS 'x'",
        "ALTER TABLE t ADD PRIMARY KEY USING INDEX ids",
        &["table t"],
    )
    .is_restored();
}

#[test]
fn what_was_moved_is_moved_back() {
    let posts = r#"
        CREATE SCHEMA archive;
        CREATE TABLE posts (id serial PRIMARY KEY, title text CHECK (title <> ''), parent int REFERENCES posts);
        CREATE INDEX by_title ON posts (title);
        CREATE VIEW titles AS SELECT title FROM posts;
        CREATE TYPE mood AS ENUM ('a');
        CREATE FUNCTION f(mood) RETURNS posts LANGUAGE sql AS 'SELECT NULL::posts'"#;
    let column = "ALTER TABLE posts RENAME COLUMN parent TO mother";
    step(posts, column, &["column posts.parent"]).is_restored();
    let key = "ALTER TABLE posts RENAME CONSTRAINT posts_pkey TO key";
    step(posts, key, &["constraint posts.posts_pkey"]).is_restored();
    for (sql, object, statements) in [
        ("ALTER TABLE posts SET SCHEMA archive", "table posts", 1),
        ("ALTER TABLE posts RENAME TO old_posts", "table posts", 1),
        ("ALTER TYPE mood SET SCHEMA archive", "type mood", 1),
        (
            "ALTER TABLE posts RENAME CONSTRAINT posts_title_check TO check_title",
            "constraint posts.posts_title_check",
            1,
        ),
        ("ALTER FUNCTION f SET SCHEMA archive", "function f", 1),
        ("ALTER VIEW titles RENAME TO \"Odd ones\"", "view titles", 1),
        (
            "ALTER TABLE posts RENAME TO old_posts; ALTER TABLE old_posts SET SCHEMA archive",
            "table posts",
            2,
        ),
    ] {
        let back = step(posts, sql, &[object]).is_restored();
        assert_eq!(back.matches("ALTER").count(), statements, "{sql}: {back}");
    }
}

#[test]
fn an_extension_is_restored_with_what_used_it() {
    let extension = "
        CREATE SCHEMA tools;
        CREATE EXTENSION citext SCHEMA tools;
        CREATE TABLE t (id int, name tools.citext UNIQUE);
        CREATE INDEX ON t (name);
        CREATE VIEW v AS SELECT name FROM t";
    step(extension, "DROP EXTENSION citext CASCADE", &["extension citext"])
        .in_another_order()
        .is_restored();
    step(extension, "ALTER EXTENSION citext SET SCHEMA public", &["extension citext"])
        .is_restored();
    step("", "CREATE EXTENSION citext", &["extension citext"]).is_restored();
}

#[test]
fn foreign_things_are_restored_without_secrets() {
    let foreign = "
        CREATE FOREIGN DATA WRAPPER w OPTIONS (debug 'true');
        CREATE SERVER srv TYPE 'a' VERSION 'b' FOREIGN DATA WRAPPER w OPTIONS (host 'h');
        CREATE USER MAPPING FOR PUBLIC SERVER srv OPTIONS (user 'n');
        CREATE FOREIGN TABLE ft (id int OPTIONS (column_name 'x') NOT NULL, b text DEFAULT 'x', CHECK (id > 0)) SERVER srv OPTIONS (table_name 'u');
        COMMENT ON SERVER srv IS 'of a server'";
    for (sql, object) in [
        ("DROP FOREIGN DATA WRAPPER w CASCADE", "foreign data wrapper w"),
        ("DROP FOREIGN TABLE ft", "foreign table ft"),
        (
            "ALTER FOREIGN TABLE ft OPTIONS (SET table_name 'v', ADD schema_name 'y'), ALTER id OPTIONS (DROP column_name), DROP b",
            "foreign table ft",
        ),
        ("ALTER SERVER srv VERSION 'c' OPTIONS (DROP host, ADD port '1')", "server srv"),
        ("ALTER USER MAPPING FOR PUBLIC SERVER srv OPTIONS (SET user 'm')", "server srv"),
    ] {
        step(foreign, sql, &[object]).in_another_order().is_restored();
    }
    // Whatever it is called.
    let secret = foreign
        .replace("(user 'n')", "(user 'n', pwd 'hidden')")
        .replace("(host 'h')", "(host 'h', auth_header 'hidden')")
        .replace("(debug 'true')", "(debug 'true', conn 'hidden')")
        .replace("(column_name 'x')", "(column_name 'x', credentials 'hidden')")
        .replace("(table_name 'u')", "(table_name 'u', dsn 'hidden')");
    for sql in [
        "DROP FOREIGN DATA WRAPPER w CASCADE",
        "ALTER FOREIGN DATA WRAPPER w OPTIONS (DROP conn, DROP debug);
         ALTER SERVER srv OPTIONS (DROP auth_header, DROP host);
         ALTER USER MAPPING FOR PUBLIC SERVER srv OPTIONS (DROP pwd, DROP user);
         ALTER FOREIGN TABLE ft OPTIONS (DROP dsn, DROP table_name),
             ALTER id OPTIONS (DROP credentials, DROP column_name)",
    ] {
        let kept = step(&secret, sql, &["foreign data wrapper w"]).inverse();
        for option in ["user 'n'", "host 'h'", "debug 'true'", "column_name 'x'", "table_name 'u'"]
        {
            assert!(kept.replace('"', "").contains(option), "{option}: {kept}");
        }
        assert!(!kept.contains("hidden"), "{kept}");
    }
}

#[test]
fn settings_that_are_lists_are_restored() {
    let role = "
        CREATE ROLE {role};
        ALTER ROLE {role} SET search_path TO '';
        ALTER ROLE {role} SET session_preload_libraries TO '', 'it''s', 'B c';
        ALTER ROLE {role} SET temp_tablespaces TO \"a,b\", pg_default;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path TO '' AS 'SELECT 1'";
    step(role, "ALTER ROLE {role} RESET ALL", &["role {role}"]).is_restored();
    step(role, "ALTER ROLE {role} SET search_path TO a, \"$user\"", &["role {role}"]).is_restored();
    step(role, "ALTER FUNCTION f RESET search_path", &["function f"]).is_restored();
    let other = "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path TO \"$user\", \"A b\" AS 'SELECT 1'";
    step(other, "ALTER FUNCTION f SET search_path TO ''", &["function f"]).is_restored();
}

#[test]
fn rights_are_restored() {
    let table = "CREATE ROLE {role}; CREATE TABLE t (a int, b int); GRANT SELECT, UPDATE (a) ON t TO {role};";
    for (sql, object) in [
        ("REVOKE ALL ON t FROM {role}", "table t"),
        ("GRANT ALL ON t TO {role} WITH GRANT OPTION", "table t"),
        ("DROP TABLE t", "table t"),
    ] {
        step(table, sql, &[object]).is_restored();
    }
    let defaults = format!("{table} ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO {{role}};");
    step(&defaults, "DROP TABLE t", &["table t"]).is_restored();
    let chain = format!(
        "{table} GRANT DELETE ON t TO {{role}} WITH GRANT OPTION; SET ROLE {{role}}; GRANT DELETE ON t TO PUBLIC; RESET ROLE;"
    );
    step(&chain, "DROP TABLE t", &["table t"]).is_restored();
    step(table, "ALTER TABLE t OWNER TO {role}", &["table t"]).is_restored();
}

#[test]
fn a_plain_role_can_take_its_own_things_back() {
    let own = "
        CREATE TYPE mood AS ENUM ('sad');
        CREATE TABLE t (id serial PRIMARY KEY, mood mood);
        CREATE VIEW v AS SELECT mood FROM t;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        GRANT SELECT ON t TO PUBLIC;
        COMMENT ON TABLE t IS 'of a plain role'";
    for (sql, objects) in [
        ("DROP TABLE t CASCADE", ["table t", "role pg_monitor"]),
        ("DROP TYPE mood CASCADE", ["type mood", "schema public"]),
        (
            "ALTER TABLE t ALTER id DROP DEFAULT; REVOKE SELECT ON t FROM PUBLIC",
            ["column t.id", "table t"],
        ),
    ] {
        step(own, sql, &objects).by_plain_role().in_another_order().is_restored();
    }
}

#[test]
fn what_others_make_meanwhile_is_left_alone() {
    let schema = "CREATE ROLE {role}; CREATE TABLE posts (id int)";
    let grant = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; CREATE TABLE own (id int)";
    let back = step(schema, grant, &["schema public"])
        .meanwhile(
            "CREATE TABLE strange (id int PRIMARY KEY); CREATE VIEW seen AS SELECT FROM strange",
        )
        .inverse();
    assert!(back.contains("DROP TABLE public.own"), "{back}");
    assert!(!back.contains("DROP TABLE public.strange") && !back.contains("VIEW"), "{back}");
    assert!(back.contains("REVOKE SELECT ON TABLE public.posts"), "{back}");
    let comment = "COMMENT ON TABLE posts IS 'read'";
    let back = step(schema, comment, &["table posts"])
        .meanwhile("CREATE VIEW seen AS SELECT FROM posts")
        .inverse();
    assert_eq!(back, "COMMENT ON TABLE public.posts IS NULL");
}

#[test]
fn what_a_part_of_the_transaction_makes_is_the_steps_own() {
    let sql = "DO $$ BEGIN CREATE TABLE own (id serial); EXCEPTION WHEN others THEN END $$";
    let back = step("CREATE TABLE posts (id int)", sql, &["schema public"]).is_restored();
    assert_eq!(back, "DROP TABLE public.own");
}

#[test]
fn only_what_a_step_can_change_is_compared() {
    let schema = "
        CREATE ROLE {role};
        CREATE TABLE posts (id serial, title text);
        CREATE VIEW seen AS SELECT FROM posts;
        GRANT SELECT (title) ON posts TO {role};
        COMMENT ON TABLE posts IS 'read';
    ";
    let grant = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}";
    let back = step(schema, grant, &["all tables in schema public"])
        .only(Only::Privileges)
        .meanwhile("CREATE TABLE strange (); COMMENT ON VIEW seen IS 'strange'")
        .inverse();
    assert!(back.contains("REVOKE SELECT ON TABLE public.posts"), "{back}");
    assert!(back.contains("GRANT SELECT (title) ON TABLE public.posts"), "{back}");
    assert!(!back.contains("strange") && !back.contains("COMMENT"), "{back}");
    step(schema, grant, &["all tables in schema public"]).only(Only::Privileges).is_restored();
    step(schema, "GRANT SELECT (id) ON posts TO {role}", &["table posts"])
        .only(Only::Privileges)
        .is_restored();
    let owner =
        "GRANT SELECT ON SEQUENCE posts_id_seq TO {role}; ALTER TABLE posts OWNER TO {role}";
    step(schema, owner, &["table posts"]).only(Only::Owner).is_restored();
    step(schema, "ALTER SCHEMA public OWNER TO {role}", &["schema public"])
        .only(Only::Owner)
        .is_restored();
    let comment = "COMMENT ON TABLE posts IS NULL";
    let back = step(schema, comment, &["table posts"]).only(Only::Comment).is_restored();
    assert_eq!(back, "COMMENT ON TABLE public.posts IS 'read'");
    let comment = "COMMENT ON COLUMN posts.title IS 'of it'";
    let back = step(schema, comment, &["column posts.title"]).only(Only::Comment).is_restored();
    assert_eq!(back, "COMMENT ON COLUMN public.posts.title IS NULL");
}
