//! Kinds of objects.

use std::error::Error;
use std::fmt;

use postgres::types::{FromSql, Type, accepts};

/// Names the kinds, in the order of their words.
macro_rules! kinds {
    ($($kind:ident => $word:literal),+ $(,)?) => {
        /// What an object is, as
        /// [`pg_identify_object`](https://www.postgresql.org/docs/current/functions-info.html) says; or a
        /// thing without an id that a reader gives a name to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Kind { $($kind),+ }

        impl Kind {
            /// All, in the order of their words.
            pub(super) const ALL: &[Self] = &[$(Self::$kind),+];

            pub(super) const fn word(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }
        }
    };
}

kinds! {
    AccessMethod => "access method",
    Aggregate => "aggregate",
    Cast => "cast",
    Collation => "collation",
    CompositeType => "composite type",
    CompositeTypeColumn => "composite type column",
    Conversion => "conversion",
    Database => "database",
    DefaultAcl => "default acl",
    DefaultPrivileges => "default privileges",
    DefaultValue => "default value",
    DomainConstraint => "domain constraint",
    EventTrigger => "event trigger",
    Extension => "extension",
    ExtensionToGoWith => "extension to go with",
    ForeignTable => "foreign table",
    ForeignTableColumn => "foreign table column",
    ForeignDataWrapper => "foreign-data wrapper",
    Function => "function",
    FunctionOfAccessMethod => "function of access method",
    Index => "index",
    IndexColumn => "index column",
    Inheritance => "inheritance",
    InternalTriggers => "internal triggers",
    Language => "language",
    MaterializedView => "materialized view",
    MaterializedViewColumn => "materialized view column",
    MemberOfExtension => "member of an extension",
    Operator => "operator",
    OperatorClass => "operator class",
    OperatorFamily => "operator family",
    OperatorOfAccessMethod => "operator of access method",
    Parameter => "parameter",
    Policy => "policy",
    Procedure => "procedure",
    Publication => "publication",
    PublicationNamespace => "publication namespace",
    PublicationRelation => "publication relation",
    Role => "role",
    RoleMembership => "role membership",
    Rule => "rule",
    Schema => "schema",
    SecurityLabel => "security label",
    Sequence => "sequence",
    SequenceColumn => "sequence column",
    Server => "server",
    StatisticsObject => "statistics object",
    Subscription => "subscription",
    Table => "table",
    TableColumn => "table column",
    TableConstraint => "table constraint",
    Tablespace => "tablespace",
    TextSearchConfiguration => "text search configuration",
    TextSearchDictionary => "text search dictionary",
    TextSearchMapping => "text search mapping",
    TextSearchParser => "text search parser",
    TextSearchTemplate => "text search template",
    ToastTable => "toast table",
    ToastTableColumn => "toast table column",
    Transform => "transform",
    Trigger => "trigger",
    Type => "type",
    UserMapping => "user mapping",
    View => "view",
    ViewColumn => "view column",
}

impl Kind {
    /// The kind of this word, if it is known.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let place = Self::ALL.binary_search_by_key(&word, |kind| kind.word()).ok()?;
        Self::ALL.get(place).copied()
    }

    /// Whether it is a column of something.
    pub(super) fn is_column(self) -> bool {
        self.word().ends_with(" column")
    }

    /// Whether two of these in one schema cannot have the same name.
    pub(super) const RELATIONS: &[Self] = &[
        Self::Table,
        Self::ForeignTable,
        Self::View,
        Self::MaterializedView,
        Self::Sequence,
        Self::Index,
        Self::CompositeType,
        Self::Type,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// As the query of a reader writes it.
impl<'a> FromSql<'a> for Kind {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let word = <&str>::from_sql(ty, raw)?;
        Self::parse(word).ok_or_else(|| format!("there is no kind `{word}`").into())
    }

    accepts!(TEXT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_that_of_its_kind_and_in_order() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.word()), Some(*kind));
        }
        assert!(Kind::ALL.is_sorted_by_key(|kind| kind.word()));
        assert_eq!(Kind::parse("property graph"), None);
    }
}
