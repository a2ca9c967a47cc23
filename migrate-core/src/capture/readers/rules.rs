//! Triggers, rules, policies and extended statistics: what a table has besides its columns,
//! constraints and indexes.

use super::super::kind::Kind;
use super::Reader;

/// A definition without the first name in it: a rename changes that in place. Words of SQL are in
/// capitals there, and so no part of a name without quotes.
pub(super) fn nameless(definition: &str, name: &str) -> String {
    format!(
        "overlay({definition} PLACING '' FROM strpos({definition}, quote_ident({name}))
                 FOR length(quote_ident({name})))"
    )
}

pub(super) const TRIGGERS: Reader = Reader::of(&[Kind::Trigger], triggers);

/// A partition gets the triggers of its parent when it is attached, as they are there; one that is
/// enabled in another way is so again when all else is done, for what is said of the parent's
/// concerns those of its partitions. Of a partition that has partitions, those that others have
/// attached since have copied it, and follow it back.
fn triggers() -> String {
    let nameless = nameless("pg_get_triggerdef(t.oid)", "t.tgname");
    let of_new_partitions = ENABLE_WITH_NEW_PARTITIONS;
    format!("
SELECT 'pg_trigger', t.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_trigger t ON t.oid = objid
JOIN pg_class c ON c.oid = t.tgrelid
LEFT JOIN LATERAL (
    WITH RECURSIVE line AS (
        SELECT p.tgparentid, p.tgenabled, p.tgisinternal FROM pg_trigger p WHERE p.oid = t.tgparentid
        UNION ALL
        SELECT p.tgparentid, p.tgenabled, p.tgisinternal FROM line JOIN pg_trigger p ON p.oid = line.tgparentid
    )
    SELECT tgenabled AS enabled_above FROM line WHERE tgparentid = 0 AND NOT tgisinternal
) AS root ON true
CROSS JOIN LATERAL (
    SELECT t.tgparentid <> 0 AS of_parent, t.tgrelid::regclass AS relation, mode,
           format('ALTER TABLE %s%s %s TRIGGER %I', CASE WHEN t.tgparentid <> 0 THEN 'ONLY ' END, t.tgrelid::regclass,
                  mode, t.tgname) AS enable
    FROM (SELECT CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                  WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END AS mode) AS m
) AS e
CROSS JOIN LATERAL (VALUES
    (false, 'create', {nameless}, ARRAY[pg_get_triggerdef(t.oid)]),
    (false, 'name', quote_ident(t.tgname), ARRAY['ALTER TRIGGER ', format(' ON %s RENAME TO ', relation)]),
    (false, 'drop', NULL, ARRAY[format('DROP TRIGGER %I ON %s', t.tgname, relation)]),
    (false, 'set enabled', NULLIF(t.tgenabled, 'O')::text, ARRAY[enable]),
    (true, 'late enabled', CASE WHEN t.tgenabled <> enabled_above THEN concat(t.tgenabled, enabled_above) END,
        ARRAY[CASE c.relkind WHEN 'p' THEN 'DO ' || quote_literal({of_new_partitions}) ELSE enable END])
) AS rows(for_partition, what, value, statements)
-- before 15 that of a partition is an internal one
WHERE CASE WHEN of_parent THEN for_partition AND enabled_above IS NOT NULL
           ELSE NOT for_partition AND NOT t.tgisinternal END")
}

/// A body that enables a trigger as before, and likewise on the partitions that did not exist then.
const ENABLE_WITH_NEW_PARTITIONS: &str = "format('
DECLARE
    change pg_catalog.text;
BEGIN
    %s;
    FOR change IN
        WITH RECURSIVE line AS (
            SELECT t.oid, t.tgrelid, t.tgname FROM pg_catalog.pg_trigger t
            WHERE t.tgrelid OPERATOR(pg_catalog.=) %L::pg_catalog.regclass
              AND t.tgname OPERATOR(pg_catalog.=) %L::pg_catalog.name
            UNION ALL
            SELECT t.oid, t.tgrelid, t.tgname FROM line
            JOIN pg_catalog.pg_trigger t ON t.tgparentid OPERATOR(pg_catalog.=) line.oid
        )
        SELECT pg_catalog.format(''ALTER TABLE ONLY %%s %s TRIGGER %%I'', tgrelid::pg_catalog.regclass, tgname) FROM line
        WHERE tgrelid OPERATOR(pg_catalog.<>) ALL (%L::pg_catalog.oid[])
    LOOP
        EXECUTE change;
    END LOOP;
END
', enable, relation, t.tgname, mode,
   ARRAY(SELECT known.relid::oid FROM pg_partition_tree(t.tgrelid) AS known ORDER BY 1))";

