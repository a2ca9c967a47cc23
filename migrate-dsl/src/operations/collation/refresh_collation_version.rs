//! [`ALTER COLLATION … REFRESH VERSION`](https://www.postgresql.org/docs/current/sql-altercollation.html).

use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

/// Notes the version of a collation that is at hand.
#[derive(Debug, Clone)]
pub struct RefreshCollationVersion {
    name: Name,
}

impl Pgm {
    /// Notes the version of a collation that its provider has now, once all indexes that sort by
    /// it were rebuilt.
    ///
    /// The version before is not restored; the provider at hand is what it is.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.refresh_collation_version("german"); });
    /// assert_eq!(plan, r#"ALTER COLLATION "german" REFRESH VERSION;"#);
    /// ```
    #[track_caller]
    pub fn refresh_collation_version(
        &mut self,
        name: impl Into<Name>,
    ) -> &mut RefreshCollationVersion {
        self.record(RefreshCollationVersion { name: name.into() })
    }
}

impl Operation for RefreshCollationVersion {
    fn verb(&self) -> &'static str {
        "refresh_collation_version"
    }

    fn describe(&self) -> String {
        format!("refresh the version of collation `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER COLLATION").name(&self.name).text("REFRESH VERSION")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none(format!(
            "PostgreSQL notes no other version of `{}` than the one at hand",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::plan_text_down;

    #[test]
    fn a_version_is_what_it_is() {
        let down = plan_text_down(|pgm| _ = pgm.refresh_collation_version(("app", "german")));
        insta::assert_snapshot!(down, @"-- cannot be reverted: PostgreSQL notes no other version of `app.german` than the one at hand");
    }
}
