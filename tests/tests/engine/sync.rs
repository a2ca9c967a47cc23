//! The database becomes what the files describe.

use std::time::{Duration, Instant};

use migrate_core::{Allowed, Error, Event, Failure, Interrupt, Stop, UpTo};
use migrate_dsl::{Migration, Pgm, env};
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";
const C: &str = "20260103000000_c";
const D: &str = "20260104000000_d";

fn posts(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title");
    });
    pgm.sql("INSERT INTO posts (title) VALUES ('first'), ('second')").down("DELETE FROM posts");
}

fn tags(pgm: &mut Pgm) {
    pgm.create_table("tags", |t| {
        t.id();
        t.bigint("post_id").references("posts", "id");
    });
}

fn likes(pgm: &mut Pgm) {
    pgm.add_column("posts", |t| _ = t.integer("likes").not_null().default(0));
    pgm.create_index("posts", "title").concurrently();
}

fn bodies(pgm: &mut Pgm) {
    pgm.add_column("posts", |t| _ = t.text("body"));
}

type Synced = Result<(Vec<String>, Vec<String>), Error>;

fn sync(engine: &Engine, all: &[Migration]) -> Synced {
    engine.migrator(all).sync(&mut engine.session(), false, &mut |_: Event| {})
}

/// Returns what is to be lost, as the error says it.
fn lost(synced: Synced) -> String {
    match synced {
        Err(error @ Error::RowsLost(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn everything_applied(engine: &Engine, all: &[Migration]) {
    let status = engine.migrator(all).status(&mut engine.session()).unwrap();
    assert!(status.is_current(), "{}", engine.status(all));
}

/// The schema of a database that never had anything but these.
fn schema_of(all: &[Migration]) -> String {
    let engine = Engine::new();
    engine.up(all).unwrap();
    engine.catalog()
}

#[test]
fn there_and_back_between_branches() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, tags), migration(D, likes)];
    let there = [migration(A, posts), migration(C, bodies)];
    engine.up(&here).unwrap();
    engine.database.execute("UPDATE posts SET title = 'mine' WHERE id = 1");
    for _ in 0..2 {
        assert_eq!(sync(&engine, &there).unwrap(), (names(&[D, B]), names(&[C])));
        assert_eq!(engine.catalog(), schema_of(&there));
        everything_applied(&engine, &there);
        assert_eq!(sync(&engine, &here).unwrap(), (names(&[C]), names(&[B, D])));
        assert_eq!(engine.catalog(), schema_of(&here));
        everything_applied(&engine, &here);
    }
    let titles = "SELECT string_agg(title, ',' ORDER BY id) FROM posts";
    assert_eq!(engine.value(titles), "mine,second");
    let log = "SELECT count(*) FROM migrations_log WHERE outcome = 'done'";
    let lines = engine.value(log);
    assert_eq!(sync(&engine, &here).unwrap(), (vec![], vec![]));
    assert_eq!(engine.value(log), lines);
}

#[test]
fn nothing_to_do_writes_nothing() {
    let engine = Engine::new();
    assert_eq!(sync(&engine, &[]).unwrap(), (vec![], vec![]));
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
    let all = [migration(A, posts)];
    let migrator = engine.migrator(&all);
    let would = migrator.would_sync(&mut engine.session(), &mut |_: Event| {}).unwrap();
    assert_eq!(would.applies[0].name, A);
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
    assert_eq!(sync(&engine, &all).unwrap(), (vec![], names(&[A])));
}

#[test]
fn a_changed_one_comes_again_with_those_after_it() {
    let engine = Engine::new();
    engine.up(&[migration(A, posts), migration(B, bodies), migration(C, tags)]).unwrap();
    let now = [migration(A, posts), migration(B, likes), migration(C, tags)];
    assert_eq!(sync(&engine, &now).unwrap(), (names(&[C, B]), names(&[B, C])));
    assert_eq!(engine.catalog(), schema_of(&now));
    everything_applied(&engine, &now);
}

#[test]
fn a_late_one_comes_before_those_that_are_newer() {
    let engine = Engine::new();
    engine.up(&[migration(A, posts), migration(C, tags)]).unwrap();
    let all = [migration(A, posts), migration(B, bodies), migration(C, tags)];
    assert_eq!(sync(&engine, &all).unwrap(), (names(&[C]), names(&[B, C])));
    everything_applied(&engine, &all);
    // One that was let through stays where it is.
    let engine = Engine::new();
    engine.up(&[migration(A, posts), migration(C, tags)]).unwrap();
    let allowed = UpTo { allow_out_of_order: true, ..UpTo::default() };
    engine.up_to(&all, &allowed).unwrap();
    assert_eq!(sync(&engine, &all).unwrap(), (vec![], vec![]));
}

#[test]
fn rows_are_not_lost_in_silence() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, tags), migration(C, bodies), migration(D, likes)];
    engine.up(&here).unwrap();
    let before = engine.catalog();
    engine.database.execute("INSERT INTO tags (post_id) VALUES (1), (1), (2)");
    engine.database.execute("UPDATE posts SET body = 'text', likes = 7 WHERE id = 1");
    let there = [migration(A, posts)];
    let error = sync(&engine, &there).unwrap_err();
    let diagnostic = &error.diagnostics()[0];
    insta::assert_snapshot!(diagnostic.message, @"this would lose 1 value of `likes` in `posts`, 1 value of `body` in `posts` and 3 rows of `tags`");
    insta::assert_snapshot!(diagnostic.notes.join("\n"), @"
    `20260104000000_d` goes with 1 value of `likes` in `posts`
    `20260103000000_c` goes with 1 value of `body` in `posts`
    `20260102000000_b` goes with 3 rows of `tags`
    ");
    insta::assert_snapshot!(diagnostic.helps.join("\n"), @"nothing was changed; `migrate sync --discard-rows` lets them go, and `migrate backup` keeps a copy first");
    assert_eq!(engine.catalog(), before);
    everything_applied(&engine, &here);
    let migrator = engine.migrator(&there);
    let would = migrator.would_sync(&mut engine.session(), &mut |_: Event| {}).unwrap();
    assert_eq!((would.reverts.len(), would.losses.len()), (3, 3));
    assert_eq!(engine.catalog(), before);

    // Values from a default are no loss.
    engine.database.execute("UPDATE posts SET body = NULL, likes = 0");
    assert_eq!(lost(sync(&engine, &there)), "this would lose 3 rows of `tags`");
    let synced = migrator.sync(&mut engine.session(), true, &mut |_: Event| {});
    assert_eq!(synced.unwrap(), (names(&[D, C, B]), vec![]));
    assert_eq!(engine.value("SELECT count(*) FROM posts"), "2");
}

