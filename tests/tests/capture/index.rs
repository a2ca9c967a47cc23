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

#[test]
fn an_index_of_a_partition_is_renamed_back() {
    let events = "
        CREATE TABLE events (id int, at int, PRIMARY KEY (id, at)) PARTITION BY LIST (at);
        CREATE TABLE one PARTITION OF events FOR VALUES IN (1);
        CREATE INDEX by_id ON events (id)";
    for (sql, object) in [
        ("ALTER INDEX one_id_idx RENAME TO renamed", "index one_id_idx"),
        ("ALTER INDEX by_id RENAME TO renamed", "index by_id"),
        ("ALTER TABLE events RENAME COLUMN id TO renamed", "column events.id"),
        ("ALTER TABLE events RENAME COLUMN id TO renamed", "table events"),
    ] {
        let back = step(events, sql, &[object]).comes_back();
        assert!(back.contains("RENAME") && !back.contains("DROP"), "{sql}: {back}");
    }
}
