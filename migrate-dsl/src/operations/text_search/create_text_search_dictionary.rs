//! [`CREATE TEXT SEARCH DICTIONARY`](https://www.postgresql.org/docs/current/sql-createtsdictionary.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a text search dictionary.
    pub struct CreateTextSearchDictionary(name: Name, template: Name) {
        options: Vec<(Identifier, String)>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a text search dictionary of a
    /// [template](https://www.postgresql.org/docs/current/textsearch-dictionaries.html), such as
    /// `simple`, `synonym`, `ispell` or `snowball`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_text_search_dictionary("german_stem", "snowball").option("language", "german");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE TEXT SEARCH DICTIONARY \"german_stem\" (TEMPLATE = \"snowball\", \"language\" = 'german');"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP TEXT SEARCH DICTIONARY "german_stem";"#);
    /// ```
    #[track_caller]
    pub fn create_text_search_dictionary(
        &mut self,
        name: impl Into<Name>,
        template: impl Into<Name>,
    ) -> &mut CreateTextSearchDictionary {
        self.record(CreateTextSearchDictionary::new(name.into(), template.into()))
    }
}

options! { CreateTextSearchDictionary {
    /// Sets an option of the template, in lower case: `stopwords`, `dictfile`, `language`.
    pub fn option(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.options.push((name.into(), value.to_string()))
    }

    /// The comment that tools show beside the dictionary.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateTextSearchDictionary {
    fn object(&self) -> Object {
        Object::text_search_dictionary(&self.name)
    }
}

impl Operation for CreateTextSearchDictionary {
    fn verb(&self) -> &'static str {
        "create_text_search_dictionary"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            self.object().write(sql.text("CREATE"));
            sql.parenthesized(|sql| {
                sql.text("TEMPLATE =").name(&self.template);
                for (name, value) in &self.options {
                    sql.glued(",").identifier(name).text("=").literal(value);
                }
            })
        });
        phrases::commented(create, &self.object(), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop_object(&self.object(), false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::plan_text;

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.create_text_search_dictionary(("app", "stop"), ("pg_catalog", "simple"))
                .option("stopwords", "it's")
                .option("accept", false)
                .comment("leaves out short words");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE TEXT SEARCH DICTIONARY "app"."stop" (TEMPLATE = "pg_catalog"."simple", "stopwords" = 'it''s', "accept" = 'false');
        COMMENT ON TEXT SEARCH DICTIONARY "app"."stop" IS 'leaves out short words';
        "#);
    }
}
