//! How a sequence counts, as sequences and identity columns have it in common.

use crate::choice::Choice;
use crate::{Name, Writer};

/// What was said of a sequence; what was not said is left to PostgreSQL, and 0 was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SequenceOptions {
    pub(crate) name: Option<Name>,
    pub(crate) increment: Option<i64>,
    /// `Some(None)` is the lowest that the type has.
    pub(crate) min_value: Choice<Option<i64>>,
    /// `Some(None)` is the highest that the type has.
    pub(crate) max_value: Choice<Option<i64>>,
    pub(crate) start: Option<i64>,
    pub(crate) cache: Option<u32>,
    pub(crate) cycle: Choice<bool>,
}

impl SequenceOptions {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `INCREMENT BY 5 START WITH 0`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        self.note_problems(sql);
        if let Some(name) = &self.name {
            sql.text("SEQUENCE NAME").name(name);
        }
        for option in self.counting() {
            sql.text(&option);
        }
    }

    /// `SET INCREMENT BY 5 SET START WITH 0`, behind the name of an identity column.
    pub(crate) fn write_changes(&self, sql: &mut Writer) {
        self.note_problems(sql);
        for option in self.counting() {
            sql.text("SET").text(&option);
        }
    }

    fn note_problems(&self, sql: &mut Writer) {
        sql.choice(&self.min_value).choice(&self.max_value).choice(&self.cycle);
    }

    fn counting(&self) -> impl Iterator<Item = String> {
        let number = |words: &str, number: Option<i64>| number.map(|n| format!("{words} {n}"));
        let bound = |word: &str, bound: Option<Option<i64>>| {
            bound.map(|bound| match bound {
                Some(bound) => format!("{word} {bound}"),
                None => format!("NO {word}"),
            })
        };
        let cycle = self.cycle.map(|cycle| if cycle { "CYCLE" } else { "NO CYCLE" }.to_owned());
        let options = [
            number("INCREMENT BY", self.increment),
            bound("MINVALUE", *self.min_value),
            bound("MAXVALUE", *self.max_value),
            number("START WITH", self.start),
            number("CACHE", self.cache.map(i64::from)),
            cycle,
        ];
        options.into_iter().flatten()
    }
}

/// The options of a builder that has [`SequenceOptions`] in this field.
macro_rules! sequence_options {
    ($builder:ty, $($field:ident).+) => {
        impl $builder {
            /// The first value, and the one from which it starts again.
            pub fn start(&mut self, value: i64) -> &mut Self {
                self.$($field).+.start = Some(value);
                self
            }

            /// The step from one value to the next; a negative one counts down.
            pub fn increment(&mut self, value: i64) -> &mut Self {
                self.$($field).+.increment = Some(value);
                self
            }

            /// The lowest value.
            pub fn min_value(&mut self, value: i64) -> &mut Self {
                self.$($field).+.min_value.set("min_value", Some(value));
                self
            }

            /// Takes 1 for the lowest value, or the lowest of its type where it counts down.
            pub fn no_min_value(&mut self) -> &mut Self {
                self.$($field).+.min_value.set("no_min_value", None);
                self
            }

            /// The highest value.
            pub fn max_value(&mut self, value: i64) -> &mut Self {
                self.$($field).+.max_value.set("max_value", Some(value));
                self
            }

            /// Takes the highest value of its type for the highest, or -1 where it counts down.
            pub fn no_max_value(&mut self) -> &mut Self {
                self.$($field).+.max_value.set("no_max_value", None);
                self
            }

            /// How many values a session takes at a time.
            pub fn cache(&mut self, values: u32) -> &mut Self {
                self.$($field).+.cache = Some(values);
                self
            }

            /// Starts again where the values run out, instead of failing.
            pub fn cycle(&mut self) -> &mut Self {
                self.$($field).+.cycle.set("cycle", true);
                self
            }

            /// Fails where the values run out (PostgreSQL's default).
            pub fn no_cycle(&mut self) -> &mut Self {
                self.$($field).+.cycle.set("no_cycle", false);
                self
            }
        }
    };
}
pub(crate) use sequence_options;
