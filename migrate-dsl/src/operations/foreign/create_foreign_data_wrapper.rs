//! [`CREATE FOREIGN DATA WRAPPER`](https://www.postgresql.org/docs/current/sql-createforeigndatawrapper.html).

use super::options::{Options, wrapper_options};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Object, Operation, OptionValue, Pgm, Statement, Writer};

operation! {
    /// Creates a foreign data wrapper.
    pub struct CreateForeignDataWrapper(name: Identifier) {
        handler: Option<Name>,
        validator: Option<Name>,
        options: Options,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a foreign data wrapper; most come with an extension instead.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_foreign_data_wrapper("files").handler("file_fdw_handler");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE FOREIGN DATA WRAPPER "files" HANDLER "file_fdw_handler";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP FOREIGN DATA WRAPPER "files";"#);
    /// ```
    #[track_caller]
    pub fn create_foreign_data_wrapper(
        &mut self,
        name: impl Into<Identifier>,
    ) -> &mut CreateForeignDataWrapper {
        self.record(CreateForeignDataWrapper::new(name.into()))
    }
}

wrapper_options!(CreateForeignDataWrapper);

options! { CreateForeignDataWrapper {
    /// The function that reads and writes; without one its tables can only be described.
    pub fn handler(&mut self, function: impl Into<Name>) {
        self.handler = Some(function.into())
    }

    /// The function that looks whether options make sense.
    pub fn validator(&mut self, function: impl Into<Name>) {
        self.validator = Some(function.into())
    }

    /// The comment that tools show beside the wrapper.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateForeignDataWrapper {
    fn verb(&self) -> &'static str {
        "create_foreign_data_wrapper"
    }

    fn describe(&self) -> String {
        format!("create foreign data wrapper `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE FOREIGN DATA WRAPPER").identifier(&self.name);
            for (keyword, function) in [("HANDLER", &self.handler), ("VALIDATOR", &self.validator)]
            {
                if let Some(function) = function {
                    sql.text(keyword).name(function);
                }
            }
            self.options.write(sql);
            sql
        });
        phrases::commented(
            create,
            &Object::foreign_data_wrapper(&self.name),
            self.comment.as_deref(),
        )
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::foreign_data_wrapper(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.create_foreign_data_wrapper("files")
                .handler(("tools", "handler"))
                .validator("validator")
                .option("debug", true)
                .option("say", "it's")
                .comment("on disk");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE FOREIGN DATA WRAPPER "files" HANDLER "tools"."handler" VALIDATOR "validator" OPTIONS ("debug" 'true', "say" 'it''s');
        COMMENT ON FOREIGN DATA WRAPPER "files" IS 'on disk';
        "#);
    }

    #[test]
    fn a_password_does_not_stand_in_a_migration() {
        let problems = plan_problems(|pgm| {
            pgm.create_foreign_data_wrapper("a").option("password", env("A"));
            pgm.create_foreign_data_wrapper("a").option("Password", "secret");
        });
        insta::assert_snapshot!(problems, @r#"the migration contains a password: write `env("…")` with the name of the environment variable that has it"#);
    }
}
