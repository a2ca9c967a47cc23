//! Objects of the database, named.

use std::fmt;

use crate::operations::function::Signature;
use crate::{DataType, Identifier, Name, Role, Writer};

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
    /// `"in_range" ON DOMAIN "percent"`.
    OnDomain(Identifier, Name),
    /// `FOR "app" SERVER "files"`.
    UserMapping(Role, Name),
    /// For a role, the current one without it, and in a schema, all without it.
    DefaultPrivileges(Option<Role>, Option<Name>),
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
    /// A foreign table.
    foreign_table(Name) => "FOREIGN TABLE";
    /// A foreign data wrapper.
    foreign_data_wrapper(Identifier) => "FOREIGN DATA WRAPPER";
    /// A foreign server.
    server(Identifier) => "SERVER";
    /// A publication.
    publication(Identifier) => "PUBLICATION";
    /// A subscription.
    subscription(Identifier) => "SUBSCRIPTION";
    /// A procedural language.
    language(Identifier) => "LANGUAGE";
    /// An access method.
    access_method(Identifier) => "ACCESS METHOD";
    /// A tablespace; it belongs to all databases of the server.
    tablespace(Identifier) => "TABLESPACE";
    /// A setting of the server, as far as it can be granted.
    parameter(Identifier) => "PARAMETER";
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

    /// A function or a procedure; where several share the name, [`arguments`](Self::arguments)
    /// tells which.
    pub fn routine(name: impl Into<Name>) -> Self {
        Self { kind: "ROUTINE", ..Self::function(name) }
    }

    /// A constraint of a domain.
    pub fn domain_constraint(domain: impl Into<Name>, name: impl Into<Identifier>) -> Self {
        Self { kind: "CONSTRAINT", path: Path::OnDomain(name.into(), domain.into()) }
    }

    /// How a role is known to a foreign server.
    pub fn user_mapping(role: impl Into<Role>, server: impl Into<Identifier>) -> Self {
        let server: Identifier = server.into();
        Self { kind: "USER MAPPING", path: Path::UserMapping(role.into(), server.into()) }
    }

    /// A role that may be given by a keyword.
    pub(crate) fn role_of(role: &Role) -> Self {
        match role.told() {
            Ok(name) => Self::role(name),
            Err(_) => Self::role(role.to_string()),
        }
    }

    /// The privileges that objects get when a role makes them.
    pub(crate) fn default_privileges(role: Option<Role>, schema: Option<Identifier>) -> Self {
        let path = Path::DefaultPrivileges(role, schema.map(Name::from));
        Self { kind: "DEFAULT PRIVILEGES", path }
    }

    /// The types of the arguments of a function or a procedure.
    #[must_use]
    pub fn arguments<T: Into<DataType>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        if let Path::Routine(signature) = &mut self.path {
            signature.arguments = Some(types.into_iter().map(Into::into).collect());
        }
        self
    }

    /// PostgreSQL's word for the kind: `MATERIALIZED VIEW`.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The schema that it is said to be in, where it is one of those that are in a schema.
    pub(crate) fn in_schema(&self) -> Option<&Identifier> {
        match &self.path {
            Path::Name(name) => name.schema.as_ref(),
            Path::Routine(signature) => signature.name.schema.as_ref(),
            _ => None,
        }
    }

    /// The object after it was moved to another schema.
    pub(crate) fn moved(&self, schema: &Identifier) -> Self {
        let mut moved = self.clone();
        match &mut moved.path {
            Path::Name(name) => name.schema = Some(schema.clone()),
            Path::Routine(signature) => signature.name.schema = Some(schema.clone()),
            _ => {}
        }
        moved
    }

    /// The object whose state tells this one's: a constraint is read with its domain.
    fn whole(&self) -> Self {
        match &self.path {
            Path::OnDomain(_, domain) => Self::domain(domain),
            _ => self.clone(),
        }
    }

    pub(crate) fn parts(&self) -> ObjectParts {
        let Self { kind, path } = self.whole();
        let nameless = Name::from("");
        let told = |role: &Role| role.to_string();
        let (name, member, arguments) = match &path {
            Path::Name(name) => (name, None, None),
            Path::Column(table, member)
            | Path::On(member, table)
            | Path::OnDomain(member, table) => (table, Some(member.as_str().to_owned()), None),
            Path::Routine(signature) => (&signature.name, None, signature.arguments.as_ref()),
            Path::UserMapping(role, server) => (server, Some(told(role)), None),
            Path::DefaultPrivileges(role, schema) => {
                let role = role.as_ref().map_or(nameless, |role| Name::from(told(role)));
                let schema = schema.as_ref().map(|schema| schema.name.as_str().to_owned());
                return ObjectParts {
                    kind: kind.to_ascii_lowercase(),
                    schema: None,
                    name: role.name.as_str().to_owned(),
                    member: schema,
                    arguments: None,
                };
            }
        };
        ObjectParts {
            kind: kind.to_ascii_lowercase(),
            schema: name.schema.as_ref().map(|schema| schema.as_str().to_owned()),
            name: name.name.as_str().to_owned(),
            member,
            arguments: arguments.map(|types| types.iter().map(DataType::sql).collect()),
        }
    }

    /// `COLUMN "posts"."title"`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        sql.text(self.kind);
        self.write_name(sql);
    }

    /// What stands behind the kind: `"posts"."title"`.
    pub(crate) fn write_name(&self, sql: &mut Writer) {
        match &self.path {
            Path::Name(name) => _ = sql.name(name),
            Path::Column(table, column) => _ = sql.member(table, column),
            Path::On(name, table) => _ = sql.identifier(name).text("ON").name(table),
            Path::Routine(signature) => signature.write(sql),
            Path::OnDomain(name, domain) => {
                sql.identifier(name).text("ON DOMAIN").name(domain);
            }
            Path::UserMapping(role, server) => {
                sql.text("FOR").role(role).text("SERVER").name(server);
            }
            Path::DefaultPrivileges(..) => {}
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.to_ascii_lowercase())?;
        match &self.path {
            Path::Name(name) => write!(f, " `{name}`"),
            Path::Column(table, name) | Path::On(name, table) | Path::OnDomain(name, table) => {
                write!(f, " `{name}` of `{table}`")
            }
            Path::Routine(signature) => write!(f, " `{}`", signature.name),
            Path::UserMapping(role, server) => write!(f, " of `{role}` on `{server}`"),
            Path::DefaultPrivileges(role, schema) => {
                if let Some(role) = role {
                    write!(f, " of `{role}`")?;
                }
                match schema {
                    Some(schema) => write!(f, " in `{schema}`"),
                    None => Ok(()),
                }
            }
        }
    }
}
