//! Languages, access methods, event triggers and subscriptions: what belongs to the database as a
//! whole.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const LANGUAGES: Reader = Reader::of(&[Kind::Language], languages);

fn languages() -> String {
    let acl = privileges::sql('l', "'LANGUAGE ' || name", "''", "lanacl", "lanowner");
    format!(
        "
SELECT 'pg_language', l.oid, 0::int8, what, value, statements
FROM (
    SELECT l.*, quote_ident(lanname) AS name,
           concat(CASE WHEN lanpltrusted THEN 'TRUSTED ' END, 'LANGUAGE ', quote_ident(lanname),
                  ' HANDLER ' || NULLIF(lanplcallfoid, 0)::regproc,
                  ' INLINE ' || NULLIF(laninline, 0)::regproc,
                  ' VALIDATOR ' || NULLIF(lanvalidator, 0)::regproc) AS definition
    FROM wanted JOIN pg_language l ON l.oid = objid
) AS l
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY['CREATE ' || definition]),
    ('drop', NULL, ARRAY['DROP LANGUAGE ' || name]),
    ('change language', definition, ARRAY['CREATE OR REPLACE ' || definition]),
    ('owner', lanowner::regrole::text,
        ARRAY[format('ALTER LANGUAGE %s OWNER TO %s', name, lanowner::regrole)]),
    ('acl l', NULL, {acl})
) AS rows(what, value, statements)"
    )
}

pub(super) const ACCESS_METHODS: Reader = Reader::of(&[Kind::AccessMethod], access_methods);

fn access_methods() -> String {
    "
SELECT 'pg_am', a.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_am a ON a.oid = objid
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', amname,
        CASE amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, amhandler)]),
    ('drop', NULL, ARRAY[format('DROP ACCESS METHOD %I', amname)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const EVENT_TRIGGERS: Reader = Reader::of(&[Kind::EventTrigger], event_triggers);

fn event_triggers() -> String {
    "
SELECT 'pg_event_trigger', t.oid, 0::int8, what, value, statements
FROM (
    SELECT t.*, quote_ident(evtname) AS name,
           concat(' ON ', evtevent,
                  (SELECT format(' WHEN TAG IN (%s)', string_agg(quote_literal(tag), ', '))
                   FROM unnest(evttags) AS tag HAVING count(*) > 0),
                  ' EXECUTE FUNCTION ', evtfoid::regproc, '()') AS definition
    FROM wanted JOIN pg_event_trigger t ON t.oid = objid
) AS t
CROSS JOIN LATERAL (VALUES
    ('create', definition, ARRAY[concat('CREATE EVENT TRIGGER ', name, definition)]),
    ('drop', NULL, ARRAY['DROP EVENT TRIGGER ' || name]),
    ('set enabled', NULLIF(evtenabled, 'O')::text, ARRAY[format('ALTER EVENT TRIGGER %s %s', name,
        CASE evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                        WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END)]),
    ('owner', evtowner::regrole::text,
        ARRAY[format('ALTER EVENT TRIGGER %s OWNER TO %s', name, evtowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const SUBSCRIPTIONS: Reader = Reader::of(&[Kind::Subscription], subscriptions);

/// What a subscription is made with, besides its connection.
const SUBSCRIPTION: &str = "
    SELECT s.oid, subowner, subenabled, quote_ident(subname) AS name,
           -- in versions that lack a column its name means the null outside
           (SELECT array_remove(ARRAY[
                'slot_name=' || COALESCE(subslotname, 'none'),
                'synchronous_commit=' || subsynccommit,
                'binary=' || subbinary,
                'streaming=' || CASE left(substream::text, 1) WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel'
                                                              WHEN 'f' THEN 'off' END,
                'two_phase=' || (subtwophasestate <> 'd'),
                'disable_on_error=' || subdisableonerr,
                'password_required=' || subpasswordrequired,
                'run_as_owner=' || subrunasowner,
                'origin=' || suborigin,
                'failover=' || subfailover], NULL)
            FROM pg_subscription i WHERE i.oid = s.oid) AS parameters,
           (SELECT string_agg(quote_ident(publication), ', ') FROM unnest(subpublications) AS publication)
               AS publications
    FROM wanted
    CROSS JOIN (SELECT NULL::bool AS subbinary, NULL::text AS substream,
                       NULL::\"char\" AS subtwophasestate, NULL::bool AS subdisableonerr,
                       NULL::bool AS subpasswordrequired, NULL::bool AS subrunasowner,
                       NULL::text AS suborigin, NULL::bool AS subfailover) AS older
    JOIN pg_subscription s ON s.oid = objid";

/// The parameters as they stand in a `CREATE`.
const PARAMETERS: &str = "(SELECT string_agg(format('%s = %L', split_part(parameter, '=', 1),
        substr(parameter, strpos(parameter, '=') + 1)), ', ') FROM unnest(parameters) AS parameter)";

/// It is recreated without a connection, which is not everyone's to read, and disabled.
fn subscriptions() -> String {
    format!(
        "
SELECT 'pg_subscription', s.oid, 0::int8, what, value, statements
FROM ({SUBSCRIPTION}) AS s
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE SUBSCRIPTION %s CONNECTION %L PUBLICATION %s WITH (connect = false, %s)',
        name, '', publications, {PARAMETERS})]),
    ('drop', NULL, ARRAY[
        format('ALTER SUBSCRIPTION %s DISABLE', name),
        format('ALTER SUBSCRIPTION %s SET (slot_name = NONE)', name),
        'DROP SUBSCRIPTION ' || name]),
    ('change options', array_to_string(parameters, chr(31)),
        ARRAY['ALTER SUBSCRIPTION ' || name] || parameters),
    ('change publications', publications,
        ARRAY[format('ALTER SUBSCRIPTION %s SET PUBLICATION %s WITH (refresh = false)', name, publications)]),
    ('change enabled', subenabled::text,
        ARRAY[format('ALTER SUBSCRIPTION %s %s', name, CASE WHEN subenabled THEN 'ENABLE' ELSE 'DISABLE' END)]),
    ('owner', subowner::regrole::text,
        ARRAY[format('ALTER SUBSCRIPTION %s OWNER TO %s', name, subowner::regrole)]),
    ('withheld', NULL, ARRAY['connection=not read'])
) AS rows(what, value, statements)"
    )
}

