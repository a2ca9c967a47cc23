use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_enum("mood", ["it's fine", "sad"]).comment("of a day")),
        case("CREATE TYPE mood AS ENUM ('a', 'b')", |pgm| {
            pgm.rename_enum_value("mood", "a", "c");
        }),
        case("", |pgm| {
            pgm.create_composite_type("address", |t| {
                t.text("street");
                t.varchar("zip", 10);
            });
            pgm.create_domain("positive", "int").not_null().default(1).check("VALUE > 0");
        }),
        case("CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int", |pgm| {
            pgm.rename_type("mood", "Mood");
            pgm.rename_domain("d", "D");
        }),
    ]
}
