//! Relations, and what belongs to them.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("tables", TABLES),
    Kind { in_order: true, ..kind("columns", COLUMNS) },
    kind("constraints", CONSTRAINTS),
    kind("indexes", INDEXES),
    kind("sequences", SEQUENCES),
    kind("views", VIEWS),
    kind("triggers", TRIGGERS),
    kind("rules", RULES),
    kind("policies", POLICIES),
    kind("statistics", STATISTICS),
];

/// Composite types too: their columns are listed like those of tables.
const TABLES: &str = "
SELECT concat_ws(' ', name,
           CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
                        WHEN 'f' THEN 'foreign table' ELSE 'composite type' END,
           CASE relpersistence WHEN 'u' THEN 'unlogged' END,
           'by ' || pg_get_partkeydef(r.oid),
           (SELECT string_agg(format('inherits %s%s', inhparent::regclass,
                                     CASE WHEN to_jsonb(i) ->> 'inhdetachpending' = 'true'
                                          THEN ' (detach pending)' END), ', ' ORDER BY inhseqno)
            FROM pg_inherits i WHERE inhrelid = r.oid),
           pg_get_expr(relpartbound, r.oid),
           'of type ' || NULLIF(reloftype, 0)::regtype,
           'with ' || reloptions::text,
           'toast with ' || (SELECT t.reloptions FROM pg_class t WHERE t.oid = r.reltoastrelid)::text,
           'in tablespace ' || (SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
           'using ' || (SELECT amname FROM pg_am m WHERE m.oid = (json ->> 'relam')::oid
                        AND amname <> 'heap'),
           CASE WHEN relrowsecurity THEN 'row security' END,
           CASE WHEN relforcerowsecurity THEN 'forced' END,
           'replica identity ' || CASE WHEN relreplident = 'f' THEN 'full'
                                       WHEN relreplident = 'i' THEN 'index'
                                       WHEN relreplident = 'n' AND relkind <> 'c' THEN 'nothing' END,
           (SELECT concat_ws(' ', 'at', quote_ident(srvname), 'options ' || ftoptions::text)
            FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver
            WHERE ftrelid = r.oid))
FROM relations r WHERE relkind IN ('r', 'p', 'f', 'c')";

/// `attstattarget` is null or -1 for the default, by version. `storage` is shown where it is not
/// the type's.
const COLUMNS: &str = r#"
SELECT concat_ws(' ', format('%s.%I', name, attname), format_type(atttypid, atttypmod),
           'collate ' || (SELECT l.oid::regcollation FROM pg_collation l
                          WHERE l.oid = attcollation AND attcollation <> typcollation),
           CASE WHEN attnotnull THEN 'not null' END,
           CASE attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
           CASE to_jsonb(a) ->> 'attgenerated'
               WHEN 's' THEN 'stored generated' WHEN 'v' THEN 'virtual generated' END,
           'default ' || pg_get_expr(adbin, adrelid),
           CASE WHEN attstorage <> typstorage
                THEN 'storage ' || CASE attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
                                                   WHEN 'm' THEN 'main' ELSE 'extended' END END,
           'compression ' || NULLIF(to_jsonb(a) ->> 'attcompression', ''),
           'statistics ' || NULLIF(attstattarget, -1),
           'options ' || (SELECT NULLIF(array_agg(option), '{}') FROM unnest(attoptions) AS option
                          WHERE option NOT LIKE 'pg\_%')::text,
           'foreign options ' || attfdwoptions::text,
           CASE WHEN attinhcount > 0 THEN 'inherited' END,
           CASE WHEN attinhcount > 0 AND attislocal THEN 'and local' END)
FROM relations r
JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
ORDER BY name COLLATE "C", attnum"#;

/// From 18 on, `NOT NULL` is among them. Whether a partition has one besides its parent means
/// nothing, and neither does what PostgreSQL called the inner part of a foreign key.
const CONSTRAINTS: &str = "
SELECT concat_ws(' ', name, CASE WHEN contype <> 'f' OR conparentid = 0 THEN quote_ident(conname) END,
           pg_get_constraintdef(k.oid),
           CASE WHEN connoinherit AND contype = 'c' THEN '(no inherit)' END,
           CASE WHEN coninhcount > 0 THEN '(inherited)' END,
           CASE WHEN coninhcount > 0 AND conislocal AND NOT relispartition
                THEN '(and local)' END)
FROM relations r JOIN pg_constraint k ON conrelid = r.oid
WHERE contype <> 't'";

const INDEXES: &str = "
SELECT concat_ws(' ', r.name, pg_get_indexdef(indexrelid),
           'in tablespace ' || (SELECT spcname FROM pg_tablespace s WHERE s.oid = i.reltablespace),
           'part of ' || (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.oid),
           CASE WHEN indisclustered THEN '(clustered)' END,
           CASE WHEN indisreplident THEN '(replica identity)' END,
           CASE WHEN NOT indisvalid THEN '(invalid)' END,
           (SELECT string_agg(format('statistics of %s %s', attnum, attstattarget), ', '
                              ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0))
FROM relations r JOIN pg_index ON indrelid = r.oid JOIN relations i ON i.oid = indexrelid";

const SEQUENCES: &str = "
SELECT concat_ws(' ', name, CASE relpersistence WHEN 'u' THEN 'unlogged' END,
           'as', format_type(seqtypid, NULL), 'start', seqstart,
           'increment', seqincrement, 'min', seqmin, 'max', seqmax, 'cache', seqcache,
           CASE WHEN seqcycle THEN 'cycle' END,
           (SELECT format('owned by %s.%I', refobjid::regclass, attname)
            FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
            WHERE classid = 'pg_class'::regclass AND objid = r.oid AND deptype IN ('a', 'i')
              AND refclassid = 'pg_class'::regclass))
FROM relations r JOIN pg_sequence ON seqrelid = r.oid";

const VIEWS: &str = "
SELECT concat_ws(' ', name, CASE relkind WHEN 'm' THEN 'materialized' END,
           CASE WHEN relkind = 'm' AND NOT relispopulated THEN '(not populated)' END,
           'with ' || reloptions::text,
           'in tablespace ' || (SELECT spcname FROM pg_tablespace s WHERE s.oid = reltablespace),
           'using ' || (SELECT amname FROM pg_am m WHERE m.oid = relam AND amname <> 'heap'))
       || E'\\n' || pg_get_viewdef(r.oid, true)
FROM relations r WHERE relkind IN ('v', 'm')";

const TRIGGERS: &str = "
SELECT concat_ws(' ', pg_get_triggerdef(t.oid),
           CASE tgenabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)'
                          WHEN 'A' THEN '(always)' END,
           CASE WHEN (to_jsonb(t) ->> 'tgparentid')::oid <> 0 THEN '(of the parent)' END)
FROM relations r JOIN pg_trigger t ON tgrelid = r.oid
WHERE NOT tgisinternal
UNION ALL
SELECT format('foreign key of %s%s: %s on %s (%s)', k.conrelid::regclass,
              ' to ' || NULLIF(k.confrelid, 0)::regclass, tgfoid::regproc, r.name, tgenabled)
FROM relations r JOIN pg_trigger t ON tgrelid = r.oid JOIN pg_constraint k ON k.oid = tgconstraint
WHERE tgisinternal AND contype = 'f' AND tgenabled <> 'O'";

const RULES: &str = "
SELECT concat_ws(' ', pg_get_ruledef(u.oid),
           CASE ev_enabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)'
                           WHEN 'A' THEN '(always)' END)
FROM relations r JOIN pg_rewrite u ON ev_class = r.oid
WHERE rulename <> '_RETURN'";

const POLICIES: &str = r#"
SELECT concat_ws(' ', name, quote_ident(polname),
           CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
           CASE polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                       WHEN 'd' THEN 'delete' ELSE 'all' END,
           'to ' || (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE role::regrole::text END,
                                       ', ' ORDER BY role::regrole::text COLLATE "C")
                     FROM unnest(polroles) AS role),
           'using ' || pg_get_expr(polqual, polrelid),
           'check ' || pg_get_expr(polwithcheck, polrelid))
FROM relations r JOIN pg_policy ON polrelid = r.oid"#;

const STATISTICS: &str = "
SELECT concat_ws(' ', pg_get_statisticsobjdef(s.oid),
           'statistics ' || NULLIF(to_jsonb(s) ->> 'stxstattarget', '-1'))
FROM relations r JOIN pg_statistic_ext s ON stxrelid = r.oid";
