//! The table of all operations in the language's documentation, written from its code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use migrate_dsl::Inverse;
use migrate_dsl::operations::tests::{operation, verbs};
use migrate_tests::language::{Language, sources};

/// The 80 operations of node-pg-migrate 9 under
/// [its names](https://salsita.github.io/node-pg-migrate/migrations/), and the verbs that do the
/// same.
const NODE_PG_MIGRATE: &[(&str, &[&str])] = &[
    ("createTable", &["create_table"]),
    ("dropTable", &["drop_table"]),
    ("renameTable", &["rename_table"]),
    ("alterTable", &["alter_table"]),
    ("addColumns", &["add_column"]),
    ("dropColumns", &["drop_column"]),
    ("renameColumn", &["rename_column"]),
    ("alterColumn", &["alter_column"]),
    (
        "addConstraint",
        &["add_check", "add_exclusion", "add_foreign_key", "add_primary_key", "add_unique"],
    ),
    ("dropConstraint", &["drop_constraint"]),
    ("renameConstraint", &["rename_constraint"]),
    ("createType", &["create_composite_type", "create_enum"]),
    ("dropType", &["drop_type"]),
    ("renameType", &["rename_type"]),
    ("addTypeAttribute", &["alter_composite_type"]),
    ("dropTypeAttribute", &["alter_composite_type"]),
    ("renameTypeAttribute", &["alter_composite_type"]),
    ("setTypeAttribute", &["alter_composite_type"]),
    ("addTypeValue", &["add_enum_value"]),
    ("renameTypeValue", &["rename_enum_value"]),
    ("createIndex", &["create_index"]),
    ("dropIndex", &["drop_index"]),
    ("renameIndex", &["rename_index"]),
    ("createRole", &["create_role"]),
    ("dropRole", &["drop_role"]),
    ("alterRole", &["alter_role"]),
    ("renameRole", &["rename_role"]),
    ("createFunction", &["create_function"]),
    ("dropFunction", &["drop_function"]),
    ("renameFunction", &["rename_function"]),
    ("createTrigger", &["create_trigger"]),
    ("dropTrigger", &["drop_trigger"]),
    ("renameTrigger", &["rename_trigger"]),
    ("createSchema", &["create_schema"]),
    ("dropSchema", &["drop_schema"]),
    ("renameSchema", &["rename_schema"]),
    ("createDomain", &["create_domain"]),
    ("dropDomain", &["drop_domain"]),
    ("alterDomain", &["alter_domain"]),
    ("renameDomain", &["rename_domain"]),
    ("createSequence", &["create_sequence"]),
    ("dropSequence", &["drop_sequence"]),
    ("alterSequence", &["alter_sequence"]),
    ("renameSequence", &["rename_sequence"]),
    ("createOperator", &["create_operator"]),
    ("dropOperator", &["drop_operator"]),
    ("createOperatorClass", &["create_operator_class"]),
    ("dropOperatorClass", &["drop_operator_class"]),
    ("renameOperatorClass", &["rename_operator_class"]),
    ("createOperatorFamily", &["create_operator_family"]),
    ("dropOperatorFamily", &["drop_operator_family"]),
    ("renameOperatorFamily", &["rename_operator_family"]),
    ("addToOperatorFamily", &["add_to_operator_family"]),
    ("removeFromOperatorFamily", &["remove_from_operator_family"]),
    ("createPolicy", &["create_policy"]),
    ("dropPolicy", &["drop_policy"]),
    ("alterPolicy", &["alter_policy"]),
    ("renamePolicy", &["rename_policy"]),
    ("createView", &["create_view"]),
    ("dropView", &["drop_view"]),
    ("alterView", &["alter_view"]),
    ("alterViewColumn", &["alter_view"]),
    ("renameView", &["rename_view"]),
    ("createMaterializedView", &["create_materialized_view"]),
    ("dropMaterializedView", &["drop_materialized_view"]),
    ("alterMaterializedView", &["alter_materialized_view"]),
    ("renameMaterializedView", &["rename_materialized_view"]),
    ("renameMaterializedViewColumn", &["rename_materialized_view_column"]),
    ("refreshMaterializedView", &["refresh_materialized_view"]),
    ("grantRoles", &["grant_role"]),
    ("revokeRoles", &["revoke_role"]),
    ("grantOnSchemas", &["grant"]),
    ("revokeOnSchemas", &["revoke"]),
    ("grantOnTables", &["grant"]),
    ("revokeOnTables", &["revoke"]),
    ("createCast", &["create_cast"]),
    ("dropCast", &["drop_cast"]),
    ("createExtension", &["create_extension"]),
    ("dropExtension", &["drop_extension"]),
    ("sql", &["sql"]),
];

