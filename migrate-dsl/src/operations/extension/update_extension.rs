//! [`ALTER EXTENSION … UPDATE`](https://www.postgresql.org/docs/current/sql-alterextension.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Operation, Pgm, Statement, Writer};

operation! {
    /// Updates an extension to another version.
    pub struct UpdateExtension(name: Identifier) {
        version: Option<Identifier>,
    }
}

impl Pgm {
    /// Updates an extension to the server's default version, or to the one given by
    /// [`to`](UpdateExtension::to). There is no inverse: extensions bring the scripts that lead
    /// to a newer version, hardly ever those that lead to an older one.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.update_extension("hstore").to("1.8"); });
    /// assert_eq!(plan, r#"ALTER EXTENSION "hstore" UPDATE TO "1.8";"#);
    /// ```
    #[track_caller]
    pub fn update_extension(&mut self, name: impl Into<Identifier>) -> &mut UpdateExtension {
        self.record(UpdateExtension::new(name.into()))
    }
}

options! { UpdateExtension {
    /// The version.
    pub fn to(&mut self, version: impl Into<Identifier>) { self.version = Some(version.into()) }
}}

impl Operation for UpdateExtension {
    fn verb(&self) -> &'static str {
        "update_extension"
    }

    fn describe(&self) -> String {
        match &self.version {
            Some(version) => format!("update extension `{}` to `{version}`", self.name),
            None => format!("update extension `{}`", self.name),
        }
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER EXTENSION").identifier(&self.name).text("UPDATE");
            match &self.version {
                Some(version) => sql.text("TO").identifier(version),
                None => sql,
            }
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none(format!(
            "extensions are updated one way: `{}` would have to be dropped, with the columns of \
             its types",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn update_extension() {
        let up = |pgm: &mut Pgm| {
            pgm.update_extension("hstore");
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER EXTENSION "hstore" UPDATE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be reverted: extensions are updated one way: `hstore` would have to be dropped, with the columns of its types");
    }
}
