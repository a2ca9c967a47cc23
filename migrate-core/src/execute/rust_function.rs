//! Running a Rust function: its statements go to the server in the step's transaction.

use postgres::error::{DbError, ErrorPosition, SqlState};
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type, private::BytesMut};
use postgres::{Client, Statement as Prepared};

use migrate_dsl::{
    Asked, Connection, DatabaseError, FunctionError, MAX_MESSAGE, Reply, Request, Value,
};

use super::completion_probe::{is_direct, shuts_out};
use super::failure_state::is_refused;
use crate::connect::OpenTransaction;
use crate::connect::interrupt::{self, Interrupt};
use crate::connect::savepoint::savepoint;
use crate::connect::search_path::as_author;
use crate::functions::Runner;
use crate::plan::Function;

/// Falls back to here what a function tried.
const LINE: &str = "migrate_function";

/// How a function ended that did not end well.
pub(crate) enum FailedCall {
    /// It failed, or what it ran in.
    Failed {
        error: FunctionError,
        /// Whether something of it may be done for good.
        begun: bool,
    },
    /// The connection to the server is lost, or its answers cannot be understood.
    Cut(postgres::Error),
}

/// Runs a function to its end within a transaction, so that `interrupt` can end it; tells what was done to
/// it, too.
pub(crate) fn run_within(
    transaction: &mut OpenTransaction<'_>,
    function: &Function,
    functions: &Runner,
    (interrupt, kind): (&Interrupt, interrupt::Kind),
) -> (Result<(), FailedCall>, interrupt::Interruption) {
    transaction.guarded(interrupt, kind, |transaction| {
        run(transaction.client(), function, functions, interrupt, true)
    })
}

fn run(
    client: &mut Client,
    function: &Function,
    functions: &Runner,
    interrupt: &Interrupt,
    in_transaction: bool,
) -> Result<(), FailedCall> {
    let failed = |error| FailedCall::Failed { error, begun: false };
    let Some(runner) = &functions.0 else {
        return Err(failed(FunctionError::new("there is no program that has this function")));
    };
    let mut answers =
        Answers { client, interrupt, in_transaction, lines: 0, failed: None, cut: None, done: 0 };
    let result = runner.run(function, &mut answers, &|| interrupt.is_cancelled());
    answers.end(result)
}

/// Runs a function in no transaction, with the author's `search_path`.
pub(super) fn run_outside(
    client: &mut Client,
    function: &Function,
    functions: &Runner,
    interrupt: &Interrupt,
) -> Result<(), FailedCall> {
    as_author(client, |client| run(client, function, functions, interrupt, false))
        .map_err(FailedCall::Cut)
        .flatten()
}

/// Answers the requests of a function.
struct Answers<'a> {
    client: &'a mut Client,
    interrupt: &'a Interrupt,
    /// Whether the migration runs in a transaction.
    in_transaction: bool,
    /// The number of open savepoints.
    lines: usize,
    /// The statement that broke the transaction, and the number of savepoints before it.
    failed: Option<(usize, DatabaseError)>,
    /// Why no more queries are possible.
    cut: Option<postgres::Error>,
    /// How much was done, or may be done although it failed.
    done: usize,
}

impl Connection for Answers<'_> {
    fn send(&mut self, request: Request) -> Result<Reply, DatabaseError> {
        if self.cut.is_some() {
            return Err(DatabaseError::new("the connection was lost"));
        }
        if self.interrupt.is_cancelled() {
            return Err(DatabaseError::new("the migration was stopped"));
        }
        let sql = match &request {
            Request::Query { sql, .. } | Request::Batch { sql } => sql.clone(),
            Request::Begin | Request::Commit | Request::Rollback => String::new(),
        };
        let answer = match request {
            Request::Query { sql, values, rows } => self.query(&sql, &values, rows),
            Request::Batch { sql } => self.plain(&sql),
            Request::Begin => self.begin(),
            Request::Commit => self.commit(),
            Request::Rollback => self.rollback(),
        };
        match answer {
            Ok(reply) => {
                self.done += 1;
                Ok(reply)
            }
            Err(Refusal::Ours(message)) => Err(DatabaseError::new(message)),
            Err(Refusal::Unread(message)) => {
                self.done += 1;
                Err(DatabaseError::new(message))
            }
            Err(Refusal::Server(error)) => {
                self.done += usize::from(may_have_committed(&sql, &error));
                Err(self.refused(error, sql))
            }
        }
    }
}

