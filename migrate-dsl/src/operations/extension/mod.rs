//! Extensions, see [Packaging Related Objects into an Extension](https://www.postgresql.org/docs/current/extend-extensions.html).

mod create_extension;
mod update_extension;

pub use create_extension::CreateExtension;
pub use update_extension::UpdateExtension;

use crate::operations::DropObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Object};

plain_verbs! {
    /// Drops an extension with its functions, types and operators.
    ///
    /// See [`DROP EXTENSION`](https://www.postgresql.org/docs/current/sql-dropextension.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_extension("hstore"); });
    /// assert_eq!(plan, r#"DROP EXTENSION "hstore";"#);
    /// ```
    pub fn drop_extension(name: impl Into<Identifier>) -> DropObject
        => (Object::extension(name)).losing_by_cascade("values of columns of its types are not restored, and these stand last");
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_extension("hstore").if_exists().cascade();
    }

    #[test]
    fn drop_extension() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP EXTENSION IF EXISTS "hstore" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: extension `hstore`; values of columns of its types are not restored, and these stand last");
    }
}
