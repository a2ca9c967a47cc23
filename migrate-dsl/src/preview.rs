//! What a function on [`Pgm`](crate::Pgm) asks for, as text: for tests and examples.

use std::path::Path;

use crate::step::Step;
use crate::{Capture, Inverse, Pgm, Statement};

/// The SQL of what `up` records, a statement a line.
///
/// ```
/// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_table("posts"); });
/// assert_eq!(plan, r#"DROP TABLE "posts";"#);
/// ```
pub fn plan_text(up: impl FnOnce(&mut Pgm)) -> String {
    let statements = steps(up).into_iter().flat_map(|step| step.operation.statements());
    lines(statements.map(sql_line))
}

/// The SQL that reverts what `up` records, the last step first.
///
/// ```
/// let plan = migrate_dsl::plan_text_down(|pgm| { pgm.create_table("posts", |t| t.id()); });
/// assert_eq!(plan, r#"DROP TABLE "posts";"#);
/// ```
pub fn plan_text_down(up: impl FnOnce(&mut Pgm)) -> String {
    let inverses = steps(up).into_iter().rev().map(|step| step.operation.inverse());
    lines(inverses.flat_map(|inverse| match inverse {
        Inverse::Derived(statements) | Inverse::Declared(statements) => {
            statements.into_iter().map(sql_line).collect()
        }
        Inverse::Captured(capture) => {
            let first = capture.first.iter().cloned().map(sql_line);
            first.chain([capture_line(&capture)]).collect()
        }
        Inverse::None(reason) => vec![format!("-- cannot be reverted: {reason}")],
    }))
}

/// What is wrong with what `up` records, a problem a line.
pub fn plan_problems(up: impl FnOnce(&mut Pgm)) -> String {
    let statements = steps(up).into_iter().flat_map(|step| step.operation.statements());
    lines(statements.flat_map(|statement| statement.problems))
}

/// What the author may have meant otherwise, a hint a line.
pub fn plan_hints(up: impl FnOnce(&mut Pgm)) -> String {
    lines(steps(up).into_iter().flat_map(|step| step.operation.hints()))
}

fn steps(up: impl FnOnce(&mut Pgm)) -> Vec<Step> {
    let mut pgm = Pgm::new(Path::new(""));
    up(&mut pgm);
    pgm.into_parts().0
}

/// What stands in for SQL that only the catalog can tell.
fn capture_line(capture: &Capture) -> String {
    let lost = capture.lost.as_ref().map(|lost| format!("; {lost}"));
    format!("-- as it was: {}{}", capture.names(), lost.unwrap_or_default())
}

fn sql_line(statement: Statement) -> String {
    // The comment that stands for a function takes no semicolon.
    if statement.rust.is_some() { statement.sql } else { statement.sql + ";" }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
