//! A column that counts up by itself.

use std::ops::Deref;

use super::Column;
use crate::Name;
use crate::operations::sequence::SequenceOptions;

/// Which values an [identity column](https://www.postgresql.org/docs/current/ddl-identity-columns.html) takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Only generated ones, unless an insert says `OVERRIDING SYSTEM VALUE`.
    Always,
    /// Generated ones where an insert gives none.
    ByDefault,
}

impl Identity {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Always => "ALWAYS",
            Self::ByDefault => "BY DEFAULT",
        }
    }
}

/// A column that counts up by itself: still the column, and besides it how it counts.
///
/// ```
/// use migrate_dsl::prelude::*;
/// let plan = migrate_dsl::plan_text(|pgm| {
///     pgm.add_column("posts", |t| t.bigint("number").identity(Always).start(0).min_value(0).not_null());
/// });
/// assert_eq!(
///     plan,
///     r#"ALTER TABLE "posts" ADD COLUMN "number" bigint NOT NULL GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START WITH 0);"#
/// );
/// ```
#[derive(Debug, Clone)]
pub struct IdentityColumn(pub(super) Column);

impl IdentityColumn {
    fn with(self, change: impl FnOnce(&mut SequenceOptions)) -> Self {
        if let Some((_, options)) = &mut self.0.0.borrow_mut().identity {
            change(options);
        }
        self
    }

    /// The first value.
    pub fn start(self, value: i64) -> Self {
        self.with(|options| options.start = Some(value))
    }

    /// The step from one value to the next; a negative one counts down.
    pub fn increment(self, value: i64) -> Self {
        self.with(|options| options.increment = Some(value))
    }

    /// The lowest value.
    pub fn min_value(self, value: i64) -> Self {
        self.with(|options| options.min_value.set("min_value", Some(value)))
    }

    /// The highest value.
    pub fn max_value(self, value: i64) -> Self {
        self.with(|options| options.max_value.set("max_value", Some(value)))
    }

    /// How many values a session takes at a time.
    pub fn cache(self, values: u32) -> Self {
        self.with(|options| options.cache = Some(values))
    }

    /// Starts again where the values run out, instead of failing.
    pub fn cycle(self) -> Self {
        self.with(|options| options.cycle.set("cycle", true))
    }

    /// Names the sequence behind the column; without it, it is called `<table>_<column>_seq`.
    pub fn sequence_name(self, name: impl Into<Name>) -> Self {
        self.with(|options| options.name = Some(name.into()))
    }
}

impl Deref for IdentityColumn {
    type Target = Column;

    fn deref(&self) -> &Column {
        &self.0
    }
}
