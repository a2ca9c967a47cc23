//! Rust functions of migrations, linked into this program.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use migrate_core::{
    DownTo, Error, Event, Failure, FailureState, Interrupt, Limits, Migrator, UpTo,
};
use migrate_dsl::prelude::*;
use migrate_dsl::{DatabaseError, Migration, Migrations, Value};
use migrate_tests::{Engine, migration, plan, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn words(engine: &Engine) {
    engine.database.execute("CREATE TABLE words (word text UNIQUE, weight int)");
}

/// The message, the place's verb, the SQL, the notes, a line each.
fn told(error: &Error) -> String {
    let diagnostics = error.diagnostics().into_iter();
    let told = diagnostics.map(|told| {
        let code = told.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let verb = told.source.map(|it| format!("\nat: {}", it.verb.unwrap_or_default()));
        let sql = told.sql.map(|it| match it.offset {
            Some(offset) => format!("\nsql: {} | {}", &it.sql[..offset], &it.sql[offset..]),
            None => format!("\nsql: {}", it.sql),
        });
        let lines = told.notes.iter().map(|note| format!("\nnote: {}", without_line(note)));
        let notes: String = lines.collect();
        let (verb, sql) = (verb.unwrap_or_default(), sql.unwrap_or_default());
        format!("error{code}: {}{verb}{sql}{notes}\nhelp: {}", told.message, told.helps.join("; "))
    });
    told.collect()
}

/// A note without the line in this file.
fn without_line(note: &str) -> String {
    let (text, _) = note.split_once(", line ").unwrap_or((note, ""));
    text.to_owned()
}

fn fails(up: fn(&mut Pgm)) -> String {
    let engine = Engine::new();
    words(&engine);
    let error = engine.up(&[migration(A, up)]).unwrap_err();
    assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
    assert_eq!(engine.status(&[migration(A, up)]), format!("pending {A}"));
    told(&error)
}

#[test]
fn a_function_shares_the_transaction_of_its_migration() {
    let engine = Engine::new();
    let before = engine.catalog();
    let all = [migration(A, |pgm| {
        pgm.create_table("words", |t| {
            t.text("word");
            t.bigint("transaction");
        });
        pgm.rust("fill", |db| {
            let rows = db.query("SELECT pg_current_xact_id()::text AS id", &[])?;
            let id: String = rows[0].get("id")?;
            let added = db.execute("INSERT INTO words VALUES ('a', $1), ('b', $1)", &[&id])?;
            assert_eq!(added, 2);
            Ok(())
        })
        .down(|db| {
            let left: i64 = db.query("SELECT count(*) AS left FROM words", &[])?[0].get("left")?;
            if left != 2 {
                return Err(format!("there are {left} words").into());
            }
            Ok(())
        });
    })];
    assert_eq!(engine.up(&all).unwrap(), [A]);
    let shared = "SELECT bool_and(w.transaction::text = m.xmin::text) FROM words w, migrations m";
    assert_eq!(engine.value(shared), "t");
    assert_eq!(engine.status(&all), format!("applied {A}"));
    engine.database.execute("DELETE FROM words WHERE word = 'a'");
    let error = engine.down(&all, 1).unwrap_err();
    assert_eq!(error.diagnostics()[0].message, "the Rust function `fill`: there are 1 words");
    engine.database.execute("INSERT INTO words VALUES ('c')");
    engine.down(&all, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}

#[test]
fn values_of_every_kind_there_and_back() {
    let engine = Engine::new();
    let up = |pgm: &mut Pgm| {
        pgm.sql(
            "CREATE TYPE mood AS ENUM ('it''s', 'ok');
             CREATE TABLE v (b bool, s smallint, i int, l bigint, f real, d float8, t text,
                             y bytea, j jsonb, u uuid, m mood, n numeric, z timestamptz, a int[])",
        );
        pgm.rust("values", |db| {
            let text = "Łódź 日本 \u{1F980} \"quoted\" \\ \n\t' $1 %s";
            let bytes: Vec<u8> = (0..=255).collect();
            db.execute(
                "INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                &[
                    &true,
                    &-7_i16,
                    &i32::MIN,
                    &i64::MAX,
                    &1.5_f32,
                    &f64::NEG_INFINITY,
                    &text,
                    &bytes,
                    &r#"{"a": [1, "ł"]}"#,
                    &"0b0e7a3c-3f43-4d8f-9a56-0f1e2d3c4b5a",
                    &"it's",
                    &"12345678901234567890.123",
                    &"2026-11-21 10:00:00+01",
                    &"{1,2,3}",
                ],
            )?;
            let row = &db.query(
                "SELECT b, s, i, l, f, d, t, y, j, u, m, n::text, a::text, NULL::int AS nothing,
                        extract(epoch FROM z)::bigint AS z FROM v",
                &[],
            )?[0];
            assert!(row.get::<bool>("b")?);
            assert_eq!(row.get::<i16>("s")?, -7);
            assert_eq!(row.get::<i32>("i")?, i32::MIN);
            assert_eq!(row.get::<i64>("l")?, i64::MAX);
            assert_eq!(row.get::<f64>("f")?, 1.5);
            assert_eq!(row.get::<f64>("d")?, f64::NEG_INFINITY);
            assert_eq!(row.get::<String>("t")?, text);
            assert_eq!(row.get::<Vec<u8>>("y")?, bytes);
            assert_eq!(row.get::<String>("j")?, r#"{"a": [1, "ł"]}"#);
            assert_eq!(row.get::<String>("u")?, "0b0e7a3c-3f43-4d8f-9a56-0f1e2d3c4b5a");
            assert_eq!(row.get::<String>("m")?, "it's");
            assert_eq!(row.get::<String>("n")?, "12345678901234567890.123");
            assert_eq!(row.get::<String>("a")?, "{1,2,3}");
            assert_eq!(row.get::<Option<i32>>("nothing")?, None);
            assert_eq!(row.get::<Value>("nothing")?, Value::Null);
            assert_eq!(row.get::<i64>("z")?, 1_795_251_600);
            // A function that gives nothing.
            assert_eq!(db.query("SELECT pg_sleep(0)", &[])?.len(), 1);
            Ok(())
        });
    };
    let done = engine.up(&[migration(A, up)]);
    done.unwrap_or_else(|error| panic!("{}", told(&error)));
}

#[test]
fn a_statement_that_fails_is_shown_with_the_functions_own_line() {
    let failed = fails(|pgm| {
        pgm.rust("fill", |db| {
            db.execute("INSERT INTO words VALUES ('a', 1)", &[])?;
            db.execute("INSERT INTO words (nope) VALUES ($1)", &[&"b"])?;
            Ok(())
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error[42703]: column "nope" of relation "words" does not exist
    at: execute
    sql: INSERT INTO words ( | nope) VALUES ($1)
    note: in the Rust function `fill`, `pgm.rust` in tests/tests/engine/functions.rs
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
    let failed = fails(|pgm| {
        pgm.rust("fill", |db| {
            db.each("SELECT nope FROM words", &[], |_, _| Ok(()))?;
            Ok(())
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error[42703]: column "nope" does not exist
    at: each
    sql: SELECT  | nope FROM words
    note: in the Rust function `fill`, `pgm.rust` in tests/tests/engine/functions.rs
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
    let failed = fails(|pgm| {
        pgm.rust("fill", |db| {
            let number: i32 = db.query("SELECT 'x' AS word", &[])?[0].get("word")?;
            db.execute("INSERT INTO words VALUES ('a', $1)", &[&number])?;
            Ok(())
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error: column `word` is a text, and no number
    at: get
    sql: SELECT 'x' AS word
    note: in the Rust function `fill`, `pgm.rust` in tests/tests/engine/functions.rs
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
}

#[test]
fn what_is_not_sent_is_told() {
    fn refused(sql: &'static str, values: &[&dyn migrate_dsl::ToValue]) -> String {
        let engine = Engine::new();
        struct Asks(String, Vec<Value>);
        impl migrate_core::functions::Functions for Asks {
            fn run(
                &self,
                _: &migrate_core::plan::Function,
                connection: &mut dyn migrate_core::functions::Connection,
                _: &dyn Fn() -> bool,
            ) -> Result<(), migrate_core::functions::FunctionError> {
                // The same migration, with this statement.
                let (sql, values) = (self.0.clone(), self.1.clone());
                let asked = migrate_dsl::Request::Query { sql, values, rows: true };
                match connection.send(asked) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(migrate_dsl::FunctionError {
                        query: Some(Box::new(error.clone())),
                        ..migrate_dsl::FunctionError::new(error.message)
                    }),
                }
            }
        }
        let values = values.iter().map(|value| value.to_value()).collect();
        let asks = Asks(sql.to_owned(), values);
        let all = [migration(A, |pgm| _ = pgm.rust("ask", |_| Ok(())))];
        let migrator = engine.migrator(&all).functions(std::sync::Arc::new(asks));
        let done = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
        done.unwrap_err().diagnostics().remove(0).message
    }
    insta::assert_snapshot!(refused("SELECT $1::int", &[]), @"the Rust function `ask`: the statement has 1 value, and 0 are given");
    insta::assert_snapshot!(refused("SELECT $1::int", &[&"x"]), @r#"the Rust function `ask`: invalid input syntax for type integer: "x""#);
    insta::assert_snapshot!(refused("SELECT $1::text", &[&"a\0b"]), @r#"the Rust function `ask`: invalid byte sequence for encoding "UTF8": 0x00"#);
    insta::assert_snapshot!(refused("SELECT now() AS moment", &[]), @"the Rust function `ask`: column `moment` is of the type timestamptz, which is read as text: write `moment::text` in the query");
    insta::assert_snapshot!(refused("SELECT 1; SELECT 2", &[]), @"the Rust function `ask`: cannot insert multiple commands into a prepared statement");
    insta::assert_snapshot!(refused("SELECT repeat('x', 1000000) FROM generate_series(1, 100)", &[]), @"the Rust function `ask`: the rows are larger than 64 MiB: `each` fetches them by the thousand");

    let failed = |up: fn(&mut Pgm)| fails(up).lines().next().unwrap_or_default().to_owned();
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(db.batch("SELECT 1; COMMIT")?))), @"error: `COMMIT` ends the transaction that the migration shares with its history row: remove it, or split the migration in two");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.execute("ROLLBACK", &[])?))), @"error: `ROLLBACK` ends the transaction that the migration shares with its history row: remove it, or split the migration in two");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.execute("SET work_mem = '1MB'", &[])?))), @"error: `SET` would last beyond the migration: write `SET LOCAL`");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.query("SELECT 1; SELECT 2", &[])?))), @"error: there are several statements in it: `batch` runs them");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.query("SELECT '\0'", &[])?))), @"error: the SQL has a zero byte in it");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.query(" -- nothing", &[])?))), @"error: there is no statement in it");
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| Ok(_ = db.query("COPY words FROM STDIN", &[])?))), @r#"error: `COPY … FROM STDIN` reads from the client, which has nothing to send: put the rows into a file and write `pgm.copy_from("…", "…")`"#);
    insta::assert_snapshot!(failed(|pgm| _ = pgm.rust("x", |db| {
        let large = "x".repeat(65 * 1024 * 1024);
        Ok(_ = db.execute("INSERT INTO words VALUES ($1)", &[&large])?)
    })), @"error: the statement and its values are larger than 64 MiB");
}

