//! Finding the objects that a step names.

use std::collections::{HashMap, HashSet};

use migrate_dsl::quote_literal;
use postgres::Client;
use postgres::types::Oid;

use super::fact::Address;
use crate::plan;

/// The class of an address that stands for the default privileges of a role, in a schema if its
/// part is one.
pub(super) const DEFAULT_PRIVILEGES: &str = "default privileges";

/// How the class of an address begins that stands for a setting of the server.
pub(super) const PARAMETER: &str = "parameter ";

/// Where the author's names are looked for. Only this query uses the author's `search_path`.
pub(super) struct Names {
    /// The schemas of the path, in their order.
    schemas: Vec<String>,
    /// The types that distinguish the objects; none where there is no such type.
    types: HashMap<String, Option<Oid>>,
}

impl Names {
    /// Reads what the names of these objects mean, with the `search_path` of the transaction.
    pub(super) fn read(
        client: &mut Client,
        objects: &[plan::Object],
    ) -> Result<Self, postgres::Error> {
        let types = objects.iter().flat_map(|object| object.arguments.iter().flatten());
        let types: HashSet<_> = types.filter(|name| *name != "none").cloned().collect();
        let types: Vec<_> = types.into_iter().collect();
        let ids = types.iter().map(|name| {
            format!(", pg_catalog.to_regtype({})::pg_catalog.oid", quote_literal(name))
        });
        let ids: String = ids.collect();
        let row = client
            .query_typed_one(&format!("SELECT pg_catalog.current_schemas(true){ids}"), &[])?;
        let types = types.into_iter().enumerate();
        let types = types.map(|(number, name)| Ok((name, row.try_get(number + 1)?)));
        Ok(Self { schemas: row.try_get(0)?, types: types.collect::<Result<_, postgres::Error>>()? })
    }

    /// The catalog's addresses of the named objects; those that are not there have none.
    pub(super) fn resolve(
        &self,
        client: &mut Client,
        objects: &[plan::Object],
    ) -> Result<Vec<Address>, postgres::Error> {
        let queries: HashSet<String> =
            objects.iter().filter_map(|object| self.query(object)).collect();
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let queries: Vec<_> = queries.into_iter().collect();
        let rows = client.query_typed(&queries.join("\nUNION\n"), &[])?;
        Ok(rows.iter().map(Address::of_row).collect())
    }

