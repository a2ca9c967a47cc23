//! [`DROP FUNCTION`](https://www.postgresql.org/docs/current/sql-dropfunction.html).

use super::DropRoutine;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a function. Where several share the name, the types of the
    /// [`arguments`](DropRoutine::arguments) tell which.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_function("touch").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP FUNCTION "touch" (integer);"#);
    /// ```
    #[track_caller]
    pub fn drop_function(&mut self, name: impl Into<Name>) -> &mut DropRoutine {
        self.record(DropRoutine::new("drop_function", Object::function(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_function() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_function(("app", "touch")).no_arguments().if_exists().cascade();
            pgm.drop_function("only_one");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        DROP FUNCTION IF EXISTS "app"."touch" () CASCADE;
        DROP FUNCTION "only_one";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: function `only_one`
        -- as it was: function `app.touch`
        ");
    }
}
