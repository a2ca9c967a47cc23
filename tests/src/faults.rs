//! What tests share that disturb a run: how often, when, and what it has to come to all the same.

use migrate_dsl::{Migration, Pgm};
use postgres::{Client, NoTls};

use crate::{Catalog, Side, migration};

/// A number from the environment, such as `FAULTS=200`; the tests of every day make do with a few.
///
/// # Panics
///
/// If it is none.
#[must_use]
pub fn knob(name: &str) -> Option<usize> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("`{name}` is not a number")))
}

/// The messages of a run at which something is to happen, on both sides of each: a few, spread over
/// all of the run, or every one where `FAULTS` is set.
#[must_use]
pub fn moments(messages: usize, few: usize) -> Vec<(usize, Side)> {
    let every = (1..=messages).flat_map(|number| [(number, Side::Before), (number, Side::After)]);
    match knob("FAULTS") {
        Some(_) => every.collect(),
        // An odd step comes by both sides.
        None => every.step_by((2 * messages / few.max(1)) | 1).collect(),
    }
}

/// Says how much a test has tried: what the README tells is what this has shown.
#[expect(clippy::print_stderr, reason = "it is shown where the output of tests is")]
pub fn tell(what: &str) {
    eprintln!("{what}");
}

/// A migration of each kind: transactions of several statements, concurrent builds between them,
/// none at all, procedures that commit by themselves, a partition that leaves. Each would fail, or
/// leave its trace, if it was done twice.
#[must_use]
pub fn one_of_each() -> Vec<Migration> {
    numbered([vec![groundwork as fn(&mut Pgm)], kinds::<1>()].concat())
}

/// Fifty of them: seven times the seven kinds.
#[must_use]
pub fn fifty() -> Vec<Migration> {
    let kinds = [
        vec![groundwork as fn(&mut Pgm)],
        kinds::<1>(),
        kinds::<2>(),
        kinds::<3>(),
        kinds::<4>(),
        kinds::<5>(),
        kinds::<6>(),
        kinds::<7>(),
    ];
    numbered(kinds.concat())
}

fn numbered(all: Vec<fn(&mut Pgm)>) -> Vec<Migration> {
    let numbered = all.into_iter().enumerate().map(|(number, up)| {
        // The names live as long as the test process.
        migration(Box::leak(format!("202601010000{number:02}_m{number}").into_boxed_str()), up)
    });
    numbered.collect()
}

fn kinds<const N: usize>() -> Vec<fn(&mut Pgm)> {
    vec![
        table::<N>,
        several::<N>,
        concurrent::<N>,
        alone::<N>,
        idempotent::<N>,
        done_when::<N>,
        detach::<N>,
    ]
}

fn groundwork(pgm: &mut Pgm) {
    pgm.sql(
        "CREATE TABLE trace (n int); CREATE TABLE marks (n int PRIMARY KEY);
         CREATE PROCEDURE mark(of int) LANGUAGE plpgsql AS
         $$BEGIN INSERT INTO marks VALUES (of) ON CONFLICT DO NOTHING; COMMIT; END$$;
         CREATE PROCEDURE trace(of int) LANGUAGE plpgsql AS
         $$BEGIN INSERT INTO trace VALUES (of); COMMIT; END$$",
    )
    .down("");
}

fn trace(pgm: &mut Pgm, of: usize) {
    pgm.sql(format!("INSERT INTO trace VALUES ({of})")).down("");
}

fn table<const N: usize>(pgm: &mut Pgm) {
    pgm.create_table(format!("t{N}"), |t| {
        t.id();
        t.integer("n");
    });
    trace(pgm, 10 * N);
    pgm.sql(format!("INSERT INTO t{N} (n) SELECT generate_series(1, 500)")).down("");
}

fn several<const N: usize>(pgm: &mut Pgm) {
    pgm.sql(format!(
        "INSERT INTO trace VALUES ({of}); ALTER TABLE t{N} ADD COLUMN s text DEFAULT 'x'; \
         UPDATE t{N} SET n = n + 1; INSERT INTO trace VALUES ({of})",
        of = 10 * N + 1
    ))
    .down("");
    pgm.add_column(format!("t{N}"), |t| _ = t.bigint("m"));
}

fn concurrent<const N: usize>(pgm: &mut Pgm) {
    pgm.create_index(format!("t{N}"), "n").concurrently();
    trace(pgm, 10 * N + 2);
    pgm.sql(format!("CREATE UNIQUE INDEX CONCURRENTLY t{N}_key ON t{N} (n)"))
        .outside_transaction()
        .down("");
}

fn alone<const N: usize>(pgm: &mut Pgm) {
    pgm.without_transaction();
    trace(pgm, 10 * N + 3);
    pgm.sql(format!("VACUUM t{N}")).down("");
    pgm.sql(format!("REINDEX TABLE CONCURRENTLY t{N}")).down("");
    trace(pgm, 10 * N + 3);
    pgm.drop_index(format!("t{N}_n_idx")).concurrently();
}

fn idempotent<const N: usize>(pgm: &mut Pgm) {
    pgm.sql(format!("CALL mark({N})")).outside_transaction().idempotent().down("");
    trace(pgm, 10 * N + 4);
}

fn done_when<const N: usize>(pgm: &mut Pgm) {
    let of = 10 * N + 5;
    pgm.sql(format!("CALL trace({of})"))
        .outside_transaction()
        .done_when(format!("SELECT EXISTS (SELECT FROM trace WHERE n = {of})"))
        .down("");
    pgm.rename_column(format!("t{N}"), "s", "title");
}

fn detach<const N: usize>(pgm: &mut Pgm) {
    pgm.sql(format!(
        "CREATE TABLE p{N} (n int) PARTITION BY LIST (n); \
         CREATE TABLE p{N}_1 PARTITION OF p{N} FOR VALUES IN (1)"
    ))
    .down("");
    pgm.sql(format!("ALTER TABLE p{N} DETACH PARTITION p{N}_1 CONCURRENTLY"))
        .outside_transaction()
        .down("");
    trace(pgm, 10 * N + 6);
}

/// Returns the state of a database after they are applied: the schema, the traces, and what is recorded
/// of each migration, which is that it was done once.
///
/// # Panics
///
/// If the database cannot be read.
#[must_use]
pub fn state(url: &str) -> String {
    const OURS: &[&str] = &[
        "public.migrations",
        "public.migrations_log",
        "public.migrations_journal",
        "public.migrations_settings",
    ];
    let rows = "SELECT concat_ws(E'\\n', \
                (SELECT string_agg(n::text, ',' ORDER BY n) FROM trace), \
                (SELECT string_agg(n::text, ',' ORDER BY n) FROM marks), \
                (SELECT string_agg(name, ',' ORDER BY id) FROM migrations), \
                (SELECT string_agg(name, ',' ORDER BY name) FROM migrations_log \
                 WHERE action = 'up' AND outcome = 'done'), \
                (SELECT count(*) FROM migrations_journal), \
                (SELECT count(*) FROM pg_index WHERE NOT indisvalid))";
    let mut client = Client::connect(url, NoTls).expect("the database can be reached");
    let rows: String = client.query_one(rows, &[]).expect("all of it is there").get(0);
    format!("{rows}\n{}", Catalog::open(url, OURS, false).read())
}
