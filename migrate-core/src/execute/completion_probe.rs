//! What the catalog shows about a statement outside a transaction: whether it was done.
//!
//! A runner that was killed, or disconnected, does not know how its statement ended. The next one
//! checks here, once the session of the other has ended (it holds the runner's lock until then).

use postgres::Client;
use postgres::types::{Oid, Type};

use super::keywords::{Words, as_name};
use crate::connect::search_path::{as_author, relation};
use crate::history::{InFlight, SentStatement};
use crate::plan::Step;

/// A statement, as far as the catalog can show its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CompletionProbe {
    /// Is the index there, and valid?
    CreateIndex { name: Option<String>, table: String, concurrently: bool, if_not_exists: bool },
    /// Is it dropped?
    DropIndex { path: String },
    /// What is incomplete is dropped, and it is done again.
    Reindex,
    /// Is it no partition any more?
    Detach { parent: String, partition: String },
    /// Is there a row of the catalog?
    Row { of: &'static str, name: String, created: bool },
    /// Twice is as good as once.
    Repeat,
    /// Does the author's query say so?
    DoneWhen(String),
    /// It cannot be determined.
    Unknown,
}

/// What the catalog says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done.
    Done,
    /// It was not done, and nothing of it remains.
    NotDone,
    /// It was not done, and left behind these indexes, which are not valid, on these tables.
    Indexes(Vec<(String, Oid)>),
    /// The partition is partially detached: there is no inverse.
    HalfOut(Oid),
    /// The index, on this table, is still there, and no longer valid.
    HalfDropped(String, Oid),
    /// The author's query gives something else than a boolean, or more than one.
    NotBoolean,
    /// It cannot be determined.
    Unknown,
}

impl CompletionProbe {
    /// Returns the probe for this statement of a step; the step's author takes precedence.
    pub(crate) fn of(step: &Step, sql: &str) -> Self {
        Self::asked_for(sql, step.idempotent, step.done_when.as_ref())
    }

    /// Returns the probe for a statement that is known only from the journal.
    pub(super) fn as_noted(sent: &SentStatement) -> Self {
        Self::asked_for(&sent.sql, sent.idempotent, sent.done_when.as_ref())
    }

    fn asked_for(sql: &str, idempotent: bool, done_when: Option<&String>) -> Self {
        match done_when {
            Some(query) => Self::DoneWhen(query.clone()),
            None if idempotent => match Self::of_sql(sql) {
                // These leave something behind that has to go first.
                own @ (Self::CreateIndex { .. }
                | Self::DropIndex { .. }
                | Self::Reindex
                | Self::Detach { .. }) => own,
                _ => Self::Repeat,
            },
            None => Self::of_sql(sql),
        }
    }

    pub(super) fn of_sql(sql: &str) -> Self {
        let mut words = Words::of(sql);
        Self::read(&mut words).unwrap_or(Self::Unknown)
    }

    fn read(words: &mut Words) -> Option<Self> {
        if words.eat("create unique index") || words.eat("create index") {
            let concurrently = words.eat("concurrently");
            let if_not_exists = words.eat("if not exists");
            let name =
                if words.eat("on") { None } else { words.name().filter(|_| words.eat("on")) };
            words.eat("only");
            let table = words.path()?;
            return Some(Self::CreateIndex { name, table, concurrently, if_not_exists });
        }
        if words.eat("drop index concurrently") {
            words.eat("if exists");
            return Some(Self::DropIndex { path: words.path()? });
        }
        if words.eat("reindex") {
            let concurrently = words.has("concurrently");
            return Some(if concurrently { Self::Reindex } else { Self::Repeat });
        }
        if words.eat("alter table") {
            words.eat("if exists");
            words.eat("only");
            let parent = words.path()?;
            let detach = words.eat("detach partition");
            let partition = words.path().filter(|_| detach)?;
            return Some(Self::Detach { parent, partition });
        }
        for (of, catalog) in [
            ("database", "pg_database WHERE datname"),
            ("tablespace", "pg_tablespace WHERE spcname"),
            ("subscription", "pg_subscription WHERE subname"),
        ] {
            if words.eat(&format!("create {of}")) {
                return Some(Self::Row { of: catalog, name: words.name()?, created: true });
            }
            if words.eat(&format!("drop {of}")) {
                words.eat("if exists");
                return Some(Self::Row { of: catalog, name: words.name()?, created: false });
            }
        }
        let repeat = ["vacuum", "analyze", "checkpoint", "cluster", "refresh", "alter system"];
        repeat.iter().any(|word| words.eat(word)).then_some(Self::Repeat)
    }

