use migrate_dsl::Object;
use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

/// An index with everything said.
const INDEXED: &str = "CREATE TABLE posts (id bigint PRIMARY KEY, title text, likes int);
     CREATE UNIQUE INDEX posts_idx ON posts (lower(title) COLLATE \"C\" text_pattern_ops DESC, likes NULLS FIRST)
         INCLUDE (id) WITH (fillfactor = 70) WHERE likes > 0;
     COMMENT ON INDEX posts_idx IS 'for \"speed\"';
     ALTER INDEX posts_idx ALTER COLUMN 1 SET STATISTICS 7;
     ALTER TABLE posts CLUSTER ON posts_pkey;";

const PARTITIONED: &str = "CREATE TABLE hits (at date NOT NULL) PARTITION BY RANGE (at);
     CREATE TABLE hits_2026 PARTITION OF hits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_index("posts", [expr("lower(title)").desc(), col("likes")])
                .unique()
                .include(["id"])
                .only_where("likes > 0")
                .parameter("fillfactor", 70)
                .comment("for speed");
            pgm.create_index("posts", [col("likes").asc().nulls_first(), col("id").nulls_last()])
                .named("by likes")
                .using("btree")
                .tablespace("pg_default");
            pgm.create_index("posts", [col("title").collate("C").operator_class("text_ops")]);
            pgm.create_index("posts", "id").using("brin").parameter("pages_per_range", 4);
        }),
        case("CREATE EXTENSION pg_trgm; CREATE TABLE posts (title text)", |pgm| {
            let title = col("title").operator_class("gist_trgm_ops");
            pgm.create_index("posts", [title.operator_class_parameter("siglen", 32)]).using("gist");
        }),
        case(POSTS, |pgm| _ = pgm.create_index("posts", "title").unique().nulls_not_distinct())
            .since(15),
        case(POSTS, |pgm| _ = pgm.create_index("posts", "title").concurrently()),
        case(INDEXED, |pgm| {
            pgm.create_index("posts", "title").named("posts_idx").if_not_exists();
            pgm.create_index("posts", "title").named("new").if_not_exists();
        }),
        case(POSTS, |pgm| _ = pgm.create_index("posts", "title").concurrently().if_not_exists()),
        case(PARTITIONED, |pgm| {
            pgm.create_index("hits", "at").only();
        }),
        case(PARTITIONED, |pgm| {
            pgm.create_index("hits", "at").only();
            pgm.create_index("hits_2026", "at");
            pgm.attach_index_partition("hits_at_idx", "hits_2026_at_idx");
        }),
        case(INDEXED, |pgm| _ = pgm.drop_index("posts_idx")),
        case(INDEXED, |pgm| _ = pgm.drop_index("posts_idx").concurrently()),
        case("", |pgm| _ = pgm.drop_index("posts_idx").if_exists()),
        case(
            "CREATE TABLE users (email text); CREATE UNIQUE INDEX emails ON users (email);
             CREATE TABLE posts (author text REFERENCES users (email))",
            |pgm| _ = pgm.drop_index("emails").cascade(),
        ),
        case(PARTITIONED, |pgm| {
            pgm.create_index("hits", "at");
            pgm.drop_index("hits_at_idx");
        }),
        case(POSTS, |pgm| _ = pgm.rename_index("posts_pkey", "the key")),
        case(INDEXED, |pgm| {
            pgm.alter_index("posts_idx")
                .set_parameter("deduplicate_items", false)
                .reset_parameter("fillfactor")
                .set_tablespace("pg_default")
                .set_statistics(1, 0);
            pgm.alter_index("none").if_exists().set_statistics(1, 9);
        }),
        case(POSTS, |pgm| {
            pgm.reindex(Object::index("posts_pkey"));
            pgm.reindex(Object::table("posts"));
        })
        .no_inverse(),
        case(POSTS, |pgm| _ = pgm.reindex(Object::schema("public"))).no_inverse(),
        case(POSTS, |pgm| _ = pgm.reindex(Object::table("posts")).concurrently()).no_inverse(),
        case(POSTS, |pgm| _ = pgm.reindex(Object::index("posts_pkey")).tablespace("pg_default"))
            .since(14)
            .no_inverse(),
    ]
}
