//! [`DROP TEXT SEARCH DICTIONARY`](https://www.postgresql.org/docs/current/sql-droptsdictionary.html).

use crate::operations::DropObject;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a text search dictionary.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_text_search_dictionary("polish_stop"); });
    /// assert_eq!(plan, r#"DROP TEXT SEARCH DICTIONARY "polish_stop";"#);
    /// ```
    #[track_caller]
    pub fn drop_text_search_dictionary(&mut self, name: impl Into<Name>) -> &mut DropObject {
        self.record(DropObject::new(
            "drop_text_search_dictionary",
            Object::text_search_dictionary(name),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_text_search_dictionary() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_text_search_dictionary(("app", "polish_stop")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TEXT SEARCH DICTIONARY IF EXISTS "app"."polish_stop" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: text search dictionary `app.polish_stop`");
    }
}
