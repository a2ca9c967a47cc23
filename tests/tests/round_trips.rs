//! Every operation whose way back follows from it: applied, taken back and applied again on a
//! server, with the same catalog each time.

use std::collections::BTreeSet;
use std::path::Path;

use migrate_core::plan::Inverse;
use migrate_dsl::LikeOption;
use migrate_dsl::prelude::*;
use migrate_tests::{Engine, migration, plan};

const NAME: &str = "20260101000000_case";

/// What is there before, and the operation.
type Case = (&'static str, fn(&mut Pgm));

/// A table to work on.
const POSTS: &str =
    "CREATE TABLE posts (id bigint PRIMARY KEY, title text, likes int, during tstzrange);
                     CREATE TABLE users (id bigint PRIMARY KEY);";

fn cases() -> Vec<Case> {
    vec![
        ("", |pgm| {
            pgm.create_table("everything", |t| {
                t.id();
                t.timestamps();
                t.varchar("a", 10).not_null().default("it's").collate("C").comment("a \"comment\"");
                t.numeric("b", (10, 2)).check("b > 0").default(0);
                t.text("c").array().default(expr("'{}'::text[]"));
                t.integer("d").generated("length(a)");
                t.unique(["a", "b"]).named("Ünique");
                t.bigint("parent").references("everything", "id").on_delete(SetNull).initially_deferred();
            })
            .parameter("toast.autovacuum_enabled", false)
            .comment("everything at once");
        }),
        (POSTS, |pgm| {
            pgm.create_table("old_posts", |t| {
                t.like("posts").including(LikeOption::Defaults);
                t.timestamptz("at").precision(3).not_null();
            })
            .partition_by_range("at");
            pgm.create_partition("old_posts_2026", "old_posts").from_to(["2026-01-01"], ["2027-01-01"]);
        }),
        (POSTS, |pgm| _ = pgm.rename_table("posts", "articles")),
        ("CREATE SCHEMA archive; CREATE TABLE posts ()", |pgm| {
            pgm.set_table_schema(("public", "posts"), "archive");
        }),
        (POSTS, |pgm| {
            pgm.add_column("posts", |t| {
                t.point("loc").comment("where");
                t.bigint("author").references("users", "id").on_delete(Cascade);
            });
        }),
        (POSTS, |pgm| {
            pgm.add_column("posts", |t| {
                t.text("new");
                t.check("likes > 0").named("liked");
                t.check("length(new) > likes");
                t.unique(["title", "new"]);
                t.unique("title");
                t.foreign_key("likes", "users", "id");
            });
        }),
        (POSTS, |pgm| _ = pgm.rename_column("posts", "title", "select")),
        (POSTS, |pgm| _ = pgm.alter_column("posts", "title").set_not_null()),
        ("CREATE TABLE posts (title text NOT NULL)", |pgm| {
            pgm.alter_column("posts", "title").drop_not_null();
        }),
        (POSTS, |pgm| {
            pgm.alter_column("posts", "likes")
                .set_type("bigint")
                .set_default(7)
                .down(|column| column.set_type("int").drop_default());
        }),
        ("CREATE TABLE t (id int NOT NULL)", |pgm| _ = pgm.add_primary_key("t", "id")),
        (POSTS, |pgm| _ = pgm.add_unique("posts", ["title", "likes"]).nulls_not_distinct()),
        (POSTS, |pgm| _ = pgm.add_check("posts", "few", "likes < 10").not_valid()),
        (POSTS, |pgm| {
            pgm.add_foreign_key("posts", "likes", "users", "id").on_update(Cascade).deferrable();
        }),
        (POSTS, |pgm| _ = pgm.add_exclusion("posts", "gist", [(col("during"), "&&")])),
        ("CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0))", |pgm| {
            pgm.rename_constraint("t", "one", "two");
        }),
        (POSTS, |pgm| {
            pgm.create_index("posts", [expr("lower(title)").desc(), col("likes")])
                .unique()
                .include(["id"])
                .only_where("likes > 0")
                .parameter("fillfactor", 70)
                .comment("for speed");
        }),
        (POSTS, |pgm| _ = pgm.create_index("posts", "title").concurrently()),
        (POSTS, |pgm| _ = pgm.rename_index("posts_pkey", "the key")),
        ("", |pgm| _ = pgm.create_enum("mood", ["it's fine", "sad"]).comment("of a day")),
        ("CREATE TYPE mood AS ENUM ('a', 'b')", |pgm| {
            pgm.rename_enum_value("mood", "a", "c");
        }),
        ("", |pgm| {
            pgm.create_composite_type("address", |t| {
                t.text("street");
                t.varchar("zip", 10);
            });
            pgm.create_domain("positive", "int").not_null().default(1).check("VALUE > 0");
        }),
        ("CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int", |pgm| {
            pgm.rename_type("mood", "Mood");
            pgm.rename_domain("d", "D");
        }),
        ("", |pgm| _ = pgm.create_extension("pg_trgm")),
        ("", |pgm| _ = pgm.create_schema("reporting \"x\"")),
        ("CREATE SCHEMA a", |pgm| _ = pgm.rename_schema("a", "b")),
        ("", |pgm| _ = pgm.create_sequence("s").start(0).min_value(0).increment(5).cycle()),
        ("CREATE SEQUENCE s", |pgm| _ = pgm.rename_sequence("s", "t")),
        (POSTS, |pgm| {
            pgm.create_view("popular", "SELECT id, title FROM posts WHERE likes > 3").comment("seen");
            pgm.create_materialized_view("counts", "SELECT count(*) FROM posts").columns("n");
        }),
        ("CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1", |pgm| {
            pgm.rename_view("v", "w");
            pgm.rename_materialized_view("m", "n");
        }),
        ("", |pgm| {
            pgm.create_function("twice", |f| {
                f.argument("n", "int");
                f.returns("int").immutable().strict().sql("SELECT n * 2");
            });
            pgm.create_procedure("nothing", |f| {
                f.plpgsql("BEGIN END");
            });
        }),
        (
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS ''",
            |pgm| {
                pgm.rename_function("f", "g").arguments(["int"]);
                pgm.rename_procedure("p", "q").no_arguments();
            },
        ),
        (
            "CREATE TABLE posts (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            |pgm| {
                pgm.create_trigger("posts", "watch").before().insert().each_row().execute("f");
            },
        ),
        (
            "CREATE TABLE posts (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER a BEFORE INSERT ON posts EXECUTE FUNCTION f()",
            |pgm| _ = pgm.rename_trigger("posts", "a", "b"),
        ),
        (POSTS, |pgm| {
            pgm.sql("COMMENT ON TABLE posts IS 'seen'").down("COMMENT ON TABLE posts IS NULL");
        }),
    ]
}

