//! The crates' directions, and the rules of the house, enforced.

mod json_reference;
mod pages;
mod surface;
mod transactions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml_edit::DocumentMut;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn dependencies(package: &str, table: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
    let manifest: DocumentMut = manifest.parse().unwrap();
    let table = manifest.get(table).and_then(|table| table.as_table_like());
    table.into_iter().flat_map(|table| table.iter()).map(|(name, _)| name.to_owned()).collect()
}

/// The Rust files below a folder, with their text up to their unit tests.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // Unit tests that fill a folder of their own are no part of the house.
                folders.extend(Some(path).filter(|path| !path.ends_with("tests")));
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.push((path.display().to_string(), code));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// The places at which code, comments aside, has one of the words.
fn places(folder: &str, words: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for (file, code) in sources(folder) {
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("//") && words.iter().any(|word| line.contains(word)) {
                places.push(format!("{file}:{}: {line}", number + 1));
            }
        }
    }
    places
}

/// Only an engine turns on the feature that reads plans with serde.
#[test]
fn a_migrations_crate_depends_on_the_language_and_sea_query_alone() {
    assert!(dependencies("migrate-dsl", "build-dependencies").is_empty());
    let tree = Command::new("cargo")
        .args(["tree", "--package", "example-migrations", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{lib}", "--offline"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(crates, BTreeSet::from(["migrate_dsl", "migrations", "sea_query"]));
}

#[test]
fn the_crates_point_one_way() {
    let core = dependencies("migrate-core", "dependencies");
    assert!(core.contains("migrate-dsl") && core.contains("postgres"));
    for foreign in
        ["migrate-cli", "clap", "anyhow", "anstream", "indicatif", "annotate-snippets", "dotenvy"]
    {
        assert!(!core.contains(foreign), "the engine must not depend on {foreign}");
    }
    let cli = dependencies("migrate-cli", "dependencies");
    assert!(cli.contains("migrate-core"));
    for foreign in ["postgres", "sea-query", "tokio-postgres"] {
        assert!(!cli.contains(foreign), "the command line must not depend on {foreign}");
    }
    let example = dependencies("example-app/migrations", "dependencies");
    assert_eq!(example, BTreeSet::from(["migrate-dsl".to_owned()]));
}

#[test]
fn the_engine_neither_prints_nor_exits_nor_looks_around() {
    let words = [
        "println!",
        "print!(",
        "eprintln!",
        "process::exit",
        "env::var",
        "env::args",
        "current_dir()",
        "home_dir()",
    ];
    let found = places("migrate-core/src", &words);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_language_does_no_more_than_describe() {
    let found: Vec<_> = places(
        "migrate-dsl/src",
        &["std::fs", "fs::", "env::", "println!", "std::process", "std::net"],
    )
    .into_iter()
    .filter(|place| {
        !["/discover", "/print.rs", "/raw/sql_file.rs"]
            .iter()
            .any(|allowed| place.contains(allowed))
    })
    // The version of this crate is no look at the environment.
    .filter(|place| !place.contains("env!(\"CARGO_PKG_VERSION\")"))
    .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_command_line_knows_no_sql() {
    let words = [
        "\"SELECT ",
        "\"INSERT ",
        "\"UPDATE ",
        "\"DELETE ",
        "\"CREATE ",
        "\"ALTER ",
        "\"DROP ",
        "\"SET ",
    ];
    let found: Vec<_> = places("migrate-cli/src", &words)
        .into_iter()
        // What `create` writes into a new migration is Rust that the author continues.
        .filter(|place| !place.contains("/templates/"))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_printer_alone_prints() {
    let found: Vec<_> = places("migrate-cli/src", &["println!", "print!(", "eprint"])
        .into_iter()
        .filter(|place| !place.contains("/templates/"))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_top_level_is_what_the_plan_of_the_house_says() {
    let listed =
        std::process::Command::new("git").args(["ls-files"]).current_dir(workspace()).output();
    let Ok(listed) = listed.map(|output| String::from_utf8(output.stdout).unwrap()) else {
        return;
    };
    let top: BTreeSet<_> = listed.lines().filter_map(|file| file.split('/').next()).collect();
    let expected = [
        "Cargo.toml",
        "README.md",
        "SECURITY.md",
        "example-app",
        "migrate-cli",
        "migrate-core",
        "migrate-dsl",
        "tests",
    ];
    let settings = [
        "Cargo.lock",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "clippy.toml",
        "rust-toolchain.toml",
        "rustfmt.toml",
    ];
    for name in expected {
        assert!(top.contains(name), "{name} is missing at the top");
    }
    for name in top {
        assert!(
            name.starts_with('.') || expected.contains(&name) || settings.contains(&name),
            "{name} has no room at the top"
        );
    }
}

/// The modules of the engine, from the bottom: each imports only from those above it in this list.
const ORDER: &[&str] = &[
    "count",
    "limits",
    "reason",
    "environment",
    "shell",
    "plan",
    "functions",
    "event",
    "connect",
    "cluster",
    "backup",
    "capture",
    "history",
    "lock",
    "execute",
    "data_loss",
    "order",
    "error",
    "migrator",
    "diagnostic",
];

#[test]
fn the_modules_of_the_engine_import_in_one_direction() {
    let source = workspace().join("migrate-core/src");
    let source = source.display().to_string();
    let place = |module: &str| {
        let place = ORDER.iter().position(|of_order| *of_order == module);
        place.unwrap_or_else(|| panic!("`{module}` has no place in the order of the modules"))
    };
    let mut found = Vec::new();
    for (file, code) in sources("migrate-core/src") {
        let path = file.strip_prefix(&format!("{source}/")).unwrap();
        let module = path.split('/').next().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for imported in line.split("crate::").skip(1) {
                let imported =
                    imported.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                let imported = imported.into_iter().next().unwrap_or_default();
                if imported.is_empty() || !imported.starts_with(char::is_lowercase) {
                    found.push(format!("{path} imports from the root of the crate: {line}"));
                } else if place(imported) > place(module) {
                    found.push(format!("{path} imports from `{imported}`, which is above it"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Inside a folder of the engine, too. What stands in its `mod.rs` is what the folder is about, and known
/// to all of its files.
#[test]
fn the_files_of_a_module_import_in_one_direction() {
    let source = workspace().join("migrate-core/src");
    let source = source.display().to_string();
    let mut circles = Vec::new();
    for module in ORDER.iter().filter(|module| Path::new(&source).join(module).is_dir()) {
        let files: Vec<_> = sources(&format!("migrate-core/src/{module}"))
            .into_iter()
            .map(|(file, code)| {
                let path = file.strip_prefix(&format!("{source}/{module}/")).unwrap();
                let mut path: Vec<_> =
                    path.trim_end_matches(".rs").split('/').map(ToOwned::to_owned).collect();
                path.pop_if(|last| last == "mod");
                let lines = code.lines().map(str::trim_start);
                let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
                (path, code.join(" "))
            })
            .collect();
        let names: BTreeSet<_> =
            files.iter().filter_map(|(path, _)| path.first().cloned()).collect();
        let home = files.iter().find(|(path, _)| path.is_empty());
        let shared = home.map(|(_, code)| exports(code, &names)).unwrap_or_default();
        let mut imports: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (path, code) in &files {
            let Some(from) = path.first() else { continue };
            let inside = [format!("crate::{module}::"), "super::".repeat(path.len())];
            let imported = inside.iter().flat_map(|prefix| imported(code, prefix));
            let imported = imported.map(|name| shared.get(&name).cloned().unwrap_or(name));
            let imported = imported.filter(|name| names.contains(name) && name != from);
            imports.entry(from).or_default().extend(imported);
        }
        // A file that imports none of the remaining ones is part of no cycle.
        loop {
            let left: BTreeSet<String> = imports.keys().map(|name| (*name).to_owned()).collect();
            let count = imports.len();
            imports.retain(|_, imported| imported.intersection(&left).next().is_some());
            if imports.len() == count {
                break;
            }
        }
        circles.extend(
            imports.into_iter().map(|(file, imports)| format!("{module}/{file}: {imports:?}")),
        );
    }
    assert!(circles.is_empty(), "these import each other in a circle: {circles:#?}");
}

/// The first names of what code imports from this module.
fn imported(code: &str, module: &str) -> Vec<String> {
    // `super::super::` is not `super::`.
    let is_part = |before: &str| {
        before.ends_with("super::") || before.ends_with(|c: char| c.is_alphanumeric())
    };
    let places = code.match_indices(module).filter(|(at, _)| !is_part(&code[..*at]));
    places.flat_map(|(at, module)| first_names(&code[at + module.len()..])).collect()
}

/// Returns what this `mod.rs` exports, with the file in which it is.
fn exports(code: &str, files: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for file in files {
        let module = format!("use {file}::");
        for (at, _) in code.match_indices(&module) {
            let names = first_names(&code[at + module.len()..]);
            found.extend(names.into_iter().map(|name| (name, file.clone())));
        }
    }
    found
}

/// `a` of `a::b`, and `a` and `b` of `{a, b::c}`.
fn first_names(code: &str) -> Vec<String> {
    let first = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    match code.strip_prefix('{') {
        None => vec![first(code)],
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(first).collect(),
    }
}

/// Returns the lengths of files and functions that are longer than they should be.
fn long() -> BTreeMap<(String, String), usize> {
    let top = workspace().display().to_string();
    let mut found = BTreeMap::new();
    for folder in ["migrate-dsl/src", "migrate-core/src", "migrate-cli/src"] {
        for (file, code) in sources(folder) {
            let file = file.strip_prefix(&format!("{top}/")).unwrap().to_owned();
            let lines: Vec<_> = code.lines().collect();
            if lines.len() > 500 {
                found.insert((file.clone(), String::new()), lines.len());
            }
            for (start, line) in lines.iter().enumerate() {
                let declared = line.trim_start();
                let indent = &line[..line.len() - declared.len()];
                let Some((front, rest)) = declared.split_once("fn ") else { continue };
                let words = ["pub", "const", "async", "unsafe"];
                if !front
                    .split(' ')
                    .all(|word| word.is_empty() || words.contains(&word.split('(').next().unwrap()))
                {
                    continue;
                }
                let end = format!("{indent}}}");
                let length = lines[start..].iter().position(|line| *line == end).map(|end| end + 1);
                if let Some(length) = length.filter(|length| *length > 60) {
                    let name = rest.split(['(', '<']).next().unwrap().to_owned();
                    found.insert((file.clone(), name), length);
                }
            }
        }
    }
    found
}

#[test]
fn nothing_grows_long() {
    let page = fs::read_to_string(workspace().join("migrate-core/ARCHITECTURE.md")).unwrap();
    let (_, list) = page.split_once("## What is long").unwrap();
    let mut listed = BTreeMap::new();
    for row in list.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [file, name, lines, why] = cells[..] else { panic!("{row}") };
        assert!(!why.is_empty(), "{row}");
        listed.insert((file.to_owned(), name.to_owned()), lines.parse::<usize>().unwrap());
    }
    let long = long();
    let grown: Vec<_> = long
        .iter()
        .filter(|(place, lines)| listed.get(*place).is_none_or(|listed| *lines > listed))
        .collect();
    assert!(grown.is_empty(), "divide these: {grown:#?}");
    let divided: Vec<_> = listed.keys().filter(|place| !long.contains_key(*place)).collect();
    assert!(divided.is_empty(), "take these from the list: {divided:#?}");
}

/// The paths on that page can be found.
#[test]
fn the_paths_of_the_architecture_page_exist() {
    let page = fs::read_to_string(workspace().join("migrate-core/ARCHITECTURE.md")).unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let paths: BTreeSet<_> = quoted
        .filter(|text| text.contains('/') && !text.contains(' '))
        .filter(|text| {
            ["migrate-", "tests/", "example-app/"].iter().any(|top| text.starts_with(top))
        })
        .collect();
    let missing: Vec<_> = paths.iter().filter(|path| !workspace().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(paths.len() > 50, "{paths:?}");
    for module in ORDER {
        assert!(page.contains(&format!("`{module}")), "`{module}` is not on the page");
    }
    assert!(page.lines().count() <= 250);
}

/// A name that is added, and one that is taken away, is seen in the review.
#[test]
fn the_public_names_of_the_engine_are_known() {
    let names = surface::names("migrate-core");
    insta::assert_snapshot!("public_names", names.into_iter().collect::<Vec<_>>().join("\n"));
}