#[test]
fn an_error_and_a_panic_of_the_functions_own() {
    let failed = fails(|pgm| {
        pgm.rust("parse", |db| {
            db.execute("INSERT INTO words VALUES ('a', 1)", &[])?;
            let _: i32 = "seven".parse()?;
            Ok(())
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error: the Rust function `parse`: invalid digit found in string
    at: rust
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
    let failed = fails(|pgm| {
        pgm.rust("panic", |db| {
            db.execute("INSERT INTO words VALUES ('a', 1)", &[])?;
            let rows = db.query("SELECT 1 AS one WHERE false", &[])?;
            Ok(_ = rows[0].get::<i32>("one")?)
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error: the Rust function `panic`: panicked: index out of bounds: the len is 0 but the index is 0
    at: rust
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
}

#[test]
fn a_failure_that_is_expected_is_fallen_back_from() {
    let engine = Engine::new();
    words(&engine);
    let up = |pgm: &mut Pgm| {
        pgm.rust("fill", |db| {
            let mut twice = 0;
            for word in ["a", "b", "a", "c", "b"] {
                let added = db.transaction(|db| {
                    db.execute("INSERT INTO words VALUES ('gone' || $1, 0)", &[&twice])?;
                    db.execute("DELETE FROM words WHERE word LIKE 'gone%'", &[])?;
                    Ok(db.execute("INSERT INTO words VALUES ($1, 1)", &[&word])?)
                });
                match added {
                    Err(error) if DatabaseError::code_of(&error) == Some("23505") => twice += 1,
                    other => assert_eq!(other?, 1),
                }
            }
            assert_eq!(twice, 2);
            // A failure inside that is passed over takes the whole of it along.
            let passed_over = db.transaction(|db| {
                db.execute("INSERT INTO words VALUES ('d', 1)", &[])?;
                _ = db.execute("INSERT INTO words VALUES ('a', 1)", &[]);
                Ok(())
            });
            assert!(passed_over.is_err());
            // One in the other.
            db.transaction(|db| {
                db.execute("INSERT INTO words VALUES ('e', 1)", &[])?;
                let inner: Result<(), _> = db.transaction(|db| {
                    db.execute("INSERT INTO words VALUES ('f', 1)", &[])?;
                    Err("no".into())
                });
                assert_eq!(inner.unwrap_err().to_string(), "no");
                Ok(())
            })
        });
    };
    let done = engine.up(&[migration(A, up)]);
    done.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(engine.value("SELECT string_agg(word, '' ORDER BY word) FROM words"), "abce");
}

#[test]
fn a_failure_that_is_passed_over_has_ended_the_transaction() {
    let failed = fails(|pgm| {
        pgm.rust("fill", |db| {
            db.execute("INSERT INTO words VALUES ('a', 1)", &[])?;
            _ = db.execute("INSERT INTO words VALUES ('a', 1)", &[]);
            Ok(())
        });
    });
    insta::assert_snapshot!(failed, @r#"
    error[23505]: the Rust function `fill`: a statement failed and the function went on, but the transaction was over: duplicate key value violates unique constraint "words_word_key"
    at: rust
    sql: INSERT INTO words VALUES ('a', 1)
    note: Key (word)=(a) already exists.
    note: `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    help: fix the file and run `migrate up` again
    "#);
}

#[test]
fn any_number_of_rows() {
    let engine = Engine::new();
    let up = |pgm: &mut Pgm| {
        pgm.sql("CREATE TABLE n AS SELECT i, i::text AS t FROM generate_series(1, 100000) i");
        pgm.rust("double", |db| {
            let (mut count, mut sum) = (0_i64, 0);
            db.each("SELECT i, t FROM n WHERE i > $1 ORDER BY i", &[&0], |db, row| {
                count += 1;
                sum += row.get::<i64>("i")?;
                if count % 10_000 == 0 {
                    // What is changed meanwhile does not change which rows come; one inside the other.
                    db.execute("DELETE FROM n WHERE i = $1 + 1", &[&count])?;
                    let inner = "SELECT i FROM n ORDER BY i LIMIT 3";
                    let mut few = 0;
                    db.each(inner, &[], |_, _| {
                        few += 1;
                        Ok(())
                    })?;
                    assert_eq!(few, 3);
                }
                Ok(())
            })?;
            assert_eq!((count, sum), (100_000, 100_000 * 100_001 / 2));
            assert_eq!(db.query("SELECT i FROM n", &[])?.len(), 100_000 - 9);
            Ok(())
        });
    };
    let done = engine.up(&[migration(A, up)]);
    done.unwrap_or_else(|error| panic!("{}", told(&error)));
}

#[test]
fn outside_a_transaction_what_was_done_stays_and_the_author_says_what_then() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    fn fill(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.transaction(|db| {
            db.execute("INSERT INTO words VALUES ('lost', 1)", &[])?;
            Err::<(), _>("undone".into())
        })
        .unwrap_err();
        db.execute("INSERT INTO words VALUES ('a', 1) ON CONFLICT DO NOTHING", &[])?;
        match RUNS.fetch_add(1, Ordering::Relaxed) {
            0 => Err("the first time".into()),
            _ => Ok(db.batch("VACUUM words")?),
        }
    }
    let engine = Engine::new();
    words(&engine);
    let unsure = [migration(A, |pgm| {
        pgm.without_transaction();
        pgm.rust("fill", fill).down(|_| Ok(()));
    })];
    let error = engine.up(&unsure).unwrap_err();
    assert!(
        matches!(&error, Error::Apply(error) if error.left == FailureState::Begun),
        "{error:?}"
    );
    insta::assert_snapshot!(told(&error), @r#"
    error: the Rust function `fill`: the first time
    at: rust
    note: `20260101000000_a`: it ran outside a transaction: what it did for good before it failed is done
    help: fix the cause and run `migrate up` again: with `.idempotent()` or `.done_when("…")` in the file it resumes automatically
    "#);
    assert_eq!(engine.value("SELECT string_agg(word, '') FROM words"), "a");
    assert_eq!(engine.status(&unsure), format!("partial {A}"));
    let error = engine.up(&unsure).unwrap_err();
    assert!(
        matches!(&error, Error::Apply(error) if matches!(error.failure, Failure::Unknown { .. }))
    );
    let sure = [migration(A, |pgm| {
        pgm.without_transaction();
        pgm.rust("fill", fill).idempotent().down(|_| Ok(()));
    })];
    engine.up(&sure).unwrap();
    assert_eq!(engine.status(&sure), format!("applied {A}"));
    engine.down(&sure, 1).unwrap();
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

type Step = fn(&mut Pgm);

/// Commits some words, and fails.
fn half(db: &mut Database<'_>) -> Result<(), BoxError> {
    db.execute("INSERT INTO words VALUES ('a', 1) ON CONFLICT DO NOTHING", &[])?;
    Err("failed in the middle".into())
}

/// What the database has of a migration that failed in a step outside a transaction.
const STANDING: &str = "SELECT (SELECT count(*) FROM words) || ' ' || statements_done || ' ' || \
     running FROM migrations_journal";

#[test]
fn down_reverts_an_idempotent_step_that_failed_outside_a_transaction() {
    let steps: [fn(&mut Pgm); 2] = [
        |pgm| {
            let step = pgm.rust("half", half).outside_transaction().idempotent();
            step.down(|db| Ok(db.batch("DELETE FROM words")?));
        },
        |pgm| {
            let step = pgm.sql("CALL half()").outside_transaction().idempotent();
            step.down("DELETE FROM words");
        },
    ];
    for step in steps {
        let engine = Engine::new();
        words(&engine);
        engine.database.execute(
            "CREATE PROCEDURE half() LANGUAGE plpgsql AS
             $$BEGIN INSERT INTO words VALUES ('a', 1); COMMIT; PERFORM 1 / 0; END$$",
        );
        let all = [migration(A, step)];
        let error = engine.up(&all).unwrap_err();
        let help = "fix the cause and run `migrate up` again: the step is run once more, unless \
                    its `.done_when(\"…\")` says that it is done";
        assert!(told(&error).ends_with(help), "{}", told(&error));
        assert_eq!(engine.value(STANDING), "1 0 true");
        let mut session = engine.session();
        let would = engine.migrator(&all).would_revert(&mut session, &DownTo::All).unwrap();
        assert_eq!(would[0].1.len(), 1);
        assert_eq!(engine.down(&all, 1).unwrap(), [A]);
        assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
        assert_eq!(engine.status(&all), format!("pending {A}"));
    }
}

#[test]
fn down_that_fails_leaves_a_step_in_doubt() {
    let engine = Engine::new();
    words(&engine);
    let backs: [fn(&mut Pgm); 2] = [
        |pgm| {
            let step = pgm.rust("half", half).outside_transaction().idempotent();
            step.down(|db| Ok(db.batch("SELECT 1 / 0")?));
        },
        |pgm| {
            let step = pgm.rust("half", half).outside_transaction().idempotent();
            step.down(|db| Ok(db.batch("DELETE FROM words")?));
        },
    ];
    let [broken, fixed] = backs.map(|step| [migration(A, step)]);
    engine.up(&broken).unwrap_err();
    engine.down(&broken, 1).unwrap_err();
    assert_eq!(engine.value(STANDING), "1 0 true");
    assert_eq!(engine.down(&fixed, 1).unwrap(), [A]);
    assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
}

#[test]
fn down_refuses_a_step_of_which_nobody_knows_what_is_done() {
    let steps: [(Step, &str); 3] = [
        (|pgm| _ = pgm.rust("half", half).outside_transaction().down(|_| Ok(())), "unknown"),
        // `up` runs it again; that some of it is done the query does not say.
        (
            |pgm| {
                let step = pgm.rust("half", half).outside_transaction().done_when("SELECT false");
                step.down(|_| Ok(()));
            },
            "unknown",
        ),
        (|pgm| _ = pgm.rust("half", half).outside_transaction().idempotent(), "no_way_back"),
    ];
    for (step, code) in steps {
        let engine = Engine::new();
        words(&engine);
        let all = [migration(A, step)];
        engine.up(&all).unwrap_err();
        let before = engine.value(STANDING);
        let mut session = engine.session();
        let would = engine.migrator(&all).would_revert(&mut session, &DownTo::All);
        for error in [would.unwrap_err(), engine.down(&all, 1).unwrap_err()] {
            assert_eq!(error.diagnostics()[0].code.as_deref(), Some(code), "{}", told(&error));
        }
        assert_eq!(engine.value(STANDING), before);
        assert_eq!(engine.status(&all), format!("partial {A}"));
    }
}

#[test]
fn batches_outside_a_transaction_stay_and_each_is_one_transaction() {
    fn by_row(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.each("SELECT word FROM words ORDER BY word", &[], |db, row| {
            let word: String = row.get("word")?;
            db.execute("UPDATE words SET weight = 1 / (5 - $1::int) WHERE word = $1", &[&word])?;
            Ok(())
        })
    }
    fn in_batches(db: &mut Database<'_>) -> Result<(), BoxError> {
        while db.transaction(|db| {
            let batch = "UPDATE words SET weight = 1 / (5 - word::int) WHERE word IN \
                         (SELECT word FROM words WHERE weight IS NULL ORDER BY word LIMIT 2)";
            Ok(db.execute(batch, &[])?)
        })? > 0
        {}
        Ok(())
    }
    let steps: [(Step, &str); 2] = [
        (|pgm| _ = pgm.rust("a", by_row).outside_transaction().idempotent(), "0"),
        (|pgm| _ = pgm.rust("a", in_batches).outside_transaction().idempotent(), "4"),
    ];
    for (step, kept) in steps {
        let engine = Engine::new();
        words(&engine);
        engine.database.execute("INSERT INTO words SELECT n FROM generate_series(1, 7) n");
        let all = [migration(A, step)];
        engine.up(&all).unwrap_err();
        assert_eq!(engine.value("SELECT count(weight) FROM words"), kept);
        engine.database.execute("DELETE FROM words WHERE word = '5'");
        assert_eq!(engine.up(&all).unwrap(), [A]);
        assert_eq!(engine.value("SELECT count(weight) FROM words"), "6");
    }
}

#[test]
fn outside_a_transaction_what_failed_may_have_done_something() {
    fn call(db: &mut Database<'_>) -> Result<(), BoxError> {
        Ok(db.batch("CALL charge()")?)
    }
    fn call_by_execute(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.execute("CALL charge()", &[])?;
        Ok(())
    }
    fn index(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.execute("CREATE UNIQUE INDEX CONCURRENTLY half ON twice (n)", &[])?;
        Ok(())
    }
    fn unread(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.query("INSERT INTO words VALUES (1) RETURNING repeat('x', 67108865)", &[])?;
        Ok(())
    }
    const SETUP: &str = "CREATE TABLE words (n int);
         CREATE TABLE twice (n int); INSERT INTO twice VALUES (1), (1);
         CREATE PROCEDURE charge() LANGUAGE plpgsql AS
         $$BEGIN INSERT INTO words VALUES (1); COMMIT; PERFORM 1 / 0; END$$";
    let begun: [fn(&mut Pgm); 4] = [
        |pgm| _ = pgm.rust("charge", call).outside_transaction().down(|_| Ok(())),
        |pgm| _ = pgm.rust("charge", call_by_execute).outside_transaction().down(|_| Ok(())),
        |pgm| _ = pgm.rust("charge", index).outside_transaction().down(|_| Ok(())),
        |pgm| _ = pgm.rust("charge", unread).outside_transaction().down(|_| Ok(())),
    ];
    for up in begun {
        let engine = Engine::new();
        engine.database.execute(SETUP);
        let all = [migration(A, up)];
        let error = engine.up(&all).unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        assert_eq!(failed.left, FailureState::Begun, "{}", told(&error));
        assert_eq!(engine.status(&all), format!("partial {A}"));
        let left = "SELECT (SELECT count(*) FROM words) || coalesce(to_regclass('half')::text, '')";
        let before = engine.value(left);
        assert_eq!(engine.up(&all).unwrap_err().diagnostics()[0].code.as_deref(), Some("unknown"));
        assert_eq!(engine.value(left), before);
    }

    fn insert(db: &mut Database<'_>) -> Result<(), BoxError> {
        db.execute("INSERT INTO words VALUES (1 / 0)", &[])?;
        Ok(())
    }
    fn batch(db: &mut Database<'_>) -> Result<(), BoxError> {
        Ok(db.batch("INSERT INTO words VALUES (1); SELECT 1 / 0")?)
    }
    fn nothing(db: &mut Database<'_>) -> Result<(), BoxError> {
        Ok(db.batch("CALL nothing()")?)
    }
    // A statement is done or not.
    let not: [fn(&mut Pgm); 3] = [
        |pgm| _ = pgm.rust("charge", insert).outside_transaction().down(|_| Ok(())),
        |pgm| _ = pgm.rust("charge", batch).outside_transaction().down(|_| Ok(())),
        |pgm| _ = pgm.rust("charge", nothing).outside_transaction().down(|_| Ok(())),
    ];
    for up in not {
        let engine = Engine::new();
        engine.database.execute(SETUP);
        let all = [migration(A, up)];
        let error = engine.up(&all).unwrap_err();
        let Error::Apply(failed) = &error else { panic!("{error}") };
        assert_eq!(failed.left, FailureState::Nothing, "{}", told(&error));
        assert_eq!(engine.status(&all), format!("pending {A}"));
        assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
    }
}

#[test]
fn an_inverse_without_its_function_is_refused_before_anything_is_touched() {
    let engine = Engine::new();
    words(&engine);
    let all = [
        migration(A, |pgm| {
            pgm.rust("fill", |db| Ok(_ = db.execute("INSERT INTO words VALUES ('a')", &[])?))
                .down(|db| Ok(_ = db.execute("DELETE FROM words", &[])?));
        }),
        migration(B, |pgm| _ = pgm.create_table("b", |_| {})),
    ];
    engine.up(&all).unwrap();
    let catalog = engine.catalog();
    insta::assert_snapshot!(engine.down(&all[1..], 2).unwrap_err(), @"`20260101000000_a` is reverted by the Rust function `fill`, and there is no file of it at hand");
    let renamed = migration(A, |pgm| _ = pgm.rust("filled", |_| Ok(())).down(|_| Ok(())));
    insta::assert_snapshot!(engine.down(&[renamed], 2).unwrap_err(), @"`20260101000000_a` is reverted by the Rust function `fill`, and its file does not have that any more");
    let without = migrate_tests::engine::migrator(plan(&all));
    let to = migrate_core::DownTo::All;
    let error = without.down(&mut engine.session(), &to, &mut |_: Event| {}).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` is reverted by the Rust function `fill`, and a plan file contains no Rust functions");
    assert_eq!(engine.catalog(), catalog);
    assert_eq!(engine.status(&all), format!("applied {A}\napplied {B}"));
    engine.down(&all, 2).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
}

#[test]
fn a_plan_alone_runs_no_functions() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.rust("fill", |_| Ok(())))];
    let migrator = migrate_tests::engine::migrator(plan(&all));
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    insta::assert_snapshot!(error.unwrap_err(), @"`20260101000000_a` runs the Rust function `fill`, and a plan file contains no Rust functions");
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
}

#[test]
fn another_body_is_no_change_and_a_written_down_may_have_one() {
    let engine = Engine::new();
    words(&engine);
    let old = [reversible(
        A,
        |pgm| _ = pgm.rust("fill", |db| Ok(_ = db.execute("INSERT INTO words VALUES ('a')", &[])?)),
        |pgm| _ = pgm.rust("empty", |_| Err("not fixed".into())),
    )];
    engine.up(&old).unwrap();
    engine.down(&old, 1).unwrap_err();
    let new = [reversible(
        A,
        |pgm| _ = pgm.rust("fill", |_| Ok(())),
        |pgm| _ = pgm.rust("empty", |db| Ok(_ = db.execute("DELETE FROM words", &[])?)),
    )];
    assert_eq!(engine.status(&new), format!("applied {A}"));
    engine.down(&new, 1).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
}

#[test]
fn a_function_waits_for_locks_as_everything_does() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let engine = Engine::new();
    words(&engine);
    let mut other = engine.database.client();
    other.batch_execute("BEGIN; LOCK TABLE words IN SHARE MODE").unwrap();
    let all = [migration(A, |pgm| {
        pgm.rust("fill", |db| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            Ok(_ = db.execute("INSERT INTO words VALUES ('a')", &[])?)
        });
    })];
    let error = engine.up(&all).unwrap_err();
    assert_eq!(error.diagnostics()[0].code.as_deref(), Some("lock_wait"), "{}", told(&error));
    assert!(RUNS.load(Ordering::Relaxed) > 1);
    other.batch_execute("COMMIT").unwrap();
    engine.up(&all).unwrap();
    assert_eq!(engine.value("SELECT count(*) FROM words"), "1");
}

#[test]
fn ctrl_c_and_the_clock_end_a_function() {
    let engine = Engine::new();
    words(&engine);
    let all = [migration(A, |pgm| {
        pgm.rust("sleep", |db| {
            db.execute("INSERT INTO words VALUES ('a')", &[])?;
            loop {
                // It has to notice that it was ended, whatever it makes of the error.
                if db.transaction(|db| Ok(db.batch("SELECT pg_sleep(0.05)")?)).is_err() {
                    return Ok(());
                }
            }
        });
    })];
    let interrupt = Interrupt::default();
    let stop = interrupt.clone();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stop.stop();
    });
    let started = Instant::now();
    let migrator = engine.migrator(&all).interrupt(&interrupt);
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    stopper.join().unwrap();
    assert!(error.unwrap_err().stopped().is_some());
    let limits = Limits { whole: Some(Duration::from_millis(300)), ..Limits::default() };
    let migrator = engine.migrator(&all).limits(limits);
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    assert!(error.unwrap_err().stopped().is_some());
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(engine.value("SELECT count(*) FROM words"), "0");
    assert_eq!(engine.status(&all), format!("pending {A}"));
}

#[test]
fn a_function_in_the_way_of_others_is_ended() {
    let engine = Engine::new();
    words(&engine);
    let all = [migration(A, |pgm| {
        pgm.rust("think", |db| {
            db.batch("LOCK TABLE words")?;
            let until = Instant::now() + Duration::from_secs(20);
            // Most of the time it is not at the server.
            while Instant::now() < until {
                std::thread::sleep(Duration::from_millis(50));
                db.batch("SELECT 1")?;
            }
            Ok(())
        });
    })];
    let url = engine.database.url();
    let reader = std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        client.batch_execute("SELECT FROM words").unwrap();
    });
    let limits = Limits { blocking: Duration::from_millis(500), ..Limits::default() };
    let migrator = engine.migrator(&all).limits(limits);
    let error = migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {});
    let error = error.unwrap_err();
    assert_eq!(error.diagnostics()[0].code.as_deref(), Some("in_the_way"), "{}", told(&error));
    reader.join().unwrap();
    assert_eq!(engine.status(&all), format!("pending {A}"));
}

#[test]
fn a_connection_that_is_cut_inside_a_function_is_made_again() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let engine = Engine::new();
    words(&engine);
    let all = [migration(A, |pgm| {
        pgm.rust("fill", |db| {
            db.execute("INSERT INTO words VALUES ('a')", &[])?;
            if RUNS.fetch_add(1, Ordering::Relaxed) == 0 {
                _ = db.batch("SELECT pg_terminate_backend(pg_backend_pid())");
                assert!(db.batch("SELECT 1").is_err());
            }
            Ok(())
        });
    })];
    let done = engine.up(&all);
    done.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(engine.value("SELECT count(*) FROM words"), "1");
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn rows_that_a_function_would_lose_are_seen_by_sync() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.rust("make", |db| Ok(db.batch("CREATE TABLE made (id int); CREATE TABLE empty ()")?))
            .down(|db| {
                db.transaction(|db| Ok(db.batch("DROP TABLE empty")?))?;
                Ok(db.batch("DROP TABLE made")?)
            });
    })];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO made VALUES (1), (2)");
    let renamed = [
        migration("20251231000000_before", |pgm| _ = pgm.sql("SELECT 1").down("")),
        all[0].clone(),
    ];
    let sync = |discard| {
        let migrator = engine.migrator(&renamed);
        migrator.sync(&mut engine.session(), discard, &mut |_: Event| {})
    };
    let error = sync(false).unwrap_err();
    assert!(
        matches!(&error, Error::RowsLost(losses) if losses[0].to_string() == "2 rows of `made`")
    );
    assert_eq!(engine.value("SELECT count(*) FROM made"), "2");
    let (back, there) = sync(true).unwrap();
    assert_eq!((back.len(), there.len()), (1, 2));
    assert_eq!(engine.value("SELECT count(*) FROM made"), "0");
}

fn embedded(list: &[Migration]) -> Migrator {
    Migrator::embedded(Migrations::new("", "", list.to_vec()), "shop 1.4")
}

#[test]
fn an_application_brings_its_own_migrations() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| _ = pgm.create_table("words", |t| _ = t.text("word"))),
        migration(B, |pgm| {
            pgm.rust("fill", |db| Ok(_ = db.execute("INSERT INTO words VALUES ('a')", &[])?));
        }),
    ];
    let migrator = embedded(&all);
    let mut session = migrate_core::Session::open_url(&engine.database.url(), "shop").unwrap();
    let current = |migrator: &Migrator| migrator.assert_current(&mut engine.session());
    insta::assert_snapshot!(current(&migrator).unwrap_err(), @"this build knows 2 migrations, the database has 0: missing there: `20260101000000_a`, `20260102000000_b`");
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
    let done = migrator.up(&mut session, &UpTo::default(), &mut |_: Event| {});
    assert_eq!(done.unwrap(), [A, B]);
    assert_eq!(engine.value("SELECT word FROM words"), "a");
    assert_eq!(engine.value("SELECT DISTINCT actor FROM migrations_log"), "shop 1.4");
    current(&migrator).unwrap();
    insta::assert_snapshot!(current(&embedded(&all[..1])).unwrap_err(), @"this build knows 1 migration, the database has 2: unknown here: `20260102000000_b`");
    insta::assert_snapshot!(current(&embedded(&all[..1])).unwrap_err().help().unwrap(), @"deploy the build that knows them, or revert them with `migrate down`");
    insta::assert_snapshot!(current(&embedded(&[])).unwrap_err(), @"this build knows 0 migrations, the database has 2: unknown here: `20260101000000_a`, `20260102000000_b`");
    let newer: Vec<_> =
        ["20260103000000_c", "20260104000000_d", "20260105000000_e", "20260106000000_f"]
            .map(|name| migration(name, |pgm| _ = pgm.sql("SELECT 1")))
            .into();
    insta::assert_snapshot!(current(&embedded(&[&all[1..], &newer].concat())).unwrap_err(), @"this build knows 5 migrations, the database has 2: missing there: `20260103000000_c`, `20260104000000_d`, `20260105000000_e` and 1 more; unknown here: `20260101000000_a`");

    let half = migration(newer[0].name(), |pgm| {
        pgm.without_transaction();
        pgm.sql("CREATE TABLE c (); SELECT 1 / 0");
    });
    let with_half = embedded(&[&all[..], &[half]].concat());
    with_half.up(&mut session, &UpTo::default(), &mut |_: Event| {}).unwrap_err();
    insta::assert_snapshot!(current(&with_half).unwrap_err(), @"this build knows 3 migrations, the database has 2: partially applied: `20260103000000_c`");
}

#[test]
fn to_look_takes_no_more_than_reading_the_history() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_table("words", |_| {}))];
    engine.up(&all).unwrap();
    let role = engine.database.unique("reader");
    engine.database.execute(&format!(
        "CREATE ROLE {role} LOGIN;
         GRANT SELECT ON migrations, migrations_journal, migrations_settings TO {role}"
    ));
    let mut session = engine.session();
    session
        .client()
        .batch_execute(&format!("SET ROLE {role}; SET default_transaction_read_only = on"))
        .unwrap();
    embedded(&all).assert_current(&mut session).unwrap();
}
