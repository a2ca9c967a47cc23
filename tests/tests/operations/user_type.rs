
use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    [enums(), composite_types(), ranges(), domains(), drops()].into_iter().flatten().collect()
}

fn enums() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_enum("mood", ["it's fine", "sad"]).comment("of a day")),
        case("CREATE TYPE mood AS ENUM ('a', 'b')", |pgm| {
            pgm.rename_enum_value("mood", "a", "c");
        }),
        case("CREATE TYPE mood AS ENUM ('a')", |pgm| {
            pgm.add_enum_value("mood", "b");
            pgm.add_enum_value("mood", "it's").before("a");
            pgm.add_enum_value("mood", "c").after("a");
            pgm.add_enum_value("mood", "a").if_not_exists();
        })
        .no_inverse(),
    ]
}

const ADDRESS: &str = "CREATE TYPE address AS (street text, zip text)";

fn composite_types() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_composite_type("address", |t| {
                t.text("street").collate("C").comment("it's long");
                t.varchar("zip", 10);
            })
            .comment("of a house");
        }),
        case(ADDRESS, |pgm| {
            pgm.alter_composite_type("address").add_attribute("city", "text").collate("C");
            pgm.rename_attribute("address", "zip", "Zip");
        }),
        case(ADDRESS, |pgm| {
            pgm.alter_composite_type("address").set_attribute_type("street", "int").drop_attribute("zip");
            pgm.alter_composite_type("address").drop_attribute("gone").if_exists();
        }),
        case("CREATE TYPE address AS (street text, zip text); CREATE TABLE addresses OF address", |pgm| {
            pgm.alter_composite_type("address").add_attribute("city", "text").cascade();
        }),
        case("CREATE TYPE address AS (street text, zip text); CREATE TABLE addresses OF address", |pgm| {
            pgm.rename_attribute("address", "zip", "code").cascade();
        }),
        case("CREATE TYPE address AS (street text, zip text); CREATE TABLE users (home address)", |pgm| {
            pgm.rename_attribute("address", "zip", "code");
        }),
    ]
}

fn ranges() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_range("words", "text").operator_class("text_pattern_ops").collate("C");
            pgm.create_range("floats", "float8").subtype_diff("float8mi").comment("it's a range");
        }),
        case("", |pgm| {
            pgm.create_range("spans", "interval").multirange_type_name("Many spans");
        })
        .since(14),
        case(
            "CREATE TYPE steps;
             CREATE FUNCTION to_steps(steps) RETURNS steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'",
            |pgm| _ = pgm.create_range("steps", "int").canonical("to_steps"),
        )
        .no_inverse(),
    ]
}

fn domains() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_domain("positive", "int").not_null().default(1).check("VALUE > 0");
            pgm.create_domain("nickname", "text")
                .collate("C")
                .check_named("no blanks", "VALUE !~ ' '")
                .comment("it's short");
        }),
        case("CREATE DOMAIN d AS int", |pgm| {
            pgm.alter_domain("d").set_default(0).set_not_null().add_check("Small", "VALUE < 9");
        }),
        case("CREATE DOMAIN d AS int DEFAULT 1 NOT NULL", |pgm| {
            pgm.alter_domain("d").drop_default().drop_not_null();
        }),
        case("CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0)", |pgm| {
            pgm.alter_domain("d").drop_constraint("c").cascade();
            pgm.alter_domain("d").drop_constraint("gone").if_exists();
        }),
        case("CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0)", |pgm| {
            pgm.rename_domain_constraint("d", "c", "it's");
        }),
        case("CREATE DOMAIN d AS int", |pgm| {
            pgm.alter_domain("d").add_check("late", "VALUE > 0").not_valid();
        }),
        case(
            "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID",
            |pgm| _ = pgm.alter_domain("d").validate_constraint("c"),
        ),
    ]
}

fn drops() -> Vec<Case> {
    vec![
        case("CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int", |pgm| {
            pgm.rename_type("mood", "Mood");
            pgm.rename_domain("d", "D");
        }),
        case("CREATE TYPE mood AS ENUM ('b', 'a'); COMMENT ON TYPE mood IS 'c'", |pgm| {
            pgm.drop_type("mood");
            pgm.drop_type("gone").if_exists();
        }),
        case("CREATE TYPE address AS (street text COLLATE \"C\", zip text)", |pgm| {
            pgm.drop_type("address");
        }),
        case("CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)", |pgm| {
            pgm.drop_type("floats");
        }),
        case("CREATE DOMAIN d AS int DEFAULT 1 NOT NULL CONSTRAINT c CHECK (VALUE > 0)", |pgm| {
            pgm.drop_domain("d");
            pgm.drop_domain("gone").if_exists();
        }),
        case(
            "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int;
             CREATE TABLE users (id int, mood mood, d d)",
            |pgm| {
                pgm.drop_domain("d").cascade();
                pgm.drop_type("mood").cascade();
            },
        ),
    ]
}
