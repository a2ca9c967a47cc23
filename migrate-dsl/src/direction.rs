//! The two directions in which a migration runs.

use std::fmt;
use std::ops::Not;
use std::str::FromStr;

/// The direction in which a migration runs.
///
/// ```
/// use migrate_dsl::Direction;
///
/// assert_eq!(Direction::Up.to_string(), "up");
/// assert_eq!("down".parse(), Ok(Direction::Down));
/// assert_eq!(!Direction::Up, Direction::Down);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is reverted.
    Down,
}

/// A word that is neither `up` nor `down`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownDirection;

impl Direction {
    /// `up` or `down`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// What has become of a migration that has gone this way: `applied` or `reverted`.
    ///
    /// ```
    /// use migrate_dsl::Direction;
    ///
    /// assert_eq!(Direction::Down.participle(), "reverted");
    /// ```
    #[must_use]
    pub fn participle(self) -> &'static str {
        match self {
            Self::Up => "applied",
            Self::Down => "reverted",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Direction {
    type Err = UnknownDirection;

    fn from_str(word: &str) -> Result<Self, UnknownDirection> {
        match word {
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            _ => Err(UnknownDirection),
        }
    }
}

impl Not for Direction {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl fmt::Display for UnknownDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither `up` nor `down`")
    }
}

impl std::error::Error for UnknownDirection {}
