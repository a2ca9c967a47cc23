use migrate_dsl::prelude::*;

use crate::case::{Case, case};

/// A role, and something of each kind on which it can have privileges.
const KINDS: &str = "CREATE ROLE a; CREATE ROLE b;
    CREATE TABLE posts (id serial, title text);
    CREATE TABLE users (id serial);
    CREATE SCHEMA app;
    CREATE TABLE app.posts (id serial);
    CREATE VIEW app.titles AS SELECT 1 AS a;
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE app.p() LANGUAGE sql AS '';
    CREATE PROCEDURE p() LANGUAGE sql AS '';
    CREATE TYPE mood AS ENUM ('ok');
    CREATE DOMAIN percent AS int;
    CREATE FOREIGN DATA WRAPPER w;
    CREATE SERVER srv FOREIGN DATA WRAPPER w;";

pub(crate) fn cases() -> Vec<Case> {
    [grants(), revokes(), defaults()].into_iter().flatten().collect()
}

fn grants() -> Vec<Case> {
    vec![
        case(KINDS, |pgm| {
            pgm.grant(["SELECT", "insert"]).on_table("posts").on_table("users").to("a").to("b");
        }),
        case(KINDS, |pgm| _ = pgm.grant("ALL").on_table(("app", "posts")).to(Role::public())),
        case(KINDS, |pgm| {
            pgm.grant(["SELECT", "UPDATE"]).on_columns("posts", ["id", "title"]).to("a");
        }),
        case(KINDS, |pgm| _ = pgm.grant("SELECT").on_all_tables("app").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("USAGE").on_sequence("posts_id_seq").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("ALL").on_all_sequences("app").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_function("f").arguments(["int"]).to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_procedure("p").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_routine("p").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_all_functions("app").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_all_procedures("app").to("a")),
        case(KINDS, |pgm| _ = pgm.grant("EXECUTE").on_all_routines("app").to("a")),
        case(KINDS, |pgm| {
            pgm.grant(["CREATE", "USAGE"]).on_schema("app").to("a").with_grant_option();
        }),
        case(KINDS, |pgm| {
            pgm.grant("USAGE").on_type("mood").to("a");
            pgm.grant("USAGE").on_domain("percent").to("a");
        }),
        case(KINDS, |pgm| {
            pgm.grant("USAGE").on_language("plpgsql").to("a");
            pgm.grant("USAGE").on_foreign_data_wrapper("w").to("a");
            pgm.grant("USAGE").on_foreign_server("srv").to("a");
        }),
        case("CREATE ROLE a", |pgm| _ = pgm.grant("CONNECT").on_database("postgres").to("a")),
        case("CREATE ROLE a", |pgm| _ = pgm.grant("CREATE").on_tablespace("pg_default").to("a")),
        case("CREATE ROLE a", |pgm| {
            pgm.grant(["SET", "ALTER SYSTEM"]).on_parameter("log_min_messages").to("a");
        })
        .since(15),
        case(KINDS, |pgm| {
            pgm.grant("SELECT").on_table("posts").to("a").granted_by(Role::current_user());
        })
        .since(14),
        case(KINDS, |pgm| _ = pgm.grant("MAINTAIN").on_table("posts").to("a")).since(17),
        // What was granted before stays.
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int); GRANT SELECT ON posts TO a",
            |pgm| _ = pgm.grant(["SELECT", "INSERT"]).on_table("posts").to("a"),
        ),
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int); GRANT SELECT ON posts TO a",
            |pgm| _ = pgm.grant("SELECT").on_table("posts").to("a"),
        ),
    ]
}

