//! A migration cut into what shares a transaction and what stands alone.

use super::Origin;
use crate::plan::Step;

/// A piece of a migration that happens as a whole.
pub(super) enum Part<'a> {
    /// Statements of one transaction.
    Together(Vec<Origin<'a>>),
    /// A statement outside a transaction.
    Alone(Origin<'a>),
}

impl Part<'_> {
    /// Returns the number of its statements.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Together(statements) => statements.len(),
            Self::Alone(_) => 1,
        }
    }

    /// Whether what the server says of it may repeat a secret.
    pub(super) fn has_secrets(&self) -> bool {
        let statements = match self {
            Self::Together(statements) => statements.as_slice(),
            Self::Alone(origin) => std::slice::from_ref(origin),
        };
        statements.iter().any(|origin| !origin.statement.secrets.is_empty())
    }
}

/// The parts in order, without the first `done` statements. The last one is always a
/// transaction, though maybe an empty one: it is there that the outcome is recorded.
pub(super) fn parts(steps: &[Step], done: usize) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for origin in origins(steps).skip(done) {
        match parts.last_mut() {
            _ if !origin.step.transactional => parts.push(Part::Alone(origin)),
            Some(Part::Together(statements)) => statements.push(origin),
            Some(Part::Alone(_)) | None => parts.push(Part::Together(vec![origin])),
        }
    }
    if !matches!(parts.last(), Some(Part::Together(_))) {
        parts.push(Part::Together(Vec::new()));
    }
    parts
}

/// All statements, with the steps that they belong to.
pub(super) fn origins(steps: &[Step]) -> impl Iterator<Item = Origin<'_>> {
    steps.iter().enumerate().flat_map(|(index, step)| {
        let numbered = step.statements.iter().enumerate();
        numbered.map(move |(number, statement)| Origin { step, index, number, statement })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Inverse, Place, Statement};

    fn step(sql: &[&str], transactional: bool) -> Step {
        Step {
            verb: "sql".to_owned(),
            summary: String::new(),
            place: Place { file: String::new(), line: 1, column: 1 },
            transactional,
            statements: sql.iter().copied().map(Statement::new).collect(),
            inverse: Inverse::None { reason: String::new() },
            merged_by_children_of: None,
            destroys: false,
            idempotent: false,
            done_when: None,
            hints: Vec::new(),
        }
    }

    fn shape(steps: &[Step], done: usize) -> String {
        let parts = parts(steps, done);
        let shapes = parts.iter().map(|part| match part {
            Part::Together(statements) => {
                let sql: Vec<_> =
                    statements.iter().map(|origin| origin.statement.sql.as_str()).collect();
                format!("({})", sql.join(" "))
            }
            Part::Alone(origin) => origin.statement.sql.clone(),
        });
        shapes.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn neighbours_share_a_transaction() {
        let steps = [
            step(&["a", "b"], true),
            step(&["c"], true),
            step(&["d", "e"], false),
            step(&["f"], true),
        ];
        assert_eq!(shape(&steps, 0), "(a b c) d e (f)");
        assert_eq!(shape(&steps, 4), "e (f)");
        assert_eq!(shape(&steps[2..3], 0), "d e ()");
        assert_eq!(shape(&[], 0), "()");
        assert_eq!(shape(&steps, 6), "()");
    }
}