#[test]
fn rows_that_the_inverse_removes_itself_are_its_own() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.create_table("roles", |t| _ = t.text("name"));
        pgm.sql("INSERT INTO roles VALUES ('admin'), ('guest')")
            .down("DELETE FROM roles WHERE name IN ('admin', 'guest')");
    })];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO roles VALUES ('mine')");
    assert_eq!(lost(sync(&engine, &[])), "this would lose 1 row of `roles`");
    engine.database.execute("DELETE FROM roles WHERE name = 'mine'");
    assert_eq!(sync(&engine, &[]).unwrap(), (names(&[A]), vec![]));
}

#[test]
fn rows_that_go_on_the_way_forward_are_seen_as_well() {
    let colors = |pgm: &mut Pgm| {
        pgm.create_table("colors", |t| {
            t.text("name");
            t.text("note");
        });
    };
    type Gone = (fn(&mut Pgm), &'static str);
    let gone: [Gone; 5] = [
        (|pgm| _ = pgm.drop_table("colors"), "2 rows of `colors`"),
        (|pgm| _ = pgm.drop_column("colors", "note"), "1 value of `note` in `colors`"),
        (|pgm| _ = pgm.truncate_table("colors"), "2 rows of `colors`"),
        (
            |pgm| _ = pgm.rust("drop", |db| Ok(db.batch("DROP TABLE colors")?)).down(|_| Ok(())),
            "2 rows of `colors`",
        ),
        // What it has put in itself is no loss, and what it has written over is one.
        (
            |pgm| {
                pgm.sql("INSERT INTO colors VALUES ('own'); UPDATE colors SET note = 'own'")
                    .down("");
                pgm.sql("CREATE TABLE own AS SELECT * FROM colors; DROP TABLE own, colors")
                    .down("CREATE TABLE colors (name text, note text)");
            },
            "2 rows of `colors`",
        ),
    ];
    for (there, loss) in gone {
        let engine = Engine::new();
        let all = [migration(A, colors), migration(B, bodies_of_colors), migration(C, there)];
        engine.up(&all[..2]).unwrap();
        engine.database.execute("INSERT INTO colors VALUES ('red', NULL), ('blue', 'mine')");
        let (here, before) = ([migration(A, colors), migration(C, there)], engine.catalog());
        assert_eq!(lost(sync(&engine, &here)), format!("this would lose {loss}"));
        let migrator = engine.migrator(&here);
        let would = migrator.would_sync(&mut engine.session(), &mut |_: Event| {}).unwrap();
        assert_eq!((would.losses.len(), would.losses[0].name.as_str()), (1, C));
        assert_eq!(lost(sync(&engine, &all)), format!("this would lose {loss}"));
        assert_eq!(engine.catalog(), before);
        assert_eq!(engine.value("SELECT string_agg(name, ',') FROM colors"), "red,blue");
        let synced = migrator.sync(&mut engine.session(), true, &mut |_: Event| {});
        assert_eq!(synced.unwrap(), (names(&[B]), names(&[C])));
    }
}

fn bodies_of_colors(pgm: &mut Pgm) {
    pgm.add_column("colors", |t| _ = t.text("body"));
}

#[test]
fn what_is_kept_rewritten_or_only_passed_through_is_no_loss() {
    let engine = Engine::new();
    let all = [
        migration(A, posts),
        migration(B, |pgm| {
            pgm.create_table("empty", |t| _ = t.text("name"));
        }),
        migration(C, |pgm| {
            pgm.sql("INSERT INTO empty VALUES ('own')").down("");
            pgm.add_column("posts", |t| _ = t.text("passing").default("own"));
            pgm.drop_column("posts", "passing");
            pgm.sql("TRUNCATE empty").down("");
            pgm.drop_table("empty");
            pgm.alter_column("posts", "title").set_type("varchar");
            pgm.drop_column("posts", "title").keep_data();
        }),
        migration(D, |pgm| _ = pgm.drop_table("posts").keep_data()),
    ];
    engine.up(&all[..2]).unwrap();
    assert_eq!(sync(&engine, &all).unwrap(), (vec![], names(&[C, D])));
    assert_eq!(sync(&engine, &all[..2]).unwrap(), (names(&[D, C]), vec![]));
    assert_eq!(
        engine.value("SELECT string_agg(title, ',' ORDER BY id) FROM posts"),
        "first,second"
    );
}

#[test]
fn values_that_the_other_type_does_not_hold_are_seen() {
    let engine = Engine::new();
    let prices = |pgm: &mut Pgm| {
        pgm.create_table("prices", |t| {
            t.integer("price");
            t.text("size");
            t.column("at", "timestamptz");
        });
    };
    let wider = |pgm: &mut Pgm| {
        pgm.alter_column("prices", "price").set_type("numeric");
        pgm.alter_column("prices", "size").set_type("integer").using("length(size)");
    };
    let day = |pgm: &mut Pgm| _ = pgm.alter_column("prices", "at").set_type("date");
    let all = [migration(A, prices), migration(B, wider), migration(C, day)];
    engine.up(&all[..2]).unwrap();
    engine.database.execute(
        "INSERT INTO prices VALUES (1.75, 1, '2026-01-01 00:00'), (2, 2, NULL), (3.0, 3, '2026-01-01 12:00')",
    );
    let error = sync(&engine, &all[..1]).unwrap_err();
    let notes = error.diagnostics().remove(0).notes;
    insta::assert_snapshot!(notes.join("\n"), @"`20260102000000_b` goes with 1 value of `price` in `prices` that `integer` does not hold");
    insta::assert_snapshot!(lost(sync(&engine, &all)), @"this would lose 1 value of `at` in `prices` that `date` does not hold");
    assert_eq!(engine.value("SELECT string_agg(price::text, ',') FROM prices"), "1.75,2,3.0");
    engine.database.execute("UPDATE prices SET price = 1, at = NULL");
    assert_eq!(sync(&engine, &all).unwrap(), (vec![], names(&[C])));
    assert_eq!(sync(&engine, &all[..1]).unwrap(), (names(&[C, B]), vec![]));
}

#[test]
fn what_fails_elsewhere_is_not_to_be_fixed_in_a_file_of_here() {
    let engine = Engine::new();
    let all = [migration(A, posts), migration(B, tags)];
    engine.up(&all).unwrap();
    engine.database.execute("CREATE VIEW by_hand AS SELECT * FROM tags");
    let labels = |pgm: &mut Pgm| _ = pgm.create_table("labels", |t| t.id());
    let fixed = Migration::rust(B, B, "another text", (1, 1), labels, Pgm::infer_down);
    for here in [vec![migration(A, posts)], vec![migration(A, posts), fixed]] {
        let error = sync(&engine, &here).unwrap_err();
        let told = error.diagnostics().remove(0);
        assert!(told.source.unwrap().outdated);
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.helps.last().unwrap(), @"fix the cause and run `migrate sync` again; or go back to the branch that has the file, and run `migrate down` there");
        }
    }
    let error = engine.down(&all, 1).unwrap_err();
    let told = error.diagnostics().remove(0);
    assert!(!told.source.unwrap().outdated);
    insta::assert_snapshot!(told.helps.last().unwrap(), @"fix the file and run `migrate down` again");
}

