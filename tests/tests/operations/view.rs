use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_view("popular", "SELECT id, title FROM posts WHERE likes > 3").comment("seen");
            pgm.create_materialized_view("counts", "SELECT count(*) FROM posts").columns("n");
        }),
        case("CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1", |pgm| {
            pgm.rename_view("v", "w");
            pgm.rename_materialized_view("m", "n");
        }),
    ]
}
