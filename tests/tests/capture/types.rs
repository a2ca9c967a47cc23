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