    /// Whether the statement blocks neither readers nor writers.
    pub(super) fn is_concurrent(&self) -> bool {
        match self {
            Self::CreateIndex { concurrently, .. } => *concurrently,
            Self::DropIndex { .. } | Self::Reindex => true,
            _ => false,
        }
    }

    /// Returns what the journal stores of this statement of a step, and of the state before.
    pub(super) fn note(
        &self,
        client: &mut Client,
        pid: i32,
        (step, sql): (&Step, &str),
    ) -> Result<InFlight, postgres::Error> {
        let rows = match self {
            Self::CreateIndex { table, .. } => {
                let table = relation(client, table)?;
                client.query(
                    "SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = $1",
                    &[&table],
                )?
            }
            Self::Reindex => client.query(
                "SELECT i.indexrelid FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                 WHERE c.relname ~ '_cc(new|old)[0-9]*$'",
                &[],
            )?,
            Self::DropIndex { path } => {
                let index = relation(client, path)?;
                client.query(
                    "SELECT indexrelid FROM pg_catalog.pg_index \
                     WHERE indexrelid = $1 AND NOT indisvalid",
                    &[&index],
                )?
            }
            _ => Vec::new(),
        };
        let statement = Some(Box::new(SentStatement {
            sql: sql.to_owned(),
            idempotent: step.idempotent,
            done_when: step.done_when.clone(),
            back: false,
        }));
        Ok(InFlight { pid, indexes: rows.iter().map(|row| row.get(0)).collect(), statement })
    }

    /// Determines the answer; remains of a statement that was not done are named only if we made them.
    pub(super) fn ask(
        &self,
        client: &mut Client,
        noted: &InFlight,
    ) -> Result<Answer, postgres::Error> {
        let done = match self {
            Self::CreateIndex { name, table, .. } => {
                return Self::ask_for_index(client, name.as_deref(), table, noted);
            }
            Self::DropIndex { path } => {
                let index = relation(client, path)?;
                let row = client.query_opt(
                    "SELECT indexrelid::regclass::text, indrelid FROM pg_catalog.pg_index \
                     WHERE indexrelid = $1 AND NOT indisvalid AND indexrelid <> ALL ($2)",
                    &[&index, &noted.indexes],
                )?;
                if let Some(row) = row {
                    return Ok(Answer::HalfDropped(row.try_get(0)?, row.try_get(1)?));
                }
                index.is_none()
            }
            Self::Reindex => {
                let left = client.query(
                    "SELECT i.indexrelid::regclass::text, i.indrelid FROM pg_catalog.pg_index i \
                     JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                     WHERE c.relname ~ '_cc(new|old)[0-9]*$' AND NOT i.indisvalid \
                     AND i.indexrelid <> ALL ($1)",
                    &[&noted.indexes],
                )?;
                return not_done(left.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))));
            }
            Self::Detach { parent, partition } => {
                let pending = if major(client)? >= 14 { "inhdetachpending" } else { "false" };
                let [parent, partition] = [relation(client, parent)?, relation(client, partition)?];
                let row = client.query_opt(
                    &format!(
                        "SELECT inhrelid, {pending} FROM pg_catalog.pg_inherits \
                         WHERE inhparent = $1 AND inhrelid = $2"
                    ),
                    &[&parent, &partition],
                )?;
                match row {
                    Some(row) if row.try_get(1)? => return Ok(Answer::HalfOut(row.try_get(0)?)),
                    row => row.is_none(),
                }
            }
            Self::Row { of, name, created } => {
                let sql = format!("SELECT EXISTS (SELECT FROM pg_catalog.{of} = {})", as_name(1));
                let is_there: bool = client.query_one(&sql, &[name])?.try_get(0)?;
                is_there == *created
            }
            Self::Repeat => false,
            Self::DoneWhen(query) => {
                match as_author(client, |client| is_true(client, query)).flatten()? {
                    Some(answer) => answer,
                    None => return Ok(Answer::NotBoolean),
                }
            }
            Self::Unknown => return Ok(Answer::Unknown),
        };
        Ok(if done { Answer::Done } else { Answer::NotDone })
    }

    /// Checks whether the index exists that the statement was to create; an invalid one is a remainder
    /// of it, unless another session is building it.
    fn ask_for_index(
        client: &mut Client,
        name: Option<&str>,
        table: &str,
        noted: &InFlight,
    ) -> Result<Answer, postgres::Error> {
        let table = relation(client, table)?;
        let sql = format!(
            "SELECT i.indexrelid::regclass::text, i.indrelid, i.indisvalid, \
             EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p \
             JOIN pg_catalog.pg_locks l ON l.pid = p.pid AND l.relation = i.indrelid \
             WHERE p.pid <> pg_catalog.pg_backend_pid()) \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid = $1 AND ($2::text IS NULL OR c.relname = {}) \
             AND i.indexrelid <> ALL ($3)",
            as_name(2)
        );
        let found = client.query(&sql, &[&table, &name, &noted.indexes])?;
        let mut left = Vec::new();
        for row in found {
            let (valid, built): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
            if valid {
                return Ok(Answer::Done);
            }
            if !built {
                left.push((row.try_get(0)?, row.try_get(1)?));
            }
        }
        not_done(left.into_iter().map(Ok))
    }
}

