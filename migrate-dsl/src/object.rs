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
    /// `"int_ops" USING "btree"`.
    Using(Name, Identifier),
    Routine(Signature),
    /// `"in_range" ON DOMAIN "percent"`.
    OnDomain(Identifier, Name),
    /// `FOR "app" SERVER "files"`.
    UserMapping(Role, Name),
    /// For a role, the current one without it, and in a schema, all without it.
    DefaultPrivileges(Option<Role>, Option<Name>),
    /// Its name, and the types on its left and on its right.
    Operator(Name, [Option<DataType>; 2]),
    /// From the one type to the other.
    Cast(DataType, DataType),
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
    /// A collation.
    collation(Name) => "COLLATION";
    /// An event trigger.
    event_trigger(Identifier) => "EVENT TRIGGER";
    /// Extended statistics.
    statistics(Name) => "STATISTICS";
    /// A text search configuration.
    text_search_configuration(Name) => "TEXT SEARCH CONFIGURATION";
    /// A text search dictionary.
    text_search_dictionary(Name) => "TEXT SEARCH DICTIONARY";
    /// A text search parser.
    text_search_parser(Name) => "TEXT SEARCH PARSER";
    /// A text search template.
    text_search_template(Name) => "TEXT SEARCH TEMPLATE";
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

    /// All of a kind that are in a schema: `ALL TABLES IN SCHEMA`.
    pub(crate) fn all(kind: &'static str, schema: Name) -> Self {
        Self { kind, path: Path::Name(schema) }
    }

    /// An aggregate; the types of its [`arguments`](Self::arguments) are needed, none for `(*)`.
    pub fn aggregate(name: impl Into<Name>) -> Self {
        Self { kind: "AGGREGATE", ..Self::function(name) }
    }

    /// An operator between values of these types; `None` where it has nothing on that side.
    ///
    /// ```
    /// use migrate_dsl::{DataType, Object};
    /// let minus = Object::operator("-", None, Some(DataType::from("integer")));
    /// assert_eq!(minus.to_string(), "operator `- (none, integer)`");
    /// ```
    pub fn operator(
        name: impl Into<Name>,
        left: Option<DataType>,
        right: Option<DataType>,
    ) -> Self {
        Self { kind: "OPERATOR", path: Path::Operator(name.into(), [left, right]) }
    }

    /// An operator class for an index method, such as `btree`.
    pub fn operator_class(name: impl Into<Name>, method: impl Into<Identifier>) -> Self {
        Self { kind: "OPERATOR CLASS", path: Path::Using(name.into(), method.into()) }
    }

    /// An operator family for an index method, such as `btree`.
    pub fn operator_family(name: impl Into<Name>, method: impl Into<Identifier>) -> Self {
        Self { kind: "OPERATOR FAMILY", path: Path::Using(name.into(), method.into()) }
    }

    /// The cast from one type to another.
    pub fn cast(source: impl Into<DataType>, target: impl Into<DataType>) -> Self {
        Self { kind: "CAST", path: Path::Cast(source.into(), target.into()) }
    }

    /// The types of the arguments that a function, a procedure or an aggregate is called with.
    #[must_use]
    pub fn arguments<T: Into<DataType>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.set_arguments(types.into_iter().map(Into::into).collect());
        self
    }

    /// PostgreSQL's word for the kind: `MATERIALIZED VIEW`.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The schema that it is said to be in, where it is one of those that are in a schema.
    pub(crate) fn in_schema(&self) -> Option<&Identifier> {
        match &self.path {
            Path::Name(name) | Path::Using(name, _) | Path::Operator(name, _) => {
                name.schema.as_ref()
            }
            Path::Routine(signature) => signature.name.schema.as_ref(),
            _ => None,
        }
    }

    /// The object after it was moved to another schema.
    pub(crate) fn moved(&self, schema: &Identifier) -> Self {
        let mut moved = self.clone();
        match &mut moved.path {
            Path::Name(name) | Path::Using(name, _) | Path::Operator(name, _) => {
                name.schema = Some(schema.clone());
            }
            Path::Routine(signature) => signature.name.schema = Some(schema.clone()),
            _ => {}
        }
        moved
    }

    /// Whether it is a constraint of a domain.
    pub(crate) fn is_of_domain(&self) -> bool {
        matches!(self.path, Path::OnDomain(..))
    }

    /// The object whose state tells this one's: a constraint is read with its domain.
    fn whole(&self) -> Self {
        match &self.path {
            Path::OnDomain(_, domain) => Self::domain(domain),
            _ => self.clone(),
        }
    }

    pub(crate) fn set_arguments(&mut self, types: Vec<DataType>) {
        if let Path::Routine(signature) = &mut self.path {
            signature.arguments = Some(types);
        }
    }

    /// The object after it was renamed.
    pub(crate) fn renamed(&self, to: &Identifier) -> Self {
        let mut renamed = self.clone();
        match &mut renamed.path {
            Path::Name(name) | Path::Using(name, _) | Path::Operator(name, _) => {
                name.name = to.clone();
            }
            Path::Routine(signature) => signature.name.name = to.clone(),
            Path::Column(_, name) | Path::On(name, _) | Path::OnDomain(name, _) => {
                *name = to.clone();
            }
            Path::Cast(..) | Path::UserMapping(..) | Path::DefaultPrivileges(..) => {}
        }
        renamed
    }

    /// The name that a rename changes.
    pub(crate) fn own_name(&self) -> Option<&Identifier> {
        match &self.path {
            Path::Name(name) | Path::Using(name, _) | Path::Operator(name, _) => Some(&name.name),
            Path::Routine(signature) => Some(&signature.name.name),
            Path::Column(_, name) | Path::On(name, _) | Path::OnDomain(name, _) => Some(name),
            Path::Cast(..) | Path::UserMapping(..) | Path::DefaultPrivileges(..) => None,
        }
    }

    pub(crate) fn parts(&self) -> ObjectParts {
        let Self { kind, path } = self.whole();
        let types = |types: &[DataType]| types.iter().map(DataType::sql).collect();
        let nameless = Name::from("");
        let told = |role: &Role| role.to_string();
        let own = |name: &Identifier| Some(name.as_str().to_owned());
        let (name, member, arguments) = match &path {
            Path::Name(name) => (name, None, None),
            Path::Column(table, member)
            | Path::On(member, table)
            | Path::OnDomain(member, table) => (table, own(member), None),
            Path::Using(name, method) => (name, own(method), None),
            Path::Routine(signature) => {
                (&signature.name, None, signature.arguments.as_deref().map(types))
            }
            Path::Operator(name, sides) => (name, None, Some(sides.iter().map(side).collect())),
            Path::Cast(source, target) => (&nameless, None, Some(vec![source.sql(), target.sql()])),
            Path::UserMapping(role, server) => (server, Some(told(role)), None),
            Path::DefaultPrivileges(role, schema) => {
                let role = role.as_ref().map_or(nameless, |role| Name::from(told(role)));
                return ObjectParts {
                    kind: kind.to_ascii_lowercase(),
                    schema: None,
                    name: role.name.as_str().to_owned(),
                    member: schema.as_ref().and_then(|schema| own(&schema.name)),
                    arguments: None,
                };
            }
        };
        ObjectParts {
            kind: kind.to_ascii_lowercase(),
            schema: name.schema.as_ref().map(|schema| schema.as_str().to_owned()),
            name: name.name.as_str().to_owned(),
            member,
            arguments,
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
            Path::Using(name, method) => _ = sql.name(name).text("USING").identifier(method),
            Path::Routine(signature) if self.kind == "AGGREGATE" => signature.write_aggregate(sql),
            Path::Routine(signature) => signature.write(sql),
            Path::OnDomain(name, domain) => {
                sql.identifier(name).text("ON DOMAIN").name(domain);
            }
            Path::UserMapping(role, server) => {
                sql.text("FOR").role(role).text("SERVER").name(server);
            }
            Path::DefaultPrivileges(..) => {}
            Path::Operator(name, sides) => {
                sql.operator(name).parenthesized(|sql| {
                    sql.list(sides, |sql, data_type| {
                        match data_type {
                            Some(data_type) => sql.data_type(data_type),
                            None => sql.text("NONE"),
                        };
                    });
                });
            }
            Path::Cast(source, target) => {
                sql.parenthesized(|sql| {
                    sql.data_type(source).text("AS").data_type(target);
                });
            }
        }
    }
}

