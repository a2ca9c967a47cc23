//! Enums, domains, composite types and ranges. A base type is made by its extension's script.

use super::super::kind::Kind;
use super::super::privileges;
use super::{Otherwise, Reader};

pub(super) const TYPES: Reader = Reader::of(&[Kind::Type], types);

/// A column that has a domain inside of its own type, as an expression over the domain's id.
fn container(domain: &str) -> String {
    let types = super::dependents("pg_type", "pg_type", "inside.id");
    let columns = super::dependents("pg_class", "pg_type", "inside.id");
    format!(
        "(WITH RECURSIVE inside(id, depth) AS (
              SELECT {domain}, 0
              UNION
              SELECT outside.id, LEAST(depth + CASE WHEN outside.is_domain THEN 0 ELSE 1 END, 1)
              FROM inside CROSS JOIN LATERAL (
                  SELECT typarray, false FROM pg_type WHERE pg_type.oid = inside.id AND typarray <> 0
                  UNION ALL
                  SELECT o.oid, o.typtype = 'd'
                  FROM ({types}) AS d
                  JOIN pg_type o ON o.oid = d.objid AND (o.typtype = 'd' AND o.typbasetype = inside.id OR o.typtype = 'r')
                  UNION ALL
                  SELECT c.reltype, false
                  FROM ({columns}) AS d JOIN pg_class c ON c.oid = d.objid AND c.reltype <> 0
              ) AS outside(id, is_domain)
          )
          SELECT format('column `%s.%s` has it inside of its type', u.attrelid::regclass, u.attname)
          FROM inside CROSS JOIN LATERAL ({columns}) AS d
          JOIN pg_attribute u ON u.attrelid = d.objid AND u.attnum = d.objsubid AND u.atttypid = inside.id
              AND depth = 1 AND NOT u.attisdropped
          JOIN pg_class h ON h.oid = u.attrelid AND h.relkind IN ('r', 'm', 'p', 'f')
          LIMIT 1)"
    )
}

/// The labels of enums.
const LABELS: &str = "UNION ALL
-- a value keeps its place, and is never dropped
SELECT 'pg_type', enumtypid, 0::int8, 'change label ' || enumsortorder, enumlabel,
       ARRAY['DO ' || quote_literal(format('
DECLARE
    label pg_catalog.name;
    free pg_catalog.text;
BEGIN
    SELECT enumlabel INTO STRICT label FROM pg_catalog.pg_enum
    WHERE enumtypid OPERATOR(pg_catalog.=) %1$L::pg_catalog.regtype
      AND enumsortorder OPERATOR(pg_catalog.=) %2$s::pg_catalog.float4;
    IF EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid OPERATOR(pg_catalog.=) %1$L::pg_catalog.regtype
                                                AND enumlabel OPERATOR(pg_catalog.=) %4$L) THEN
        SELECT pg_catalog.concat(''migrate_renamed_'', number) INTO STRICT free
        FROM pg_catalog.generate_series(1, 10000) AS number
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid OPERATOR(pg_catalog.=) %1$L::pg_catalog.regtype
                              AND enumlabel OPERATOR(pg_catalog.=)
                                  pg_catalog.concat(''migrate_renamed_'', number)::pg_catalog.name)
        ORDER BY number LIMIT 1;
        EXECUTE pg_catalog.format(''ALTER TYPE %3$s RENAME VALUE %%L TO %%L'', %4$L::pg_catalog.text, free);
    END IF;
    EXECUTE pg_catalog.format(''ALTER TYPE %3$s RENAME VALUE %%L TO %%L'', label, %4$L::pg_catalog.text);
END
', format_type(enumtypid, NULL), quote_literal(enumsortorder::text), format_type(enumtypid, NULL), enumlabel))]
FROM wanted JOIN pg_enum ON enumtypid = objid
UNION ALL
SELECT 'pg_type', enumtypid, 0::int8, 'change values', count(*)::text,
       ARRAY['DO ' || quote_literal(format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n',
           format('values that were added to `%s` stay: PostgreSQL cannot drop them', format_type(enumtypid, NULL))))]
FROM wanted JOIN pg_enum ON enumtypid = objid
GROUP BY enumtypid";

