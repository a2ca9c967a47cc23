//! Text search.

use super::super::kind::Kind;
use super::Reader;

pub(super) const CONFIGURATIONS: Reader =
    Reader::of(&[Kind::TextSearchConfiguration], configurations);

/// A mapping a kind of token.
fn configurations() -> String {
    "
SELECT 'pg_ts_config', c.oid, 0::int8, what, value, statements
FROM (SELECT c.*, c.oid::regconfig::text AS name FROM wanted JOIN pg_ts_config c ON c.oid = objid) AS c
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE TEXT SEARCH CONFIGURATION %s (PARSER = %s)', name,
        (SELECT format('%s.%I', prsnamespace::regnamespace, prsname)
         FROM pg_ts_parser p WHERE p.oid = cfgparser))]),
    ('drop', NULL, ARRAY['DROP TEXT SEARCH CONFIGURATION ' || name]),
    ('owner', cfgowner::regrole::text,
        ARRAY[format('ALTER TEXT SEARCH CONFIGURATION %s OWNER TO %s', name, cfgowner::regrole)])
) AS rows(what, value, statements)
UNION ALL
SELECT 'pg_ts_config_map', c.oid, tokid::int8, what, value, statements
FROM wanted
JOIN pg_ts_config c ON c.oid = objid
CROSS JOIN LATERAL ts_token_type(cfgparser)
CROSS JOIN LATERAL (
    SELECT string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno) AS dictionaries
    FROM pg_ts_config_map WHERE mapcfg = c.oid AND maptokentype = tokid
) AS m
CROSS JOIN LATERAL (VALUES
    ('fact', format('%s of %s', alias, c.oid::regconfig), ARRAY['text search mapping']),
    ('create', dictionaries, ARRAY[format('ALTER TEXT SEARCH CONFIGURATION %s ADD MAPPING FOR %I WITH %s',
        c.oid::regconfig, alias, dictionaries)]),
    ('drop', NULL, ARRAY[format('ALTER TEXT SEARCH CONFIGURATION %s DROP MAPPING FOR %I',
        c.oid::regconfig, alias)]),
    ('needs', NULL, ARRAY['pg_ts_config', c.oid::text, '0', 'a'])
) AS rows(what, value, statements)
WHERE dictionaries IS NOT NULL"
        .to_owned()
}

pub(super) const DICTIONARIES: Reader = Reader::of(&[Kind::TextSearchDictionary], dictionaries);

fn dictionaries() -> String {
    "
SELECT 'pg_ts_dict', d.oid, 0::int8, what, value, statements
FROM (
    SELECT d.*, d.oid::regdictionary::text AS name,
           format('%s.%I', tmplnamespace::regnamespace, tmplname) AS template
    FROM wanted JOIN pg_ts_dict d ON d.oid = objid JOIN pg_ts_template t ON t.oid = dicttemplate
) AS d
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE TEXT SEARCH DICTIONARY %s (%s)', name,
        concat_ws(', ', 'TEMPLATE = ' || template, dictinitoption))]),
    ('drop', NULL, ARRAY['DROP TEXT SEARCH DICTIONARY ' || name]),
    ('change definition', dictinitoption, ARRAY['ALTER TEXT SEARCH DICTIONARY ' || name] || ARRAY(
        SELECT option[1] || '=' || option[2]
        FROM regexp_matches(dictinitoption, '(\"(?:[^\"]|\"\")*\"|\\w+) = (E?''(?:[^''\\\\]|''''|\\\\.)*''|[^,]+)', 'g')
             AS option)),
    ('owner', dictowner::regrole::text,
        ARRAY[format('ALTER TEXT SEARCH DICTIONARY %s OWNER TO %s', name, dictowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const PARSERS: Reader = Reader::of(&[Kind::TextSearchParser], parsers);

fn parsers() -> String {
    "
SELECT 'pg_ts_parser', p.oid, 0::int8, what, value, statements
FROM (
    SELECT p.*, format('%s.%I', prsnamespace::regnamespace, prsname) AS name
    FROM wanted JOIN pg_ts_parser p ON p.oid = objid
) AS p
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE TEXT SEARCH PARSER %s (%s)', name, concat_ws(', ',
        'START = ' || prsstart, 'GETTOKEN = ' || prstoken, 'END = ' || prsend,
        'HEADLINE = ' || NULLIF(prsheadline, 0)::regproc, 'LEXTYPES = ' || prslextype))]),
    ('drop', NULL, ARRAY['DROP TEXT SEARCH PARSER ' || name])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const TEMPLATES: Reader = Reader::of(&[Kind::TextSearchTemplate], templates);

fn templates() -> String {
    "
SELECT 'pg_ts_template', t.oid, 0::int8, what, value, statements
FROM (
    SELECT t.*, format('%s.%I', tmplnamespace::regnamespace, tmplname) AS name
    FROM wanted JOIN pg_ts_template t ON t.oid = objid
) AS t
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE TEXT SEARCH TEMPLATE %s (%s)', name, concat_ws(', ',
        'INIT = ' || NULLIF(tmplinit, 0)::regproc, 'LEXIZE = ' || tmpllexize))]),
    ('drop', NULL, ARRAY['DROP TEXT SEARCH TEMPLATE ' || name])
) AS rows(what, value, statements)"
        .to_owned()
}
