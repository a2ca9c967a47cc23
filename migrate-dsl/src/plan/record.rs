//! Recording migrations: each is run once, and what it asked for is written down.

use std::collections::BTreeSet;
use std::path::Path;

use super::{self as plan, FORMAT, Plan};
use crate::direction::Direction;
use crate::migration::Definition;
use crate::object::ObjectParts;
use crate::operations::raw::Sql;
use crate::panic::overheard;
use crate::split::statement_problems;
use crate::step::{Place, Step};
use crate::{AfterCrash, Capture, Inverse, Migration, Migrations, Object, Pgm, Statement};

/// A migration that is being recorded.
struct Draft {
    name: String,
    file: String,
    source_digest: String,
    irreversible: Option<(String, Place)>,
    up: Vec<StepDraft>,
    /// What a written `down` does; none where the inverse is inferred.
    down: Option<Vec<StepDraft>>,
    files: Vec<String>,
    problems: Vec<ProblemDraft>,
}

struct StepDraft {
    verb: String,
    summary: String,
    place: Place,
    transactional: bool,
    statements: Vec<Statement>,
    inverse: Inverse,
    merged_by_children_of: Option<Object>,
    destroys: bool,
    after_crash: AfterCrash,
    hints: Vec<String>,
}

/// Why a migration cannot be applied as it is written.
#[derive(PartialEq)]
struct ProblemDraft {
    /// What the place underlines: a verb, or nothing.
    verb: Option<String>,
    message: String,
    place: Place,
    /// How many lines further on it is in a text of SQL that begins at the place.
    line: usize,
}

impl Plan {
    /// Records every migration and writes down what it asked for. A migration that panics becomes
    /// a problem of the plan; the others are planned all the same.
    #[must_use]
    pub fn of(migrations: &Migrations) -> Self {
        let planned = migrations.list.iter().map(|m| record(m, migrations.root).finished());
        Self {
            format: FORMAT,
            generator: env!("CARGO_PKG_VERSION").to_owned(),
            hash: migrations.hash.to_owned(),
            migrations: planned.collect(),
        }
    }
}

fn record(migration: &Migration, root: &Path) -> Draft {
    let mut planned = Draft {
        name: migration.name.to_owned(),
        file: migration.file.to_owned(),
        source_digest: migration.source_digest.to_owned(),
        irreversible: None,
        up: Vec::new(),
        down: None,
        files: Vec::new(),
        problems: Vec::new(),
    };
    match &migration.definition {
        Definition::Rust { up, up_line, down, down_line } => {
            planned.record_up(root, *up, *up_line);
            planned.record_down(root, *down, *down_line);
        }
        Definition::Sql { up, down } => {
            planned.record_up(root, |pgm| _ = pgm.record(Sql::of_migration(up)), 1);
            planned.stands_in(migration.file, 0);
            if down.is_none() {
                let reason = format!("there is no `{}`", down_beside(migration.file));
                planned.up.iter_mut().for_each(|step| step.inverse = Inverse::none(reason.clone()));
            }
            if let Some((file, text)) = down {
                let problems_of_up = planned.problems.len();
                planned.record_down(root, |pgm| _ = pgm.record(Sql::of_migration(text)), 1);
                planned.stands_in(file, problems_of_up);
            }
        }
    }
    planned
}

/// The file that takes a file of SQL back.
fn down_beside(file: &str) -> String {
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    format!("{}.down.sql", stem.strip_suffix(".up").unwrap_or(stem))
}

impl Draft {
    fn finished(self) -> plan::Migration {
        let steps = |steps: Vec<StepDraft>| steps.into_iter().map(StepDraft::finished).collect();
        let problems = self.problems.into_iter().map(|problem| {
            let ProblemDraft { verb, message, place, line: _ } = problem;
            plan::Problem { verb, message, place, help: None }
        });
        plan::Migration {
            name: self.name,
            file: self.file,
            source_digest: self.source_digest,
            irreversible: self
                .irreversible
                .map(|(reason, place)| plan::Irreversible { reason, place }),
            up: steps(self.up),
            down: self.down.map(steps),
            files: self.files,
            problems: problems.collect(),
        }
    }

    fn record_up(&mut self, root: &Path, up: impl FnOnce(&mut Pgm), line: u32) {
        let Some(pgm) = self.recorded(root, up, line) else {
            return;
        };
        let (steps, whole) = pgm.into_parts();
        self.up = self.plan_steps(root, steps, Direction::Up, whole.outside_transaction);
        self.irreversible = whole.irreversible;
    }

    fn record_down(&mut self, root: &Path, down: impl FnOnce(&mut Pgm), line: u32) {
        let Some(pgm) = self.recorded(root, down, line) else {
            return;
        };
        let (steps, whole) = pgm.into_parts();
        if whole.down_is_inferred {
            return;
        }
        if steps.is_empty() && !self.up.is_empty() && whole.irreversible.is_none() {
            self.problems.push(ProblemDraft {
                verb: Some("down".to_owned()),
                message: "`down` is empty, but `up` is not: leave `down` out to have it inferred, \
                          or say why there is none with `pgm.irreversible(\"…\")`"
                    .to_owned(),
                place: Place { file: self.file.clone(), line, column: 1 },
                line: 0,
            });
        }
        self.irreversible = self.irreversible.take().or(whole.irreversible);
        self.down = Some(self.plan_steps(root, steps, Direction::Down, whole.outside_transaction));
    }

