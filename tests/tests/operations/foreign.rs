use migrate_dsl::prelude::*;

use crate::case::{Case, case};

/// A wrapper of files of the server, with what hangs on it.
const FILES: &str = "CREATE EXTENSION file_fdw;
    CREATE SERVER disk TYPE 't' VERSION '1' FOREIGN DATA WRAPPER file_fdw;
    COMMENT ON SERVER disk IS 'ours';
    CREATE FOREIGN TABLE words (word text OPTIONS (force_null 'true'), weight int NOT NULL)
        SERVER disk OPTIONS (filename '/dev/null', format 'csv');
    COMMENT ON FOREIGN TABLE words IS 'ours';
    CREATE VIEW long_words AS SELECT word FROM words WHERE length(word) > 9;";

/// A wrapper that knows no options and so takes all, with what hangs on it.
const ANY: &str = "CREATE FOREIGN DATA WRAPPER w OPTIONS (host '1', port '2');
    CREATE SERVER srv FOREIGN DATA WRAPPER w OPTIONS (host '1', port '2');
    CREATE USER MAPPING FOR CURRENT_USER SERVER srv OPTIONS (host '1', port '2');
    CREATE USER MAPPING FOR PUBLIC SERVER srv;
    CREATE FOREIGN TABLE t (id int) SERVER srv OPTIONS (host '1', port '2');";

const FUNCTIONS: &str = "CREATE EXTENSION file_fdw; CREATE FOREIGN DATA WRAPPER w";

/// A server that is this one.
const LOOPBACK: &str = "CREATE EXTENSION postgres_fdw; CREATE SCHEMA here; CREATE SCHEMA there;
    CREATE TABLE there.a (id int); CREATE TABLE there.b (id int);
    DO $$ BEGIN EXECUTE format(
        'CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname %L, host %L, port %L)',
        current_database(), trim('\"' FROM split_part(current_setting('unix_socket_directories'), ',', 1)), current_setting('port')
    ); END $$;
    CREATE USER MAPPING FOR CURRENT_USER SERVER loopback OPTIONS (user 'postgres');";

pub(crate) fn cases() -> Vec<Case> {
    [wrappers(), servers(), mappings(), tables()].into_iter().flatten().collect()
}

fn wrappers() -> Vec<Case> {
    vec![
        case(FUNCTIONS, |pgm| {
            pgm.create_foreign_data_wrapper("files \"too\"")
                .handler("file_fdw_handler")
                .validator("file_fdw_validator")
                .comment("it's ours");
            pgm.create_foreign_data_wrapper("any").option("debug", true).option("say", "it's");
        }),
        case(FUNCTIONS, |pgm| {
            pgm.alter_foreign_data_wrapper("w")
                .handler("file_fdw_handler")
                .validator("file_fdw_validator");
        }),
        case(
            "CREATE EXTENSION file_fdw;
             CREATE FOREIGN DATA WRAPPER w HANDLER file_fdw_handler VALIDATOR file_fdw_validator",
            |pgm| _ = pgm.alter_foreign_data_wrapper("w").no_handler().no_validator(),
        ),
        case(ANY, |pgm| {
            pgm.alter_foreign_data_wrapper("w")
                .add_option("updatable", 0)
                .set_option("host", "it's")
                .drop_option("port");
        }),
        case(ANY, |pgm| _ = pgm.rename_foreign_data_wrapper("w", "v")),
        case("CREATE FOREIGN DATA WRAPPER w OPTIONS (host '1')", |pgm| {
            pgm.drop_foreign_data_wrapper("w");
        }),
        case(ANY, |pgm| {
            pgm.drop_foreign_data_wrapper("w").cascade();
            pgm.drop_foreign_data_wrapper("none").if_exists();
        }),
    ]
}

fn servers() -> Vec<Case> {
    vec![
        case("CREATE FOREIGN DATA WRAPPER w", |pgm| {
            pgm.create_server("srv \"x\"", "w")
                .server_type("it's")
                .version("18")
                .option("fetch_size", 0)
                .option("updatable", false)
                .comment("ours");
        }),
        case("CREATE FOREIGN DATA WRAPPER w", |pgm| {
            pgm.create_server("srv", "w").if_not_exists();
        }),
        case(ANY, |pgm| _ = pgm.create_server("srv", "w").if_not_exists()),
        case(ANY, |pgm| {
            pgm.alter_server("srv")
                .version("2")
                .add_option("updatable", 0)
                .set_option("host", "it's")
                .drop_option("port");
        }),
        case(FILES, |pgm| _ = pgm.alter_server("disk").version(None)),
        case(ANY, |pgm| _ = pgm.rename_server("srv", "server")),
        case("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w", |pgm| {
            pgm.drop_server("srv");
        }),
        case(FILES, |pgm| {
            pgm.drop_server("disk").cascade();
            pgm.drop_server("none").if_exists();
        }),
    ]
}

