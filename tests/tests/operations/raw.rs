use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.sql("COMMENT ON TABLE posts IS 'seen'").down("COMMENT ON TABLE posts IS NULL");
        }),
    ]
}
