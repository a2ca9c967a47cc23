//! What a Rust function of a migration gets of the database.

mod connection;
mod error;
mod row;
mod value;
/// How a program of migrations and the engine speak with each other; for them alone.
#[doc(hidden)]
pub mod wire;

use std::error::Error;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

pub use connection::{Connection, MAX_MESSAGE, Reply, Request};
pub use error::{Asked, DatabaseError};
pub use row::{ColumnIndex, Row};
pub use value::{FromValue, ToValue, Value};

use crate::split::{Piece, refused, split, unterminated};
use crate::step::Place;
use row::Origin;

/// Any error: what the function of a step fails with. `?` makes one of every other error, and of
/// a text.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How many rows [`Database::each`] fetches at a time.
const CHUNK: usize = 1000;

/// The database, in the transaction of the migration: what the function of
/// [`Pgm::rust`](crate::Pgm::rust) works with.
///
/// Values go as `$1`, `$2`, … and are taken as whatever type the statement has there: a text
/// becomes a `uuid`, a `timestamptz`, a `jsonb`. Rows come as numbers, texts and bytes; what is none
/// of these is asked for as text (`seen_at::text`).
///
/// A statement that fails ends the transaction, as everywhere in PostgreSQL: nothing can be asked
/// after it. Where a failure is to be expected, [`transaction`](Self::transaction) draws a line to
/// which it falls back.
///
/// ```
/// use migrate_dsl::prelude::*;
///
/// fn slugs(db: &mut Database<'_>) -> Result<(), BoxError> {
///     for row in db.query("SELECT id, title FROM posts WHERE slug IS NULL", &[])? {
///         let (id, title): (i64, String) = (row.get("id")?, row.get("title")?);
///         let slug = title.to_lowercase().replace(' ', "-");
///         db.execute("UPDATE posts SET slug = $2 WHERE id = $1", &[&id, &slug])?;
///     }
///     Ok(())
/// }
///
/// pub fn up(pgm: &mut Pgm) {
///     pgm.rust("slugs", slugs).down(|_| Ok(()));
/// }
/// # assert_eq!(migrate_dsl::plan_problems(up), "");
/// ```
pub struct Database<'a> {
    connection: &'a mut dyn Connection,
    root: Arc<Path>,
    cursors: usize,
}

impl<'a> Database<'a> {
    /// What stands between the function and the server; `root` is the folder of the migrations.
    pub(crate) fn new(connection: &'a mut dyn Connection, root: &Path) -> Self {
        Self { connection, root: root.into(), cursors: 0 }
    }

    /// Runs one statement, and says how many rows it was about.
    ///
    /// # Errors
    ///
    /// When the server refuses it, or it is one that would end the transaction.
    #[track_caller]
    pub fn execute(&mut self, sql: &str, values: &[&dyn ToValue]) -> Result<u64, DatabaseError> {
        let origin = self.origin("execute", sql, Location::caller());
        self.one(&origin, values, false).map(|reply| reply.affected)
    }

