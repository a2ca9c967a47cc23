//! What may not be there after all, because rows do not allow it, and what hangs on that.

use std::collections::{HashMap, HashSet};

use migrate_dsl::quote_literal;

use super::fact::{Address, Fact};
use super::order::spread;

/// Returns what may be missing in the end, because rows do not allow it, and what belongs to that.
pub(super) fn unsure<'a>(
    made: &[&'a Fact],
    among_rows: impl Fn(&Fact) -> bool,
) -> HashSet<&'a Address> {
    let itself = made.iter().filter(|fact| fact.may_be_left_off() && among_rows(fact));
    let mut unsure: HashSet<&Address> = itself.map(|fact| &fact.address).collect();
    if unsure.is_empty() {
        return unsure;
    }
    let mut parts: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for fact in made {
        let wholes = fact.needs.iter().filter(|need| need.belongs).map(|need| &need.on);
        for whole in wholes.chain(&fact.comes_with) {
            parts.entry(whole).or_default().push(&fact.address);
        }
    }
    spread(&mut unsure, |address| parts.get(address).into_iter().flatten().copied());
    unsure
}

/// Returns what may not be possible without something that may be omitted: a view that groups by a key,
/// and what depends on that view.
pub(super) fn doubtful<'a>(
    made: &[&'a Fact],
    unsure: &HashSet<&'a Address>,
) -> HashSet<&'a Address> {
    if unsure.is_empty() {
        return HashSet::new();
    }
    let mut needed_by: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for fact in made.iter().filter(|fact| !fact.depends_on_rows()) {
        for on in fact.needs.iter().map(|need| &need.on).chain(&fact.comes_with) {
            needed_by.entry(on).or_default().push(&fact.address);
        }
    }
    let mut doubtful = unsure.clone();
    spread(&mut doubtful, |address| needed_by.get(address).into_iter().flatten().copied());
    doubtful.retain(|address| !unsure.contains(address));
    doubtful
}

/// Returns statements that may be impossible without something omitted; a warning says which.
pub(super) fn if_possible(statements: &[String]) -> Vec<String> {
    let attempts = statements.iter().map(|statement| {
        let what = statement.lines().find(|line| line.starts_with("CREATE ")).unwrap_or(statement);
        let what: String = what.chars().take(100).collect();
        let warning = format!(
            "could not run `{}`: it needs a constraint that was not restored; add that, then run `{statement}`",
            what.trim_end_matches(" AS"),
        );
        let body = format!(
            "\nBEGIN\n    EXECUTE {};\nEXCEPTION WHEN grouping_error OR undefined_object OR undefined_table \
             OR undefined_function OR invalid_column_reference THEN\n    RAISE WARNING USING MESSAGE = {};\nEND\n",
            quote_literal(statement),
            quote_literal(&warning),
        );
        match body.contains("$$") {
            true => format!("DO {}", quote_literal(&body)),
            false => format!("DO $${body}$$"),
        }
    });
    attempts.collect()
}

/// Returns statements about what may have been omitted, which a warning has reported by then.
pub(super) fn if_there(statements: &[String]) -> Vec<String> {
    let attempts = statements.iter().map(|statement| {
        let body = format!(
            "\nBEGIN\n    {statement};\nEXCEPTION WHEN undefined_object OR undefined_table THEN\n    NULL;\nEND\n"
        );
        match body.contains("$$") {
            true => format!("DO {}", quote_literal(&body)),
            false => format!("DO $${body}$$"),
        }
    });
    attempts.collect()
}
