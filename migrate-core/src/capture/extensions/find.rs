//! The registrations of the objects in question.

use postgres::Client;
use postgres::types::{Oid, ToSql, Type};

use super::search::{Subjects, registrations};
use super::{Registration, without_parts};
use crate::capture::names::Names;
use crate::connect::search_path::{LEAVE_TRUSTED, relations};
use crate::connect::{OpenTransaction, Session};
use crate::plan;

impl Registration {
    /// All registrations of a database, outside a transaction.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    #[cfg(feature = "backup")]
    pub(crate) fn all(client: &mut Client) -> Result<Vec<Self>, postgres::Error> {
        registrations(client, &Subjects::All)
    }

    /// The registrations of these tables, outside a transaction.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn of_tables(
        client: &mut Client,
        tables: &[migrate_dsl::Name],
    ) -> Result<Vec<Self>, postgres::Error> {
        let names: Vec<_> = tables.iter().map(migrate_dsl::Name::quoted).collect();
        let ids = client.query_typed(
            "SELECT to_regclass(name)::oid FROM unnest($1::text[]) AS name \
             WHERE to_regclass(name) IS NOT NULL",
            &[(&names, Type::TEXT_ARRAY)],
        )?;
        let relations: Vec<Oid> = ids.iter().map(|row| row.get(0)).collect();
        registrations(client, &Subjects::These { relations: &relations, schemas: &[], gone: &[] })
    }

    /// The registrations by name, which the extension does not change when its object is dropped or renamed,
    /// of the relations that the author's path finds by these names, and of all in these schemas; outside a
    /// transaction.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn by_names(
        client: &mut Client,
        names: &[String],
        schemas: &[String],
    ) -> Result<Vec<Self>, postgres::Error> {
        let named = relations(client, names)?;
        let within = client.query_typed(
            "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE nspname = ANY ($1::text[]::name[])",
            &[(&schemas, Type::TEXT_ARRAY)],
        )?;
        let within = within.iter().map(|row| row.get(0));
        let relations: Vec<Oid> = named.into_iter().flatten().chain(within).collect();
        if relations.is_empty() {
            return Ok(Vec::new());
        }
        let subjects = Subjects::These { relations: &relations, schemas: &[], gone: &[] };
        let mut found = registrations(client, &subjects)?;
        found.retain(|it| !it.follows_renames());
        Ok(found)
    }

    /// Returns the relation in which it is stored, without the schema.
    pub(crate) fn kept_in(&self) -> &str {
        self.relation.rsplit('.').next().unwrap_or_default()
    }

    /// The registrations of named objects, of their partitions, and of what is in named schemas;
    /// outside a transaction.
    ///
    /// # Errors
    ///
    /// When the server refuses a query.
    pub(crate) fn of_named(
        session: &mut Session,
        objects: &[plan::Object],
    ) -> Result<Vec<Self>, postgres::Error> {
        let mut transaction = OpenTransaction::begin_read_only(session, &[LEAVE_TRUSTED])?;
        let found = Names::read(transaction.client(), objects).and_then(|names| {
            transaction.trusted(|client| {
                let addresses = names.resolve(client, objects)?;
                let [relations, schemas, extensions] = ["pg_class", "pg_namespace", "pg_extension"].map(|class| {
                    let of_class = addresses.iter().filter(|address| address.class == class);
                    of_class.map(|address| address.object).collect::<Vec<_>>()
                });
                let below = "WITH RECURSIVE below (relation) AS ( \
                             SELECT oid FROM pg_class WHERE oid = ANY ($1) OR relnamespace = ANY ($2) \
                             UNION SELECT inhrelid FROM below JOIN pg_inherits ON inhparent = relation) \
                             SELECT relation, inhparent FROM below LEFT JOIN pg_inherits ON inhrelid = relation";
                let ids: [&(dyn ToSql + Sync); 2] = [&relations, &schemas];
                let below = client.query_typed(below, &ids.map(|ids| (ids, Type::OID_ARRAY)))?;
                let relations: Vec<Oid> = below.iter().map(|row| row.get(0)).collect();
                let links = below.iter().filter_map(|row| Some((row.get(0), row.get::<_, Option<Oid>>(1)?)));
                let links: Vec<(Oid, Oid)> = links.collect();
                let all: Vec<Oid> =
                    relations.iter().copied().chain(links.iter().map(|link| link.1)).collect();
                let subjects = Subjects::These { relations: &all, schemas: &schemas, gone: &[] };
                let found = registrations(client, &subjects)?;
                let (named, whole): (Vec<_>, Vec<_>) = found
                    .into_iter()
                    .partition(|it| relations.contains(&it.object) || schemas.contains(&it.object));
                let mut named: Vec<_> =
                    named.into_iter().filter(|it| !it.comes_with_one_of(&whole, &links)).collect();
                let of_extensions = Self::of_extensions(client, &extensions, &schemas)?;
                named.retain(|it| !of_extensions.iter().any(|other| other.is_kept_in_the_place_of(it)));
                // If the extension is dropped, what it knows by name is lost, too.
                named.extend(of_extensions.into_iter().map(|it| Self { by_name: false, ..it }));
                Ok(without_parts(named))
            })
        });
        let ended = transaction.roll_back();
        let found = found?;
        ended.map(|()| found)
    }

    /// All registrations with these extensions, and with those of which the objects are in these
    /// schemas; in a transaction, with the trusted path.
    pub(super) fn of_extensions(
        client: &mut Client,
        extensions: &[Oid],
        schemas: &[Oid],
    ) -> Result<Vec<Self>, postgres::Error> {
        if extensions.is_empty() && schemas.is_empty() {
            return Ok(Vec::new());
        }
        let names = client.query_typed(
            "SELECT extname::text FROM pg_extension WHERE oid = ANY ($1) OR extnamespace = ANY ($2)",
            &[(&extensions, Type::OID_ARRAY), (&schemas, Type::OID_ARRAY)],
        )?;
        let names: Vec<String> = names.iter().map(|row| row.get(0)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = registrations(client, &Subjects::All)?;
        found.retain(|it| names.contains(&it.extension));
        Ok(found)
    }
}
