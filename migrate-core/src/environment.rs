use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the outside tells the engine: variables, the account, the home folder, the folder to work from.
///
/// The engine never reads the process environment itself, so that a caller can run it under any
/// settings, and tests need no global state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Environment variables, `PATH` among them.
    pub vars: BTreeMap<String, String>,
    /// The name of the account that the process runs as, where it has one.
    pub account: Option<String>,
    /// The user's home folder, where there is one.
    pub home: Option<PathBuf>,
    /// The folder against which relative paths are read.
    pub current_dir: PathBuf,
}

impl Environment {
    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
