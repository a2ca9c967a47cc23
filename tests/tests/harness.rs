//! The tests' own tools: databases, and the catalog as text.

use migrate_tests::{TestDatabase, catalog, server};

#[test]
fn every_test_has_a_database_of_its_own() {
    let (one, two) = (TestDatabase::new(), TestDatabase::new());
    assert_ne!(one.name(), two.name());
    one.execute("CREATE TABLE only_here ()");
    let seen = two.client().query("SELECT FROM pg_class WHERE relname = 'only_here'", &[]).unwrap();
    assert!(seen.is_empty());
}

#[test]
fn a_database_goes_with_its_sessions_and_roles() {
    let database = TestDatabase::new();
    let name = database.name().to_owned();
    let reader = database.unique("reader");
    database.execute(&format!(
        "CREATE ROLE {reader} LOGIN; CREATE TABLE t (); GRANT SELECT ON t TO {reader}"
    ));
    let _open = database.client_as(&reader);
    drop(database);

    let mut client = postgres::Client::connect(&server().url("postgres"), postgres::NoTls).unwrap();
    let left = client
        .query(
            "SELECT datname FROM pg_database WHERE datname = $1
             UNION ALL SELECT rolname FROM pg_roles WHERE rolname = $2",
            &[&name, &reader],
        )
        .unwrap();
    assert!(left.is_empty());
}

#[test]
fn an_empty_database_reads_as_almost_nothing() {
    if server().major() < 15 {
        return; // `public` belonged to another role, with other privileges.
    }
    let text = catalog(&mut TestDatabase::new().client(), &[]);
    insta::assert_snapshot!(text, @r"
    -- extensions
    plpgsql 1.0 in pg_catalog
    -- schemas
    public
    -- owners
    schema public: pg_database_owner
    -- privileges
    schema public: =U/pg_database_owner, pg_database_owner=UC/pg_database_owner
    ");
}

const SCHEMA: &str = r#"
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
ALTER TYPE shop.mood ADD VALUE 'ok' BEFORE 'happy';
CREATE DOMAIN shop.email AS text DEFAULT 'x@y' NOT NULL CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE shop.pair AS (a int, b text);
CREATE TABLE "Posts" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gone int,
    title varchar(20) COLLATE "C" NOT NULL DEFAULT 'none',
    twice bigint GENERATED ALWAYS AS (id * 2) STORED,
    body text
);
ALTER TABLE "Posts" DROP COLUMN gone;
ALTER TABLE "Posts" ALTER body SET STORAGE EXTERNAL, ALTER body SET STATISTICS 50;
ALTER TABLE "Posts" ADD CONSTRAINT short CHECK (length(body) < 9) NOT VALID;
COMMENT ON COLUMN "Posts".body IS 'the text';
CREATE INDEX by_title ON "Posts" (lower(title)) WHERE id > 0;
CREATE SEQUENCE shop.numbers AS int INCREMENT 5 CYCLE;
CREATE VIEW shop.short WITH (security_barrier) AS SELECT id, title FROM "Posts";
CREATE MATERIALIZED VIEW shop.kept AS SELECT 1 AS one WITH NO DATA;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON "Posts" FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE "Posts" DISABLE TRIGGER touch;
CREATE RULE quiet AS ON DELETE TO "Posts" DO INSTEAD NOTHING;
ALTER TABLE "Posts" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "Posts" FOR SELECT USING (id > 1);
CREATE TABLE events (at date, kind int) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE STATISTICS shop.both ON at, kind FROM events;
GRANT SELECT (body) ON "Posts" TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
CREATE TABLE migrations (id serial PRIMARY KEY);
"#;

