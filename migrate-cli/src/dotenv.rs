//! A file of variables, `.env`, as far as it can be read: one unusual line, perhaps meant for
//! another program, must not keep every command from working.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Where the file may be found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nowhere.
    None,
    /// Here.
    File(PathBuf),
    /// Here, but it is a named pipe: reading it might wait forever.
    Pipe(PathBuf),
    /// Here, but it belongs to another user, which must not decide which database is used.
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
}

/// Looks for the nearest file at or above a folder; no further up than the repository, or the home
/// folder, that the folder is in.
pub fn find(folder: &Path, home: Option<&Path>, trusted: &[u32]) -> Found {
    for folder in folder.ancestors() {
        let path = folder.join(".env");
        let metadata = path.metadata().ok();
        // A folder of that name is none of ours, and a device stands for nothing.
        if metadata.as_ref().is_some_and(|it| it.file_type().is_fifo()) {
            return Found::Pipe(path);
        }
        if let Some(metadata) = metadata.filter(std::fs::Metadata::is_file) {
            // A user that may change the link decides where it leads to.
            let link = path.symlink_metadata().map_or(metadata.uid(), |link| link.uid());
            let foreign = [metadata.uid(), link].into_iter().find(|uid| !trusted.contains(uid));
            return match foreign {
                Some(owner) => Found::Foreign { path, owner },
                None => Found::File(path),
            };
        }
        if Some(folder) == home || folder.join(".git").exists() {
            break;
        }
    }
    Found::None
}

/// The users whose files count: this one, the administrator, and the one that became that by `sudo`.
pub fn trusted_users() -> Vec<u32> {
    let own = nix::unistd::geteuid();
    let sudo = std::env::var("SUDO_UID").ok().filter(|_| own.is_root());
    [own.as_raw(), 0].into_iter().chain(sudo.and_then(|uid| uid.parse().ok())).collect()
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// Names and values, in their order.
    pub pairs: Vec<(String, String)>,
    /// The lines that say nothing that can be understood, from 1. Their text may be a password.
    pub skipped: Vec<usize>,
}

impl Variables {
    /// Reads the text of a file. A line that cannot be parsed is skipped, and the rest read
    /// as if it did not exist.
    pub fn read(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut lines = Vec::new();
        let mut skipped = Vec::new();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            match str::from_utf8(line) {
                Ok(line) => lines.push(format!("{line}\n")),
                Err(_) => {
                    skipped.push(index + 1);
                    lines.push("\n".to_owned());
                }
            }
        }
        let pairs = loop {
            match parse(&lines) {
                Ok(pairs) => break pairs,
                Err(index) => {
                    skipped.push(index + 1);
                    "\n".clone_into(&mut lines[index]);
                }
            }
        };
        skipped.sort_unstable();
        Self { pairs, skipped }
    }
}

/// The variables, or the index of the first line that cannot be understood: of several that a
/// quote holds together, the one where it opens.
fn parse(lines: &[String]) -> Result<Vec<(String, String)>, usize> {
    let handed_out = Cell::new(0);
    let reader = LineByLine { lines, rest: &[], handed_out: &handed_out };
    let mut pairs = Vec::new();
    let mut understood = 0;
    for pair in dotenvy::from_read_iter(reader) {
        let Ok(pair) = pair else {
            let says_something = |line: &String| {
                let line = line.trim_start();
                !line.is_empty() && !line.starts_with('#')
            };
            let unread = lines[understood..].iter().position(says_something);
            return Err(understood + unread.unwrap_or_default());
        };
        pairs.push(pair);
        understood = handed_out.get();
    }
    Ok(pairs)
}

/// Hands out no more than a line at a time, so that the parser's buffer holds what it works on.
struct LineByLine<'a> {
    lines: &'a [String],
    rest: &'a [u8],
    handed_out: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let Some(line) = self.lines.get(self.handed_out.get()) else {
                return Ok(0);
            };
            self.rest = line.as_bytes();
            self.handed_out.set(self.handed_out.get() + 1);
        }
        self.rest.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (String, Vec<usize>) {
        let Variables { pairs, skipped } = Variables::read(text);
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        (pairs.join(" "), skipped)
    }

    #[test]
    fn the_search_ends_at_the_repository_and_at_home() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let below = root.join("repository/sub");
        std::fs::create_dir_all(&below).unwrap();
        let all = [nix::unistd::geteuid().as_raw()];
        std::fs::write(root.join(".env"), "").unwrap();
        assert_eq!(find(&below, None, &all), Found::File(root.join(".env")));
        assert_eq!(find(&below, Some(&root.join("repository")), &all), Found::None);
        assert_eq!(find(&below, Some(root), &all), Found::File(root.join(".env")));
        // A work tree has a file.
        std::fs::write(root.join("repository/.git"), "gitdir: x").unwrap();
        assert_eq!(find(&below, None, &all), Found::None);
        let own = root.join("repository/.env");
        std::fs::write(&own, "").unwrap();
        assert_eq!(find(&below, None, &all), Found::File(own.clone()));
        assert_eq!(find(&below, None, &[]), Found::Foreign { path: own, owner: all[0] });
    }

    #[test]
    fn unusual_lines_are_left_out() {
        let lines: &[(&[u8], &str, &[usize])] = &[
            (b"", "", &[]),
            (b"\xEF\xBB\xBFA=1\r\nexport B=\"2\"\r\n# it's C\r\n", r#"A="1" B="2""#, &[]),
            (b"A=1\n\n# no\nB 's3cret\nC=3", r#"A="1" C="3""#, &[4]),
            (b"A='x\nB='y'\nC=\"${B}z\"\n", r#"B="y" C="yz""#, &[1]),
            (b"A=\"1\n2\"\n{\nB=\xFF\nC=3\n=4\n", r#"A="1\n2" C="3""#, &[3, 4, 6]),
            (b"A=a b\nB=2", r#"B="2""#, &[1]),
        ];
        for (text, pairs, skipped) in lines {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(read(text), ((*pairs).to_owned(), skipped.to_vec()), "{shown}");
        }
        let long = format!("A={}\nB\nC=1\n", "x".repeat(100_000));
        assert_eq!(read(long.as_bytes()).1, [2]);
    }
}
