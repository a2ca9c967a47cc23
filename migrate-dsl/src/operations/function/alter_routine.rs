//! What altering a function and altering a procedure have in common.

use super::attributes::{Attribute, Attributes, attributes};
use super::signature::arguments;
use crate::operations::macros::{operation, options};
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Statement, Writer};

operation! {
    /// Changes what is said of a function or a procedure; its body stays.
    pub struct AlterRoutine(verb: &'static str, routine: Object) {
        attributes: Attributes,
        extensions: Vec<(&'static str, Identifier)>,
    }
}

arguments!(AlterRoutine);
attributes!(AlterRoutine);

impl AlterRoutine {
    /// Leaves a setting as the caller has it.
    pub fn reset(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.attribute(Attribute::Reset(name.into()))
    }

    /// Leaves all settings as the caller has them.
    pub fn reset_all(&mut self) -> &mut Self {
        self.attribute(Attribute::ResetAll)
    }
}

options! { AlterRoutine {
    /// Goes when this extension is dropped.
    pub fn depends_on_extension(&mut self, extension: impl Into<Identifier>) {
        self.extensions.push(("DEPENDS ON EXTENSION", extension.into()))
    }

    /// Stays when this extension is dropped.
    pub fn no_depends_on_extension(&mut self, extension: impl Into<Identifier>) {
        self.extensions.push(("NO DEPENDS ON EXTENSION", extension.into()))
    }
}}

impl Operation for AlterRoutine {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("alter {}", self.routine)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        if !self.attributes.is_empty() || self.extensions.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.text("ALTER");
                self.routine.write(sql);
                self.attributes.write(sql);
                if self.attributes.is_empty() {
                    sql.problem(format!("`{}` changes nothing about {}", self.verb, self.routine));
                }
                if self.routine.kind() == "PROCEDURE" && self.attributes.has_one_of_a_function() {
                    sql.problem(format!(
                        "the {} is given what only a function has: \
                         volatility, `strict`, parallel safety, costs",
                        self.routine
                    ));
                }
                sql
            }));
        }
        statements.extend(self.extensions.iter().map(|(words, extension)| {
            Writer::statement(|sql| {
                sql.text("ALTER");
                self.routine.write(sql);
                sql.text(words).identifier(extension)
            })
        }));
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([self.routine.clone()])
    }
}
