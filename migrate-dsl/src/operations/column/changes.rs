//! What `alter_column` changes, there and back.

use crate::{DataType, DefaultValue, Expression, Identifier, Identity, Name, Statement, Writer};

/// The changes to one column; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    pub(super) data_type: Option<DataType>,
    pub(super) using: Option<Expression>,
    pub(super) collation: Option<Name>,
    /// `Some(None)` takes the default away.
    pub(super) default: Option<Option<DefaultValue>>,
    pub(super) not_null: Option<bool>,
    pub(super) identity: Option<IdentityChange>,
    pub(super) drop_expression: bool,
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
enum Change<'a> {
    Words(&'static str),
    Type(&'a DataType),
    Default(&'a DefaultValue),
    Identity(&'static str, Identity),
}

impl Changes {
    /// One statement for all but the comment, so that the table is rewritten once at most.
    pub(super) fn statements(&self, table: &Name, column: &Identifier) -> Vec<Statement> {
        let mut statements = Vec::new();
        let changes = self.in_order();
        if !changes.is_empty() || self.comment.is_none() {
            statements.push(Writer::statement(|sql| {
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
        if self.drop_expression {
            changes.push(Change::Words("DROP EXPRESSION"));
        }
        changes.extend(self.data_type.as_ref().map(Change::Type));
        changes.extend(default.and_then(Option::as_ref).map(Change::Default));
        changes.extend(self.not_null.map(|not_null| {
            Change::Words(if not_null { "SET NOT NULL" } else { "DROP NOT NULL" })
        }));
        changes.extend(self.identity.map(|identity| match identity {
            IdentityChange::Add(identity) => Change::Identity("ADD", identity),
            IdentityChange::Set(identity) => Change::Identity("SET", identity),
            IdentityChange::Drop => Change::Words("DROP IDENTITY"),
        }));
        changes
    }

    fn write(&self, sql: &mut Writer, change: &Change<'_>) {
        match change {
            Change::Words(words) => {
                sql.text(words);
            }
            Change::Type(data_type) => {
                sql.text("TYPE").data_type(data_type);
                if let Some(collation) = &self.collation {
                    sql.text("COLLATE").name(collation);
                }
                if let Some(using) = &self.using {
                    sql.text("USING").expression(using);
                }
            }
            Change::Default(value) => {
                sql.text("SET DEFAULT").default_value(value);
            }
            Change::Identity(word, identity) => {
                sql.text(word).text("GENERATED").text(identity.sql());
                sql.flag(*word == "ADD", "AS IDENTITY");
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
        if empty {
            sql.problem(format!("`alter_column` changes nothing about `{column}`"));
        }
    }

    /// Adds what takes `there` back without knowing what was before.
    pub(super) fn completed_by_opposites_of(mut self, there: &Self) -> Self {
        self.not_null = self.not_null.or(there.not_null.map(|not_null| !not_null));
        if let (None, Some(IdentityChange::Add(_))) = (self.identity, there.identity) {
            self.identity = Some(IdentityChange::Drop);
        }
        self
    }

    /// What of these changes `back` says nothing about.
    pub(super) fn not_taken_back_by(&self, back: &Self) -> Vec<&'static str> {
        let parts = [
            ("type", self.data_type.is_some(), back.data_type.is_some()),
            ("default", self.default.is_some(), back.default.is_some()),
            ("identity", self.identity.is_some(), back.identity.is_some()),
            ("comment", self.comment.is_some(), back.comment.is_some()),
        ];
        let missing = parts.into_iter().filter(|(_, there, back)| *there && !back);
        missing.map(|(part, ..)| part).collect()
    }
}
