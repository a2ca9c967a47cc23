//! Backups: written by `pg_dump`, validated before they count, and restored as a whole.
//!
//! A backup is in the [custom format](https://www.postgresql.org/docs/current/app-pgdump.html). It
//! is written under another name beside its place, read to its end by `pg_restore` (a list of its
//! contents would accept half a file), and only then moved to its place. It is restored in one
//! transaction, together with the removal of existing objects, if that is requested: either
//! the database is in the state of the backup, or nothing has changed.

mod child;
mod clean;
mod dump;
mod error;
mod place;
mod programs;
mod restore;

pub use error::BackupError;
pub use place::Place;
pub use programs::ClientPrograms;

pub use crate::event::Backup;

pub(crate) use clean::{CLEAN, contents};
pub(crate) use dump::dump;
pub(crate) use place::prune;
pub(crate) use restore::{Restore, extensions, restore, validate};

/// A size as a person says it: `812 kB`, `1.4 GB`.
#[must_use]
pub fn human_size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < units.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    match tenths {
        1000.. => format!("{} {}", tenths / 10, units[unit]),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, units[unit]),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_for_people() {
        let sizes = [0, 999, 1000, 12_345, 812_000, 1_400_000_000, 5_000_000_000_000_000];
        let said = sizes.map(super::human_size).join(", ");
        assert_eq!(said, "0 bytes, 999 bytes, 1.0 kB, 12.3 kB, 812 kB, 1.4 GB, 5000 TB");
    }
}
