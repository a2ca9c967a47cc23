//! What an operator class or family consists of.

use crate::operations::macros::{operation, options};
use crate::{DataType, Name, Writer};

/// What an operator class or family is given: the `c` in
/// `pgm.create_operator_class("abs_ops", "btree", "integer", |c| ..)`. Which numbers mean what, and
/// which are needed, is said by each index method, see
/// [Index Method Strategies](https://www.postgresql.org/docs/current/xindex.html#XINDEX-STRATEGIES).
#[derive(Debug, Clone, Default)]
pub struct OperatorClass {
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    Operator(OperatorClassOperator),
    Function(OperatorClassFunction),
    Storage(DataType),
}

operation! {
    /// An operator of an operator class or family.
    pub struct OperatorClassOperator(number: u16, operator: Name) {
        types: Option<(DataType, DataType)>,
        order_by: Option<Name>,
    }
}

operation! {
    /// A function of an operator class or family.
    pub struct OperatorClassFunction(number: u16, function: Name) {
        arguments: Option<Vec<DataType>>,
        types: Option<(DataType, DataType)>,
    }
}

impl OperatorClass {
    pub(super) fn described<R>(describe: impl FnOnce(&mut Self) -> R) -> Self {
        let mut class = Self::default();
        describe(&mut class);
        class
    }

    /// The operator for a strategy: with `btree`, 1 is less than, 5 greater than.
    pub fn operator(
        &mut self,
        strategy: u16,
        operator: impl Into<Name>,
    ) -> &mut OperatorClassOperator {
        self.items.push(Item::Operator(OperatorClassOperator::new(strategy, operator.into())));
        match self.items.last_mut() {
            Some(Item::Operator(operator)) => operator,
            _ => unreachable!("it was just pushed"),
        }
    }

    /// The support function of this number: with `btree`, 1 compares.
    pub fn function(
        &mut self,
        number: u16,
        function: impl Into<Name>,
    ) -> &mut OperatorClassFunction {
        self.items.push(Item::Function(OperatorClassFunction::new(number, function.into())));
        match self.items.last_mut() {
            Some(Item::Function(function)) => function,
            _ => unreachable!("it was just pushed"),
        }
    }
}

options! { OperatorClass {
    /// The type that the index stores, where it is not that of the column.
    pub fn storage(&mut self, data_type: impl Into<DataType>) {
        self.items.push(Item::Storage(data_type.into()))
    }
}}

impl OperatorClass {
    /// `OPERATOR 1 <, FUNCTION 1 "compare" (integer, integer)`.
    pub(super) fn write(&self, sql: &mut Writer) {
        sql.list(&self.items, |sql, item| item.write(sql));
    }
}

options! { OperatorClassOperator {
    /// The types on its sides, where they are not those of the class.
    pub fn types(&mut self, left: impl Into<DataType>, right: impl Into<DataType>) {
        self.types = Some((left.into(), right.into()))
    }

    /// Is for `ORDER BY`, by this B-tree family of its result, rather than for a search.
    pub fn order_by(&mut self, family: impl Into<Name>) { self.order_by = Some(family.into()) }
}}

impl OperatorClassFunction {
    /// The types of the arguments that it is called with, where several share its name.
    pub fn arguments<T: Into<DataType>>(
        &mut self,
        types: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.arguments = Some(types.into_iter().map(Into::into).collect());
        self
    }
}

options! { OperatorClassFunction {
    /// The types that it is for, where they are not those of the class.
    pub fn types(&mut self, left: impl Into<DataType>, right: impl Into<DataType>) {
        self.types = Some((left.into(), right.into()))
    }
}}

impl Item {
    fn write(&self, sql: &mut Writer) {
        match self {
            Self::Operator(operator) => {
                sql.text("OPERATOR").text(&operator.number.to_string());
                sql.operator(&operator.operator);
                write_types(sql, operator.types.as_ref());
                if let Some(family) = &operator.order_by {
                    sql.text("FOR ORDER BY").name(family);
                }
            }
            Self::Function(function) => {
                sql.text("FUNCTION").text(&function.number.to_string());
                write_types(sql, function.types.as_ref());
                sql.name(&function.function);
                if let Some(arguments) = &function.arguments {
                    sql.parenthesized(|sql| {
                        sql.list(arguments, |sql, data_type| _ = sql.data_type(data_type));
                    });
                }
            }
            Self::Storage(data_type) => {
                sql.text("STORAGE").data_type(data_type);
            }
        }
    }

    /// What takes it out of a family again: `OPERATOR 1 (integer, integer)`.
    pub(super) fn write_number(&self, sql: &mut Writer) {
        let (word, number, types) = match self {
            Self::Operator(operator) => ("OPERATOR", operator.number, operator.types.as_ref()),
            Self::Function(function) => ("FUNCTION", function.number, function.types.as_ref()),
            Self::Storage(_) => return,
        };
        sql.text(word).text(&number.to_string());
        write_types(sql, types);
    }

    /// What is missing, or does not belong, in a family.
    pub(super) fn problem_in_a_family(&self) -> Option<String> {
        let (word, number, types) = match self {
            Self::Operator(operator) => ("operator", operator.number, &operator.types),
            Self::Function(function) => ("function", function.number, &function.types),
            Self::Storage(_) => {
                return Some("`storage` belongs to an operator class, not to a family".to_owned());
            }
        };
        let missing = types.is_none();
        missing.then(|| format!("{word} {number} requires `types`"))
    }
}

pub(super) fn write_types(sql: &mut Writer, types: Option<&(DataType, DataType)>) {
    if let Some((left, right)) = types {
        sql.parenthesized(|sql| {
            sql.list([left, right], |sql, data_type| _ = sql.data_type(data_type));
        });
    }
}
