//! [`ALTER FOREIGN DATA WRAPPER`](https://www.postgresql.org/docs/current/sql-alterforeigndatawrapper.html).

use super::options::{LOST, OptionChanges, option_changes};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, OptionValue, Pgm, Statement, Writer};

operation! {
    /// Changes a foreign data wrapper.
    pub struct AlterForeignDataWrapper(name: Identifier) {
        /// `None` within takes it away.
        handler: Choice<Option<Name>>,
        validator: Choice<Option<Name>>,
        options: OptionChanges,
    }
}

impl Pgm {
    /// Changes a foreign data wrapper: its functions and its options.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_foreign_data_wrapper("files").no_validator().set_option("debug", false);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER FOREIGN DATA WRAPPER "files" NO VALIDATOR OPTIONS (SET "debug" 'false');"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: foreign data wrapper `files`; options that may hold secrets are not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_foreign_data_wrapper(
        &mut self,
        name: impl Into<Identifier>,
    ) -> &mut AlterForeignDataWrapper {
        self.record(AlterForeignDataWrapper::new(name.into()))
    }
}

option_changes!(AlterForeignDataWrapper);

options! { AlterForeignDataWrapper {
    /// The function that reads and writes.
    pub fn handler(&mut self, function: impl Into<Name>) {
        self.handler.set("handler", Some(function.into()))
    }

    /// Its tables can only be described from now on.
    pub fn no_handler(&mut self) { self.handler.set("no_handler", None) }

    /// The function that looks whether options make sense.
    pub fn validator(&mut self, function: impl Into<Name>) {
        self.validator.set("validator", Some(function.into()))
    }

    /// Nobody looks whether options make sense from now on.
    pub fn no_validator(&mut self) { self.validator.set("no_validator", None) }
}}

impl Operation for AlterForeignDataWrapper {
    fn verb(&self) -> &'static str {
        "alter_foreign_data_wrapper"
    }

    fn describe(&self) -> String {
        format!("alter foreign data wrapper `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.handler);
            sql.choice(&self.validator);
            sql.text("ALTER FOREIGN DATA WRAPPER").identifier(&self.name);
            for (keyword, function) in [("HANDLER", &self.handler), ("VALIDATOR", &self.validator)]
            {
                match function.as_ref() {
                    Some(Some(function)) => _ = sql.text(keyword).name(function),
                    Some(None) => _ = sql.text("NO").text(keyword),
                    None => {}
                }
            }
            self.options.write(sql);
            if self.handler.is_none() && self.validator.is_none() && self.options.is_empty() {
                sql.problem(format!(
                    "`alter_foreign_data_wrapper` changes nothing about `{}`",
                    self.name
                ));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::foreign_data_wrapper(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_foreign_data_wrapper("files")
                .handler(("tools", "handler"))
                .validator("validator")
                .add_option("a", 1)
                .set_option("b", "it's")
                .drop_option("c");
            pgm.alter_foreign_data_wrapper("files").no_handler().no_validator();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER FOREIGN DATA WRAPPER "files" HANDLER "tools"."handler" VALIDATOR "validator" OPTIONS (ADD "a" '1', SET "b" 'it''s', DROP "c");
        ALTER FOREIGN DATA WRAPPER "files" NO HANDLER NO VALIDATOR;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_foreign_data_wrapper("files");
        });
        insta::assert_snapshot!(problems, @"`alter_foreign_data_wrapper` changes nothing about `files`");
    }
}