/// Why there is no answer.
enum Refusal {
    /// The server, or the network, said no.
    Server(postgres::Error),
    /// It was not run.
    Ours(String),
    /// It did what was requested, and returned too much.
    Unread(String),
}

impl From<postgres::Error> for Refusal {
    fn from(error: postgres::Error) -> Self {
        Self::Server(error)
    }
}

type Answer = Result<Reply, Refusal>;

impl Answers<'_> {
    fn query(&mut self, sql: &str, values: &[Value], wanted: bool) -> Answer {
        let statement = self.client.prepare(sql)?;
        let expected = statement.params().len();
        if expected != values.len() {
            let (one, given) = (plural(expected), values.len());
            return Err(Refusal::Ours(format!(
                "the statement has {expected} {one}, and {given} are given"
            )));
        }
        if wanted {
            readable(&statement).map_err(Refusal::Ours)?;
        }
        let mut reply = Reply::default();
        reply.columns.extend(statement.columns().iter().map(|column| column.name().to_owned()));
        let mut size = 0;
        let mut rows = self.client.query_raw(&statement, values.iter().map(Parameter))?;
        while let Some(row) = rows.next()? {
            if !wanted {
                continue;
            }
            let read = (0..row.len()).map(|column| {
                let raw: Option<Raw> = row.try_get(column)?;
                size += 16 + raw.as_ref().map_or(0, |raw| raw.0.len());
                let column = &row.columns()[column];
                Ok(raw.map_or(Ok(Value::Null), |raw| {
                    let unread = || format!("column `{}` cannot be read", column.name());
                    value(column.type_(), raw.0).ok_or_else(unread)
                }))
            });
            let read: Result<Vec<_>, postgres::Error> = read.collect();
            let read: Result<Vec<_>, String> = read?.into_iter().collect();
            reply.rows.push(read.map_err(Refusal::Unread)?);
            if size > MAX_MESSAGE {
                return Err(Refusal::Unread(
                    "the rows are larger than 64 MiB: `each` fetches them by the thousand"
                        .to_owned(),
                ));
            }
        }
        reply.affected = rows.rows_affected().unwrap_or_default();
        Ok(reply)
    }

    fn plain(&mut self, sql: &str) -> Answer {
        self.client.batch_execute(sql)?;
        Ok(Reply::default())
    }

    fn begin(&mut self) -> Answer {
        let sql = match self.lines {
            0 if !self.in_transaction => "BEGIN".to_owned(),
            _ => savepoint(LINE),
        };
        let reply = self.plain(&sql)?;
        self.lines += 1;
        Ok(reply)
    }

    fn commit(&mut self) -> Answer {
        let Some(lines) = self.lines.checked_sub(1) else { return Ok(Reply::default()) };
        if let Some((at, error)) = &self.failed
            && *at > lines
        {
            let message = format!("a statement in it failed, and so did all of it: {error}");
            self.rollback()?;
            return Err(Refusal::Ours(message));
        }
        self.lines = lines;
        match lines {
            0 if !self.in_transaction => self.plain("COMMIT"),
            _ => self.plain(&format!("RELEASE SAVEPOINT {LINE}")),
        }
    }

    fn rollback(&mut self) -> Answer {
        let Some(lines) = self.lines.checked_sub(1) else { return Ok(Reply::default()) };
        self.lines = lines;
        let reply = match lines {
            0 if !self.in_transaction => self.plain("ROLLBACK")?,
            _ => self.plain(&format!("ROLLBACK TO SAVEPOINT {LINE}; RELEASE SAVEPOINT {LINE}"))?,
        };
        self.failed.take_if(|(at, _)| *at > lines);
        Ok(reply)
    }

    /// Converts an error of the server into what the function receives.
    fn refused(&mut self, error: postgres::Error, sql: String) -> DatabaseError {
        let told = match error.as_db_error() {
            Some(error) => of_server(error),
            None => DatabaseError::new(error.to_string()),
        };
        if self.client.is_closed() || super::Failure::is_cut_by(&error) {
            self.cut.get_or_insert(error);
        } else if self.failed.is_none() && (self.in_transaction || self.lines > 0) {
            let asked = Box::new(Asked { sql, ..Asked::default() });
            self.failed = Some((self.lines, DatabaseError { asked, ..told.clone() }));
        }
        told
    }

    /// Checks that the function has really ended with this result.
    fn end(mut self, result: Result<(), FunctionError>) -> Result<(), FailedCall> {
        if let Some(error) = self.cut {
            return Err(FailedCall::Cut(error));
        }
        // A panic leaves its savepoints behind; those within the migration's transaction end
        // with it.
        if self.lines > 0 && !self.in_transaction {
            _ = self.client.batch_execute("ROLLBACK");
        }
        let begun = !self.in_transaction && self.done > 0;
        if let Err(error) = result {
            return Err(FailedCall::Failed { error, begun });
        }
        let Some((_, query)) = self.failed.take() else { return Ok(()) };
        // A line of its own SQL may have fixed it.
        match self.client.batch_execute("SELECT") {
            Ok(()) => Ok(()),
            Err(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => {
                let message = format!(
                    "a statement failed and the function went on, but the transaction was over: \
                     {query}"
                );
                let error =
                    FunctionError { query: Some(Box::new(query)), ..FunctionError::new(message) };
                Err(FailedCall::Failed { error, begun })
            }
            Err(error) => Err(FailedCall::Cut(error)),
        }
    }
}

