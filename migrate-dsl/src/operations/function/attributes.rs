//! What can be said of a routine besides its arguments and its body.

use crate::{Identifier, Name, Writer};

/// `IMMUTABLE STRICT SET "search_path" TO 'app'`, in the order given.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(Vec<Attribute>);

#[derive(Debug, Clone)]
pub(super) enum Attribute {
    /// What only a function has.
    OfFunction(&'static str),
    Cost(f64),
    Rows(f64),
    Support(Name),
    Security(&'static str),
    Set(Identifier, Vec<String>),
    SetFromCurrent(Identifier),
    Reset(Identifier),
    ResetAll,
}

impl Attributes {
    pub(super) fn push(&mut self, attribute: Attribute) {
        self.0.push(attribute);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is one that a procedure cannot have.
    pub(super) fn has_one_of_a_function(&self) -> bool {
        self.0.iter().any(|attribute| {
            matches!(
                attribute,
                Attribute::OfFunction(_)
                    | Attribute::Cost(_)
                    | Attribute::Rows(_)
                    | Attribute::Support(_)
            )
        })
    }

    pub(super) fn write(&self, sql: &mut Writer) {
        for attribute in &self.0 {
            attribute.write(sql);
        }
        for group in EXCLUSIVE {
            let given = self.0.iter().filter_map(Attribute::words);
            let mut given = given.filter(|words| group.contains(words));
            let first = given.next();
            let other = given.find(|words| Some(*words) != first);
            if let (Some(first), Some(other)) = (first, other) {
                let [first, other] =
                    [first, other].map(|words| words.to_ascii_lowercase().replace(' ', "_"));
                sql.problem(format!("both `{first}` and `{other}` are given: leave one out"));
            }
        }
    }
}

/// Of each of these there can be one; the options are called as the words.
const EXCLUSIVE: &[&[&str]] = &[
    &["IMMUTABLE", "STABLE", "VOLATILE"],
    &["STRICT", "CALLED ON NULL INPUT"],
    &["LEAKPROOF", "NOT LEAKPROOF"],
    &["PARALLEL SAFE", "PARALLEL RESTRICTED", "PARALLEL UNSAFE"],
    &["SECURITY DEFINER", "SECURITY INVOKER"],
];

impl Attribute {
    fn words(&self) -> Option<&'static str> {
        match self {
            Self::OfFunction(words) | Self::Security(words) => Some(words),
            _ => None,
        }
    }

    fn write(&self, sql: &mut Writer) {
        match self {
            Self::OfFunction(words) | Self::Security(words) => _ = sql.text(words),
            Self::Cost(units) => write_number(sql, "COST", *units),
            Self::Rows(rows) => write_number(sql, "ROWS", *rows),
            Self::Support(function) => _ = sql.text("SUPPORT").name(function),
            Self::Set(setting, values) => {
                if values.is_empty() {
                    sql.problem(format!("`set` gives `{setting}` no value"));
                }
                sql.text("SET").identifier(setting).text("TO");
                sql.list(values, |sql, value| _ = sql.literal(value));
            }
            Self::SetFromCurrent(setting) => {
                sql.text("SET").identifier(setting).text("FROM CURRENT");
            }
            Self::Reset(setting) => _ = sql.text("RESET").identifier(setting),
            Self::ResetAll => _ = sql.text("RESET ALL"),
        }
    }
}

fn write_number(sql: &mut Writer, word: &str, number: f64) {
    if !number.is_finite() || number < 0.0 {
        sql.problem(format!("`{}` takes a number from 0 on", word.to_ascii_lowercase()));
    }
    sql.text(word).text(&number.to_string());
}

/// The options that creating a routine and altering one have in common.
macro_rules! attributes {
    ($routine:ty) => {
        impl $routine {
            /// Gives the same result for the same arguments, always.
            pub fn immutable(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("IMMUTABLE"))
            }

            /// Gives the same result for the same arguments within a statement, and changes
            /// nothing.
            pub fn stable(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("STABLE"))
            }

            /// May give another result each time (PostgreSQL's default).
            pub fn volatile(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("VOLATILE"))
            }

            /// Is null if an argument is, without being called.
            pub fn strict(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("STRICT"))
            }

            /// Is called with nulls too (PostgreSQL's default).
            pub fn called_on_null_input(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("CALLED ON NULL INPUT"))
            }

            /// Tells nothing of its arguments but by its result; only a superuser can say so.
            pub fn leakproof(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("LEAKPROOF"))
            }

            /// May tell of its arguments (PostgreSQL's default).
            pub fn not_leakproof(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("NOT LEAKPROOF"))
            }

            /// May run in [parallel](https://www.postgresql.org/docs/current/parallel-safety.html)
            /// workers.
            pub fn parallel_safe(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("PARALLEL SAFE"))
            }

            /// May run in a parallel query, in its leader.
            pub fn parallel_restricted(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("PARALLEL RESTRICTED"))
            }

            /// Keeps a query from being parallel (PostgreSQL's default).
            pub fn parallel_unsafe(&mut self) -> &mut Self {
                self.attribute(Attribute::OfFunction("PARALLEL UNSAFE"))
            }

            /// What a call costs, in units of `cpu_operator_cost`.
            pub fn cost(&mut self, units: impl Into<f64>) -> &mut Self {
                self.attribute(Attribute::Cost(units.into()))
            }

            /// How many rows a call gives, for the planner.
            pub fn rows(&mut self, rows: impl Into<f64>) -> &mut Self {
                self.attribute(Attribute::Rows(rows.into()))
            }

            /// The [planner support function](https://www.postgresql.org/docs/current/xfunc-optimization.html);
            /// only a superuser can say one.
            pub fn support(&mut self, function: impl Into<Name>) -> &mut Self {
                self.attribute(Attribute::Support(function.into()))
            }

            /// Runs with the rights of its owner; [`set`](Self::set) its `search_path` then.
            pub fn security_definer(&mut self) -> &mut Self {
                self.attribute(Attribute::Security("SECURITY DEFINER"))
            }

            /// Runs with the rights of its caller (PostgreSQL's default).
            pub fn security_invoker(&mut self) -> &mut Self {
                self.attribute(Attribute::Security("SECURITY INVOKER"))
            }

            /// Sets a setting for the time of a call; several values for one that is a list:
            /// `f.set("search_path", ["app", "public"])`.
            pub fn set<V: Into<String>>(
                &mut self,
                name: impl Into<Identifier>,
                values: impl IntoIterator<Item = V>,
            ) -> &mut Self {
                let values = values.into_iter().map(Into::into).collect();
                self.attribute(Attribute::Set(name.into(), values))
            }

            /// Sets a setting for the time of a call to what it is when the migration runs.
            pub fn set_from_current(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.attribute(Attribute::SetFromCurrent(name.into()))
            }

            fn attribute(&mut self, attribute: Attribute) -> &mut Self {
                self.attributes.push(attribute);
                self
            }
        }
    };
}

pub(super) use attributes;
