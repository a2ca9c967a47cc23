//! What a server or `initdb` has to say when it fails.

use std::fs;
use std::io;
use std::path::Path;

use super::ClusterError;

/// From this size on, a start puts the log aside as `log.old`.
const LOG_LIMIT: u64 = 1 << 20;

/// Puts a log aside that has grown large.
pub(super) fn rotate(log: &Path) -> Result<(), ClusterError> {
    if fs::metadata(log).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
        fs::rename(log, log.with_extension("old"))
            .map_err(|source| ClusterError::folder("write", log, source))?;
    }
    Ok(())
}

/// The log from an offset on, its last 4 kB at most.
pub(super) fn tail(log: &Path, begin: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let begin = usize::try_from(begin).unwrap_or(0).max(bytes.len().saturating_sub(4096));
    String::from_utf8_lossy(bytes.get(begin..).unwrap_or_default()).into_owned()
}

/// The line that says why: the first of the gravest kind, without time and process.
pub(super) fn complaint(output: &str) -> Option<&str> {
    let after = |mark: &str| {
        output.lines().find_map(|line| line.split_once(mark).map(|(_, message)| message.trim()))
    };
    after("PANIC:")
        .or_else(|| after("FATAL:"))
        .or_else(|| after("initdb: error:"))
        .or_else(|| output.lines().rev().map(str::trim).find(|line| !line.is_empty()))
}

/// Whether the disk of a folder has no room for even a small file.
pub(super) fn is_full(folder: &Path) -> bool {
    const LEAST: u64 = 256 * 1024;
    // Narrower on some systems.
    fn blocks(number: impl Into<u64>) -> u64 {
        number.into()
    }
    let free = nix::sys::statvfs::statvfs(folder)
        .map_err(io::Error::from)
        .map(|disk| blocks(disk.blocks_available()).saturating_mul(disk.fragment_size()));
    free.is_ok_and(|free| free < LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_is_the_line_that_says_why() {
        let log = "2026-01-01 [1] LOG:  starting PostgreSQL 15.18\n\
                   2026-01-01 [1] FATAL:  could not write lock file \"postmaster.pid\"\n\
                   2026-01-01 [1] LOG:  database system is shut down\n";
        assert_eq!(complaint(log), Some("could not write lock file \"postmaster.pid\""));
        assert_eq!(complaint("initdb: error: invalid locale\n"), Some("invalid locale"));
        assert_eq!(complaint("something\n\n"), Some("something"));
        assert_eq!(complaint(""), None);
    }
}
