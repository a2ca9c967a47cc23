//! Indexes.

use crate::step;

#[test]
fn the_index_of_a_constraint_keeps_its_parameters() {
    let posts = "CREATE TABLE posts (id int PRIMARY KEY WITH (fillfactor = 70), during int4range, EXCLUDE USING gist (during WITH &&) WITH (buffering = on))";
    for (sql, object) in [
        ("DROP TABLE posts", "table posts"),
        ("ALTER TABLE posts DROP CONSTRAINT posts_pkey", "constraint posts.posts_pkey"),
        ("ALTER INDEX posts_pkey SET (fillfactor = 50)", "index posts_pkey"),
        ("ALTER INDEX posts_pkey RESET (fillfactor)", "table posts"),
    ] {
        step(posts, sql, &[object]).comes_back();
    }
}
