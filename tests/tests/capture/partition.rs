//! Partitions, attached and detached.

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
        step(&before, attach, &["table march"]).comes_back();
        step(&before, attach, &["table events", "table march"]).comes_back();
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
            step(&attached, sql, &[object]).in_another_order().comes_back();
        }
    }
}
