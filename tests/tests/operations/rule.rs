use crate::case::{Case, case};

const LOGGED: &str = "CREATE TABLE posts (id int, title text); CREATE TABLE log (line text);
     CREATE VIEW v AS SELECT id FROM posts;
     CREATE RULE keep AS ON DELETE TO posts DO INSTEAD NOTHING;
     CREATE RULE off AS ON DELETE TO posts DO ALSO NOTIFY log; ALTER TABLE posts DISABLE RULE off;
     COMMENT ON RULE keep ON posts IS 'c'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(LOGGED, |pgm| {
            pgm.create_rule("posts", "Log it")
                .update()
                .only_where("OLD.title <> NEW.title")
                .also()
                .commands("INSERT INTO log VALUES (';'); INSERT INTO log VALUES ('')")
                .comment("it's logged");
            pgm.create_rule("v", "write")
                .insert()
                .instead()
                .commands("INSERT INTO posts (id) VALUES (NEW.id)");
            pgm.create_rule("v", "keep").delete().instead().nothing();
        }),
        case(LOGGED, |pgm| {
            pgm.create_rule("posts", "keep").or_replace().delete().commands("NOTIFY posts");
            pgm.create_rule("posts", "new").or_replace().insert().commands("NOTIFY posts");
        }),
        case(LOGGED, |pgm| _ = pgm.rename_rule("posts", "keep", "keep it")),
        case(LOGGED, |pgm| {
            pgm.drop_rule("posts", "keep").cascade();
            pgm.drop_rule("posts", "off");
            pgm.drop_rule("posts", "gone").if_exists();
        }),
        case(LOGGED, |pgm| {
            pgm.disable_rule("posts", "keep");
            pgm.enable_rule("posts", "off");
        }),
        case(LOGGED, |pgm| {
            pgm.enable_rule("posts", "keep").replica();
            pgm.enable_rule("posts", "off").always();
        }),
    ]
}
