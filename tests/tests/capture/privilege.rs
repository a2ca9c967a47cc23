//! Privileges, and those of objects to come.

use migrate_tests::server;

use crate::step;

#[test]
fn what_was_granted_from_hand_to_hand_is_restored() {
    let chain = "
        CREATE ROLE z_{role}; CREATE ROLE a_{role}; CREATE ROLE c_{role};
        CREATE TABLE posts (id int, title text);
        GRANT SELECT, INSERT ON posts TO z_{role} WITH GRANT OPTION;
        SET ROLE z_{role}; GRANT SELECT ON posts TO a_{role} WITH GRANT OPTION;
        SET ROLE a_{role}; GRANT SELECT ON posts TO c_{role};
        RESET ROLE";
    for sql in ["DROP TABLE posts", "REVOKE SELECT ON posts FROM z_{role} CASCADE"] {
        step(chain, sql, &["table posts"]).is_restored();
    }
    let (roles, grants) = chain.split_once("GRANT").unwrap();
    step(roles, &format!("GRANT{grants}"), &["table posts"]).is_restored();
}

#[test]
fn what_was_granted_on_members_of_an_extension_is_restored() {
    let citext = "
        CREATE ROLE {role};
        ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO {role};
        CREATE EXTENSION citext;
        CREATE EXTENSION pg_stat_statements;
        REVOKE EXECUTE ON FUNCTION citext_larger FROM PUBLIC;
        REVOKE EXECUTE ON FUNCTION max(citext), split_part(citext, citext, int) FROM {role};
        REVOKE USAGE ON TYPE citext FROM PUBLIC;
        GRANT USAGE ON TYPE citext TO {role} WITH GRANT OPTION;
        GRANT SELECT (calls, query), UPDATE (query) ON pg_stat_statements TO {role};
        REVOKE SELECT ON pg_stat_statements FROM PUBLIC";
    for (sql, object) in [
        ("DROP EXTENSION citext", "extension citext"),
        ("DROP EXTENSION pg_stat_statements", "extension pg_stat_statements"),
        ("GRANT ALL ON FUNCTION citext_larger TO {role}", "function citext_larger"),
    ] {
        step(citext, sql, &[object]).is_restored();
    }
}

#[test]
fn what_was_granted_on_an_aggregate_is_restored() {
    let aggregates = "
        CREATE ROLE {role};
        CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int);
        CREATE AGGREGATE seen(*) (sfunc = int8inc, stype = int8, initcond = '0');
        GRANT EXECUTE ON FUNCTION total(int) TO {role}";
    for (sql, object) in [
        ("DROP AGGREGATE total(int)", "aggregate total(int)"),
        ("GRANT EXECUTE ON FUNCTION seen() TO {role}", "aggregate seen()"),
        ("REVOKE EXECUTE ON FUNCTION seen() FROM PUBLIC", "aggregate seen()"),
        ("REVOKE EXECUTE ON FUNCTION total(int) FROM PUBLIC, {role}", "aggregate total(int)"),
    ] {
        step(aggregates, sql, &[object]).is_restored();
    }
}

#[test]
fn the_default_privileges_on_large_objects_are_restored() {
    if server().major() < 18 {
        return;
    }
    let before = "
        CREATE ROLE {role};
        ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON LARGE OBJECTS TO PUBLIC";
    for sql in [
        "ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT UPDATE ON LARGE OBJECTS TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE ALL ON LARGE OBJECTS FROM PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {role} REVOKE ALL ON LARGE OBJECTS FROM {role}",
    ] {
        step(before, sql, &["default privileges {role}"]).is_restored();
    }
}

#[test]
fn the_default_privileges_in_a_schema_are_restored() {
    let shop = "
        CREATE ROLE {role};
        CREATE SCHEMA shop;
        CREATE TABLE shop.posts (id int);
        ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA shop GRANT USAGE ON SEQUENCES TO PUBLIC";
    step(shop, "DROP SCHEMA shop CASCADE", &["schema shop"]).is_restored();
    step(shop, "ALTER SCHEMA shop RENAME TO store", &["schema shop", "schema store"]).is_restored();
}

#[test]
fn what_was_granted_to_the_former_owner_is_not_taken_from_it_as_the_owner() {
    let before =
        "CREATE ROLE {role}; CREATE TABLE t (id int, n int); ALTER TABLE t OWNER TO {role}";
    for grant in ["SELECT", "ALL", "SELECT (n)", "ALL (n)"] {
        let sql = format!("ALTER TABLE t OWNER TO CURRENT_USER; GRANT {grant} ON t TO {{role}}");
        step(before, &sql, &["table t"]).is_restored();
        let more = format!("{sql} WITH GRANT OPTION; REVOKE ALL ON t FROM CURRENT_USER");
        step(before, &more, &["table t"]).is_restored();
    }
}
