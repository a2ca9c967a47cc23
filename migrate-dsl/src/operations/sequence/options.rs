//! How a sequence counts, as `create_sequence` and identity columns have it in common.

use crate::{Name, Writer};

/// What was said of a sequence; what was not said is left to PostgreSQL, and 0 was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SequenceOptions {
    pub(crate) name: Option<Name>,
    pub(crate) increment: Option<i64>,
    pub(crate) min_value: Option<i64>,
    pub(crate) max_value: Option<i64>,
    pub(crate) start: Option<i64>,
    pub(crate) cache: Option<u32>,
    pub(crate) cycle: bool,
}

impl SequenceOptions {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `INCREMENT BY 5 START WITH 0`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        if let Some(name) = &self.name {
            sql.text("SEQUENCE NAME").name(name);
        }
        let numbers = [
            ("INCREMENT BY", self.increment),
            ("MINVALUE", self.min_value),
            ("MAXVALUE", self.max_value),
            ("START WITH", self.start),
            ("CACHE", self.cache.map(i64::from)),
        ];
        for (words, number) in numbers {
            if let Some(number) = number {
                sql.text(words).text(&number.to_string());
            }
        }
        sql.flag(self.cycle, "CYCLE");
    }
}
