//! The Rust functions of a plan: which, and which way.

use serde::{Deserialize, Serialize};

/// A Rust function of a migration, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The migration.
    pub migration: String,
    /// Whether its `up` or its `down` records the step.
    pub within: Way,
    /// The name of the step.
    pub name: String,
    /// Whether it is what the step does, or what takes it back.
    pub way: Way,
}

/// There, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// There.
    Up,
    /// Back.
    Down,
}

impl From<&Function> for migrate_dsl::Function {
    fn from(function: &Function) -> Self {
        let way = |way| match way {
            Way::Up => migrate_dsl::Way::Up,
            Way::Down => migrate_dsl::Way::Down,
        };
        Self {
            migration: function.migration.clone(),
            within: way(function.within),
            name: function.name.clone(),
            way: way(function.way),
        }
    }
}
