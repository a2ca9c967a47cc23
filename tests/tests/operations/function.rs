use migrate_dsl::FinalModify;
use migrate_dsl::prelude::*;

use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    [creates(), replaces(), alters(), drops(), aggregates()].into_iter().flatten().collect()
}

fn creates() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_function("twice", |f| {
                f.argument("n", "int");
                f.returns("int").immutable().strict().parallel_safe().cost(0.5).sql("SELECT n * 2");
            })
            .comment("it's doubled");
            pgm.create_procedure("nothing", |f| {
                f.plpgsql("BEGIN END");
            })
            .comment("it's nothing");
        }),
        case("", |pgm| {
            pgm.create_function("many", |f| {
                f.argument("words", DataType::text().array()).variadic();
                f.returns_setof("text").stable().rows(10).leakproof().parallel_restricted();
                f.plpgsql("BEGIN RETURN QUERY SELECT 'a'::text; END");
            });
            pgm.create_function("both", |f| {
                f.argument("a", "int").inout();
                f.argument("b", "int").out();
                f.unnamed_argument("int").default(0);
                f.volatile().called_on_null_input().not_leakproof().parallel_unsafe().sql("SELECT 1, 2");
            });
            pgm.create_function("listed", |f| {
                f.returns_table(|t| {
                    t.bigint("id");
                    t.text("title");
                });
                f.sql("SELECT 1::bigint, 'a'");
            });
        }),
        case("", |pgm| {
            pgm.create_function("guarded", |f| {
                f.returns("int").security_definer().set("search_path", ["pg_catalog", "pg_temp"]);
                f.set_from_current("work_mem").sql("SELECT 1");
            });
            pgm.create_function("invoked", |f| _ = f.returns("int").security_invoker().sql("SELECT 1"));
            pgm.create_function("series", |f| {
                f.argument("a", "int");
                f.argument("b", "int");
                f.returns_setof("int").support("generate_series_int4_support");
                f.body("internal", "generate_series_int4").immutable().strict();
            });
            pgm.create_function("nth", |f| {
                f.returns("bigint").window().body("internal", "window_row_number");
            });
            pgm.create_function("handler", |f| {
                f.returns("language_handler").c("$libdir/plpgsql", "plpgsql_call_handler");
            });
        }),
        case(
            "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal),
                                                    TO SQL WITH FUNCTION int4recv(internal))",
            |pgm| {
                pgm.create_function("moved", |f| {
                    f.argument("a", "int");
                    f.returns("int").transform("int").sql("SELECT a");
                });
            },
        ),
        case("", |pgm| {
            pgm.create_function("plus", |f| {
                f.argument("a", "int");
                f.returns("int").return_expr("a + 1");
            });
            pgm.create_procedure("talk", |f| {
                f.argument("a", "int").out();
                f.argument("b", "int").inout();
                f.atomic("SELECT 1, ';b'; SELECT 2, 3");
            });
        })
        .since(14),
    ]
}

const TOUCH: &str = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql STRICT SET work_mem = '1MB' AS 'SELECT 1';
     COMMENT ON FUNCTION f IS 'c';
     CREATE PROCEDURE p(a int) LANGUAGE sql SET work_mem = '1MB' AS 'SELECT 1'";

fn replaces() -> Vec<Case> {
    vec![
        case(TOUCH, |pgm| {
            pgm.create_function("f", |f| {
                f.argument("a", "int");
                f.returns("int").sql("SELECT 2");
            })
            .or_replace();
            pgm.create_procedure("p", |f| {
                f.argument("a", "int");
                f.sql("SELECT 2");
            })
            .or_replace();
        }),
        case(TOUCH, |pgm| {
            pgm.create_function("f", |f| _ = f.returns("int").sql("SELECT 2")).or_replace();
            pgm.create_procedure("p", |f| _ = f.sql("SELECT 2").security_definer()).or_replace();
        }),
    ]
}

fn alters() -> Vec<Case> {
    vec![
        case(TOUCH, |pgm| {
            pgm.alter_function("f")
                .immutable()
                .called_on_null_input()
                .leakproof()
                .parallel_safe()
                .cost(3)
                .security_definer()
                .set("search_path", ["pg_catalog"])
                .set_from_current("TimeZone");
            pgm.alter_function("f").arguments(["int"]).reset("work_mem");
            pgm.alter_procedure("p").security_definer().set("work_mem", ["2MB"]);
        }),
        case(
            "CREATE FUNCTION g() RETURNS SETOF int LANGUAGE sql IMMUTABLE SECURITY DEFINER LEAKPROOF
                 PARALLEL SAFE SET work_mem = '1MB' AS 'SELECT 1'",
            |pgm| {
                pgm.alter_function("g")
                    .no_arguments()
                    .stable()
                    .strict()
                    .not_leakproof()
                    .parallel_restricted()
                    .rows(7)
                    .security_invoker()
                    .support("generate_series_int4_support")
                    .reset_all();
            },
        ),
        case(
            "CREATE FUNCTION g() RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1'",
            |pgm| _ = pgm.alter_function("g").volatile().parallel_unsafe(),
        ),
        case(
            "CREATE EXTENSION hstore; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            |pgm| _ = pgm.alter_function("f").depends_on_extension("hstore"),
        ),
        case(
            "CREATE EXTENSION hstore; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             ALTER FUNCTION f DEPENDS ON EXTENSION hstore",
            |pgm| _ = pgm.alter_function("f").no_depends_on_extension("hstore"),
        ),
    ]
}

