use migrate_dsl::prelude::*;

use crate::case::{Case, POSTS, case};

pub(crate) fn cases() -> Vec<Case> {
    [views(), materialized_views()].into_iter().flatten().collect()
}

const VIEW: &str = "CREATE TABLE posts (id int, title text, likes int);
     CREATE VIEW v WITH (security_barrier) AS SELECT id, title FROM posts;
     COMMENT ON VIEW v IS 'c'; COMMENT ON COLUMN v.id IS 'd'";

fn views() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_view("popular", "SELECT id, title FROM posts WHERE likes > 3").comment("seen");
            pgm.create_view("mine", "SELECT id FROM posts WHERE id > 0").check_option();
            pgm.create_view("ours", "SELECT id FROM mine").local_check_option();
        }),
        case(POSTS, |pgm| {
            pgm.create_view("barred", "SELECT id FROM posts").columns("n").parameter("security_barrier", true);
            pgm.create_view("numbers", "SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9")
                .recursive()
                .columns("n");
            pgm.create_view("passing", "SELECT 1").temporary();
        }),
        case(POSTS, |pgm| {
            pgm.create_view("invoked", "SELECT id FROM posts").parameter("security_invoker", true);
        })
        .since(15),
        case(VIEW, |pgm| {
            pgm.create_view("v", "SELECT id, title, likes FROM posts").or_replace();
            pgm.create_view("w", "SELECT 1 AS a").or_replace();
        }),
        case(VIEW, |pgm| {
            pgm.alter_view("v").set_default("id", 0).set_default("title", expr("lower('A')"));
            pgm.alter_view("v").set_parameter("check_option", "local").reset_parameter("security_barrier");
            pgm.alter_view("gone").if_exists().drop_default("a");
        }),
        case(VIEW, |pgm| _ = pgm.rename_view_column("v", "title", "Title")),
        case(
            "CREATE VIEW v AS SELECT 1 AS a; ALTER VIEW v ALTER a SET DEFAULT 2",
            |pgm| _ = pgm.alter_view("v").drop_default("a"),
        ),
        case(VIEW, |pgm| {
            pgm.drop_view("v");
            pgm.drop_view("gone").if_exists();
        }),
        case("CREATE VIEW v AS SELECT 1 AS a; CREATE VIEW w AS SELECT a FROM v", |pgm| {
            pgm.drop_view("v").cascade();
        }),
        case("CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1", |pgm| {
            pgm.rename_view("v", "w");
            pgm.rename_materialized_view("m", "n");
        }),
    ]
}

const MATERIALIZED: &str = "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a, 'b'::text AS b;
     CREATE UNIQUE INDEX m_a_idx ON m (a); COMMENT ON MATERIALIZED VIEW m IS 'c'";

fn materialized_views() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_materialized_view("counts", "SELECT count(*) FROM posts").columns("n");
            pgm.create_materialized_view("all_posts", "SELECT id FROM posts")
                .using("heap")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .with_no_data()
                .comment("it's empty");
            pgm.create_materialized_view("full_posts", "SELECT id FROM posts").with_data();
        }),
        case(MATERIALIZED, |pgm| {
            pgm.create_materialized_view("m", "SELECT 2").if_not_exists();
            pgm.create_materialized_view("new", "SELECT 2").if_not_exists();
        }),
        case(MATERIALIZED, |pgm| {
            pgm.alter_materialized_view("m")
                .set_parameter("fillfactor", 70)
                .set_tablespace("pg_default")
                .cluster_on("m_a_idx")
                .set_column_storage("b", "external")
                .set_column_statistics("a", 0)
                .set_column_parameter("a", "n_distinct", -0.5);
            pgm.alter_materialized_view("gone").if_exists().without_cluster();
        }),
        case(
            "CREATE MATERIALIZED VIEW m WITH (fillfactor = 50) AS SELECT 1 AS a;
             CREATE UNIQUE INDEX m_a_idx ON m (a);
             ALTER MATERIALIZED VIEW m CLUSTER ON m_a_idx, ALTER a SET (n_distinct = 3)",
            |pgm| {
                pgm.alter_materialized_view("m")
                    .reset_parameter("fillfactor")
                    .without_cluster()
                    .reset_column_parameter("a", "n_distinct");
            },
        ),
        case(MATERIALIZED, |pgm| {
            pgm.alter_materialized_view("m").set_column_compression("b", "pglz");
        })
        .since(14),
        case(MATERIALIZED, |pgm| _ = pgm.alter_materialized_view("m").set_access_method("heap"))
            .since(15),
        case(
            "CREATE EXTENSION hstore; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a",
            |pgm| _ = pgm.alter_materialized_view("m").depends_on_extension("hstore"),
        ),
        case(
            "CREATE EXTENSION hstore; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
             ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION hstore",
            |pgm| _ = pgm.alter_materialized_view("m").no_depends_on_extension("hstore"),
        ),
        case(MATERIALIZED, |pgm| _ = pgm.rename_materialized_view_column("m", "a", "A")),
        case(MATERIALIZED, |pgm| {
            pgm.drop_materialized_view("m");
            pgm.drop_materialized_view("gone").if_exists();
        }),
        case(
            "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a WITH NO DATA; CREATE VIEW v AS SELECT a FROM m",
            |pgm| _ = pgm.drop_materialized_view("m").cascade(),
        ),
        case(MATERIALIZED, |pgm| {
            pgm.refresh_materialized_view("m");
            pgm.refresh_materialized_view("m").with_data();
            pgm.refresh_materialized_view("m").concurrently();
        }),
        case(MATERIALIZED, |pgm| _ = pgm.refresh_materialized_view("m").with_no_data()).no_inverse(),
    ]
}
