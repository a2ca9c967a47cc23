//! A migration as SQL that psql would accept, with information for reviewers as comments.

use migrate_core::StoredInverse;
use migrate_core::plan::{Capture, Inverse, Migration, Statement, Step};

use crate::printer::count;

/// How much is shown of the code that reads the catalog for us, the same for every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// All of it: this is what runs.
    Whole,
    /// What it does, and its first line.
    Folded,
}

/// Returns what a migration does, step by step, and how each is reverted.
pub fn up(migration: &Migration, code: Code) -> String {
    let written = migration.down.is_some() || migration.irreversible.is_some();
    let mut text = format!("-- {}", migration.name);
    for step in &migration.up {
        text += &forth(step, code);
        if !written {
            text += &inverse(&step.inverse);
        }
    }
    if let Some(irreversible) = &migration.irreversible {
        text += &format!("\n-- irreversible: {}", on_one_line(&irreversible.reason));
    } else if let Some(down) = &migration.down {
        text += "\n-- inverse, by the file's `down`:";
        text += &commented(down.iter().flat_map(|step| &step.statements));
    }
    for problem in &migration.problems {
        text += &format!("\n-- problem, line {}: {}", problem.place.line, problem.message);
    }
    text
}

/// Returns what reverts a migration, the last step first.
pub fn down(migration: &Migration) -> String {
    if let Some(why) = StoredInverse::irreversible(migration) {
        return format!(
            "-- {}\n-- line {}: cannot be reverted: {}",
            migration.name,
            why.place.line,
            on_one_line(&why.reason)
        );
    }
    if let Some(steps) = &migration.down {
        return steps_of(&migration.name, steps, Code::Whole);
    }
    let mut text = format!("-- {}", migration.name);
    for step in migration.up.iter().rev() {
        let statements = match &step.inverse {
            Inverse::Derived { statements } | Inverse::Declared { statements } => &statements[..],
            Inverse::Captured(capture) => &capture.first,
            Inverse::None { .. } => &[],
        };
        let summary = format!("revert: {}", step.summary);
        text += &headed(&summary, step, statements, Code::Whole);
        match &step.inverse {
            Inverse::Captured(capture) => text += &format!("\n-- {}", as_it_was(capture)),
            _ if statements.is_empty() => text += NOTHING,
            _ => {}
        }
    }
    text
}

const NOTHING: &str = "\n-- nothing to do";

/// Steps, one after the other.
pub fn steps_of(name: &str, steps: &[Step], code: Code) -> String {
    let told = |step: &Step| {
        let nothing = if step.statements.is_empty() { NOTHING } else { "" };
        forth(step, code) + nothing
    };
    let told: String = steps.iter().map(told).collect();
    format!("-- {name}{}", if steps.is_empty() { NOTHING } else { &told })
}

/// The SQL alone, to be compared: without the lines in the file.
pub fn sql_of(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        if !step.transactional {
            text += "-- outside a transaction\n";
        }
        for statement in &step.statements {
            text += versions(statement).trim_start_matches('\n');
            text += if versions(statement).is_empty() { "" } else { "\n" };
            text += &format!("{}\n", sql(statement));
        }
    }
    text
}

fn forth(step: &Step, code: Code) -> String {
    headed(&step.summary, step, &step.statements, code)
}

fn headed(summary: &str, step: &Step, statements: &[Statement], code: Code) -> String {
    let outside = if step.transactional { "" } else { ", outside a transaction" };
    let mut text = format!("\n-- line {}: {}{outside}", step.place.line, on_one_line(summary));
    // Of a Rust function there is no more to tell than the summary does.
    for statement in statements.iter().filter(|statement| statement.rust.is_none()) {
        text += &versions(statement);
        let Some(summary) = &statement.summary else {
            text += &format!("\n{}", ended(&statement.sql));
            continue;
        };
        let lines = count(statement.sql.lines().count(), "line");
        text += &format!("\n-- {}", on_one_line(summary));
        match code {
            Code::Whole => text += &format!("; {lines}:\n{}", ended(&statement.sql)),
            Code::Folded => text += &format!("; `migrate plan` shows the {lines}"),
        }
    }
    text
}

/// Returns how a step is reverted.
fn inverse(inverse: &Inverse) -> String {
    match inverse {
        Inverse::Derived { statements } => {
            format!("\n-- inverse, derived:{}", commented(statements))
        }
        Inverse::Declared { statements } => {
            format!("\n-- inverse, declared:{}", commented(statements))
        }
        Inverse::Captured(capture) => {
            let first = lines(&capture.first);
            format!("\n-- inverse, captured:{first}\n--   {}", as_it_was(capture))
        }
        Inverse::None { reason } => format!("\n-- no inverse: {}", on_one_line(reason)),
    }
}

fn as_it_was(capture: &Capture) -> String {
    let names: Vec<_> = capture.objects.iter().map(ToString::to_string).collect();
    let lost = capture.lost.as_ref().map(|lost| format!("; {lost}"));
    on_one_line(&format!("as it was: {}{}", names.join(", "), lost.unwrap_or_default()))
}

fn commented<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> String {
    let text = lines(statements);
    if text.is_empty() { " nothing to do".to_owned() } else { text }
}

fn lines<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> String {
    let texts = statements.into_iter().map(|statement| {
        let sql = sql(statement);
        // What stands for a function is a comment already.
        let sql = sql.strip_prefix("-- ").filter(|_| statement.rust.is_some()).unwrap_or(&sql);
        let lines = sql.lines().map(|line| format!("\n--   {line}"));
        versions(statement).replace("\n--", "\n--  ") + &lines.collect::<String>()
    });
    texts.collect()
}

/// The statement, ended by a semicolon; for a Rust function stands a comment, which takes none.
fn sql(statement: &Statement) -> String {
    match statement.rust {
        Some(_) => statement.sql.clone(),
        None => ended(&statement.sql),
    }
}

/// A statement with its semicolon, which a comment at its end would swallow.
fn ended(sql: &str) -> String {
    let has_comment = sql.lines().last().is_some_and(|line| line.contains("--"));
    format!("{sql}{};", if has_comment { "\n" } else { "" })
}

/// For which servers this form is meant.
fn versions(statement: &Statement) -> String {
    match (statement.since, statement.until) {
        (0, 0) => String::new(),
        (since, 0) => format!("\n-- from PostgreSQL {since} on:"),
        (_, until) => format!("\n-- before PostgreSQL {until}:"),
    }
}

fn on_one_line(text: &str) -> String {
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}
