//! The pages, and the words in which all of it is written: those of PostgreSQL's manual.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace;

/// Phrases that a reader of that manual would have to learn, with what it says instead. In names, `_`
/// is a blank.
const PHRASES: &[(&str, &str)] = &[
    ("way back", "inverse"),
    ("ways back", "inverses"),
    ("take back", "revert"),
    ("takes back", "reverts"),
    ("taking back", "reverting"),
    ("taken back", "reverted"),
    ("took back", "reverted"),
    ("take it back", "revert it"),
    ("takes it back", "reverts it"),
    ("take them back", "revert them"),
    ("comes back", "is restored"),
    ("come back", "are restored"),
    ("came back", "was restored"),
    ("mend", "fix, correct"),
    ("mends", "fixes, corrects"),
    ("mended", "fixed, corrected"),
    ("half way", "partially applied, partially reverted"),
    ("half done", "partially applied"),
    ("anew", "again, re-"),
    ("by chance", "at random"),
    ("goes on by itself", "resumes automatically"),
    ("went on by themselves", "resumed automatically"),
    ("against each other", "compare"),
    ("will do with", "works with"),
    ("until it hears", "requires"),
    ("pool of transactions", "pool in transaction mode"),
    ("a pool that hands out", "a pool in transaction mode"),
    ("has become another", "has changed"),
    ("the shape of the database", "the schema"),
];

/// Where an old one is read, or refused.
const ELSEWHERE: &[&str] =
    &["migrate-core/src/history/inverse.rs", "tests/tests/architecture/pages.rs", "tests/fixtures"];

/// Returns the texts written by people: sources, pages and snapshots.
fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let tops = ["README.md", "SECURITY.md", "migrate-core", "migrate-dsl", "migrate-cli", "tests"];
    let tops = tops.into_iter().chain(["example-app"]);
    let mut paths: Vec<PathBuf> = tops.map(|top| workspace().join(top)).collect();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            if !path.ends_with("target") {
                paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
            continue;
        }
        let name = path.strip_prefix(workspace()).unwrap().display().to_string();
        let is_text = [".rs", ".md", ".snap"].iter().any(|end| name.ends_with(end));
        if is_text && !ELSEWHERE.iter().any(|place| name.starts_with(place)) {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn no_phrase_has_to_be_learned() {
    let mut found = Vec::new();
    let texts = texts();
    assert!(texts.len() > 500, "{}", texts.len());
    for (file, text) in texts {
        for (number, line) in text.lines().enumerate() {
            // An error's code is a name that others know.
            let words = line.to_lowercase().replace("no_way_back", "").replace("\"way_back\"", "");
            let words = words.replace("down.way_back", "").replace('_', " ");
            for (phrase, instead) in PHRASES {
                if has_words(&words, phrase) {
                    let number = number + 1;
                    found
                        .push(format!("{file}:{number}: `{phrase}` is {instead}: {}", line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether a line has the words, not as part of longer ones.
fn has_words(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase).any(|(start, _)| {
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !is_letter(line[..start].chars().next_back())
            && !is_letter(line[start + phrase.len()..].chars().next())
    })
}

#[test]
fn words_are_found_as_a_whole() {
    assert!(has_words("it is taken back.", "taken back"));
    assert!(!has_words("recommend", "mend"));
    assert!(!has_words("mending", "mend"));
}

#[test]
fn links_between_pages_lead_somewhere() {
    let pages = texts().into_iter().filter(|(file, _)| file.ends_with(".md"));
    let mut links = 0;
    let mut broken = Vec::new();
    // The page of operations is part of the documentation, where links lead to items.
    for (file, text) in pages.filter(|(file, _)| !file.ends_with("operations.md")) {
        let folder = Path::new(&file).parent().unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            links += 1;
            let path = link.split('#').next().unwrap();
            if !workspace().join(folder).join(path).exists() {
                broken.push(format!("{file}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
    assert!(links > 20, "{links}");
}

#[test]
fn the_first_page_is_short() {
    let page = fs::read_to_string(workspace().join("README.md")).unwrap();
    assert!(page.lines().count() <= 200);
}
