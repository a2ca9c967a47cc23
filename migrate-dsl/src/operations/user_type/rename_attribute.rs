//! [`ALTER TYPE … RENAME ATTRIBUTE`](https://www.postgresql.org/docs/current/sql-altertype.html).

use crate::operations::RenamePart;
use crate::operations::macros::options;
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement};

/// Renames an attribute of a composite type.
#[derive(Debug, Clone)]
pub struct RenameAttribute(RenamePart);

impl Pgm {
    /// Renames an attribute of a composite type.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_attribute("address", "zip", "code");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TYPE "address" RENAME ATTRIBUTE "zip" TO "code";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER TYPE "address" RENAME ATTRIBUTE "code" TO "zip";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_attribute(
        &mut self,
        name: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameAttribute {
        let name = Object::user_type(name);
        let rename = RenamePart::new("rename_attribute", name, "ATTRIBUTE", from.into(), to.into());
        self.record(RenameAttribute(rename))
    }
}

options! { RenameAttribute {
    /// Renames the columns of tables that were created `OF` the type too.
    pub fn cascade(&mut self) { self.0.cascade = true }
}}

impl Operation for RenameAttribute {
    fn verb(&self) -> &'static str {
        self.0.verb()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn statements(&self) -> Vec<Statement> {
        self.0.statements()
    }

    fn inverse(&self) -> Inverse {
        self.0.inverse()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn rename_attribute() {
        let up = |pgm: &mut Pgm| {
            pgm.rename_attribute(("app", "address"), "zip", "Code").cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TYPE "app"."address" RENAME ATTRIBUTE "zip" TO "Code" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @r#"ALTER TYPE "app"."address" RENAME ATTRIBUTE "Code" TO "zip" CASCADE;"#);
    }
}
