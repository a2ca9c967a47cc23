//! Operators, their classes and families, casts, collations, conversions and transforms.

use super::super::kind::Kind;
use super::Reader;

pub(super) const OPERATORS: Reader = Reader::of(&[Kind::Operator], operators);

/// An operator's name is no identifier and never quoted.
fn operators() -> String {
    "
SELECT 'pg_operator', o.oid, 0::int8, what, value, statements
FROM (
    SELECT o.*, format('%s.%s', oprnamespace::regnamespace, oprname) AS name,
           format('%s.%s (%s, %s)', oprnamespace::regnamespace, oprname,
                  COALESCE(format_type(NULLIF(oprleft, 0), NULL), 'NONE'),
                  COALESCE(format_type(NULLIF(oprright, 0), NULL), 'NONE')) AS signature
    FROM wanted JOIN pg_operator o ON o.oid = objid AND oprcode <> 0
) AS o
CROSS JOIN LATERAL (VALUES
    ('create', concat_ws(' ', oprcode::oid, oprcom, oprnegate, oprcanmerge, oprcanhash),
        ARRAY[format('CREATE OPERATOR %s (%s)', name, concat_ws(', ',
            'FUNCTION = ' || oprcode,
            'LEFTARG = ' || format_type(NULLIF(oprleft, 0), NULL),
            'RIGHTARG = ' || format_type(NULLIF(oprright, 0), NULL),
            'COMMUTATOR = ' || (SELECT format('OPERATOR(%s.%s)', c.oprnamespace::regnamespace, c.oprname)
                                FROM pg_operator c WHERE c.oid = o.oprcom),
            'NEGATOR = ' || (SELECT format('OPERATOR(%s.%s)', n.oprnamespace::regnamespace, n.oprname)
                             FROM pg_operator n WHERE n.oid = o.oprnegate),
            'RESTRICT = ' || NULLIF(oprrest, 0)::regproc, 'JOIN = ' || NULLIF(oprjoin, 0)::regproc,
            CASE WHEN oprcanmerge THEN 'MERGES' END, CASE WHEN oprcanhash THEN 'HASHES' END))]),
    ('drop', NULL, ARRAY['DROP OPERATOR ' || signature]),
    ('change estimators', concat_ws(' ', oprrest, oprjoin),
        ARRAY[format('ALTER OPERATOR %s SET (RESTRICT = %s, JOIN = %s)', signature,
            COALESCE(NULLIF(oprrest, 0)::regproc::text, 'NONE'),
            COALESCE(NULLIF(oprjoin, 0)::regproc::text, 'NONE'))]),
    ('owner', oprowner::regrole::text,
        ARRAY[format('ALTER OPERATOR %s OWNER TO %s', signature, oprowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

/// Returns the members of a class or a family, as a list in a fixed order. The condition selects it.
fn items(condition: &str) -> String {
    format!(
        "(SELECT string_agg(item, ', ' ORDER BY item COLLATE \"C\") FROM (
             SELECT format('OPERATOR %s %s.%s (%s, %s)%s', amopstrategy, oprnamespace::regnamespace, oprname,
                        format_type(amoplefttype, NULL), format_type(amoprighttype, NULL),
                        (SELECT format(' FOR ORDER BY %s.%I', opfnamespace::regnamespace, opfname)
                         FROM pg_opfamily WHERE pg_opfamily.oid = amopsortfamily)) AS item
             FROM pg_amop member JOIN pg_operator p ON p.oid = amopopr
             WHERE amopfamily = family AND {condition}
             UNION ALL
             SELECT format('FUNCTION %s (%s, %s) %s', amprocnum, format_type(amproclefttype, NULL),
                           format_type(amprocrighttype, NULL), amproc::regprocedure)
             FROM pg_amproc member
             WHERE amprocfamily = family AND {condition}
         ) AS items)",
    )
}

const OF_CLASS: &str = "EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = member.tableoid AND d.objid = member.oid AND d.deptype = 'i'
      AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid)";

const OF_FAMILY: &str = "NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = member.tableoid AND d.objid = member.oid AND d.deptype = 'i'
      AND d.refclassid = 'pg_opclass'::regclass)";

pub(super) const CLASSES: Reader = Reader::of(&[Kind::OperatorClass], classes);

fn classes() -> String {
    let items = items(OF_CLASS);
    format!(
        "
SELECT 'pg_opclass', c.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, c.opcfamily AS family, amname,
           format('%s.%I USING %I', opcnamespace::regnamespace, opcname, amname) AS name
    FROM wanted JOIN pg_opclass c ON c.oid = objid JOIN pg_am m ON m.oid = opcmethod
) AS c
CROSS JOIN LATERAL (
    SELECT format('CREATE OPERATOR CLASS %s.%I%s FOR TYPE %s USING %I FAMILY %s AS %s',
               opcnamespace::regnamespace, opcname, CASE WHEN opcdefault THEN ' DEFAULT' END,
               format_type(opcintype, NULL), amname,
               (SELECT format('%s.%I', opfnamespace::regnamespace, opfname)
                FROM pg_opfamily f WHERE f.oid = family),
               concat_ws(', ', {items}, 'STORAGE ' || format_type(COALESCE(NULLIF(opckeytype, 0), opcintype), NULL)))
           AS definition
) AS d
CROSS JOIN LATERAL (VALUES
    ('create', definition, ARRAY[definition]),
    ('drop', NULL, ARRAY['DROP OPERATOR CLASS ' || name]),
    ('owner', opcowner::regrole::text,
        ARRAY[format('ALTER OPERATOR CLASS %s OWNER TO %s', name, opcowner::regrole)])
) AS rows(what, value, statements)"
    )
}

