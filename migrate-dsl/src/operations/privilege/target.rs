//! What privileges are on.

use super::privileges::Privileges;
use crate::operations::function::Signature;
use crate::{DataType, Identifier, Inverse, Name, Object, Only, Writer};

const TABLE: &[&str] =
    &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
const COLUMN: &[&str] = &["SELECT", "INSERT", "UPDATE", "REFERENCES"];
const SEQUENCE: &[&str] = &["USAGE", "SELECT", "UPDATE"];
const ROUTINE: &[&str] = &["EXECUTE"];
const SCHEMA: &[&str] = &["CREATE", "USAGE"];
const USAGE: &[&str] = &["USAGE"];
const DATABASE: &[&str] = &["CREATE", "CONNECT", "TEMPORARY", "TEMP"];
const TABLESPACE: &[&str] = &["CREATE"];
const LARGE_OBJECT: &[&str] = &["SELECT", "UPDATE"];
const PARAMETER: &[&str] = &["SET", "ALTER SYSTEM"];

/// The objects that privileges are granted on or revoked from, all of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Target {
    kind: Option<Kind>,
    objects: Vec<Named>,
    /// Of a table.
    columns: Vec<Identifier>,
    /// The kinds that were said besides.
    others: Vec<Kind>,
}

#[derive(Debug, Clone)]
enum Named {
    Name(Name),
    Routine(Signature),
}

/// What stands behind `ON`, and which privileges there are on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) on: &'static str,
    pub(super) told: &'static str,
    pub(super) privileges: &'static [&'static str],
    object: fn(Name) -> Object,
}

macro_rules! kinds {
    ($($kind:ident: $on:literal, $told:literal, $privileges:ident, $object:expr;)*) => {
        impl Kind {
            $(pub(super) const $kind: Self = Self {
                on: $on,
                told: $told,
                privileges: $privileges,
                object: $object,
            };)*
        }
    };
}
kinds! {
    TABLE: "TABLE", "a table", TABLE, |name| Object::table(name);
    COLUMNS: "TABLE", "a column", COLUMN, |name| Object::table(name);
    ALL_TABLES: "ALL TABLES IN SCHEMA", "a table", TABLE, |name| Object::all("ALL TABLES IN SCHEMA", name);
    SEQUENCE: "SEQUENCE", "a sequence", SEQUENCE, |name| Object::sequence(name);
    ALL_SEQUENCES: "ALL SEQUENCES IN SCHEMA", "a sequence", SEQUENCE, |name| Object::all("ALL SEQUENCES IN SCHEMA", name);
    FUNCTION: "FUNCTION", "a function", ROUTINE, |name| Object::function(name);
    PROCEDURE: "PROCEDURE", "a procedure", ROUTINE, |name| Object::procedure(name);
    ROUTINE: "ROUTINE", "a routine", ROUTINE, |name| Object::routine(name);
    ALL_FUNCTIONS: "ALL FUNCTIONS IN SCHEMA", "a function", ROUTINE, |name| Object::all("ALL FUNCTIONS IN SCHEMA", name);
    ALL_PROCEDURES: "ALL PROCEDURES IN SCHEMA", "a procedure", ROUTINE, |name| Object::all("ALL PROCEDURES IN SCHEMA", name);
    ALL_ROUTINES: "ALL ROUTINES IN SCHEMA", "a routine", ROUTINE, |name| Object::all("ALL ROUTINES IN SCHEMA", name);
    SCHEMA: "SCHEMA", "a schema", SCHEMA, |name| Object::schema(name.name);
    TYPE: "TYPE", "a type", USAGE, |name| Object::user_type(name);
    DOMAIN: "DOMAIN", "a domain", USAGE, |name| Object::domain(name);
    DATABASE: "DATABASE", "a database", DATABASE, |name| Object::database(name.name);
    LANGUAGE: "LANGUAGE", "a language", USAGE, |name| Object::language(name.name);
    FOREIGN_DATA_WRAPPER: "FOREIGN DATA WRAPPER", "a foreign data wrapper", USAGE,
        |name| Object::foreign_data_wrapper(name.name);
    FOREIGN_SERVER: "FOREIGN SERVER", "a foreign server", USAGE, |name| Object::server(name.name);
    LARGE_OBJECT: "LARGE OBJECT", "a large object", LARGE_OBJECT, |name| Object::all("LARGE OBJECT", name);
    TABLESPACE: "TABLESPACE", "a tablespace", TABLESPACE, |name| Object::tablespace(name.name);
    PARAMETER: "PARAMETER", "a parameter", PARAMETER, |name| Object::parameter(name.name);
}

