use migrate_dsl::LikeOption;
use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_table("everything", |t| {
                t.id();
                t.timestamps();
                t.varchar("a", 10).not_null().default("it's").collate("C").comment("a \"comment\"");
                t.numeric("b", (10, 2)).check("b > 0").default(0);
                t.text("c").array().default(expr("'{}'::text[]"));
                t.integer("d").generated("length(a)");
                t.unique(["a", "b"]).named("Ünique");
                t.bigint("parent").references("everything", "id").on_delete(SetNull).initially_deferred();
            })
            .parameter("toast.autovacuum_enabled", false)
            .comment("everything at once");
        }),
        case(POSTS, |pgm| {
            pgm.create_table("old_posts", |t| {
                t.like("posts").including(LikeOption::Defaults);
                t.timestamptz("at").precision(3).not_null();
            })
            .partition_by_range("at");
            pgm.create_partition("old_posts_2026", "old_posts").from_to(["2026-01-01"], ["2027-01-01"]);
        }),
        case(POSTS, |pgm| _ = pgm.rename_table("posts", "articles")),
        case("CREATE SCHEMA archive; CREATE TABLE posts ()", |pgm| {
            pgm.set_table_schema(("public", "posts"), "archive");
        }),
    ]
}