pub(super) const CONNECTIONS: Reader = Reader {
    only_if: Some("SELECT has_column_privilege('pg_subscription', 'subconninfo', 'SELECT')"),
    ..Reader::of(&[Kind::Subscription], connections)
};

/// Returns rows for connections; one with a password is omitted.
fn connections() -> String {
    format!(
        "
SELECT 'pg_subscription', s.oid, 0::int8, what, value, statements
FROM ({SUBSCRIPTION}) AS s
CROSS JOIN LATERAL (
    SELECT hashtextextended(subconninfo, 0) AS hash,
           CASE WHEN subconninfo !~* 'passw|://[^/@]*:[^/@]*@' THEN subconninfo END AS connection
    FROM pg_subscription i WHERE i.oid = s.oid
) AS c
CROSS JOIN LATERAL (VALUES
    ('create', NULL, ARRAY[format('CREATE SUBSCRIPTION %s CONNECTION %L PUBLICATION %s WITH (connect = false, %s)',
        name, connection, publications, {PARAMETERS})]),
    ('once enabled', NULLIF(subenabled, false)::text, ARRAY[format('ALTER SUBSCRIPTION %s ENABLE', name)]),
    ('change connection', connection,
        ARRAY[format('ALTER SUBSCRIPTION %s CONNECTION ', name) || quote_literal(connection)]),
    ('withheld', NULL, CASE WHEN connection IS NULL THEN ARRAY['connection=' || hash] END)
) AS rows(what, value, statements)
WHERE connection IS NOT NULL OR what IN ('change connection', 'withheld')"
    )
}
