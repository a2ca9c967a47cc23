//! Types, collations, casts.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("enums", ENUMS),
    kind("domains", DOMAINS),
    kind("ranges", RANGES),
    kind("base types", BASE_TYPES),
    kind("collations", COLLATIONS),
    kind("conversions", CONVERSIONS),
    kind("casts", CASTS),
    kind("transforms", TRANSFORMS),
];

const ENUMS: &str = "
SELECT format('%s (%s)', name, (SELECT string_agg(quote_literal(enumlabel), ', '
                                                  ORDER BY enumsortorder)
                                FROM pg_enum WHERE enumtypid = t.oid))
FROM types t WHERE typtype = 'e'";

const DOMAINS: &str = r#"
SELECT concat_ws(' ', name, format_type(typbasetype, typtypmod),
           'collate ' || (SELECT l.oid::regcollation FROM pg_collation l
                          WHERE l.oid = typcollation AND l.collname <> 'default'),
           'default ' || typdefault,
           CASE WHEN typnotnull THEN 'not null' END,
           (SELECT string_agg(format('constraint %I %s', conname, pg_get_constraintdef(k.oid)), ' '
                              ORDER BY conname COLLATE "C")
            FROM pg_constraint k WHERE contypid = t.oid))
FROM types t WHERE typtype = 'd'"#;

const RANGES: &str = "
SELECT concat_ws(' ', name, 'of', format_type(rngsubtype, NULL),
           'with ' || NULLIF(rngsubdiff::text, '-'), 'canonical ' || NULLIF(rngcanonical::text, '-'),
           'collate ' || NULLIF(rngcollation, 0)::regcollation,
           'by ' || (SELECT identity FROM pg_opclass o,
                         pg_identify_object('pg_opclass'::regclass, o.oid, 0)
                     WHERE o.oid = rngsubopc AND NOT opcdefault),
           'multirange ' || ((to_jsonb(r) ->> 'rngmultitypid')::oid)::regtype)
FROM types t JOIN pg_range r ON rngtypid = t.oid";

/// Shell types are among them.
const BASE_TYPES: &str = "
SELECT concat_ws(' ', name, CASE WHEN typisdefined THEN '' ELSE 'shell' END,
           'elements ' || NULLIF(typelem, 0)::regtype,
           to_jsonb(t) - '{oid,typname,typnamespace,typowner,typacl,typrelid,typelem,typarray,
                           typbasetype,typdefaultbin,name}'::text[])
FROM types t WHERE typtype IN ('b', 'p') AND typcategory <> 'A'";

const COLLATIONS: &str = "
SELECT concat_ws(' ', l.oid::regcollation, to_jsonb(l) - '{oid,collname,collnamespace,collowner,
                                                          collversion}'::text[])
FROM pg_collation l JOIN schemas n ON n.oid = collnamespace
WHERE ('pg_collation'::regclass, l.oid) NOT IN (SELECT * FROM members)";

const CONVERSIONS: &str = "
SELECT format('%I.%I from %s to %s by %s%s', nspname, conname,
              pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc,
              CASE WHEN condefault THEN ', default' END)
FROM pg_conversion c JOIN schemas n ON n.oid = connamespace
WHERE ('pg_conversion'::regclass, c.oid) NOT IN (SELECT * FROM members)";

const CASTS: &str = "
SELECT concat_ws(' ', format('%s as %s', castsource::regtype, casttarget::regtype),
           CASE castmethod WHEN 'b' THEN 'without function' WHEN 'i' THEN 'with inout'
                           ELSE 'with ' || castfunc::regprocedure END,
           CASE castcontext WHEN 'a' THEN 'in assignments' WHEN 'i' THEN 'implicitly' END)
FROM pg_cast c
WHERE c.oid >= 16384 AND ('pg_cast'::regclass, c.oid) NOT IN (SELECT * FROM members)";

const TRANSFORMS: &str = "
SELECT format('%s in %I from %s to %s', trftype::regtype, lanname, trffromsql::regprocedure,
              trftosql::regprocedure)
FROM pg_transform t JOIN pg_language l ON l.oid = trflang
WHERE ('pg_transform'::regclass, t.oid) NOT IN (SELECT * FROM members)";
