//! Objects of the database, named.

use std::fmt;

use crate::operations::function::Signature;
use crate::{DataType, Identifier, Name, Writer};

/// An object of the database, with the word that PostgreSQL has for its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    kind: &'static str,
    path: Path,
}

/// An object taken apart, as the plan has it: the engine looks it up in the catalog.
pub(crate) struct ObjectParts {
    /// PostgreSQL's word, in lower case: `materialized view`.
    pub(crate) kind: String,
    pub(crate) schema: Option<String>,
    /// The object's name; of what belongs to a table, the table's.
    pub(crate) name: String,
    /// What belongs to the table, server or access method: a column, a trigger, a user.
    pub(crate) member: Option<String>,
    /// Types, where they tell one object from another of the same name.
    pub(crate) arguments: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Path {
    Name(Name),
    /// `"posts"."title"`.
    Column(Name, Identifier),
    /// `"touch" ON "posts"`.
    On(Identifier, Name),
    Routine(Signature),
}

macro_rules! named_objects {
    ($($(#[$doc:meta])* $constructor:ident($given:ty) => $kind:literal;)*) => {
        impl Object {
            $(
                $(#[$doc])*
                pub fn $constructor(name: impl Into<$given>) -> Self {
                    let name: $given = name.into();
                    Self { kind: $kind, path: Path::Name(name.into()) }
                }
            )*
        }
    };
}
named_objects! {
    /// A table.
    table(Name) => "TABLE";
    /// An index.
    index(Name) => "INDEX";
    /// A sequence.
    sequence(Name) => "SEQUENCE";
    /// A view.
    view(Name) => "VIEW";
    /// A materialized view.
    materialized_view(Name) => "MATERIALIZED VIEW";
    /// An enum, a composite type or a range.
    user_type(Name) => "TYPE";
    /// A domain.
    domain(Name) => "DOMAIN";
    /// A schema.
    schema(Identifier) => "SCHEMA";
    /// An extension.
    extension(Identifier) => "EXTENSION";
    /// A role; it belongs to all databases of the server.
    role(Identifier) => "ROLE";
    /// A database.
    database(Identifier) => "DATABASE";
}

macro_rules! objects_on_a_table {
    ($($(#[$doc:meta])* $constructor:ident => $kind:literal;)*) => {
        impl Object {
            $(
                $(#[$doc])*
                pub fn $constructor(table: impl Into<Name>, name: impl Into<Identifier>) -> Self {
                    Self { kind: $kind, path: Path::On(name.into(), table.into()) }
                }
            )*
        }
    };
}
objects_on_a_table! {
    /// A constraint of a table.
    constraint => "CONSTRAINT";
    /// A trigger of a table.
    trigger => "TRIGGER";
    /// A policy of a table.
    policy => "POLICY";
    /// A rule of a table.
    rule => "RULE";
}

impl Object {
    /// A column of a table or a view, or an attribute of a composite type.
    pub fn column(table: impl Into<Name>, name: impl Into<Identifier>) -> Self {
        Self { kind: "COLUMN", path: Path::Column(table.into(), name.into()) }
    }

    /// A function; where several share the name, [`arguments`](Self::arguments) tells which.
    pub fn function(name: impl Into<Name>) -> Self {
        Self { kind: "FUNCTION", path: Path::Routine(Signature::new(name.into())) }
    }

    /// A procedure; where several share the name, [`arguments`](Self::arguments) tells which.
    pub fn procedure(name: impl Into<Name>) -> Self {
        Self { kind: "PROCEDURE", ..Self::function(name) }
    }

    /// The types of the arguments of a function or a procedure.
    #[must_use]
    pub fn arguments<T: Into<DataType>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        if let Path::Routine(signature) = &mut self.path {
            signature.arguments = Some(types.into_iter().map(Into::into).collect());
        }
        self
    }

    pub(crate) fn parts(&self) -> ObjectParts {
        let (name, member, arguments) = match &self.path {
            Path::Name(name) => (name, None, None),
            Path::Column(table, member) | Path::On(member, table) => (table, Some(member), None),
            Path::Routine(signature) => (&signature.name, None, signature.arguments.as_ref()),
        };
        ObjectParts {
            kind: self.kind.to_ascii_lowercase(),
            schema: name.schema.as_ref().map(|schema| schema.as_str().to_owned()),
            name: name.name.as_str().to_owned(),
            member: member.map(|member| member.as_str().to_owned()),
            arguments: arguments.map(|types| types.iter().map(DataType::sql).collect()),
        }
    }

    /// `COLUMN "posts"."title"`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.text(self.kind);
        self.write_name(sql);
    }

    /// PostgreSQL's word for the kind: `MATERIALIZED VIEW`.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// What stands behind the kind: `"posts"."title"`.
    pub(crate) fn write_name(&self, sql: &mut Writer) {
        match &self.path {
            Path::Name(name) => _ = sql.name(name),
            Path::Column(table, column) => _ = sql.member(table, column),
            Path::On(name, table) => _ = sql.identifier(name).text("ON").name(table),
            Path::Routine(signature) => signature.write(sql),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.to_ascii_lowercase())?;
        match &self.path {
            Path::Name(name) => write!(f, "`{name}`"),
            Path::Column(table, name) | Path::On(name, table) => write!(f, "`{name}` of `{table}`"),
            Path::Routine(signature) => write!(f, "`{}`", signature.name),
        }
    }
}
