use migrate_dsl::prelude::*;

use crate::case::{Case, case};

const POSTS: &str =
    "CREATE TABLE posts (id int, author text, locked bool); CREATE ROLE app; CREATE ROLE reports";

const POLICY: &str = "CREATE TABLE posts (id int, author text); CREATE ROLE app;
     CREATE POLICY own ON posts AS RESTRICTIVE FOR UPDATE TO app
     USING (author = current_user) WITH CHECK (id > 0);
     COMMENT ON POLICY own ON posts IS 'ours'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_policy("posts", "own \"posts\"")
                .restrictive()
                .for_update()
                .to("app")
                .to("reports")
                .using("author = current_user")
                .with_check("NOT locked")
                .comment("it's theirs");
        }),
        case(POSTS, |pgm| {
            pgm.create_policy("posts", "a").permissive().for_all().using("true");
            pgm.create_policy("posts", "b").for_select().using("true").to(Role::public());
            pgm.create_policy("posts", "c").for_insert().with_check("true");
            pgm.create_policy("posts", "d").for_delete().using("false").to(Role::current_user());
        }),
        case(POLICY, |pgm| _ = pgm.alter_policy("posts", "own").to(Role::public())),
        case(POLICY, |pgm| _ = pgm.alter_policy("posts", "own").using("true")),
        case(POLICY, |pgm| _ = pgm.alter_policy("posts", "own").with_check("id > 1")),
        case(POLICY, |pgm| _ = pgm.rename_policy("posts", "own", "own \"posts\"")),
        case(POLICY, |pgm| _ = pgm.drop_policy("posts", "own")),
        case(POLICY, |pgm| {
            pgm.drop_policy("posts", "own").if_exists();
            pgm.drop_policy("posts", "none").if_exists();
        }),
    ]
}