/// Returns the result of a query that has one column, of booleans, and at most one row.
fn is_true(client: &mut Client, query: &str) -> Result<Option<bool>, postgres::Error> {
    let query = client.prepare(query)?;
    if !matches!(query.columns(), [column] if *column.type_() == Type::BOOL) {
        return Ok(None);
    }
    Ok(match client.query(&query, &[])?.as_slice() {
        [] => Some(false),
        [row] => Some(row.try_get::<_, Option<bool>>(0)? == Some(true)),
        _ => None,
    })
}

fn not_done(
    left: impl Iterator<Item = Result<(String, Oid), postgres::Error>>,
) -> Result<Answer, postgres::Error> {
    let left: Vec<_> = left.collect::<Result<_, _>>()?;
    Ok(if left.is_empty() { Answer::NotDone } else { Answer::Indexes(left) })
}

/// Whether the statement locks out all other sessions of a table, or of all tables one by one.
pub(super) fn shuts_out(sql: &str) -> bool {
    let mut words = Words::of(sql);
    if words.eat("vacuum") {
        return words.has("full");
    }
    words.eat("cluster") || (words.eat("reindex") && !words.has("concurrently"))
}

/// Whether the server is known to refuse the statement in a transaction, or to end that itself.
pub(crate) fn is_direct(sql: &str) -> bool {
    let question = CompletionProbe::of_sql(sql);
    let mut words = Words::of(sql);
    let words = ["vacuum", "alter system", "call", "do"].iter().any(|word| words.eat(word));
    match question {
        CompletionProbe::Detach { .. } => sql.to_ascii_lowercase().contains("concurrently"),
        CompletionProbe::Row { .. } => true,
        question => words || question.is_concurrent(),
    }
}

/// What is sent in place of a statement, in a transaction that is rolled back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// The statement itself.
    Itself,
    /// Another one that leaves the tables as this one would.
    Instead(String),
    /// Nothing, as it touches no rows and would not be undone.
    Nothing,
    /// Nothing: it would not be undone, and its other effects are unknown.
    Impossible,
}

impl Trial {
    pub(crate) fn of(sql: &str) -> Self {
        let mut words = Words::of(sql);
        // A sequence that was set stays set.
        if calls_setval(sql) {
            let defines = ["create", "alter", "drop", "comment"];
            return match words.eat("select") {
                true => Self::Nothing,
                false if defines.iter().any(|word| words.eat(word)) => Self::Itself,
                false => Self::Impossible,
            };
        }
        match CompletionProbe::of_sql(sql) {
            CompletionProbe::Detach { parent, partition } if is_direct(sql) => Self::Instead(
                format!("ALTER TABLE IF EXISTS {parent} DETACH PARTITION {partition}"),
            ),
            _ => Self::Itself,
        }
    }
}

fn calls_setval(sql: &str) -> bool {
    let sql = sql.to_ascii_lowercase();
    sql.split("setval")
        .skip(1)
        .any(|after| after.trim_start_matches('"').trim_start().starts_with('('))
}

/// Whether no row is lost with the statement, whatever it is about.
pub(crate) fn touches_no_rows(sql: &str) -> bool {
    match CompletionProbe::of_sql(sql) {
        CompletionProbe::CreateIndex { .. }
        | CompletionProbe::DropIndex { .. }
        | CompletionProbe::Reindex => true,
        CompletionProbe::Row { of, created, .. } => created || !of.starts_with("pg_database"),
        _ => {
            let mut words = Words::of(sql);
            let harmless = [
                "vacuum",
                "analyze",
                "checkpoint",
                "reindex",
                "alter system",
                "drop index",
                // Of an index, perhaps, that was not built.
                "alter index",
                "comment on index",
            ];
            harmless.iter().any(|known| words.eat(known))
        }
    }
}

