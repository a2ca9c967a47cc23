//! Making the data folder: [`initdb`](https://www.postgresql.org/docs/current/app-initdb.html).

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::log::complaint;
use super::privileges::Identity;
use super::{ClusterError, Durability, Programs, directory};
use crate::environment::Environment;

/// The superuser of every private server.
pub(super) const SUPERUSER: &str = "postgres";

/// Makes `data`, complete or not at all: in a folder beside it, which is then renamed.
pub(super) fn initdb(
    programs: &Programs,
    identity: &Identity,
    environment: &Environment,
    data: &Path,
    durability: Durability,
) -> Result<(), ClusterError> {
    let unfinished = unfinished(data);
    directory::remove(&unfinished)?;
    let made = run(programs, identity, environment, &unfinished, data).and_then(|()| {
        configure(&unfinished, durability)?;
        fs::rename(&unfinished, data).map_err(|source| ClusterError::folder("write", data, source))
    });
    if made.is_err() {
        let _ = directory::remove(&unfinished);
    }
    made
}

/// Returns the location of `data` while it is being created.
fn unfinished(data: &Path) -> PathBuf {
    data.with_extension("new")
}

fn run(
    programs: &Programs,
    identity: &Identity,
    environment: &Environment,
    folder: &Path,
    data: &Path,
) -> Result<(), ClusterError> {
    let mut refused = String::new();
    for locale in locales(programs.major) {
        let program = programs.program("initdb");
        let mut command = identity.command(&program, environment);
        command.arg("--pgdata").arg(folder);
        command.args(["--username", SUPERUSER, "--encoding", "UTF8", "--lc-messages", "C"]);
        // Only our own user can reach the socket's folder; over TCP a password is required.
        command.args(["--auth-local", "trust", "--auth-host", "scram-sha-256"]);
        // Without syncing 40 MB to disk: at worst, a power cut in the next seconds costs an empty
        // cluster.
        command.arg("--no-sync").args(locale);
        let output = command
            .output()
            .map_err(|source| ClusterError::Run { program: program.clone(), source })?;
        if output.status.success() {
            return Ok(());
        }
        refused = String::from_utf8_lossy(&output.stdout).into_owned();
        refused.push_str(&String::from_utf8_lossy(&output.stderr));
        directory::remove(folder)?;
        if !refused.contains("locale") {
            break;
        }
    }
    if refused.contains("No space left on device") {
        let folder = data.parent().unwrap_or(data).to_owned();
        return Err(ClusterError::NoSpace { folder, tail: refused });
    }
    let reason = complaint(&refused).unwrap_or("it failed without a message").to_owned();
    Err(ClusterError::Initdb { data: data.to_owned(), reason, output: refused })
}

/// Options for a locale that sorts by code point and knows the letters of all languages, the best
/// first. From 17 PostgreSQL brings one, the same on every system; the C library's `C.UTF-8` is
/// not everywhere; `C` is, but knows only the letters of English.
fn locales(major: u32) -> Vec<&'static [&'static str]> {
    let mut locales: Vec<&[&str]> = Vec::new();
    if major >= 17 {
        locales.push(&["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    }
    locales.extend([&["--locale=C.UTF-8"][..], &["--locale=C"][..]]);
    locales
}

/// Adds our settings to `postgresql.conf`, where a user may change them.
fn configure(data: &Path, durability: Durability) -> Result<(), ClusterError> {
    let path = data.join("postgresql.conf");
    let failed = |source| ClusterError::folder("write", &path, source);
    let mut file = File::options().append(true).open(&path).map_err(failed)?;
    file.write_all(settings(durability).as_bytes()).map_err(failed)
}

/// See <https://www.postgresql.org/docs/current/non-durability.html>.
fn settings(durability: Durability) -> String {
    let mut text = String::from("\n# Set by migrate.\n");
    let settings: &[(&str, &str)] = match durability {
        Durability::Durable => &[("fsync", "on")],
        Durability::ThrowAway => &[
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("max_connections", "300"),
            ("max_wal_size", "'4GB'"),
            ("jit", "off"),
        ],
    };
    for (name, value) in settings {
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_a_project_is_synced() {
        insta::assert_snapshot!(settings(Durability::Durable), @r"
        # Set by migrate.
        fsync = on
        ");
        assert!(settings(Durability::ThrowAway).contains("full_page_writes = off"));
    }

    #[test]
    fn there_is_always_a_locale_to_fall_back_to() {
        assert_eq!(locales(15), [["--locale=C.UTF-8"], ["--locale=C"]]);
        assert_eq!(locales(18).len(), 3);
    }
}
