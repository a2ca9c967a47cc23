use crate::case::{Case, case};

/// A sequence with everything said, and a table with a column that it can belong to.
const SEQUENCE: &str = "CREATE TABLE t (n bigint);
     CREATE SEQUENCE s AS int START 7 INCREMENT 2 MINVALUE 3 MAXVALUE 99 CACHE 4 CYCLE OWNED BY t.n;
     CREATE SEQUENCE free;";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("CREATE TABLE t (n bigint)", |pgm| {
            pgm.create_sequence("s")
                .data_type("smallint")
                .start(0)
                .increment(5)
                .min_value(0)
                .max_value(100)
                .cache(3)
                .cycle()
                .owned_by("t", "n")
                .comment("it's counted");
            pgm.create_sequence("plain").no_min_value().no_max_value().no_cycle();
            pgm.create_sequence("gone").temporary();
        }),
        case("", |pgm| _ = pgm.create_sequence("s").unlogged()).since(15),
        case("CREATE SEQUENCE s", |pgm| {
            pgm.create_sequence("s").if_not_exists();
            pgm.create_sequence("new").if_not_exists();
        }),
        case(SEQUENCE, |pgm| _ = pgm.drop_sequence("s")),
        case("", |pgm| _ = pgm.drop_sequence("s").if_exists()),
        case("CREATE SEQUENCE s; CREATE TABLE t (n int DEFAULT nextval('s'))", |pgm| {
            pgm.drop_sequence("s").cascade();
        }),
        case("CREATE SEQUENCE s", |pgm| _ = pgm.rename_sequence("s", "t")),
        case(SEQUENCE, |pgm| {
            pgm.alter_sequence("s")
                .data_type("bigint")
                .start(0)
                .increment(-5)
                .min_value(-10)
                .max_value(50)
                .cache(1)
                .no_cycle()
                .owned_by_none();
            pgm.alter_sequence("free").cycle().owned_by("t", "n");
            pgm.alter_sequence("none").if_exists().increment(1);
        }),
        case(SEQUENCE, |pgm| _ = pgm.alter_sequence("s").no_min_value().no_max_value()),
        case("CREATE SEQUENCE s", |pgm| _ = pgm.alter_sequence("s").set_unlogged()).since(15),
        case("CREATE TABLE t (id bigint)", |pgm| {
            pgm.create_sequence("s").unlogged();
            pgm.alter_sequence("s").set_logged();
        })
        .since(15),
        case("CREATE SEQUENCE s", |pgm| _ = pgm.restart_sequence("s").with(7)).no_inverse(),
    ]
}
