use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_schema("reporting \"x\"").authorization("pg_monitor").comment("for few");
        }),
        case("CREATE SCHEMA a", |pgm| {
            pgm.create_schema("a").if_not_exists();
            pgm.create_schema("b").if_not_exists();
        }),
        case("CREATE SCHEMA a; COMMENT ON SCHEMA a IS 'b'; GRANT USAGE ON SCHEMA a TO PUBLIC", |pgm| {
            pgm.drop_schema("a");
        }),
        case(
            "CREATE SCHEMA a;
             CREATE TYPE a.mood AS ENUM ('good');
             CREATE TABLE a.t (id int PRIMARY KEY, mood a.mood);
             CREATE VIEW v AS SELECT * FROM a.t;
             CREATE FUNCTION a.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            |pgm| _ = pgm.drop_schema("a").cascade(),
        ),
        case("", |pgm| _ = pgm.drop_schema("a").if_exists()),
        case("CREATE SCHEMA a", |pgm| _ = pgm.rename_schema("a", "b")),
    ]
}
