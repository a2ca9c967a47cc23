use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

/// Tables that foreign keys of more than one column can stand between.
const ROOMS: &str = "CREATE TABLE rooms (house int, id int, PRIMARY KEY (house, id));
     CREATE TABLE stays (house int, room int DEFAULT 0, during tstzrange, guest text);";

const FOREIGN_KEY: &str = "CREATE TABLE users (id bigint PRIMARY KEY);
     CREATE TABLE posts (author bigint);
     ALTER TABLE posts ADD CONSTRAINT by FOREIGN KEY (author) REFERENCES users ON DELETE CASCADE NOT VALID;
     COMMENT ON CONSTRAINT by ON posts IS 'it''s hers';";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = keys();
    cases.extend(checks_and_foreign_keys());
    cases.extend(changes());
    cases
}

fn keys() -> Vec<Case> {
    vec![
        case("CREATE TABLE t (id int, note text)", |pgm| {
            pgm.add_primary_key("t", "id")
                .named("the key")
                .include("note")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .initially_deferred()
                .comment("it's the key");
        }),
        case("CREATE TABLE t (id int)", |pgm| _ = pgm.add_primary_key("t", "id").deferrable()),
        case("CREATE TABLE t (id int); CREATE UNIQUE INDEX ids ON t (id)", |pgm| {
            pgm.add_primary_key("t", "id").using_index("ids");
        }),
        case("CREATE EXTENSION btree_gist; CREATE TABLE t (id int, during tstzrange)", |pgm| {
            pgm.add_primary_key("t", ["id", "during"]).without_overlaps();
        })
        .since(18),
        case(POSTS, |pgm| {
            pgm.add_unique("posts", ["title", "likes"])
                .named("one")
                .include("id")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .initially_deferred()
                .comment("only one");
            pgm.add_unique("posts", "title").deferrable();
        }),
        case(POSTS, |pgm| _ = pgm.add_unique("posts", "title").nulls_not_distinct()).since(15),
        case("CREATE TABLE t (id int); CREATE UNIQUE INDEX ids ON t (id) WITH (fillfactor = 70)", |pgm| {
            pgm.add_unique("t", "id").using_index("ids");
        }),
        case("CREATE EXTENSION btree_gist; CREATE TABLE t (id int, during tstzrange)", |pgm| {
            pgm.add_unique("t", ["id", "during"]).without_overlaps();
        })
        .since(18),
        case(POSTS, |pgm| {
            pgm.add_exclusion("posts", "gist", [(col("during"), "&&")])
                .named("one at a time")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .only_where("likes > 0")
                .initially_deferred()
                .comment("for a while");
            pgm.add_exclusion("posts", "btree", [(expr("lower(title)"), "=")])
                .include("id")
                .deferrable();
        }),
    ]
}

fn checks_and_foreign_keys() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.add_check("posts", "few", "likes < 10").not_valid().comment("few");
            pgm.add_check("posts", "many", "likes > 1").no_inherit();
        }),
        case(POSTS, |pgm| _ = pgm.add_check("posts", "few", "likes < 10").not_enforced()).since(18),
        case(POSTS, |pgm| {
            pgm.add_foreign_key("posts", "likes", "users", "id").on_update(Cascade).deferrable();
            pgm.add_foreign_key("posts", "likes", "users", "id")
                .named("liked")
                .on_delete(SetNull)
                .on_update(SetDefault)
                .initially_deferred()
                .not_valid()
                .comment("it's liked");
            pgm.add_foreign_key("posts", "likes", "users", "id")
                .named("loved")
                .on_delete(Restrict)
                .on_update(NoAction);
        }),
        case(ROOMS, |pgm| {
            pgm.add_foreign_key("stays", ["house", "room"], "rooms", ["house", "id"])
                .match_full()
                .on_delete(SetDefault);
        }),
        case(ROOMS, |pgm| {
            pgm.add_foreign_key("stays", ["house", "room"], "rooms", ["house", "id"])
                .on_delete(SetNull)
                .on_delete_columns("room");
        })
        .since(15),
        case(POSTS, |pgm| {
            pgm.add_foreign_key("posts", "likes", "users", "id").not_enforced();
        })
        .since(18),
        case(
            "CREATE EXTENSION btree_gist;
             CREATE TABLE rooms (id int, during tstzrange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
             CREATE TABLE stays (room int, during tstzrange)",
            |pgm| {
                pgm.add_foreign_key("stays", ["room", "during"], "rooms", ["id", "during"]).period();
            },
        )
        .since(18),
        case(POSTS, |pgm| {
            pgm.add_not_null("posts", "title").named("titled");
            // Is that already.
            pgm.add_not_null("users", "id").named("users_id_not_null");
        }),
        case(POSTS, |pgm| {
            pgm.add_not_null("posts", "title").not_valid().comment("it has a title");
            pgm.add_not_null("posts", "likes").no_inherit();
        })
        .since(18),
        case("", |pgm| {
            pgm.create_table("commented", |t| {
                t.integer("a");
                t.check("a > 0").comment("some");
                t.unique("a").comment("it's one");
            });
        }),
    ]
}

fn changes() -> Vec<Case> {
    vec![
        case("CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0))", |pgm| {
            pgm.rename_constraint("t", "one", "two");
        }),
        case("CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0) NO INHERIT)", |pgm| {
            pgm.drop_constraint("t", "one");
            pgm.drop_constraint("t", "two").if_exists();
        }),
        case(FOREIGN_KEY, |pgm| _ = pgm.drop_constraint("posts", "by")),
        case(FOREIGN_KEY, |pgm| _ = pgm.drop_constraint("users", "users_pkey").cascade()),
        case(FOREIGN_KEY, |pgm| _ = pgm.validate_constraint("posts", "by")),
        case("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", |pgm| {
            pgm.validate_constraint("t", "c");
        }),
        case(FOREIGN_KEY, |pgm| _ = pgm.alter_constraint("posts", "by").initially_deferred()),
        case(FOREIGN_KEY, |pgm| {
            pgm.alter_constraint("posts", "by").deferrable().initially_immediate();
        }),
        case(
            "CREATE TABLE users (id bigint PRIMARY KEY);
             CREATE TABLE posts (author bigint CONSTRAINT by REFERENCES users INITIALLY DEFERRED)",
            |pgm| _ = pgm.alter_constraint("posts", "by").not_deferrable(),
        ),
        case(FOREIGN_KEY, |pgm| {
            pgm.validate_constraint("posts", "by");
            pgm.alter_constraint("posts", "by").not_enforced();
            pgm.alter_constraint("posts", "by").enforced();
        })
        .since(18),
        case("CREATE TABLE t (a int CONSTRAINT c NOT NULL)", |pgm| {
            pgm.alter_constraint("t", "c").no_inherit();
            pgm.alter_constraint("t", "c").inherit();
        })
        .since(18),
    ]
}
