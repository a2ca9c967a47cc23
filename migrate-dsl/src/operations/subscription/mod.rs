//! Subscriptions, see [Subscription](https://www.postgresql.org/docs/current/logical-replication-subscription.html).

mod alter_subscription;
mod create_subscription;
mod drop_subscription;
mod options;
mod rename_subscription;

pub use alter_subscription::AlterSubscription;
pub use create_subscription::CreateSubscription;
pub use drop_subscription::DropSubscription;
pub use rename_subscription::RenameSubscription;
