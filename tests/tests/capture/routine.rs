//! Functions.

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
        let back = step(double, &sql, &["function double"]).comes_back();
        assert_eq!(back.contains("INDEX"), rebuilds, "{back}");
    }
    step(
        "CREATE FUNCTION pair_of(a int, OUT b int, OUT c text) LANGUAGE sql AS 'SELECT 1, $$x$$'",
        "DROP FUNCTION pair_of; CREATE FUNCTION pair_of(a int, OUT b int, OUT d int) LANGUAGE sql AS 'SELECT 1, 2'",
        &["function pair_of"],
    )
    .comes_back();
}
