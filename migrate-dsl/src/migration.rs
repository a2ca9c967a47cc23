//! A migration as the build script finds it.

use std::path::Path;

use crate::Pgm;

/// A migration: its name, where it comes from, and what it does both ways.
#[derive(Debug, Clone)]
pub struct Migration {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) source_digest: &'static str,
    pub(crate) definition: Definition,
}

#[derive(Debug, Clone)]
pub(crate) enum Definition {
    Rust { up: fn(&mut Pgm), up_line: u32, down: fn(&mut Pgm), down_line: u32 },
    Sql { up: &'static str, down: Option<(&'static str, &'static str)> },
}

impl Migration {
    /// A Rust file with `pub fn up` and, maybe, `pub fn down`; the build script writes this.
    #[doc(hidden)]
    #[must_use]
    pub const fn rust(
        name: &'static str,
        file: &'static str,
        source_digest: &'static str,
        (up_line, down_line): (u32, u32),
        up: fn(&mut Pgm),
        down: fn(&mut Pgm),
    ) -> Self {
        Self {
            name,
            file,
            source_digest,
            definition: Definition::Rust { up, up_line, down, down_line },
        }
    }

    /// A file of SQL, maybe with a second one that reverts it; the build script writes this.
    #[doc(hidden)]
    #[must_use]
    pub const fn sql(
        name: &'static str,
        file: &'static str,
        source_digest: &'static str,
        up: &'static str,
        down: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self { name, file, source_digest, definition: Definition::Sql { up, down } }
    }

    /// The name: the timestamp and the words of the file's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// All migrations of a crate, in the order of their timestamps: what `migrations::all()` gives.
#[derive(Debug, Clone)]
pub struct Migrations {
    pub(crate) root: &'static Path,
    pub(crate) hash: &'static str,
    pub(crate) list: Vec<Migration>,
}

impl Migrations {
    /// The migrations of the crate in the folder `root`; the build script writes this.
    #[doc(hidden)]
    #[must_use]
    pub fn new(root: &'static str, hash: &'static str, list: Vec<Migration>) -> Self {
        Self { root: Path::new(root), hash, list }
    }

    /// The migrations, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Migration> {
        self.list.iter()
    }
}
