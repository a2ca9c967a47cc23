//! Projects with thousands of migrations, to be measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Makes the folders of a project, and its migrations crate without migrations.
///
/// # Panics
///
/// If a file cannot be written.
pub fn write_project(folder: &Path) {
    let language = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-dsl");
    let language = language.canonicalize().expect("the language is beside the tests");
    let crate_folder = folder.join("migrations");
    fs::create_dir_all(crate_folder.join("src")).expect("a folder");
    let mut manifest = String::from(
        "[package]\nname = \"migrations\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[workspace.metadata.migrate]\ndir = \".\"\n\n",
    );
    for table in ["dependencies", "build-dependencies"] {
        _ = writeln!(manifest, "[{table}]\nmigrate-dsl = {{ path = {language:?} }}\n");
    }
    let write = |file: &str, text: &str| fs::write(crate_folder.join(file), text).expect("a file");
    write("Cargo.toml", &manifest);
    write("build.rs", "fn main() {\n    migrate_dsl::discover::build();\n}\n");
    write("src/lib.rs", "migrate_dsl::migrations!();\n");
    write(
        "src/main.rs",
        "fn main() -> std::process::ExitCode {\n    migrate_dsl::print_plan(migrations::all())\n}\n",
    );
}

/// Writes a migration of the usual size, with a column of this name.
///
/// # Panics
///
/// If the file cannot be written.
pub fn write_migration(folder: &Path, number: usize, column: &str) {
    let file = format!("{}.rs", name(number));
    let text = format!(
        "use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {{
    pgm.create_table(\"table_{number}\", |t| {{
        t.id();
        t.timestamps();
        t.varchar(\"title\", 120).not_null();
        t.text(\"{column}\");
        t.bigint(\"parent_id\").references(\"table_{number}\", \"id\").on_delete(Cascade);
    }});
    pgm.create_index(\"table_{number}\", [col(\"title\"), col(\"created_at\").desc()]);
    pgm.sql(\"UPDATE table_{number} SET title = ''\").down(\"\");
}}
"
    );
    fs::write(folder.join("migrations/src").join(file), text).expect("a file");
}

/// Writes a migration as a pair of files of SQL.
///
/// # Panics
///
/// If a file cannot be written.
pub fn write_pair(folder: &Path, number: usize) {
    let up = format!(
        "CREATE TABLE table_{number} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \
         created_at timestamptz NOT NULL DEFAULT now(),\n    title varchar(120) NOT NULL\n);\n"
    );
    let down = format!("DROP TABLE table_{number};\n");
    for (way, text) in [("up", up), ("down", down)] {
        let file = format!("{}.{way}.sql", name(number));
        fs::write(folder.join("migrations/src").join(file), text).expect("a file");
    }
}

/// Timestamps a second apart.
fn name(number: usize) -> String {
    let (minute, second) = (number / 60, number % 60);
    let (day, hour, minute) = (1 + minute / 1440, minute / 60 % 24, minute % 60);
    format!("202601{day:02}{hour:02}{minute:02}{second:02}_m{number}")
}
