//! [`DROP PROCEDURE`](https://www.postgresql.org/docs/current/sql-dropprocedure.html).

use super::DropRoutine;
use crate::{Name, Object, Pgm};

impl Pgm {
    /// Drops a procedure. Where several share the name, the types of the
    /// [`arguments`](DropRoutine::arguments) tell which.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_procedure("forget").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP PROCEDURE "forget" (integer);"#);
    /// ```
    #[track_caller]
    pub fn drop_procedure(&mut self, name: impl Into<Name>) -> &mut DropRoutine {
        self.record(DropRoutine::new("drop_procedure", Object::procedure(name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_procedure() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_procedure(("app", "forget")).no_arguments().if_exists().cascade();
            pgm.drop_procedure("only_one");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        DROP PROCEDURE IF EXISTS "app"."forget" () CASCADE;
        DROP PROCEDURE "only_one";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: procedure `only_one`
        -- as it was: procedure `app.forget`
        ");
    }
}
