use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_sequence("s").start(0).min_value(0).increment(5).cycle()),
        case("CREATE SEQUENCE s", |pgm| _ = pgm.rename_sequence("s", "t")),
    ]
}