/// Whether a statement that failed outside a transaction may nevertheless have had an effect. Most
/// are atomic, as are several in one message; the others commit as they go, or leave an index
/// behind.
fn may_have_committed(sql: &str, error: &postgres::Error) -> bool {
    (is_direct(sql) || shuts_out(sql)) && !is_refused(error)
}

fn plural(values: usize) -> &'static str {
    if values == 1 { "value" } else { "values" }
}

fn of_server(error: &DbError) -> DatabaseError {
    let position = match error.position() {
        Some(ErrorPosition::Original(position)) => Some(*position),
        _ => None,
    };
    DatabaseError {
        code: Some(error.code().code().to_owned()),
        detail: error.detail().map(str::to_owned),
        hint: error.hint().map(str::to_owned),
        position,
        ..DatabaseError::new(error.message())
    }
}

/// A value as the server reads it: in text, so that whatever type it has there can be made of it.
#[derive(Debug)]
struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let text = match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) if value.is_infinite() => {
                if *value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
            }
            Value::Float(value) => value.to_string(),
            Value::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                return Ok(IsNull::No);
            }
            Value::Bytes(bytes) => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\x");
                for byte in bytes {
                    let digits = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
                    out.extend_from_slice(&digits);
                }
                return Ok(IsNull::No);
            }
        };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    fn to_sql_checked(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(of, out)
    }
}

/// What the server sends of a value, whatever its type.
struct Raw(Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Checks that each column is of a type that can be read; the error says what to write instead.
fn readable(statement: &Prepared) -> Result<(), String> {
    for column in statement.columns() {
        if !is_text(column.type_()) && !is_plain(column.type_()) {
            let (name, of) = (column.name(), column.type_().name());
            return Err(format!(
                "column `{name}` is of the type {of}, which is read as text: write `{name}::text` in \
                 the query"
            ));
        }
    }
    Ok(())
}

fn is_plain(of: &Type) -> bool {
    [
        Type::BOOL,
        Type::INT2,
        Type::INT4,
        Type::INT8,
        Type::OID,
        Type::FLOAT4,
        Type::FLOAT8,
        Type::BYTEA,
        Type::UUID,
        Type::JSONB,
        Type::VOID,
    ]
    .contains(of)
}

/// Whether the server sends a text.
fn is_text(of: &Type) -> bool {
    let texts =
        [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::JSON, Type::XML, Type::UNKNOWN];
    texts.contains(of) || matches!(of.kind(), Kind::Enum(_)) || of.name() == "citext"
}

/// A value as the server sends it; nothing where it is not what it should be.
fn value(of: &Type, raw: Vec<u8>) -> Option<Value> {
    let bytes = raw.as_slice();
    Some(match *of {
        Type::BOOL => Value::Bool(*bytes.first()? != 0),
        Type::INT2 => Value::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT4 => Value::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT8 => Value::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::OID => Value::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT4 => Value::Float(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT8 => Value::Float(f64::from_be_bytes(bytes.try_into().ok()?)),
        Type::BYTEA => Value::Bytes(raw),
        Type::UUID => Value::Text(uuid(bytes.try_into().ok()?)),
        // The first byte is a version.
        Type::JSONB => Value::Text(String::from_utf8(bytes.split_first()?.1.to_vec()).ok()?),
        Type::VOID => Value::Null,
        _ => Value::Text(String::from_utf8(raw).ok()?),
    })
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_in_its_usual_form() {
        assert_eq!(uuid([0x0a; 16]), "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a");
    }

    #[test]
    fn a_value_that_is_too_short_is_none() {
        for of in [Type::BOOL, Type::INT4, Type::FLOAT8, Type::UUID, Type::JSONB] {
            assert_eq!(value(&of, Vec::new()), None, "{of}");
        }
    }
}
