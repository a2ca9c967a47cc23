//! Whether the history is one that no other role can have written.
//!
//! What the history stores is run: the stored inverse of a migration by `down`, with the rights of the
//! role that migrates; and triggers and other code attached to its tables run on every write. So its
//! tables belong to a role that could do all of that anyway, no other role may write them, and nothing
//! in them calls code of another role. Where a superuser migrates, the schema has such an owner, too.
//! A digest with a key would prove less and cost more: the key would have to be on every machine that
//! migrates, and a role that may replace a trigger need not touch the rows.
//!
//! Trusted are the current role and the session's, the roles whose rights they have, the owner of
//! the database, and superusers. Roles with the predefined `pg_write_all_data` may write the history
//! as they may write any table; a role that grants it has to trust its grantees.

use migrate_dsl::quote_literal as literal;
use postgres::{Client, SimpleQueryMessage};

use super::{History, HistoryError, UntrustedObject};
use crate::connect::permission::TRUSTED_ROLES;
use crate::event::Event;

/// Each row an object, what is wrong with it, what puts it right, and whether it is only in the way.
const QUESTION: &str = "\
WITH RECURSIVE <trusted>,
named AS (
    SELECT c.oid, c.relkind, c.relowner, c.relacl, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = <schema> AND c.relname IN (<names>)
),
ours AS (SELECT * FROM named WHERE relkind = 'r'),
-- what hangs on the tables and may call something
parts (classid, objid, name) AS (
    SELECT 'pg_class'::regclass::oid, oid, name FROM ours
    UNION
    SELECT d.classid, d.objid, name FROM pg_catalog.pg_depend d JOIN ours ON d.refobjid = ours.oid
    WHERE d.refclassid = 'pg_class'::regclass
      AND (d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_trigger'::regclass)
           OR d.classid = 'pg_class'::regclass AND EXISTS (
               SELECT FROM pg_catalog.pg_index WHERE indexrelid = d.objid AND indrelid = ours.oid))
),
owned (classid, objid, owner) AS (
    SELECT 'pg_proc'::regclass::oid, oid, proowner FROM pg_catalog.pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_catalog.pg_type WHERE oid >= 16384
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner FROM pg_catalog.pg_operator WHERE oid >= 16384
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner FROM pg_catalog.pg_opclass WHERE oid >= 16384
    UNION ALL SELECT 'pg_collation'::regclass, oid, collowner FROM pg_catalog.pg_collation WHERE oid >= 16384
),
grants AS (
    SELECT o.*, '' AS columns, acl.* FROM ours o, pg_catalog.aclexplode(relacl) acl
    UNION ALL
    SELECT o.*, pg_catalog.format(' (%I)', attname), acl.*
    FROM ours o JOIN pg_catalog.pg_attribute ON attrelid = o.oid, pg_catalog.aclexplode(attacl) acl
)
SELECT pg_catalog.format('`%s`', name),
       pg_catalog.format('is not an ordinary table, but %s, which belongs to `%s`',
           CASE kind WHEN 'index' THEN 'an ' ELSE 'a ' END || kind,
           pg_catalog.pg_get_userbyid(relowner)),
       -- a partitioned table has rows
       CASE WHEN kind <> 'partitioned table' THEN pg_catalog.format('DROP %s %s', pg_catalog.upper(kind), name) END, true
FROM named JOIN (VALUES ('v'::\"char\", 'view'), ('m', 'materialized view'), ('f', 'foreign table'), ('S', 'sequence'),
                 ('i', 'index'), ('I', 'index'), ('c', 'type'), ('p', 'partitioned table')) AS kinds (letter, kind) ON letter = relkind
UNION ALL
-- who may create there could keep everybody from it; without that, it is dropped
SELECT pg_catalog.format('`%s`', p.oid::regprocedure),
       pg_catalog.format('has the name of a function of the history, and belongs to `%s`', pg_catalog.pg_get_userbyid(proowner)),
       pg_catalog.format('DROP %s %s CASCADE', CASE WHEN prokind IN ('f', 'w') THEN 'FUNCTION' ELSE 'ROUTINE' END,
           p.oid::regprocedure), true
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace
WHERE nspname = <schema> AND proname = <function> AND pronargs = 0 AND proowner NOT IN (SELECT role FROM trusted)
  AND (NOT pg_catalog.pg_has_role(nspowner, 'USAGE')
       OR EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid = 'pg_proc'::regclass AND refobjid = p.oid))
