//! What a partition, or a table that inherits, has of its own, and its parent gets as well.

use crate::step;

/// A partition and a table that inherits, each with a constraint, an index and `NOT NULL` of its own
/// where its parent has none.
const OWN: &str = "
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE events (id int, who int, kind text) PARTITION BY RANGE (id);
    CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
    CREATE TABLE first (id int NOT NULL, who int REFERENCES users, kind text NOT NULL,
                        CONSTRAINT kind_check CHECK (kind <> ''), CONSTRAINT first_who_key UNIQUE (id, who));
    ALTER TABLE early ATTACH PARTITION first FOR VALUES FROM (0) TO (5);
    CREATE INDEX first_kind ON first (kind);
    COMMENT ON INDEX first_kind IS 'its own';
    CREATE TABLE second PARTITION OF early FOR VALUES FROM (5) TO (9);
    CREATE TABLE late PARTITION OF events FOR VALUES FROM (9) TO (99);
    CREATE UNIQUE INDEX late_id ON late (id);
    CREATE TABLE plain (id int, kind text);
    CREATE TABLE heir (id int NOT NULL, its_own int, CONSTRAINT kind_check CHECK (kind <> '')) INHERITS (plain);";

#[test]
fn a_column_that_becomes_not_null() {
    for (sql, object) in [
        ("ALTER TABLE events ALTER kind SET NOT NULL", "column events.kind"),
        ("ALTER TABLE events ALTER id SET NOT NULL", "column events.id"),
        ("ALTER TABLE early ALTER id SET NOT NULL", "column early.id"),
        ("ALTER TABLE plain ALTER id SET NOT NULL", "column plain.id"),
        ("ALTER TABLE events ADD PRIMARY KEY (id)", "table events"),
        ("ALTER TABLE ONLY plain ADD PRIMARY KEY (id)", "table plain"),
        ("ALTER TABLE plain ADD PRIMARY KEY (id)", "table plain"),
    ] {
        step(OWN, sql, &[object]).is_restored();
    }
}

#[test]
fn a_column_that_goes() {
    for (sql, object) in [
        ("ALTER TABLE events DROP kind", "column events.kind"),
        ("ALTER TABLE events DROP who", "column events.who"),
        ("ALTER TABLE plain DROP kind CASCADE", "column plain.kind"),
        ("ALTER TABLE plain DROP id", "column plain.id"),
    ] {
        step(OWN, sql, &[object]).in_another_order().is_restored();
    }
}

#[test]
fn a_constraint_that_goes() {
    let both = "
        ALTER TABLE events ADD CONSTRAINT events_who_fkey FOREIGN KEY (who) REFERENCES users;
        ALTER TABLE events ADD CONSTRAINT kind_check CHECK (kind <> '');
        ALTER TABLE plain ADD CONSTRAINT kind_check CHECK (kind <> '');
        ALTER TABLE heir ADD CONSTRAINT shared CHECK (id > 0) NOT VALID;
        ALTER TABLE plain ADD CONSTRAINT shared CHECK (id > 0) NOT VALID;
        ALTER TABLE plain ADD CONSTRAINT late CHECK (id > 0) NOT VALID;
        ALTER TABLE late ADD CONSTRAINT late_who FOREIGN KEY (who) REFERENCES users;
        ALTER TABLE late ADD CONSTRAINT late_check CHECK (id > 0);
        ALTER TABLE events ADD CONSTRAINT late_check CHECK (id > 0) NOT VALID;";
    for (sql, object) in [
        ("ALTER TABLE events DROP CONSTRAINT events_who_fkey", "constraint events.events_who_fkey"),
        ("ALTER TABLE events DROP CONSTRAINT kind_check", "constraint events.kind_check"),
        ("ALTER TABLE events DROP CONSTRAINT late_check", "constraint events.late_check"),
        ("ALTER TABLE events VALIDATE CONSTRAINT late_check", "constraint events.late_check"),
        ("ALTER TABLE plain DROP CONSTRAINT kind_check", "constraint plain.kind_check"),
        ("ALTER TABLE ONLY plain DROP CONSTRAINT kind_check", "constraint plain.kind_check"),
        ("ALTER TABLE plain VALIDATE CONSTRAINT late", "constraint plain.late"),
        ("ALTER TABLE plain VALIDATE CONSTRAINT shared", "constraint plain.shared"),
        ("ALTER TABLE plain DROP CONSTRAINT shared", "constraint plain.shared"),
        ("ALTER TABLE early DETACH PARTITION first", "table first"),
        ("DROP TABLE users CASCADE", "table users"),
    ] {
        step(&format!("{OWN}{both}"), sql, &[object]).in_another_order().is_restored();
    }
}

