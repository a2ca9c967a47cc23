//! Contents as short values, to see whether they are what they were.
//!
//! SHA-256, cut to half: it is in the program anyway, and opening the files is what costs. A
//! faster hash would save less than a millisecond of a check of 1000 files.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Tells contents apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct ContentHash(u128);

impl ContentHash {
    /// Of what may have changed while it was used: nothing is known to be the same as it.
    pub(super) const UNKNOWN: Self = Self(0);

    pub(super) fn of(content: &[u8]) -> Self {
        Self::of_all([content])
    }

    /// The hash of several contents. Where one ends and the next starts counts.
    pub(super) fn of_all<B: AsRef<[u8]>>(contents: impl IntoIterator<Item = B>) -> Self {
        let mut hash = Sha256::new();
        for content in contents {
            let content = content.as_ref();
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
        Self::cut(hash)
    }

    /// The hash of files, as that of their contents.
    pub(super) fn of_files(files: impl IntoIterator<Item = io::Result<File>>) -> io::Result<Self> {
        // Read here rather than by `fs::read`: to ask each small file for its size first, and for
        // memory of that size, takes as long as to read it.
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
        }
        let mut hash = Sha256::new();
        BUFFER.with_borrow_mut(|buffer| {
            for file in files {
                let mut file = file?;
                let mut length = 0;
                loop {
                    if length == buffer.len() {
                        buffer.resize(2 * length, 0);
                    }
                    match file.read(&mut buffer[length..]) {
                        Ok(read) => length += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        Err(error) => return Err(error),
                    }
                    // Of a regular file, a read that does not fill the buffer has come to its end; to ask
                    // once more takes a sixth of the time.
                    if length < buffer.len() {
                        break;
                    }
                }
                hash.update((length as u64).to_le_bytes());
                hash.update(&buffer[..length]);
            }
            Ok(Self::cut(hash))
        })
    }

    fn cut(hash: Sha256) -> Self {
        let half = hash.finalize().into_iter().take(16);
        Self(half.fold(0, |half, byte| half << 8 | u128::from(byte)))
    }

    pub(super) fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for ContentHash {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&text, 16).map(Self)
    }
}

/// A folder whose files are opened by their names in it: its path is resolved once.
pub(super) struct Folder(OwnedFd);

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(|folder| Self(folder.into()))
    }

    pub(super) fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::empty())?.into())
    }
}

/// As many items as make a second thread worth its start.
const ITEMS_A_THREAD: usize = 128;

/// Maps each item with `work`, in order, on as many threads as are worthwhile.
pub(super) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    static AVAILABLE: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));
    let available = *AVAILABLE;
    let threads = available.min(items.len() / ITEMS_A_THREAD).clamp(1, 8);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    thread::scope(|scope| {
        let mut shares = items.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<_>>()))
            .collect();
        let mut results: Vec<_> = own.iter().map(work).collect();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_contents_end_counts() {
        assert_ne!(ContentHash::of_all(["ab", "c"]), ContentHash::of_all(["a", "bc"]));
        assert_eq!(ContentHash::of(b"ab"), ContentHash::of_all(["ab"]));
    }

    #[test]
    fn files_have_the_hash_of_their_contents() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("a", vec![1; 10]), ("b", vec![2; 200_000]), ("c", Vec::new())];
        let paths = files.each_ref().map(|(name, content)| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        });
        let contents = files.iter().map(|(_, content)| content);
        let opened = Folder::open(folder.path()).unwrap();
        let all = files.each_ref().map(|(name, _)| opened.file(name));
        assert_eq!(ContentHash::of_files(all).unwrap(), ContentHash::of_all(contents.clone()));
        assert_eq!(
            ContentHash::of_files(paths.map(File::open)).unwrap(),
            ContentHash::of_all(contents)
        );
        assert!(ContentHash::of_files([opened.file("d")]).is_err());
    }

    #[test]
    fn a_hash_survives_being_written_down() {
        let hash = ContentHash::of(b"x");
        assert_eq!(ContentHash::try_from(String::from(hash)), Ok(hash));
    }

    #[test]
    fn parallel_results_keep_their_order() {
        let items: Vec<_> = (0..1000).collect();
        assert_eq!(in_parallel(&items, |item| item + 1), (1..=1000).collect::<Vec<_>>());
        assert!(in_parallel(&[0; 0], |item| *item).is_empty());
    }
}
