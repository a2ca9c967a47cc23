//! Transactions that stay open between messages are begun and ended in one place.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::Lit;

use crate::{sources, workspace};

/// Where else a text begins or ends a transaction, with all that it is begun and ended by.
const ELSEWHERE: &[(&str, &[&str])] = &[
    // To `psql`, which restores in a session of its own.
    ("backup/restore.rs", &["COMMIT", "BEGIN"]),
    // By a Rust function that runs in none: its author says when.
    ("execute/rust_function.rs", &["BEGIN", "COMMIT", "ROLLBACK", "ROLLBACK"]),
    // One message, which is put together from parts.
    ("execute/transaction.rs", &["BEGIN", "COMMIT"]),
    // After one message that begins and commits, and has failed.
    ("history/schema.rs", &["ROLLBACK"]),
    // One message, which is put together from parts; and after it has failed.
    ("migrator/mod.rs", &["BEGIN", "COMMIT", "ROLLBACK"]),
];

#[test]
fn transactions_that_stay_open_are_begun_and_ended_by_their_type_alone() {
    let source = workspace().join("migrate-core/src").display().to_string();
    let mut found = BTreeMap::new();
    for (file, code) in sources("migrate-core/src") {
        let tokens = code.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut texts = Vec::new();
        read_literals(tokens, &mut texts);
        let statements: Vec<_> = texts.iter().flat_map(|text| left_open(text)).collect();
        if !statements.is_empty() {
            let path = file.strip_prefix(&format!("{source}/")).unwrap();
            found.insert(path.to_owned(), statements);
        }
    }
    let own = found.remove("connect/open_transaction.rs").unwrap_or_default();
    assert!(own.contains(&"BEGIN".to_owned()), "{own:?}");
    let elsewhere = ELSEWHERE.iter().map(|(file, statements)| {
        let statements: Vec<_> = statements.iter().map(ToString::to_string).collect();
        ((*file).to_owned(), statements)
    });
    assert_eq!(
        found,
        elsewhere.collect(),
        "use `OpenTransaction` (migrate-core/src/connect/open_transaction.rs)"
    );
}

#[test]
fn what_begins_or_ends_a_transaction() {
    for (text, expected) in [
        ("BEGIN", &["BEGIN"][..]),
        ("SET lock_timeout = 0; BEGIN READ ONLY;\nSELECT 1", &["BEGIN"]),
        ("ROLLBACK", &["ROLLBACK"]),
        ("COMMIT;\n", &["COMMIT"]),
        ("BEGIN; {locks}; COMMIT", &[]),
        ("ROLLBACK TO before; RELEASE before", &[]),
        ("BEGIN RAISE WARNING 'no'; END", &[]),
        ("a COMMIT that failed", &[]),
    ] {
        assert_eq!(left_open(text), expected, "{text}");
    }
}

/// The texts in code, in macros, too; not those of documentation.
fn read_literals(tokens: TokenStream, texts: &mut Vec<String>) {
    let mut is_attribute = false;
    for token in tokens {
        let after_hash = std::mem::replace(&mut is_attribute, false);
        match token {
            TokenTree::Group(_) if after_hash => {}
            TokenTree::Group(group) => read_literals(group.stream(), texts),
            TokenTree::Literal(literal) => match Lit::new(literal) {
                Lit::Str(text) => texts.push(text.value()),
                Lit::ByteStr(text) => texts.push(String::from_utf8_lossy(&text.value()).into()),
                _ => {}
            },
            TokenTree::Punct(punct) => is_attribute = punct.as_char() == '#',
            TokenTree::Ident(_) => {}
        }
    }
}

/// Returns what begins or ends a transaction in a text, unless it does both.
fn left_open(text: &str) -> Vec<String> {
    let (mut begin, mut end) = (Vec::new(), Vec::new());
    for statement in text.split(';') {
        let words: Vec<_> = statement.split_whitespace().collect();
        match words[..] {
            ["BEGIN"]
            | ["BEGIN", "READ" | "ISOLATION" | "TRANSACTION" | "WORK", ..]
            | ["START", "TRANSACTION", ..] => begin.push(words[0].to_owned()),
            ["COMMIT" | "ROLLBACK" | "ABORT"]
            | ["COMMIT" | "ROLLBACK" | "END", "TRANSACTION" | "WORK" | "AND", ..] => {
                end.push(words[0].to_owned());
            }
            _ => {}
        }
    }
    if begin.len() == end.len() { Vec::new() } else { [begin, end].concat() }
}
