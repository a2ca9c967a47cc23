//! Publications, and what they publish.

use super::super::kind::Kind;
use super::Reader;

pub(super) const PUBLICATIONS: Reader = Reader::of(&[Kind::Publication], publications);

fn publications() -> String {
    "
SELECT 'pg_publication', p.oid, 0::int8, what, value, statements
FROM (
    SELECT p.*, quote_ident(pubname) AS name,
           concat_ws(', ',
               format('publish = %L', concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END,
                   CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END,
                   CASE WHEN pubtruncate THEN 'truncate' END)),
               'publish_via_partition_root = ' || pubviaroot,
               'publish_generated_columns = '
               || CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN 'stored' WHEN 'n' THEN 'none' END
           ) AS parameters
    FROM wanted JOIN pg_publication p ON p.oid = objid
) AS p
CROSS JOIN LATERAL (VALUES
    ('create', puballtables::text, ARRAY[format('CREATE PUBLICATION %s%s WITH (%s)', name,
        CASE WHEN puballtables THEN ' FOR ALL TABLES' ELSE '' END, parameters)]),
    ('drop', NULL, ARRAY['DROP PUBLICATION ' || name]),
    ('change parameters', parameters,
        ARRAY[format('ALTER PUBLICATION %s SET (%s)', name, parameters)]),
    ('owner', pubowner::regrole::text,
        ARRAY[format('ALTER PUBLICATION %s OWNER TO %s', name, pubowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const TABLES: Reader = Reader::of(&[Kind::PublicationRelation], tables);

/// Columns and a condition are known from 15 on.
fn tables() -> String {
    "
SELECT 'pg_publication_rel', r.oid, 0::int8, what, value, statements
FROM (
    SELECT r.oid, quote_ident(pubname) AS publication, prrelid::regclass AS relation,
           concat(
               (SELECT format(' (%s)', string_agg(quote_ident(attname), ', ' ORDER BY attnum))
                FROM jsonb_array_elements_text(NULLIF(to_jsonb(r) -> 'prattrs', 'null')) AS number
                JOIN pg_attribute ON attrelid = prrelid AND attnum = number::int2
                HAVING count(*) > 0),
               -- before 15 the name means the null outside
               ' WHERE (' || (SELECT pg_get_expr(prqual, i.prrelid) FROM pg_publication_rel i
                              WHERE i.oid = r.oid) || ')'
           ) AS what_of_it
    FROM wanted
    CROSS JOIN (SELECT NULL::pg_node_tree AS prqual) AS older
    JOIN pg_publication_rel r ON r.oid = objid
    JOIN pg_publication p ON p.oid = prpubid
) AS r
CROSS JOIN LATERAL (VALUES
    ('create', what_of_it,
        ARRAY[format('ALTER PUBLICATION %s ADD TABLE ONLY %s%s', publication, relation, what_of_it)]),
    ('drop', NULL, ARRAY[format('ALTER PUBLICATION %s DROP TABLE ONLY %s', publication, relation)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const SCHEMAS: Reader = Reader::of(&[Kind::PublicationNamespace], schemas);

/// A catalog of 15 and newer, which is queried only where there are such.
fn schemas() -> String {
    "
SELECT 'pg_publication_namespace', r.oid, 0::int8, what, value, statements
FROM (
    SELECT r.oid, quote_ident(pubname) AS publication, pnnspid::regnamespace AS schema
    FROM wanted
    JOIN pg_publication_namespace r ON r.oid = objid
    JOIN pg_publication p ON p.oid = pnpubid
) AS r
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('ALTER PUBLICATION %s ADD TABLES IN SCHEMA %s', publication, schema)]),
    ('drop', NULL, ARRAY[format('ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s', publication, schema)])
) AS rows(what, value, statements)"
        .to_owned()
}
