//! Reverting: whose word counts, and what is refused.

use migrate_core::{DownTo, Error, Event, UpTo};
use migrate_dsl::{Migration, Object, Pgm};
use migrate_tests::{Engine, migration, reversible};

const A: &str = "20260101000000_a";
const B: &str = "20260102000000_b";

fn table(pgm: &mut Pgm) {
    pgm.create_table("a", |t| t.id());
}

#[test]
fn the_file_need_not_exist() {
    let engine = Engine::new();
    let empty = engine.catalog();
    engine.up(&[migration(A, table)]).unwrap();
    assert_eq!(engine.down(&[], 1).unwrap(), [A]);
    assert_eq!(engine.catalog(), empty);
}

#[test]
fn a_written_down_wins_and_may_be_fixed_later() {
    let engine = Engine::new();
    let broken = reversible(A, table, |pgm| _ = pgm.sql("DROP TABLE nothing"));
    engine.up(std::slice::from_ref(&broken)).unwrap();
    assert!(engine.down(&[broken], 1).is_err());
    let fixed = reversible(A, table, |pgm| {
        pgm.sql("DROP TABLE a");
        pgm.sql("CREATE TABLE traces ()");
    });
    assert_eq!(engine.status(std::slice::from_ref(&fixed)), format!("applied {A}"));
    engine.down(&[fixed], 1).unwrap();
    assert_eq!(
        engine.value("SELECT to_regclass('a') IS NULL AND to_regclass('traces') IS NOT NULL"),
        "t"
    );
}

#[test]
fn a_changed_file_is_not_asked_for_the_inverse() {
    let engine = Engine::new();
    engine.up(&[migration(A, table)]).unwrap();
    let changed = reversible(A, |pgm| _ = pgm.sql("SELECT 1"), |pgm| _ = pgm.sql("SELECT 2"));
    engine.down(&[changed], 1).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('a')"), "NULL");
}

#[test]
fn a_role_that_a_down_takes_lasts_through_the_grants_of_others() {
    let engine = Engine::new();
    let (owner, giver) = (engine.database.unique("owner"), engine.database.unique("giver"));
    engine.database.execute(&format!(
        "CREATE ROLE {owner}; CREATE ROLE {giver}; CREATE TABLE t (id int);
         GRANT ALL ON SCHEMA public TO {owner};
         ALTER TABLE t OWNER TO {owner};
         GRANT SELECT ON t TO {giver} WITH GRANT OPTION;
         SET ROLE {giver}; GRANT SELECT ON t TO PUBLIC; RESET ROLE"
    ));
    let before = engine.catalog();
    let all = [migration(A, |pgm| {
        pgm.sql("SELECT 1").down("CREATE TABLE mine ()");
        pgm.sql(
            "DO $$ BEGIN
                 EXECUTE format('REVOKE ALL ON t FROM %I CASCADE', current_database() || '_giver');
             END $$",
        )
        .captures(Object::table("t"));
        pgm.sql("SELECT 1").down(
            "DO $$ BEGIN
                 EXECUTE format('SET LOCAL ROLE %I', current_database() || '_owner');
             END $$",
        );
    })];
    engine.up(&all).unwrap();
    engine.down(&all, 1).unwrap();
    let made_by = "SELECT tableowner FROM pg_tables WHERE tablename = 'mine'";
    assert_eq!(engine.value(made_by), owner);
    engine.database.execute("DROP TABLE mine");
    assert_eq!(engine.catalog(), before);
}

#[test]
fn without_an_inverse_nothing_is_touched() {
    let engine = Engine::new();
    let all = [
        migration(A, |pgm| {
            pgm.sql("CREATE TABLE a ()");
        }),
        migration(B, |pgm| {
            pgm.create_table("b", |_| {});
        }),
    ];
    engine.up(&all).unwrap();
    let error = engine.down(&all, 2).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be reverted: `pgm.sql` has neither `.down(..)` nor `.captures(..)`, and the migration has no `down`");
    assert_eq!(engine.status(&all), format!("applied {A}\napplied {B}"));
    assert_eq!(engine.down(&all, 1).unwrap(), [B]);
}