fn drops() -> Vec<Case> {
    vec![
        case(
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS ''",
            |pgm| {
                pgm.rename_function("f", "g").arguments(["int"]);
                pgm.rename_procedure("p", "q").no_arguments();
            },
        ),
        case(TOUCH, |pgm| {
            pgm.drop_function("f").arguments(["int"]);
            pgm.drop_function("gone").no_arguments().if_exists();
            pgm.drop_procedure("p");
            pgm.drop_procedure("gone").if_exists();
        }),
        case(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS '';
             CREATE VIEW v AS SELECT f() AS a",
            |pgm| {
                pgm.drop_function("f").cascade();
                pgm.drop_procedure("p").cascade();
            },
        ),
    ]
}

const LAST: &str =
    "CREATE FUNCTION last(float8, float8) RETURNS float8 LANGUAGE sql AS 'SELECT $1'";

fn aggregates() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_aggregate("total", |a| {
                a.argument("n", "int");
                a.sfunc("int4pl").stype("int").initcond("0").parallel_restricted();
            })
            .comment("it's all");
            pgm.create_aggregate("seen", |a| {
                a.sfunc("int8inc").stype("bigint").initcond("0").parallel_unsafe();
            });
            pgm.create_aggregate("least", |a| {
                a.unnamed_argument("int");
                a.sfunc("int4smaller").stype("int").sortop(("pg_catalog", "<"));
            });
        }),
        case(LAST, |pgm| {
            pgm.create_aggregate("mean", |a| {
                a.argument("n", "numeric");
                a.sfunc("numeric_avg_accum").stype(DataType::named("internal")).sspace(128);
                a.finalfunc("numeric_avg").combinefunc("numeric_avg_combine");
                a.serialfunc("numeric_avg_serialize").deserialfunc("numeric_avg_deserialize");
                a.finalfunc_modify(FinalModify::ReadOnly).parallel_safe();
            });
            pgm.create_aggregate("power", |a| {
                a.argument("n", "float8");
                a.sfunc("float8pl").stype("float8").finalfunc("last").finalfunc_extra();
                a.msfunc("float8pl").minvfunc("float8mi").mstype("float8").msspace(8);
                a.mfinalfunc("last").mfinalfunc_extra().minitcond("0");
                a.finalfunc_modify(FinalModify::Shareable).mfinalfunc_modify(FinalModify::ReadWrite);
            });
        }),
        case("", |pgm| {
            pgm.create_aggregate("share", |a| {
                a.argument("fraction", "float8");
                a.order_by("value", "anyelement");
                a.sfunc("ordered_set_transition").stype("internal");
                a.finalfunc("percentile_disc_final").finalfunc_extra();
                a.finalfunc_modify(FinalModify::ReadWrite);
            });
            pgm.create_aggregate("place", |a| {
                a.argument("args", DataType::named("any")).variadic();
                a.order_by("args", DataType::named("any")).variadic();
                a.sfunc("ordered_set_transition_multi").stype("internal");
                a.finalfunc("rank_final").finalfunc_extra().hypothetical();
            });
        }),
        case("CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)", |pgm| {
            pgm.create_aggregate("total", |a| {
                a.unnamed_argument("int");
                a.sfunc("int4pl").stype("int").initcond("1");
            })
            .or_replace();
            pgm.create_aggregate("total", |a| {
                a.unnamed_argument("bigint");
                a.sfunc("int8pl").stype("bigint");
            })
            .or_replace();
        }),
        case(
            "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
             CREATE AGGREGATE seen (*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0')",
            |pgm| {
                pgm.rename_aggregate("total", "Total").arguments(["int"]);
                pgm.rename_aggregate("seen", "Seen").no_arguments();
            },
        ),
        case(
            "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
             CREATE AGGREGATE seen (*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
             COMMENT ON AGGREGATE seen (*) IS 'c'",
            |pgm| {
                pgm.drop_aggregate("total").arguments(["int"]);
                pgm.drop_aggregate("seen").no_arguments().cascade();
                pgm.drop_aggregate("gone").no_arguments().if_exists();
            },
        ),
    ]
}
