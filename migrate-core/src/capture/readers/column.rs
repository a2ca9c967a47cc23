//! Columns, and their defaults.

use super::super::kind::Kind;
use super::super::privileges;
use super::{Otherwise, Reader};

/// A column as `CREATE TABLE` has it. `a` is its attribute, `t` its type, `n` its NOT NULL from 18 on;
/// beside them, its default. What a table inherits of that is created with its parent.
pub(super) const DEFINITION: &str = "
concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
    'COLLATE ' || CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END,
    CASE attgenerated WHEN 's' THEN format('GENERATED ALWAYS AS (%s) STORED', pg_get_expr(adbin, adrelid))
                      WHEN 'v' THEN format('GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(adbin, adrelid)) END,
    CASE WHEN attnotnull AND (relispartition OR n.conislocal IS NOT FALSE) THEN COALESCE(
        'CONSTRAINT ' || quote_ident(n.conname) || ' NOT NULL' || CASE WHEN n.connoinherit THEN ' NO INHERIT' ELSE '' END,
        'NOT NULL') END)";

/// Whether the parents of a table have defaults for a column, `a`, that are not the same.
pub(super) const CONFLICTING: &str = "
SELECT count(DISTINCT pg_get_expr(d.adbin, 0)) > 1 AS conflicting
FROM pg_inherits
JOIN pg_attribute p ON p.attrelid = inhparent AND p.attname = a.attname AND NOT p.attisdropped
JOIN pg_attrdef d ON d.adrelid = p.attrelid AND d.adnum = p.attnum
WHERE a.attinhcount > 1 AND a.attidentity = '' AND a.attgenerated = '' AND inhrelid = a.attrelid";

/// The tables that inherit from that of a column, `a`, and so on. They are looked up by their parents,
/// whatever the server takes for likely.
const BELOW: &str = "WITH RECURSIVE below AS (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = a.attrelid
    UNION ALL
    SELECT i.inhrelid FROM below CROSS JOIN LATERAL (
        SELECT inhrelid FROM pg_inherits WHERE inhparent = below.inhrelid OFFSET 0) AS i
)";

pub(super) const COLUMNS: Reader = Reader::of(
    &[
        Kind::TableColumn,
        Kind::ForeignTableColumn,
        Kind::CompositeTypeColumn,
        Kind::ViewColumn,
        Kind::MaterializedViewColumn,
    ],
    columns,
);

/// What PostgreSQL has no statement for, in which case.
const LIMITS: &str = "('limit change expression', CASE WHEN attgenerated <> '' AND current_setting('server_version_num')::int < 170000
        THEN format('the expression of column `%s` of `%s` cannot be changed back before PostgreSQL 17', attname, name) END, ARRAY[]::text[]),
    ('limit change not null', CASE WHEN is_key_of_child
        THEN format('column `%s` of `%s` cannot have nulls again: a partition or child has it in its primary key or replica identity, or as its identity',
                    attname, name) END, ARRAY[]::text[]),
    ('limit create', CASE
        WHEN NOT of_table OR inherited THEN NULL
        WHEN (SELECT max(l.attnum) FROM pg_attribute l WHERE l.attrelid = a.attrelid) >= 1600
            THEN format('column `%s` cannot be added to `%s`, which has had 1600 columns', attname, name)
        WHEN used.by IS NOT NULL AND (adbin IS NOT NULL OR attidentity <> '' OR of_domain)
            THEN format('column `%s` cannot be added to `%s`: %s uses its row type', attname, name, used.by) END, ARRAY[]::text[]),";

/// The rows of a partition are outside of its bounds without the values of its key.
const OWN_LIMIT: &str = "('own limit create', CASE WHEN relispartition AND EXISTS (
        SELECT FROM pg_inherits JOIN pg_partitioned_table ON partrelid = inhparent
        JOIN pg_attribute k ON k.attrelid = inhparent AND k.attnum = ANY (partattrs::int2[])
        WHERE inhrelid = a.attrelid AND k.attname = a.attname)
        THEN format('`%s` cannot be attached again as long as it has rows, which have lost their values of `%s`', name, attname)
        END, ARRAY[]::text[]),";

