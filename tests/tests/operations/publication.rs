
use crate::case::{Case, case};

const TABLES: &str = "CREATE TABLE posts (id int PRIMARY KEY, title text); CREATE TABLE users (id int PRIMARY KEY);
     CREATE SCHEMA app; CREATE TABLE app.tags (id int PRIMARY KEY);";

const PUBLICATION: &str = "CREATE TABLE posts (id int PRIMARY KEY, title text); CREATE TABLE users (id int PRIMARY KEY);
     CREATE SCHEMA app; CREATE TABLE app.tags (id int PRIMARY KEY);
     CREATE PUBLICATION changes FOR TABLE posts WITH (publish = 'insert, delete');
     COMMENT ON PUBLICATION changes IS 'ours';";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_publication("no \"tables\"").comment("it's empty")),
        case("", |pgm| _ = pgm.create_publication("everything").all_tables()),
        case(TABLES, |pgm| {
            pgm.create_publication("some")
                .table("posts")
                .only()
                .table(("app", "tags"))
                .publish(["insert", "update"])
                .publish_via_partition_root(true);
            pgm.create_publication("others")
                .table("users")
                .publish(["delete", "truncate"])
                .publish_via_partition_root(false);
        }),
        case(TABLES, |pgm| {
            pgm.create_publication("some")
                .table("posts")
                .columns(["id"])
                .only_where("id > 0")
                .table("users");
            pgm.create_publication("others").tables_in_schema("app");
        })
        .since(15),
        case(TABLES, |pgm| {
            pgm.create_publication("some").table("posts").publish_generated_columns("stored");
            pgm.create_publication("others").table("posts").publish_generated_columns("none");
        })
        .since(18),
        case(PUBLICATION, |pgm| _ = pgm.alter_publication("changes").add_table("users").only()),
        case(PUBLICATION, |pgm| {
            pgm.alter_publication("changes").add_table("users").columns("id").only_where("id > 0");
        })
        .since(15),
        case(PUBLICATION, |pgm| _ = pgm.alter_publication("changes").add_tables_in_schema("app"))
            .since(15),
        case(PUBLICATION, |pgm| _ = pgm.alter_publication("changes").set_table("users")),
        case(PUBLICATION, |pgm| _ = pgm.alter_publication("changes").set_tables_in_schema("app"))
            .since(15),
        case(PUBLICATION, |pgm| _ = pgm.alter_publication("changes").drop_table("posts")),
        case("CREATE SCHEMA app; CREATE PUBLICATION changes FOR TABLES IN SCHEMA app", |pgm| {
            pgm.alter_publication("changes").drop_tables_in_schema("app");
        })
        .since(15),
        case(PUBLICATION, |pgm| {
            pgm.alter_publication("changes").publish(["truncate"]).publish_via_partition_root(true);
        }),
        case(PUBLICATION, |pgm| {
            pgm.alter_publication("changes").publish_generated_columns("stored");
        })
        .since(18),
        case(PUBLICATION, |pgm| _ = pgm.rename_publication("changes", "other changes")),
        case(PUBLICATION, |pgm| _ = pgm.drop_publication("changes")),
        case("CREATE PUBLICATION changes FOR ALL TABLES", |pgm| {
            pgm.drop_publication("changes").if_exists();
            pgm.drop_publication("none").if_exists();
        }),
    ]
}
