//! [`CREATE TABLE … (LIKE …)`](https://www.postgresql.org/docs/current/sql-createtable.html).

use crate::operations::macros::{operation, options};
use crate::{Name, Table, Writer};

operation! {
    /// Columns copied from another table.
    pub struct Like(source: Name) {
        options: Vec<(&'static str, LikeOption)>,
    }
}

/// What `LIKE` copies besides columns, their types and `NOT NULL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeOption {
    /// All of the following.
    All,
    /// Comments on columns, constraints and indexes.
    Comments,
    /// How columns are compressed.
    Compression,
    /// `CHECK` constraints.
    Constraints,
    /// Defaults; those that take from a sequence then share it.
    Defaults,
    /// The expressions of generated columns.
    Generated,
    /// Identity, each with a new sequence.
    Identity,
    /// Indexes, and the primary key, unique and exclusion constraints.
    Indexes,
    /// Extended statistics.
    Statistics,
    /// How columns are stored.
    Storage,
}

impl LikeOption {
    fn sql(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Comments => "COMMENTS",
            Self::Compression => "COMPRESSION",
            Self::Constraints => "CONSTRAINTS",
            Self::Defaults => "DEFAULTS",
            Self::Generated => "GENERATED",
            Self::Identity => "IDENTITY",
            Self::Indexes => "INDEXES",
            Self::Statistics => "STATISTICS",
            Self::Storage => "STORAGE",
        }
    }
}

impl Table {
    /// Copies the columns of another table; what else comes along is said with
    /// [`including`](Like::including).
    ///
    /// ```
    /// use migrate_dsl::{LikeOption, plan_text};
    /// let plan = plan_text(|pgm| {
    ///     pgm.create_table("old_posts", |t| {
    ///         t.like("posts").including(LikeOption::All).excluding(LikeOption::Indexes);
    ///         t.timestamptz("archived_at");
    ///     });
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"CREATE TABLE "old_posts" (
    ///     LIKE "posts" INCLUDING ALL EXCLUDING INDEXES,
    ///     "archived_at" timestamptz
    /// );"#
    /// );
    /// ```
    pub fn like(&mut self, source: impl Into<Name>) -> &mut Like {
        self.copy(Like::new(source.into()))
    }
}

options! { Like {
    /// Copies this too.
    pub fn including(&mut self, option: LikeOption) { self.options.push(("INCLUDING", option)) }

    /// Leaves this out after all.
    pub fn excluding(&mut self, option: LikeOption) { self.options.push(("EXCLUDING", option)) }
}}

impl Like {
    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.text("LIKE").name(&self.source);
        for (word, option) in &self.options {
            sql.text(word).text(option.sql());
            if *option == LikeOption::Compression {
                sql.requires(14, "LikeOption::Compression");
            }
        }
    }
}
