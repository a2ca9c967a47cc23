use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.sql("VACUUM posts").outside_transaction().idempotent().down("");
            pgm.sql("ANALYZE posts").outside_transaction().done_when("SELECT true").down("");
            let all = || migrate_dsl::sea_query::Query::delete().from_table("posts").to_owned();
            pgm.statement(all()).idempotent().down(all());
            pgm.statement(all()).done_when("SELECT true").down(all());
        }),
        case(POSTS, |pgm| {
            pgm.sql("COMMENT ON TABLE posts IS 'seen'").down("COMMENT ON TABLE posts IS NULL");
        }),
    ]
}
