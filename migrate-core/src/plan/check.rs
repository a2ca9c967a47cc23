//! What a plan that came from a file must not say, whoever wrote it: the language refuses it too.

use super::{Inverse, Migration, Plan, PlanError, Problem, Step};

/// Refuses names that are none, and notes the statements that the engine would not run as problems
/// of their migrations.
pub(super) fn check(plan: &mut Plan) -> Result<(), PlanError> {
    for migration in &mut plan.migrations {
        // A name is shown, and looked for as a file.
        if migration.name.contains(|c: char| ['/', '\\'].contains(&c) || c.is_control()) {
            return Err(PlanError::Name { name: migration.name.escape_default().to_string() });
        }
        // One with problems is not applied anyway, and they may be the same.
        if migration.problems.is_empty() {
            migration.problems = problems(migration);
        }
    }
    Ok(())
}

fn problems(migration: &Migration) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for step in migration.up.iter().chain(migration.down.iter().flatten()) {
        for message in problems_of(step) {
            let problem = Problem {
                verb: Some(step.verb.clone()),
                message,
                place: step.place.clone(),
                help: None,
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

fn problems_of(step: &Step) -> impl Iterator<Item = String> {
    let back = match &step.inverse {
        Inverse::Construction { statements } | Inverse::Declaration { statements } => {
            statements.as_slice()
        }
        Inverse::Capture(capture) => &capture.first,
        Inverse::None { .. } => &[],
    };
    let statements = step.statements.iter().chain(back);
    statements.filter(|statement| statement.rust.is_none()).flat_map(|statement| {
        migrate_dsl::statement_problems(&statement.sql, statement.input.is_some())
    })
}