#[test]
fn there_and_back_and_there_again() {
    for (number, (before, up)) in cases().into_iter().enumerate() {
        let engine = Engine::new();
        engine.database.execute(before);
        let all = [migration(NAME, up)];
        let verbs: Vec<_> =
            plan(&all).migrations[0].up.iter().map(|step| step.verb.clone()).collect();
        let case = format!("case {number}: {verbs:?}");
        let old = engine.catalog();
        engine.up(&all).unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        let new = engine.catalog();
        engine.down(&all, 1).unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        similar(&case, &old, &engine.catalog());
        engine.up(&all).unwrap_or_else(|error| panic!("{case}: {:?}", error.diagnostics()));
        similar(&case, &new, &engine.catalog());
    }
}

/// Equal but for what is said of the case where they are not.
fn similar(case: &str, expected: &str, found: &str) {
    let missing: Vec<_> = expected.lines().filter(|line| !found.contains(line)).collect();
    let added: Vec<_> = found.lines().filter(|line| !expected.contains(line)).collect();
    assert!(expected == found, "{case}\nmissing: {missing:#?}\nadded: {added:#?}");
}

/// Verbs that change nothing that the catalog shows, or whose way back only the author knows.
const ELSEWHERE: &[&str] = &[
    "comment_on",
    "refresh_materialized_view",
    "sql_file",
    "statement",
    "validate_constraint",
    "add_enum_value",
];

#[test]
fn no_operation_with_a_way_back_is_left_out() {
    let tested: BTreeSet<String> = cases()
        .into_iter()
        .flat_map(|(_, up)| plan(&[migration(NAME, up)]).migrations.remove(0).up)
        .filter(|step| !matches!(step.inverse, Inverse::None { .. }))
        .map(|step| step.verb)
        .collect();
    let mut left_out =
        verbs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-dsl/src/operations"));
    left_out.retain(|verb| !verb.starts_with("drop_") && !ELSEWHERE.contains(&verb.as_str()));
    left_out.retain(|verb| !tested.contains(verb));
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// The verbs that the sources below a folder define.
fn verbs(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(verbs(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().skip_while(|line| *line != "impl Pgm {");
        for line in lines.by_ref().take_while(|line| *line != "}") {
            if let Some(rest) = line.strip_prefix("    pub fn ") {
                let end = rest.find(['(', '<']).unwrap_or(rest.len());
                found.insert(rest[..end].to_owned());
            }
        }
    }
    found
}
