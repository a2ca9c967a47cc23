//! What a publication has in it.

use crate::{Expression, Identifier, Name, Writer};

/// Tables, and all tables of schemas.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    members: Vec<Member>,
    /// `columns` and the like were said before there was a table.
    tableless: Vec<&'static str>,
}

#[derive(Debug, Clone)]
enum Member {
    Table(Box<PublishedTable>),
    Schema(Identifier),
}

#[derive(Debug, Clone)]
pub(super) struct PublishedTable {
    name: Name,
    pub(super) only: bool,
    pub(super) columns: Vec<Identifier>,
    pub(super) condition: Option<Expression>,
}

impl Contents {
    pub(super) fn add_table(&mut self, name: Name) {
        let (columns, condition) = (Vec::new(), None);
        let table = PublishedTable { name, only: false, columns, condition };
        self.members.push(Member::Table(Box::new(table)));
    }

    pub(super) fn add_schema(&mut self, name: Identifier) {
        self.members.push(Member::Schema(name));
    }

    /// Changes the table that was named last.
    pub(super) fn change(
        &mut self,
        option: &'static str,
        change: impl FnOnce(&mut PublishedTable),
    ) {
        match self.members.last_mut() {
            Some(Member::Table(table)) => change(table),
            Some(Member::Schema(_)) | None => self.tableless.push(option),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// `TABLE "a" ("b") WHERE (c), "d", TABLES IN SCHEMA "e"`: before PostgreSQL 15, the word must
    /// not stand before each table.
    pub(super) fn write(&self, sql: &mut Writer) {
        let mut after_table = false;
        sql.list(&self.members, |sql, member| match member {
            Member::Table(table) => {
                sql.flag(!after_table, "TABLE");
                after_table = true;
                table.write(sql);
            }
            Member::Schema(name) => {
                after_table = false;
                sql.text("TABLES IN SCHEMA").identifier(name).requires(15, "tables_in_schema");
            }
        });
        for option in &self.tableless {
            sql.problem(format!("`{option}` belongs to a table: say it behind the table's name"));
        }
    }
}

impl PublishedTable {
    fn write(&self, sql: &mut Writer) {
        sql.flag(self.only, "ONLY").name(&self.name);
        if !self.columns.is_empty() {
            sql.columns(&self.columns).requires(15, "columns");
        }
        if let Some(condition) = &self.condition {
            sql.text("WHERE").parenthesized(|sql| _ = sql.expression(condition));
            sql.requires(15, "only_where");
        }
    }
}

/// The options of a table in a publication.
macro_rules! table_options {
    ($operation:ty, $contents:ident) => {
        impl $operation {
            /// Of the table named last: only these columns, from PostgreSQL 15.
            pub fn columns(&mut self, columns: impl IntoIdentifiers) -> &mut Self {
                let columns = columns.into_identifiers();
                self.$contents().change("columns", |table| table.columns = columns);
                self
            }

            /// Of the table named last: only the rows for which the expression is true, from
            /// PostgreSQL 15.
            pub fn only_where(&mut self, rows: impl IntoExpression) -> &mut Self {
                let rows = expr(rows);
                self.$contents().change("only_where", |table| table.condition = Some(rows));
                self
            }

            /// Of the table named last: not those that inherit from it.
            pub fn only(&mut self) -> &mut Self {
                self.$contents().change("only", |table| table.only = true);
                self
            }
        }
    };
}
pub(super) use table_options;
