//! What a foreign data wrapper wants to know.

use crate::{Identifier, OptionValue, Writer};

/// Of what is read from the catalog, the engine keeps only options that are known to hold none.
pub(super) const LOST: &str = "options that may hold secrets are not restored";

/// Options with their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Options(Vec<(Identifier, OptionValue)>);

/// Options that come, change and go.
#[derive(Debug, Clone, Default)]
pub(super) struct OptionChanges(Vec<Change>);

#[derive(Debug, Clone)]
enum Change {
    Add(Identifier, OptionValue),
    Set(Identifier, OptionValue),
    Drop(Identifier),
}

impl Options {
    pub(super) fn add(&mut self, name: Identifier, value: OptionValue) {
        self.0.push((name, value));
    }

    /// `OPTIONS ("host" 'a', "port" '5432')`, where there is one.
    pub(super) fn write(&self, sql: &mut Writer) {
        if self.0.is_empty() {
            return;
        }
        sql.text("OPTIONS").parenthesized(|sql| {
            sql.list(&self.0, |sql, (name, value)| write_option(sql, name, value));
        });
    }
}

impl OptionChanges {
    pub(super) fn add(&mut self, name: Identifier, value: OptionValue) {
        self.0.push(Change::Add(name, value));
    }

    pub(super) fn set(&mut self, name: Identifier, value: OptionValue) {
        self.0.push(Change::Set(name, value));
    }

    pub(super) fn drop(&mut self, name: Identifier) {
        self.0.push(Change::Drop(name));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `OPTIONS (ADD "host" 'a', DROP "port")`, where there is one.
    pub(super) fn write(&self, sql: &mut Writer) {
        if self.0.is_empty() {
            return;
        }
        sql.text("OPTIONS").parenthesized(|sql| {
            sql.list(&self.0, |sql, change| match change {
                Change::Add(name, value) => write_option(sql.text("ADD"), name, value),
                Change::Set(name, value) => write_option(sql.text("SET"), name, value),
                Change::Drop(name) => _ = sql.text("DROP").identifier(name),
            });
        });
    }
}

fn write_option(sql: &mut Writer, name: &Identifier, value: &OptionValue) {
    sql.identifier(name).option_value(value);
    if name.as_str().eq_ignore_ascii_case("password") && matches!(value, OptionValue::Text(_)) {
        sql.problem(
            "the migration contains a password: write `env(\"…\")` with the name of the \
             environment variable that has it",
        );
    }
}

/// The method that gives an option.
macro_rules! wrapper_options {
    ($operation:ty) => {
        impl $operation {
            /// Gives an option that the wrapper knows; a password as `env("…")`.
            pub fn option(
                &mut self,
                name: impl Into<Identifier>,
                value: impl Into<OptionValue>,
            ) -> &mut Self {
                self.options.add(name.into(), value.into());
                self
            }
        }
    };
}
pub(super) use wrapper_options;

/// The methods that change options.
macro_rules! option_changes {
    ($operation:ty) => {
        impl $operation {
            /// Gives an option that was not given before; a password as `env("…")`.
            pub fn add_option(
                &mut self,
                name: impl Into<Identifier>,
                value: impl Into<OptionValue>,
            ) -> &mut Self {
                self.options.add(name.into(), value.into());
                self
            }

            /// Gives an option another value; a password as `env("…")`.
            pub fn set_option(
                &mut self,
                name: impl Into<Identifier>,
                value: impl Into<OptionValue>,
            ) -> &mut Self {
                self.options.set(name.into(), value.into());
                self
            }

            /// No longer gives an option.
            pub fn drop_option(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.options.drop(name.into());
                self
            }
        }
    };
}
pub(super) use option_changes;
