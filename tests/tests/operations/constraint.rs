use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("CREATE TABLE t (id int NOT NULL)", |pgm| _ = pgm.add_primary_key("t", "id")),
        case(POSTS, |pgm| _ = pgm.add_unique("posts", ["title", "likes"]).nulls_not_distinct()),
        case(POSTS, |pgm| _ = pgm.add_check("posts", "few", "likes < 10").not_valid()),
        case(POSTS, |pgm| {
            pgm.add_foreign_key("posts", "likes", "users", "id").on_update(Cascade).deferrable();
        }),
        case(POSTS, |pgm| _ = pgm.add_exclusion("posts", "gist", [(col("during"), "&&")])),
        case("CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0))", |pgm| {
            pgm.rename_constraint("t", "one", "two");
        }),
    ]
}
