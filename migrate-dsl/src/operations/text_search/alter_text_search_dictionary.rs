//! [`ALTER TEXT SEARCH DICTIONARY`](https://www.postgresql.org/docs/current/sql-altertsdictionary.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes the options of a text search dictionary.
    pub struct AlterTextSearchDictionary(name: Name) {
        options: Vec<(Identifier, Option<String>)>,
    }
}

impl Pgm {
    /// Changes the options of a text search dictionary; its template stays.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_text_search_dictionary("polish_stop").set_option("stopwords", "polish");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TEXT SEARCH DICTIONARY "polish_stop" ("stopwords" = 'polish');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: text search dictionary `polish_stop`");
    /// ```
    #[track_caller]
    pub fn alter_text_search_dictionary(
        &mut self,
        name: impl Into<Name>,
    ) -> &mut AlterTextSearchDictionary {
        self.record(AlterTextSearchDictionary::new(name.into()))
    }
}

options! { AlterTextSearchDictionary {
    /// Sets an option of the template, in lower case.
    pub fn set_option(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.options.push((name.into(), Some(value.to_string())))
    }

    /// Takes an option away.
    pub fn reset_option(&mut self, name: impl Into<Identifier>) {
        self.options.push((name.into(), None))
    }
}}

impl Operation for AlterTextSearchDictionary {
    fn verb(&self) -> &'static str {
        "alter_text_search_dictionary"
    }

    fn describe(&self) -> String {
        format!("alter text search dictionary `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            Object::text_search_dictionary(&self.name).write(sql.text("ALTER"));
            if self.options.is_empty() {
                sql.problem(format!(
                    "`alter_text_search_dictionary` changes nothing about `{}`",
                    self.name
                ));
            }
            sql.parenthesized(|sql| {
                sql.list(&self.options, |sql, (name, value)| {
                    sql.identifier(name);
                    if let Some(value) = value {
                        sql.text("=").literal(value);
                    }
                });
            })
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::text_search_dictionary(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_text_search_dictionary(("app", "stop"))
                .set_option("accept", false)
                .reset_option("stopwords");
        });
        insta::assert_snapshot!(plan, @r#"ALTER TEXT SEARCH DICTIONARY "app"."stop" ("accept" = 'false', "stopwords");"#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_text_search_dictionary("stop"));
        insta::assert_snapshot!(problems, @"`alter_text_search_dictionary` changes nothing about `stop`");
    }
}
