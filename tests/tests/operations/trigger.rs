use migrate_dsl::Triggers;

use crate::case::{Case, case};

const POSTS: &str = "CREATE TABLE posts (id int, title text); CREATE TABLE users (id int);
     CREATE VIEW popular AS SELECT id FROM posts;
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER a BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION f();
     COMMENT ON TRIGGER a ON posts IS 'c'";

const DISABLED: &str = "CREATE TABLE posts (id int, title text);
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER a BEFORE INSERT ON posts EXECUTE FUNCTION f();
     CREATE TRIGGER b BEFORE INSERT ON posts EXECUTE FUNCTION f();
     ALTER TABLE posts DISABLE TRIGGER a, ENABLE REPLICA TRIGGER b";

pub(crate) fn cases() -> Vec<Case> {
    [creates(), changes()].into_iter().flatten().collect()
}

fn creates() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_trigger("posts", "watch").before().insert().delete().each_row().execute("f");
            pgm.create_trigger("posts", "tell").after().truncate().execute("f").arguments(["it's", "0"]);
            pgm.create_trigger("posts", "see")
                .after()
                .update()
                .old_rows("was")
                .new_rows("is")
                .execute("f");
            pgm.create_trigger("popular", "write").instead_of().insert().each_row().execute("f");
        }),
        case(POSTS, |pgm| {
            pgm.create_trigger("posts", "stamp")
                .before()
                .update_of(["id", "title"])
                .each_row()
                .when("NEW.id > 0")
                .body("BEGIN NEW.id := 0; RETURN NEW; END");
        }),
        case(POSTS, |pgm| {
            pgm.create_trigger("posts", "c").constraint().after().insert().each_row().execute("f");
            pgm.create_trigger("posts", "d").deferrable().after().insert().each_row().execute("f");
            pgm.create_trigger("posts", "e")
                .initially_deferred()
                .from("users")
                .after()
                .insert()
                .each_row()
                .execute("f");
        }),
        case(POSTS, |pgm| {
            pgm.create_trigger("posts", "a").or_replace().after().delete().execute("f");
            pgm.create_trigger("posts", "b")
                .or_replace()
                .after()
                .insert()
                .body("BEGIN RETURN NULL; END");
        })
        .since(14),
    ]
}

fn changes() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| _ = pgm.rename_trigger("posts", "a", "b")),
        case(POSTS, |pgm| {
            pgm.drop_trigger("posts", "a").cascade();
            pgm.drop_trigger("posts", "gone").if_exists();
        }),
        case(POSTS, |pgm| _ = pgm.disable_trigger("posts", "a")),
        case(POSTS, |pgm| _ = pgm.disable_trigger("posts", Triggers::All)),
        case(DISABLED, |pgm| _ = pgm.disable_trigger("posts", Triggers::User)),
        case(DISABLED, |pgm| _ = pgm.enable_trigger("posts", "a")),
        case(DISABLED, |pgm| {
            pgm.enable_trigger("posts", "a").replica();
            pgm.enable_trigger("posts", "b").always();
        }),
        case(DISABLED, |pgm| _ = pgm.enable_trigger("posts", Triggers::User)),
        case(DISABLED, |pgm| _ = pgm.enable_trigger("posts", Triggers::All)),
    ]
}