fn mappings() -> Vec<Case> {
    const SERVER: &str = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w;";
    vec![
        case(SERVER, |pgm| {
            pgm.create_user_mapping(Role::public(), "srv").option("user", "it's");
            pgm.create_user_mapping(Role::current_user(), "srv")
                .option("password", env("APP_PASSWORD"));
        }),
        case("CREATE ROLE app; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w", |pgm| {
            pgm.create_user_mapping("app", "srv").if_not_exists().option("user", "ada");
        }),
        case(ANY, |pgm| _ = pgm.create_user_mapping(Role::public(), "srv").if_not_exists()),
        case(ANY, |pgm| {
            pgm.alter_user_mapping(Role::current_user(), "srv")
                .add_option("updatable", 0)
                .set_option("host", "it's")
                .drop_option("port");
        }),
        case(ANY, |pgm| _ = pgm.drop_user_mapping(Role::public(), "srv")),
        case(ANY, |pgm| {
            pgm.drop_user_mapping(Role::current_user(), "srv").if_exists();
            pgm.drop_user_mapping(Role::session_user(), "srv").if_exists();
        }),
    ]
}

fn tables() -> Vec<Case> {
    vec![
        case(ANY, |pgm| {
            pgm.create_foreign_table("bills \"x\"", "srv", |t| {
                t.bigint("id").not_null().comment("of the bill");
                t.text("who").default("it's");
                t.check("id > 0").named("positive");
            })
            .option("table_name", "it's")
            .column_option("id", "column_name", "no")
            .comment("what they owe");
        }),
        case(ANY, |pgm| _ = pgm.create_foreign_table("f", "srv", |t| t.bigint("id")).if_not_exists()),
        case(ANY, |pgm| _ = pgm.create_foreign_table("t", "srv", |t| t.bigint("id")).if_not_exists()),
        case(
            "CREATE TABLE parent (id int); CREATE FOREIGN DATA WRAPPER w;
             CREATE SERVER srv FOREIGN DATA WRAPPER w",
            |pgm| {
                pgm.create_foreign_table("child", "srv", |t| t.text("more")).inherits("parent");
            },
        ),
        case(
            "CREATE TABLE hits (id int) PARTITION BY RANGE (id);
             CREATE TABLE kinds (id int) PARTITION BY LIST (id);
             CREATE TABLE shards (id int) PARTITION BY HASH (id);
             CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w",
            |pgm| {
                pgm.create_foreign_partition("old_hits", "hits", "srv")
                    .from_to([0], [10])
                    .option("table_name", "it's")
                    .comment("elsewhere");
                pgm.create_foreign_partition("other_hits", "hits", "srv").default_partition();
                pgm.create_foreign_partition("some_kinds", "kinds", "srv").values_in([1, 2]);
                pgm.create_foreign_partition("shard", "shards", "srv").modulus(2, 0);
            },
        ),
        case(
            "CREATE TABLE hits (id int) PARTITION BY RANGE (id);
             CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w",
            |pgm| {
                pgm.create_foreign_partition("old_hits", "hits", "srv")
                    .if_not_exists()
                    .from_to([0], [10]);
            },
        ),
        case(ANY, |pgm| {
            pgm.alter_foreign_table("t").add_option("updatable", 0).set_option("host", "it's").drop_option("port");
        }),
        case(
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w;
             CREATE FOREIGN TABLE t (id int OPTIONS (host '1', port '2')) SERVER srv",
            |pgm| {
                pgm.alter_foreign_table("t")
                    .add_column_option("id", "updatable", false)
                    .set_column_option("id", "host", "it's")
                    .drop_column_option("id", "port");
            },
        ),
        case(FILES, |pgm| _ = pgm.rename_foreign_table("words", "terms")),
        case(ANY, |pgm| _ = pgm.drop_foreign_table("t")),
        case(FILES, |pgm| {
            pgm.drop_foreign_table("words").cascade();
            pgm.drop_foreign_table("none").if_exists();
        }),
        case(LOOPBACK, |pgm| _ = pgm.import_foreign_schema("there", "loopback", "here")),
        case(LOOPBACK, |pgm| {
            pgm.import_foreign_schema("there", "loopback", "here")
                .limit_to(["a"])
                .option("import_default", true);
        }),
        case(LOOPBACK, |pgm| {
            pgm.import_foreign_schema("there", "loopback", "here").except("a");
        }),
    ]
}
