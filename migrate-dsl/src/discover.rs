//! Finds the migrations of a crate: the whole of its build script, with nothing but std.
//!
//! The whole of `build.rs` is a `main` that calls [`build`].
//!
//! Adding a file to `src/` is all it takes to add a migration; `src/lib.rs` holds one line,
//! [`migrations!`](crate::migrations!).

mod generate;
mod names;
#[doc(hidden)]
pub mod plain_file;
mod timestamp;

use std::path::Path;
use std::{env, fs};

pub use names::{NameProblem, Source, SourceFile, snake_case, sources};
pub use timestamp::Timestamp;

/// The names of the migrations to compile, a line each, in a file; all of them without it. Only
/// the command line sets it: it has the plans of the others.
const ONLY: &str = "MIGRATE_ONLY";
/// Goes into the plan, so that whoever asked for one can tell it from an older one. Cargo alone
/// would take a file put back with an old modification time for unchanged.
const HASH: &str = "MIGRATE_HASH";

/// Lists the migrations in `src/` and writes the modules that [`migrations!`](crate::migrations!)
/// includes.
///
/// A file that is not named as it should be, or two with the same timestamp, end the build with a
/// message each.
///
/// # Panics
///
/// Outside a build script, where cargo's variables are missing.
#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
pub fn build() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-env-changed={ONLY}");
    println!("cargo::rerun-if-env-changed={HASH}");
    let variable = |name| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let root = variable("CARGO_MANIFEST_DIR");
    let out = variable("OUT_DIR");
    let result = write(Path::new(&root), Path::new(&out));
    for message in result.err().unwrap_or_default() {
        println!("cargo::error={message}");
    }
}

fn write(root: &Path, out: &Path) -> Result<(), Vec<String>> {
    let folder = root.join("src");
    let mut sources = sources(&folder).map_err(|problems| {
        problems.into_iter().map(|problem| problem.to_string()).collect::<Vec<_>>()
    })?;
    if let Some(list) = env::var_os(ONLY) {
        let wanted = read(Path::new(&list))?;
        let wanted: Vec<_> = wanted.lines().collect();
        sources.retain(|source| wanted.contains(&source.name.as_str()));
    }
    let code = generate::module(&folder, &sources, &env::var(HASH).unwrap_or_default())?;
    let file = out.join("migrations.rs");
    fs::write(&file, code)
        .map_err(|error| vec![format!("cannot write {}: {error}", file.display())])
}

fn read(file: &Path) -> Result<String, Vec<String>> {
    plain_file::read_to_string(file)
        .map_err(|error| vec![format!("cannot read {}: {error}", file.display())])
}

/// Includes the migrations that [`discover::build`](crate::discover::build) found, and the
/// function `all` that hands them out: the whole `src/lib.rs` of a migrations crate.
#[macro_export]
macro_rules! migrations {
    () => {
        include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
    };
}
