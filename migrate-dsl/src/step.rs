//! What is recorded: an operation, and where in the source it was asked for.

use std::panic::Location;
use std::path::{Component, Path, PathBuf};

use crate::Operation;

/// An operation at its place in a migration.
pub(crate) struct Step {
    pub(crate) operation: Box<dyn Operation>,
    pub(crate) place: Place,
}

/// A place in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the migrations crate (or, for a helper crate, as cargo names it), with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Place {
    /// The place as the compiler gives it, told the same way in every checkout.
    pub(crate) fn of(location: &Location<'_>, root: &Path) -> Self {
        let file = Path::new(location.file());
        let file = file.strip_prefix(root).unwrap_or(file);
        Self { file: portable(file), line: location.line(), column: location.column() }
    }
}

/// The path with `/`, and without what stands before a registry's folder of sources: that part
/// differs from machine to machine.
fn portable(path: &Path) -> String {
    let parts: Vec<_> = path.components().collect();
    let registry = parts.iter().rposition(|part| part.as_os_str() == "registry");
    let from = match registry {
        Some(at) if path.is_absolute() => at + 3,
        _ => 0,
    };
    let kept: PathBuf = parts.get(from..).unwrap_or_default().iter().collect();
    let mut text = String::new();
    for part in kept.components() {
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
        assert_eq!(portable(Path::new("src/1.rs")), "src/1.rs");
        assert_eq!(
            portable(Path::new(
                "/home/ada/.cargo/registry/src/index.crates.io-6f/helper-1.0.0/src/lib.rs"
            )),
            "helper-1.0.0/src/lib.rs"
        );
        assert_eq!(portable(Path::new("/opt/helper/src/lib.rs")), "/opt/helper/src/lib.rs");
    }
}
