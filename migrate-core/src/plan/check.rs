//! What a plan from a file must not contain, whatever its author: the language refuses it too.

use super::{Inverse, Migration, Plan, PlanError, Problem, Statement, Step};

/// Marks all statements of a plan as not read from the catalog of a database, whatever it claims.
pub(super) fn nothing_is_captured(plan: &mut Plan) {
    for statement in plan.migrations.iter_mut().flat_map(statements_mut) {
        statement.captured = false;
    }
}

/// All statements, those of the inverses too.
fn statements_mut(migration: &mut Migration) -> impl Iterator<Item = &mut Statement> {
    let steps = migration.up.iter_mut().chain(migration.down.iter_mut().flatten());
    steps.flat_map(|step| {
        let back = match &mut step.inverse {
            Inverse::Derived { statements } | Inverse::Declared { statements } => {
                statements.as_mut_slice()
            }
            Inverse::Captured(capture) => &mut capture.first,
            Inverse::None { .. } => &mut [],
        };
        step.statements.iter_mut().chain(back)
    })
}

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
        Inverse::Derived { statements } | Inverse::Declared { statements } => statements.as_slice(),
        Inverse::Captured(capture) => &capture.first,
        Inverse::None { .. } => &[],
    };
    let statements = step.statements.iter().chain(back);
    statements.filter(|statement| statement.rust.is_none()).flat_map(|statement| {
        migrate_dsl::statement_problems(&statement.sql, statement.input.is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_plan_says_what_was_captured() {
        let plan = r#"{"format":1,"generator":"","hash":"","migrations":[{"name":"a","file":"a",
            "source_digest":"","irreversible":null,"down":null,"files":[],"problems":[],"up":[{
            "verb":"sql","summary":"","place":{"file":"a","line":1,"column":1},"transactional":true,
            "statements":[{"sql":"SELECT 1","line":0,"captured":true}],"hints":[],
            "inverse":{"kind":"declaration",
                       "statements":[{"sql":"SELECT 2","line":0,"captured":true}]}}]}]}"#;
        let plan = crate::plan::from_json(plan).unwrap();
        let step = &plan.migrations[0].up[0];
        let Inverse::Declared { statements } = &step.inverse else { panic!("{step:?}") };
        assert!(!step.statements[0].captured && !statements[0].captured);
    }
}
