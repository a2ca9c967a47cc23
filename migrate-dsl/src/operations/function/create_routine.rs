//! What creating a function and creating a procedure have in common.

use super::Routine;
use crate::operations::macros::options;
use crate::{Inverse, Name, Object, Operation, Statement, Writer};

/// Creates a function or a procedure.
#[derive(Debug, Clone)]
pub struct CreateRoutine {
    verb: &'static str,
    /// `FUNCTION` or `PROCEDURE`.
    kind: &'static str,
    name: Name,
    routine: Routine,
    or_replace: bool,
    comment: Option<String>,
}

impl CreateRoutine {
    pub(super) fn function(name: Name, routine: Routine) -> Self {
        Self {
            verb: "create_function",
            kind: "FUNCTION",
            name,
            routine,
            or_replace: false,
            comment: None,
        }
    }

    pub(super) fn procedure(name: Name, routine: Routine) -> Self {
        let routine = Self::function(name, routine);
        Self { verb: "create_procedure", kind: "PROCEDURE", ..routine }
    }
}

options! { CreateRoutine {
    /// Takes the place of one that is there with the same arguments, which is restored by
    /// `down`.
    pub fn or_replace(&mut self) { self.or_replace = true }

    /// The comment that tools show beside it.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateRoutine {
    fn object(&self) -> Object {
        let object = match self.kind {
            "PROCEDURE" => Object::procedure(&self.name),
            _ => Object::function(&self.name),
        };
        object.arguments(self.routine.input_types())
    }
}

impl Operation for CreateRoutine {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        format!("create {} `{}`", self.kind.to_ascii_lowercase(), self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = self.routine.create(self.kind, &self.name, self.or_replace);
        let comment = self.comment.as_ref().map(|comment| {
            Writer::statement(|sql| {
                sql.text("COMMENT ON");
                self.routine.write_signature(sql, self.kind, &self.name);
                sql.text("IS").literal(comment)
            })
        });
        [create].into_iter().chain(comment).collect()
    }

    fn inverse(&self) -> Inverse {
        if self.or_replace {
            return Inverse::capture([self.object()]);
        }
        Inverse::by(Writer::statement(|sql| {
            sql.text("DROP");
            self.routine.write_signature(sql, self.kind, &self.name);
            sql
        }))
    }

    fn hints(&self) -> Vec<String> {
        self.routine.hints()
    }
}