    /// Runs one statement, and gives all its rows: at most 64 MiB of them, see
    /// [`each`](Self::each).
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute); when there are too many rows, and when a column is of a type
    /// that has to be asked for as text.
    #[track_caller]
    pub fn query(&mut self, sql: &str, values: &[&dyn ToValue]) -> Result<Vec<Row>, DatabaseError> {
        let origin = self.origin("query", sql, Location::caller());
        let reply = self.one(&origin, values, true)?;
        Ok(Row::all(reply, &origin))
    }

    /// Runs several statements without values, one after the other.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[track_caller]
    pub fn batch(&mut self, sql: &str) -> Result<(), DatabaseError> {
        let origin = self.origin("batch", sql, Location::caller());
        check(&origin, &split(sql))?;
        let request = Request::Batch { sql: sql.to_owned() };
        self.send(&origin, request).map(|_| ())
    }

    /// Runs a query, and `work` for each of its rows, of which there may be any number: they are
    /// fetched by the thousand. What `work` does to the table does not change which rows come.
    ///
    /// It is a [`transaction`](Self::transaction) within the migration's. Outside a transaction it is
    /// one transaction from the first row to the last: when it is interrupted, nothing of it stays,
    /// and meanwhile it holds its locks. A large table is worked through in batches, see
    /// [`Rust::outside_transaction`](crate::operations::raw::Rust::outside_transaction).
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.rust("initials", |db| {
    ///         db.each("SELECT id, name FROM people", &[], |db, row| {
    ///             let initial: String = row.get::<String>("name")?.chars().take(1).collect();
    ///             db.execute("UPDATE people SET initial = $2 WHERE id = $1", &[
    ///                 &row.get::<i64>("id")?,
    ///                 &initial,
    ///             ])?;
    ///             Ok(())
    ///         })
    ///     });
    /// }
    /// # assert_eq!(migrate_dsl::plan_problems(up), "");
    /// ```
    ///
    /// # Errors
    ///
    /// As [`query`](Self::query), and with whatever `work` fails.
    #[track_caller]
    pub fn each(
        &mut self,
        sql: &str,
        values: &[&dyn ToValue],
        mut work: impl FnMut(&mut Database<'_>, Row) -> Result<(), BoxError>,
    ) -> Result<(), BoxError> {
        let origin = self.origin("each", sql, Location::caller());
        check(&origin, &split(sql))?;
        self.nested(&origin, |db| {
            db.cursors += 1;
            let cursor = format!("migrate_rows_{}", db.cursors);
            // The place of the server's complaint is that in the author's text.
            let head = format!("DECLARE {cursor} NO SCROLL CURSOR WITHOUT HOLD FOR ");
            let shift = u32::try_from(head.chars().count()).unwrap_or(u32::MAX);
            let declared = db.sent(&origin, &(head + sql), values, false);
            declared.map_err(|error| DatabaseError {
                position: error.position.and_then(|at| at.checked_sub(shift)),
                ..error
            })?;
            loop {
                let fetch = format!("FETCH {CHUNK} FROM {cursor}");
                let rows = Row::all(db.sent(&origin, &fetch, &[], true)?, &origin);
                let is_last = rows.len() < CHUNK;
                for row in rows {
                    work(db, row)?;
                }
                if is_last {
                    break;
                }
            }
            db.sent(&origin, &format!("CLOSE {cursor}"), &[], false)?;
            Ok(())
        })
    }

    /// Runs `work` in a transaction within the transaction (a savepoint): when it fails, what it did
    /// is undone, and the database can still be used. Of a migration that runs outside a
    /// transaction, it is one of its own, which is committed at its end.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// use migrate_dsl::DatabaseError;
    ///
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.rust("one name each", |db| {
    ///         let renamed = db.transaction(|db| {
    ///             Ok(db.execute("UPDATE tags SET name = lower(name)", &[])?)
    ///         });
    ///         match renamed {
    ///             Err(error) if DatabaseError::code_of(&error) == Some("23505") => {
    ///                 db.batch("DELETE FROM tags a USING tags b WHERE a.id > b.id AND a.name = b.name")?;
    ///             }
    ///             other => _ = other?,
    ///         }
    ///         Ok(())
    ///     });
    /// }
    /// # assert_eq!(migrate_dsl::plan_problems(up), "");
    /// ```
    ///
    /// # Errors
    ///
    /// With whatever `work` fails.
    #[track_caller]
    pub fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Database<'_>) -> Result<T, BoxError>,
    ) -> Result<T, BoxError> {
        let origin = self.origin("transaction", "", Location::caller());
        self.nested(&origin, work)
    }

    fn nested<T>(
        &mut self,
        origin: &Arc<Origin>,
        work: impl FnOnce(&mut Database<'_>) -> Result<T, BoxError>,
    ) -> Result<T, BoxError> {
        self.send(origin, Request::Begin)?;
        let done = work(self);
        let end = if done.is_ok() { Request::Commit } else { Request::Rollback };
        match (done, self.send(origin, end)) {
            (Ok(done), Ok(_)) => Ok(done),
            (Ok(_), Err(error)) => Err(error.into()),
            // Why it failed is of more interest than that it could not be undone.
            (Err(error), _) => Err(error),
        }
    }

    fn one(
        &mut self,
        origin: &Arc<Origin>,
        values: &[&dyn ToValue],
        rows: bool,
    ) -> Result<Reply, DatabaseError> {
        let pieces = split(&origin.sql);
        if pieces.len() > 1 {
            let message = "there are several statements in it: `batch` runs them";
            return Err(origin.error(message));
        }
        check(origin, &pieces)?;
        self.sent(origin, &origin.sql, values, rows)
    }

    fn sent(
        &mut self,
        origin: &Arc<Origin>,
        sql: &str,
        values: &[&dyn ToValue],
        rows: bool,
    ) -> Result<Reply, DatabaseError> {
        let values = values.iter().map(|value| value.to_value()).collect();
        self.send(origin, Request::Query { sql: sql.to_owned(), values, rows })
    }

    fn send(&mut self, origin: &Arc<Origin>, request: Request) -> Result<Reply, DatabaseError> {
        if request.size() > MAX_MESSAGE {
            return Err(origin.error("the statement and its values are larger than 64 MiB"));
        }
        let answer = self.connection.send(request);
        answer.map_err(|error| DatabaseError { asked: origin.asked(), ..error })
    }

    fn origin(&self, verb: &'static str, sql: &str, location: &Location<'_>) -> Arc<Origin> {
        Arc::new(Origin {
            verb,
            sql: sql.to_owned(),
            place: Place::of(location, &self.root),
            root: Arc::clone(&self.root),
        })
    }
}

/// Refuses what would end or outlive the transaction, and what the driver could not send.
fn check(origin: &Origin, pieces: &[Piece<'_>]) -> Result<(), DatabaseError> {
    let sql = &origin.sql;
    let zero = sql.contains('\0').then(|| "the SQL has a zero byte in it".to_owned());
    let empty = pieces.is_empty().then(|| "there is no statement in it".to_owned());
    let refused = pieces.iter().find_map(|piece| refused(piece.sql));
    match zero.or(empty).or_else(|| unterminated(sql)).or(refused) {
        Some(problem) => Err(origin.error(problem)),
        None => Ok(()),
    }
}
