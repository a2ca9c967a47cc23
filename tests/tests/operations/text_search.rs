use crate::case::{Case, case};

const POLISH: &str = "CREATE TEXT SEARCH DICTIONARY stop (TEMPLATE = simple, STOPWORDS = english, ACCEPT = false);
     CREATE TEXT SEARCH CONFIGURATION polish (COPY = simple);
     ALTER TEXT SEARCH CONFIGURATION polish ALTER MAPPING FOR word WITH stop, simple;
     ALTER TEXT SEARCH CONFIGURATION polish DROP MAPPING FOR email;
     COMMENT ON TEXT SEARCH CONFIGURATION polish IS 'c'; COMMENT ON TEXT SEARCH DICTIONARY stop IS 'd'";

pub(crate) fn cases() -> Vec<Case> {
    [configurations(), dictionaries()].into_iter().flatten().collect()
}

fn configurations() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_text_search_configuration("empty").parser("default").comment("it's empty");
            pgm.create_text_search_configuration("English").copy(("pg_catalog", "english"));
        }),
        case(POLISH, |pgm| {
            pgm.alter_text_search_configuration("polish")
                .add_mapping("email", ["stop", "simple"])
                .alter_mapping(["file", "host"], ["stop"]);
        }),
        case(POLISH, |pgm| {
            pgm.alter_text_search_configuration("polish").replace_dictionary("simple", "english_stem");
        }),
        case(POLISH, |pgm| {
            pgm.alter_text_search_configuration("polish").replace_dictionary_for("word", "simple", "english_stem");
            pgm.alter_text_search_configuration("polish").drop_mapping(["file", "url"]);
            pgm.alter_text_search_configuration("polish").drop_mapping("email").if_exists();
        }),
        case(POLISH, |pgm| _ = pgm.rename_text_search_configuration("polish", "Polish")),
        case(POLISH, |pgm| {
            pgm.drop_text_search_configuration("polish").cascade();
            pgm.drop_text_search_configuration("gone").if_exists();
        }),
    ]
}

fn dictionaries() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_text_search_dictionary("short", "simple")
                .option("stopwords", "english")
                .option("accept", false)
                .comment("it's short");
        }),
        case(POLISH, |pgm| {
            pgm.alter_text_search_dictionary("stop").set_option("accept", true).reset_option("stopwords");
        }),
        case(POLISH, |pgm| _ = pgm.rename_text_search_dictionary("stop", "Stop")),
        case("CREATE TEXT SEARCH DICTIONARY stop (TEMPLATE = simple, STOPWORDS = english)", |pgm| {
            pgm.drop_text_search_dictionary("stop");
            pgm.drop_text_search_dictionary("gone").if_exists();
        }),
        case(POLISH, |pgm| _ = pgm.drop_text_search_dictionary("stop").cascade()),
    ]
}