fn major(client: &mut Client) -> Result<i32, postgres::Error> {
    let row = client
        .query_one("SELECT pg_catalog.current_setting('server_version_num')::int / 10000", &[])?;
    row.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sql: &str) -> String {
        let question = format!("{:?}", CompletionProbe::of_sql(sql));
        let direct = if is_direct(sql) { " direct" } else { "" };
        format!("{question}{direct}{}", if shuts_out(sql) { " alone" } else { "" })
    }

    #[test]
    fn what_can_be_asked() {
        insta::assert_snapshot!(shown("CREATE UNIQUE INDEX CONCURRENTLY \"i\" ON \"app\".\"t\" (a)"), @r#"CreateIndex { name: Some("i"), table: "\"app\".\"t\"", concurrently: true, if_not_exists: false } direct"#);
        insta::assert_snapshot!(shown("create index on only t (a)"), @r#"CreateIndex { name: None, table: "\"t\"", concurrently: false, if_not_exists: false }"#);
        insta::assert_snapshot!(shown("DROP INDEX CONCURRENTLY IF EXISTS a.b"), @r#"DropIndex { path: "\"a\".\"b\"" } direct"#);
        insta::assert_snapshot!(shown("REINDEX (VERBOSE) TABLE CONCURRENTLY t"), @"Reindex direct");
        insta::assert_snapshot!(shown("REINDEX TABLE t"), @"Repeat alone");
        insta::assert_snapshot!(shown("ALTER TABLE p DETACH PARTITION c CONCURRENTLY"), @r#"Detach { parent: "\"p\"", partition: "\"c\"" } direct"#);
        insta::assert_snapshot!(shown("ALTER TABLE p ADD c int"), @"Unknown");
        insta::assert_snapshot!(shown("CREATE DATABASE x"), @r#"Row { of: "pg_database WHERE datname", name: "x", created: true } direct"#);
        insta::assert_snapshot!(shown("VACUUM"), @"Repeat direct");
        insta::assert_snapshot!(shown("VACUUM (ANALYZE, FULL) t"), @"Repeat direct alone");
        insta::assert_snapshot!(shown("CLUSTER"), @"Repeat alone");
        insta::assert_snapshot!(shown("CALL p()"), @"Unknown direct");
        insta::assert_snapshot!(shown("INSERT INTO t VALUES (1)"), @"Unknown");
    }

    #[test]
    fn what_is_tried() {
        for (sql, instead) in [
            (
                "ALTER TABLE a.p DETACH PARTITION c CONCURRENTLY",
                "ALTER TABLE IF EXISTS \"a\".\"p\" DETACH PARTITION \"c\"",
            ),
            (
                "alter table if exists p detach partition c concurrently",
                "ALTER TABLE IF EXISTS \"p\" DETACH PARTITION \"c\"",
            ),
        ] {
            assert_eq!(Trial::of(sql), Trial::Instead(instead.to_owned()));
        }
        for sql in ["SELECT pg_catalog.setval('s', 5, true)", "select SETVAL ('s', max(n)) FROM t"]
        {
            assert_eq!(Trial::of(sql), Trial::Nothing, "{sql}");
        }
        for sql in [
            "DO $$BEGIN PERFORM setval('s', 1); END$$",
            "WITH a AS (SELECT setval('s', 1)) DELETE FROM t",
        ] {
            assert_eq!(Trial::of(sql), Trial::Impossible, "{sql}");
        }
        for sql in [
            "DROP TABLE setval",
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$SELECT setval('s', 1)$$",
            "ALTER TABLE p DETACH PARTITION c",
        ] {
            assert_eq!(Trial::of(sql), Trial::Itself, "{sql}");
        }
    }

    #[test]
    fn what_touches_no_rows() {
        for sql in [
            "DROP INDEX CONCURRENTLY i",
            "drop index i",
            "CREATE INDEX CONCURRENTLY ON t (a)",
            "REINDEX TABLE t",
            "VACUUM",
            "DROP SUBSCRIPTION s",
        ] {
            assert!(touches_no_rows(sql), "{sql}");
        }
        for sql in ["DROP DATABASE d", "CALL p()", "ALTER TABLE t DROP a", "DELETE FROM t"] {
            assert!(!touches_no_rows(sql), "{sql}");
        }
    }
}
