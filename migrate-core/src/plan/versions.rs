//! What a server's version makes of a plan.

use crate::plan::{Migration, Problem, Step};

/// The steps in the forms that are meant for a server of this major version.
pub(crate) fn for_server(steps: &[Step], major: u32) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for step in &mut steps {
        step.statements.retain(|statement| statement.is_for(major));
    }
    steps
}

/// Returns what a migration requires that a server of this major version does not have.
pub(crate) fn too_new_for(migration: &Migration, major: u32) -> Vec<Problem> {
    let mut problems = Vec::new();
    for step in &migration.up {
        let statements = step.statements.iter().filter(|statement| statement.is_for(major));
        for requirement in statements.flat_map(|statement| &statement.requires) {
            let problem = Problem {
                verb: Some(step.verb.clone()),
                message: format!(
                    "`{}` needs PostgreSQL {}; this server is PostgreSQL {major}",
                    requirement.what, requirement.version
                ),
                place: step.place.clone(),
                help: None,
            };
            if requirement.version > major && !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Inverse, Place, Requirement, Statement};

    fn step(statements: Vec<Statement>) -> Step {
        Step {
            verb: "verb".to_owned(),
            summary: String::new(),
            place: Place { file: "src/m.rs".to_owned(), line: 7, column: 9 },
            transactional: true,
            statements,
            inverse: Inverse::None { reason: String::new() },
            merged_by_children_of: None,
            destroys: false,
            idempotent: false,
            done_when: None,
            hints: Vec::new(),
        }
    }

    #[test]
    fn each_server_gets_its_form() {
        let steps = [step(vec![
            Statement { until: 18, ..Statement::new("old") },
            Statement { since: 18, ..Statement::new("new") },
            Statement::new("any"),
        ])];
        let sql = |major| {
            let statements = for_server(&steps, major).remove(0).statements;
            statements.into_iter().map(|statement| statement.sql).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((sql(17), sql(18)), ("old any".to_owned(), "new any".to_owned()));
    }

    #[test]
    fn an_option_that_is_too_new_is_told_with_the_line() {
        let requires = vec![Requirement { version: 15, what: "nulls_not_distinct".to_owned() }];
        let migration = Migration {
            name: "m".to_owned(),
            file: "src/m.rs".to_owned(),
            source_digest: String::new(),
            irreversible: None,
            up: vec![step(vec![Statement { requires, ..Statement::new("sql") }])],
            down: None,
            files: Vec::new(),
            problems: Vec::new(),
        };
        assert_eq!(too_new_for(&migration, 15), []);
        let problems = too_new_for(&migration, 14);
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].message,
            "`nulls_not_distinct` needs PostgreSQL 15; this server is PostgreSQL 14"
        );
        assert_eq!(problems[0].place.line, 7);
    }
}