    /// Runs one of the author's functions; a panic becomes a problem at the line that panicked.
    fn recorded(&mut self, root: &Path, record: impl FnOnce(&mut Pgm), line: u32) -> Option<Pgm> {
        let mut pgm = Pgm::new(root);
        let start = Place { file: self.file.clone(), line, column: 1 };
        self.caught(root, &start, || record(&mut pgm)).map(|()| pgm)
    }

    /// Runs code of the author's; a panic becomes a problem at the line that panicked, or at
    /// `place` where that is not known.
    fn caught<T>(&mut self, root: &Path, place: &Place, work: impl FnOnce() -> T) -> Option<T> {
        let (message, panicked_at) = match overheard(root, work) {
            Ok(done) => return Some(done),
            Err(panic) => panic,
        };
        self.problems.push(ProblemDraft {
            verb: None,
            message: format!("panicked: {message}"),
            place: panicked_at.unwrap_or_else(|| place.clone()),
            line: 0,
        });
        None
    }

    fn plan_steps(
        &mut self,
        root: &Path,
        steps: Vec<Step>,
        within: Direction,
        outside_transaction: bool,
    ) -> Vec<StepDraft> {
        let mut planned = Vec::new();
        let mut functions = BTreeSet::new();
        for Step { operation, place } in steps {
            // The operation may be the author's own.
            let asked = self.caught(root, &place, || {
                let step = StepDraft {
                    verb: operation.verb().to_owned(),
                    summary: operation.describe(),
                    transactional: operation.transactional() && !outside_transaction,
                    statements: operation.statements(),
                    inverse: operation.inverse(),
                    merged_by_children_of: operation.merged_by_children_of(),
                    destroys: operation.destroys(),
                    after_crash: operation.after_crash(),
                    hints: operation.hints(),
                    place: place.clone(),
                };
                (step, operation.files())
            });
            let Some((mut step, files)) = asked else {
                continue;
            };
            self.files.extend(files);
            self.name_functions(&mut step, within, &mut functions);
            self.check(&step);
            planned.push(step);
        }
        planned
    }

    /// Says of which migration the functions of a step are, and whether its name is taken.
    fn name_functions(
        &self,
        step: &mut StepDraft,
        within: Direction,
        taken: &mut BTreeSet<String>,
    ) {
        for statement in &mut step.statements {
            let Some(function) = &mut statement.rust else { continue };
            (function.migration, function.within) = (self.name.clone(), within);
            if !taken.insert(function.name.clone()) {
                statement.problems.push(format!(
                    "there is another Rust function `{}` in this migration: each has a name of its \
                     own",
                    function.name
                ));
            }
        }
        let back = match &mut step.inverse {
            Inverse::Derived(statements) | Inverse::Declared(statements) => statements,
            Inverse::Captured(capture) => &mut capture.first,
            Inverse::None(_) => return,
        };
        for function in back.iter_mut().filter_map(|statement| statement.rust.as_mut()) {
            (function.migration, function.within) = (self.name.clone(), within);
        }
    }

