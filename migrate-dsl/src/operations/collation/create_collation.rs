//! [`CREATE COLLATION`](https://www.postgresql.org/docs/current/sql-createcollation.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a collation.
    pub struct CreateCollation(name: Name) {
        if_not_exists: bool,
        from: Option<Name>,
        provider: Option<Identifier>,
        /// `LOCALE`, `LC_COLLATE` and the like.
        settings: Vec<(&'static str, String)>,
        deterministic: Option<bool>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a collation: an order of texts.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_collation("any_case").provider("icu").locale("und-u-ks-level2").deterministic(false);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "CREATE COLLATION \"any_case\" (PROVIDER = \"icu\", LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP COLLATION "any_case";"#);
    /// ```
    #[track_caller]
    pub fn create_collation(&mut self, name: impl Into<Name>) -> &mut CreateCollation {
        self.record(CreateCollation::new(name.into()))
    }
}

options! { CreateCollation {
    /// Does nothing if a collation of that name is there, which then stays when it is reverted.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Is the same as this one, under another name.
    pub fn from(&mut self, collation: impl Into<Name>) { self.from = Some(collation.into()) }

    /// Who compares: `libc` (PostgreSQL's default), `icu` or, from PostgreSQL 17, `builtin`.
    pub fn provider(&mut self, provider: impl Into<Identifier>) {
        self.provider = Some(provider.into())
    }

    /// Whether texts that compare as equal have to be the same bytes (PostgreSQL's default);
    /// `false` is for `icu` only.
    pub fn deterministic(&mut self, deterministic: bool) {
        self.deterministic = Some(deterministic)
    }

    /// The comment that tools show beside the collation.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateCollation {
    /// The locale, as its provider calls it: `de_DE.utf8` of `libc`, `de-u-co-phonebk` of `icu`.
    pub fn locale(&mut self, locale: impl Into<String>) -> &mut Self {
        self.setting("LOCALE", locale.into())
    }

    /// The locale of `libc` by which texts are sorted.
    pub fn lc_collate(&mut self, locale: impl Into<String>) -> &mut Self {
        self.setting("LC_COLLATE", locale.into())
    }

    /// The locale of `libc` that tells letters from other characters, and upper from lower case.
    pub fn lc_ctype(&mut self, locale: impl Into<String>) -> &mut Self {
        self.setting("LC_CTYPE", locale.into())
    }

    /// More [rules](https://www.postgresql.org/docs/current/collation.html#ICU-TAILORING-RULES) for
    /// `icu`, such as `&V << w <<< W`; from PostgreSQL 16.
    pub fn rules(&mut self, rules: impl Into<String>) -> &mut Self {
        self.setting("RULES", rules.into())
    }

    /// The version of the provider's collation, where it is to be another than the one at hand.
    pub fn version(&mut self, version: impl Into<String>) -> &mut Self {
        self.setting("VERSION", version.into())
    }

    fn setting(&mut self, name: &'static str, value: String) -> &mut Self {
        self.settings.push((name, value));
        self
    }

    fn write_options(&self, sql: &mut Writer) {
        let mut first = true;
        let mut option = |sql: &mut Writer, name: &str| {
            if !std::mem::take(&mut first) {
                sql.glued(",");
            }
            sql.text(name).text("=");
        };
        if let Some(provider) = &self.provider {
            option(sql, "PROVIDER");
            sql.identifier(provider);
        }
        for (name, value) in &self.settings {
            option(sql, name);
            sql.literal(value);
        }
        if let Some(deterministic) = self.deterministic {
            option(sql, "DETERMINISTIC");
            sql.text(if deterministic { "true" } else { "false" });
        }
    }

    fn note_problems(&self, sql: &mut Writer) {
        let has_options =
            self.provider.is_some() || !self.settings.is_empty() || self.deterministic.is_some();
        match (&self.from, has_options) {
            (Some(from), true) => {
                sql.problem(format!(
                    "`{}` is the same as `{from}`: no other option can be combined with `from`",
                    self.name
                ));
            }
            (None, false) => {
                sql.problem(format!(
                    "collation `{}` requires a locale: add `locale`, `lc_collate` and `lc_ctype`, \
                     or `from`",
                    self.name
                ));
            }
            _ => {}
        }
        if self.settings.iter().any(|(name, _)| *name == "RULES") {
            sql.requires(16, "rules");
        }
        if self.provider.as_ref().is_some_and(|provider| provider.as_str() == "builtin") {
            sql.requires(17, "builtin");
        }
    }
}

impl Operation for CreateCollation {
    fn verb(&self) -> &'static str {
        "create_collation"
    }

    fn describe(&self) -> String {
        format!("create collation `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE COLLATION").flag(self.if_not_exists, "IF NOT EXISTS").name(&self.name);
            match &self.from {
                Some(from) => sql.text("FROM").name(from),
                None => sql.parenthesized(|sql| self.write_options(sql)),
            };
            self.note_problems(sql);
            sql
        });
        phrases::commented(create, &Object::collation(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::collation(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_collation(("app", "german"))
                .if_not_exists()
                .provider("libc")
                .lc_collate("de_DE.utf8")
                .lc_ctype("C")
                .version("2.36")
                .deterministic(true)
                .comment("as in Köln");
            pgm.create_collation("tailored").provider("icu").locale("und").rules("&V << w");
            pgm.create_collation("plain").from(("pg_catalog", "C"));
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE COLLATION IF NOT EXISTS "app"."german" (PROVIDER = "libc", LC_COLLATE = 'de_DE.utf8', LC_CTYPE = 'C', VERSION = '2.36', DETERMINISTIC = true);
        COMMENT ON COLLATION "app"."german" IS 'as in Köln';
        CREATE COLLATION "tailored" (PROVIDER = "icu", LOCALE = 'und', RULES = '&V << w');
        CREATE COLLATION "plain" FROM "pg_catalog"."C";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP COLLATION "plain";
        DROP COLLATION "tailored";
        -- as it was: collation `app.german`
        "#);
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.create_collation("a");
            pgm.create_collation("b").from("C").deterministic(false);
        });
        insta::assert_snapshot!(problems, @"
        collation `a` requires a locale: add `locale`, `lc_collate` and `lc_ctype`, or `from`
        `b` is the same as `C`: no other option can be combined with `from`
        ");
    }
}
