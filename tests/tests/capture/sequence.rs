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
        step.comes_back();
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
        step.comes_back();
        assert_eq!(step.answer(&format!("SELECT nextval('{sequence}')::text")), next, "{drop}");
    }
    let step = step(SHOP, "DROP TABLE users", &["table users"]);
    step.comes_back();
    assert_eq!(step.answer("SELECT nextval('users_id_seq')::text"), "3");
    assert_eq!(step.answer("SELECT nextval('downwards')::text"), "-3");
}
