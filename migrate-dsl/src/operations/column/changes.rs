//! What `alter_column` changes, there and back.

use crate::choice::Choice;
use crate::column::write_storage;
use crate::operations::sequence::SequenceOptions;
use crate::{
    Compression, DataType, DefaultValue, Expression, Identifier, Identity, Name, Statement,
    Storage, Writer,
};

/// The changes to one column; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    pub(super) data_type: Option<DataType>,
    pub(super) using: Option<Expression>,
    pub(super) collation: Option<Name>,
    /// `Some(None)` takes the default away.
    pub(super) default: Choice<Option<DefaultValue>>,
    /// Of a generated column; `Some(None)` makes it an ordinary one.
    pub(super) expression: Choice<Option<Expression>>,
    pub(super) not_null: Choice<bool>,
    pub(super) identity: Choice<IdentityChange>,
    /// Of an identity column.
    pub(super) counting: SequenceOptions,
    /// Of an identity column; `Some(None)` starts again at its start.
    pub(super) restart: Option<Option<i64>>,
    pub(super) storage: Option<Storage>,
    pub(super) compression: Option<Compression>,
    pub(super) statistics: Option<i16>,
    /// `None` as the value resets one.
    pub(super) options: Vec<(Identifier, Option<String>)>,
    /// `Some(None)` takes the comment away.
    pub(super) comment: Option<Option<String>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum IdentityChange {
    Add(Identity),
    Set(Identity),
    Drop,
}