#[test]
fn what_no_statement_names_is_seen_all_the_same() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.sql("CREATE SCHEMA shop; CREATE TABLE shop.\"Odd \"\"name\" (n int)")
            .down("DROP SCHEMA shop CASCADE");
        pgm.sql("CREATE TABLE parts (n int) PARTITION BY LIST (n); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE SEQUENCE s")
            .down("SELECT setval('s', 100); DO $$BEGIN EXECUTE 'DROP TABLE parts'; END$$; VACUUM; DROP SEQUENCE s")
            .outside_transaction();
        pgm.sql("CREATE TABLE renamed (n int, t timestamptz)").down("DROP TABLE renamed");
        pgm.rename_table("renamed", "known");
        pgm.sql("ALTER TABLE known ENABLE ROW LEVEL SECURITY").down("");
    })];
    engine.up(&all).unwrap();
    engine.database.execute(
        "INSERT INTO shop.\"Odd \"\"name\" VALUES (1); INSERT INTO parts VALUES (1), (1); \
         INSERT INTO known VALUES (1, now())",
    );
    insta::assert_snapshot!(lost(sync(&engine, &[])), @r#"this would lose 1 row of `known`, 2 rows of `parts_1` and 1 row of `shop."Odd ""name"`"#);
    assert_eq!(engine.value("SELECT nextval('s')"), "1");
    let discarded = engine.migrator(&[]).sync(&mut engine.session(), true, &mut |_: Event| {});
    assert_eq!(discarded.unwrap(), (names(&[A]), vec![]));
}

