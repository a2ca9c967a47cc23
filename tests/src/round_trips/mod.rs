//! Schemas put together at random, and every statement that drops or changes one of their objects,
//! captured and reverted.

mod judge;
mod operations;
mod random;
mod schema;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use migrate_core::capture::{State, have_own_parts};
use migrate_core::plan::Object;
use migrate_dsl::Name;
use postgres::{Client, NoTls};

use crate::TestDatabase;
use judge::{HELPERS, Look};
use operations::{Operation, by_others, kind, operations};
use random::Random;

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// PostgreSQL refused it.
    Refused,
    /// Everything is unchanged.
    Identical,
    /// Columns, or names in a list, are in another order.
    Reordered,
    /// Something is different, and a warning was raised.
    Reported,
    /// What has the name now, or what others did in between, keeps it from running: an error says so.
    Stopped,
    /// It failed, or something is different without a warning.
    Bad,
}

/// Outcomes, counted.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By the kind of operation.
    pub counts: BTreeMap<String, BTreeMap<Outcome, usize>>,
    /// Each bad one: how it can be repeated, and why.
    pub bad: Vec<String>,
    /// Each one with a warning.
    pub reported: Vec<String>,
}

impl Report {
    /// Returns how many had this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.counts.values().filter_map(|outcomes| outcomes.get(&outcome)).sum()
    }

    fn add(&mut self, kind: String, outcome: Outcome) {
        *self.counts.entry(kind).or_default().entry(outcome).or_default() += 1;
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: Self) {
        for (kind, outcomes) in other.counts {
            for (outcome, count) in outcomes {
                *self.counts.entry(kind.clone()).or_default().entry(outcome).or_default() += count;
            }
        }
        self.bad.extend(other.bad);
        self.reported.extend(other.reported);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            Outcome::Refused,
            Outcome::Identical,
            Outcome::Reordered,
            Outcome::Reported,
            Outcome::Stopped,
            Outcome::Bad,
        ];
        writeln!(f, "{:<44} refused identical reordered reported stopped bad", "operation")?;
        let total = all.map(|outcome| self.count(outcome));
        let rows = self.counts.iter().map(|(kind, outcomes)| {
            (kind.as_str(), all.map(|outcome| outcomes.get(&outcome).copied().unwrap_or(0)))
        });
        for (kind, counts) in rows.chain([("all", total)]) {
            let [refused, identical, reordered, reported, stopped, bad] = counts;
            writeln!(
                f,
                "{kind:<44} {refused:>7} {identical:>9} {reordered:>9} {reported:>8} {stopped:>7} {bad:>3}"
            )?;
        }
        Ok(())
    }
}

