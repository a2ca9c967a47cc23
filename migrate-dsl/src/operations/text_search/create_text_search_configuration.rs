//! [`CREATE TEXT SEARCH CONFIGURATION`](https://www.postgresql.org/docs/current/sql-createtsconfig.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a text search configuration.
    pub struct CreateTextSearchConfiguration(name: Name) {
        /// `PARSER` or `COPY`.
        source: Option<(&'static str, Name)>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a text search configuration: which dictionaries look at which kinds of words, said
    /// by [`alter_text_search_configuration`](Pgm::alter_text_search_configuration).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_text_search_configuration("polish").copy("simple");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE TEXT SEARCH CONFIGURATION "polish" (COPY = "simple");"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TEXT SEARCH CONFIGURATION "polish";"#);
    /// ```
    #[track_caller]
    pub fn create_text_search_configuration(
        &mut self,
        name: impl Into<Name>,
    ) -> &mut CreateTextSearchConfiguration {
        self.record(CreateTextSearchConfiguration::new(name.into()))
    }
}

options! { CreateTextSearchConfiguration {
    /// Takes texts apart by this parser, and knows no dictionaries yet.
    pub fn parser(&mut self, parser: impl Into<Name>) {
        self.source = Some(("PARSER", parser.into()))
    }

    /// Is a copy of this configuration.
    pub fn copy(&mut self, configuration: impl Into<Name>) {
        self.source = Some(("COPY", configuration.into()))
    }

    /// The comment that tools show beside the configuration.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateTextSearchConfiguration {
    fn object(&self) -> Object {
        Object::text_search_configuration(&self.name)
    }
}

impl Operation for CreateTextSearchConfiguration {
    fn verb(&self) -> &'static str {
        "create_text_search_configuration"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            self.object().write(sql.text("CREATE"));
            match &self.source {
                Some((word, name)) => {
                    sql.parenthesized(|sql| _ = sql.text(word).text("=").name(name))
                }
                None => sql.problem(format!("`{}` requires `parser` or `copy`", self.name)),
            }
        });
        phrases::commented(create, &self.object(), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop_object(&self.object(), false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.create_text_search_configuration(("app", "polish"))
                .parser(("pg_catalog", "default"))
                .comment("for searching");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TEXT SEARCH CONFIGURATION "app"."polish" (PARSER = "pg_catalog"."default");
        COMMENT ON TEXT SEARCH CONFIGURATION "app"."polish" IS 'for searching';
        "#);
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| _ = pgm.create_text_search_configuration("polish"));
        insta::assert_snapshot!(problems, @"`polish` requires `parser` or `copy`");
    }
}