#[test]
fn a_column_that_the_server_fills_is_no_loss() {
    let engine = Engine::new();
    let here = [
        migration(A, posts),
        migration(B, |pgm| {
            pgm.sql(
                "ALTER TABLE posts ADD n int GENERATED ALWAYS AS IDENTITY, \
                 ADD shout text GENERATED ALWAYS AS (upper(title)) STORED, \
                 ADD spot point DEFAULT '(1,2)', ADD data json DEFAULT '{}'; \
                 ALTER TABLE posts ADD created_at timestamptz NOT NULL DEFAULT now()",
            )
            .down("ALTER TABLE posts DROP n, DROP shout, DROP spot, DROP data, DROP created_at");
        }),
    ];
    engine.up(&here).unwrap();
    let there = [migration(A, posts)];
    engine.database.execute("UPDATE posts SET data = '[]', created_at = '2001-01-01' WHERE id = 1");
    insta::assert_snapshot!(lost(sync(&engine, &there)), @"this would lose 1 value of `data` in `posts` and 1 value of `created_at` in `posts`");
    engine.database.execute("UPDATE posts SET data = NULL; DELETE FROM posts WHERE id = 1");
    assert_eq!(sync(&engine, &there).unwrap(), (names(&[B]), vec![]));
}

#[test]
fn what_has_no_inverse_is_refused_before_anything_is_touched() {
    let engine = Engine::new();
    let final_word = |pgm: &mut Pgm| {
        pgm.irreversible("mails were sent");
        pgm.sql("SELECT 1");
    };
    engine.up(&[migration(A, posts), migration(B, final_word), migration(C, tags)]).unwrap();
    let error = sync(&engine, &[migration(A, posts)]).unwrap_err();
    assert!(matches!(&error, Error::Irreversible { name, .. } if name == B), "{error}");
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "3");
    // What could not be applied afterwards, too.
    let secret = [
        migration(A, posts),
        migration(D, |pgm| _ = pgm.create_role("app").password(env("NOT_SET"))),
    ];
    let engine = Engine::new();
    engine.up(&[migration(A, posts), migration(C, tags)]).unwrap();
    assert!(matches!(sync(&engine, &secret), Err(Error::Problems(_))));
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "2");
}

