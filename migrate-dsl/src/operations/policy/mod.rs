//! Row security policies, see [Row Security Policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html).

mod alter_policy;
mod create_policy;
mod drop_policy;
mod rows;

pub use alter_policy::AlterPolicy;
pub use create_policy::CreatePolicy;
pub use drop_policy::DropPolicy;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Renames a policy of a table.
    ///
    /// See [`ALTER POLICY … RENAME`](https://www.postgresql.org/docs/current/sql-alterpolicy.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_policy("posts", "own", "own_posts");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER POLICY "own" ON "posts" RENAME TO "own_posts";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER POLICY "own_posts" ON "posts" RENAME TO "own";"#);
    /// ```
    pub fn rename_policy(
        table: impl Into<Name>,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::policy(table, from), to.into());
}
