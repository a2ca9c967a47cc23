//! What an aggregate is made of.

use super::Argument;
use crate::{DataType, Identifier, Name, Object, Writer};

/// An aggregate being described: the `a` in `pgm.create_aggregate("total", |a| ..)`. Its options
/// have the names of [`CREATE AGGREGATE`](https://www.postgresql.org/docs/current/sql-createaggregate.html).
#[derive(Debug, Clone, Default)]
pub struct Aggregate {
    /// Of an ordered-set aggregate, the direct arguments.
    arguments: Vec<Argument>,
    /// Those behind `ORDER BY`.
    ordered: Vec<Argument>,
    options: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone)]
enum Value {
    Function(Name),
    Type(DataType),
    Bytes(u32),
    Text(String),
    Operator(Name),
    Word(&'static str),
    /// The option is said by its name alone.
    Flag,
}

/// What a final function does with the state of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalModify {
    /// It leaves the state as it is.
    ReadOnly,
    /// It changes the state so that no value can be added, while other final functions can still
    /// read it.
    Shareable,
    /// It changes the state as it likes.
    ReadWrite,
}

impl FinalModify {
    fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "READ_ONLY",
            Self::Shareable => "SHAREABLE",
            Self::ReadWrite => "READ_WRITE",
        }
    }
}

