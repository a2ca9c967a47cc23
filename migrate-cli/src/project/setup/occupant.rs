//! What is in a folder that was to become a crate of migrations.

use std::fmt;
use std::fs;
use std::path::Path;

use migrate_core::discover::plain_file;

/// What a folder is in use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupant {
    /// A crate of our migrations.
    Ours,
    /// Migrations of [sqlx](https://docs.rs/sqlx).
    Sqlx,
    /// Migrations of [diesel](https://diesel.rs).
    Diesel,
    /// Migrations of [refinery](https://docs.rs/refinery).
    Refinery,
    /// Migrations of [SeaORM](https://www.sea-ql.org/SeaORM).
    SeaOrm,
    /// Another crate.
    Crate,
    /// No folder.
    File,
    /// Anything else.
    Files,
}

impl Occupant {
    /// Returns what is in the folder; none where it is empty or missing.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        if folder.is_file() {
            return Some(Self::File);
        }
        if let Ok(manifest) = plain_file::read_to_string(&folder.join("Cargo.toml")) {
            return Some(if manifest.contains("migrate-dsl") {
                Self::Ours
            } else if manifest.contains("sea-orm-migration") {
                Self::SeaOrm
            } else {
                Self::Crate
            });
        }
        let entries = fs::read_dir(folder).ok()?.flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        let mut found = names.iter().map(|name| Self::by(folder, name));
        let first = found.next()?;
        let known = |occupant: &Self| *occupant != Self::Files;
        Some(Some(first).filter(known).or_else(|| found.find(known)).unwrap_or(first))
    }

    /// Determines the tool from a file in the folder.
    fn by(folder: &Path, name: &str) -> Self {
        if folder.join(name).join("up.sql").is_file() {
            return Self::Diesel;
        }
        let stem = name.strip_suffix(".sql").or_else(|| name.strip_suffix(".rs"));
        let Some(stem) = stem else {
            return Self::Files;
        };
        let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if ["V", "U"].iter().any(|head| stem.strip_prefix(head).is_some_and(digits))
            && stem.contains("__")
        {
            return Self::Refinery;
        }
        if digits(stem) && stem.contains('_') && name.ends_with(".sql") {
            return Self::Sqlx;
        }
        Self::Files
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "has migrations of this tool already",
            Self::Sqlx => "has files named like migrations of sqlx",
            Self::Diesel => "has migrations of diesel",
            Self::Refinery => "has migrations of refinery",
            Self::SeaOrm => "has migrations of SeaORM",
            Self::Crate => "is another crate",
            Self::File => "is a file",
            Self::Files => "is not empty",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_there() {
        let of = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (file, text) in files {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Occupant::of(folder.path())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(".keep", "")]), None);
        assert_eq!(of(&[("20240101000000_x.up.sql", "")]), Some(Occupant::Sqlx));
        assert_eq!(
            of(&[(".keep", ""), ("00000000000000_diesel_initial_setup/up.sql", "")]),
            Some(Occupant::Diesel)
        );
        assert_eq!(of(&[("mod.rs", ""), ("V1__init.rs", "")]), Some(Occupant::Refinery));
        assert_eq!(of(&[("Cargo.toml", "sea-orm-migration = \"1\"")]), Some(Occupant::SeaOrm));
        assert_eq!(of(&[("Cargo.toml", "migrate-dsl = \"1\"")]), Some(Occupant::Ours));
        assert_eq!(of(&[("Cargo.toml", "")]), Some(Occupant::Crate));
        assert_eq!(of(&[("001.txt", "")]), Some(Occupant::Files));
        assert_eq!(Occupant::of(Path::new("/nowhere")), None);
    }
}