    /// Notes what is wrong with the statements of a step, there and back.
    fn check(&mut self, step: &StepDraft) {
        for statement in step.statements.iter().chain(step.inverse.statements()) {
            let found = statement.problems.iter().cloned();
            let refused = statement_problems(&statement.sql, statement.input.is_some());
            for message in found.chain(refused) {
                let problem = ProblemDraft {
                    verb: Some(step.verb.clone()),
                    message,
                    place: step.place.clone(),
                    line: statement.line,
                };
                // The inverse repeats the names of `up`.
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
        }
    }

    /// What was recorded last, and the problems from this one on, stand in a `.sql` file, not
    /// where this file took its text up.
    fn stands_in(&mut self, file: &str, problems_from: usize) {
        let place = Place { file: file.to_owned(), line: 1, column: 1 };
        let steps = self.down.as_mut().unwrap_or(&mut self.up);
        steps.iter_mut().for_each(|step| step.place = place.clone());
        let problems = self.problems.iter_mut().skip(problems_from);
        problems.for_each(|problem| {
            let line = place.line.saturating_add(u32::try_from(problem.line).unwrap_or(u32::MAX));
            problem.place = Place { line, ..place.clone() };
        });
    }
}

impl StepDraft {
    fn finished(self) -> plan::Step {
        let (idempotent, done_when) = match self.after_crash {
            AfterCrash::Ask => (false, None),
            AfterCrash::Repeat => (true, None),
            AfterCrash::DoneWhen(query) => (false, Some(query)),
        };
        plan::Step {
            verb: self.verb,
            summary: self.summary,
            place: self.place,
            transactional: self.transactional,
            statements: finished(self.statements),
            inverse: match self.inverse {
                Inverse::Derived(statements) => {
                    plan::Inverse::Derived { statements: finished(statements) }
                }
                Inverse::Declared(statements) => {
                    plan::Inverse::Declared { statements: finished(statements) }
                }
                Inverse::Captured(capture) => plan::Inverse::Captured(capture.into()),
                Inverse::None(reason) => plan::Inverse::None { reason },
            },
            merged_by_children_of: self.merged_by_children_of.as_ref().map(Into::into),
            destroys: self.destroys,
            idempotent,
            done_when,
            hints: self.hints,
        }
    }
}

fn finished(statements: Vec<Statement>) -> Vec<plan::Statement> {
    statements.into_iter().map(Into::into).collect()
}

impl From<Statement> for plan::Statement {
    /// Its problems are the migration's.
    fn from(statement: Statement) -> Self {
        Self {
            sql: statement.sql,
            line: statement.line,
            since: statement.since,
            until: statement.until,
            requires: statement.requires,
            secrets: statement.secrets,
            input: statement.input,
            input_file: statement.input_file,
            summary: statement.summary,
            rust: statement.rust,
            captured: false,
        }
    }
}

impl From<Capture> for plan::Capture {
    fn from(capture: Capture) -> Self {
        Self {
            objects: capture.objects.iter().map(Into::into).collect(),
            must_exist: capture.must_exist,
            lost: capture.lost,
            through: capture.through,
            first: finished(capture.first),
            only: capture.only,
        }
    }
}

impl From<&Object> for plan::Object {
    fn from(object: &Object) -> Self {
        let ObjectParts { kind, schema, name, member, arguments } = object.parts();
        Self { kind, schema, name, member, arguments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;

    struct Own(fn() -> &'static str);

    impl Operation for Own {
        fn verb(&self) -> &'static str {
            "own"
        }

        fn describe(&self) -> String {
            "something".to_owned()
        }

        fn statements(&self) -> Vec<Statement> {
            vec![Statement::raw((self.0)())]
        }

        fn inverse(&self) -> Inverse {
            Inverse::none("it is a test")
        }
    }

    fn problems(migration: Migration) -> Vec<(String, u32, String)> {
        let plan = Plan::of(&Migrations::new("", "", vec![migration]));
        let problems = plan.migrations.into_iter().flat_map(|planned| planned.problems);
        problems.map(|problem| (problem.place.file, problem.place.line, problem.message)).collect()
    }

    #[test]
    fn an_operation_of_the_authors_own_is_checked_like_ours() {
        let up = |pgm: &mut Pgm| {
            pgm.record(Own(|| "SELECT 1; COMMIT"));
            pgm.record(Own(|| "SELECT 'a"));
            pgm.record(Own(|| panic!("no way")));
            pgm.record(Own(|| "SELECT 1"));
        };
        let migration = Migration::rust("m", "src/m.rs", "", (1, 1), up, Pgm::infer_down);
        let messages = problems(migration).into_iter().map(|(_, _, message)| message);
        insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n"), @"
        `COMMIT` ends the transaction that the migration shares with its history row: remove it, or split the migration in two
        a string in the SQL is opened and never closed
        panicked: no way
        ");
    }

    #[test]
    fn a_problem_of_a_file_of_sql_has_the_line_of_its_statement() {
        let up = "SELECT 1;\n\nCOMMIT;\nCOMMIT;";
        let down = Some(("src/m.down.sql", "-- back\nRESET a"));
        let found = problems(Migration::sql("m", "src/m.sql", "", up, down));
        let places: Vec<_> = found.iter().map(|(file, line, _)| (file.as_str(), *line)).collect();
        assert_eq!(places, [("src/m.sql", 3), ("src/m.sql", 4), ("src/m.down.sql", 2)]);
    }

    #[test]
    fn the_first_line_of_a_file_of_sql_says_how_it_runs() {
        let planned = |up| {
            let all = Migrations::new("", "", vec![Migration::sql("m", "src/m.sql", "", up, None)]);
            Plan::of(&all).migrations.remove(0)
        };
        for up in [
            "-- migrate: outside transaction\nVACUUM a",
            "\u{feff}--migrate:outside transaction  \r\nVACUUM a",
        ] {
            let planned = planned(up);
            assert!(planned.problems.is_empty() && !planned.up[0].transactional, "{up}");
            assert_eq!(planned.up[0].summary, "run `VACUUM a`");
            assert_eq!(planned.up[0].statements[0].line, 1);
        }
        for up in ["VACUUM a\n-- migrate: outside transaction", "-- migrate outside\nVACUUM a"] {
            assert!(planned(up).up[0].transactional, "{up}");
        }
        insta::assert_snapshot!(
            planned("-- migrate: outside\nVACUUM a").problems[0].message,
            @"`-- migrate: outside` says nothing: a first line may be `-- migrate: outside transaction`"
        );
    }
}
