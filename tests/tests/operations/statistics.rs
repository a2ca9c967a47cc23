use migrate_dsl::prelude::*;

use crate::case::{Case, case};

const POSTS: &str = "CREATE TABLE posts (a int, b int, \"C\" text);
     CREATE STATISTICS s (ndistinct, mcv) ON a, b FROM posts; ALTER STATISTICS s SET STATISTICS 7;
     COMMENT ON STATISTICS s IS 'c'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_statistics("all_kinds", "posts", ["a", "C"])
                .ndistinct()
                .dependencies()
                .mcv()
                .comment("it's skewed");
            pgm.create_statistics("every", "posts", ["a", "b"]);
        }),
        case(POSTS, |pgm| {
            pgm.create_statistics("expressions", "posts", [col("a"), expr("lower(\"C\")")]);
            pgm.create_statistics("one", "posts", [expr("a + b")]);
        })
        .since(14),
        case(POSTS, |pgm| {
            pgm.create_statistics("s", "posts", ["a", "b"]).if_not_exists();
            pgm.create_statistics("new", "posts", ["a", "b"]).if_not_exists();
        }),
        case(POSTS, |pgm| {
            pgm.alter_statistics("s").set_statistics(0);
            pgm.alter_statistics("gone").if_exists().set_statistics(1);
        }),
        case(POSTS, |pgm| _ = pgm.alter_statistics("s").set_statistics(-1)),
        case(POSTS, |pgm| _ = pgm.rename_statistics("s", "S")),
        case(POSTS, |pgm| {
            pgm.drop_statistics("s").cascade();
            pgm.drop_statistics("gone").if_exists();
        }),
    ]
}
