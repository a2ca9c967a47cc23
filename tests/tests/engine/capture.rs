//! The inverse that is read from the catalog while a migration runs.

use migrate_core::{Error, UpTo};
use migrate_dsl::{Inverse, Object, Operation, Pgm, Statement, Writer};
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

/// SQL whose inverse is read from the catalog.
struct Captured {
    sql: &'static str,
    table: &'static str,
    outside_transaction: bool,
}

impl Operation for Captured {
    fn verb(&self) -> &'static str {
        "record"
    }

    fn describe(&self) -> String {
        format!("run `{}`", self.sql)
    }

    fn statements(&self) -> Vec<Statement> {
        self.sql.split("; ").map(Statement::raw).collect()
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::table(self.table)])
    }

    fn transactional(&self) -> bool {
        !self.outside_transaction
    }
}

fn captured(pgm: &mut Pgm, sql: &'static str, table: &'static str) {
    pgm.record(Captured { sql, table, outside_transaction: false });
}

fn posts() -> Engine {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE posts (id int PRIMARY KEY, title text DEFAULT 'none');
         CREATE INDEX by_title ON posts (title);
         COMMENT ON TABLE posts IS 'all of them'",
    );
    engine
}

#[test]
fn it_is_stored_and_needs_no_file() {
    let engine = posts();
    let before = engine.catalog();
    engine.up(&[migration(A, |pgm| captured(pgm, "DROP TABLE posts", "posts"))]).unwrap();
    assert_ne!(engine.catalog(), before);
    engine.down(&[], 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn what_was_captured_of_a_step_is_made_again_in_one_transaction_without_parts() {
    let engine = posts();
    engine.database.execute(
        "CREATE INDEX by_both ON posts (id, title);
         CREATE INDEX by_length ON posts (length(title));
         CREATE TABLE made ();
         CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql
             AS 'BEGIN INSERT INTO public.made DEFAULT VALUES; END';
         CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()",
    );
    engine.up(&[migration(A, |pgm| captured(pgm, "DROP TABLE posts", "posts"))]).unwrap();
    engine.database.execute("TRUNCATE made");
    engine.down(&[], 1).unwrap();
    // A savepoint gives what follows it a number of its own.
    let sql = "SELECT count(*), count(DISTINCT xmin::text) FROM made";
    let made = engine.database.client().query_one(sql, &[]).unwrap();
    let (statements, transactions): (i64, i64) = (made.get(0), made.get(1));
    assert!(statements > 4, "{statements}");
    assert_eq!(transactions, 1);
}

#[test]
fn each_step_is_restored_to_what_it_found() {
    let engine = posts();
    let before = engine.catalog();
    let all = [migration(A, |pgm| {
        captured(pgm, "ALTER TABLE posts ALTER title SET DEFAULT 'one'", "posts");
        captured(pgm, "ALTER TABLE posts ALTER title SET DEFAULT 'two'", "posts");
        captured(pgm, "DROP TABLE posts", "posts");
        captured(pgm, "CREATE TABLE posts (other int)", "posts");
    })];
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn what_others_changed_in_between_is_what_is_restored() {
    let engine = posts();
    let all = [
        migration(A, |pgm| captured(pgm, "ALTER TABLE posts ADD UNIQUE (title)", "posts")),
        migration(B, |pgm| captured(pgm, "DROP TABLE posts", "posts")),
    ];
    engine.up_to(&all, &UpTo { count: Some(1), ..UpTo::default() }).unwrap();
    engine.database.execute("ALTER TABLE posts ADD by_hand int CHECK (by_hand > 0)");
    let before = engine.catalog();
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn outside_a_transaction_it_is_kept_in_the_journal() {
    let engine = posts();
    let before = engine.catalog();
    let all = |broken: &'static str| {
        let up: fn(&mut Pgm) = match broken {
            "" => |pgm| {
                pgm.record(Captured {
                    sql: "DROP INDEX CONCURRENTLY by_title",
                    table: "posts",
                    outside_transaction: true,
                });
                pgm.sql("SELECT 1").down("");
            },
            _ => |pgm| {
                pgm.record(Captured {
                    sql: "DROP INDEX CONCURRENTLY by_title",
                    table: "posts",
                    outside_transaction: true,
                });
                pgm.sql("SELECT 1 / 0").down("");
            },
        };
        [migration(A, up)]
    };
    engine.up(&all("broken")).unwrap_err();
    assert_eq!(engine.value("SELECT count(*) FROM pg_class WHERE relname = 'by_title'"), "0");
    engine.up(&all("")).unwrap();
    engine.down(&all(""), 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn an_index_is_restored_as_it_went() {
    let engine = posts();
    engine.database.execute(
        "CREATE UNIQUE INDEX \"One of\" ON posts (lower(title)) WHERE id > 0;
         CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE INDEX of_parts ON parts (id);
         CREATE TABLE part PARTITION OF parts DEFAULT;
         INSERT INTO posts VALUES (1, 'one'), (2, 'two')",
    );
    let before = engine.catalog();
    let all = [
        migration(A, |pgm| {
            pgm.drop_index("by_title").concurrently();
            pgm.drop_index("One of").concurrently();
            pgm.sql("DROP INDEX of_parts").captures(Object::table("parts")).outside_transaction();
        }),
        migration(B, |pgm| _ = pgm.sql("SELECT 1").down("")),
    ];
    engine.up(&all).unwrap();
    let back = engine.value("SELECT m::text FROM migrations m WHERE name LIKE '%_a'");
    for sql in ["CREATE INDEX CONCURRENTLY by_title", "CREATE UNIQUE INDEX CONCURRENTLY"] {
        assert!(back.contains(sql), "{back}");
    }
    assert!(back.contains("CREATE INDEX of_parts ON ONLY"), "{back}");
    engine.down(&all, 2).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn an_index_that_went_in_a_transaction_is_restored_in_one() {
    let engine = posts();
    let before = engine.catalog();
    let all = [migration(A, |pgm| _ = pgm.drop_index("by_title"))];
    engine.up(&all).unwrap();
    let back = engine.value("SELECT m::text FROM migrations m");
    assert!(back.contains("CREATE INDEX by_title"), "{back}");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn what_the_author_names_has_to_be_there() {
    let engine = posts();
    let wrong = [migration(A, |pgm| {
        pgm.sql("ALTER TABLE posts ADD one int").captures(Object::table("nothere"));
    })];
    let error = engine.up(&wrong).unwrap_err();
    let diagnostic = error.diagnostics().remove(0);
    let message = "table `nothere` exists neither before nor after the step, so its inverse cannot be captured";
    assert_eq!(diagnostic.message, message);
    assert_eq!(diagnostic.source.unwrap().verb.as_deref(), Some("sql"));
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "0");
    let alone = [migration(A, |pgm| {
        pgm.sql("VACUUM posts").captures(Object::table("nothere")).outside_transaction();
        pgm.sql("ALTER TABLE posts ADD one int").captures(Object::table("posts"));
        pgm.sql("CREATE TABLE tags ()").captures(Object::table("tags"));
        pgm.sql("DROP TABLE tags").captures(Object::table("tags"));
    })];
    let error = engine.up(&alone).unwrap_err();
    assert_eq!(error.diagnostics()[0].message, message);
    engine.up(&alone).unwrap();
    assert!(matches!(engine.down(&alone, 1), Err(Error::Irreversible { .. })));
}

#[test]
fn migrations_in_one_transaction_each_have_their_own() {
    let engine = posts();
    let before = engine.catalog();
    let all = [
        migration(A, |pgm| captured(pgm, "ALTER TABLE posts DROP COLUMN title", "posts")),
        migration(B, |pgm| captured(pgm, "DROP TABLE posts", "posts")),
    ];
    engine.up_to(&all, &UpTo { single_transaction: true, ..UpTo::default() }).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'posts'::regclass AND attname = 'title'"), "0");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn what_was_only_recorded_is_not_known() {
    let engine = posts();
    let all = [migration(A, |pgm| captured(pgm, "DROP TABLE posts", "posts"))];
    let migrator = engine.migrator(&all);
    migrator
        .mark_applied(&mut engine.session(), &[A.to_owned()], &mut |_: migrate_core::Event| {})
        .unwrap();
    let error = engine.down(&all, 1).unwrap_err();
    assert!(matches!(error, Error::Irreversible { .. }));
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be reverted: it was recorded without being run, so what was there before is not known, and the migration has no `down`");
}

#[test]
fn a_written_down_spares_the_reading() {
    let engine = posts();
    let all = [reversible(
        A,
        |pgm| captured(pgm, "DROP TABLE posts", "posts"),
        |pgm| _ = pgm.sql("CREATE TABLE posts ()"),
    )];
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('by_title')"), "NULL");
}

/// An option of a server yet to come, beside one that is there.
struct TooNew;

impl Operation for TooNew {
    fn verb(&self) -> &'static str {
        "record"
    }

    fn describe(&self) -> String {
        "something new".to_owned()
    }

    fn statements(&self) -> Vec<Statement> {
        vec![
            Writer::statement(|sql| sql.text("CREATE TABLE old ()")).until(90),
            Writer::statement(|sql| sql.text("CREATE TABLE new () NEATLY").requires(90, "neatly"))
                .since(90),
            Writer::statement(|sql| sql.text("CREATE TABLE other () NEATLY").requires(99, "very")),
        ]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none("it is a test")
    }
}

#[test]
fn an_option_that_the_server_does_not_have_is_refused_before_anything_runs() {
    let engine = posts();
    let all = [
        migration(A, |pgm| _ = pgm.sql("CREATE TABLE first ()").down("DROP TABLE first")),
        migration(B, |pgm| _ = pgm.record(TooNew)),
    ];
    let error = engine.up(&all).unwrap_err();
    let diagnostic = error.diagnostics().remove(0);
    let major = engine.session().major();
    assert_eq!(
        diagnostic.message,
        format!("`very` needs PostgreSQL 99; this server is PostgreSQL {major}")
    );
    assert!(diagnostic.source.unwrap().place.file.ends_with("engine/capture.rs"));
    assert_eq!(engine.value("SELECT to_regclass('first')"), "NULL");
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
}