/// A side of an operator, as the plan has it.
fn side(data_type: &Option<DataType>) -> String {
    data_type.as_ref().map_or_else(|| "none".to_owned(), DataType::sql)
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
                match role {
                    Some(role) => write!(f, " of `{role}`")?,
                    None => f.write_str(" of the current role")?,
                }
                match schema {
                    Some(schema) => write!(f, " in `{schema}`"),
                    None => Ok(()),
                }
            }
            Path::Using(name, method) => write!(f, " `{name}` of `{method}`"),
            Path::Operator(name, [left, right]) => {
                write!(f, " `{name} ({}, {})`", side(left), side(right))
            }
            Path::Cast(source, target) => {
                write!(f, " from `{}` to `{}`", source.sql(), target.sql())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{DataType, Object, Pgm, plan_problems, plan_text};

    #[test]
    fn every_kind_can_be_named() {
        let plan = plan_text(|pgm: &mut Pgm| {
            let int = || Some(DataType::integer());
            for object in [
                Object::aggregate(("app", "total")).arguments(["integer"]),
                Object::aggregate("seen").arguments::<DataType>([]),
                Object::cast("integer", ("app", "Mood")),
                Object::collation(("app", "german")),
                Object::event_trigger("watch"),
                Object::operator(("app", "<->"), int(), int()),
                Object::operator("-", None, int()),
                Object::operator_class(("app", "abs_ops"), "btree"),
                Object::operator_family("abs_ops", "hash"),
                Object::statistics(("app", "s")),
                Object::text_search_configuration("polish"),
                Object::text_search_dictionary(("app", "stop")),
                Object::text_search_parser("default"),
                Object::text_search_template("simple"),
            ] {
                pgm.comment_on(object, None);
            }
        });
        insta::assert_snapshot!(plan, @r#"
        COMMENT ON AGGREGATE "app"."total" (integer) IS NULL;
        COMMENT ON AGGREGATE "seen" (*) IS NULL;
        COMMENT ON CAST (integer AS "app"."Mood") IS NULL;
        COMMENT ON COLLATION "app"."german" IS NULL;
        COMMENT ON EVENT TRIGGER "watch" IS NULL;
        COMMENT ON OPERATOR "app".<-> (integer, integer) IS NULL;
        COMMENT ON OPERATOR - (NONE, integer) IS NULL;
        COMMENT ON OPERATOR CLASS "app"."abs_ops" USING "btree" IS NULL;
        COMMENT ON OPERATOR FAMILY "abs_ops" USING "hash" IS NULL;
        COMMENT ON STATISTICS "app"."s" IS NULL;
        COMMENT ON TEXT SEARCH CONFIGURATION "polish" IS NULL;
        COMMENT ON TEXT SEARCH DICTIONARY "app"."stop" IS NULL;
        COMMENT ON TEXT SEARCH PARSER "default" IS NULL;
        COMMENT ON TEXT SEARCH TEMPLATE "simple" IS NULL;
        "#);
    }

    #[test]
    fn a_hostile_operator_is_a_problem() {
        let problems = plan_problems(|pgm| {
            pgm.comment_on(Object::operator("= (int, int) --", None, None), None);
        });
        insta::assert_snapshot!(problems, @"`= (int, int) --` is no operator: one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?");
    }

    #[test]
    fn what_the_plan_has() {
        let parts = |object: Object| {
            let parts = object.parts();
            (parts.kind, parts.schema, parts.name, parts.member, parts.arguments)
        };
        let text = |text: &str| Some(text.to_owned());
        let types = |types: &[&str]| Some(types.iter().map(|&t| t.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            parts(Object::operator(("app", "-"), None, Some(DataType::integer()))),
            ("operator".to_owned(), text("app"), "-".to_owned(), None, types(&["none", "integer"]))
        );
        assert_eq!(
            parts(Object::operator_class("abs_ops", "btree")),
            ("operator class".to_owned(), None, "abs_ops".to_owned(), text("btree"), None)
        );
        assert_eq!(
            parts(Object::cast("integer", ("app", "Mood"))),
            ("cast".to_owned(), None, String::new(), None, types(&["integer", r#""app"."Mood""#]))
        );
        assert_eq!(
            parts(Object::aggregate("seen").arguments::<DataType>([])),
            ("aggregate".to_owned(), None, "seen".to_owned(), None, types(&[]))
        );
    }
}
