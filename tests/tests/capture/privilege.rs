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