/// `attstattarget` is null or -1 for the default, by version.
fn columns() -> String {
    let parameters = super::sequence::PARAMETERS;
    let alter = "format('ALTER FOREIGN TABLE %s ALTER COLUMN %I', name, attname)";
    let foreign = super::foreign::rows("set", alter, "attfdwoptions");
    let acl =
        privileges::sql('c', "'TABLE ' || name", "format('(%I)', attname)", "attacl", "relowner");
    let without_not_null = |instead| {
        [Otherwise {
            error: "not_null_violation",
            instead,
            warning: "format('column `%s` of `%s` is restored without NOT NULL: rows have nulls in it', attname, name)",
        }]
    };
    // of a type that allows no nulls, or not this one
    let of_domain = |instead: &'static str| {
        Otherwise {
        error: "not_null_violation OR check_violation",
        instead,
        warning: "format('column `%s` of `%s` is restored as `%s`: `%s` does not allow what the rows then have in it; when they are corrected, run `%s`',
                         attname, name, bare, type, format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', name, attname, type))",
    }
    };
    let set_not_null = super::attempt("set_not_null", &without_not_null("''"));
    let set_own_not_null = super::attempt(
        "CASE WHEN not_null IS NULL THEN set_not_null
              ELSE format('ALTER TABLE %s ADD CONSTRAINT %I NOT NULL %I', name, not_null, attname) END",
        &without_not_null("''"),
    );
    let added = |with: &str| format!("format('ALTER TABLE %s ADD COLUMN %s', name, {with})");
    let nullable = added("nullable");
    let add_domain = super::attempt(
        &added("nullable"),
        &[of_domain("format('ALTER TABLE %s ADD COLUMN %s', name, nullable_bare)")],
    );
    let add_with_default =
        super::attempt(&added("concat_ws(' ', nullable, denial)"), &without_not_null(&nullable));
    let added = [nullable.as_str(), &add_domain, &add_with_default, &set_not_null];
    let made_and_changed =
        statements("", ["NOT inherited", "attinhcount = 0 AND reloftype = 0"], added);
    let own = statements("own ", ["true", "true"], added);
    format!(
        "
SELECT 'pg_class', attrelid, attnum::int8, what, value, statements
FROM (
    SELECT a.*, c.relkind, c.relowner, c.relhassubclass, c.reloftype, c.relispartition, c.reltype, t.typcollation, t.typstorage, t.typcategory, t.typtype, adrelid, adbin,
           attrelid::regclass::text AS name, to_jsonb(a) AS json,
           relkind IN ('r', 'p', 'f') AS of_table, relkind = 'c' AS of_type,
           -- a type there changes without USING
           relkind = 'f' OR relkind IN ('r', 'p') AND relhassubclass AND EXISTS (
               {BELOW} SELECT FROM below CROSS JOIN LATERAL (
                   SELECT FROM pg_class f WHERE f.oid = inhrelid AND f.relkind = 'f' OFFSET 0) AS f) AS of_foreign,
           attinhcount > 0 AND NOT attislocal OR reloftype <> 0 AS inherited,
           -- before 18, to let a column have nulls lets those of all children
           relkind IN ('r', 'p') AND relhassubclass AND NOT attnotnull
               AND current_setting('server_version_num')::int4 < 180000 AND EXISTS (
               {BELOW} SELECT FROM below CROSS JOIN LATERAL (
                   SELECT * FROM pg_attribute h WHERE h.attrelid = inhrelid AND h.attname = a.attname OFFSET 0) AS h
               WHERE h.attidentity <> ''
                  OR EXISTS (SELECT FROM pg_index WHERE indrelid = h.attrelid AND (indisprimary OR indisreplident)
                                                    AND h.attnum = ANY (indkey::int2[]))) AS is_key_of_child,
           -- no index has `reloftype`
           CASE WHEN relkind = 'c' AND EXISTS (
               SELECT FROM ({of_type}) AS dependent CROSS JOIN LATERAL (
                   SELECT FROM pg_class o WHERE o.oid = objid AND o.reloftype = c.reltype OFFSET 0) AS o)
                THEN ' CASCADE' END AS typed,
           n.conname AS not_null, n.conislocal AS not_null_is_local, n.coninhcount > 0 AS has_parents_name,
           NOT COALESCE(n.conislocal, true)
           OR attinhcount > 0 AND NOT attislocal AND NOT relispartition
              AND EXISTS (SELECT FROM pg_inherits JOIN pg_attribute p ON p.attrelid = inhparent
                          WHERE inhrelid = a.attrelid AND p.attname = a.attname AND p.attnotnull)
              AS inherits_not_null,
           pg_get_constraintdef(n.oid) AS not_null_definition,
           obj_description(n.oid, 'pg_constraint') AS not_null_comment
    FROM wanted
    JOIN pg_attribute a ON attrelid = objid AND attnum = part
    JOIN pg_class c ON c.oid = attrelid
    JOIN pg_type t ON t.oid = atttypid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    -- all of them at once: no index has the column
    LEFT JOIN (
        SELECT * FROM pg_constraint
        WHERE contype = 'n' AND conrelid = ANY (ARRAY(SELECT DISTINCT objid FROM wanted)) OFFSET 0
    ) AS n ON n.conrelid = attrelid AND n.conkey[1] = attnum
    OFFSET 0
) AS a
LEFT JOIN LATERAL (
    SELECT CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated,
           seqrelid::regclass::text AS identity, format('{parameters}', {parameters_of}) AS sequence
    FROM pg_depend JOIN pg_sequence ON seqrelid = objid
    WHERE attidentity <> '' AND classid = 'pg_class'::regclass AND deptype = 'i'
      AND refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum
) AS i ON true
CROSS JOIN LATERAL (
    SELECT concat_ws(' ',
               'COLLATE ' || CASE WHEN attcollation <> typcollation
                                  THEN attcollation::regcollation::text END,
               CASE attgenerated
                   WHEN 's' THEN format('GENERATED ALWAYS AS (%s) STORED', pg_get_expr(adbin, adrelid))
                   WHEN 'v' THEN format('GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(adbin, adrelid))
                   ELSE 'DEFAULT ' || pg_get_expr(adbin, 0) END,
               'GENERATED ' || generated || format(' AS IDENTITY (SEQUENCE NAME %s %s)', identity, sequence)) AS rest,
           -- a domain that may not allow a null
           typtype = 'd' AND
           EXISTS (WITH RECURSIVE line AS (
                       SELECT d.oid, d.typbasetype, d.typnotnull FROM pg_type d WHERE d.oid = atttypid AND d.typtype = 'd'
                       UNION ALL
                       SELECT d.oid, d.typbasetype, d.typnotnull FROM line JOIN pg_type d ON d.oid = line.typbasetype
                   )
                   SELECT FROM line WHERE typnotnull OR line.oid IN (SELECT contypid FROM pg_constraint WHERE contype = 'c')
           ) AS of_domain
) AS r
CROSS JOIN LATERAL (
    SELECT concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod), NULLIF(rest, '')) AS nullable,
           CASE WHEN attnotnull AND not_null IS NOT NULL THEN format('CONSTRAINT %I NOT NULL', not_null)
                WHEN attnotnull THEN 'NOT NULL' END AS denial,
           CASE WHEN attnotnull AND not_null IS NOT NULL AND NOT inherits_not_null
                THEN concat_ws(E';\\n    ',
                    format('ALTER TABLE %s ADD CONSTRAINT %I %s', name, not_null, not_null_definition),
                    'COMMENT ON ' || format('CONSTRAINT %I ON %s IS ', not_null, name)
                        || quote_literal(not_null_comment))
                WHEN attnotnull
                THEN format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', name, attname) END AS set_not_null,
           concat_ws(' ', format_type(atttypid, atttypmod),
               'COLLATE ' || CASE WHEN attcollation <> typcollation
                                  THEN attcollation::regcollation::text END) AS type,
           CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'
                           ELSE 'EXTENDED' END AS storage,
           -- what a domain, or an array of domains, is made of
           CASE WHEN typtype <> 'd' AND typcategory <> 'A' THEN format_type(atttypid, -1) ELSE (
            WITH RECURSIVE line(id, depth) AS (
                SELECT atttypid, 0
                UNION ALL
                SELECT CASE p.typtype WHEN 'd' THEN p.typbasetype ELSE b.typarray END, depth + 1
                FROM line
                JOIN pg_type p ON p.oid = id
                LEFT JOIN pg_type e ON e.oid = p.typelem AND p.typcategory = 'A' AND e.typtype = 'd'
                LEFT JOIN pg_type b ON b.oid = e.typbasetype
                WHERE p.typtype = 'd' OR b.typarray <> 0
            )
            SELECT format_type(id, -1) FROM line ORDER BY depth DESC LIMIT 1) END AS bare,
           -- with heirs, which do not share the identity, it cannot be added at once
           CASE WHEN sequence IS NOT NULL AND relhassubclass
                     AND (relkind <> 'p' OR current_setting('server_version_num')::int4 < 170000)
                     AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = attrelid)
                THEN sequence END AS alone
) AS d
CROSS JOIN LATERAL (SELECT concat_ws(' ', quote_ident(attname), bare, NULLIF(rest, '')) AS nullable_bare) AS b
CROSS JOIN LATERAL (
    SELECT CASE WHEN conflicting AND inherited AND NOT relispartition AND reloftype = 0
                THEN format('column `%s` of `%s` is local to it from now on, and stays when the parent drops it', attname, name)
                END AS made_local
    FROM ({conflicting}) AS defaults
) AS local
LEFT JOIN LATERAL (
    SELECT format('column `%s.%s`', u.attrelid::regclass, u.attname) AS by
    FROM (
        -- its row type and those of its heirs, arrays of these, and domains of all
        WITH RECURSIVE line AS (
            SELECT unnest(ARRAY[r.oid, r.typarray]) AS id, r.oid AS own
            FROM (
                SELECT a.attrelid AS id
                UNION ALL
                ({BELOW} SELECT inhrelid FROM below WHERE relhassubclass)
            ) AS heir
            CROSS JOIN LATERAL (SELECT reltype FROM pg_class h WHERE h.oid = heir.id OFFSET 0) AS h
            CROSS JOIN LATERAL (SELECT oid, typarray FROM pg_type r WHERE r.oid = h.reltype OFFSET 0) AS r
            WHERE of_table
            UNION ALL
            SELECT d.oid, own
            FROM line
            CROSS JOIN LATERAL ({types}) AS dependent
            CROSS JOIN LATERAL (
                SELECT oid FROM pg_type d WHERE d.oid = objid AND d.typtype = 'd' AND d.typelem = own OFFSET 0) AS d
        )
        SELECT id FROM line
    ) AS t
    CROSS JOIN LATERAL ({columns}) AS dependent
    CROSS JOIN LATERAL (
        SELECT u.attrelid, u.attname FROM pg_attribute u
        WHERE u.attrelid = objid AND u.attnum = objsubid AND u.atttypid = t.id AND NOT u.attisdropped OFFSET 0) AS u
    CROSS JOIN LATERAL (
        SELECT FROM pg_class h WHERE h.oid = u.attrelid AND h.relkind IN ('r', 'm', 'p', 'f') OFFSET 0) AS h
    LIMIT 1
) AS used ON true
CROSS JOIN LATERAL (VALUES
    {made_and_changed}
    {own}
    {OWN_LIMIT}
    {LIMITS}
    -- there is no statement that makes a column of a table's own an inherited one alone
    ('change inherited', CASE WHEN of_table AND NOT relispartition THEN (attinhcount > 0 AND NOT attislocal)::text END,
        CASE WHEN of_table AND NOT relispartition THEN CASE WHEN attinhcount > 0 AND NOT attislocal
             THEN ARRAY['DO ' || quote_literal(format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n',
                 format('column `%s` of `%s` is local to it from now on, and stays when the parent drops it',
                        attname, name)))]
             ELSE ARRAY[]::text[] END END),
    -- nor one that makes a table without a word of its own on these
    ('once local', CASE WHEN made_local IS NOT NULL THEN 'local' END, CASE WHEN made_local IS NOT NULL
        THEN ARRAY['DO ' || quote_literal(format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n', made_local))] END),
    ('left once local', made_local, ARRAY[]::text[]),
    -- added to the parent, it has the parent's default
    ('once default', CASE WHEN inherited AND adbin IS NULL AND EXISTS (
                             SELECT FROM pg_inherits
                             JOIN pg_attribute p ON p.attrelid = inhparent AND p.attname = a.attname
                             WHERE inhrelid = a.attrelid AND p.atthasdef AND p.attgenerated = '')
                     THEN 'none' END,
        CASE WHEN of_table
             THEN ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I DROP DEFAULT', name, attname)] END),
    -- what a parent says of it comes and goes with the parent's
    (CASE WHEN inherited AND NOT relispartition THEN 'set not null' ELSE 'change not null' END,
        CASE WHEN attnotnull AND NOT inherits_not_null THEN
            -- the names left out
            concat('not null', substr(not_null_definition, length('NOT NULL ' || quote_ident(attname)) + 1)) END,
        CASE WHEN NOT of_table THEN NULL
             -- there may be another
             WHEN attnotnull AND not_null IS NOT NULL AND NOT inherits_not_null
             THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', name, attname), {set_not_null}]
             WHEN attnotnull THEN ARRAY[{set_not_null}]
             ELSE ARRAY[format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', name, attname)] END),
    ('own set not null', NULL, ARRAY[]::text[]),
    ('own once not null of partition', NULL, ARRAY[]::text[]),
    ('own change not null', CASE WHEN attnotnull THEN 'not null' END,
        CASE WHEN attnotnull THEN ARRAY[{set_own_not_null}]
             ELSE ARRAY[format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', name, attname)] END),
    -- added to its parent, that of a partition allows nulls if the parent's does
    ('once not null of partition', CASE WHEN relispartition AND inherited AND attnotnull AND NOT EXISTS (
                             SELECT FROM pg_inherits
                             JOIN pg_attribute p ON p.attrelid = inhparent AND p.attname = a.attname
                             WHERE inhrelid = a.attrelid AND p.attnotnull) THEN 'not null' END,
        CASE WHEN of_table AND attnotnull THEN ARRAY[{set_not_null}] END),
    -- renamed with its parent's
    ('change not null name', CASE WHEN NOT inherits_not_null AND NOT has_parents_name THEN not_null END,
        CASE WHEN of_table AND NOT inherits_not_null AND NOT has_parents_name THEN ARRAY['DO ' || quote_literal(format(E'
DECLARE
    present pg_catalog.text := (
        SELECT conname FROM pg_catalog.pg_constraint
        JOIN pg_catalog.pg_attribute ON attrelid OPERATOR(pg_catalog.=) conrelid
            AND conkey OPERATOR(pg_catalog.=) ARRAY[attnum] AND attname OPERATOR(pg_catalog.=) %L
        WHERE conrelid OPERATOR(pg_catalog.=) %L::pg_catalog.regclass AND contype OPERATOR(pg_catalog.=) ''n'');
BEGIN
    IF present OPERATOR(pg_catalog.<>) %L THEN
        EXECUTE pg_catalog.format(''ALTER TABLE %%s RENAME CONSTRAINT %%I TO %%I'', %L, present, %L);
    END IF;
END
', attname, name, not_null, name, not_null))] END),
    -- created as its parent's, it is made local as well by being set
    ('once not null local', CASE WHEN inherits_not_null AND not_null_is_local THEN 'local' END,
        CASE WHEN of_table AND NOT relispartition
             THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', name, attname)] END),
    -- nor is there one that makes a local constraint an inherited one alone
    ('change not null inherited', CASE WHEN NOT relispartition THEN NOT not_null_is_local END::text,
        CASE WHEN of_table AND NOT relispartition AND not_null IS NOT NULL THEN CASE WHEN NOT not_null_is_local
             THEN ARRAY['DO ' || quote_literal(format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n',
                 format('NOT NULL of column `%s` of `%s` is local to it from now on, and stays when the parent drops it',
                        attname, name)))]
             ELSE ARRAY[]::text[] END END),
    ('late-change not null comment', not_null_comment, CASE WHEN of_table AND not_null IS NOT NULL
        THEN ARRAY[format('COMMENT ON CONSTRAINT %I ON %s IS %s', not_null, name,
                          COALESCE(quote_literal(not_null_comment), 'NULL'))] END),
    -- before 18 a child may do without what its parent has
    ('change inherited not null', attnotnull::text, CASE WHEN of_table AND inherited AND NOT relispartition
        AND current_setting('server_version_num')::int4 < 180000
        THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I %s NOT NULL', name, attname,
                          CASE WHEN attnotnull THEN 'SET' ELSE 'DROP' END)] END),
    ('set storage', CASE WHEN attstorage <> typstorage THEN storage END,
        CASE WHEN of_table OR relkind = 'm'
             THEN ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STORAGE %s', name, attname,
                               storage)] END),
    ('set compression', NULLIF(json ->> 'attcompression', ''),
        CASE WHEN of_table OR relkind = 'm'
             THEN ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I SET COMPRESSION %s', name, attname,
                               CASE json ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
                                                              ELSE 'default' END)] END),
    ('set statistics', NULLIF(json ->> 'attstattarget', '-1'),
        CASE WHEN of_table OR relkind = 'm'
             THEN ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS %s', name, attname,
                               COALESCE(json ->> 'attstattarget', '-1'))] END),
    ('set options', array_to_string(attoptions, chr(31)),
        ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I', name, attname)] || attoptions),
    {foreign},
    ('acl c', NULL, CASE WHEN NOT of_type THEN {acl} END)
) AS rows(what, value, statements)
WHERE CASE WHEN what LIKE 'own %' THEN attinhcount > 0 AND statements IS NOT NULL
           ELSE statements IS NOT NULL OR what IN ('create', 'drop') END
UNION ALL
SELECT 'pg_class', a.attrelid, a.attnum::int8, 'needs', NULL, ARRAY['pg_class', p.attrelid::text, p.attnum::text, 'n']
FROM wanted
JOIN pg_attribute a ON a.attrelid = objid AND a.attnum = part AND a.attinhcount > 0
JOIN pg_inherits ON inhrelid = a.attrelid
CROSS JOIN LATERAL (
    SELECT attrelid, attnum FROM pg_attribute WHERE attrelid = inhparent AND attname = a.attname OFFSET 0
) AS p",
        of_type = super::dependents("pg_class", "pg_type", "c.reltype"),
        types = super::dependents("pg_type", "pg_type", "line.id"),
        columns = super::dependents("pg_class", "pg_type", "t.id"),
        conflicting = CONFLICTING,
        parameters = parameters.0,
        parameters_of = parameters.1,
    )
}

/// Returns rows that create a column, drop it, and change its type, its name and its expression, where
/// these conditions hold.
fn statements(
    own: &str,
    [is_made, is_changed]: [&str; 2],
    [nullable, add_domain, add_with_default, set_not_null]: [&str; 4],
) -> String {
    format!(
        "-- USING is not for generated columns: one of another sort of type is recreated
    ('{own}create', CASE WHEN attgenerated <> ''
                    THEN concat(attgenerated, ' ', CASE WHEN typcategory IN ('N', 'S', 'D', 'T') THEN typcategory::text
                                                        ELSE type END) END, CASE
        WHEN of_table AND {is_made} AND alone IS NOT NULL
            THEN ARRAY[format('CREATE SEQUENCE %s %s', identity, alone),
                       format('ALTER TABLE %s ADD COLUMN %I %s DEFAULT pg_catalog.nextval(%L) NOT NULL', name,
                              attname, type, identity),
                       format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', name, attname),
                       format('DROP SEQUENCE %s', identity),
                       format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
                              name, attname, generated, identity, alone),
                       format('SELECT pg_catalog.setval(%L, max(%I)) FROM %s', identity, attname, name)]
        WHEN of_table AND {is_made}
            THEN ARRAY[format('ALTER TABLE %s ADD COLUMN %s', name, concat_ws(' ', nullable, denial))]
        WHEN of_type THEN ARRAY[format('ALTER TYPE %s ADD ATTRIBUTE %I %s%s', name, attname, type, typed)] END),
    -- an identity gives a value to all rows, and so do most defaults
    ('{own}among rows', NULL, CASE
        WHEN of_table AND {is_made} AND attidentity = '' AND of_domain THEN
            ARRAY[{add_domain}] || CASE WHEN attnotnull THEN ARRAY[{set_not_null}] END
        WHEN of_table AND {is_made} AND attnotnull AND attidentity = '' THEN
            CASE WHEN adbin IS NULL OR attgenerated <> '' THEN ARRAY[{nullable}, {set_not_null}]
                 ELSE ARRAY[{add_with_default}] END END),
    ('{own}drop', NULL, CASE
        -- 18 leaves its NOT NULL to children that have the column themselves
        WHEN of_table AND {is_made}
            THEN CASE WHEN not_null_is_local IS TRUE AND relhassubclass AND EXISTS (
                          SELECT FROM pg_inherits JOIN pg_attribute h ON h.attrelid = inhrelid
                          WHERE inhparent = a.attrelid AND h.attname = a.attname AND h.attislocal)
                      THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', name, attname)]
                      ELSE ARRAY[]::text[] END
                 || format('ALTER TABLE %s DROP COLUMN %I', name, attname)
        WHEN of_type THEN ARRAY[format('ALTER TYPE %s DROP ATTRIBUTE %I%s', name, attname, typed)] END),
    -- to the bare type: only without an explicit cast is what is too long for it refused, not cut
    ('{own}change type', type, CASE
        WHEN of_table AND {is_changed}
            THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', name, attname, type)
                || CASE WHEN attgenerated = '' AND NOT of_foreign THEN format(' USING %I::%s', attname, bare)
                        ELSE '' END]
        WHEN of_type
            THEN ARRAY[format('ALTER TYPE %s ALTER ATTRIBUTE %I TYPE %s%s', name, attname, type, typed)] END),
    ('{own}name', quote_ident(attname), CASE WHEN {is_changed} OR of_type THEN ARRAY[
        format('ALTER %s %s RENAME %s ', CASE WHEN of_type THEN 'TYPE' ELSE 'TABLE' END, name,
               CASE WHEN of_type THEN 'ATTRIBUTE' ELSE 'COLUMN' END), ' TO ', typed] END),
    ('{own}change expression', CASE WHEN attgenerated <> '' THEN pg_get_expr(adbin, adrelid) END,
        CASE WHEN attgenerated <> '' AND {is_changed}
             THEN ARRAY[format('ALTER TABLE %s ALTER COLUMN %I SET EXPRESSION AS (%s)', name, attname,
                               pg_get_expr(adbin, adrelid))] END),"
    )
}