    /// Which of the named objects are there.
    pub(super) fn are_there(
        &self,
        client: &mut Client,
        objects: &[plan::Object],
    ) -> Result<Vec<bool>, postgres::Error> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let is_there = |object| match self.query(object) {
            Some(sql) => format!("EXISTS ({sql})"),
            None => "false".to_owned(),
        };
        let queries: Vec<_> = objects.iter().map(is_there).collect();
        let row = client.query_typed_one(&format!("SELECT {}", queries.join(", ")), &[])?;
        Ok((0..objects.len()).map(|column| row.get(column)).collect())
    }

    /// The query that looks an object up.
    fn query(&self, object: &plan::Object) -> Option<String> {
        let name = quote_literal(&object.name);
        let member = quote_literal(object.member.as_deref().unwrap_or_default());
        let relation =
            self.in_schema(object, "pg_class", "relnamespace", &format!("relname = {name}"));
        let named = |class: &str, column: &str| {
            format!(
                "SELECT '{class}'::text, oid, 0::int8 FROM pg_catalog.{class} WHERE {column} = {name}"
            )
        };
        let of_schema = |class: &str, namespace: &str, column: &str| {
            let ids = self.in_schema(object, class, namespace, &format!("{column} = {name}"));
            format!("SELECT '{class}'::text, oid, 0::int8 FROM ({ids}) AS object(oid)")
        };
        let of_table = |class: &str, table: &str, column: &str| {
            format!(
                "SELECT '{class}'::text, oid, 0::int8 FROM pg_catalog.{class} \
                 WHERE {table} = ({relation}) AND {column} = {member}"
            )
        };
        let all_of_schema = |class: &str, namespace: &str, which: &str| {
            format!(
                "SELECT '{class}'::text, oid, 0::int8 FROM pg_catalog.{class} \
                 WHERE {which} AND {namespace} = \
                 (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {name})"
            )
        };
        Some(match object.kind.as_str() {
            "table" | "foreign table" | "index" | "sequence" | "view" | "materialized view" => {
                of_schema("pg_class", "relnamespace", "relname")
            }
            "column" => format!(
                "SELECT 'pg_class'::text, attrelid, attnum::int8 FROM pg_catalog.pg_attribute \
                 WHERE attrelid = ({relation}) AND attname = {member} AND NOT attisdropped"
            ),
            // `NOT NULL`, from 18 on a constraint, is read with its column.
            "constraint" => format!(
                "SELECT CASE contype WHEN 'n' THEN 'pg_class' ELSE 'pg_constraint' END, \
                 CASE contype WHEN 'n' THEN conrelid ELSE oid END, \
                 CASE contype WHEN 'n' THEN conkey[1]::int8 ELSE 0 END \
                 FROM pg_catalog.pg_constraint WHERE conrelid = ({relation}) AND conname = {member}"
            ),
            "trigger" => of_table("pg_trigger", "tgrelid", "tgname"),
            "policy" => of_table("pg_policy", "polrelid", "polname"),
            "rule" => of_table("pg_rewrite", "ev_class", "rulename"),
            "type" | "domain" => of_schema("pg_type", "typnamespace", "typname"),
            "function" | "procedure" | "aggregate" | "routine" => {
                let mut which = format!("proname = {name}");
                if let Some(arguments) = &object.arguments {
                    let types = arguments
                        .iter()
                        .map(|argument| self.type_id(argument))
                        .collect::<Vec<_>>()
                        .join(", ");
                    // In a signature a procedure's `OUT` arguments may stand or not.
                    which.push_str(&format!(
                        " AND pg_catalog.array_to_string(ARRAY[{types}]::pg_catalog.oid[], ' ') IN \
                         (proargtypes::text, pg_catalog.array_to_string(proallargtypes, ' '))"
                    ));
                }
                self.all_in_schema(object, &which)
            }
            "all tables in schema" => {
                all_of_schema("pg_class", "relnamespace", "relkind IN ('r', 'p', 'f', 'v', 'm')")
            }
            "all foreign tables in schema" => {
                all_of_schema("pg_class", "relnamespace", "relkind = 'f'")
            }
            "all sequences in schema" => all_of_schema("pg_class", "relnamespace", "relkind = 'S'"),
            "all functions in schema" => all_of_schema("pg_proc", "pronamespace", "prokind <> 'p'"),
            "all procedures in schema" => all_of_schema("pg_proc", "pronamespace", "prokind = 'p'"),
            "all routines in schema" => all_of_schema("pg_proc", "pronamespace", "true"),
            // Its default privileges are captured with it.
            "schema" => format!(
                "{} UNION SELECT '{DEFAULT_PRIVILEGES}'::text, defaclrole, defaclnamespace::int8 \
                 FROM pg_catalog.pg_default_acl \
                 JOIN pg_catalog.pg_namespace n ON n.oid = defaclnamespace WHERE nspname = {name}",
                named("pg_namespace", "nspname")
            ),
            "extension" => named("pg_extension", "extname"),
            "role" => {
                let role = role(&object.name);
                format!(
                    "SELECT 'pg_authid'::text, oid, 0::int8 FROM pg_catalog.pg_roles WHERE rolname = {role}"
                )
            }
            "database" => named("pg_database", "datname"),
            "tablespace" => named("pg_tablespace", "spcname"),
            "language" => named("pg_language", "lanname"),
            "access method" => named("pg_am", "amname"),
            "event trigger" => named("pg_event_trigger", "evtname"),
            "publication" => named("pg_publication", "pubname"),
            // Those of the server's other databases are in the same catalog.
            "subscription" => format!(
                "{} AND subdbid = (SELECT oid FROM pg_catalog.pg_database \
                 WHERE datname = pg_catalog.current_database())",
                named("pg_subscription", "subname")
            ),
            "foreign data wrapper" => named("pg_foreign_data_wrapper", "fdwname"),
            "server" => named("pg_foreign_server", "srvname"),
            "statistics" => of_schema("pg_statistic_ext", "stxnamespace", "stxname"),
            "collation" => of_schema("pg_collation", "collnamespace", "collname"),
            "text search configuration" => of_schema("pg_ts_config", "cfgnamespace", "cfgname"),
            "text search dictionary" => of_schema("pg_ts_dict", "dictnamespace", "dictname"),
            "text search parser" => of_schema("pg_ts_parser", "prsnamespace", "prsname"),
            "text search template" => of_schema("pg_ts_template", "tmplnamespace", "tmplname"),
            "operator class" | "operator family" => {
                let (class, namespace, column, of) = match object.kind.as_str() {
                    "operator class" => ("pg_opclass", "opcnamespace", "opcname", "opcmethod"),
                    _ => ("pg_opfamily", "opfnamespace", "opfname", "opfmethod"),
                };
                let which = format!(
                    "{column} = {name} \
                     AND {of} = (SELECT oid FROM pg_catalog.pg_am WHERE amname = {member})"
                );
                let ids = self.in_schema(object, class, namespace, &which);
                format!("SELECT '{class}'::text, oid, 0::int8 FROM ({ids}) AS object(oid)")
            }
            "operator" => {
                let [left, right] = object.arguments.as_deref()? else { return None };
                let side = |side: &str| match side {
                    "none" => "0".to_owned(),
                    side => self.type_id(side),
                };
                let which = format!(
                    "oprname = {name} AND oprleft = {} AND oprright = {}",
                    side(left),
                    side(right)
                );
                let ids = self.in_schema(object, "pg_operator", "oprnamespace", &which);
                format!("SELECT 'pg_operator'::text, oid, 0::int8 FROM ({ids}) AS object(oid)")
            }
            "cast" => {
                let [source, target] = object.arguments.as_deref()? else { return None };
                format!(
                    "SELECT 'pg_cast'::text, oid, 0::int8 FROM pg_catalog.pg_cast \
                     WHERE castsource = {} AND casttarget = {}",
                    self.type_id(source),
                    self.type_id(target)
                )
            }
            "user mapping" => {
                let user = object.member.as_deref().unwrap_or_default();
                let is_user = match user {
                    "public" => "umuser = 0".to_owned(),
                    user => format!("usename = {}", role(user)),
                };
                format!(
                    "SELECT 'pg_user_mapping'::text, umid, 0::int8 FROM pg_catalog.pg_user_mappings \
                     WHERE srvname = {name} AND {is_user}"
                )
            }
            "default privileges" => {
                let role = role(&object.name);
                let schema = match &object.member {
                    Some(schema) => format!(
                        "(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {})",
                        quote_literal(schema)
                    ),
                    None => "0".to_owned(),
                };
                format!(
                    "SELECT '{DEFAULT_PRIVILEGES}'::text, oid, {schema}::int8 \
                     FROM pg_catalog.pg_roles WHERE rolname = {role} AND {schema} IS NOT NULL"
                )
            }
            "parameter" => {
                let class = quote_literal(&format!("{PARAMETER}{}", object.name));
                format!("SELECT {class}::text, 0::oid, 0::int8")
            }
            _ => return None,
        })
    }

    /// The id of a type; null where there is none of that name.
    fn type_id(&self, name: &str) -> String {
        match self.types.get(name).copied().flatten() {
            Some(id) => format!("{id}::oid"),
            None => "NULL::oid".to_owned(),
        }
    }

    /// The id of the object in its schema, or in the first of the path that has one such.
    fn in_schema(
        &self,
        object: &plan::Object,
        class: &str,
        namespace: &str,
        which: &str,
    ) -> String {
        match &object.schema {
            Some(schema) => format!(
                "SELECT oid FROM pg_catalog.{class} WHERE {which} AND {namespace} = \
                 (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {})",
                quote_literal(schema)
            ),
            None => {
                let schemas: Vec<_> =
                    self.schemas.iter().map(|schema| quote_literal(schema)).collect();
                let schemas = format!("ARRAY[{}]::name[]", schemas.join(", "));
                format!(
                    "SELECT c.oid FROM pg_catalog.{class} c \
                     JOIN pg_catalog.pg_namespace n ON n.oid = c.{namespace} \
                     WHERE {which} AND nspname = ANY ({schemas}) \
                     ORDER BY pg_catalog.array_position({schemas}, nspname) LIMIT 1"
                )
            }
        }
    }

    /// The routines of a name in a schema, or in the first of the path that has one such.
    fn all_in_schema(&self, object: &plan::Object, which: &str) -> String {
        let schema = self.in_schema(object, "pg_proc", "pronamespace", which);
        // A name alone may stand for several.
        format!(
            "SELECT 'pg_proc'::text, oid, 0::int8 FROM pg_catalog.pg_proc WHERE {which} \
             AND pronamespace IN (SELECT pronamespace FROM pg_catalog.pg_proc p \
             WHERE p.oid IN ({schema}))"
        )
    }
}

/// The name of a role that may be given by a keyword; of the current one, if it is empty.
fn role(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "" | "current_user" | "current_role" => "current_user".to_owned(),
        "session_user" => "session_user".to_owned(),
        _ => quote_literal(name),
    }
}
