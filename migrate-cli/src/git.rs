//! What git knows of the checkout.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::Context as _;

use crate::usage::UsageError;

/// A checkout of a git repository.
pub struct Checkout {
    /// Where git is run.
    folder: PathBuf,
    /// Its root.
    pub root: PathBuf,
}

impl Checkout {
    /// The checkout that a folder is in.
    pub fn around(folder: &Path) -> anyhow::Result<Self> {
        let output = git(folder, &["rev-parse", "--show-toplevel"])?;
        if !output.status.success() {
            let message = format!("`{}` is not in a checkout of git", folder.display());
            let help = "`git init` makes one".to_owned();
            return Err(UsageError { message, help }.into());
        }
        Ok(Self { folder: folder.to_owned(), root: path(folder, &output) })
    }

    /// Returns the path that git uses under this name for this checkout; `hooks` is the configured one.
    pub fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        let output = git(&self.folder, &["rev-parse", "--git-path", name])?;
        Ok(path(&self.folder, &output))
    }

    /// Whether a folder is this repository's alone: in the checkout, or in git's own folder.
    pub fn is_its_own(&self, folder: &Path) -> anyhow::Result<bool> {
        let kept = git(&self.folder, &["rev-parse", "--git-common-dir"])?;
        let kept = real(&path(&self.folder, &kept));
        let folder = real(folder);
        Ok(folder.starts_with(real(&self.root)) || folder.starts_with(kept))
    }

    /// Whether a rebase is in progress. It begins with a checkout,
    /// which `rebase --apply` makes before it records that it is running; but the last reflog entry of
    /// `HEAD` names the action: `rebase (start)`, `pull --rebase (start)`.
    pub fn is_rebasing(&self) -> anyhow::Result<bool> {
        if self.path("rebase-merge")?.exists() || self.path("rebase-apply")?.exists() {
            return Ok(true);
        }
        let last = git(&self.folder, &["reflog", "-1", "--format=%gs"])?;
        let last = String::from_utf8_lossy(&last.stdout);
        Ok(last.split(':').next().is_some_and(|action| action.ends_with(" (start)")))
    }

    /// Whether a folder differs between two commits; where git cannot tell, it may.
    pub fn differs(&self, old: &str, new: &str, folder: &Path) -> anyhow::Result<bool> {
        let folder = folder.to_string_lossy();
        let output = git(&self.folder, &["diff", "--quiet", old, new, "--", &folder])?;
        Ok(!output.status.success())
    }
}

/// Runs git.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let asked = Command::new("git").args(arguments).current_dir(folder).output();
    asked.context("cannot start `git`")
}

/// The path that git has answered, which may be as seen from the folder.
fn path(folder: &Path, output: &Output) -> PathBuf {
    folder.join(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n'))
}

/// The path without links; of what is not there yet, as far as it is.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    match there {
        Some((there, real)) => real.join(path.strip_prefix(there).unwrap_or(Path::new(""))),
        None => path.to_owned(),
    }
}
