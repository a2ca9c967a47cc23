//! An argument of a function or a procedure.

use crate::operations::macros::{operation, options};
use crate::{DataType, DefaultValue, Identifier, Writer};

operation! {
    /// An argument: its name, its type, how it is passed, its default.
    pub struct Argument(name: Option<Identifier>, data_type: DataType, mode: Mode) {
        default: Option<DefaultValue>,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    In,
    Out,
    InOut,
    Variadic,
}

impl Argument {
    pub(super) fn add(
        arguments: &mut Vec<Self>,
        name: Option<Identifier>,
        data_type: DataType,
    ) -> &mut Self {
        arguments.push(Argument::new(name, data_type, Mode::In));
        arguments.last_mut().expect("it was just pushed")
    }
}

options! { Argument {
    /// The value where a call gives none: a constant, or an expression given by
    /// [`expr`](crate::expr).
    pub fn default(&mut self, value: impl Into<DefaultValue>) {
        self.default = Some(value.into())
    }

    /// Is part of the result instead.
    pub fn out(&mut self) { self.mode = Mode::Out }

    /// Is part of the result too.
    pub fn inout(&mut self) { self.mode = Mode::InOut }

    /// Takes all arguments that are left; its type is an array.
    pub fn variadic(&mut self) { self.mode = Mode::Variadic }
}}

impl Argument {
    pub(super) fn is_out(&self) -> bool {
        self.mode == Mode::Out
    }

    pub(super) fn is_variadic(&self) -> bool {
        self.mode == Mode::Variadic
    }

    pub(super) fn data_type(&self) -> &DataType {
        &self.data_type
    }

    pub(super) fn default_value(&self) -> Option<&DefaultValue> {
        self.default.as_ref()
    }

    /// `INOUT "n" integer DEFAULT 0`, as `CREATE FUNCTION` declares it.
    pub(super) fn write(&self, sql: &mut Writer) {
        self.write_mode(sql);
        if let Some(name) = &self.name {
            sql.identifier(name);
        }
        sql.data_type(&self.data_type);
        if let Some(default) = &self.default {
            sql.text("DEFAULT").default_value(default);
        }
    }

    /// `INOUT integer`, as `DROP FUNCTION` tells one function from another.
    pub(super) fn write_type(&self, sql: &mut Writer) {
        self.write_mode(sql);
        sql.data_type(&self.data_type);
    }

    fn write_mode(&self, sql: &mut Writer) {
        match self.mode {
            Mode::In => sql,
            Mode::Out => sql.text("OUT"),
            Mode::InOut => sql.text("INOUT"),
            Mode::Variadic => sql.text("VARIADIC"),
        };
    }
}
