//! [`CREATE SEQUENCE`](https://www.postgresql.org/docs/current/sql-createsequence.html).

use super::{SequenceOptions, sequence_options};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a sequence.
    pub struct CreateSequence(name: Name) {
        if_not_exists: bool,
        temporary: bool,
        unlogged: bool,
        data_type: Option<DataType>,
        options: SequenceOptions,
        owner: Option<(Name, Identifier)>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a sequence: numbers that count up, each given out once.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_sequence("invoice_numbers").start(1000).increment(10);
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE SEQUENCE "invoice_numbers" INCREMENT BY 10 START WITH 1000;"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP SEQUENCE "invoice_numbers";"#);
    /// ```
    #[track_caller]
    pub fn create_sequence(&mut self, name: impl Into<Name>) -> &mut CreateSequence {
        self.record(CreateSequence::new(name.into()))
    }
}

options! { CreateSequence {
    /// Does nothing if a relation of that name is there; then `down` leaves it alone.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// The type of its values: `smallint`, `integer` or `bigint` (PostgreSQL's default).
    pub fn data_type(&mut self, data_type: impl Into<DataType>) {
        self.data_type = Some(data_type.into())
    }

    /// Keeps the sequence for the session only, which is that of the runner of migrations.
    pub fn temporary(&mut self) { self.temporary = true }

    /// Writes no write-ahead log: after a crash it counts from the start; from PostgreSQL 15.
    pub fn unlogged(&mut self) { self.unlogged = true }

    /// Goes away with this column of a table.
    pub fn owned_by(&mut self, table: impl Into<Name>, column: impl Into<Identifier>) {
        self.owner = Some((table.into(), column.into()))
    }

    /// The comment that tools show beside the sequence.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}
sequence_options!(CreateSequence, options);

impl Operation for CreateSequence {
    fn verb(&self) -> &'static str {
        "create_sequence"
    }

    fn describe(&self) -> String {
        format!("create sequence `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE");
            if self.unlogged {
                sql.text("UNLOGGED").requires(15, "unlogged");
            }
            sql.flag(self.temporary, "TEMPORARY")
                .text("SEQUENCE")
                .flag(self.if_not_exists, "IF NOT EXISTS")
                .name(&self.name);
            if let Some(data_type) = &self.data_type {
                sql.text("AS").data_type(data_type);
            }
            self.options.write(sql);
            if let Some((table, column)) = &self.owner {
                sql.text("OWNED BY").member(table, column);
            }
            if self.temporary && self.unlogged {
                sql.problem(format!("`{}` is both `temporary` and `unlogged`", self.name));
            }
            sql
        });
        phrases::commented(create, &Object::sequence(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        if self.temporary {
            return Inverse::by(phrases::drop_temporary(Object::sequence, &self.name));
        }
        phrases::drop_created(Object::sequence(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn zero_is_a_value() {
        let plan = plan_text(|pgm| {
            pgm.create_sequence(("app", "n"))
                .data_type("int")
                .start(0)
                .min_value(0)
                .max_value(0)
                .increment(-1)
                .cache(1)
                .cycle()
                .owned_by(("app", "posts"), "number")
                .comment("it's counted");
            pgm.create_sequence("m").unlogged().no_min_value().no_max_value().no_cycle();
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE SEQUENCE "app"."n" AS int INCREMENT BY -1 MINVALUE 0 MAXVALUE 0 START WITH 0 CACHE 1 CYCLE OWNED BY "app"."posts"."number";
        COMMENT ON SEQUENCE "app"."n" IS 'it''s counted';
        CREATE UNLOGGED SEQUENCE "m" NO MINVALUE NO MAXVALUE NO CYCLE;
        "#);
    }

    #[test]
    fn a_temporary_sequence_may_be_gone_already() {
        let up = |pgm: &mut Pgm| {
            pgm.create_sequence("n").temporary();
        };
        insta::assert_snapshot!(plan_text(up), @r#"CREATE TEMPORARY SEQUENCE "n";"#);
        insta::assert_snapshot!(plan_text_down(up), @r#"DROP SEQUENCE IF EXISTS "pg_temp"."n";"#);
        let problems = plan_problems(|pgm| _ = pgm.create_sequence("n").temporary().unlogged());
        insta::assert_snapshot!(problems, @"`n` is both `temporary` and `unlogged`");
    }

    #[test]
    fn what_may_have_been_there_is_not_dropped() {
        let up = |pgm: &mut Pgm| {
            pgm.create_sequence("n").if_not_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"CREATE SEQUENCE IF NOT EXISTS "n";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: sequence `n`");
    }
}