/// One `ALTER COLUMN`, behind the column's name.
#[derive(Debug, Clone)]
enum Change<'a> {
    Words(&'static str),
    Type(&'a DataType),
    Default(&'a DefaultValue),
    Expression(&'a Expression),
    AddIdentity(Identity),
    SetIdentity(Option<Identity>),
    Storage(Storage),
    Compression(Compression),
    Statistics(i16),
    Set(&'a Identifier, &'a str),
    Reset(&'a Identifier),
}

impl Changes {
    /// One statement for all but the comment, so that the table is rewritten once at most.
    pub(super) fn statements(&self, table: &Name, column: &Identifier) -> Vec<Statement> {
        let mut statements = Vec::new();
        let changes = self.in_order();
        if !changes.is_empty() || self.comment.is_none() {
            statements.push(Writer::statement(|sql| {
                sql.choice(&self.default).choice(&self.expression);
                sql.choice(&self.not_null).choice(&self.identity);
                sql.text("ALTER TABLE").name(table);
                sql.list(&changes, |sql, change| {
                    sql.text("ALTER COLUMN").identifier(column);
                    self.write(sql, change);
                });
                self.note_problems(sql, column, changes.is_empty());
                sql
            }));
        }
        if let Some(comment) = &self.comment {
            statements.push(Writer::statement(|sql| {
                sql.text("COMMENT ON COLUMN").member(table, column);
                sql.text("IS").comment(comment.as_deref())
            }));
        }
        statements
    }

    fn in_order(&self) -> Vec<Change<'_>> {
        let mut changes = Vec::new();
        let default = self.default.as_ref();
        // The server casts an old default to the new type, and fails where there is no cast.
        if matches!(default, Some(None)) || default.is_some() && self.data_type.is_some() {
            changes.push(Change::Words("DROP DEFAULT"));
        }
        if matches!(*self.expression, Some(None)) {
            changes.push(Change::Words("DROP EXPRESSION"));
        }
        changes.extend(self.data_type.as_ref().map(Change::Type));
        changes.extend(self.expression.iter().flatten().map(Change::Expression));
        changes.extend(default.and_then(Option::as_ref).map(Change::Default));
        changes.extend(self.not_null.map(|not_null| {
            Change::Words(if not_null { "SET NOT NULL" } else { "DROP NOT NULL" })
        }));
        changes.extend(match *self.identity {
            Some(IdentityChange::Add(identity)) => Some(Change::AddIdentity(identity)),
            Some(IdentityChange::Set(identity)) => Some(Change::SetIdentity(Some(identity))),
            Some(IdentityChange::Drop) => Some(Change::Words("DROP IDENTITY")),
            None if !self.counting.is_empty() || self.restart.is_some() => {
                Some(Change::SetIdentity(None))
            }
            None => None,
        });
        changes.extend(self.storage.map(Change::Storage));
        changes.extend(self.compression.map(Change::Compression));
        changes.extend(self.statistics.map(Change::Statistics));
        changes.extend(self.options.iter().map(|(name, value)| match value {
            Some(value) => Change::Set(name, value),
            None => Change::Reset(name),
        }));
        changes
    }

    fn write(&self, sql: &mut Writer, change: &Change<'_>) {
        match change {
            Change::Words(words) => _ = sql.text(words),
            Change::Type(data_type) => {
                sql.text("TYPE").data_type(data_type);
                if let Some(collation) = &self.collation {
                    sql.text("COLLATE").name(collation);
                }
                if let Some(using) = &self.using {
                    sql.text("USING").expression(using);
                }
            }
            Change::Default(value) => _ = sql.text("SET DEFAULT").default_value(value),
            Change::Expression(expression) => {
                sql.text("SET EXPRESSION AS").requires(17, "set_expression");
                sql.parenthesized(|sql| _ = sql.expression(expression));
            }
            Change::AddIdentity(identity) => {
                sql.text("ADD GENERATED").text(identity.sql()).text("AS IDENTITY");
                if !self.counting.is_empty() {
                    sql.parenthesized(|sql| self.counting.write(sql));
                }
            }
            Change::SetIdentity(identity) => {
                if let Some(identity) = identity {
                    sql.text("SET GENERATED").text(identity.sql());
                }
                self.counting.write_changes(sql);
                if let Some(restart) = self.restart {
                    sql.text("RESTART");
                    restart.iter().for_each(|value| _ = sql.text(&format!("WITH {value}")));
                }
            }
            Change::Storage(storage) => _ = write_storage(sql, *storage),
            Change::Compression(method) => {
                sql.text("SET COMPRESSION").text(method.sql()).requires(14, "set_compression");
            }
            Change::Statistics(target) => _ = sql.text(&format!("SET STATISTICS {target}")),
            Change::Set(name, value) => {
                sql.text("SET")
                    .parenthesized(|sql| _ = sql.identifier(name).text("=").literal(value));
            }
            Change::Reset(name) => {
                sql.text("RESET").parenthesized(|sql| _ = sql.identifier(name));
            }
        }
    }

    fn note_problems(&self, sql: &mut Writer, column: &Identifier, empty: bool) {
        let without_type = [("using", self.using.is_some()), ("collate", self.collation.is_some())];
        for (option, given) in without_type {
            if given && self.data_type.is_none() {
                sql.problem(format!(
                    "`{option}` belongs to `set_type`: say the type of `{column}` too"
                ));
            }
        }
        let adds = matches!(*self.identity, Some(IdentityChange::Add(_)));
        let drops = matches!(*self.identity, Some(IdentityChange::Drop));
        if self.counting.name.is_some() && !adds {
            sql.problem(format!(
                "`sequence_name` belongs to `add_identity`: rename the sequence of `{column}` \
                 with `rename_sequence`"
            ));
        }
        if self.restart.is_some() && adds {
            sql.problem(format!(
                "the new identity `{column}` has a `start`, and nothing to restart"
            ));
        }
        if drops && (self.restart.is_some() || !self.counting.is_empty()) {
            sql.problem(format!("`{column}` does not count any more after `drop_identity`"));
        }
        if empty {
            sql.problem(format!("`alter_column` changes nothing about `{column}`"));
        }
    }

    /// Whether the count is set, and nothing else is done.
    pub(super) fn only_restarts(&self) -> bool {
        let without = Self { restart: None, ..self.clone() };
        self.restart.is_some() && without.in_order().is_empty() && self.comment.is_none()
    }

    /// Adds what takes `there` back without knowing what was before.
    pub(super) fn completed_by_opposites_of(mut self, there: &Self) -> Self {
        if let (None, Some(not_null)) = (*self.not_null, *there.not_null) {
            self.not_null.set(if not_null { "drop_not_null" } else { "set_not_null" }, !not_null);
        }
        if let (None, Some(IdentityChange::Add(_))) = (*self.identity, *there.identity) {
            self.identity.set("drop_identity", IdentityChange::Drop);
        }
        self
    }

    /// What of these changes `back` says nothing about.
    pub(super) fn not_reverted_by(&self, back: &Self) -> Vec<&'static str> {
        let counts = |changes: &Self| {
            let added = matches!(*changes.identity, Some(IdentityChange::Add(_)));
            !added && !changes.counting.is_empty()
        };
        let parts = [
            ("type", self.data_type.is_some(), back.data_type.is_some()),
            ("default", self.default.is_some(), back.default.is_some()),
            ("expression", self.expression.is_some(), back.expression.is_some()),
            ("identity", self.identity.is_some(), back.identity.is_some()),
            ("way to count", counts(self), counts(back)),
            ("storage", self.storage.is_some(), back.storage.is_some()),
            ("compression", self.compression.is_some(), back.compression.is_some()),
            ("statistics", self.statistics.is_some(), back.statistics.is_some()),
            ("options", !self.options.is_empty(), !back.options.is_empty()),
            ("comment", self.comment.is_some(), back.comment.is_some()),
        ];
        let missing = parts.into_iter().filter(|(_, there, back)| *there && !back);
        missing.map(|(part, ..)| part).collect()
    }
}