#[test]
fn a_file_of_sql_wants_another_beside_it() {
    let engine = Engine::new();
    let file = |down| [Migration::sql(A, "src/a.up.sql", A, "CREATE TABLE a ()", down)];
    engine.up(&file(None)).unwrap();
    let error = engine.down(&file(None), 1).unwrap_err();
    insta::assert_snapshot!(
        format!("{error} -> {}", error.help().unwrap()),
        @"`20260101000000_a` cannot be reverted: there is no `src/a.down.sql` -> nothing was changed; write the SQL that reverts it into a `.down.sql` beside its file"
    );
    let down = Some(("src/a.down.sql", "DROP TABLE a"));
    assert_eq!(engine.down(&file(down), 1).unwrap(), [A]);
}

#[test]
fn the_authors_word_is_final() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| {
        pgm.create_table("a", |_| {});
        pgm.irreversible("the law asks for it");
    })];
    engine.up(&all).unwrap();
    let error = engine.down(&all, 1).unwrap_err();
    assert!(matches!(&error, Error::Irreversible { why, .. } if why.verb == "irreversible"));
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be reverted: the law asks for it");
}

#[test]
fn an_empty_down_under_a_full_up_is_refused() {
    let engine = Engine::new();
    let error = engine.up(&[reversible(A, table, |_| {})]).unwrap_err();
    assert!(
        matches!(&error, Error::Problems(problems) if problems[0].1.message.contains("`down` is empty"))
    );
    assert_eq!(engine.value("SELECT to_regclass('migrations')"), "NULL");
}

#[test]
fn a_down_that_fails_changes_nothing() {
    let engine = Engine::new();
    let all = [reversible(A, table, |pgm| {
        pgm.sql("DROP TABLE a; SELECT 1 / 0");
    })];
    engine.up(&all).unwrap();
    let before = engine.catalog();
    let error = engine.down(&all, 1).unwrap_err();
    assert_eq!(error.diagnostics()[0].message, "division by zero");
    assert_eq!(engine.catalog(), before);
    assert_eq!(engine.status(&all), format!("applied {A}"));
}

#[test]
fn down_runs_a_step_inverse_that_was_fixed_in_the_file() {
    let engine = Engine::new();
    let broken = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a ()").down("DROP TABLE nothing");
    })];
    engine.up(&broken).unwrap();
    assert!(engine.down(&broken, 1).is_err());
    let fixed = [migration(A, |pgm| {
        pgm.sql("CREATE TABLE a ()").down("DROP TABLE a; CREATE TABLE traces ()");
    })];
    engine.down(&fixed, 1).unwrap();
    assert_eq!(
        engine.value("SELECT to_regclass('a') IS NULL AND to_regclass('traces') IS NOT NULL"),
        "t"
    );
}

/// A table of which one column is dropped, and a step after that with an inverse.
const WITH_CAPTURE: &str = "CREATE TABLE t (n int, s text NOT NULL DEFAULT 'x')";

