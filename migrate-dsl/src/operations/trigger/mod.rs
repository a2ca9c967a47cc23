//! Triggers, see [Triggers](https://www.postgresql.org/docs/current/triggers.html).

mod action;
mod create_trigger;
mod drop_trigger;
mod event;
mod rename_trigger;

pub use create_trigger::CreateTrigger;
pub use drop_trigger::DropTrigger;
pub use rename_trigger::RenameTrigger;
