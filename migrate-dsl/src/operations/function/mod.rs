//! Functions, procedures and aggregates, see
//! [User-Defined Functions](https://www.postgresql.org/docs/current/xfunc.html).

mod aggregate;
mod alter_function;
mod alter_procedure;
mod alter_routine;
mod argument;
mod attributes;
mod create_aggregate;
mod create_function;
mod create_procedure;
mod create_routine;
mod drop_routine;
mod rename_routine;
mod routine;
mod signature;

pub use aggregate::{Aggregate, FinalModify};
pub use alter_routine::AlterRoutine;
pub use argument::Argument;
pub use create_aggregate::CreateAggregate;
pub use create_routine::CreateRoutine;
pub use drop_routine::DropRoutine;
pub use rename_routine::RenameRoutine;
pub use routine::Routine;
pub(crate) use signature::Signature;

use crate::operations::macros::plain_verbs;
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops an aggregate. The types of its [`arguments`](DropRoutine::arguments) have to
    /// be said.
    ///
    /// See [`DROP AGGREGATE`](https://www.postgresql.org/docs/current/sql-dropaggregate.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_aggregate("total").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP AGGREGATE "total" (integer);"#);
    /// ```
    pub fn drop_aggregate(name: impl Into<Name>) -> DropRoutine => (Object::aggregate(name));

    /// Drops a function. Where several share the name, the types of the
    /// [`arguments`](DropRoutine::arguments) tell which.
    ///
    /// See [`DROP FUNCTION`](https://www.postgresql.org/docs/current/sql-dropfunction.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_function("touch").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP FUNCTION "touch" (integer);"#);
    /// ```
    pub fn drop_function(name: impl Into<Name>) -> DropRoutine => (Object::function(name));

    /// Drops a procedure. Where several share the name, the types of the
    /// [`arguments`](DropRoutine::arguments) tell which.
    ///
    /// See [`DROP PROCEDURE`](https://www.postgresql.org/docs/current/sql-dropprocedure.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_procedure("forget").arguments(["integer"]); });
    /// assert_eq!(plan, r#"DROP PROCEDURE "forget" (integer);"#);
    /// ```
    pub fn drop_procedure(name: impl Into<Name>) -> DropRoutine => (Object::procedure(name));

    /// Renames an aggregate; it stays in its schema. The types of its [`arguments`](RenameRoutine::arguments) have to
    /// be said.
    ///
    /// See [`ALTER AGGREGATE … RENAME`](https://www.postgresql.org/docs/current/sql-alteraggregate.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_aggregate(("app", "total"), "new_total").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER AGGREGATE "app"."total" (integer) RENAME TO "new_total";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER AGGREGATE "app"."new_total" (integer) RENAME TO "total";"#
    /// );
    /// ```
    pub fn rename_aggregate(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameRoutine
        => (Object::aggregate(from), to.into());

    /// Renames a function; it stays in its schema. Where several share the name, the types of the
    /// [`arguments`](RenameRoutine::arguments) tell which.
    ///
    /// See [`ALTER FUNCTION … RENAME`](https://www.postgresql.org/docs/current/sql-alterfunction.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_function(("app", "touch"), "new_touch").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER FUNCTION "app"."touch" (integer) RENAME TO "new_touch";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER FUNCTION "app"."new_touch" (integer) RENAME TO "touch";"#
    /// );
    /// ```
    pub fn rename_function(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameRoutine
        => (Object::function(from), to.into());

    /// Renames a procedure; it stays in its schema. Where several share the name, the types of the
    /// [`arguments`](RenameRoutine::arguments) tell which.
    ///
    /// See [`ALTER PROCEDURE … RENAME`](https://www.postgresql.org/docs/current/sql-alterprocedure.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_procedure(("app", "forget"), "new_forget").arguments(["integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER PROCEDURE "app"."forget" (integer) RENAME TO "new_forget";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER PROCEDURE "app"."new_forget" (integer) RENAME TO "forget";"#
    /// );
    /// ```
    pub fn rename_procedure(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameRoutine
        => (Object::procedure(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_aggregate() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_aggregate(("app", "total")).no_arguments().if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP AGGREGATE IF EXISTS "app"."total" (*) CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: aggregate `app.total`");
    }

    #[test]
    fn an_aggregate_is_told_by_its_arguments() {
        let problems = plan_problems(|pgm| {
            pgm.drop_aggregate("total");
        });
        insta::assert_snapshot!(problems, @"aggregate `total` requires its arguments: add `arguments`, or `no_arguments` for `(*)`");
    }

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
