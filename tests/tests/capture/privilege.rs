//! Privileges, and those of objects to come.

use crate::step;

#[test]
fn what_was_granted_from_hand_to_hand_comes_back() {
    let chain = "
        CREATE ROLE z_{role}; CREATE ROLE a_{role}; CREATE ROLE c_{role};
        CREATE TABLE posts (id int, title text);
        GRANT SELECT, INSERT ON posts TO z_{role} WITH GRANT OPTION;
        SET ROLE z_{role}; GRANT SELECT ON posts TO a_{role} WITH GRANT OPTION;
        SET ROLE a_{role}; GRANT SELECT ON posts TO c_{role};
        RESET ROLE";
    for sql in ["DROP TABLE posts", "REVOKE SELECT ON posts FROM z_{role} CASCADE"] {
        step(chain, sql, &["table posts"]).comes_back();
    }
    let (roles, grants) = chain.split_once("GRANT").unwrap();
    step(roles, &format!("GRANT{grants}"), &["table posts"]).comes_back();
}

#[test]
fn the_default_privileges_in_a_schema_come_back() {
    let shop = "
        CREATE ROLE {role};
        CREATE SCHEMA shop;
        CREATE TABLE shop.posts (id int);
        ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA shop GRANT USAGE ON SEQUENCES TO PUBLIC";
    step(shop, "DROP SCHEMA shop CASCADE", &["schema shop"]).comes_back();
    step(shop, "ALTER SCHEMA shop RENAME TO store", &["schema shop", "schema store"]).comes_back();
}
