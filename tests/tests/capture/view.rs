//! Views.

use migrate_tests::server;

use crate::step;

#[test]
fn a_materialized_view_is_filled_when_all_it_needs_is_there() {
    // Its function is older than the table that it reads, and its text does not name it.
    let shop = "
        CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM shop.posts); END';
        CREATE SCHEMA shop;
        CREATE MATERIALIZED VIEW shop.empty AS SELECT 1 AS one WITH NO DATA;
        CREATE MATERIALIZED VIEW shop.totals AS SELECT public.total() AS n WITH NO DATA;
        CREATE UNIQUE INDEX ON shop.totals (n);
        CREATE TABLE shop.posts (id int);
        CREATE MATERIALIZED VIEW shop.doubles AS SELECT n * 2 AS n FROM shop.totals WITH NO DATA;
        REFRESH MATERIALIZED VIEW shop.totals;
        REFRESH MATERIALIZED VIEW shop.doubles";
    let step = step(shop, "DROP SCHEMA shop CASCADE", &["schema shop"]);
    step.is_restored();
    assert_eq!(step.answer("SELECT n::text FROM shop.doubles"), "0");
}

/// The columns of `t` stand in another order after each of these steps.
const BY_POSITION: &str = "
    CREATE TABLE u (id int, d int);
    CREATE TABLE t (id int, b int DEFAULT 2, c int);
    CREATE TYPE pair AS (p int, q int, r int);
    CREATE FUNCTION all_of() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
    CREATE FUNCTION pairs() RETURNS SETOF pair LANGUAGE sql AS 'SELECT 1, 2, 3';
    INSERT INTO u VALUES (9, 90);
    INSERT INTO t VALUES (9, 2, 3);
    CREATE VIEW joined AS SELECT id, b, c, d FROM t JOIN u USING (id);
    ALTER TABLE t RENAME COLUMN id TO uid;
    CREATE VIEW aliased AS SELECT \"Q\", p, \"50%\" FROM t AS x (p, \"Q\", \"50%\");
    CREATE VIEW called AS SELECT uid, b, c FROM all_of();
    CREATE VIEW numbered AS SELECT f.* FROM all_of() WITH ORDINALITY f (p, q, r, n);
    CREATE MATERIALIZED VIEW kept AS SELECT q, r FROM t AS x (p, q, r);
    CREATE VIEW paired AS SELECT p, q, r FROM pairs();
    CREATE RULE noted AS ON DELETE TO u DO ALSO UPDATE t SET uid = 0
        WHERE EXISTS (SELECT FROM t AS x (p, q, r) WHERE p = 9 AND r = 3 AND q = 2);
    CREATE POLICY seen ON u USING (EXISTS (SELECT FROM t AS x (p, q, r) WHERE q = 2));";

/// The column is restored as the last one, with its default in every row.
#[test]
fn lists_of_aliases_follow_the_order_of_columns() {
    let drop = "ALTER TABLE t DROP COLUMN b CASCADE";
    for (sql, object, query, expected) in [
        (drop, "column t.b", "SELECT v::text FROM joined v", "(9,2,3,90)"),
        (drop, "column t.b", "SELECT v::text FROM aliased v", "(2,9,3)"),
        (drop, "column t.b", "SELECT v::text FROM called v", "(9,2,3)"),
        (drop, "column t.b", "SELECT v::text FROM numbered v", "(9,2,3,1)"),
        (drop, "column t.b", "SELECT v::text FROM kept v", "(2,3)"),
        (
            drop,
            "column t.b",
            "SELECT string_agg(substring(x from ' x\\([^)]*\\)'), '') FROM (
                 SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename = 'noted'
                 UNION ALL SELECT pg_get_expr(polqual, polrelid) FROM pg_policy) AS of(x)",
            " x(p, r, q) x(p, r, q)",
        ),
        (
            "ALTER TYPE pair DROP ATTRIBUTE p CASCADE",
            "type pair",
            "SELECT substring(pg_get_viewdef('paired') from 'pairs\\(\\) .*')",
            "pairs() pairs(q, r, p);",
        ),
    ] {
        // Before 15 PostgreSQL does not know what a view over a function needs.
        if server().major() < 15
            && ["called", "numbered", "paired"].iter().any(|view| query.contains(view))
        {
            continue;
        }
        let found = step(BY_POSITION, sql, &[object]).back_over_rows("", query);
        assert_eq!(found, expected, "{sql}: {query}");
    }
}

