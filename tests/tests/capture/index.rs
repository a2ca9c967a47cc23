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
        step(posts, sql, &[object]).is_restored();
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
        let back = step(events, sql, &[object]).is_restored();
        assert!(back.contains("RENAME") && !back.contains("DROP"), "{sql}: {back}");
    }
}

/// The column of a typed table cannot be renamed, nor can its constraint, but the index of that.
#[test]
fn the_key_of_a_typed_table_is_renamed_back() {
    let typed =
        "CREATE TYPE pair AS (a int, b text); CREATE TABLE t OF pair (a WITH OPTIONS PRIMARY KEY)";
    for object in ["index t_pkey", "table t"] {
        step(typed, "ALTER INDEX t_pkey RENAME TO renamed", &[object]).is_restored();
    }
}

#[test]
fn an_index_that_joins_those_of_partitions_is_dropped_without_them() {
    let parted = "
        CREATE TABLE parted (id int PRIMARY KEY, a int) PARTITION BY LIST (id);
        CREATE TABLE one PARTITION OF parted FOR VALUES IN (1);
        CREATE TABLE more PARTITION OF parted FOR VALUES IN (2, 3) PARTITION BY LIST (id);
        CREATE TABLE two PARTITION OF more FOR VALUES IN (2);
        CREATE TABLE others PARTITION OF parted DEFAULT;
        CREATE INDEX others_a ON others (id)";
    step(parted, "CREATE INDEX ON parted (id)", &["table parted"]).is_restored();
    let parted = "
        CREATE TABLE parted (id int, a int) PARTITION BY LIST (id);
        CREATE TABLE one PARTITION OF parted FOR VALUES IN (1);
        CREATE TABLE two PARTITION OF parted FOR VALUES IN (2);
        ALTER TABLE one ADD CONSTRAINT own PRIMARY KEY (id);
        COMMENT ON INDEX own IS 'its own'";
    step(parted, "ALTER TABLE parted ADD PRIMARY KEY (id)", &["table parted"]).is_restored();
}

/// As one does to be rid of what an index has grown to.
#[test]
fn an_index_that_became_that_of_a_constraint_is_one_by_itself_again() {
    for kind in ["PRIMARY KEY", "UNIQUE"] {
        let before = format!(
            "CREATE TABLE p (a int CONSTRAINT key {kind}, b int NOT NULL);
             CREATE UNIQUE INDEX n ON p (a); CREATE UNIQUE INDEX m ON p (b)"
        );
        for index in ["n", "m"] {
            let sql = format!(
                "ALTER TABLE p DROP CONSTRAINT key, ADD CONSTRAINT key {kind} USING INDEX {index}"
            );
            step(&before, &sql, &["table p"]).is_restored();
        }
    }
}
