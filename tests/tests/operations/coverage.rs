//! No verb, no option and no value of an option without a case.

use std::collections::BTreeSet;
use std::path::Path;

use migrate_tests::language::{Calls, Language, parse, rust_files, sources};
use syn::Item;
use syn::visit::Visit as _;

/// What no case can have, and why.
const EXCUSED: &[(&str, &str)] =
    &[("DetachPartition::finalize", "what was interrupted is restored whole: a test in traps.rs")];

/// Files of operations that may have no inverse.
const WITHOUT_INVERSE: &[(&str, &str)] = &[
    ("add_enum_value", "PostgreSQL takes no value out of an enum"),
    ("alter_column", "an identity that starts again would give out values twice"),
    ("alter_role", "a password is not read"),
    ("alter_subscription", "rows that were copied stay"),
    ("copy_from", "rows; its author says it with `down`"),
    ("create_range", "a type and its canonical function are dropped together, or not at all"),
    ("refresh_collation_version", "PostgreSQL notes the version at hand, and no other"),
    ("refresh_materialized_view", "rows"),
    ("reindex", "rebuilding an index does not change what it contains"),
    ("restart_sequence", "it would give out values twice"),
    ("rust", "only its author knows, and says it with `down`"),
    ("sql", "only its author knows, and says it with `down`"),
    ("statement", "the same"),
    ("truncate_table", "rows"),
    ("update_extension", "extensions are updated one way"),
];

/// Returns what the files of cases call; other tests do not revert it.
fn called_in_cases(language: &Language) -> Calls<'_> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations");
    let mut calls = Calls::new(language);
    for file in rust_files(&folder).iter().map(|path| parse(path)) {
        let has_cases = file.items.iter().any(|item| match item {
            Item::Fn(function) => function.sig.ident == "cases",
            _ => false,
        });
        if has_cases {
            calls.visit_file(&file);
        }
    }
    calls
}

/// The builders that verbs, and functions such as `col`, lead to.
fn builders(language: &Language) -> BTreeSet<String> {
    let of_verbs = language.verbs().flat_map(|(_, verb)| language.builders_of(verb));
    let functions = language.functions.values();
    let of_functions = functions.filter(|given| language.is_builder(given)).cloned();
    of_verbs.chain(of_functions).filter(|builder| builder != "Pgm").collect()
}

#[test]
fn every_verb_option_and_value_has_a_case() {
    let language = Language::read();
    let calls = called_in_cases(&language);
    let builders = builders(&language);
    let options = || {
        let of_builder = |of| language.options(of).map(move |(name, method)| (of, name, method));
        builders.iter().map(String::as_str).flat_map(of_builder)
    };

    let mut missing = BTreeSet::new();
    for (of, name, method) in
        language.verbs().map(|(name, verb)| ("Pgm", name, verb)).chain(options())
    {
        if !calls.methods.contains(&(of.to_owned(), name.to_owned())) {
            missing.insert(format!("{of}::{name} ({})", method.file));
        }
    }
    // Values are the variants of enums, and what makes a value of a type that is taken as it is.
    let methods =
        language.verbs().map(|(_, verb)| verb).chain(options().map(|(.., method)| method));
    for of in methods.flat_map(|method| &method.takes).collect::<BTreeSet<_>>() {
        let variants = language.enums.get(of).into_iter().flatten();
        let constructors = language.constructors.get(of).into_iter().flatten();
        for value in variants.chain(constructors) {
            let path = format!("{of}::{value}");
            // Some are brought into sight by the prelude.
            if !calls.paths.contains(&path) && !calls.paths.contains(value) {
                missing.insert(path);
            }
        }
    }
    missing.retain(|line| !EXCUSED.iter().any(|(name, _)| line.starts_with(name)));
    assert!(missing.is_empty(), "{} have no case: {missing:#?}", missing.len());
}

#[test]
fn every_other_operation_has_an_inverse() {
    let mut without = Vec::new();
    for path in rust_files(&sources().join("operations")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let none = ["Inverse::none(", "Inverse::None(", "unknown_before(", "maybe_older("];
        if none.iter().any(|call| code.contains(call))
            && !WITHOUT_INVERSE.iter().any(|(allowed, _)| *allowed == name)
        {
            without.push(path.display().to_string());
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}
