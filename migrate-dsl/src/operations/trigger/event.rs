//! What fires a trigger, and when.

use crate::choice::Choice;
use crate::{Identifier, Writer};

/// `AFTER INSERT OR UPDATE OF "title"`.
#[derive(Debug, Clone, Default)]
pub(super) struct Firing {
    pub(super) time: Choice<&'static str>,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Insert,
    Update(Vec<Identifier>),
    Delete,
    Truncate,
}

impl Firing {
    pub(super) fn write(&self, sql: &mut Writer, trigger: &Identifier) {
        sql.choice(&self.time);
        match *self.time {
            Some(time) => {
                sql.text(time);
            }
            None => {
                sql.problem(format!("`{trigger}` requires `before`, `after` or `instead_of`"));
            }
        }
        if self.events.is_empty() {
            sql.problem(format!(
                "trigger `{trigger}` requires an event: add `insert`, `update`, `update_of`, \
                 `delete` or `truncate`"
            ));
        }
        for (index, event) in self.events.iter().enumerate() {
            sql.flag(index > 0, "OR");
            match event {
                Event::Insert => sql.text("INSERT"),
                Event::Delete => sql.text("DELETE"),
                Event::Truncate => sql.text("TRUNCATE"),
                Event::Update(columns) => {
                    sql.text("UPDATE").flag(!columns.is_empty(), "OF");
                    sql.list(columns, |sql, column| _ = sql.identifier(column))
                }
            };
        }
    }
}
