use crate::case::{Case, case};

const MOOD: &str = "CREATE TYPE mood AS ENUM ('a', 'b');
     CREATE FUNCTION to_mood(int) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'a'::mood$$;
     CREATE FUNCTION of_mood(mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT 1$$;
     CREATE CAST (mood AS int) WITH FUNCTION of_mood(mood) AS ASSIGNMENT;
     COMMENT ON CAST (mood AS int) IS 'c'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(MOOD, |pgm| {
            pgm.create_cast("int", "mood").with_function("to_mood").arguments(["int"]).comment("it's a");
            pgm.create_cast("text", "mood").with_inout().as_assignment();
            pgm.create_cast("int", "date").without_function().as_implicit();
        }),
        case(MOOD, |pgm| {
            pgm.drop_cast("mood", "int");
            pgm.drop_cast("mood", "date").if_exists();
        }),
        case("CREATE CAST (int AS date) WITHOUT FUNCTION; CREATE VIEW v AS SELECT 1::int::date AS a", |pgm| {
            pgm.drop_cast("int", "date").cascade();
        }),
    ]
}
