//! How the values of a column lie on disk.

/// Where [large values](https://www.postgresql.org/docs/current/storage-toast.html) of a column go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Into the row, as they are; for types of fixed size.
    Plain,
    /// Out of the row, uncompressed: faster to take a part of.
    External,
    /// Compressed, and out of the row where that is not enough (the default of most types).
    Extended,
    /// Compressed, and out of the row only as a last resort.
    Main,
    /// As the type has it; from PostgreSQL 16.
    Default,
}

impl Storage {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::External => "EXTERNAL",
            Self::Extended => "EXTENDED",
            Self::Main => "MAIN",
            Self::Default => "DEFAULT",
        }
    }
}

/// By which method large values of a column are
/// [compressed](https://www.postgresql.org/docs/current/storage-toast.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// PostgreSQL's own.
    Pglz,
    /// Faster; the server has to be built with it.
    Lz4,
    /// As `default_toast_compression` says when a value is written.
    Default,
}

impl Compression {
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Pglz => "pglz",
            Self::Lz4 => "lz4",
            Self::Default => "DEFAULT",
        }
    }
}
