use migrate_dsl::prelude::*;

use crate::case::{Case, case};

const ROLES: &str = "CREATE ROLE editors VALID UNTIL '2027-01-01'; CREATE ROLE ada LOGIN; CREATE ROLE grace;";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_role("web \"app\"")),
        case(ROLES, |pgm| {
            pgm.create_role("app")
                .superuser()
                .createdb()
                .createrole()
                .inherit()
                .login()
                .replication()
                .bypassrls()
                .connection_limit(0)
                .valid_until("2027-01-01")
                .in_role("editors")
                .role("ada")
                .admin(["grace"])
                .comment("it's the application's");
        }),
        case("", |pgm| {
            pgm.create_role("app")
                .no_superuser()
                .no_createdb()
                .no_createrole()
                .no_inherit()
                .no_login()
                .no_replication()
                .no_bypassrls()
                .connection_limit(-1)
                .password_null();
        }),
        case("", |pgm| _ = pgm.create_role("app").login().password(env("APP_PASSWORD"))),
        case(ROLES, |pgm| {
            pgm.alter_role("ada").no_login().createdb().connection_limit(0);
            pgm.alter_role("grace").superuser().createrole().no_inherit().login().replication();
            pgm.alter_role("editors").bypassrls().valid_until("infinity");
        }),
        case(
            "CREATE ROLE ada SUPERUSER CREATEDB CREATEROLE LOGIN REPLICATION BYPASSRLS NOINHERIT
             CONNECTION LIMIT 5 VALID UNTIL '2027-01-01'",
            |pgm| {
                pgm.alter_role("ada").no_superuser().no_createdb().no_createrole().inherit();
                pgm.alter_role("ada").no_replication().no_bypassrls().connection_limit(-1);
            },
        ),
        case(ROLES, |pgm| {
            pgm.alter_role("ada").set("search_path", ["app", "public"]).set("work_mem", ["8MB"]);
            pgm.alter_role("grace").set_from_current("TimeZone");
        }),
        case("CREATE ROLE ada; ALTER ROLE ada SET work_mem = '8MB'", |pgm| {
            pgm.alter_role("ada").reset("work_mem");
        }),
        case("CREATE ROLE ada; ALTER ROLE ada SET work_mem = '8MB'", |pgm| {
            pgm.alter_role("ada").reset_all();
        }),
        case("CREATE ROLE ada", |pgm| {
            pgm.alter_role("ada").set("work_mem", ["8MB"]).in_database("postgres");
        }),
        case("CREATE ROLE ada", |pgm| _ = pgm.alter_role("ada").password(env("APP_PASSWORD")))
            .no_inverse(),
        case("CREATE ROLE ada", |pgm| _ = pgm.alter_role("ada").password_null()).no_inverse(),
        case(ROLES, |pgm| _ = pgm.rename_role("editors", "web \"app\"")),
        case("CREATE ROLE ada LOGIN CREATEDB CONNECTION LIMIT 3 VALID UNTIL '2027-01-01'", |pgm| {
            pgm.drop_role("ada");
        }),
        case(
            "CREATE ROLE editors; CREATE ROLE ada IN ROLE editors; CREATE ROLE grace IN ROLE ada;
             ALTER ROLE ada SET work_mem = '8MB'; COMMENT ON ROLE ada IS 'ours'",
            |pgm| _ = pgm.drop_role("ada"),
        ),
        case("CREATE ROLE ada", |pgm| {
            pgm.drop_role("ada").if_exists();
            pgm.drop_role("nobody").if_exists();
        }),
        case(ROLES, |pgm| _ = pgm.grant_role("editors", ["ada", "grace"])),
        case(ROLES, |pgm| _ = pgm.grant_role("editors", "ada").with_admin_option()),
        case("CREATE ROLE editors; CREATE ROLE ada IN ROLE editors", |pgm| {
            pgm.grant_role("editors", "ada");
        }),
        case(ROLES, |pgm| {
            pgm.grant_role("editors", "ada").granted_by(Role::current_user());
        }),
        case(ROLES, |pgm| _ = pgm.grant_role("editors", "ada").inherit(false)).since(16),
        case(ROLES, |pgm| _ = pgm.grant_role("editors", "ada").inherit(true).set(true)).since(16),
        case(ROLES, |pgm| _ = pgm.grant_role("editors", "ada").set(false)).since(16),
        case("CREATE ROLE editors; CREATE ROLE ada IN ROLE editors", |pgm| {
            pgm.revoke_role("editors", "ada");
        }),
        case("CREATE ROLE editors; CREATE ROLE ada; GRANT editors TO ada WITH ADMIN OPTION", |pgm| {
            pgm.revoke_role("editors", "ada").admin_option_for();
        }),
        case("CREATE ROLE editors; CREATE ROLE ada IN ROLE editors", |pgm| {
            pgm.revoke_role("editors", "ada").inherit_option_for();
        })
        .since(16),
        case("CREATE ROLE editors; CREATE ROLE ada IN ROLE editors", |pgm| {
            pgm.revoke_role("editors", "ada").set_option_for();
        })
        .since(16),
        case("CREATE ROLE editors; CREATE ROLE ada IN ROLE editors", |pgm| {
            pgm.revoke_role("editors", "ada").granted_by(Role::current_user()).cascade();
        }),
    ]
}
