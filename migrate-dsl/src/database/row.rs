//! A row, and its values by name.

use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

use super::{Asked, DatabaseError, FromValue, Reply, Value};
use crate::Place;

/// Where a function asked for something, and what it was.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) verb: &'static str,
    pub(super) sql: String,
    pub(super) place: Place,
    pub(super) root: Arc<Path>,
}

impl Origin {
    pub(super) fn error(&self, message: impl Into<String>) -> DatabaseError {
        DatabaseError { asked: self.asked(), ..DatabaseError::new(message) }
    }

    pub(super) fn asked(&self) -> Box<Asked> {
        let (sql, place) = (self.sql.clone(), Some(self.place.clone()));
        Box::new(Asked { sql, place, verb: self.verb.to_owned() })
    }
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
    origin: Arc<Origin>,
}

impl Row {
    pub(super) fn all(reply: Reply, origin: &Arc<Origin>) -> Vec<Self> {
        let columns: Arc<[String]> = reply.columns.into();
        let rows = reply.rows.into_iter().map(|values| Self {
            columns: Arc::clone(&columns),
            values,
            origin: Arc::clone(origin),
        });
        rows.collect()
    }

    /// The value of a column, by its name or its number from 0: `row.get::<i64>("id")?`. What may be
    /// null is an [`Option`].
    ///
    /// # Errors
    ///
    /// When there is no such column, when it is null, and when it is of another type.
    #[track_caller]
    pub fn get<T: FromValue>(&self, column: impl ColumnIndex) -> Result<T, DatabaseError> {
        let location = Location::caller();
        let wrong = |message: String| {
            let place = Some(Place::of(location, &self.origin.root));
            let (sql, verb) = (self.origin.sql.clone(), "get".to_owned());
            let asked = Box::new(Asked { sql, place, verb });
            DatabaseError { asked, ..DatabaseError::new(message) }
        };
        let index = column.index_in(&self.columns).filter(|index| *index < self.values.len());
        let index = index.ok_or_else(|| {
            let names: Vec<_> = self.columns.iter().map(|name| format!("`{name}`")).collect();
            wrong(format!("there is no column {}, but {}", column.shown(), names.join(", ")))
        })?;
        let value = self.values[index].clone();
        T::from_value(value).map_err(|why| wrong(format!("column {} {why}", column.shown())))
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

/// What a column is asked for by: its name, or its number from 0.
pub trait ColumnIndex {
    /// Its number, if there is such a column.
    fn index_in(&self, columns: &[String]) -> Option<usize>;
    /// For a person.
    fn shown(&self) -> String;
}

impl ColumnIndex for usize {
    fn index_in(&self, _: &[String]) -> Option<usize> {
        Some(*self)
    }

    fn shown(&self) -> String {
        format!("number {self}")
    }
}

impl ColumnIndex for &str {
    fn index_in(&self, columns: &[String]) -> Option<usize> {
        columns.iter().position(|name| name == self)
    }

    fn shown(&self) -> String {
        format!("`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_or_of_another_type_is_an_error() {
        let reply = Reply {
            affected: 1,
            columns: vec!["id".to_owned(), "name".to_owned()],
            rows: vec![vec![Value::Int(5_000_000_000), Value::Null]],
        };
        let origin = Origin {
            verb: "query",
            sql: "SELECT".to_owned(),
            place: Place { file: "src/m.rs".to_owned(), line: 1, column: 1 },
            root: Path::new("").into(),
        };
        let row = Row::all(reply, &Arc::new(origin)).remove(0);
        assert_eq!(row.get::<i64>("id"), Ok(5_000_000_000));
        assert_eq!(row.get::<i64>(0), Ok(5_000_000_000));
        assert_eq!(row.get::<Option<String>>("name"), Ok(None));
        let told = |error: DatabaseError| {
            assert_eq!(error.asked.place.map(|place| place.line > 100), Some(true));
            error.message
        };
        insta::assert_snapshot!(told(row.get::<i32>("id").unwrap_err()), @"column `id` is 5000000000, which is out of the range of i32");
        insta::assert_snapshot!(told(row.get::<String>("id").unwrap_err()), @"column `id` is a number, and no text");
        insta::assert_snapshot!(told(row.get::<String>("name").unwrap_err()), @"column `name` is null: take it as an `Option`");
        insta::assert_snapshot!(told(row.get::<String>("nope").unwrap_err()), @"there is no column `nope`, but `id`, `name`");
        insta::assert_snapshot!(told(row.get::<String>(2).unwrap_err()), @"there is no column number 2, but `id`, `name`");
    }
}
