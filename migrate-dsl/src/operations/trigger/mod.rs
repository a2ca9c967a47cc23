//! Triggers, see [Triggers](https://www.postgresql.org/docs/current/triggers.html).

mod action;
mod create_trigger;
mod disable_trigger;
mod drop_trigger;
mod enable_trigger;
mod event;
mod rename_trigger;
mod triggers;

pub(crate) use action::Action;
pub use create_trigger::CreateTrigger;
pub use disable_trigger::DisableTrigger;
pub use enable_trigger::EnableTrigger;
pub use triggers::Triggers;