impl Kind {
    pub(super) fn is(self, other: Self) -> bool {
        self.on == other.on && self.told == other.told
    }
}

impl Target {
    pub(super) fn add(&mut self, kind: Kind, name: Name) {
        self.push(kind, Named::Name(name));
    }

    pub(super) fn add_columns(&mut self, table: Name, columns: Vec<Identifier>) {
        // Columns are said of one table: `GRANT SELECT ("a") ON "t"`.
        if !self.objects.is_empty() {
            self.others.push(Kind::COLUMNS);
        }
        self.columns = columns;
        self.push(Kind::COLUMNS, Named::Name(table));
    }

    pub(super) fn add_routine(&mut self, kind: Kind, name: Name) {
        self.push(kind, Named::Routine(Signature::new(name)));
    }

    /// The types of the arguments of the function that was named last.
    pub(super) fn set_arguments(&mut self, types: Vec<DataType>) {
        match self.objects.last_mut() {
            Some(Named::Routine(signature)) => signature.arguments = Some(types),
            _ => self.others.push(Kind::FUNCTION),
        }
    }

    fn push(&mut self, kind: Kind, named: Named) {
        match self.kind {
            Some(first) if !first.is(kind) => self.others.push(kind),
            _ => {
                self.kind = Some(kind);
                self.objects.push(named);
            }
        }
    }

    /// `SELECT ("a") ON TABLE "t"`.
    pub(super) fn write(&self, sql: &mut Writer, privileges: &Privileges, verb: &str) {
        let Some(kind) = self.kind else {
            sql.problem(format!(
                "`{verb}` does not say on what: add `on_table`, `on_all_tables`, `on_schema`, …"
            ));
            return;
        };
        privileges.write(sql, kind.told, kind.privileges, |sql| {
            if kind.is(Kind::COLUMNS) {
                sql.columns(&self.columns);
            }
        });
        if kind.is(Kind::COLUMNS) && self.columns.is_empty() {
            sql.problem("`on_columns` names no column: that would be the whole table");
        }
        if kind.is(Kind::PARAMETER) {
            sql.requires(15, "on_parameter");
        }
        if kind.privileges.contains(&"MAINTAIN") && privileges.has("MAINTAIN") {
            sql.requires(17, "MAINTAIN");
        }
        sql.text("ON").text(kind.on);
        sql.list(&self.objects, |sql, named| match named {
            Named::Name(name) => _ = sql.name(name),
            Named::Routine(signature) => signature.write(sql),
        });
        for other in &self.others {
            sql.problem(format!(
                "a `{verb}` is on objects of one kind: write another for {}",
                other.told
            ));
        }
    }

    /// The objects whose privileges change: what was granted before is to stay.
    pub(super) fn inverse(&self) -> Inverse {
        let Some(kind) = self.kind else {
            return Inverse::capture([]);
        };
        Inverse::capture_only(
            Only::Privileges,
            self.objects.iter().map(|named| match named {
                Named::Name(name) => (kind.object)(name.clone()),
                Named::Routine(signature) => {
                    let object = (kind.object)(signature.name.clone());
                    match &signature.arguments {
                        Some(types) => object.arguments(types.iter().cloned()),
                        None => object,
                    }
                }
            }),
        )
    }

