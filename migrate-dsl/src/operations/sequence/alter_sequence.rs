//! [`ALTER SEQUENCE`](https://www.postgresql.org/docs/current/sql-altersequence.html).

use super::{SequenceOptions, sequence_options};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes a sequence.
    pub struct AlterSequence(name: Name) {
        if_exists: bool,
        data_type: Option<DataType>,
        options: SequenceOptions,
        /// `Some(None)` belongs to no column.
        owner: Choice<Option<(Name, Identifier)>>,
        logged: Choice<bool>,
    }
}

impl Pgm {
    /// Changes how a sequence counts, or which column it belongs to. The value at which it stands
    /// stays; [`restart_sequence`](Pgm::restart_sequence) changes that.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_sequence("invoice_numbers").increment(5).no_cycle();
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SEQUENCE "invoice_numbers" INCREMENT BY 5 NO CYCLE;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: sequence `invoice_numbers`");
    /// ```
    #[track_caller]
    pub fn alter_sequence(&mut self, name: impl Into<Name>) -> &mut AlterSequence {
        self.record(AlterSequence::new(name.into()))
    }
}

options! { AlterSequence {
    /// Does nothing if there is no such sequence.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// The type of its values: `smallint`, `integer` or `bigint`.
    pub fn data_type(&mut self, data_type: impl Into<DataType>) {
        self.data_type = Some(data_type.into())
    }

    /// Goes away with this column of a table from now on.
    pub fn owned_by(&mut self, table: impl Into<Name>, column: impl Into<Identifier>) {
        self.owner.set("owned_by", Some((table.into(), column.into())))
    }

    /// Stays when the column goes that it belongs to.
    pub fn owned_by_none(&mut self) { self.owner.set("owned_by_none", None) }

    /// Keeps its value over a crash; from PostgreSQL 15.
    pub fn set_logged(&mut self) { self.logged.set("set_logged", true) }

    /// Writes no write-ahead log: after a crash it counts from the start; from PostgreSQL 15.
    pub fn set_unlogged(&mut self) { self.logged.set("set_unlogged", false) }
}}

impl AlterSequence {
    fn alter(&self, write: impl FnOnce(&mut Writer) -> &mut Writer) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER SEQUENCE").flag(self.if_exists, "IF EXISTS").name(&self.name);
            write(sql)
        })
    }
}
sequence_options!(AlterSequence, options);

impl Operation for AlterSequence {
    fn verb(&self) -> &'static str {
        "alter_sequence"
    }

    fn describe(&self) -> String {
        format!("alter sequence `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let counting = self.data_type.is_some() || !self.options.is_empty() || self.owner.is_some();
        if counting || self.logged.is_none() {
            statements.push(self.alter(|sql| {
                sql.choice(&self.owner);
                if let Some(data_type) = &self.data_type {
                    sql.text("AS").data_type(data_type);
                }
                self.options.write(sql);
                match self.owner.as_ref() {
                    Some(Some((table, column))) => sql.text("OWNED BY").member(table, column),
                    Some(None) => sql.text("OWNED BY NONE"),
                    None => sql,
                };
                if !counting {
                    sql.problem(format!("`alter_sequence` changes nothing about `{}`", self.name));
                }
                sql
            }));
        }
        // PostgreSQL takes it alone only.
        if let Some(logged) = *self.logged {
            let (words, option) = match logged {
                true => ("SET LOGGED", "set_logged"),
                false => ("SET UNLOGGED", "set_unlogged"),
            };
            statements
                .push(self.alter(|sql| sql.choice(&self.logged).text(words).requires(15, option)));
        }
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::sequence(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_sequence(("app", "n"))
                .if_exists()
                .data_type("int")
                .start(0)
                .min_value(0)
                .no_max_value()
                .increment(-1)
                .cache(1)
                .cycle()
                .owned_by("posts", "number")
                .set_unlogged();
            pgm.alter_sequence("m").no_min_value().max_value(9).no_cycle().owned_by_none();
            pgm.alter_sequence("l").set_logged();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER SEQUENCE IF EXISTS "app"."n" AS int INCREMENT BY -1 MINVALUE 0 NO MAXVALUE START WITH 0 CACHE 1 CYCLE OWNED BY "posts"."number";
        ALTER SEQUENCE IF EXISTS "app"."n" SET UNLOGGED;
        ALTER SEQUENCE "m" NO MINVALUE MAXVALUE 9 NO CYCLE OWNED BY NONE;
        ALTER SEQUENCE "l" SET LOGGED;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_sequence("n"));
        insta::assert_snapshot!(problems, @"`alter_sequence` changes nothing about `n`");
    }
}