UNION ALL
SELECT pg_catalog.format('`%s`', name),
       pg_catalog.format('belongs to `%s`', pg_catalog.pg_get_userbyid(relowner)),
       pg_catalog.format('ALTER TABLE %s OWNER TO %I', name, current_user), false
FROM ours WHERE relowner NOT IN (SELECT role FROM trusted)
UNION ALL
-- who owns the schema may replace the tables, with what a superuser would then run
SELECT pg_catalog.format('schema `%I`', nspname),
       pg_catalog.format('belongs to `%s`', pg_catalog.pg_get_userbyid(nspowner)),
       pg_catalog.format('ALTER SCHEMA %I OWNER TO %I', nspname, current_user), false
FROM pg_catalog.pg_namespace
WHERE nspname = <schema> AND nspowner NOT IN (SELECT role FROM trusted)
  AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
UNION ALL
SELECT pg_catalog.format('`%s`', name),
       pg_catalog.format('may be written by %s (%s)',
           CASE grantee WHEN 0 THEN 'everybody' ELSE pg_catalog.format('`%s`', pg_catalog.pg_get_userbyid(grantee)) END,
           pg_catalog.string_agg(DISTINCT privilege_type, ', ')),
       pg_catalog.format('REVOKE %s ON %s FROM %s',
           pg_catalog.string_agg(DISTINCT privilege_type || columns, ', '), name,
           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END), false
FROM grants
WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER')
  AND grantee NOT IN (SELECT role FROM trusted)
GROUP BY name, grantee
UNION ALL
SELECT pg_catalog.format('`%s`', name), pg_catalog.format('is part of an inheritance tree with `%s`', other::regclass),
       NULL, false
FROM ours JOIN (SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
                UNION ALL SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits) AS i (one, other) ON one = ours.oid
UNION ALL
SELECT pg_catalog.format('rule `%s` on `%s`', rulename, name), 'can replace what is written',
       pg_catalog.format('DROP RULE %I ON %s', rulename, name), false
FROM ours JOIN pg_catalog.pg_rewrite ON ev_class = ours.oid
UNION ALL
SELECT pg_catalog.format('policy `%s` on `%s`', polname, name), 'can hide rows',
       pg_catalog.format('DROP POLICY %I ON %s', polname, name), false
FROM ours JOIN pg_catalog.pg_policy ON polrelid = ours.oid
UNION ALL
SELECT DISTINCT pg_catalog.pg_describe_object(p.classid, p.objid, d.objsubid),
       pg_catalog.format('uses %s, which belongs to `%s`', pg_catalog.pg_describe_object(o.classid, o.objid, 0),
                         pg_catalog.pg_get_userbyid(owner)),
       CASE p.classid
           WHEN 'pg_trigger'::regclass THEN pg_catalog.format('DROP TRIGGER %I ON %s',
               (SELECT tgname FROM pg_catalog.pg_trigger t WHERE t.oid = p.objid), p.name)
           WHEN 'pg_constraint'::regclass THEN pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', p.name,
               (SELECT conname FROM pg_catalog.pg_constraint c WHERE c.oid = p.objid))
           WHEN 'pg_attrdef'::regclass THEN (SELECT pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', p.name, attname)
               FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_attribute ON attrelid = adrelid AND attnum = adnum
               WHERE a.oid = p.objid)
           WHEN 'pg_class'::regclass THEN CASE d.objsubid
               WHEN 0 THEN (SELECT CASE relkind WHEN 'i' THEN pg_catalog.format('DROP INDEX %s', p.objid::regclass)
                                                WHEN 'r' THEN pg_catalog.format('ALTER TABLE %s NOT OF', p.name) END
                            FROM pg_catalog.pg_class WHERE pg_class.oid = p.objid)
               ELSE (SELECT pg_catalog.format('ALTER TABLE %s DROP COLUMN %I', p.name, attname)
                     FROM pg_catalog.pg_attribute WHERE attrelid = p.objid AND attnum = d.objsubid) END END, false