#[test]
fn functions_return_their_values_in_the_order_of_columns() {
    if server().major() < 14 {
        return;
    }
    let before = format!(
        "{BY_POSITION}
         CREATE FUNCTION by_position() RETURNS SETOF t BEGIN ATOMIC SELECT uid, b, c FROM t; END;"
    );
    let found = step(&before, "ALTER TABLE t DROP COLUMN b CASCADE", &["column t.b"])
        .back_over_rows("", "SELECT to_jsonb(f)::text FROM by_position() f");
    assert_eq!(found, r#"{"b": 2, "c": 3, "uid": 9}"#);
}

#[test]
fn what_uses_columns_by_position_is_recreated_in_their_order_only() {
    let before = format!(
        "{BY_POSITION}
         CREATE VIEW of_join AS SELECT p, q FROM (t CROSS JOIN u) j (p, q, r, s, u);"
    );
    let at_once = "ALTER TABLE t DROP COLUMN b CASCADE";
    let found = step(&before, at_once, &["column t.b"]).back_over_rows("", "SELECT ''");
    assert!(found.starts_with("ERROR: cannot recreate what uses columns of `public.t`"), "{found}");
    // Where the order is the same, nothing is in the way.
    let step = step(&before, "DROP TABLE t, u CASCADE", &["table t", "table u"]);
    step.is_restored();
    if server().major() >= 14 {
        for of_t in [
            "CREATE FUNCTION by_position() RETURNS t RETURN (SELECT ROW(uid, b, c)::t FROM t)",
            "CREATE VIEW made AS SELECT (ROW(uid, b, c)::t).c FROM t",
        ] {
            let before = format!("{BY_POSITION}{of_t}");
            let step = crate::step(&before, at_once, &["column t.b"]);
            let found = step.back_over_rows("", "SELECT ''");
            assert!(found.starts_with("ERROR: cannot recreate what uses columns of"), "{found}");
            crate::step(&before, "DROP TABLE t CASCADE", &["table t"]).is_restored();
        }
    }
}

/// Rows are computed as the owner, which may have lost the privileges for that since.
#[test]
fn rows_that_the_owner_may_not_compute_are_warned_of() {
    let before = "
        CREATE ROLE {role};
        CREATE TABLE t (id int);
        CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
        ALTER MATERIALIZED VIEW m OWNER TO {role}";
    let step = step(before, "DROP MATERIALIZED VIEW m", &["materialized view m"]);
    let back =
        step.back_over_rows("", "SELECT relispopulated::text FROM pg_class WHERE relname = 'm'");
    assert!(back.contains("is recreated without rows"), "{back}");
}

/// A query may depend on what no capture can know, and its owner could make it fail.
#[test]
fn rows_whose_query_fails_are_warned_of() {
    let before = "
        CREATE TABLE t (id int);
        CREATE FUNCTION part(int) RETURNS int LANGUAGE sql AS 'SELECT $1 / pg_catalog.current_setting(''test.by'')::int';
        SET test.by = 1;
        INSERT INTO t VALUES (1);
        CREATE MATERIALIZED VIEW m AS SELECT part(id) FROM t";
    let step = step(before, "DROP MATERIALIZED VIEW m", &["materialized view m"]);
    let is_filled = "SELECT relispopulated::text FROM pg_class WHERE relname = 'm'";
    let back = step.back_over_rows("SET test.by = 0", is_filled);
    let warning = "materialized view `public.m` is recreated without rows, as its query failed: \
                   division by zero; once it runs, run `REFRESH MATERIALIZED VIEW public.m`";
    assert!(back.contains(warning), "{back}");
    assert!(back.contains("false"), "{back}");
}

/// Before 15 the server drops the column under the view, which keeps a reference to nothing.
#[test]
fn a_view_of_a_functions_rows_has_a_dropped_column_again() {
    let before = "CREATE TABLE posts (id int, title text, likes int);
        CREATE FUNCTION latest() RETURNS SETOF posts LANGUAGE sql AS 'SELECT * FROM public.posts';
        CREATE VIEW liked AS SELECT l.id, l.likes FROM latest() l;
        CREATE MATERIALIZED VIEW counted AS SELECT sum(l.likes) AS likes FROM latest() l";
    step(before, "ALTER TABLE posts DROP COLUMN likes CASCADE", &["column posts.likes"])
        .is_restored();
}
