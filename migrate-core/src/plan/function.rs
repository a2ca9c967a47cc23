//! The Rust functions of a plan: which, and which way.

use migrate_dsl::Direction;
use serde::{Deserialize, Serialize};

/// A Rust function of a migration, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The migration.
    pub migration: String,
    /// Whether its `up` or its `down` records the step.
    #[serde(with = "direction")]
    pub within: Direction,
    /// The name of the step.
    pub name: String,
    /// Whether it is what the step does, or what takes it back.
    #[serde(with = "direction")]
    pub way: Direction,
}

impl From<&Function> for migrate_dsl::Function {
    fn from(function: &Function) -> Self {
        Self {
            migration: function.migration.clone(),
            within: function.within,
            name: function.name.clone(),
            way: function.way,
        }
    }
}

/// A direction as its word.
pub(crate) mod direction {
    use migrate_dsl::Direction;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        direction: &Direction,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(direction.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Direction, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(|_| de::Error::unknown_variant(&word, &["up", "down"]))
    }
}
