//! Partitions, attached and detached.

use migrate_core::plan::Only;

use crate::step;

#[test]
fn constraints_of_a_partition_stay_as_they_were() {
    let parent = "
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE events (id int, who int REFERENCES users, at date, CHECK (id > 0)) PARTITION BY RANGE (at);";
    let attach = "ALTER TABLE events ATTACH PARTITION march FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')";
    for own in [
        "CREATE TABLE march (id int, who int, at date, CONSTRAINT events_id_check CHECK (id > 0))",
        "CREATE TABLE march (id int, who int REFERENCES users, at date, CONSTRAINT events_id_check CHECK (id > 0))",
        "CREATE TABLE march (LIKE events INCLUDING ALL) PARTITION BY LIST (who); CREATE TABLE five PARTITION OF march FOR VALUES IN (5)",
    ] {
        let before = format!("{parent} {own};");
        step(&before, attach, &["table march"]).is_restored();
        step(&before, attach, &["table events", "table march"]).is_restored();
        let attached = format!("{before} {attach};");
        for (sql, object) in [
            ("ALTER TABLE events DETACH PARTITION march", "table march"),
            ("DROP TABLE march", "table march"),
            (
                "ALTER TABLE events DROP CONSTRAINT events_id_check",
                "constraint events.events_id_check",
            ),
            (
                "ALTER TABLE events DROP CONSTRAINT events_who_fkey",
                "constraint events.events_who_fkey",
            ),
            (
                "ALTER TABLE events ADD UNIQUE (id, at, who), ADD CHECK (who > 0), ADD FOREIGN KEY (id) REFERENCES users",
                "table events",
            ),
            ("DROP TABLE users CASCADE", "table users"),
            ("DROP TABLE events", "table events"),
        ] {
            step(&attached, sql, &[object]).in_another_order().is_restored();
        }
    }
}

#[test]
fn a_trigger_of_one_partition_is_enabled_as_it_was() {
    let events = "
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE events (id int) PARTITION BY RANGE (id);
        CREATE TABLE one PARTITION OF events FOR VALUES FROM (0) TO (9);
        CREATE TABLE two PARTITION OF events FOR VALUES FROM (9) TO (99) PARTITION BY LIST (id);
        CREATE TABLE three PARTITION OF two FOR VALUES IN (10);
        CREATE TRIGGER touch AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE TRIGGER other AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE events DISABLE TRIGGER other;
        ALTER TABLE one DISABLE TRIGGER touch;
        ALTER TABLE one ENABLE TRIGGER other;
        COMMENT ON TRIGGER touch ON one IS 'of a partition';
        ALTER TABLE three ENABLE ALWAYS TRIGGER touch";
    for (sql, object) in [
        ("DROP TABLE events", "table events"),
        ("DROP TABLE one", "table one"),
        ("DROP TABLE two", "table two"),
        ("DROP TRIGGER touch ON events", "trigger events.touch"),
        ("DROP FUNCTION touch CASCADE", "function touch"),
        ("ALTER TABLE events DETACH PARTITION one", "table one"),
        ("ALTER TABLE events DISABLE TRIGGER touch", "table events"),
        ("ALTER TABLE events ENABLE ALWAYS TRIGGER other", "table events"),
        ("ALTER TABLE ONLY events DISABLE TRIGGER touch", "table events"),
        ("ALTER TABLE one ENABLE TRIGGER touch", "trigger one.touch"),
        ("ALTER TABLE three DISABLE TRIGGER ALL", "table three"),
        ("COMMENT ON TRIGGER touch ON one IS NULL", "trigger one.touch"),
    ] {
        step(events, sql, &[object]).is_restored();
    }
}