pub(super) const RIGHTS: Reader = Reader::of(
    &[
        Kind::TableColumn,
        Kind::ForeignTableColumn,
        Kind::CompositeTypeColumn,
        Kind::ViewColumn,
        Kind::MaterializedViewColumn,
    ],
    rights,
);

fn rights() -> String {
    let acl = privileges::sql(
        'c',
        "'TABLE ' || attrelid::regclass",
        "format('(%I)', attname)",
        "attacl",
        "relowner",
    );
    format!(
        "
SELECT 'pg_class', attrelid, attnum::int8, 'acl c', NULL::text, {acl}
FROM wanted
JOIN pg_attribute ON attrelid = objid AND attnum = part
JOIN pg_class c ON c.oid = attrelid AND relkind <> 'c'"
    )
}

pub(super) const DEFAULTS: Reader = Reader::of(&[Kind::DefaultValue], defaults);

/// The expression of a generated column is part of that column.
fn defaults() -> String {
    "
SELECT 'pg_attrdef', d.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_attrdef d ON d.oid = objid
JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum AND attgenerated = ''
-- it has no columns in it: to look up their names would cost each time as much as the table has columns
CROSS JOIN LATERAL (SELECT pg_get_expr(adbin, 0) AS expression OFFSET 0) AS e
CROSS JOIN LATERAL (VALUES
    ('create', expression,
        ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname,
                     expression)]),
    ('drop', NULL,
        ARRAY[format('ALTER TABLE ONLY %s ALTER COLUMN %I DROP DEFAULT', adrelid::regclass, attname)]),
    ('with', NULL, ARRAY['pg_class', adrelid::text, adnum::text])
) AS rows(what, value, statements)"
        .to_owned()
}
