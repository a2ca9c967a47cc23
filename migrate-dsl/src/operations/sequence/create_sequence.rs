//! [`CREATE SEQUENCE`](https://www.postgresql.org/docs/current/sql-createsequence.html).

use super::SequenceOptions;
use crate::operations::phrases;
use crate::{DataType, Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Creates a sequence.
pub struct CreateSequence {
    name: Name,
    if_not_exists: bool,
    data_type: Option<DataType>,
    options: SequenceOptions,
    owner: Option<(Name, Identifier)>,
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
        self.record(CreateSequence {
            name: name.into(),
            if_not_exists: false,
            data_type: None,
            options: SequenceOptions::default(),
            owner: None,
        })
    }
}

impl CreateSequence {
    /// Does nothing if a relation of that name is there; then `down` cannot know whether the
    /// sequence is this migration's, and does not drop it.
    pub fn if_not_exists(&mut self) -> &mut Self {
        self.if_not_exists = true;
        self
    }

    /// The type of its values: `smallint`, `integer` or `bigint` (PostgreSQL's default).
    pub fn data_type(&mut self, data_type: impl Into<DataType>) -> &mut Self {
        self.data_type = Some(data_type.into());
        self
    }

    /// The first value.
    pub fn start(&mut self, value: i64) -> &mut Self {
        self.options.start = Some(value);
        self
    }

    /// The step from one value to the next; a negative one counts down.
    pub fn increment(&mut self, value: i64) -> &mut Self {
        self.options.increment = Some(value);
        self
    }

    /// The lowest value.
    pub fn min_value(&mut self, value: i64) -> &mut Self {
        self.options.min_value = Some(value);
        self
    }

    /// The highest value.
    pub fn max_value(&mut self, value: i64) -> &mut Self {
        self.options.max_value = Some(value);
        self
    }

    /// How many values a session takes at a time.
    pub fn cache(&mut self, values: u32) -> &mut Self {
        self.options.cache = Some(values);
        self
    }

    /// Starts again where the values run out, instead of failing.
    pub fn cycle(&mut self) -> &mut Self {
        self.options.cycle = true;
        self
    }

    /// Goes away with this column of a table.
    pub fn owned_by(&mut self, table: impl Into<Name>, column: impl Into<Identifier>) -> &mut Self {
        self.owner = Some((table.into(), column.into()));
        self
    }
}

impl Operation for CreateSequence {
    fn verb(&self) -> &'static str {
        "create_sequence"
    }

    fn describe(&self) -> String {
        format!("create sequence `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("CREATE SEQUENCE").flag(self.if_not_exists, "IF NOT EXISTS").name(&self.name);
            if let Some(data_type) = &self.data_type {
                sql.text("AS").data_type(data_type);
            }
            self.options.write(sql);
            if let Some((table, column)) = &self.owner {
                sql.text("OWNED BY").member(table, column);
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::maybe_older("if_not_exists", format_args!("`{}`", self.name));
        }
        Inverse::by(phrases::drop("SEQUENCE", &self.name, false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

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
                .owned_by(("app", "posts"), "number");
        });
        insta::assert_snapshot!(plan, @r#"CREATE SEQUENCE "app"."n" AS int INCREMENT BY -1 MINVALUE 0 MAXVALUE 0 START WITH 0 CACHE 1 CYCLE OWNED BY "app"."posts"."number";"#);
    }

    #[test]
    fn what_may_have_been_there_is_not_dropped() {
        let up = |pgm: &mut Pgm| {
            pgm.create_sequence("n").if_not_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"CREATE SEQUENCE IF NOT EXISTS "n";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be taken back: with `if_not_exists`, `n` may have been there before");
    }
}
