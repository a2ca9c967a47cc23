//! Several files written as one: all, or none.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

/// A file as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The file.
    pub path: PathBuf,
    /// What is in it now; none for a new one.
    pub before: Option<String>,
    /// What is to be in it.
    pub after: String,
}

impl Write {
    /// A new file.
    pub(super) fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), before: None, after: text.to_owned() }
    }

    /// A manifest, if it changes at all.
    pub(super) fn changed(path: &Path, before: &DocumentMut, after: &DocumentMut) -> Option<Self> {
        let (before, after) = (before.to_string(), after.to_string());
        (before != after).then(|| Self { path: path.to_owned(), before: Some(before), after })
    }
}

/// Writes them all; where one fails, reverts the others.
pub(super) fn apply(writes: &[Write]) -> Result<(), (PathBuf, io::Error)> {
    let mut folders = Vec::new();
    for (done, write) in writes.iter().enumerate() {
        if let Err(error) = apply_one(write, &mut folders) {
            for write in writes[..done].iter().rev() {
                // What cannot be reverted either is no worse than what has just failed.
                _ = match &write.before {
                    Some(before) => replace(&write.path, before),
                    None => fs::remove_file(&write.path),
                };
            }
            for folder in folders.iter().rev() {
                _ = fs::remove_dir(folder);
            }
            return Err((write.path.clone(), error));
        }
    }
    Ok(())
}

fn apply_one(write: &Write, folders: &mut Vec<PathBuf>) -> io::Result<()> {
    if write.before.is_some() {
        return replace(&write.path, &write.after);
    }
    let above = write.path.ancestors().skip(1);
    let missing: Vec<_> = above.take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)?;
        folders.push(folder.to_owned());
    }
    let mut file = File::options().write(true).create_new(true).open(&write.path)?;
    let written = file.write_all(write.after.as_bytes());
    if written.is_err() {
        _ = fs::remove_file(&write.path);
    }
    written
}

/// Puts a new text in the place of a file, at once. Through a link, the file that it leads to.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let side = path.with_extension("toml.new");
    fs::write(&side, text)?;
    let moved = fs::set_permissions(&side, fs::metadata(&path)?.permissions())
        .and_then(|()| fs::rename(&side, &path));
    if moved.is_err() {
        _ = fs::remove_file(&side);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("Cargo.toml"), "old").unwrap();
        fs::write(path("taken"), "").unwrap();
        let mut writes = vec![
            Write::new(&path("a/b/c.rs"), "1"),
            Write {
                path: path("Cargo.toml"),
                before: Some("old".to_owned()),
                after: "new".to_owned(),
            },
            Write::new(&path("taken"), "2"),
        ];
        let (failed, _) = apply(&writes).unwrap_err();
        assert_eq!(failed, path("taken"));
        assert!(!path("a").exists());
        assert_eq!(fs::read_to_string(path("Cargo.toml")).unwrap(), "old");
        writes.pop();
        apply(&writes).unwrap();
        assert_eq!(fs::read_to_string(path("Cargo.toml")).unwrap(), "new");
        assert_eq!(fs::read_to_string(path("a/b/c.rs")).unwrap(), "1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
