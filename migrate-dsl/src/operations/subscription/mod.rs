//! Subscriptions, see [Subscription](https://www.postgresql.org/docs/current/logical-replication-subscription.html).

mod alter_subscription;
mod create_subscription;
mod drop_subscription;
mod options;

pub use alter_subscription::AlterSubscription;
pub use create_subscription::CreateSubscription;
pub use drop_subscription::DropSubscription;

use crate::operations::RenameObject;
use crate::operations::macros::plain_verbs;
use crate::{Identifier, Object};

plain_verbs! {
    /// Renames a subscription.
    ///
    /// See [`ALTER SUBSCRIPTION … RENAME`](https://www.postgresql.org/docs/current/sql-altersubscription.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_subscription("blog", "from_blog");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SUBSCRIPTION "blog" RENAME TO "from_blog";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SUBSCRIPTION "from_blog" RENAME TO "blog";"#);
    /// ```
    pub fn rename_subscription(
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::subscription(from), to.into());
}