pub(super) const FAMILIES: Reader = Reader::of(&[Kind::OperatorFamily], families);

/// Returns rows for families; their own members are added when their classes exist.
fn families() -> String {
    let items = items(OF_FAMILY);
    format!(
        "
SELECT 'pg_opfamily', f.oid, 0::int8, what, value, statements
FROM (
    SELECT f.*, f.oid AS family, format('%s.%I USING %I', opfnamespace::regnamespace, opfname, amname) AS name
    FROM wanted JOIN pg_opfamily f ON f.oid = objid JOIN pg_am m ON m.oid = opfmethod
) AS f
CROSS JOIN LATERAL (SELECT {items} AS items) AS i
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY['CREATE OPERATOR FAMILY ' || name]),
    ('drop', NULL, ARRAY['DROP OPERATOR FAMILY ' || name]),
    ('late members', items, ARRAY['ALTER OPERATOR FAMILY ' || name || ' ADD ' || items]),
    ('owner', opfowner::regrole::text,
        ARRAY[format('ALTER OPERATOR FAMILY %s OWNER TO %s', name, opfowner::regrole)])
) AS rows(what, value, statements)"
    )
}

pub(super) const CASTS: Reader = Reader::of(&[Kind::Cast], casts);

fn casts() -> String {
    "
SELECT 'pg_cast', c.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, format('(%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)) AS name
    FROM wanted JOIN pg_cast c ON c.oid = objid
) AS c
CROSS JOIN LATERAL (
    SELECT concat('CREATE CAST ', name, ' ',
                  CASE castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT'
                                  ELSE 'WITH FUNCTION ' || castfunc::regprocedure END,
                  CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END) AS definition
) AS d
CROSS JOIN LATERAL (VALUES
    ('create', definition, ARRAY[definition]),
    ('drop', NULL, ARRAY['DROP CAST ' || name])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const COLLATIONS: Reader = Reader::of(&[Kind::Collation], collations);

/// The names of the locale's columns are not the same in all versions.
fn collations() -> String {
    "
SELECT 'pg_collation', c.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, c.oid::regcollation::text AS name, to_jsonb(c) AS json
    FROM wanted JOIN pg_collation c ON c.oid = objid
) AS c
CROSS JOIN LATERAL (
    SELECT COALESCE(json ->> 'colllocale', json ->> 'colliculocale',
                    CASE WHEN collprovider <> 'c' THEN json ->> 'collcollate' END) AS locale
) AS l
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE COLLATION %s (%s)', name, concat_ws(', ',
        'PROVIDER = ' || CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
        'LOCALE = ' || quote_literal(locale),
        CASE WHEN locale IS NULL THEN 'LC_COLLATE = ' || quote_literal(json ->> 'collcollate') END,
        CASE WHEN locale IS NULL THEN 'LC_CTYPE = ' || quote_literal(json ->> 'collctype') END,
        'RULES = ' || quote_literal(json ->> 'collicurules'),
        CASE WHEN NOT collisdeterministic THEN 'DETERMINISTIC = false' END))]),
    ('drop', NULL, ARRAY['DROP COLLATION ' || name]),
    ('owner', collowner::regrole::text,
        ARRAY[format('ALTER COLLATION %s OWNER TO %s', name, collowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const CONVERSIONS: Reader = Reader::of(&[Kind::Conversion], conversions);

fn conversions() -> String {
    "
SELECT 'pg_conversion', c.oid, 0::int8, what, value, statements
FROM (
    SELECT c.*, format('%s.%I', connamespace::regnamespace, conname) AS name
    FROM wanted JOIN pg_conversion c ON c.oid = objid
) AS c
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE %sCONVERSION %s FOR %L TO %L FROM %s',
        CASE WHEN condefault THEN 'DEFAULT ' END, name, pg_encoding_to_char(conforencoding),
        pg_encoding_to_char(contoencoding), conproc)]),
    ('drop', NULL, ARRAY['DROP CONVERSION ' || name]),
    ('owner', conowner::regrole::text,
        ARRAY[format('ALTER CONVERSION %s OWNER TO %s', name, conowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const TRANSFORMS: Reader = Reader::of(&[Kind::Transform], transforms);

fn transforms() -> String {
    "
SELECT 'pg_transform', t.oid, 0::int8, what, value, statements
FROM (
    SELECT t.*, format('TRANSFORM FOR %s LANGUAGE %I', format_type(trftype, NULL), lanname) AS name
    FROM wanted JOIN pg_transform t ON t.oid = objid JOIN pg_language l ON l.oid = trflang
) AS t
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE %s (%s)', name, concat_ws(', ',
        'FROM SQL WITH FUNCTION ' || NULLIF(trffromsql, 0)::regprocedure,
        'TO SQL WITH FUNCTION ' || NULLIF(trftosql, 0)::regprocedure))]),
    ('drop', NULL, ARRAY['DROP ' || name])
) AS rows(what, value, statements)"
        .to_owned()
}
