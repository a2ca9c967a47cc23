//! The files of a new crate of migrations.

/// `Cargo.toml`, with `<name>` and `<language>`.
pub const MANIFEST: &str = include_str!("crate/Cargo.toml.txt");
/// `build.rs`
pub const BUILD: &str = include_str!("crate/build.rs.txt");
/// `src/lib.rs`
pub const LIB: &str = include_str!("crate/lib.rs.txt");
/// `src/main.rs`
pub const MAIN: &str = include_str!("crate/main.rs.txt");
/// A migration in SQL.
pub const SQL_UP: &str = "-- What is to be done. `-- migrate: outside transaction` as the first line \
                          runs each statement alone.\n";
/// The inverse of a migration in SQL.
pub const SQL_DOWN: &str = "-- What reverts it. Without this file the migration has no inverse.\n";