#[test]
fn down_merges_declared_inverses_of_the_file_with_captured_ones() {
    let engine = Engine::new();
    engine.database.execute(WITH_CAPTURE);
    let before = engine.catalog();
    // Without any inverse of one step, the migration is recorded as irreversible.
    let none = [migration(A, |pgm| {
        pgm.drop_column("t", "s");
        pgm.sql("CREATE TABLE a ()");
    })];
    engine.up(&none).unwrap();
    assert!(matches!(engine.down(&none, 1), Err(Error::Irreversible { .. })));
    let declared = [migration(A, |pgm| {
        pgm.drop_column("t", "s");
        pgm.sql("CREATE TABLE a ()").down("DROP TABLE a");
    })];
    let would = engine.migrator(&declared).would_revert(&mut engine.session(), &DownTo::All);
    let sql: Vec<_> =
        would.unwrap()[0].1.iter().map(|step| step.statements[0].sql.clone()).collect();
    insta::assert_snapshot!(sql.join("\n"), @r"
    DROP TABLE a
    DO $$
    BEGIN
        ALTER TABLE public.t ADD COLUMN s text DEFAULT 'x'::text NOT NULL;
    EXCEPTION WHEN not_null_violation THEN
        ALTER TABLE public.t ADD COLUMN s text DEFAULT 'x'::text;
        RAISE WARNING USING MESSAGE = 'column `s` of `public.t` is restored without NOT NULL: rows have nulls in it';
    END
    $$
    ");
    engine.down(&declared, 1).unwrap();
    assert_eq!(engine.catalog(), before);

    // A declared inverse wins over a captured one, and stays the file's to change.
    engine.up(&declared).unwrap();
    let all = [migration(A, |pgm| {
        pgm.drop_column("t", "s");
        pgm.sql("CREATE TABLE a ()").down("DROP TABLE a; CREATE TABLE traces ()");
    })];
    engine.down(&all, 1).unwrap();
    engine.database.execute("DROP TABLE traces");
    assert_eq!(engine.catalog(), before);
}

#[test]
fn down_refuses_an_inverse_that_was_removed_from_the_file() {
    let engine = Engine::new();
    let with = [migration(A, |pgm| _ = pgm.sql("CREATE TABLE a ()").down("DROP TABLE a"))];
    engine.up(&with).unwrap();
    let without = [migration(A, |pgm| _ = pgm.sql("CREATE TABLE a ()"))];
    assert!(matches!(engine.down(&without, 1), Err(Error::Irreversible { .. })));
    assert_eq!(engine.down(&[], 1).unwrap(), [A]);
}

#[test]
fn down_refuses_to_restore_an_object_that_was_not_captured() {
    let engine = Engine::new();
    engine.database.execute("CREATE TABLE t (n int); CREATE TABLE u (n int)");
    let one = [migration(A, |pgm| {
        pgm.sql("DROP TABLE t; DROP TABLE u").captures(Object::table("t"));
    })];
    engine.up(&one).unwrap();
    let two = [migration(A, |pgm| {
        pgm.sql("DROP TABLE t; DROP TABLE u")
            .captures(Object::table("t"))
            .captures(Object::table("u"));
    })];
    let error = engine.down(&two, 1).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be reverted: table `u` was not captured when it was applied, so what it was like before is not known, and the migration has no `down`");
    engine.down(&one, 1).unwrap();
    assert_eq!(engine.value("SELECT to_regclass('t')"), "t");
}

#[test]
fn a_migration_that_had_a_down_when_it_was_applied_was_not_captured() {
    let engine = Engine::new();
    engine.database.execute(WITH_CAPTURE);
    let with = reversible(
        A,
        |pgm| _ = pgm.drop_column("t", "s"),
        |pgm| _ = pgm.sql("ALTER TABLE t ADD s text"),
    );
    engine.up(&[with]).unwrap();
    let error = engine.down(&[migration(A, |pgm| _ = pgm.drop_column("t", "s"))], 1).unwrap_err();
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be reverted: it had a `down` when it was applied, so what was there before was not read, and the migration has no `down`");
}

#[test]
fn up_says_that_a_type_change_without_a_cast_back_is_irreversible() {
    let engine = Engine::new();
    engine
        .database
        .execute("CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE t (b boolean, w text)");
    let before = engine.catalog();
    let all = [migration(A, |pgm| {
        pgm.alter_column("t", "b").set_type("mood").using("CASE WHEN b THEN 'good'::mood END");
        pgm.alter_column("t", "w").set_type("integer").using("length(w)");
    })];
    let mut told = Vec::new();
    let observe = &mut |event: Event| {
        if let Event::Finished { irreversible, .. } = event {
            told.push(irreversible);
        }
    };
    engine.migrator(&all).up(&mut engine.session(), &UpTo::default(), observe).unwrap();
    insta::assert_debug_snapshot!(told, @r#"
    [
        Some(
            "there is no cast from `mood` back to `boolean`, and no `.down(..)` that says how, and the migration has no `down`",
        ),
    ]
    "#);
    let error = engine.down(&all, 1).unwrap_err();
    insta::assert_snapshot!(format!("{error} -> {}", error.help().unwrap()), @"`20260101000000_a` cannot be reverted: there is no cast from `mood` back to `boolean`, and no `.down(..)` that says how, and the migration has no `down` -> nothing was changed; to revert it, add `.down(..)` to `pgm.alter_column` in its file, or write a `pub fn down`");
    let declared = [migration(A, |pgm| {
        pgm.alter_column("t", "b")
            .set_type("mood")
            .using("CASE WHEN b THEN 'good'::mood END")
            .down(|b| b.set_type("boolean").using("b = 'good'"));
        pgm.alter_column("t", "w").set_type("integer").using("length(w)");
    })];
    engine.down(&declared, 1).unwrap();
    assert_eq!(engine.catalog(), before);
}