    /// `table \`posts\``, for a person.
    pub(super) fn told(&self) -> String {
        let Some(kind) = self.kind else {
            return String::new();
        };
        let names = self.objects.iter().map(|named| match named {
            Named::Name(name) => format!("`{name}`"),
            Named::Routine(signature) => format!("`{}`", signature.name),
        });
        format!("{} {}", kind.on.to_ascii_lowercase(), names.collect::<Vec<_>>().join(", "))
    }
}

/// The options that say what privileges are on.
macro_rules! targets {
    ($operation:ty) => {
        impl $operation {
            /// On a table or a view, and on this one alone. More of the same kind may follow.
            pub fn on_table(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add(Kind::TABLE, name.into());
                self
            }

            /// On these columns of a table, not on the others.
            pub fn on_columns(
                &mut self,
                table: impl Into<Name>,
                columns: impl IntoIdentifiers,
            ) -> &mut Self {
                self.target.add_columns(table.into(), columns.into_identifiers());
                self
            }

            /// On all tables and views that are in the schema now.
            pub fn on_all_tables(&mut self, schema: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::ALL_TABLES, schema.into().into());
                self
            }

            /// On a sequence.
            pub fn on_sequence(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add(Kind::SEQUENCE, name.into());
                self
            }

            /// On all sequences that are in the schema now.
            pub fn on_all_sequences(&mut self, schema: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::ALL_SEQUENCES, schema.into().into());
                self
            }

            /// On a function; where several share the name, [`arguments`](Self::arguments) tells
            /// which.
            pub fn on_function(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add_routine(Kind::FUNCTION, name.into());
                self
            }

            /// On a procedure; where several share the name, [`arguments`](Self::arguments) tells
            /// which.
            pub fn on_procedure(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add_routine(Kind::PROCEDURE, name.into());
                self
            }

            /// On a function or a procedure; where several share the name,
            /// [`arguments`](Self::arguments) tells which.
            pub fn on_routine(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add_routine(Kind::ROUTINE, name.into());
                self
            }

            /// The types of the arguments of the function that was named last.
            pub fn arguments<T: Into<DataType>>(
                &mut self,
                types: impl IntoIterator<Item = T>,
            ) -> &mut Self {
                self.target.set_arguments(types.into_iter().map(Into::into).collect());
                self
            }

            /// On all functions that are in the schema now.
            pub fn on_all_functions(&mut self, schema: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::ALL_FUNCTIONS, schema.into().into());
                self
            }

            /// On all procedures that are in the schema now.
            pub fn on_all_procedures(&mut self, schema: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::ALL_PROCEDURES, schema.into().into());
                self
            }

            /// On all functions and procedures that are in the schema now.
            pub fn on_all_routines(&mut self, schema: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::ALL_ROUTINES, schema.into().into());
                self
            }

            /// On a schema, which is not on what is in it.
            pub fn on_schema(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::SCHEMA, name.into().into());
                self
            }

            /// On a type.
            pub fn on_type(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add(Kind::TYPE, name.into());
                self
            }

            /// On a domain.
            pub fn on_domain(&mut self, name: impl Into<Name>) -> &mut Self {
                self.target.add(Kind::DOMAIN, name.into());
                self
            }

            /// On a database.
            pub fn on_database(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::DATABASE, name.into().into());
                self
            }

            /// On a procedural language.
            pub fn on_language(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::LANGUAGE, name.into().into());
                self
            }

            /// On a foreign data wrapper.
            pub fn on_foreign_data_wrapper(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::FOREIGN_DATA_WRAPPER, name.into().into());
                self
            }

            /// On a foreign server.
            pub fn on_foreign_server(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::FOREIGN_SERVER, name.into().into());
                self
            }

            /// On a tablespace.
            pub fn on_tablespace(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::TABLESPACE, name.into().into());
                self
            }

            /// On a setting of the server, such as `log_min_messages`; from PostgreSQL 15.
            pub fn on_parameter(&mut self, name: impl Into<Identifier>) -> &mut Self {
                self.target.add(Kind::PARAMETER, name.into().into());
                self
            }
        }
    };
}
pub(super) use targets;