pub(super) const INTERNAL_TRIGGERS: Reader = Reader::of(&[Kind::Trigger], internal_triggers);

/// The triggers that check foreign keys and deferrable keys, which `DISABLE TRIGGER ALL` turns off
/// too. Their names have an id in them, so they are found by what they call, their table, and the
/// constraint that they come from: of a partition, that is the one of the uppermost table.
fn internal_triggers() -> String {
    "
SELECT 'internal triggers', relid, root, what, value, statements
FROM (
    SELECT tgrelid AS relid, root::int8, relation, k.conrelid::regclass::text AS constrained, conname,
           string_agg(state, ', ' ORDER BY state) FILTER (WHERE tgenabled <> 'O') AS states,
           string_agg(format('(%L, %L)', function, enable), ', ' ORDER BY state) AS enables
    FROM (
        SELECT t.*, tgrelid::regclass::text AS relation, proname AS function, concat(proname, ' ', tgenabled) AS state,
               CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                              WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END AS enable,
               (WITH RECURSIVE line AS (
                    SELECT c.oid, c.conparentid FROM pg_constraint c WHERE c.oid = tgconstraint
                    UNION ALL
                    SELECT c.oid, c.conparentid FROM line JOIN pg_constraint c ON c.oid = line.conparentid
                )
                SELECT line.oid FROM line WHERE conparentid = 0) AS root
        FROM wanted
        JOIN pg_trigger t ON t.oid = objid AND tgisinternal AND tgconstraint <> 0
        JOIN pg_proc p ON p.oid = tgfoid AND pronamespace = 'pg_catalog'::regnamespace
    ) AS t
    JOIN pg_constraint k ON k.oid = root
    GROUP BY tgrelid, root, relation, k.conrelid, conname
) AS t
CROSS JOIN LATERAL (
    SELECT format('
DECLARE
    change pg_catalog.text;
BEGIN
    FOR change IN
        WITH RECURSIVE line AS (
            SELECT c.oid FROM pg_catalog.pg_constraint c
            WHERE c.conrelid OPERATOR(pg_catalog.=) %L::pg_catalog.regclass
              AND c.conname OPERATOR(pg_catalog.=) %L::pg_catalog.name
            UNION ALL
            SELECT c.oid FROM line
            JOIN pg_catalog.pg_constraint c ON c.conparentid OPERATOR(pg_catalog.=) line.oid
        )
        SELECT pg_catalog.format(''ALTER TABLE ONLY %%s %%s TRIGGER %%I'', t.tgrelid::pg_catalog.regclass, enable, t.tgname)
        FROM line
        JOIN pg_catalog.pg_trigger t ON t.tgconstraint OPERATOR(pg_catalog.=) line.oid
            AND t.tgrelid OPERATOR(pg_catalog.=) %L::pg_catalog.regclass AND t.tgisinternal
        JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
        JOIN (VALUES %s) AS wanted(function, enable)
            ON p.proname OPERATOR(pg_catalog.=) wanted.function::pg_catalog.name
    LOOP
        EXECUTE change;
    END LOOP;
END
', constrained, conname, relation, enables) AS body
) AS b
CROSS JOIN LATERAL (VALUES
    ('fact', format('of %I on %s: %s', conname, constrained, relation), ARRAY['internal triggers']),
    ('needs', NULL, ARRAY['pg_class', relid::text, '0', 'a']),
    ('needs', NULL, ARRAY['pg_constraint', root::text, '0', 'n']),
    ('late enabled', states, ARRAY['DO ' || CASE WHEN strpos(body, '$$') = 0 THEN '$$' || body || '$$'
                                                 ELSE quote_literal(body) END])
) AS rows(what, value, statements)"
        .to_owned()
}

pub(super) const RULES: Reader = Reader::of(&[Kind::Rule], rules);

fn rules() -> String {
    let nameless = nameless("definition", "rulename");
    format!("
SELECT 'pg_rewrite', u.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_rewrite u ON u.oid = objid AND rulename <> '_RETURN'
CROSS JOIN LATERAL (SELECT rtrim(pg_get_ruledef(u.oid), ';') AS definition OFFSET 0) AS d
CROSS JOIN LATERAL (VALUES
    ('create', {nameless}, ARRAY[definition]),
    ('name', quote_ident(rulename), ARRAY['ALTER RULE ', format(' ON %s RENAME TO ', ev_class::regclass)]),
    ('drop', NULL, ARRAY[format('DROP RULE %I ON %s', rulename, ev_class::regclass)]),
    ('set enabled', NULLIF(ev_enabled, 'O')::text,
        ARRAY[format('ALTER TABLE %s %s RULE %I', ev_class::regclass,
                     CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                     WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, rulename)])
) AS rows(what, value, statements)")
}

pub(super) const POLICIES: Reader = Reader::of(&[Kind::Policy], policies);

fn policies() -> String {
    let nameless = nameless("definition", "polname");
    format!("
SELECT 'pg_policy', p.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_policy p ON p.oid = objid
CROSS JOIN LATERAL (
    SELECT concat_ws(' ', format('CREATE POLICY %I ON %s', polname, polrelid::regclass),
               CASE WHEN NOT polpermissive THEN 'AS RESTRICTIVE' END,
               'FOR ' || CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                     WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
               'TO ' || (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END,
                                           ', ' ORDER BY role::regrole::text COLLATE \"C\")
                         FROM unnest(polroles) AS role),
               'USING (' || pg_get_expr(polqual, polrelid) || ')',
               'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS definition
    OFFSET 0
) AS d
CROSS JOIN LATERAL (VALUES
    ('create', {nameless}, ARRAY[definition]),
    ('name', quote_ident(polname), ARRAY['ALTER POLICY ', format(' ON %s RENAME TO ', polrelid::regclass)]),
    ('drop', NULL, ARRAY[format('DROP POLICY %I ON %s', polname, polrelid::regclass)])
) AS rows(what, value, statements)")
}

pub(super) const STATISTICS: Reader = Reader::of(&[Kind::StatisticsObject], statistics);

fn statistics() -> String {
    "
SELECT 'pg_statistic_ext', s.oid, 0::int8, what, value, statements
FROM (
    SELECT s.*, format('%I.%I', nspname, stxname) AS name, pg_get_statisticsobjdef(s.oid) AS definition,
           NULLIF(to_jsonb(s) ->> 'stxstattarget', '-1') AS target
    FROM wanted
    JOIN pg_statistic_ext s ON s.oid = objid
    JOIN pg_namespace n ON n.oid = stxnamespace
    OFFSET 0
) AS s
CROSS JOIN LATERAL (VALUES
    ('create', definition, ARRAY[definition]),
    ('drop', NULL, ARRAY['DROP STATISTICS ' || name]),
    ('set target', target,
        ARRAY[format('ALTER STATISTICS %s SET STATISTICS %s', name, COALESCE(target, '-1'))]),
    ('owner', stxowner::regrole::text,
        ARRAY[format('ALTER STATISTICS %s OWNER TO %s', name, stxowner::regrole)])
) AS rows(what, value, statements)"
        .to_owned()
}