/// Tries up to `limit` operations, taken at random, on the schema of a seed; each with rows in the
/// tables, or without. Between every third and its inverse others change the table or another one.
///
/// # Panics
///
/// If the server fails.
#[must_use]
pub fn round_trips(seed: u64, limit: usize) -> Report {
    let mut random = Random::new(seed);
    let database = TestDatabase::new();
    let (ann, bob) = (database.unique("ann"), database.unique("bob"));
    let roles = |sql: &str| sql.replace("{ann}", &ann).replace("{bob}", &bob);
    let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&warnings);
    let mut config: postgres::Config = database.url().parse().expect("our own URL is valid");
    config.notice_callback(move |notice| {
        if notice.severity() == "WARNING" {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(notice.message().to_owned());
        }
    });
    let mut client = config.connect(NoTls).expect("the server takes connections");
    client
        .batch_execute(&roles("CREATE ROLE {ann}; CREATE ROLE {bob}"))
        .expect("roles can be made");
    let schema = schema::schema(&mut random);
    for sql in schema.statements.iter().chain(&schema.rows) {
        _ = client.batch_execute(&roles(sql));
    }
    client.batch_execute(HELPERS).unwrap_or_else(|error| panic!("{error:?}"));
    for (number, probe) in (0_i32..).zip(&schema.probes) {
        let sql = "INSERT INTO round_trip.probes VALUES ($1, $2)";
        client.execute(sql, &[&number, &roles(probe)]).unwrap_or_else(|error| panic!("{error:?}"));
    }
    client.batch_execute("SELECT round_trip.save()").unwrap_or_else(|error| panic!("{error:?}"));
    let mut all = operations(&mut client, &roles);
    random.shuffle(&mut all);
    let others = by_others(&mut client, &roles);
    client.batch_execute("BEGIN").expect("a transaction can be started");
    let before = Look::take(&mut client).unwrap_or_else(|error| panic!("{error:?}"));
    let mut report = Report::default();
    for (number, operation) in all.iter().take(limit).enumerate() {
        let with_rows = number % 2 == 1;
        let between =
            (number % 3 == 2).then(|| in_between(&mut random, &others, operation)).flatten();
        warnings.lock().unwrap_or_else(PoisonError::into_inner).clear();
        client.batch_execute("ROLLBACK").expect("a transaction can be ended");
        if number > 0 && all[number - 1].sql.contains(" ATTRIBUTE ") {
            client.batch_execute(REINDEX_COMPOSITES).expect("indexes can be recreated");
        }
        client.batch_execute("BEGIN").expect("a transaction can be started");
        let tried = match between {
            None => one(&mut client, operation, with_rows, None, &before),
            Some(sql) => match expected(&mut client, sql) {
                None => Tried::Refused,
                Some(expected) => one(&mut client, operation, with_rows, between, &expected),
            },
        };
        _ = client.batch_execute("ROLLBACK");
        let told = std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
        let told: Vec<_> = told.into_iter().filter(|text| !text.contains("transaction")).collect();
        let (outcome, why) = match tried {
            Tried::Refused => (Outcome::Refused, Vec::new()),
            Tried::Failed(why) => (Outcome::Bad, vec![why]),
            Tried::Told(why) => (Outcome::Reported, vec![why]),
            Tried::Stopped(why) => (Outcome::Stopped, vec![why]),
            Tried::Done(differences, is_in_order) => {
                let outcome = match () {
                    () if !differences.is_empty() && told.is_empty() => Outcome::Bad,
                    () if !told.is_empty() => Outcome::Reported,
                    () if is_in_order => Outcome::Identical,
                    () => Outcome::Reordered,
                };
                (outcome, differences)
            }
        };
        let rows = if with_rows { "with rows" } else { "without rows" };
        let text = format!(
            "seed {seed}, {rows}: {}{}\n    {}",
            operation.sql,
            between.map(|sql| format!("\n    in between: {sql}")).unwrap_or_default(),
            [told, why].concat().join("\n    ")
        );
        match outcome {
            Outcome::Bad => report.bad.push(text),
            Outcome::Reported | Outcome::Stopped => report.reported.push(text),
            _ => {}
        }
        let kind = between
            .map_or_else(|| kind(&operation.sql), |sql| format!("in between: {}", kind(sql)));
        report.add(kind, outcome);
    }
    report
}

/// An entry of a composite type that was made while the type had other attributes stays in the index
/// when both are rolled back, where it is in the wrong place: `bt_index_check` says so, and duplicates
/// are accepted.
const REINDEX_COMPOSITES: &str = r#"
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT DISTINCT attrelid::regclass::text AS index FROM pg_attribute
                 JOIN pg_class c ON c.oid = attrelid AND relkind = 'i' JOIN pg_type t ON t.oid = atttypid
                 WHERE typtype = 'c' AND relnamespace <> 'pg_catalog'::regnamespace
    LOOP
        EXECUTE 'REINDEX INDEX ' || found.index;
    END LOOP;
END $$"#;

/// Returns what others do: in two of three cases to the table that the operation is about.
fn in_between<'a>(
    random: &mut Random,
    others: &'a [(String, String)],
    operation: &Operation,
) -> Option<&'a str> {
    let own: Vec<_> =
        others.iter().filter(|(table, _)| operation.table.as_ref() == Some(table)).collect();
    // What is done to an object that took the name is dropped with that.
    let is_one = !operation.sql.contains(';');
    let all: Vec<_> = others
        .iter()
        .filter(|(table, _)| is_one || operation.table.as_ref() != Some(table))
        .collect();
    let own = if is_one { own } else { Vec::new() };
    let of = if own.is_empty() || random.once_in(3) { &all } else { &own };
    let sql = random.pick(of).1.as_str();
    // The same statement sets the same thing: either result is correct. A new partition
    // or child copies the default and the storage, a new owner takes over what was granted to it.
    let is_of = |words: &[&str], own: &str| {
        operation.sql.contains(own) && words.iter().any(|word| sql.contains(word))
    };
    let is_same = kind(sql) == kind(&operation.sql)
        || is_of(&["PARTITION OF", "INHERITS"], "DEFAULT")
        || is_of(&["PARTITION OF", "INHERITS"], "STORAGE")
        || is_of(&["OWNER"], "GRANT ")
        // The second of two indexes on one column has another name.
        || sql.contains("INDEX") && ["INDEX", "UNIQUE"].iter().any(|word| operation.sql.contains(word));
    (!is_same).then_some(sql)
}