macro_rules! aggregate_options {
    ($($(#[$doc:meta])* $method:ident($parameter:ident: $given:ty) => $option:literal $value:expr;)*) => {
        impl Aggregate {
            $(
                $(#[$doc])*
                pub fn $method(&mut self, $parameter: $given) -> &mut Self {
                    self.option($option, $value)
                }
            )*
        }
    };
}
aggregate_options! {
    /// The function that takes the state and the next values, and gives the next state.
    sfunc(function: impl Into<Name>) => "SFUNC" Value::Function(function.into());
    /// The type of the state.
    stype(data_type: impl Into<DataType>) => "STYPE" Value::Type(data_type.into());
    /// About how many bytes the state has, for the planner.
    sspace(bytes: u32) => "SSPACE" Value::Bytes(bytes);
    /// The function that makes the result of the last state.
    finalfunc(function: impl Into<Name>) => "FINALFUNC" Value::Function(function.into());
    /// What the final function does with the state.
    finalfunc_modify(modify: FinalModify) => "FINALFUNC_MODIFY" Value::Word(modify.word());
    /// The function that makes one state of two, for parallel queries.
    combinefunc(function: impl Into<Name>) => "COMBINEFUNC" Value::Function(function.into());
    /// The function that makes bytes of a state of type `internal`.
    serialfunc(function: impl Into<Name>) => "SERIALFUNC" Value::Function(function.into());
    /// The function that makes a state of type `internal` of bytes.
    deserialfunc(function: impl Into<Name>) => "DESERIALFUNC" Value::Function(function.into());
    /// The first state, as text; null without it.
    initcond(state: impl Into<String>) => "INITCOND" Value::Text(state.into());
    /// The [`sfunc`](Self::sfunc) where the aggregate moves along a window.
    msfunc(function: impl Into<Name>) => "MSFUNC" Value::Function(function.into());
    /// The function that takes values out of the state again, where a window moves.
    minvfunc(function: impl Into<Name>) => "MINVFUNC" Value::Function(function.into());
    /// The [`stype`](Self::stype) where a window moves.
    mstype(data_type: impl Into<DataType>) => "MSTYPE" Value::Type(data_type.into());
    /// The [`sspace`](Self::sspace) where a window moves.
    msspace(bytes: u32) => "MSSPACE" Value::Bytes(bytes);
    /// The [`finalfunc`](Self::finalfunc) where a window moves.
    mfinalfunc(function: impl Into<Name>) => "MFINALFUNC" Value::Function(function.into());
    /// The [`finalfunc_modify`](Self::finalfunc_modify) where a window moves.
    mfinalfunc_modify(modify: FinalModify) => "MFINALFUNC_MODIFY" Value::Word(modify.word());
    /// The [`initcond`](Self::initcond) where a window moves.
    minitcond(state: impl Into<String>) => "MINITCOND" Value::Text(state.into());
    /// The operator that finds the same by an index, as `<` does for `min`.
    sortop(operator: impl Into<Name>) => "SORTOP" Value::Operator(operator.into());
}

impl Aggregate {
    pub(super) fn described<R>(describe: impl FnOnce(&mut Self) -> R) -> Self {
        let mut aggregate = Self::default();
        describe(&mut aggregate);
        aggregate
    }

    /// Adds an argument; an aggregate without any is called with `(*)`.
    pub fn argument(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Argument {
        Argument::add(&mut self.arguments, Some(name.into()), data_type.into())
    }

    /// Adds an argument without a name.
    pub fn unnamed_argument(&mut self, data_type: impl Into<DataType>) -> &mut Argument {
        Argument::add(&mut self.arguments, None, data_type.into())
    }

    /// Makes it an ordered-set aggregate, and adds an argument that stands behind `ORDER BY`.
    pub fn order_by(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Argument {
        Argument::add(&mut self.ordered, Some(name.into()), data_type.into())
    }

    /// Hands the final function the arguments too, as nulls, for their types.
    pub fn finalfunc_extra(&mut self) -> &mut Self {
        self.option("FINALFUNC_EXTRA", Value::Flag)
    }

    /// Hands the final function of a moving window the arguments too, as nulls.
    pub fn mfinalfunc_extra(&mut self) -> &mut Self {
        self.option("MFINALFUNC_EXTRA", Value::Flag)
    }

    /// May run in [parallel](https://www.postgresql.org/docs/current/parallel-safety.html)
    /// workers.
    pub fn parallel_safe(&mut self) -> &mut Self {
        self.option("PARALLEL", Value::Word("SAFE"))
    }

    /// May run in a parallel query, in its leader.
    pub fn parallel_restricted(&mut self) -> &mut Self {
        self.option("PARALLEL", Value::Word("RESTRICTED"))
    }

    /// Keeps a query from being parallel (PostgreSQL's default).
    pub fn parallel_unsafe(&mut self) -> &mut Self {
        self.option("PARALLEL", Value::Word("UNSAFE"))
    }

    /// Of an ordered-set aggregate: is one of a hypothetical set, such as `rank`.
    pub fn hypothetical(&mut self) -> &mut Self {
        self.option("HYPOTHETICAL", Value::Flag)
    }

    fn option(&mut self, option: &'static str, value: Value) -> &mut Self {
        self.options.push((option, value));
        self
    }

    /// `"total" ("n" integer) (SFUNC = "add", STYPE = integer)`.
    pub(super) fn write(&self, sql: &mut Writer, name: &Name) {
        sql.name(name);
        if self.arguments.is_empty() && self.ordered.is_empty() {
            sql.text("(*)");
        } else {
            sql.parenthesized(|sql| {
                sql.list(&self.arguments, |sql, argument| argument.write(sql));
                if !self.ordered.is_empty() {
                    sql.text("ORDER BY");
                    sql.list(&self.ordered, |sql, argument| argument.write(sql));
                }
            });
        }
        sql.parenthesized(|sql| {
            sql.list(&self.options, |sql, (option, value)| {
                sql.text(option);
                value.write(sql);
            });
        });
        for (option, method) in [("SFUNC", "sfunc"), ("STYPE", "stype")] {
            if !self.options.iter().any(|(given, _)| *given == option) {
                sql.problem(format!("the aggregate `{name}` has no state: say its `{method}`"));
            }
        }
    }

    /// The aggregate, told from others of its name.
    pub(super) fn object(&self, name: &Name) -> Object {
        // What may follow in any number stands on both sides of `ORDER BY`, and counts once.
        let once = self.arguments.last().is_some_and(Argument::is_variadic);
        let ordered = self.ordered.iter().filter(|_| !once);
        let types = self.arguments.iter().chain(ordered).map(Argument::data_type);
        Object::aggregate(name).arguments(types.cloned())
    }
}

impl Value {
    fn write(&self, sql: &mut Writer) {
        match self {
            Self::Flag => sql,
            Self::Function(name) => sql.text("=").name(name),
            Self::Type(data_type) => sql.text("=").data_type(data_type),
            Self::Bytes(bytes) => sql.text("=").text(&bytes.to_string()),
            Self::Text(text) => sql.text("=").literal(text),
            Self::Operator(operator) => sql.text("=").operator_reference(operator),
            Self::Word(word) => sql.text("=").text(word),
        };
    }
}
