use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

/// Something of each kind.
const KINDS: &str = "CREATE ROLE owner;
    CREATE TABLE t (id serial, a int CHECK (a > 0));
    CREATE VIEW v AS SELECT 1 AS a;
    CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
    CREATE SEQUENCE s;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE p() LANGUAGE sql AS '';
    CREATE TYPE e AS ENUM ('a');
    CREATE DOMAIN d AS int CONSTRAINT positive CHECK (VALUE > 0);
    CREATE SCHEMA app;
    CREATE FOREIGN DATA WRAPPER w;
    CREATE SERVER srv FOREIGN DATA WRAPPER w;
    CREATE FOREIGN TABLE ft (a int) SERVER srv;
    CREATE PUBLICATION pub;
    CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false);";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(KINDS, |pgm| {
            pgm.set_owner(Object::table("t"), "owner");
            pgm.set_owner(Object::view("v"), "owner");
            pgm.set_owner(Object::materialized_view("m"), "owner");
            pgm.set_owner(Object::sequence("s"), "owner");
            pgm.set_owner(Object::function("f").arguments(["int"]), "owner");
            pgm.set_owner(Object::procedure("p"), "owner");
            pgm.set_owner(Object::user_type("e"), "owner");
            pgm.set_owner(Object::domain("d"), "owner");
        }),
        case(KINDS, |pgm| _ = pgm.set_owner(Object::schema("app"), "owner")),
        case(KINDS, |pgm| _ = pgm.set_owner(Object::foreign_table("ft"), "owner")),
        case(KINDS, |pgm| _ = pgm.set_owner(Object::publication("pub"), "owner")),
        case("CREATE ROLE owner SUPERUSER; CREATE FOREIGN DATA WRAPPER w", |pgm| {
            pgm.set_owner(Object::foreign_data_wrapper("w"), "owner");
        }),
        case("CREATE ROLE owner; CREATE TABLE t ()", |pgm| {
            pgm.set_owner(Object::table("t"), "owner");
            pgm.set_owner(Object::table("t"), Role::session_user());
        }),
        case("CREATE SCHEMA archive; CREATE TABLE t (id serial PRIMARY KEY)", |pgm| {
            pgm.set_schema(Object::table(("public", "t")), "archive");
        }),
        case(KINDS, |pgm| {
            pgm.set_schema(Object::view(("public", "v")), "app");
            pgm.set_schema(Object::materialized_view(("public", "m")), "app");
            pgm.set_schema(Object::sequence(("public", "s")), "app");
            pgm.set_schema(Object::function(("public", "f")).arguments(["int"]), "app");
            pgm.set_schema(Object::procedure(("public", "p")).arguments([""; 0]), "app");
            pgm.set_schema(Object::user_type(("public", "e")), "app");
            pgm.set_schema(Object::domain(("public", "d")), "app");
            pgm.set_schema(Object::foreign_table(("public", "ft")), "app");
        }),
        case("CREATE SCHEMA app; CREATE EXTENSION citext", |pgm| {
            pgm.set_schema(Object::extension("citext"), "app");
        }),
        case(KINDS, |pgm| {
            pgm.comment_on(Object::table("t"), "it's a table");
            pgm.comment_on(Object::column("t", "a"), "c");
            pgm.comment_on(Object::constraint("t", "t_a_check"), "c");
            pgm.comment_on(Object::view("v"), "c");
            pgm.comment_on(Object::sequence("s"), "c");
            pgm.comment_on(Object::function("f").arguments(["int"]), "c");
            pgm.comment_on(Object::routine("p"), "c");
            pgm.comment_on(Object::domain("d"), "c");
            pgm.comment_on(Object::domain_constraint("d", "positive"), "c");
            pgm.comment_on(Object::schema("app"), "c");
        }),
        case(KINDS, |pgm| {
            pgm.comment_on(Object::foreign_data_wrapper("w"), "c");
            pgm.comment_on(Object::server("srv"), "c");
            pgm.comment_on(Object::foreign_table("ft"), "c");
            pgm.comment_on(Object::publication("pub"), "c");
            pgm.comment_on(Object::subscription("sub"), "c");
            pgm.comment_on(Object::language("plpgsql"), "c");
        }),
        case("CREATE ROLE ada; CREATE TABLE t (); CREATE POLICY all_rows ON t", |pgm| {
            pgm.comment_on(Object::policy("t", "all_rows"), "c");
            pgm.comment_on(Object::role("ada"), "c");
        }),
        case("", |pgm| _ = pgm.comment_on(Object::tablespace("pg_default"), "c")),
        case(
            "CREATE TABLE t (a int); CREATE RULE r AS ON INSERT TO t DO NOTHING;
             CREATE STATISTICS s ON (a + 1) FROM t; CREATE COLLATION c FROM \"C\";
             CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
             CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
            |pgm| {
                pgm.comment_on(Object::rule("t", "r"), "c");
                pgm.comment_on(Object::statistics("s"), "c");
                pgm.comment_on(Object::collation("c"), "c");
                pgm.comment_on(Object::event_trigger("e"), "c");
                pgm.comment_on(Object::aggregate("total").arguments(["int"]), "c");
            },
        ),
        case(
            "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);
             CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
             CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end,
                                          LEXTYPES = prsd_lextype);
             CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)",
            |pgm| {
                pgm.comment_on(Object::text_search_configuration("c"), "c");
                pgm.comment_on(Object::text_search_dictionary("d"), "c");
                pgm.comment_on(Object::text_search_parser("p"), "c");
                pgm.comment_on(Object::text_search_template("t"), "c");
            },
        ),
        case(
            "CREATE TYPE pair AS (a int, b int);
             CREATE FUNCTION to_text(pair) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
             CREATE CAST (pair AS text) WITH FUNCTION to_text(pair);
             CREATE FUNCTION less(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT true';
             CREATE OPERATOR <<< (FUNCTION = less, LEFTARG = pair, RIGHTARG = pair);
             CREATE OPERATOR FAMILY fam USING btree;
             CREATE OPERATOR CLASS cls FOR TYPE pair USING hash AS STORAGE pair",
            |pgm| {
                pgm.comment_on(Object::cast("pair", "text"), "c");
                let pair = || Some(DataType::from("pair"));
                pgm.comment_on(Object::operator("<<<", pair(), pair()), "c");
                pgm.comment_on(Object::operator_family("fam", "btree"), "c");
                pgm.comment_on(Object::operator_class("cls", "hash"), "c");
            },
        ),
        case("CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler", |pgm| {
            pgm.comment_on(Object::access_method("am"), "c");
        }),
        case("CREATE TABLE posts (); COMMENT ON TABLE posts IS 'before'", |pgm| {
            pgm.comment_on(Object::table("posts"), None);
        }),
        case(POSTS, |pgm| _ = pgm.comment_on(Object::table("posts"), "c").down(None)),
        case(
            "CREATE TABLE posts ();
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER touch BEFORE INSERT ON posts EXECUTE FUNCTION f()",
            |pgm| _ = pgm.comment_on(Object::trigger("posts", "touch"), "c"),
        ),
        case("", |pgm| _ = pgm.comment_on(Object::database("postgres"), "c")),
    ]
}
