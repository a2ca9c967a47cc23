use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_function("twice", |f| {
                f.argument("n", "int");
                f.returns("int").immutable().strict().sql("SELECT n * 2");
            });
            pgm.create_procedure("nothing", |f| {
                f.plpgsql("BEGIN END");
            });
        }),
        case(
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS ''",
            |pgm| {
                pgm.rename_function("f", "g").arguments(["int"]);
                pgm.rename_procedure("p", "q").no_arguments();
            },
        ),
    ]
}
