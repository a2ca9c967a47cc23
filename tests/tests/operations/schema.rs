use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_schema("reporting \"x\"")),
        case("CREATE SCHEMA a", |pgm| _ = pgm.rename_schema("a", "b")),
    ]
}