/// Returns the state of the database when only the others have changed it, unless they cannot.
fn expected(client: &mut Client, sql: &str) -> Option<Look> {
    client.batch_execute(sql).ok()?;
    let look = Look::take(client).ok()?;
    client.batch_execute("ROLLBACK; BEGIN").expect("a transaction can be started");
    Some(look)
}

/// What PostgreSQL says where something that others made, or took away, is in the way: others depend
/// on it, a view uses the column, a name is taken, an object does not exist.
const IN_THE_WAY: [&str; 9] =
    ["2BP01", "0A000", "42P07", "42710", "42701", "42P01", "42704", "42703", "42P16"];

/// Whether children of a table have something of their own.
fn children_have_own(client: &mut Client, table: &Object) -> Result<bool, postgres::Error> {
    let name = match &table.schema {
        Some(schema) => Name::from((schema.as_str(), table.name.as_str())),
        None => Name::from(table.name.as_str()),
    };
    let id = client.query_one("SELECT $1::text::regclass::oid", &[&name.quoted()])?;
    Ok(!have_own_parts(client, &[id.get(0)])?.is_empty())
}

enum Tried {
    Refused,
    /// The inverse could not be captured, or failed.
    Failed(String),
    /// It failed for a reason that the capture gave itself.
    Told(String),
    Stopped(String),
    Done(Vec<String>, bool),
}

fn one(
    client: &mut Client,
    operation: &Operation,
    with_rows: bool,
    between: Option<&str>,
    expected: &Look,
) -> Tried {
    let failed = |error: &postgres::Error, sql: &str| {
        let said = error.as_db_error().map_or_else(
            || error.to_string(),
            |said| {
                let (code, message) = (said.code().code(), said.message());
                format!("{code} {message} {}", said.detail().unwrap_or_default())
            },
        );
        format!("{said}\n    in: {sql}")
    };
    if !with_rows && let Err(error) = client.batch_execute("SELECT round_trip.empty()") {
        return Tried::Failed(failed(&error, "round_trip.empty()"));
    }
    let objects = [operation.object.clone()];
    let state = match State::read(client, &objects) {
        Ok(state) => state,
        Err(error) => return Tried::Failed(failed(&error, "the capture before")),
    };
    let have_own = match operation.derived {
        None => false,
        Some(_) => match children_have_own(client, &operation.object) {
            Ok(have_own) => have_own,
            Err(error) => return Tried::Failed(failed(&error, "the question about children")),
        },
    };
    if client.batch_execute(&operation.sql).is_err() {
        return Tried::Refused;
    }
    let after = match state.read_after(client, &objects) {
        Ok(after) => after,
        Err(error) => return Tried::Failed(failed(&error, "the capture after")),
    };
    let limits = state.limits_from(&after);
    let back: Vec<String> = match &operation.derived {
        Some(derived) if !have_own => vec![derived.clone()],
        _ => state.inverse_from(&after).into_iter().map(|statement| statement.sql).collect(),
    };
    if let Some(sql) = between
        && client.batch_execute(sql).is_err()
    {
        return Tried::Refused;
    }
    for sql in &back {
        if let Err(error) = client.batch_execute(sql) {
            let why = failed(&error, sql);
            let code = error.code().map_or("", |code| code.code());
            return match () {
                () if code == "P0001" || !limits.is_empty() => Tried::Told(why),
                () if between.is_some() && IN_THE_WAY.contains(&code) => Tried::Stopped(why),
                () if operation.is_other => Tried::Stopped(why),
                () => Tried::Failed(why),
            };
        }
    }
    match Look::take(client) {
        Ok(look) => {
            let (mut differences, is_in_order) = expected.differences(&look);
            if !differences.is_empty() {
                differences.push(format!("after: {}", back.join(";\n        ")));
            }
            Tried::Done(differences, is_in_order)
        }
        Err(error) => Tried::Failed(failed(&error, "the look at the result")),
    }
}