#[test]
fn what_its_parent_gets_as_well() {
    for (sql, object) in [
        ("ALTER TABLE events ADD FOREIGN KEY (who) REFERENCES users", "table events"),
        ("ALTER TABLE events ADD CONSTRAINT kind_check CHECK (kind <> '')", "table events"),
        ("ALTER TABLE plain ADD CONSTRAINT kind_check CHECK (kind <> '')", "table plain"),
        ("ALTER TABLE events ADD UNIQUE (id)", "table events"),
        ("ALTER TABLE events ADD UNIQUE (id, who)", "table events"),
        ("CREATE INDEX events_kind ON events (kind)", "table events"),
        ("CREATE UNIQUE INDEX events_id ON events (id)", "table events"),
        ("ALTER TABLE plain ADD COLUMN extra int NOT NULL DEFAULT 7", "table plain"),
        ("ALTER TABLE plain ADD COLUMN its_own int NOT NULL DEFAULT 7", "table plain"),
        ("ALTER TABLE plain ADD COLUMN its_own int DEFAULT 7", "table plain"),
        ("ALTER TABLE plain ADD COLUMN its_own int PRIMARY KEY", "table plain"),
    ] {
        step(OWN, sql, &[object]).is_restored();
    }
}

#[test]
fn what_a_table_has_that_is_attached() {
    let own = "
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE events (id int, who int, CONSTRAINT who_fkey FOREIGN KEY (who) REFERENCES users,
                             CHECK (id > 0)) PARTITION BY RANGE (id);
        CREATE TABLE early (id int, who int, CONSTRAINT events_id_check CHECK (id > 0)) PARTITION BY RANGE (id);
        CREATE TABLE first PARTITION OF early FOR VALUES FROM (0) TO (5);
        ALTER TABLE first ADD CONSTRAINT its_own FOREIGN KEY (who) REFERENCES users;";
    let attach = "ALTER TABLE events ATTACH PARTITION early FOR VALUES FROM (0) TO (9)";
    step(own, attach, &["table early"]).is_restored();
    step(&format!("{own} {attach}"), "ALTER TABLE events DETACH PARTITION early", &["table early"])
        .is_restored();
}

#[test]
fn the_constraint_whose_index_joins_its_parents() {
    let own = "
        CREATE TABLE events (id int) PARTITION BY RANGE (id);
        CREATE TABLE early PARTITION OF events FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
        CREATE TABLE first PARTITION OF early (CONSTRAINT \"it's its own\" UNIQUE (id)) FOR VALUES FROM (0) TO (5);
        CREATE TABLE other (id int REFERENCES first (id));
        COMMENT ON CONSTRAINT \"it's its own\" ON first IS 'a'";
    let index = "CREATE UNIQUE INDEX \"it's new\" ON events (id)";
    step(own, index, &["table events"]).is_restored();
    // of what has come since, nothing is dropped
    let since = "CREATE TABLE later (id int REFERENCES first (id))";
    let found = step(own, index, &["table events"]).back_over_rows(since, "SELECT 'reverted'");
    assert_eq!(
        found,
        "ERROR: cannot drop index public.\"it's new\": a foreign key refers to a partition by an index that \
         belongs to it"
    );
}