#[test]
fn a_protected_database_gives_nothing_back_unless_it_is_allowed() {
    let engine = Engine::new();
    let (here, there) = ([migration(A, posts), migration(B, tags)], [migration(A, posts)]);
    engine.up(&here).unwrap();
    let mut quiet = |_: Event| {};
    let migrator = engine.migrator(&there);
    migrator.protect(&mut engine.session(), "production", &mut quiet).unwrap();
    assert!(matches!(sync(&engine, &there), Err(Error::Protected { .. })));
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "2");
    let would = migrator.would_sync(&mut engine.session(), &mut quiet).unwrap();
    assert_eq!((would.reverts.len(), would.losses.len()), (1, 0));
    // What only adds is not refused.
    let more = [migration(A, posts), migration(B, tags), migration(C, bodies)];
    assert_eq!(sync(&engine, &more).unwrap(), (vec![], names(&[C])));
    let allowed = Allowed { name: "production".to_owned(), origin: "`--allow`".to_owned() };
    let migrator = migrator.allow(Some(allowed));
    let synced = migrator.sync(&mut engine.session(), false, &mut quiet);
    assert_eq!(synced.unwrap(), (names(&[C, B]), vec![]));
}

#[test]
fn interrupted_in_the_middle_the_next_one_goes_on() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, tags), migration(C, likes)];
    let there = [migration(A, posts), migration(D, bodies)];
    engine.up(&here).unwrap();
    let interrupt = Interrupt::default();
    let migrator = engine.migrator(&there).interrupt(&interrupt);
    let stopped = migrator.sync(&mut engine.session(), false, &mut |event: Event| {
        if matches!(event, Event::Finished { .. }) {
            interrupt.stop();
        }
    });
    let stopped = stopped.unwrap_err();
    assert_eq!(stopped.diagnostics()[0].helps, ["run `migrate sync` again"]);
    assert_eq!(
        engine.value("SELECT string_agg(name, ',' ORDER BY id) FROM migrations"),
        [A, B].join(",")
    );
    assert_eq!(sync(&engine, &there).unwrap(), (names(&[B]), names(&[D])));
    assert_eq!(engine.catalog(), schema_of(&there));
}

/// A migration that stops after its first two statements, until there is a table `go`.
fn half(pgm: &mut Pgm) {
    pgm.create_table("half", |t| t.id());
    pgm.sql("VACUUM go").outside_transaction().down("");
    pgm.create_index("half", "id").concurrently();
}

#[test]
fn what_is_partially_applied_is_finished_or_reverted() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, half)];
    assert!(engine.up(&here).is_err());
    assert_eq!(engine.status(&here), format!("applied {A}\npartial {B}"));
    // It is the next one, and is continued.
    engine.database.execute("CREATE TABLE go ()");
    assert_eq!(sync(&engine, &here).unwrap(), (vec![], names(&[B])));

    // Something older is missing or has changed: what was done of it is reverted first.
    for now in [
        [migration(A, bodies), migration(B, half)],
        [migration("20250101000000_older", |_| {}), migration(B, half)],
    ] {
        let engine = Engine::new();
        engine.database.execute("CREATE TABLE posts ()");
        assert!(engine.up(&[migration(A, tags_of_nothing), migration(B, half)]).is_err());
        engine.database.execute("CREATE TABLE go ()");
        let first = now[0].name().to_owned();
        assert_eq!(sync(&engine, &now).unwrap(), (names(&[B, A]), names(&[&first, B])));
        everything_applied(&engine, &now);
    }

    // The effect of a migration without a file is unknown.
    let engine = Engine::new();
    assert!(engine.up(&here).is_err());
    let error = sync(&engine, &[migration(A, posts)]).unwrap_err();
    insta::assert_snapshot!(error, @"`20260102000000_b` is partially applied: its file is missing");
    assert_eq!(engine.status(&here), format!("applied {A}\npartial {B}"));
}

