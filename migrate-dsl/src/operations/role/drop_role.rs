//! [`DROP ROLE`](https://www.postgresql.org/docs/current/sql-droprole.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

operation! {
    /// Drops a role.
    pub struct DropRole(name: Identifier) {
        if_exists: bool,
    }
}

impl Pgm {
    /// Drops a role. It must own nothing and have no privileges left, in any database of the
    /// server: see [`set_owner`](Pgm::set_owner) and [`revoke`](Pgm::revoke).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_role("app"); });
    /// assert_eq!(plan, r#"DROP ROLE "app";"#);
    /// ```
    #[track_caller]
    pub fn drop_role(&mut self, name: impl Into<Identifier>) -> &mut DropRole {
        self.record(DropRole::new(name.into()))
    }
}

options! { DropRole {
    /// Does nothing if there is no such role.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl Operation for DropRole {
    fn verb(&self) -> &'static str {
        "drop_role"
    }

    fn describe(&self) -> String {
        format!("drop role `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop_object(&Object::role(&self.name), self.if_exists, false)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::role(&self.name)], "its password is not restored")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_role() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_role("app").if_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP ROLE IF EXISTS "app";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: role `app`; its password is not restored");
    }
}
