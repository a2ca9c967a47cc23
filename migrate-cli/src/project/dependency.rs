//! What a plan depends on besides the migrations themselves.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use migrate_core::Environment;
use migrate_core::discover::plain_file;
use serde::{Deserialize, Serialize};

use super::hash::ContentHash;

/// Something that may change what the migrations say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dependency {
    /// A file, there or not.
    File(PathBuf),
    /// A folder with all that is in it: what a build script of a helper crate may read.
    Folder(PathBuf),
    /// An environment variable that a source reads with `env!`.
    Variable(String),
    /// Those variables that tell cargo how to compile.
    Flags,
}

impl Dependency {
    /// Its content now; none where it does not exist.
    pub(super) fn content(&self, environment: &Environment) -> Option<ContentHash> {
        match self {
            Self::File(path) => file_content(path),
            Self::Folder(path) => {
                let mut parts = Vec::new();
                collect(path, &mut parts).ok()?;
                Some(ContentHash::of_all(parts))
            }
            Self::Variable(name) => {
                let value = environment.vars.get(name)?;
                Some(ContentHash::of(value.as_bytes()))
            }
            Self::Flags => {
                let flags = environment.vars.iter().filter(|(name, _)| is_flag(name));
                Some(ContentHash::of_all(flags.flat_map(|(name, value)| [name, value])))
            }
        }
    }
}

/// The hash of a file; none where there is none. One that cannot be read is never the same.
pub(super) fn file_content(path: &Path) -> Option<ContentHash> {
    match ContentHash::of_files([plain_file::open(path)]) {
        Ok(content) => Some(content),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => None,
            _ => Some(ContentHash::UNKNOWN),
        },
    }
}

/// Names and contents of all files below `folder`, in order.
fn collect(folder: &Path, parts: &mut Vec<Vec<u8>>) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        if path.ends_with("target") || path.ends_with(".git") {
            continue;
        }
        parts.push(path.as_os_str().as_encoded_bytes().to_vec());
        if path.is_dir() && !path.is_symlink() {
            collect(&path, parts)?;
        } else {
            parts.push(plain_file::read(&path).unwrap_or_default());
        }
    }
    Ok(())
}

/// Whether a variable tells cargo how to compile. The location of its output does not count, and
/// `RUSTUP_TOOLCHAIN` depends on how this program was started.
fn is_flag(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_DEV_"];
    const NAMES: [&str; 5] = [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ];
    const PLACES: [&str; 4] = [
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_TMPDIR",
    ];
    let counts = NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    counts && !PLACES.contains(&name)
}

/// The files that cargo and rustup read for a crate in `folder`, whether they are there or not: a
/// new one counts as well.
pub(super) fn around(folder: &Path, cargo_home: Option<&Path>) -> BTreeSet<Dependency> {
    const FILES: [&str; 6] = [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain",
        "rust-toolchain.toml",
        ".cargo/config",
        ".cargo/config.toml",
    ];
    let above = folder.ancestors().flat_map(|folder| FILES.map(|file| folder.join(file)));
    let home = cargo_home
        .into_iter()
        .flat_map(|home| ["config", "config.toml"].map(|file| home.join(file)));
    let files = above.chain(home).map(Dependency::File);
    files.chain([Dependency::Flags]).collect()
}

/// The paths in what cargo writes beside a program, `<program>: <path> <path> …`. Cargo is configured
/// to write them relative to `/`.
pub(super) fn paths_of_program(text: &str) -> Vec<PathBuf> {
    let Some((_, paths)) = text.split_once(": ") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut path = String::new();
    let mut characters = paths.trim_end().chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // A blank in a path.
            '\\' if characters.peek() == Some(&' ') => {
                path.push(' ');
                characters.next();
            }
            ' ' => found.push(std::mem::take(&mut path)),
            _ => path.push(character),
        }
    }
    found.push(path);
    let root = Path::new("/");
    found.iter().map(|path| root.join(path)).collect()
}

/// The variables that rustc saw a source read, from what it writes beside a crate. Those that
/// cargo itself sets follow from the rest.
pub(super) fn variables_of_crate(text: &str) -> impl Iterator<Item = &str> {
    let names = text.lines().filter_map(|line| {
        let variable = line.strip_prefix("# env-dep:")?;
        Some(variable.split_once('=').map_or(variable, |(name, _)| name))
    });
    names.filter(|name| !name.starts_with("CARGO_") && *name != "OUT_DIR")
}

/// The output of a build script to cargo.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuildScriptOutput<'a> {
    /// The variables it reads, but for ours.
    pub(super) variables: Vec<&'a str>,
    /// Whether it said what it depends on; else it is all of its package.
    pub(super) says_what_it_reads: bool,
}

impl<'a> BuildScriptOutput<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let instructions = || {
            text.lines().filter_map(|line| {
                let line = line.strip_prefix("cargo:")?;
                line.strip_prefix(':').unwrap_or(line).split_once('=')
            })
        };
        let variables = instructions().filter(|(key, _)| *key == "rerun-if-env-changed");
        Self {
            variables: variables
                .map(|(_, name)| name)
                .filter(|name| !name.starts_with("MIGRATE_"))
                .collect(),
            says_what_it_reads: instructions().any(|(key, _)| key.starts_with("rerun-if-")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_beside_a_program() {
        assert_eq!(
            paths_of_program("code/t/debug/m: code/m/src/lib.rs code/my\\ app/x.rs /abs\n"),
            ["/code/m/src/lib.rs", "/code/my app/x.rs", "/abs"].map(PathBuf::from)
        );
    }

    #[test]
    fn variables_beside_a_crate() {
        let text =
            "a.d: a.rs\n\n# env-dep:CARGO_PKG_NAME=x\n# env-dep:TENANT=a=b\n# env-dep:REGION\n";
        assert_eq!(variables_of_crate(text).collect::<Vec<_>>(), ["TENANT", "REGION"]);
    }

    #[test]
    fn what_a_build_script_says() {
        let silent = BuildScriptOutput::read("cargo:rustc-cfg=x\nhello");
        assert!(!silent.says_what_it_reads);
        let ours = BuildScriptOutput::read(
            "cargo::rerun-if-changed=src\ncargo::rerun-if-env-changed=MIGRATE_HASH\ncargo:rerun-if-env-changed=CC",
        );
        assert_eq!(ours.variables, ["CC"]);
        assert!(ours.says_what_it_reads);
    }

    #[test]
    fn a_folder_changes_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let watched = Dependency::Folder(folder.path().join("x"));
        let content = || watched.content(&Environment::default());
        assert_eq!(content(), None);
        fs::create_dir_all(folder.path().join("x/sub/target")).unwrap();
        let empty = content();
        fs::write(folder.path().join("x/sub/target/out"), "1").unwrap();
        assert_eq!(content(), empty);
        fs::write(folder.path().join("x/sub/in"), "1").unwrap();
        let written = content();
        assert_ne!(written, empty);
        fs::rename(folder.path().join("x/sub/in"), folder.path().join("x/sub/in2")).unwrap();
        assert_ne!(content(), written);
    }
}
