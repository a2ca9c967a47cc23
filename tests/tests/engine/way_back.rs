//! Taking back: whose word counts, and what is refused.

use migrate_core::Error;
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
fn a_written_down_wins_and_may_be_mended_later() {
    let engine = Engine::new();
    let broken = reversible(A, table, |pgm| _ = pgm.sql("DROP TABLE nothing"));
    engine.up(std::slice::from_ref(&broken)).unwrap();
    assert!(engine.down(&[broken], 1).is_err());
    let mended = reversible(A, table, |pgm| {
        pgm.sql("DROP TABLE a");
        pgm.sql("CREATE TABLE traces ()");
    });
    assert_eq!(engine.status(std::slice::from_ref(&mended)), format!("applied {A}"));
    engine.down(&[mended], 1).unwrap();
    assert_eq!(
        engine.value("SELECT to_regclass('a') IS NULL AND to_regclass('traces') IS NOT NULL"),
        "t"
    );
}

#[test]
fn a_changed_file_is_not_asked_for_the_way_back() {
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
fn without_a_way_back_nothing_is_touched() {
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
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be taken back: `pgm.sql` has neither `.down(..)` nor `.captures(..)`, and the migration has no `down`");
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
        @"`20260101000000_a` cannot be taken back: there is no `src/a.down.sql` -> nothing was changed; write the SQL that takes it back into a `.down.sql` beside its file"
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
    assert!(matches!(&error, Error::NoWayBack { why, .. } if why.verb == "irreversible"));
    insta::assert_snapshot!(error, @"`20260101000000_a` cannot be taken back: the law asks for it");
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
