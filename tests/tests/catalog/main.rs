//! The catalog as text, beside what `pg_dump` writes: nothing that `pg_dump` sees may hide from the
//! cases of operations.

use std::process::Command;

use migrate_core::cluster::Programs;
use migrate_tests::{Catalog, TestDatabase, environment, server};

mod changes;

/// Returns the output of `pg_dump` for a database's schema.
fn dump(programs: &Programs, database: &TestDatabase) -> String {
    let output = Command::new(programs.program("pg_dump"))
        .args(["--schema-only", "--create", "--dbname", &database.url()])
        .output()
        .expect("`pg_dump` runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let text = String::from_utf8(output.stdout).expect("`pg_dump` writes UTF-8");
    // Each has a key of its own.
    let lines = text.lines().filter(|line| !line.contains("restrict "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The programs of the server that is there, if `pg_dump` is among them.
fn programs() -> Option<Programs> {
    let found = Programs::all(&environment()).into_iter();
    let mut found = found.filter(|programs| programs.major == server().major());
    found.find(|programs| programs.program("pg_dump").is_file())
}

#[test]
fn what_changes_for_pg_dump_changes_here() {
    let Some(programs) = programs() else {
        return; // The packages of npm have no `pg_dump`.
    };
    let database = TestDatabase::new();
    let role = database.unique("somebody");
    database.execute(&format!("CREATE ROLE {role}"));
    let named = |sql: &str| sql.replace("{role}", &role).replace("{database}", database.name());
    database.execute(&named(changes::BEFORE));
    let mut catalog = Catalog::open(&database.url(), &[], false);

    let mut hidden = Vec::new();
    let (mut dumped, mut seen) = (dump(&programs, &database), catalog.read());
    for change in changes::CHANGES {
        if let Err(error) = database.try_execute(&named(change)) {
            hidden.push(format!("{error}: {change}"));
            continue;
        }
        let (now_dumped, now_seen) = (dump(&programs, &database), catalog.read());
        match (dumped == now_dumped, seen == now_seen) {
            (false, true) => hidden.push(format!("the catalog does not see: {change}")),
            (true, _) => hidden.push(format!("`pg_dump` does not see: {change}")),
            (false, false) => {}
        }
        (dumped, seen) = (now_dumped, now_seen);
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}