const HOW_TO_RENEW: &str =
    "it is not what the code says: UPDATE=1 cargo test -p migrate-tests --test operations manual";

/// Returns how each verb is reverted, as it stands in the list of all verbs.
fn inverses() -> BTreeMap<&'static str, Inverse> {
    let operations = verbs("name").into_iter().map(operation);
    // The first of several is the plain one.
    let mut ways = BTreeMap::new();
    for operation in operations {
        ways.entry(operation.verb()).or_insert_with(|| operation.inverse());
    }
    ways
}

fn inverse(inverse: Option<&Inverse>, options: &BTreeSet<String>) -> String {
    let mut text = match inverse {
        Some(Inverse::Derived(_)) => "derived".to_owned(),
        Some(Inverse::Captured(capture)) => match &capture.lost {
            Some(lost) => format!("captured; {lost}"),
            None => "captured".to_owned(),
        },
        Some(Inverse::Declared(_)) | None => return "declared with `down`".to_owned(),
        Some(Inverse::None(reason)) => format!("none: {reason}"),
    };
    if let Some(Inverse::Derived(_)) = inverse {
        let careful = ["if_not_exists", "or_replace"].into_iter();
        let careful: Vec<_> = careful.filter(|option| options.contains(*option)).collect();
        if !careful.is_empty() {
            _ = write!(text, "; captured with `{}`", careful.join("` or `"));
        }
    }
    if options.contains("down") {
        text += "; or declared with `down`";
    }
    text
}

/// `Tables` of `//! Tables, see [..](..).`
fn title(object: &str) -> String {
    let text = fs::read_to_string(sources().join("operations").join(object).join("mod.rs"));
    let text = text.expect("an object has a `mod.rs`");
    let first = text.lines().next().unwrap_or_default().trim_start_matches("//! ");
    first.split([':', '.']).next().unwrap_or_default().split(", see").next().unwrap().to_owned()
}

fn in_code(names: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn table() -> String {
    let language = Language::read();
    let ways = inverses();
    let mut objects: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut inside = BTreeSet::new();
    for (name, verb) in language.verbs() {
        let own = verb.gives.iter();
        let builders = language.builders_of(verb);
        let own: BTreeSet<_> = own.filter(|of| builders.contains(*of)).collect();
        let options: BTreeSet<_> = own
            .iter()
            .flat_map(|of| language.options(of))
            .map(|(option, _)| option.to_owned())
            .collect();
        inside.extend(builders.iter().filter(|of| !own.contains(of)).cloned());
        let described = verb.closures.values().map(|of| format!("[`{of}`](#inside)"));
        let options_text: Vec<_> =
            described.chain(options.iter().map(|option| format!("`{option}`"))).collect();
        let theirs = NODE_PG_MIGRATE.iter().filter(|(_, ours)| ours.contains(&name));
        let row = format!(
            "| [`{name}`](crate::Pgm::{name}) | {} | {} | {} |",
            options_text.join(", "),
            inverse(ways.get(name), &options),
            in_code(theirs.map(|(theirs, _)| theirs)),
        );
        let object = verb.file.split('/').nth(1).expect("an operation lies in a folder").to_owned();
        objects.entry(object).or_default().insert(name.to_owned(), row);
    }

    let mut text = "<!-- Written from the code by `UPDATE=1 cargo test -p migrate-tests --test operations manual`. -->\n".to_owned();
    for (object, rows) in objects {
        _ = writeln!(text, "\n# {}\n", title(&object));
        text += "| verb | options | inverse | node-pg-migrate |\n|---|---|---|---|\n";
        for row in rows.values() {
            _ = writeln!(text, "{row}");
        }
    }
    text += "\n# Inside\n\nWhat closures get, and what comes of it.\n\n";
    text += "| builder | options |\n|---|---|\n";
    // Constraints stand alone, and in a table.
    for of in inside {
        _ = writeln!(
            text,
            "| `{of}` | {} |",
            in_code(language.options(&of).map(|(option, _)| option))
        );
    }
    text
}

#[test]
fn the_table_in_the_documentation_is_what_the_code_says() {
    let path = sources().join("operations.md");
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, table).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == table, "{}: {HOW_TO_RENEW}", path.display());
}

#[test]
fn every_operation_of_node_pg_migrate_is_here() {
    assert_eq!(NODE_PG_MIGRATE.len(), 80);
    let language = Language::read();
    let ours: BTreeSet<_> = language.verbs().map(|(name, _)| name).collect();
    let missing: Vec<_> = NODE_PG_MIGRATE
        .iter()
        .filter(|(_, verbs)| verbs.iter().any(|verb| !ours.contains(verb)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
