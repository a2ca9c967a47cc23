//! The actor, for the database's log.

use std::path::{Path, PathBuf};

use migrate_core::Environment;
use migrate_core::discover::plain_file;
use migrate_core::history::Actor;

/// The person and the machine, with the commit that the migrations are of.
pub fn actor(environment: &Environment, git_commit: Option<String>) -> Actor {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| environment.var(name));
    let user = named.map(ToOwned::to_owned).or_else(|| environment.account.clone());
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let (user, host) = (user.as_deref().unwrap_or("unknown"), host.as_deref().unwrap_or("unknown"));
    Actor::new(format!("{user}@{host}"), env!("CARGO_PKG_VERSION")).git_commit(git_commit)
}

/// The commit that is checked out around the current folder.
pub fn checked_out(environment: &Environment) -> Option<String> {
    git_commit(&environment.current_dir)
}

/// The name of the account that this process runs as.
pub fn account() -> Option<String> {
    let account = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    account.map(|account| account.name)
}

/// The commit that is checked out around a folder, read as
/// [git keeps it](https://git-scm.com/docs/gitrepository-layout); starting git costs more than
/// all of `up` with nothing to do.
fn git_commit(folder: &Path) -> Option<String> {
    let dot_git =
        folder.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists())?;
    let git = if dot_git.is_dir() { dot_git } else { worktree(&dot_git)? };
    let head = plain_file::read_to_string(&git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return Some(head.trim().to_owned());
    };
    let common = plain_file::read_to_string(&git.join("commondir"))
        .map_or_else(|_| git.clone(), |path| git.join(path.trim()));
    if let Ok(commit) = plain_file::read_to_string(&common.join(name)) {
        return Some(commit.trim().to_owned());
    }
    let packed = plain_file::read_to_string(&common.join("packed-refs")).ok()?;
    let line = packed.lines().find(|line| line.ends_with(&format!(" {name}")))?;
    line.split(' ').next().map(ToOwned::to_owned)
}

/// The folder that the file `.git` of a worktree names.
fn worktree(dot_git: &Path) -> Option<PathBuf> {
    let text = plain_file::read_to_string(dot_git).ok()?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(dot_git.parent()?.join(path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_commit_of_a_checkout_and_of_a_worktree() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join(".git");
        fs::create_dir_all(git.join("worktrees/w")).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(git_commit(folder.path()), None);
        fs::write(git.join("packed-refs"), "# pack-refs\nabc refs/heads/main\n").unwrap();
        assert_eq!(git_commit(folder.path()).as_deref(), Some("abc"));
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        fs::write(git.join("refs/heads/main"), "def\n").unwrap();
        assert_eq!(git_commit(folder.path()).as_deref(), Some("def"));

        let worktree = folder.path().join("w");
        fs::create_dir(&worktree).unwrap();
        fs::write(worktree.join(".git"), "gitdir: ../.git/worktrees/w\n").unwrap();
        fs::write(git.join("worktrees/w/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(git.join("worktrees/w/commondir"), "../..\n").unwrap();
        assert_eq!(git_commit(&worktree).as_deref(), Some("def"));
    }
}
