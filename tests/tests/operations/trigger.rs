use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "CREATE TABLE posts (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            |pgm| {
                pgm.create_trigger("posts", "watch").before().insert().each_row().execute("f");
            },
        ),
        case(
            "CREATE TABLE posts (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER a BEFORE INSERT ON posts EXECUTE FUNCTION f()",
            |pgm| _ = pgm.rename_trigger("posts", "a", "b"),
        ),
    ]
}
