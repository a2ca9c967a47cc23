//! Text search.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("text search configurations", CONFIGURATIONS),
    kind("text search mappings", MAPPINGS),
    kind("text search dictionaries", DICTIONARIES),
    kind("text search parsers", PARSERS),
    kind("text search templates", TEMPLATES),
];

const CONFIGURATIONS: &str = "
SELECT format('%s by %s', c.oid::regconfig, identity)
FROM pg_ts_config c JOIN schemas n ON n.oid = cfgnamespace,
     pg_identify_object('pg_ts_parser'::regclass, cfgparser, 0)
WHERE ('pg_ts_config'::regclass, c.oid) NOT IN (SELECT * FROM members)";

const MAPPINGS: &str = "
SELECT format('%s: %s with %s', c.oid::regconfig, alias,
              string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno))
FROM pg_ts_config c JOIN schemas n ON n.oid = cfgnamespace
JOIN pg_ts_config_map ON mapcfg = c.oid
JOIN LATERAL ts_token_type(cfgparser) ON tokid = maptokentype
WHERE ('pg_ts_config'::regclass, c.oid) NOT IN (SELECT * FROM members)
GROUP BY c.oid, alias";

const DICTIONARIES: &str = "
SELECT concat_ws(' ', d.oid::regdictionary, 'of', identity, 'with ' || dictinitoption)
FROM pg_ts_dict d JOIN schemas n ON n.oid = dictnamespace,
     pg_identify_object('pg_ts_template'::regclass, dicttemplate, 0)
WHERE ('pg_ts_dict'::regclass, d.oid) NOT IN (SELECT * FROM members)";

const PARSERS: &str = "
SELECT concat_ws(' ', identity, to_jsonb(p) - '{oid,prsname,prsnamespace}'::text[])
FROM pg_ts_parser p, pg_identify_object('pg_ts_parser'::regclass, p.oid, 0)
WHERE p.oid >= 16384 AND ('pg_ts_parser'::regclass, p.oid) NOT IN (SELECT * FROM members)";

const TEMPLATES: &str = "
SELECT concat_ws(' ', identity, to_jsonb(t) - '{oid,tmplname,tmplnamespace}'::text[])
FROM pg_ts_template t, pg_identify_object('pg_ts_template'::regclass, t.oid, 0)
WHERE t.oid >= 16384 AND ('pg_ts_template'::regclass, t.oid) NOT IN (SELECT * FROM members)";
