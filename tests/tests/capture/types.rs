//! Types, and what is made of them.

use crate::step;

#[test]
fn a_domain_comes_back_under_arrays_and_rows_of_it() {
    let domain = "
        CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0) CONSTRAINT below CHECK (VALUE < 9);
        COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'of a domain';
        CREATE TYPE pair AS (a positive, b int);
        CREATE TABLE t (id int, a positive[], b pair)";
    step(domain, "DROP DOMAIN positive CASCADE", &["domain positive"])
        .in_another_order()
        .comes_back();
    let domain = "
        CREATE DOMAIN positive AS int CHECK (VALUE < 9);
        ALTER DOMAIN positive ADD CONSTRAINT above CHECK (VALUE > 0) NOT VALID;
        CREATE TABLE t (id int, a positive)";
    for sql in ["DROP DOMAIN positive CASCADE", "ALTER DOMAIN positive DROP CONSTRAINT above"] {
        step(domain, sql, &["domain positive"]).in_another_order().comes_back();
    }
}

#[test]
fn types_of_columns_change_back_without_using() {
    let before = "
        CREATE FOREIGN DATA WRAPPER w;
        CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE FOREIGN TABLE remote (a int, b text) SERVER s;
        CREATE TABLE parted (a int, b text) PARTITION BY LIST (a);
        CREATE FOREIGN TABLE one PARTITION OF parted FOR VALUES IN (1) SERVER s;
        CREATE TABLE plain (a int, g int GENERATED ALWAYS AS (a * 2) STORED);
        CREATE VIEW doubles AS SELECT a FROM plain";
    for (sql, object) in [
        ("ALTER FOREIGN TABLE remote ALTER b TYPE varchar(9)", "column remote.b"),
        ("ALTER TABLE parted ALTER b TYPE varchar(9)", "column parted.b"),
        ("ALTER TABLE plain ALTER g TYPE text", "column plain.g"),
        ("ALTER TABLE plain ALTER g TYPE bigint", "column plain.g"),
    ] {
        step(before, sql, &[object]).comes_back();
    }
}

#[test]
fn what_goes_with_a_type_comes_back_with_it() {
    let before = "
        CREATE TYPE e AS ENUM ('a', 'b');
        CREATE FUNCTION number(e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE CAST (e AS int) WITH FUNCTION number(e);
        CREATE VIEW numbers AS SELECT 'a'::e::int AS n;
        CREATE TABLE u (x e PRIMARY KEY) PARTITION BY LIST (x);
        CREATE TABLE ua PARTITION OF u FOR VALUES IN ('a');
        CREATE VIEW us AS SELECT x FROM u";
    for (sql, object) in [
        ("DROP TYPE e CASCADE", "type e"),
        ("DROP FUNCTION number CASCADE", "function number"),
        ("DROP CAST (e AS int) CASCADE", "cast (e,int)"),
    ] {
        step(before, sql, &[object]).comes_back();
    }
}

#[test]
fn values_of_an_enum_have_their_old_labels() {
    let before = "
        CREATE TYPE e AS ENUM ('a', 'it''s', 'c');
        CREATE TABLE t (e e DEFAULT 'a')";
    step(before, "ALTER TYPE e RENAME VALUE 'it''s' TO 'b'", &["type e"]).comes_back();
    let swap = "
        ALTER TYPE e RENAME VALUE 'a' TO 'x';
        ALTER TYPE e RENAME VALUE 'c' TO '$$'";
    step(before, swap, &["type e"]).comes_back();
    let added = step(before, "ALTER TYPE e ADD VALUE 'd'", &["type e"]);
    assert_eq!(
        added.back_over_rows("", "SELECT ''"),
        "\nWARNING: values that were added to `public.e` stay: PostgreSQL cannot drop them"
    );
}
