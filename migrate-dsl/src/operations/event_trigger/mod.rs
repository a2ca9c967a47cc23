//! Event triggers, see
//! [Event Triggers](https://www.postgresql.org/docs/current/event-triggers.html).

mod create_event_trigger;
mod disable_event_trigger;
mod drop_event_trigger;
mod enable_event_trigger;
mod rename_event_trigger;

pub use create_event_trigger::CreateEventTrigger;
pub use disable_event_trigger::DisableEventTrigger;
pub use enable_event_trigger::EnableEventTrigger;
