//! [`ALTER TABLE … DROP CONSTRAINT`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Drops a constraint of a table.
    pub struct DropConstraint(table: Name, name: Identifier) {
        if_exists: bool,
        cascade: bool,
    }
}

impl Pgm {
    /// Drops a constraint of any kind, with the index behind it.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_constraint("posts", "lat_on_earth"); });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" DROP CONSTRAINT "lat_on_earth";"#);
    /// ```
    #[track_caller]
    pub fn drop_constraint(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DropConstraint {
        self.record(DropConstraint::new(table.into(), name.into()))
    }
}

options! { DropConstraint {
    /// Does nothing if there is no such constraint.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Drops what depends on the constraint too: foreign keys that point at a key.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl Operation for DropConstraint {
    fn verb(&self) -> &'static str {
        "drop_constraint"
    }

    fn describe(&self) -> String {
        format!("drop constraint `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table);
            sql.text("DROP CONSTRAINT").flag(self.if_exists, "IF EXISTS");
            sql.identifier(&self.name).flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::constraint(&self.table, &self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_constraint() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_constraint("posts", "posts_pkey").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TABLE "posts" DROP CONSTRAINT IF EXISTS "posts_pkey" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: constraint `posts_pkey` of `posts`");
    }
}
