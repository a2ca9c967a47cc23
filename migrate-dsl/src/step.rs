//! What is recorded: an operation, and where in the source it was asked for.

use std::panic::Location;
use std::path::{Component, Path};

use crate::Operation;

/// An operation at its place in a migration.
pub(crate) struct Step {
    pub(crate) operation: Box<dyn Operation>,
    pub(crate) place: Place,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Place {
    /// The file, relative to the migrations crate (or, of a dependency that cargo fetched, from its
    /// name on), with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Place {
    /// The place as the compiler gives it, told the same way in every checkout.
    pub(crate) fn of(location: &Location<'_>, root: &Path) -> Self {
        let file = portable(Path::new(location.file()), root);
        Self { file, line: location.line(), column: location.column() }
    }
}

/// The path with `/`, told from the migrations crate: what stands before it, before the sources of
/// a registry or before a checkout of git, differs from machine to machine.
fn portable(file: &Path, root: &Path) -> String {
    if !file.is_absolute() {
        return with_slashes(file.components());
    }
    let parts: Vec<_> = file.components().collect();
    if let Ok(own) = file.strip_prefix(root) {
        return with_slashes(own.components());
    }
    if let Some(from) = start_of_dependency(&parts) {
        return with_slashes(parts[from..].iter().copied());
    }
    let root: Vec<_> = root.components().collect();
    let shared = parts.iter().zip(&root).take_while(|(one, other)| one == other).count();
    let beside_each_other = parts[..shared].iter().any(|part| matches!(part, Component::Normal(_)));
    if !beside_each_other {
        return with_slashes(file.components());
    }
    let up = root[shared..].iter().map(|_| Component::ParentDir);
    with_slashes(up.chain(parts[shared..].iter().copied()))
}

/// Where in the path the name of a dependency that cargo fetched stands:
/// `…/registry/src/<index>/helper-1.0.0/…` or `…/git/checkouts/helper-<hash>/<revision>/…`.
fn start_of_dependency(parts: &[Component<'_>]) -> Option<usize> {
    let folders = |one: &str, two: &str| {
        parts.windows(2).rposition(|pair| pair[0].as_os_str() == one && pair[1].as_os_str() == two)
    };
    let from = match folders("registry", "src") {
        Some(at) => at + 3,
        None => folders("git", "checkouts")? + 2,
    };
    (from < parts.len()).then_some(from)
}

fn with_slashes<'a>(parts: impl Iterator<Item = Component<'a>>) -> String {
    let mut text = String::new();
    for part in parts {
        if matches!(part, Component::RootDir) {
            text.push('/');
            continue;
        }
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        text.push_str(&part.as_os_str().to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_do_not_tell_the_machine() {
        for (file, told) in [
            ("src/1.rs", "src/1.rs"),
            ("/home/ada/app/migrations/src/1.rs", "src/1.rs"),
            ("/home/ada/app/helper/src/lib.rs", "../helper/src/lib.rs"),
            (
                "/home/ada/.cargo/registry/src/index.crates.io-6f/helper-1.0.0/src/lib.rs",
                "helper-1.0.0/src/lib.rs",
            ),
            (
                "/home/ada/.cargo/git/checkouts/helper-0a1b2c/9f8e7d/src/lib.rs",
                "helper-0a1b2c/9f8e7d/src/lib.rs",
            ),
            ("/opt/helper/src/lib.rs", "/opt/helper/src/lib.rs"),
        ] {
            assert_eq!(portable(Path::new(file), Path::new("/home/ada/app/migrations")), told);
        }
        let elsewhere = Path::new("/home/ben/code/app/migrations");
        let helper = Path::new("/home/ben/code/app/helper/src/lib.rs");
        assert_eq!(portable(helper, elsewhere), "../helper/src/lib.rs");
    }

    #[test]
    fn a_migrations_crate_may_be_inside_a_checkout() {
        let root = Path::new("/ci/.cargo/git/checkouts/app-0a1b2c/9f8e7d/migrations");
        assert_eq!(portable(&root.join("src/1.rs"), root), "src/1.rs");
    }
}
