use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.add_column("posts", |t| {
                t.point("loc").comment("where");
                t.bigint("author").references("users", "id").on_delete(Cascade);
            });
        }),
        case(POSTS, |pgm| {
            pgm.add_column("posts", |t| {
                t.text("new");
                t.check("likes > 0").named("liked");
                t.check("length(new) > likes");
                t.unique(["title", "new"]);
                t.unique("title");
                t.foreign_key("likes", "users", "id");
            });
        }),
        case(POSTS, |pgm| _ = pgm.rename_column("posts", "title", "select")),
        case(POSTS, |pgm| _ = pgm.alter_column("posts", "title").set_not_null()),
        case("CREATE TABLE posts (title text NOT NULL)", |pgm| {
            pgm.alter_column("posts", "title").drop_not_null();
        }),
        case(POSTS, |pgm| {
            pgm.alter_column("posts", "likes")
                .set_type("bigint")
                .set_default(7)
                .down(|column| column.set_type("int").drop_default());
        }),
    ]
}
