
use crate::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    [operators(), classes(), families()].into_iter().flatten().collect()
}

const SAME: &str = "CREATE SCHEMA app;
     CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
     CREATE FUNCTION differ(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> $2';
     CREATE FUNCTION minus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1';
     CREATE OPERATOR app.!== (FUNCTION = differ, LEFTARG = text, RIGHTARG = text);
     CREATE OPERATOR @- (FUNCTION = minus, RIGHTARG = int);
     COMMENT ON OPERATOR app.!== (text, text) IS 'c'";

fn operators() -> Vec<Case> {
    vec![
        case(SAME, |pgm| {
            pgm.create_operator(("app", "==="), "same")
                .leftarg("text")
                .rightarg("text")
                .commutator(("app", "==="))
                .negator(("app", "!=="))
                .restrict("eqsel")
                .join("eqjoinsel")
                .hashes()
                .merges()
                .comment("it's the same");
            pgm.create_operator("@@-", "minus").rightarg("int");
        }),
        case(SAME, |pgm| {
            pgm.alter_operator(("app", "!==")).leftarg("text").rightarg("text").restrict("neqsel").join("neqjoinsel");
        }),
        case(
            "CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
             CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel, JOIN = eqjoinsel)",
            |pgm| {
                pgm.alter_operator("===").leftarg("text").rightarg("text").no_restrict().no_join();
            },
        ),
        case(SAME, |pgm| {
            pgm.alter_operator(("app", "!=="))
                .leftarg("text")
                .rightarg("text")
                .commutator(("app", "!=="))
                .hashes()
                .merges();
        })
        .since(17),
        case(
            "CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
             CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text);
             CREATE OPERATOR !== (FUNCTION = same, LEFTARG = text, RIGHTARG = text)",
            |pgm| {
                pgm.alter_operator("===").leftarg("text").rightarg("text").negator("!==");
            },
        )
        .since(17),
        case(SAME, |pgm| {
            pgm.drop_operator(("app", "!==")).leftarg("text").rightarg("text");
            pgm.drop_operator("@-").rightarg("int").cascade();
            pgm.drop_operator("@@@@").rightarg("int").if_exists();
        }),
    ]
}

const CLASSES: &str = "CREATE TYPE mood AS ENUM ('a', 'b');
     CREATE FUNCTION compare(mood, mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT enum_cmp($1, $2)';
     CREATE OPERATOR FAMILY families USING btree;
     CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
     COMMENT ON OPERATOR CLASS c USING btree IS 'c'";

fn classes() -> Vec<Case> {
    vec![
        case(CLASSES, |pgm| {
            pgm.create_operator_class("mood_ops", "btree", "mood", |c| {
                c.function(1, "compare").arguments(["mood", "mood"]);
            })
            .default()
            .family("families")
            .comment("it's ordered");
            pgm.create_operator_class("own_ops", "btree", "int", |c| {
                c.operator(1, "<");
                c.operator(5, ("pg_catalog", ">")).types("int", "int");
                c.function(1, "btint4cmp").types("int", "int");
            });
        }),
        case("", |pgm| {
            pgm.create_operator_class("near_ops", "gist", "point", |c| {
                c.operator(15, "<->").types("point", "point").order_by("float_ops");
            });
            pgm.create_operator_class("stored_ops", "gin", "int", |c| {
                c.operator(1, "=");
                c.storage("bigint");
            });
        }),
        case(CLASSES, |pgm| _ = pgm.rename_operator_class("c", "btree", "C")),
        case(CLASSES, |pgm| {
            pgm.drop_operator_class("c", "btree");
            pgm.drop_operator_class("gone", "btree").if_exists();
        }),
        case(
            "CREATE OPERATOR CLASS c FOR TYPE int USING btree AS
                 OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
             CREATE TABLE posts (id int); CREATE INDEX i ON posts (id c)",
            |pgm| _ = pgm.drop_operator_class("c", "btree").cascade(),
        ),
    ]
}

const FAMILY: &str = "CREATE OPERATOR FAMILY f USING btree;
     ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int, int), FUNCTION 1 btint4cmp(int, int)";

fn families() -> Vec<Case> {
    vec![
        case("", |pgm| _ = pgm.create_operator_family("f", "btree").comment("it's a family")),
        case(FAMILY, |pgm| {
            pgm.add_to_operator_family("f", "btree", |f| {
                f.operator(1, "<").types("int", "bigint");
                f.function(1, "btint48cmp").types("int", "bigint").arguments(["int", "bigint"]);
            });
        }),
        case("CREATE OPERATOR FAMILY f USING gist", |pgm| {
            pgm.add_to_operator_family("f", "gist", |f| {
                f.operator(15, "<->").types("point", "point").order_by("float_ops");
            });
        }),
        case(FAMILY, |pgm| {
            pgm.remove_from_operator_family("f", "btree", |f| {
                f.operator(1, "int", "int").function(1, "int", "int");
            });
        }),
        case(FAMILY, |pgm| _ = pgm.rename_operator_family("f", "btree", "F")),
        case(FAMILY, |pgm| {
            pgm.drop_operator_family("f", "btree");
            pgm.drop_operator_family("gone", "btree").if_exists();
        }),
        case(CLASSES, |pgm| _ = pgm.drop_operator_family("c", "btree").cascade()),
    ]
}
