//! Functions.

use migrate_tests::server;

use crate::step;

#[test]
fn what_rests_on_a_function_stays_when_that_is_replaced() {
    let double = "
        CREATE FUNCTION double(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 2';
        CREATE TABLE posts (id int);
        CREATE MATERIALIZED VIEW doubles AS SELECT double(id) FROM posts;
        CREATE INDEX by_double ON posts (double(id, 1))";
    for (arguments, rebuilds) in
        [("a int, b int DEFAULT 2", false), ("a int DEFAULT 0, b int DEFAULT 1", true)]
    {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION double({arguments}) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a'"
        );
        let back = step(double, &sql, &["function double"]).is_restored();
        assert_eq!(back.contains("INDEX"), rebuilds, "{back}");
    }
    step(
        "CREATE FUNCTION pair_of(a int, OUT b int, OUT c text) LANGUAGE sql AS 'SELECT 1, $$x$$'",
        "DROP FUNCTION pair_of; CREATE FUNCTION pair_of(a int, OUT b int, OUT d int) LANGUAGE sql AS 'SELECT 1, 2'",
        &["function pair_of"],
    )
    .is_restored();
}

#[test]
fn an_aggregate_is_restored_with_what_its_functions_may_do() {
    let step = step(
        "CREATE FUNCTION last(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
         CREATE AGGREGATE total(int) (
             sfunc = int4pl, stype = int, initcond = '0', msfunc = int4pl, minvfunc = int4mi, mstype = int,
             minitcond = '0', finalfunc = last, finalfunc_modify = shareable, mfinalfunc = last,
             mfinalfunc_modify = read_write)",
        "DROP AGGREGATE total(int)",
        &["aggregate total(int)"],
    );
    step.is_restored();
    assert_eq!(step.answer("SELECT concat(aggfinalmodify, aggmfinalmodify) FROM pg_aggregate WHERE aggfnoid = 'total'::regproc"), "sw");
}

#[test]
fn a_function_that_cannot_be_made_again_is_left_alone_by_a_rename() {
    if server().major() < 14 {
        return;
    }
    // What it returns has a column more by now than its body, which PostgreSQL would not take again.
    let before = "
        CREATE TABLE p (id int, c3 int);
        CREATE TABLE t () INHERITS (p);
        CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC SELECT x.* FROM t x; END;
        ALTER TABLE t ADD COLUMN more int";
    let back =
        step(before, "ALTER TABLE p RENAME COLUMN c3 TO renamed", &["column p.c3"]).is_restored();
    assert_eq!(back, "ALTER TABLE public.p RENAME COLUMN renamed TO c3");
}

#[test]
fn a_function_that_returns_too_few_columns_is_made_again_as_it_was() {
    if server().major() < 14 {
        return;
    }
    let before = "
        CREATE TYPE span AS (a int, b int);
        CREATE TABLE t (id int, c span);
        CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC SELECT x.* FROM t x; END;
        CREATE FUNCTION whole() RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC SELECT x FROM t x; END;
        ALTER TABLE t ADD COLUMN more int";
    step(before, "DROP TYPE span CASCADE", &["type span"]).in_another_order().is_restored();
    step(before, "DROP TABLE t CASCADE", &["table t"]).is_restored();
}

#[test]
fn a_function_that_a_step_lets_use_a_table_is_not_new() {
    if server().major() < 14 {
        return;
    }
    let back = step(
        "CREATE TABLE posts (id int);
         CREATE FUNCTION posts_made() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT 1; END",
        "CREATE OR REPLACE FUNCTION posts_made() RETURNS bigint LANGUAGE sql
             BEGIN ATOMIC SELECT count(*) FROM posts; END;
         CREATE FUNCTION posts_read() RETURNS bigint LANGUAGE sql
             BEGIN ATOMIC SELECT count(*) FROM posts; END",
        &["table posts"],
    );
    assert_eq!(back.inverse(), "DROP FUNCTION public.posts_read()");
}