fn tags_of_nothing(pgm: &mut Pgm) {
    pgm.create_table("tags", |t| t.id());
}

#[test]
fn rows_in_what_is_partially_applied_count_as_well() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, half)];
    assert!(engine.up(&here).is_err());
    engine.database.execute("INSERT INTO half DEFAULT VALUES");
    let now = [migration(A, bodies), migration(B, half)];
    // The inverse of `posts` empties it first.
    assert_eq!(lost(sync(&engine, &now)), "this would lose 1 row of `half`");
    assert_eq!(engine.status(&here), format!("applied {A}\npartial {B}"));
}

#[test]
fn what_was_being_reverted_goes_all_the_way() {
    let engine = Engine::new();
    let up = |pgm: &mut Pgm| _ = pgm.sql("CREATE TABLE a (n int)");
    let all = [reversible(A, up, |pgm| {
        pgm.sql("ALTER TABLE a ADD m int; VACUUM go; DROP TABLE a").outside_transaction();
    })];
    engine.up(&all).unwrap();
    assert!(engine.down(&all, 1).is_err());
    assert_eq!(engine.status(&all), format!("partial {A}"));
    engine.database.execute("CREATE TABLE go ()");
    assert_eq!(sync(&engine, &all).unwrap(), (names(&[A]), names(&[A])));
    everything_applied(&engine, &all);
}

#[test]
fn rows_are_counted_without_making_anybody_wait() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, tags)];
    engine.up(&here).unwrap();
    let mut holder = engine.database.client();
    holder.batch_execute("BEGIN; SELECT * FROM tags").unwrap();
    // The tests' migrator has little patience.
    let error = sync(&engine, &here[..1]).unwrap_err();
    assert!(error.to_string().contains(B), "{error}");
    assert_eq!(engine.value("SELECT count(*) FROM migrations"), "2");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(600));
            holder.batch_execute("COMMIT").unwrap();
        });
        let migrator = engine.migrator(&here[..1]).patience(Duration::from_secs(20));
        let synced = migrator.sync(&mut engine.session(), false, &mut |_: Event| {});
        assert_eq!(synced.unwrap(), (names(&[B]), vec![]));
    });
}

#[test]
fn each_migration_is_rehearsed_in_a_transaction_of_its_own() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            pgm.sql(
                "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (n int, \
                 parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            )
            .down("DROP TABLE child, parent");
        }),
        migration(B, |pgm| _ = pgm.add_column("child", |t| _ = t.text("note"))),
        migration(C, |pgm| {
            // Still deferred, as the previous one has left it.
            pgm.sql("SELECT 1")
                .down("INSERT INTO child (parent) VALUES (2); INSERT INTO parent VALUES (2)");
        }),
        migration(D, |pgm| {
            pgm.sql("SELECT 1")
                .down("INSERT INTO child (parent) VALUES (1); INSERT INTO parent VALUES (1)");
        }),
    ];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO child (note) SELECT 'mine' FROM generate_series(1, 500)");
    let there = [all[0].clone()];
    insta::assert_snapshot!(lost(sync(&engine, &there)), @"this would lose 500 values of `note` in `child`");
    engine.database.execute("DELETE FROM child");
    assert_eq!(sync(&engine, &there).unwrap(), (names(&[D, C, B]), vec![]));
}