FROM parts p
JOIN pg_catalog.pg_depend d ON d.classid = p.classid AND d.objid = p.objid
JOIN owned o ON o.classid = d.refclassid AND o.objid = d.refobjid
WHERE owner NOT IN (SELECT role FROM trusted)";

impl History {
    /// Refuses tables that another role could have written, and objects attached to them that belong to
    /// another role; succeeds if there are no tables.
    ///
    /// # Errors
    ///
    /// When they cannot be trusted, or a query fails.
    pub(crate) fn trusted(&self, client: &mut Client) -> Result<(), HistoryError> {
        let sql = QUESTION
            .replace("<trusted>", TRUSTED_ROLES)
            .replace("<schema>", &literal(self.schema.as_str()))
            .replace("<function>", &literal(self.log_function().name.as_str()))
            .replace("<names>", &self.names());
        let mut distrust = Vec::new();
        for message in client.simple_query(&sql)? {
            if let SimpleQueryMessage::Row(row) = message {
                let text = |column| row.get(column).map(ToOwned::to_owned);
                distrust.push(UntrustedObject {
                    object: text(0).unwrap_or_default(),
                    reason: text(1).unwrap_or_default(),
                    remedy: text(2),
                    is_in_the_way: row.get(3) == Some("t"),
                });
            }
        }
        match distrust.is_empty() {
            true => Ok(()),
            false => Err(HistoryError::Untrusted { table: self.table.to_string(), distrust }),
        }
    }

    /// The names of its tables, as SQL lists literals.
    pub(super) fn names(&self) -> String {
        let tables =
            [&self.table, &self.log_table(), &self.journal_table(), &self.settings_table()];
        tables.map(|table| literal(table.name.as_str())).join(", ")
    }

    /// Returns the other roles that may create objects in the tables' schema, as `GRANT` names them.
    ///
    /// # Errors
    ///
    /// When a query fails.
    pub(crate) fn who_else_creates(
        &self,
        client: &mut Client,
    ) -> Result<Vec<String>, HistoryError> {
        let sql = format!(
            "WITH RECURSIVE {TRUSTED_ROLES} \
             SELECT CASE grantee WHEN 0 THEN 'PUBLIC' \
             ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END \
             FROM pg_catalog.pg_namespace, pg_catalog.aclexplode(coalesce(nspacl, \
             pg_catalog.acldefault('n', nspowner))) WHERE nspname = {} \
             AND privilege_type = 'CREATE' AND grantee NOT IN (SELECT role FROM trusted) ORDER BY 1",
            literal(self.schema.as_str())
        );
        let mut found = Vec::new();
        for message in client.simple_query(&sql)? {
            if let SimpleQueryMessage::Row(row) = message {
                found.extend(row.get(0).map(ToOwned::to_owned));
            }
        }
        Ok(found)
    }

    /// That these may create objects where the tables are.
    pub(crate) fn warning_of(&self, others: &[String]) -> Event {
        let (schema, others) = (self.schema.quoted(), others.join(", "));
        Event::Notice {
            severity: "warning".to_owned(),
            message: format!(
                "{others} may create objects in the schema {schema}, where the history is; where that \
                 is not meant, `REVOKE CREATE ON SCHEMA {schema} FROM {others}`"
            ),
        }
    }
}
