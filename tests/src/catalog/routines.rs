//! Functions, and what is made of functions.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("functions", FUNCTIONS),
    kind("aggregates", AGGREGATES),
    kind("operators", OPERATORS),
    kind("operator classes", OPERATOR_CLASSES),
    kind("operator families", OPERATOR_FAMILIES),
    kind("members of operator families", FAMILY_MEMBERS),
    kind("languages", LANGUAGES),
    kind("access methods", ACCESS_METHODS),
];

const FUNCTIONS: &str = "
SELECT pg_get_functiondef(f.oid) FROM functions f WHERE prokind <> 'a'";

const AGGREGATES: &str = "
SELECT concat_ws(' ', name, 'of', pg_get_function_arguments(f.oid),
           'returns', format_type(prorettype, NULL),
           'state', format_type(aggtranstype, NULL),
           'moving state ' || NULLIF(aggmtranstype, 0)::regtype,
           'sorted by ' || NULLIF(aggsortop, 0)::regoperator, 'parallel', proparallel,
           jsonb_strip_nulls(to_jsonb(a) - '{aggfnoid,aggtranstype,aggmtranstype,aggsortop}'::text[]))
FROM functions f JOIN pg_aggregate a ON aggfnoid = f.oid";

/// Without those that are only announced, as another's commutator.
const OPERATORS: &str = "
SELECT concat_ws(' ', o.oid::regoperator, 'by', oprcode::regprocedure,
           'commutator ' || NULLIF(oprcom, 0)::regoperator,
           'negator ' || NULLIF(oprnegate, 0)::regoperator,
           'restrict ' || NULLIF(oprrest, 0)::regproc, 'join ' || NULLIF(oprjoin, 0)::regproc,
           CASE WHEN oprcanmerge THEN 'merges' END, CASE WHEN oprcanhash THEN 'hashes' END)
FROM pg_operator o JOIN schemas n ON n.oid = oprnamespace
WHERE oprcode <> 0 AND ('pg_operator'::regclass, o.oid) NOT IN (SELECT * FROM members)";

const OPERATOR_CLASSES: &str = "
SELECT concat_ws(' ', class.identity, 'for', opcintype::regtype, 'of', family.identity,
           CASE WHEN opcdefault THEN 'default' END, 'storage ' || NULLIF(opckeytype, 0)::regtype)
FROM pg_opclass c JOIN schemas n ON n.oid = opcnamespace,
     pg_identify_object('pg_opclass'::regclass, c.oid, 0) AS class,
     pg_identify_object('pg_opfamily'::regclass, opcfamily, 0) AS family
WHERE ('pg_opclass'::regclass, c.oid) NOT IN (SELECT * FROM members)";

const OPERATOR_FAMILIES: &str = "
SELECT identity
FROM pg_opfamily f JOIN schemas n ON n.oid = opfnamespace,
     pg_identify_object('pg_opfamily'::regclass, f.oid, 0)
WHERE ('pg_opfamily'::regclass, f.oid) NOT IN (SELECT * FROM members)";

/// With the class that has it, if it is not only the family's.
const FAMILY_MEMBERS: &str = "
SELECT concat_ws(' ', family.identity, member.line,
           'of ' || (SELECT identity
                     FROM pg_depend, pg_identify_object(refclassid, refobjid, 0)
                     WHERE classid = class AND objid = member.oid AND deptype = 'i'
                       AND refclassid = 'pg_opclass'::regclass))
FROM (
    SELECT 'pg_amop'::regclass AS class, oid, amopfamily AS family,
           concat_ws(' ', 'operator', amopstrategy, amopopr::regoperator, 'for',
               amoplefttype::regtype, amoprighttype::regtype,
               'sorted by ' || (SELECT identity
                                FROM pg_identify_object('pg_opfamily'::regclass, amopsortfamily, 0)
                                WHERE amopsortfamily <> 0)) AS line
    FROM pg_amop WHERE oid >= 16384
    UNION ALL
    SELECT 'pg_amproc'::regclass, oid, amprocfamily,
           concat_ws(' ', 'function', amprocnum, amproc::regprocedure, 'for',
               amproclefttype::regtype, amprocrighttype::regtype)
    FROM pg_amproc WHERE oid >= 16384
) AS member, pg_identify_object('pg_opfamily'::regclass, family, 0) AS family
WHERE ('pg_opfamily'::regclass, family) NOT IN (SELECT * FROM members)";

const LANGUAGES: &str = "
SELECT concat_ws(' ', quote_ident(lanname), CASE WHEN lanpltrusted THEN 'trusted' END,
           'handler ' || NULLIF(lanplcallfoid, 0)::regproc,
           'inline ' || NULLIF(laninline, 0)::regproc,
           'validator ' || NULLIF(lanvalidator, 0)::regproc)
FROM pg_language l
WHERE lanispl AND ('pg_language'::regclass, l.oid) NOT IN (SELECT * FROM members)";

const ACCESS_METHODS: &str = "
SELECT concat_ws(' ', quote_ident(amname), CASE amtype WHEN 'i' THEN 'index' ELSE 'table' END,
           'handler', amhandler)
FROM pg_am a
WHERE a.oid >= 16384 AND ('pg_am'::regclass, a.oid) NOT IN (SELECT * FROM members)";