#[test]
fn what_cannot_be_tried_may_lose_anything() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            pgm.sql(
                "CREATE TABLE orders (id int, note text, sum int); CREATE INDEX orders_id ON orders (id)",
            )
            .down("");
            pgm.sql("CREATE PROCEDURE clear() LANGUAGE plpgsql AS $$BEGIN COMMIT; DELETE FROM orders; END$$")
                .down("DROP PROCEDURE clear");
        }),
        migration(B, |pgm| {
            pgm.rust("forget", |_| Ok(()))
                .down(|db| {
                    db.batch("DROP INDEX CONCURRENTLY IF EXISTS orders_id")?;
                    Ok(db.batch("ALTER TABLE orders DROP COLUMN sum")?)
                })
                .outside_transaction();
        }),
        migration(C, |pgm| _ = pgm.sql("VACUUM").down("CALL clear()").outside_transaction()),
        migration(D, |pgm| {
            pgm.create_index("orders", "note").concurrently();
            pgm.sql("ANALYZE orders")
                .down("VACUUM orders; REINDEX INDEX CONCURRENTLY orders_id")
                .outside_transaction();
        }),
    ];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO orders VALUES (1, 'mine')");
    insta::assert_snapshot!(lost(sync(&engine, &all[..2])), @"this would lose whatever `CALL clear()` takes with it, which could not be tried beforehand");
    let [a, b, c, d] = all.clone();
    let late = migration("20260101120000_late", |pgm| _ = pgm.sql("SELECT 1").down(""));
    let there = [a, late, b, c, d];
    insta::assert_snapshot!(lost(sync(&engine, &there)), @"this would lose whatever `CALL clear()` takes with it, which could not be tried beforehand and whatever the Rust function `forget` takes with it, which could not be tried beforehand");
    let migrator = engine.migrator(&there);
    let would = migrator.would_sync(&mut engine.session(), &mut |_: Event| {}).unwrap();
    insta::assert_snapshot!(serde_json::to_string(&would.losses[0]).unwrap(), @r#"{"name":"20260103000000_c","column":null,"rows":null,"untried":"`CALL clear()`"}"#);
    // Dropping an index needs no consent.
    assert_eq!(sync(&engine, &all[..3]).unwrap(), (names(&[D]), vec![]));
    let discarded = migrator.sync(&mut engine.session(), true, &mut |_: Event| {});
    assert_eq!(discarded.unwrap().0, names(&[C, B]));
    everything_applied(&engine, &there);
}

#[test]
fn a_partition_that_left_is_a_table_like_others() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            pgm.sql(
                "CREATE TABLE parts (n int, note text) PARTITION BY LIST (n); \
                 CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)",
            )
            .down("");
        }),
        migration(B, |pgm| {
            pgm.sql("SELECT 1").down("ALTER TABLE parts_1 DROP COLUMN note");
        }),
        migration(C, |pgm| {
            pgm.sql("SELECT 1")
                .down("ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY")
                .outside_transaction();
        }),
    ];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO parts VALUES (1, 'mine')");
    insta::assert_snapshot!(lost(sync(&engine, &all[..1])), @"this would lose 1 value of `note` in `parts_1`");
    engine.database.execute("UPDATE parts SET note = NULL");
    assert_eq!(sync(&engine, &all[..1]).unwrap(), (names(&[C, B]), vec![]));
}

#[test]
fn what_sets_a_sequence_is_not_tried() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            _ = pgm.sql("CREATE SEQUENCE nums; CREATE TABLE orders (id int)").down("")
        }),
        migration(B, |pgm| {
            pgm.sql("SELECT 1").down(
                "SELECT setval('nums', 70); \
                 DO $$ BEGIN PERFORM setval('nums', 80); DROP TABLE orders; END $$",
            );
        }),
    ];
    engine.up(&all).unwrap();
    engine.database.execute("INSERT INTO orders VALUES (1)");
    insta::assert_snapshot!(lost(sync(&engine, &all[..1])), @"this would lose whatever `DO $$ BEGIN PERFORM setval('nums', 80); DROP TABLE orders; END $$` takes with it, which could not be tried beforehand");
    assert_eq!(engine.value("SELECT nextval('nums')"), "1");
}

#[test]
fn many_rows_are_not_counted_to_the_end() {
    let engine = Engine::new();
    let here = [migration(A, posts), migration(B, bodies), migration(C, tags)];
    engine.up(&here).unwrap();
    engine.database.execute(
        "INSERT INTO posts (body) SELECT 'text' FROM generate_series(1, 10001); \
         INSERT INTO tags (post_id) SELECT id FROM posts LIMIT 10000",
    );
    insta::assert_snapshot!(lost(sync(&engine, &here[..1])), @"this would lose 10000 rows of `tags` and more than 10,000 values of `body` in `posts`");
}

