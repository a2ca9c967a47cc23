//! Types of the database's own: enums, composite types, ranges and domains, see
//! [Extending SQL](https://www.postgresql.org/docs/current/extend-type-system.html).

use crate::{MAX_NAME_BYTES, Writer};

mod add_enum_value;
mod alter_composite_type;
mod alter_domain;
mod create_composite_type;
mod create_domain;
mod create_enum;
mod create_range;
mod rename_attribute;
mod rename_enum_value;

pub use add_enum_value::AddEnumValue;
pub use alter_composite_type::AlterCompositeType;
pub use alter_domain::AlterDomain;
pub use create_composite_type::CreateCompositeType;
pub use create_domain::CreateDomain;
pub use create_enum::CreateEnum;
pub use create_range::CreateRange;
pub use rename_attribute::RenameAttribute;
pub use rename_enum_value::RenameEnumValue;

/// Writes a value of an enum. To PostgreSQL it is a literal, with the length of a name.
fn write_enum_value(sql: &mut Writer, value: &str) {
    if value.len() > MAX_NAME_BYTES {
        sql.problem(format!(
            "the enum value `{value}` has {} bytes; PostgreSQL takes {MAX_NAME_BYTES}",
            value.len()
        ));
    }
    sql.literal(value);
}

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject, RenamePart};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a domain.
    ///
    /// See [`DROP DOMAIN`](https://www.postgresql.org/docs/current/sql-dropdomain.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_domain("email"); });
    /// assert_eq!(plan, r#"DROP DOMAIN "email";"#);
    /// ```
    pub fn drop_domain(name: impl Into<Name>) -> DropObject
        => (Object::domain(name)).losing_by_cascade("the values of columns that go with it are not restored, and these stand last");

    /// Drops a type: an enum, a composite type, a range.
    ///
    /// See [`DROP TYPE`](https://www.postgresql.org/docs/current/sql-droptype.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_type("mood"); });
    /// assert_eq!(plan, r#"DROP TYPE "mood";"#);
    /// ```
    pub fn drop_type(name: impl Into<Name>) -> DropObject
        => (Object::user_type(name)).losing_by_cascade("the values of columns that go with it are not restored, and these stand last");

    /// Renames a domain; it stays in its schema.
    ///
    /// See [`ALTER DOMAIN … RENAME`](https://www.postgresql.org/docs/current/sql-alterdomain.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_domain(("app", "email"), "new_email");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER DOMAIN "app"."email" RENAME TO "new_email";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER DOMAIN "app"."new_email" RENAME TO "email";"#);
    /// ```
    pub fn rename_domain(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::domain(from), to.into());

    /// Renames a constraint of a domain.
    ///
    /// See [`ALTER DOMAIN … RENAME CONSTRAINT`](https://www.postgresql.org/docs/current/sql-alterdomain.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_domain_constraint("email", "email_check", "has_at");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER DOMAIN "email" RENAME CONSTRAINT "email_check" TO "has_at";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER DOMAIN "email" RENAME CONSTRAINT "has_at" TO "email_check";"#
    /// );
    /// ```
    pub fn rename_domain_constraint(
        domain: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenamePart => (Object::domain(domain), "CONSTRAINT", from.into(), to.into());

    /// Renames a type; it stays in its schema.
    ///
    /// See [`ALTER TYPE … RENAME`](https://www.postgresql.org/docs/current/sql-altertype.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_type(("app", "mood"), "feeling");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TYPE "app"."mood" RENAME TO "feeling";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TYPE "app"."feeling" RENAME TO "mood";"#);
    /// ```
    pub fn rename_type(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::user_type(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_domain() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_domain(("app", "email")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP DOMAIN IF EXISTS "app"."email" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: domain `app.email`; the values of columns that go with it are not restored, and these stand last");
    }

    #[test]
    fn drop_type() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_type(("app", "mood")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TYPE IF EXISTS "app"."mood" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: type `app.mood`; the values of columns that go with it are not restored, and these stand last");
    }
}
