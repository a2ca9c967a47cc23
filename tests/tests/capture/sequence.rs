//! Where sequences stand when they are back.

use crate::step;

const SHOP: &str = "
CREATE SEQUENCE restarted; ALTER SEQUENCE restarted RESTART WITH 700;
CREATE SEQUENCE fresh START 5;
CREATE SEQUENCE called; SELECT nextval('called'), nextval('called');
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY, number serial, down int, name text);
CREATE SEQUENCE downwards INCREMENT -1 OWNED BY users.down;
ALTER TABLE users ALTER down SET DEFAULT nextval('downwards');
INSERT INTO users (name) VALUES ('ada'), ('eva');
";

#[test]
fn sequences_go_on_where_they_were() {
    for (sequence, next) in [("restarted", "700"), ("fresh", "5"), ("called", "3")] {
        let step =
            step(SHOP, &format!("DROP SEQUENCE {sequence}"), &[&format!("sequence {sequence}")]);
        step.is_restored();
        assert_eq!(step.answer(&format!("SELECT nextval('{sequence}')::text")), next);
    }
}

#[test]
fn the_values_of_a_column_do_not_come_twice() {
    for (drop, column, sequence, next) in [
        ("DROP id", "id", "users_id_seq", "11"),
        ("ALTER id DROP IDENTITY", "id", "users_id_seq", "61"),
        ("DROP number", "number", "users_number_seq", "11"),
        ("DROP down", "down", "downwards", "-11"),
    ] {
        // There and back twice, four rows are added each time.
        let sql = format!(
            "ALTER TABLE users {drop};
             INSERT INTO users {}VALUES {}",
            if drop.ends_with("IDENTITY") { "(id) " } else { "(name) " },
            if drop.ends_with("IDENTITY") {
                "(57), (58), (59), (60)"
            } else {
                "('a'), ('b'), ('c'), ('d')"
            },
        );
        let step = step(SHOP, &sql, &[&format!("column users.{column}")]).in_another_order();
        step.is_restored();
        assert_eq!(step.answer(&format!("SELECT nextval('{sequence}')::text")), next, "{drop}");
    }
    let step = step(SHOP, "DROP TABLE users", &["table users"]);
    step.is_restored();
    assert_eq!(step.answer("SELECT nextval('users_id_seq')::text"), "3");
    assert_eq!(step.answer("SELECT nextval('downwards')::text"), "-3");
}

/// The planner checks privileges for whatever it puts before the filter.
#[test]
fn sequences_are_read_among_many_relations() {
    let schema = "
        CREATE SCHEMA shop;
        DO $$ BEGIN
            FOR number IN 1..40 LOOP
                EXECUTE format('CREATE TABLE shop.t%s (id serial PRIMARY KEY, other bigint)', number);
            END LOOP;
        END $$";
    for analyze in ["", "; ANALYZE"] {
        let before = format!("{schema}{analyze}");
        step(&before, "DROP SCHEMA shop CASCADE", &["schema shop"]).is_restored();
    }
}

#[test]
fn the_sequence_of_a_table_of_another_owner_is_restored() {
    let tables = "
        CREATE ROLE {role};
        CREATE TABLE posts (id serial, b int);
        ALTER TABLE posts OWNER TO {role};
        CREATE SEQUENCE plain;
        ALTER SEQUENCE plain OWNER TO {role}";
    for (sql, object) in [
        ("ALTER TABLE posts DROP COLUMN id", "column posts.id"),
        ("DROP SEQUENCE posts_id_seq CASCADE", "sequence posts_id_seq"),
        ("ALTER SEQUENCE posts_id_seq OWNED BY NONE", "sequence posts_id_seq"),
        ("ALTER SEQUENCE plain OWNED BY posts.b", "sequence plain"),
        ("ALTER TABLE posts OWNER TO CURRENT_USER", "table posts"),
        ("DROP TABLE posts", "table posts"),
    ] {
        step(tables, sql, &[object]).in_another_order().is_restored();
    }
}
