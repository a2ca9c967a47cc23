use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_extension("pg_trgm")),
    ]
}
