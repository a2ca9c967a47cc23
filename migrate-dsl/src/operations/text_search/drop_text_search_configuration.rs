//! [`DROP TEXT SEARCH CONFIGURATION`](https://www.postgresql.org/docs/current/sql-droptsconfig.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a text search configuration.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_text_search_configuration("polish"); });
    /// assert_eq!(plan, r#"DROP TEXT SEARCH CONFIGURATION "polish";"#);
    /// ```
    #[track_caller]
    pub fn drop_text_search_configuration(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new(
            "drop_text_search_configuration",
            Object::text_search_configuration(name),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_text_search_configuration() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_text_search_configuration(("app", "polish")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TEXT SEARCH CONFIGURATION IF EXISTS "app"."polish" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: text search configuration `app.polish`");
    }
}