fn revokes() -> Vec<Case> {
    vec![
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int); GRANT SELECT, INSERT ON posts TO a",
            |pgm| _ = pgm.revoke("INSERT").on_table("posts").from("a"),
        ),
        // Of which it had one.
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int); GRANT SELECT ON posts TO a",
            |pgm| _ = pgm.revoke("ALL").on_table("posts").from("a"),
        ),
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int, title text);
             GRANT SELECT (id, title), UPDATE (title) ON posts TO a",
            |pgm| _ = pgm.revoke("SELECT").on_columns("posts", "title").from("a"),
        ),
        case("CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO PUBLIC", |pgm| {
            pgm.revoke("USAGE").on_schema("app").from(Role::public());
        }),
        case("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'", |pgm| {
            pgm.revoke("EXECUTE").on_function("f").arguments(["int"]).from(Role::public());
        }),
        case(
            "CREATE ROLE a; CREATE ROLE b; CREATE TABLE posts (id int);
             GRANT SELECT ON posts TO a WITH GRANT OPTION;
             SET ROLE a; GRANT SELECT ON posts TO b; RESET ROLE",
            |pgm| _ = pgm.revoke("SELECT").on_table("posts").from("a").cascade(),
        ),
        case(
            "CREATE ROLE a; CREATE TABLE posts (id int);
             GRANT SELECT ON posts TO a WITH GRANT OPTION",
            |pgm| {
                pgm.revoke("SELECT").on_table("posts").from("a").grant_option_for();
            },
        ),
        case("CREATE ROLE a; CREATE TABLE posts (id int); GRANT ALL ON posts TO a", |pgm| {
            pgm.revoke("ALL").on_table("posts").from("a").granted_by(Role::current_user());
        })
        .since(14),
        case(
            "CREATE ROLE a; CREATE SCHEMA app; CREATE TABLE app.posts (id serial);
             CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             CREATE PROCEDURE app.p() LANGUAGE sql AS '';
             GRANT ALL ON ALL TABLES IN SCHEMA app TO a;
             GRANT ALL ON ALL SEQUENCES IN SCHEMA app TO a;
             GRANT ALL ON ALL ROUTINES IN SCHEMA app TO a",
            |pgm| {
                pgm.revoke("ALL").on_all_tables("app").from("a");
                pgm.revoke("ALL").on_all_sequences("app").from("a");
                pgm.revoke("ALL").on_all_functions("app").from("a");
                pgm.revoke("ALL").on_all_procedures("app").from("a");
                pgm.revoke("ALL").on_all_routines("app").from(Role::public());
            },
        ),
        case(
            "CREATE ROLE a; CREATE SEQUENCE s; CREATE PROCEDURE p() LANGUAGE sql AS '';
             CREATE TYPE mood AS ENUM (); CREATE DOMAIN percent AS int;
             CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w;
             GRANT ALL ON SEQUENCE s TO a; GRANT ALL ON TYPE mood TO a; GRANT ALL ON DOMAIN percent TO a;
             GRANT ALL ON FOREIGN DATA WRAPPER w TO a; GRANT ALL ON FOREIGN SERVER srv TO a;",
            |pgm| {
                pgm.revoke("UPDATE").on_sequence("s").from("a");
                pgm.revoke("EXECUTE").on_procedure("p").from(Role::public());
                pgm.revoke("USAGE").on_type("mood").from("a");
                pgm.revoke("USAGE").on_domain("percent").from(Role::public());
                pgm.revoke("USAGE").on_foreign_data_wrapper("w").from("a");
                pgm.revoke("USAGE").on_foreign_server("srv").from("a");
                pgm.revoke("USAGE").on_language("plpgsql").from(Role::public());
            },
        ),
        case("CREATE PROCEDURE p() LANGUAGE sql AS ''", |pgm| {
            pgm.revoke("EXECUTE").on_routine("p").from(Role::public());
        }),
        case("CREATE ROLE a; GRANT CREATE ON DATABASE postgres TO a", |pgm| {
            pgm.revoke("CREATE").on_database("postgres").from("a");
        }),
        case("CREATE ROLE a; GRANT CREATE ON TABLESPACE pg_default TO a", |pgm| {
            pgm.revoke("CREATE").on_tablespace("pg_default").from("a");
        }),
        case("CREATE ROLE a", |pgm| {
            pgm.grant("SET").on_parameter("log_min_messages").to("a");
            pgm.revoke("SET").on_parameter("log_min_messages").from("a");
        })
        .since(15),
    ]
}

fn defaults() -> Vec<Case> {
    vec![
        case("CREATE ROLE a", |pgm| {
            pgm.alter_default_privileges().grant(["SELECT", "INSERT"]).on_tables().to("a");
            pgm.alter_default_privileges().grant("USAGE").on_sequences().to("a");
            pgm.alter_default_privileges().grant("USAGE").on_types().to("a").with_grant_option();
            pgm.alter_default_privileges().grant("USAGE").on_schemas().to("a");
        }),
        case("CREATE ROLE a", |pgm| {
            pgm.alter_default_privileges().grant("ALL").on_large_objects().to("a");
        })
        .since(18),
        case("", |pgm| {
            pgm.alter_default_privileges().revoke("EXECUTE").on_functions().from(Role::public());
        }),
        case("CREATE ROLE a; CREATE ROLE ada; CREATE ROLE grace; CREATE SCHEMA app", |pgm| {
            pgm.alter_default_privileges()
                .for_role(["ada", "grace"])
                .in_schema(["app", "public"])
                .grant("ALL")
                .on_tables()
                .to("a");
        }),
        case(
            "CREATE ROLE a; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a WITH GRANT OPTION",
            |pgm| {
                pgm.alter_default_privileges()
                    .revoke("SELECT")
                    .on_tables()
                    .from("a")
                    .grant_option_for()
                    .cascade();
            },
        ),
        // What was granted before stays.
        case("CREATE ROLE a; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a", |pgm| {
            pgm.alter_default_privileges().grant(["SELECT", "INSERT"]).on_tables().to("a");
        }),
    ]
}
