use crate::case::{Case, case};

const WATCH: &str = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
     CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION f();
     COMMENT ON EVENT TRIGGER watch IS 'c'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(WATCH, |pgm| {
            pgm.create_event_trigger("no_drops", "sql_drop").tags(["DROP TABLE", "DROP VIEW"]).execute("f");
            pgm.create_event_trigger("See", "ddl_command_start").body("BEGIN END").comment("it's loud");
        }),
        case(WATCH, |pgm| _ = pgm.create_event_trigger("hello", "login").execute("f")).since(17),
        case(WATCH, |pgm| _ = pgm.rename_event_trigger("watch", "Watch it")),
        case(WATCH, |pgm| {
            pgm.drop_event_trigger("watch").cascade();
            pgm.drop_event_trigger("gone").if_exists();
        }),
        case(WATCH, |pgm| _ = pgm.disable_event_trigger("watch")),
        case(WATCH, |pgm| _ = pgm.enable_event_trigger("watch").replica()),
        case(WATCH, |pgm| _ = pgm.enable_event_trigger("watch").always()),
        case(
            "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
             CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION f();
             ALTER EVENT TRIGGER watch DISABLE",
            |pgm| _ = pgm.enable_event_trigger("watch"),
        ),
    ]
}