/// A table, and a type whose values take a minute to look at.
fn slow(pgm: &mut Pgm) {
    pgm.sql(
        "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql \
         AS $$BEGIN PERFORM pg_sleep(60); RETURN $1; END$$; \
         CREATE TYPE slow AS (a text); CREATE TABLE looked_at (n int); \
         CREATE FUNCTION slow_text(slow) RETURNS text LANGUAGE sql AS 'SELECT public.slow(($1).a)'; \
         CREATE CAST (slow AS text) WITH FUNCTION slow_text(slow)",
    )
    .down("");
}

fn slow_column(pgm: &mut Pgm) {
    pgm.sql("ALTER TABLE looked_at ADD c slow").down("ALTER TABLE looked_at DROP c");
}

#[test]
fn counting_can_be_stopped_and_does_not_take_long() {
    let engine = Engine::new();
    let here = [migration(A, slow), migration(B, slow_column)];
    engine.up(&here).unwrap();
    engine.database.execute("INSERT INTO looked_at (c) VALUES (ROW('mine'))");
    let there = &here[..1];
    let interrupt = Interrupt::default();
    let migrator = engine.migrator(there).interrupt(&interrupt);
    let started = Instant::now();
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(1));
            interrupt.stop();
        });
        migrator.sync(&mut engine.session(), false, &mut |_: Event| {})
    });
    match stopped {
        Err(Error::Apply(error)) => {
            assert!(matches!(error.failure, Failure::Stopped(Stop::Interrupted)), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    // No session is to wait longer than that.
    let error = lost(sync(&engine, there));
    insta::assert_snapshot!(error, @"this would lose an unknown number of rows of `looked_at`");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    everything_applied(&engine, &here);
}

#[test]
fn numbers_that_anybody_may_write_are_a_loss() {
    let engine = Engine::new();
    let here = [
        migration(A, posts),
        migration(B, |pgm| {
            pgm.sql("ALTER TABLE posts ADD n int GENERATED BY DEFAULT AS IDENTITY")
                .down("ALTER TABLE posts DROP n");
        }),
    ];
    engine.up(&here).unwrap();
    engine.database.execute("UPDATE posts SET n = 4711 WHERE id = 1");
    assert_eq!(lost(sync(&engine, &here[..1])), "this would lose 2 values of `n` in `posts`");
}

#[test]
fn an_attribute_goes_with_what_columns_have_in_it() {
    let engine = Engine::new();
    let here = [
        migration(A, |pgm| {
            pgm.sql(
                "CREATE TYPE addr AS (street text); CREATE TYPE both_of AS (home addr, work addr); \
                 CREATE TABLE \"People\" (home addr, others addr[], pair both_of); \
                 CREATE TABLE shops (at addr); CREATE TABLE empty (at addr[])",
            )
            .down("");
        }),
        migration(B, |pgm| {
            pgm.sql("ALTER TYPE addr ADD ATTRIBUTE zip text CASCADE")
                .down("ALTER TYPE addr DROP ATTRIBUTE zip CASCADE");
        }),
    ];
    engine.up(&here).unwrap();
    engine.database.execute(
        "INSERT INTO \"People\" VALUES (('a', '1')), (('b', '2')), (('c', NULL)); \
         INSERT INTO shops VALUES (('d', NULL))",
    );
    let there = &here[..1];
    insta::assert_snapshot!(lost(sync(&engine, there)), @r#"this would lose 2 values of `home.zip` in `"People"`"#);
    engine.database.execute(
        "UPDATE \"People\" SET home = NULL, others = ARRAY[('e', '3')::addr], pair = (NULL, ('f', '4'))",
    );
    insta::assert_snapshot!(lost(sync(&engine, there)), @r#"this would lose an unknown number of values of `others` in `"People"` and an unknown number of values of `pair` in `"People"`"#);
    engine.database.execute("DELETE FROM \"People\"");
    assert_eq!(sync(&engine, there).unwrap(), (names(&[B]), vec![]));
}
