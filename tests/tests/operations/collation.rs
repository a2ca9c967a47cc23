use crate::case::{Case, case};

const GERMAN: &str = "CREATE COLLATION german (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
     COMMENT ON COLLATION german IS 'c'";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_collation("any_case")
                .provider("icu")
                .locale("und-u-ks-level2")
                .deterministic(false)
                .comment("it's loose");
            pgm.create_collation("exact").provider("icu").locale("und").deterministic(true).version("1");
            pgm.create_collation("mixed").provider("libc").lc_collate("C").lc_ctype("C.utf8");
            pgm.create_collation("plain").from("C");
        }),
        case("", |pgm| _ = pgm.create_collation("tailored").provider("icu").locale("und").rules("&V << w"))
            .since(16),
        case("", |pgm| _ = pgm.create_collation("built_in").provider("builtin").locale("C")).since(17),
        case(GERMAN, |pgm| {
            pgm.create_collation("german").locale("C").if_not_exists();
            pgm.create_collation("new").locale("C").if_not_exists();
        }),
        case(GERMAN, |pgm| _ = pgm.rename_collation("german", "German")),
        case(GERMAN, |pgm| {
            pgm.drop_collation("german");
            pgm.drop_collation("gone").if_exists();
        }),
        case(
            "CREATE COLLATION german (PROVIDER = icu, LOCALE = 'de'); CREATE TABLE posts (title text);
             CREATE INDEX i ON posts (title COLLATE german)",
            |pgm| _ = pgm.drop_collation("german").cascade(),
        ),
        case(GERMAN, |pgm| _ = pgm.refresh_collation_version("german")).no_inverse(),
    ]
}
