use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("CREATE SCHEMA ext", |pgm| _ = pgm.create_extension("pg_trgm").schema("ext")),
        case("", |pgm| _ = pgm.create_extension("hstore").version("1.4")),
        case("CREATE EXTENSION cube", |pgm| {
            pgm.create_extension("cube").if_not_exists();
            pgm.create_extension("hstore").if_not_exists();
            pgm.create_extension("earthdistance").cascade();
        }),
        case("CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext VERSION '1.4'", |pgm| {
            pgm.drop_extension("hstore");
        }),
        case("CREATE EXTENSION hstore; CREATE TABLE t (id int, h hstore NOT NULL)", |pgm| {
            pgm.drop_extension("hstore").cascade();
            pgm.drop_extension("cube").if_exists();
        }),
        case("CREATE EXTENSION hstore VERSION '1.4'", |pgm| {
            pgm.update_extension("hstore").to("1.5");
        })
        .no_inverse(),
        case("CREATE EXTENSION hstore VERSION '1.4'", |pgm| _ = pgm.update_extension("hstore"))
            .no_inverse(),
    ]
}
