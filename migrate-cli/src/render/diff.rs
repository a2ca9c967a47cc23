//! What was applied beside what the file says now.

use migrate_core::plan::Step;
use similar::TextDiff;

use super::script;

/// The lines of SQL that differ, with some around them: `-` was applied, `+` is said now.
pub fn diff(was: &[Step], is: &[Step]) -> String {
    let (was, is) = (script::sql_of(was), script::sql_of(is));
    let diff = TextDiff::from_lines(&was, &is);
    let mut text = String::new();
    for group in diff.grouped_ops(3) {
        if !text.is_empty() {
            text += "…\n";
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            text += &format!("{}{}\n", change.tag(), change.value().trim_end());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use migrate_core::plan::{Inverse, Place, Statement};

    use super::*;

    fn step(sql: &str, transactional: bool) -> Step {
        Step {
            verb: "sql".to_owned(),
            summary: String::new(),
            place: Place { file: String::new(), line: 1, column: 1 },
            transactional,
            statements: vec![Statement::new(sql)],
            inverse: Inverse::None { reason: String::new() },
            merged_by_children_of: None,
            destroys: false,
            idempotent: false,
            done_when: None,
            hints: Vec::new(),
        }
    }

    #[test]
    fn the_lines_that_differ() {
        let was = [step("CREATE TABLE a (\n  id int,\n  b int\n)", true), step("SELECT 1", true)];
        let is =
            [step("CREATE TABLE a (\n  id bigint,\n  b int\n)", true), step("SELECT 1", false)];
        insta::assert_snapshot!(diff(&was, &is), @r"
         CREATE TABLE a (
        -  id int,
        +  id bigint,
           b int
         );
        +-- outside a transaction
         SELECT 1;
        ");
        assert_eq!(diff(&was, &was), "");
    }
}