/// A partition that others attach later copies what a step has set on its parent.
#[test]
fn a_trigger_is_enabled_as_it_was_on_partitions_that_others_have_made_since() {
    let before = "
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE events (id int) PARTITION BY RANGE (id);
        CREATE TABLE two PARTITION OF events FOR VALUES FROM (0) TO (99) PARTITION BY LIST (id);
        CREATE TABLE three PARTITION OF two FOR VALUES IN (3);
        CREATE TRIGGER \"it's\" AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE three DISABLE TRIGGER \"it's\";";
    let since = "
        CREATE TABLE four PARTITION OF two FOR VALUES IN (4);
        CREATE TABLE five PARTITION OF two FOR VALUES IN (5) PARTITION BY LIST (id);
        CREATE TABLE six PARTITION OF five DEFAULT;";
    let found =
        "SELECT string_agg(format('%s %s', tgrelid::regclass, tgenabled), ', ' ORDER BY tgrelid)
                 FROM pg_trigger";
    let expected = "events O, two O, three D, four O, five O, six O";
    for sql in [
        "ALTER TABLE ONLY two ENABLE ALWAYS TRIGGER \"it's\"",
        "ALTER TABLE two ENABLE ALWAYS TRIGGER \"it's\"",
    ] {
        for object in ["table two", "table events"] {
            assert_eq!(
                step(before, sql, &[object]).back_over_rows(since, found),
                expected,
                "{sql}"
            );
        }
    }
}

#[test]
fn the_comment_on_the_constraint_of_a_trigger_is_restored() {
    let posts = "
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE posts (id int, at int) PARTITION BY LIST (at);
        CREATE TABLE one PARTITION OF posts FOR VALUES IN (1);
        CREATE TABLE plain (id int);
        CREATE CONSTRAINT TRIGGER later AFTER INSERT ON plain DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch();
        COMMENT ON CONSTRAINT later ON plain IS 'of a constraint';
        COMMENT ON TRIGGER later ON plain IS 'of a trigger';
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON one FOR EACH ROW EXECUTE FUNCTION touch();
        COMMENT ON CONSTRAINT late ON one IS 'of a partition'";
    for (sql, object) in [
        ("DROP TABLE plain", "table plain"),
        ("DROP TRIGGER later ON plain", "trigger plain.later"),
        ("DROP FUNCTION touch CASCADE", "function touch"),
        ("DROP TABLE posts", "table posts"),
        ("DROP TABLE one", "table one"),
        ("COMMENT ON CONSTRAINT later ON plain IS NULL", "constraint plain.later"),
        ("COMMENT ON CONSTRAINT later ON plain IS NULL", "table plain"),
        (
            "CREATE CONSTRAINT TRIGGER another AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION touch();
             COMMENT ON CONSTRAINT another ON plain IS 'new'",
            "table plain",
        ),
    ] {
        step(posts, sql, &[object]).is_restored();
    }
    step(posts, "COMMENT ON CONSTRAINT later ON plain IS 'other'", &["constraint plain.later"])
        .only(Only::Comment)
        .is_restored();
}

#[test]
fn triggers_of_foreign_keys_are_enabled_as_they_were() {
    let tables = "
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TABLE users (id int PRIMARY KEY) PARTITION BY LIST (id);
        CREATE TABLE users_1 PARTITION OF users FOR VALUES IN (1);
        CREATE TABLE users_2 PARTITION OF users FOR VALUES IN (2);
        CREATE TABLE posts (id int, who int REFERENCES users) PARTITION BY LIST (id);
        CREATE TABLE posts_1 PARTITION OF posts FOR VALUES IN (1);
        CREATE TABLE posts_2 PARTITION OF posts FOR VALUES IN (2) PARTITION BY LIST (who);
        CREATE TABLE posts_3 PARTITION OF posts_2 FOR VALUES IN (3);
        CREATE TRIGGER touch AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE TABLE plain (who int REFERENCES users, next int UNIQUE REFERENCES plain (next));
        ALTER TABLE users_2 DISABLE TRIGGER ALL;
        ALTER TABLE posts_3 DISABLE TRIGGER ALL;";
    for (sql, object) in [
        ("ALTER TABLE posts_1 DISABLE TRIGGER ALL", "table posts_1"),
        ("ALTER TABLE posts_3 ENABLE TRIGGER ALL", "table posts_3"),
        ("ALTER TABLE posts DISABLE TRIGGER ALL", "table posts"),
        ("ALTER TABLE users_1 DISABLE TRIGGER ALL", "table users_1"),
        ("ALTER TABLE plain DISABLE TRIGGER ALL", "table plain"),
        ("DROP TABLE posts", "table posts"),
        ("DROP TABLE users CASCADE", "table users"),
        ("ALTER TABLE posts DROP CONSTRAINT posts_who_fkey", "constraint posts.posts_who_fkey"),
        ("ALTER TABLE users DETACH PARTITION users_2", "table users_2"),
        ("ALTER TABLE posts_2 DETACH PARTITION posts_3", "table posts_3"),
    ] {
        step(tables, sql, &[object]).is_restored();
    }
    let disabled = format!("{tables} ALTER TABLE plain DISABLE TRIGGER ALL");
    for (sql, object) in [
        ("ALTER TABLE plain ENABLE TRIGGER ALL", "table plain"),
        ("DROP TABLE plain", "table plain"),
    ] {
        step(&disabled, sql, &[object]).is_restored();
    }
}

