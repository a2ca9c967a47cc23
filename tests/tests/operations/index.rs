use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_index("posts", [expr("lower(title)").desc(), col("likes")])
                .unique()
                .include(["id"])
                .only_where("likes > 0")
                .parameter("fillfactor", 70)
                .comment("for speed");
        }),
        case(POSTS, |pgm| _ = pgm.create_index("posts", "title").concurrently()),
        case(POSTS, |pgm| _ = pgm.rename_index("posts_pkey", "the key")),
    ]
}
