//! Views.

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
    step.comes_back();
    assert_eq!(step.answer("SELECT n::text FROM shop.doubles"), "0");
}