#[test]
fn the_catalog_shows_every_kind() {
    if server().major() != 15 {
        return; // Later versions show NOT NULL among the constraints.
    }
    let database = TestDatabase::new();
    database.execute(SCHEMA);
    insta::assert_snapshot!(catalog(&mut database.client(), &["migrations"]), @r#"
    -- extensions
    plpgsql 1.0 in pg_catalog
    -- schemas
    public
    shop
    -- comments
    table column public."Posts".body: the text
    -- enums
    shop.mood ('sad', 'ok', 'happy')
    -- domains
    shop.email text default 'x@y'::text not null constraint has_at CHECK ((VALUE ~~ '%@%'::text))
    -- ranges
    shop.span of double precision with float8mi multirange shop.span_multirange
    -- tables
    public."Posts" table row security
    public.events partitioned table by RANGE (at)
    public.events_2026 table inherits public.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    shop.pair composite type
    -- columns
    public."Posts".id bigint not null identity always
    public."Posts".title character varying(20) collate "C" not null default 'none'::character varying
    public."Posts".twice bigint stored generated default (id * 2)
    public."Posts".body text storage external statistics 50
    public.events.at date
    public.events.kind integer
    public.events_2026.at date inherited
    public.events_2026.kind integer inherited
    shop.kept.one integer
    shop.pair.a integer
    shop.pair.b text
    shop.short.id bigint
    shop.short.title character varying(20) collate "C"
    -- constraints
    public."Posts" "Posts_pkey" PRIMARY KEY (id)
    public."Posts" short CHECK ((length(body) < 9)) NOT VALID
    -- indexes
    public."Posts" CREATE INDEX by_title ON public."Posts" USING btree (lower((title)::text)) WHERE (id > 0)
    public."Posts" CREATE UNIQUE INDEX "Posts_pkey" ON public."Posts" USING btree (id)
    -- sequences
    public."Posts_id_seq" as bigint start 1 increment 1 min 1 max 9223372036854775807 cache 1 owned by public."Posts".id
    shop.numbers as integer start 1 increment 5 min 1 max 2147483647 cache 1 cycle
    -- views
    shop.kept materialized (not populated)
     SELECT 1 AS one;
    shop.short with {security_barrier=true}
     SELECT "Posts".id,
        "Posts".title
       FROM public."Posts";
    -- triggers
    CREATE TRIGGER touch BEFORE UPDATE ON public."Posts" FOR EACH ROW EXECUTE FUNCTION shop.touch() (disabled)
    -- rules
    CREATE RULE quiet AS
        ON DELETE TO public."Posts" DO INSTEAD NOTHING;
    -- policies
    public."Posts" own permissive select to public using (id > 1)
    -- statistics
    CREATE STATISTICS shop."both" ON at, kind FROM public.events
    -- functions
    CREATE OR REPLACE FUNCTION shop.touch()
     RETURNS trigger
     LANGUAGE plpgsql
    AS $function$BEGIN RETURN NEW; END$function$
    -- owners
    function shop.touch(): postgres
    materialized view shop.kept: postgres
    schema public: pg_database_owner
    schema shop: postgres
    sequence public."Posts_id_seq": postgres
    sequence shop.numbers: postgres
    statistics object shop."both": postgres
    table public."Posts": postgres
    table public.events: postgres
    table public.events_2026: postgres
    type shop.email: postgres
    type shop.mood: postgres
    type shop.pair: postgres
    type shop.span: postgres
    view shop.short: postgres
    -- privileges
    column public."Posts".body: =r/postgres
    schema public: =U/pg_database_owner, pg_database_owner=UC/pg_database_owner
    -- default privileges
    postgres in shop, tables: =r/postgres
    "#);
}

#[test]
fn the_catalog_does_not_depend_on_the_order_of_creation() {
    let (one, two) = (TestDatabase::new(), TestDatabase::new());
    one.execute("CREATE TABLE a (x int); CREATE TABLE b (y int); CREATE INDEX i ON a (x)");
    two.execute("CREATE TABLE b (gone int, y int); CREATE TABLE a (x int)");
    assert_ne!(catalog(&mut one.client(), &[]), catalog(&mut two.client(), &[]));
    two.execute("ALTER TABLE b DROP gone; CREATE INDEX i ON a (x)");
    assert_eq!(catalog(&mut one.client(), &[]), catalog(&mut two.client(), &[]));
    two.execute("ALTER TABLE b ALTER y SET NOT NULL");
    assert_ne!(catalog(&mut one.client(), &[]), catalog(&mut two.client(), &[]));
}

#[test]
fn relations_that_are_left_out_leave_no_trace() {
    let database = TestDatabase::new();
    let before = catalog(&mut database.client(), &[]);
    database.execute(
        "CREATE TABLE migrations (id bigserial PRIMARY KEY, name text UNIQUE CHECK (name <> ''));
         COMMENT ON TABLE migrations IS 'what was applied'; COMMENT ON COLUMN migrations.id IS 'x';
         GRANT SELECT ON migrations TO PUBLIC; CREATE INDEX later ON migrations (name, id)",
    );
    assert_eq!(catalog(&mut database.client(), &["public.migrations"]), before);
}