/// Jobs detach and drop partitions that are too old.
#[test]
fn a_partition_that_is_gone_by_then_is_left_as_it_is() {
    let before = "
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE events (id int NOT NULL, who int DEFAULT 3, kind text,
                             CONSTRAINT events_key PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE one PARTITION OF events FOR VALUES FROM (0) TO (9);
        CREATE TABLE two PARTITION OF events FOR VALUES FROM (9) TO (99) PARTITION BY LIST (id);
        CREATE TABLE three PARTITION OF two FOR VALUES IN (10);
        CREATE INDEX events_kind ON events (kind); CREATE INDEX own ON one (kind, who);
        ALTER TABLE one ADD CONSTRAINT own_check CHECK (who > 0);
        COMMENT ON COLUMN one.kind IS 'of one'; COMMENT ON INDEX one_kind_idx IS 'of one';
        CREATE TABLE plain (id int); CREATE TABLE heir (more int) INHERITS (plain);";
    for (sql, object) in [
        ("ALTER TABLE events ALTER who SET DEFAULT 5", "column events.who"),
        ("ALTER TABLE events ALTER who SET NOT NULL", "column events.who"),
        ("ALTER TABLE events ALTER kind SET STATISTICS 5", "column events.kind"),
        ("ALTER TABLE events DROP CONSTRAINT events_key", "constraint events.events_key"),
        ("DROP INDEX events_kind", "index events_kind"),
        ("ALTER TABLE events DROP COLUMN kind", "column events.kind"),
        ("ALTER TABLE events DROP COLUMN who", "column events.who"),
        ("CREATE INDEX ON events (kind, who)", "table events"),
        ("ALTER TABLE events ADD CONSTRAINT own_check CHECK (who > 0)", "table events"),
        ("ALTER TABLE events ALTER who TYPE bigint", "column events.who"),
        ("ALTER TABLE plain ALTER id SET DEFAULT 5", "column plain.id"),
        ("ALTER TABLE plain ADD COLUMN more int", "table plain"),
    ] {
        for since in [
            "DROP TABLE one, two, heir",
            "ALTER TABLE events DETACH PARTITION one; ALTER TABLE events DETACH PARTITION two;
             ALTER TABLE heir NO INHERIT plain",
            "ALTER TABLE one RENAME TO once; ALTER TABLE two RENAME TO twice; ALTER TABLE heir RENAME TO h",
        ] {
            let back = step(before, sql, &[object]).back_over_rows(since, "SELECT ''");
            let is_told = |line: &&str| {
                let told = ["is no partition or child any more", "was renamed to `"];
                !(line.is_empty() || told.iter().any(|told| line.contains(told)))
            };
            assert_eq!(back.lines().find(is_told), None, "{sql}; {since}: {back}");
            if since.contains("RENAME") && back.contains("heir") {
                let warning =
                    "WARNING: `public.heir` was renamed to `h` since, and is left as it is";
                assert!(back.contains(warning), "{back}");
            }
        }
    }
}

#[test]
fn a_partition_with_partitions_and_their_indexes_is_restored() {
    let before = "
        CREATE TABLE events (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE INDEX ON events (at);
        CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (10);
        CREATE TABLE late PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (at);
        CREATE TABLE later PARTITION OF late FOR VALUES FROM (10) TO (15);
        CREATE INDEX own ON late (id);";
    for sql in [
        "DROP TABLE late",
        "ALTER TABLE events DETACH PARTITION late",
        "ALTER TABLE events DETACH PARTITION late; ALTER TABLE late DROP CONSTRAINT late_pkey",
        "ALTER TABLE events DETACH PARTITION late; DROP INDEX late_at_idx",
        "ALTER TABLE events DETACH PARTITION late; ALTER TABLE late RENAME TO kept",
        "ALTER TABLE events DETACH PARTITION late; DROP TABLE late",
    ] {
        step(before, sql, &["table late"]).in_another_order().is_restored();
    }
}

#[test]
fn an_index_is_complete_again_where_others_have_made_partitions_since() {
    let before = "
        CREATE TABLE events (id int, at int, \"50% off\" text DEFAULT '%s',
                             CONSTRAINT events_key PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE one PARTITION OF events FOR VALUES FROM (0) TO (10);
        CREATE INDEX by_text ON events (\"50% off\") WHERE \"50% off\" <> '%';
        CREATE UNIQUE INDEX by_both ON events (at, id);
        CREATE TABLE bare (id int PRIMARY KEY) PARTITION BY LIST (id);";
    let since = "
        CREATE TABLE two PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (at);
        CREATE TABLE three PARTITION OF two FOR VALUES FROM (10) TO (15);
        CREATE TABLE four PARTITION OF events FOR VALUES FROM (20) TO (30);
        CREATE TABLE five PARTITION OF bare FOR VALUES IN (1);";
    let whole = "
        SELECT string_agg(format('%s %s %s', c.relname, indisvalid, (SELECT count(*) FROM pg_inherits WHERE inhparent = c.oid)),
                          ', ' ORDER BY c.relname)
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'I' AND NOT relispartition";
    let expected = "bare_pkey t 1, by_both t 3, by_text t 3, events_key t 3";
    for (sql, object) in [
        ("ALTER TABLE events DROP CONSTRAINT events_key", "constraint events.events_key"),
        ("DROP INDEX by_text", "index by_text"),
        ("DROP INDEX by_both", "index by_both"),
        ("ALTER TABLE events DROP COLUMN \"50% off\"", "column events.50% off"),
        ("ALTER TABLE bare DROP CONSTRAINT bare_pkey", "table bare"),
    ] {
        let found = step(before, sql, &[object]).back_over_rows(since, whole);
        assert_eq!(found, expected, "{sql}");
    }
    let own =
        "CREATE TABLE own (id int PRIMARY KEY, at int NOT NULL, \"50% off\" text DEFAULT '%s');
               ALTER TABLE events ATTACH PARTITION own FOR VALUES FROM (10) TO (20)";
    let step = step(before, "ALTER TABLE events DROP CONSTRAINT events_key", &["table events"]);
    let found = step.back_over_rows(own, "SELECT ''");
    assert!(found.contains("`public.events_key` is not complete"), "{found}");
}

/// A foreign key is refused by a key that is not whole, and would be left off.
#[test]
fn a_foreign_key_is_restored_where_others_have_made_partitions_of_what_it_refers_to_since() {
    let before = "
        CREATE TABLE users (id int, kind text, CONSTRAINT users_key PRIMARY KEY (id),
                            CONSTRAINT users_both UNIQUE (kind, id)) PARTITION BY RANGE (id);
        CREATE TABLE one PARTITION OF users FOR VALUES FROM (0) TO (10);
        CREATE TABLE two PARTITION OF users FOR VALUES FROM (10) TO (30) PARTITION BY RANGE (id);
        CREATE TABLE three PARTITION OF two FOR VALUES FROM (10) TO (20);
        CREATE TABLE posts (who int CONSTRAINT posts_who REFERENCES users, kind text,
                            CONSTRAINT posts_both FOREIGN KEY (kind, who) REFERENCES users (kind, id));
        CREATE TABLE likes (who int CONSTRAINT likes_who REFERENCES users,
                            early int CONSTRAINT likes_early REFERENCES one,
                            late int CONSTRAINT likes_late REFERENCES two) PARTITION BY LIST (who);
        CREATE TABLE likes_1 PARTITION OF likes FOR VALUES IN (1);
        INSERT INTO users SELECT id, 'a' FROM generate_series(0, 19) AS id;
        INSERT INTO posts VALUES (1, 'a'); INSERT INTO likes VALUES (1, 2, 12);";
    let since = "
        CREATE TABLE four PARTITION OF users FOR VALUES FROM (30) TO (40);
        CREATE TABLE five PARTITION OF two FOR VALUES FROM (20) TO (30);
        CREATE TABLE six PARTITION OF users FOR VALUES FROM (40) TO (50) PARTITION BY RANGE (id);
        CREATE TABLE seven PARTITION OF six FOR VALUES FROM (40) TO (45);
        CREATE TABLE likes_2 PARTITION OF likes FOR VALUES IN (2);";
    let found = "
        SELECT concat_ws('; ',
            (SELECT string_agg(format('%s %s', conname, convalidated), ', ' ORDER BY conname)
             FROM pg_constraint WHERE contype = 'f' AND conparentid = 0),
            (SELECT string_agg(format('%s %s', c.relname, indisvalid), ', ' ORDER BY c.relname)
             FROM pg_index JOIN pg_class c ON c.oid = indexrelid
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'I' AND NOT relispartition))";
    let expected = "likes_early t, likes_late t, likes_who t, posts_both t, posts_who t; users_both t, users_key t";
    for (sql, object) in [
        ("ALTER TABLE users DROP CONSTRAINT users_key CASCADE", "constraint users.users_key"),
        ("ALTER TABLE users DROP CONSTRAINT users_both CASCADE", "table users"),
        (
            "ALTER TABLE users DROP CONSTRAINT users_key CASCADE;
             ALTER TABLE users DROP CONSTRAINT users_both CASCADE",
            "table users",
        ),
        (
            "ALTER TABLE posts DROP CONSTRAINT posts_both; ALTER TABLE users DROP COLUMN kind;
             ALTER TABLE posts DROP COLUMN kind",
            "table users",
        ),
    ] {
        let step = step(before, sql, &[object, "table posts", "table likes"]);
        assert_eq!(step.back_over_rows(since, found), expected, "{sql}");
    }
}

/// PostgreSQL forgets them of a partition where a column of its parent changes its type.
#[test]
fn a_partition_is_clustered_and_identified_by_an_index_as_it_was() {
    let before = "
        CREATE TABLE events (id int NOT NULL, who int NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE one PARTITION OF events FOR VALUES FROM (0) TO (9);
        CREATE TABLE two PARTITION OF events FOR VALUES FROM (9) TO (99) PARTITION BY LIST (id);
        CREATE TABLE three PARTITION OF two FOR VALUES IN (10);
        CREATE UNIQUE INDEX by_both ON events (id, who); CREATE INDEX by_who ON events (who);
        CREATE UNIQUE INDEX own ON three (who);
        ALTER TABLE one CLUSTER ON one_who_idx; ALTER TABLE three CLUSTER ON own;
        ALTER TABLE one REPLICA IDENTITY USING INDEX one_id_who_idx;
        ALTER TABLE three REPLICA IDENTITY USING INDEX own;
        INSERT INTO events VALUES (1, 2), (10, 20)";
    for object in ["column events.who", "table events"] {
        step(before, "ALTER TABLE events ALTER who TYPE bigint", &[object]).is_restored();
    }
    for sql in ["ALTER TABLE one CLUSTER ON one_id_who_idx", "ALTER TABLE one SET WITHOUT CLUSTER"]
    {
        step(before, sql, &["table one"]).is_restored();
    }
}
