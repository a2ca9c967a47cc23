//! Tables, with all that hangs on them.

use migrate_tests::server;

use crate::step;

#[test]
fn a_name_is_no_pattern() {
    let table = r#"
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE "t%s" (id int, "c%s" int, CONSTRAINT "k%s" CHECK (id > 0));
        CREATE DOMAIN "o%s" AS int CONSTRAINT "k%s" CHECK (VALUE > 0);
        CREATE TRIGGER "a%s" BEFORE INSERT ON "t%s" EXECUTE FUNCTION f();
        CREATE RULE "b%s" AS ON DELETE TO "t%s" DO NOTHING;
        CREATE POLICY "d%s" ON "t%s";
        CREATE TYPE "y%s" AS ("e%s" int);
        CREATE TABLE typed OF "y%s""#;
    for (sql, object) in [
        (r#"ALTER TRIGGER "a%s" ON "t%s" RENAME TO other"#, "table t%s"),
        (
            r#"ALTER POLICY "d%s" ON "t%s" RENAME TO other; ALTER TABLE "t%s" RENAME TO two;
               ALTER POLICY other ON two USING (id > 0)"#,
            "table t%s",
        ),
        (r#"ALTER TABLE "t%s" RENAME CONSTRAINT "k%s" TO other"#, "table t%s"),
        (r#"ALTER DOMAIN "o%s" RENAME CONSTRAINT "k%s" TO other"#, "domain o%s"),
        (r#"ALTER RULE "b%s" ON "t%s" RENAME TO other"#, "table t%s"),
        (r#"ALTER POLICY "d%s" ON "t%s" RENAME TO other"#, "table t%s"),
        (r#"ALTER TABLE "t%s" RENAME COLUMN "c%s" TO other"#, "table t%s"),
        (r#"ALTER TYPE "y%s" RENAME ATTRIBUTE "e%s" TO other CASCADE"#, "type y%s"),
    ] {
        step(table, sql, &[object]).is_restored();
    }
}

const SHOP: &str = r#"
CREATE ROLE {role};
CREATE SCHEMA "Odd one";
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Odd one"."Posts" (
    id bigint GENERATED ALWAYS AS IDENTITY (START 7 CYCLE) PRIMARY KEY,
    number serial,
    author int NOT NULL REFERENCES users ON DELETE CASCADE DEFERRABLE,
    title varchar(20) COLLATE "C" NOT NULL DEFAULT 'it''s',
    length int GENERATED ALWAYS AS (length(title)) STORED,
    mood mood DEFAULT 'sad',
    during tstzrange,
    price numeric(10, 2) CONSTRAINT positive CHECK (price > 0),
    CONSTRAINT apart EXCLUDE USING gist (during WITH &&),
    UNIQUE (title, author) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 70, toast.autovacuum_enabled = off);
ALTER TABLE "Odd one"."Posts" ALTER title SET STATISTICS 7, ALTER title SET STORAGE EXTERNAL,
    ALTER price SET (n_distinct = 5), REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TABLE comments (id int, post bigint REFERENCES "Odd one"."Posts", words text);
CREATE UNIQUE INDEX "only glad" ON "Odd one"."Posts" (lower(title), id DESC) WHERE mood = 'happy';
CREATE INDEX by_length ON "Odd one"."Posts" (length) INCLUDE (price) WITH (fillfactor = 80);
ALTER TABLE "Odd one"."Posts" CLUSTER ON by_length;
CREATE STATISTICS title_author ON title, author FROM "Odd one"."Posts";
CREATE TRIGGER touch BEFORE UPDATE OF title ON "Odd one"."Posts" FOR EACH ROW WHEN (NEW.title <> '') EXECUTE FUNCTION touch();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON "Odd one"."Posts" DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE "Odd one"."Posts" ENABLE ALWAYS TRIGGER touch;
CREATE RULE quiet AS ON DELETE TO "Odd one"."Posts" WHERE OLD.id < 0 DO INSTEAD NOTHING;
CREATE POLICY "own ones" ON "Odd one"."Posts" AS RESTRICTIVE FOR UPDATE TO {role} USING (author > 0) WITH CHECK (title <> '');
GRANT SELECT, INSERT ON "Odd one"."Posts" TO {role} WITH GRANT OPTION;
GRANT UPDATE (title) ON "Odd one"."Posts" TO {role};
GRANT SELECT ON "Odd one"."Posts" TO PUBLIC;
COMMENT ON TABLE "Odd one"."Posts" IS 'a ''comment''';
COMMENT ON COLUMN "Odd one"."Posts".title IS 'of a column';
COMMENT ON CONSTRAINT positive ON "Odd one"."Posts" IS 'of a constraint';
COMMENT ON INDEX "Odd one"."only glad" IS 'of an index';
COMMENT ON TRIGGER touch ON "Odd one"."Posts" IS 'of a trigger';
COMMENT ON POLICY "own ones" ON "Odd one"."Posts" IS 'of a policy';
COMMENT ON STATISTICS title_author IS 'of statistics';
CREATE VIEW titles WITH (security_barrier) AS SELECT id, title, author, length FROM "Odd one"."Posts";
COMMENT ON VIEW titles IS 'of a view';
COMMENT ON COLUMN titles.title IS 'of a column of a view';
GRANT SELECT ON titles TO {role};
CREATE VIEW names AS SELECT t.title, u.name FROM titles t JOIN users u ON u.id = t.author;
CREATE MATERIALIZED VIEW counts AS SELECT author, count(*) AS n FROM titles GROUP BY author;
CREATE UNIQUE INDEX counts_author ON counts (author);
CREATE FUNCTION first_of("Odd one"."Posts") RETURNS text LANGUAGE sql AS 'SELECT $1.title';
CREATE PUBLICATION news FOR TABLE "Odd one"."Posts" {columns};
"#;

#[test]
fn a_table_is_restored_with_everything() {
    step(SHOP, r#"DROP TABLE "Odd one"."Posts" CASCADE"#, &["table Odd one.Posts"]).is_restored();
}

#[test]
fn a_column_is_restored() {
    // Its columns are named in the order that the table has them in.
    let shop = SHOP
        .replace("ON title, author FROM", "ON title, length FROM")
        .replace("{columns}", if server().major() < 15 { "" } else { "(title)" });
    for column in ["author", "price", "mood", "number", "during", "id"] {
        let sql = format!(r#"ALTER TABLE "Odd one"."Posts" DROP COLUMN {column} CASCADE"#);
        step(&shop, &sql, &[&format!("column Odd one.Posts.{column}")])
            .in_another_order()
            .is_restored();
    }
}

#[test]
fn what_hangs_on_a_table_is_restored() {
    for (sql, object) in [
        (r#"DROP INDEX "Odd one"."only glad""#, "index Odd one.only glad"),
        (r#"DROP INDEX "Odd one".by_length"#, "index Odd one.by_length"),
        (
            r#"ALTER TABLE "Odd one"."Posts" DROP CONSTRAINT "Posts_pkey" CASCADE"#,
            "constraint Odd one.Posts.Posts_pkey",
        ),
        (
            r#"ALTER TABLE "Odd one"."Posts" DROP CONSTRAINT positive"#,
            "constraint Odd one.Posts.positive",
        ),
        (
            r#"ALTER TABLE "Odd one"."Posts" DROP CONSTRAINT "Posts_author_fkey""#,
            "constraint Odd one.Posts.Posts_author_fkey",
        ),
        (
            r#"ALTER TABLE "Odd one"."Posts" ALTER CONSTRAINT "Posts_author_fkey" NOT DEFERRABLE"#,
            "constraint Odd one.Posts.Posts_author_fkey",
        ),
        (r#"DROP TRIGGER touch ON "Odd one"."Posts""#, "trigger Odd one.Posts.touch"),
        (r#"DROP TRIGGER later ON "Odd one"."Posts""#, "trigger Odd one.Posts.later"),
        (r#"ALTER TABLE "Odd one"."Posts" DISABLE TRIGGER touch"#, "trigger Odd one.Posts.touch"),
        (r#"DROP RULE quiet ON "Odd one"."Posts""#, "rule Odd one.Posts.quiet"),
        (r#"DROP POLICY "own ones" ON "Odd one"."Posts""#, "policy Odd one.Posts.own ones"),
        (
            r#"ALTER POLICY "own ones" ON "Odd one"."Posts" TO PUBLIC USING (true)"#,
            "policy Odd one.Posts.own ones",
        ),
        ("DROP VIEW titles CASCADE", "view titles"),
        (
            "CREATE OR REPLACE VIEW titles AS SELECT id, title, author, length, 1 AS one FROM \"Odd one\".\"Posts\"",
            "view titles",
        ),
        (
            "CREATE OR REPLACE VIEW titles AS SELECT id, 'x'::varchar(20) COLLATE \"C\" AS title, author, length FROM \"Odd one\".\"Posts\"",
            "view titles",
        ),
        ("DROP MATERIALIZED VIEW counts", "materialized view counts"),
        ("DROP FUNCTION touch CASCADE", "function touch()"),
        ("DROP FUNCTION touch CASCADE", "function touch"),
        ("DROP TYPE mood CASCADE", "type mood"),
        ("DROP STATISTICS title_author", "statistics title_author"),
        ("ALTER STATISTICS title_author SET STATISTICS 5", "statistics title_author"),
        ("DROP PUBLICATION news", "publication news"),
        ("ALTER PUBLICATION news SET (publish = 'insert')", "publication news"),
        ("ALTER PUBLICATION news ADD TABLE users", "publication news"),
        ("ALTER PUBLICATION news SET TABLE users", "publication news"),
        (
            r#"DROP SEQUENCE "Odd one"."Posts_number_seq" CASCADE"#,
            "sequence Odd one.Posts_number_seq",
        ),
        (
            r#"ALTER SEQUENCE "Odd one"."Posts_number_seq" AS bigint INCREMENT 3 OWNED BY NONE"#,
            "sequence Odd one.Posts_number_seq",
        ),
        (r#"DROP SCHEMA "Odd one" CASCADE"#, "schema Odd one"),
        ("DROP TABLE users CASCADE", "table users"),
    ] {
        step(SHOP, sql, &[object]).in_another_order().is_restored();
    }
}

#[test]
fn a_changed_column_changes_back() {
    let alter = r#"ALTER TABLE "Odd one"."Posts" ALTER "#;
    for (sql, column) in [
        ("price TYPE text USING price::text, DROP CONSTRAINT positive", "price"),
        ("price TYPE int", "price"),
        ("price DROP DEFAULT", "price"),
        ("mood SET DEFAULT 'happy'", "mood"),
        ("mood DROP DEFAULT", "mood"),
        ("number SET DEFAULT 5", "number"),
        ("number TYPE bigint", "number"),
        ("author DROP NOT NULL", "author"),
        ("price SET NOT NULL", "price"),
        ("id TYPE int", "id"),
        ("id SET GENERATED BY DEFAULT SET INCREMENT 5", "id"),
        ("id DROP IDENTITY", "id"),
        ("during SET STORAGE PLAIN", "during"),
        ("title SET STORAGE MAIN", "title"),
        ("title SET STATISTICS -1", "title"),
        ("price RESET (n_distinct)", "price"),
        ("price SET (n_distinct = 7, n_distinct_inherited = 2)", "price"),
        ("length DROP EXPRESSION", "length"),
    ] {
        // What keeps a column from changing is dropped first, as it would be in a migration.
        let views = "DROP VIEW titles CASCADE; DROP FUNCTION first_of; DROP TRIGGER touch ON \"Odd one\".\"Posts\"; DROP PUBLICATION news; DROP RULE quiet ON \"Odd one\".\"Posts\"; ";
        let shop = format!("{SHOP}; {views}");
        step(&shop, &format!("{alter} {sql}"), &[&format!("column Odd one.Posts.{column}")])
            .in_another_order()
            .is_restored();
    }
}

#[test]
fn a_changed_table_changes_back() {
    let alter = r#"ALTER TABLE "Odd one"."Posts""#;
    for sql in [
        "SET (fillfactor = 50, autovacuum_enabled = off), RESET (toast.autovacuum_enabled)",
        "DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        "REPLICA IDENTITY NOTHING",
        "REPLICA IDENTITY USING INDEX \"Posts_pkey\"",
        "SET WITHOUT CLUSTER",
        "CLUSTER ON \"Posts_pkey\"",
        "OWNER TO {role}",
        "DISABLE TRIGGER touch",
        "ADD COLUMN more int REFERENCES users, ADD CHECK (price < 5), ALTER author DROP NOT NULL",
    ] {
        step(SHOP, &format!("{alter} {sql}"), &["table Odd one.Posts"]).is_restored();
    }
    let shop = "CREATE TABLE a (id int); CREATE TABLE b (id int)";
    step(shop, "ALTER TABLE a SET UNLOGGED", &["table a"]).is_restored();
    step(shop, "ALTER TABLE a INHERIT b", &["table a"]).in_another_order().is_restored();
    step(shop, "CREATE TABLE c (id int) INHERITS (a)", &["table c"]).is_restored();
    step(
        "CREATE TABLE a (); COMMENT ON TABLE a IS 'x'",
        "COMMENT ON TABLE a IS NULL",
        &["table a"],
    )
    .is_restored();
    step("CREATE TABLE a ()", "COMMENT ON TABLE a IS 'x'", &["table a"]).is_restored();
}

const PARTITIONS: &str = r#"
CREATE ROLE {role};
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, kind text DEFAULT 'x' CHECK (kind <> ''),
    who bigint REFERENCES users, PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX events_kind ON events (kind);
CREATE TRIGGER touch AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE other_2 (kind text, more int, at date NOT NULL, id bigint NOT NULL, who bigint, CONSTRAINT events_kind_check CHECK (kind <> ''));
ALTER TABLE other_2 DROP COLUMN more, ADD PRIMARY KEY (id, at);
CREATE INDEX my_own ON other_2 (kind);
ALTER TABLE events ATTACH PARTITION other_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY HASH (id);
CREATE TABLE events_a PARTITION OF events_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX only_here ON events_a (who) WHERE id > 5;
CREATE TABLE notes (event bigint, at date, FOREIGN KEY (event, at) REFERENCES events);
GRANT SELECT ON events, other_2 TO {role};
COMMENT ON TABLE events_a IS 'of a partition';
"#;

#[test]
fn partitions_are_restored() {
    for (sql, object) in [
        ("DROP TABLE events CASCADE", "table events"),
        ("DROP TABLE events_1 CASCADE", "table events_1"),
        ("DROP TABLE other_2 CASCADE", "table other_2"),
        ("DROP TABLE events_rest CASCADE", "table events_rest"),
        ("DROP TABLE events_a CASCADE", "table events_a"),
        ("ALTER TABLE events DETACH PARTITION other_2", "table events"),
        ("ALTER TABLE events DETACH PARTITION other_2", "table other_2"),
        ("DROP INDEX events_kind", "index events_kind"),
        ("ALTER TABLE events DROP CONSTRAINT events_pkey CASCADE", "constraint events.events_pkey"),
        (
            "ALTER TABLE events DROP CONSTRAINT events_kind_check",
            "constraint events.events_kind_check",
        ),
        ("ALTER TABLE events DROP CONSTRAINT events_who_fkey", "constraint events.events_who_fkey"),
        ("DROP TRIGGER touch ON events", "trigger events.touch"),
        ("ALTER TABLE events DROP COLUMN who", "column events.who"),
        (
            "ALTER TABLE events ALTER who TYPE int, DROP CONSTRAINT events_who_fkey",
            "column events.who",
        ),
        (
            "CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')",
            "table events_3",
        ),
    ] {
        step(PARTITIONS, sql, &[object]).in_another_order().is_restored();
    }
}

#[test]
fn heirs_are_restored() {
    let heirs = "
        CREATE TABLE a (id int NOT NULL, name text DEFAULT 'x', CONSTRAINT named CHECK (name <> ''));
        CREATE TABLE b (more int, name text DEFAULT 'y') INHERITS (a);
        CREATE TABLE c () INHERITS (b);
        CREATE TABLE d (LIKE a INCLUDING ALL);
        ALTER TABLE d INHERIT a;
        CREATE INDEX ON b (name)";
    for (sql, object) in [
        ("DROP TABLE a CASCADE", "table a"),
        ("DROP TABLE b CASCADE", "table b"),
        ("DROP TABLE c", "table c"),
        ("ALTER TABLE d NO INHERIT a", "table d"),
        ("ALTER TABLE d NO INHERIT a", "table a"),
        ("ALTER TABLE a DROP COLUMN name", "column a.name"),
        ("ALTER TABLE a DROP CONSTRAINT named", "constraint a.named"),
        ("ALTER TABLE a ALTER id DROP NOT NULL", "column a.id"),
        ("ALTER TABLE a ALTER id TYPE bigint", "column a.id"),
        ("ALTER TABLE a ALTER name SET DEFAULT 'z'", "column a.name"),
    ] {
        step(heirs, sql, &[object]).in_another_order().is_restored();
    }
}

/// From 18 on, they are constraints of their own.
#[test]
fn not_nulls_are_restored() {
    if server().major() < 18 {
        return;
    }
    let table = "
        CREATE TABLE t (id int PRIMARY KEY, a int CONSTRAINT \"it's set\" NOT NULL, b int,
                        c int CONSTRAINT c_set NOT NULL NO INHERIT);
        COMMENT ON CONSTRAINT \"it's set\" ON t IS 'it''s a comment';
        INSERT INTO t VALUES (1, 1, NULL, 1);
        ALTER TABLE t ADD CONSTRAINT later NOT NULL b NOT VALID;";
    let empty = &format!("{table} DELETE FROM t");
    for (sql, object) in [
        ("DROP CONSTRAINT \"it's set\"", "constraint t.it's set"),
        ("ALTER a DROP NOT NULL", "column t.a"),
        ("DROP CONSTRAINT later", "constraint t.later"),
        ("ALTER b DROP NOT NULL", "column t.b"),
        ("ALTER b DROP NOT NULL", "table t"),
        ("ALTER a DROP NOT NULL, ALTER a SET NOT NULL", "column t.a"),
        ("RENAME a TO z", "column t.a"),
        ("DROP CONSTRAINT c_set", "constraint t.c_set"),
        ("DROP COLUMN a", "column t.a"),
        ("DROP COLUMN b", "column t.b"),
        ("DROP COLUMN c", "column t.c"),
    ] {
        let table = if sql.contains("COLUMN") { empty } else { table };
        step(table, &format!("ALTER TABLE t {sql}"), &[object]).in_another_order().is_restored();
    }
    step(
        "CREATE TABLE t (b int); ALTER TABLE t ADD CONSTRAINT later NOT NULL b NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT later",
        &["constraint t.later"],
    )
    .is_restored();
}

/// From 18 on.
#[test]
fn a_renamed_not_null_gets_its_name_back() {
    if server().major() < 18 {
        return;
    }
    let before = "CREATE TABLE \"t's\" (id int PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, \"c'\" int NOT NULL)";
    for constraint in ["t's_id_not_null", "t's_i_not_null", "t's_c'_not_null"] {
        let rename = format!("ALTER TABLE \"t's\" RENAME CONSTRAINT \"{constraint}\" TO \"50%s\"");
        step(before, &rename, &["table t's"]).is_restored();
    }
    let before = "CREATE TABLE p (id int NOT NULL); CREATE TABLE h () INHERITS (p)";
    step(before, "ALTER TABLE p RENAME CONSTRAINT p_id_not_null TO other", &["table p"])
        .is_restored();
    let before = format!("{before}; ALTER TABLE h ALTER id SET NOT NULL");
    step(&before, "ALTER TABLE p RENAME CONSTRAINT p_id_not_null TO other", &["table p"])
        .is_restored();
    step(&before, "DROP TABLE p, h", &["table p", "table h"]).is_restored();
    let before = "CREATE TABLE p (id int NOT NULL); CREATE TABLE h (id int) INHERITS (p)";
    step(before, "DROP TABLE h", &["table h"]).is_restored();
}

#[test]
fn options_of_a_toast_table_wait_for_the_type_that_needs_one() {
    step(
        "CREATE TABLE h (a text) WITH (toast.autovacuum_enabled = off)",
        "ALTER TABLE h ALTER a TYPE varchar(10)",
        &["table h"],
    )
    .is_restored();
}