fn types() -> String {
    let container = container("t.oid");
    let acl = privileges::sql('T', "'TYPE ' || name", "''", "typacl", "typowner");
    format!(
        "
SELECT 'pg_type', t.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_type t ON t.oid = objid
LEFT JOIN pg_class c ON c.oid = typrelid
LEFT JOIN pg_range g ON rngtypid = t.oid
CROSS JOIN LATERAL (
    SELECT format_type(t.oid, NULL) AS name, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS word
) AS n
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[CASE typtype
        WHEN 'e' THEN format('CREATE TYPE %s AS ENUM (%s)', name,
            (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
             FROM pg_enum WHERE enumtypid = t.oid))
        WHEN 'c' THEN format('CREATE TYPE %s AS (%s)', name,
            (SELECT string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
                        'COLLATE ' || CASE WHEN attcollation <> a.typcollation
                                           THEN attcollation::regcollation::text END),
                    ', ' ORDER BY attnum)
             FROM pg_attribute JOIN pg_type a ON a.oid = atttypid
             WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped))
        WHEN 'd' THEN concat_ws(' ', 'CREATE DOMAIN', name, 'AS', format_type(typbasetype, typtypmod),
            'COLLATE ' || (SELECT t.typcollation::regcollation FROM pg_type b
                           WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation),
            (SELECT string_agg(format('CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), ' '
                               ORDER BY conname)
             FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c' AND convalidated))
        WHEN 'r' THEN format('CREATE TYPE %s AS RANGE (%s)', name, concat_ws(', ',
            'SUBTYPE = ' || format_type(rngsubtype, NULL),
            'SUBTYPE_OPCLASS = ' || (SELECT format('%s.%I', opcnamespace::regnamespace, opcname)
                                     FROM pg_opclass o WHERE o.oid = rngsubopc AND NOT opcdefault),
            'COLLATION = ' || (SELECT rngcollation::regcollation FROM pg_type b
                               WHERE b.oid = rngsubtype AND b.typcollation <> rngcollation),
            'CANONICAL = ' || NULLIF(rngcanonical, 0)::regproc,
            'SUBTYPE_DIFF = ' || NULLIF(rngsubdiff, 0)::regproc,
            'MULTIRANGE_TYPE_NAME = ' || format_type((to_jsonb(g) ->> 'rngmultitypid')::oid, NULL))) END]),
    ('drop', NULL, ARRAY[format('DROP %s %s', word, name)]),
    ('set default', CASE typtype WHEN 'd' THEN typdefault END, CASE typtype WHEN 'd'
        THEN ARRAY[format('ALTER DOMAIN %s %s', name,
            COALESCE('SET DEFAULT ' || pg_get_expr(typdefaultbin, 0), 'DROP DEFAULT'))] END),
    ('set not null', CASE WHEN typtype = 'd' THEN NULLIF(typnotnull, false)::text END,
        CASE typtype WHEN 'd' THEN ARRAY[format('ALTER DOMAIN %s %s NOT NULL', name,
                                        CASE WHEN typnotnull THEN 'SET' ELSE 'DROP' END)] END),
    ('limit set not null', CASE WHEN typtype = 'd' AND typnotnull THEN
        format('domain `%s` cannot be NOT NULL again: ', name) || {container} END, CASE typtype WHEN 'd' THEN ARRAY[]::text[] END),
    ('owner', typowner::regrole::text,
        ARRAY[format('ALTER %s %s OWNER TO %s', word, name, typowner::regrole)]),
    ('acl T', NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL
  AND (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND relkind = 'c')
{LABELS}"
    )
}

pub(super) const DOMAIN_CONSTRAINTS: Reader =
    Reader::of(&[Kind::DomainConstraint], domain_constraints);

/// Once a composite type or an array has the domain, it takes no more of them; so they are made
/// with it. One that is not valid cannot be.
fn domain_constraints() -> String {
    let container = container("contypid");
    let among_rows = super::attempt(
        "added",
        &[Otherwise {
            error: "check_violation",
            instead: "added || ' NOT VALID'",
            warning: "format('check `%s` of domain `%s` is restored NOT VALID: rows violate it', conname, name)",
        }],
    );
    format!(
        "
SELECT 'pg_constraint', k.oid, 0::int8, what, value, statements
FROM (
    SELECT k.*, format_type(contypid, NULL) AS name, pg_get_constraintdef(k.oid) AS definition
    FROM wanted JOIN pg_constraint k ON k.oid = objid AND contype = 'c'
) AS k
CROSS JOIN LATERAL (SELECT format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', name, conname, definition) AS added) AS a
CROSS JOIN LATERAL (VALUES
    ('create', definition, ARRAY[added]),
    ('among rows', NULL, CASE WHEN convalidated THEN ARRAY[{among_rows}] END),
    ('drop', NULL, ARRAY[format('ALTER DOMAIN %s DROP CONSTRAINT %I', name, conname)]),
    ('limit create', format('check `%s` cannot be added to domain `%s`: ', conname, name) || {container}, ARRAY[]::text[]),
    ('with', NULL, CASE WHEN convalidated THEN ARRAY['pg_type', contypid::text, '0'] END),
    ('name', quote_ident(conname), ARRAY[format('ALTER DOMAIN %s RENAME CONSTRAINT ', name), ' TO '])
) AS rows(what, value, statements)
WHERE statements IS NOT NULL"
    )
}
