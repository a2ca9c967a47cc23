//! Rules, see [The Rule System](https://www.postgresql.org/docs/current/rules.html).

mod create_rule;
mod disable_rule;
mod drop_rule;
mod enable_rule;
mod rename_rule;

pub use create_rule::CreateRule;
pub use disable_rule::DisableRule;
pub use enable_rule::EnableRule;
