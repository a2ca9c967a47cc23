//! The schema of a database as text: equal texts, equal schemas.
//!
//! Nothing in it depends on object ids or on the order in which objects were made, so a schema
//! that was migrated up and down again reads as before. Columns are shown in their order, but
//! without their numbers: a dropped column leaves a gap there that nothing else sees.
//!
//! One query a kind of object, each with one column, a line of the text. They share the views of
//! `PRELUDE`. Objects of extensions are left out, the extensions are not.

use postgres::Client;

/// The schema of the database that `client` is connected to, without the relations in `leave_out`
/// (`migrations`, or `public.migrations`), and what belongs to them.
///
/// # Panics
///
/// If a query fails.
#[must_use]
pub fn catalog(client: &mut Client, leave_out: &[&str]) -> String {
    let mut text = String::new();
    let mut transaction = client.transaction().expect("a transaction can be started");
    // So that every name is printed with its schema.
    transaction.batch_execute("SET LOCAL search_path = pg_catalog").expect("a setting can be set");
    for (kind, query) in KINDS {
        let query = format!("{PRELUDE}{query}");
        let rows = transaction
            .query(&query, &[&leave_out])
            .unwrap_or_else(|error| panic!("the query for {kind} failed: {error:?}"));
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!("-- {kind}\n"));
        for row in rows {
            let line: String = row.get(0);
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    transaction.rollback().expect("a transaction can be rolled back");
    text
}

const KINDS: &[(&str, &str)] = &[
    ("extensions", EXTENSIONS),
    ("schemas", SCHEMAS),
    ("enums", ENUMS),
    ("domains", DOMAINS),
    ("ranges", RANGES),
    ("tables", TABLES),
    ("columns", COLUMNS),
    ("constraints", CONSTRAINTS),
    ("indexes", INDEXES),
    ("sequences", SEQUENCES),
    ("views", VIEWS),
    ("functions", FUNCTIONS),
    ("aggregates", AGGREGATES),
    ("triggers", TRIGGERS),
    ("rules", RULES),
    ("policies", POLICIES),
    ("statistics", STATISTICS),
    ("other objects", OTHERS),
    ("comments", COMMENTS),
    ("owners", OWNERS),
    ("privileges", PRIVILEGES),
    ("default privileges", DEFAULT_PRIVILEGES),
];

/// What belongs to an extension or comes with another object by itself; what is to be left out;
/// the user's schemas, relations, types and functions; and, over all of these, owner and
/// privileges.
///
/// `to_jsonb(row) ->> 'column'` reads columns that not all versions of the catalog have.
const PRELUDE: &str = "
WITH members AS (
    SELECT classid, objid FROM pg_depend
    WHERE deptype = 'e'
       OR deptype = 'i' AND classid IN ('pg_proc'::regclass, 'pg_cast'::regclass)
),
left_out AS (
    SELECT c.oid
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relname = ANY ($1::text[]) OR nspname || '.' || relname = ANY ($1::text[])
    UNION    -- sequences of their columns
    SELECT objid
    FROM pg_depend
    JOIN pg_class c ON c.oid = refobjid
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE (relname = ANY ($1::text[]) OR nspname || '.' || relname = ANY ($1::text[]))
      AND classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
      AND deptype IN ('a', 'i')
),
schemas AS (
    SELECT n.oid, nspname, nspowner, nspacl
    FROM pg_namespace n
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
      AND ('pg_namespace'::regclass, n.oid) NOT IN (SELECT * FROM members)
),
relations AS (
    SELECT c.*, format('%I.%I', nspname, relname) AS name, to_jsonb(c) AS json
    FROM pg_class c JOIN schemas n ON n.oid = relnamespace
    WHERE c.oid NOT IN (SELECT oid FROM left_out)
      AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM members)
),
types AS (
    SELECT t.*, format('%I.%I', nspname, typname) AS name
    FROM pg_type t JOIN schemas n ON n.oid = typnamespace
    WHERE ('pg_type'::regclass, t.oid) NOT IN (SELECT * FROM members)
),
functions AS (
    SELECT p.*, format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
                AS name
    FROM pg_proc p JOIN schemas n ON n.oid = pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM members)
      AND p.oid NOT IN (SELECT tgfoid FROM pg_trigger WHERE tgrelid IN (SELECT * FROM left_out))
),
owned AS (
    SELECT 'schema' AS kind, quote_ident(nspname) AS name, nspowner AS owner, nspacl AS acl
    FROM schemas
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                        WHEN 'm' THEN 'materialized view' ELSE 'table' END,
           name, relowner, relacl
    FROM relations WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 'column', format('%s.%I', name, attname), relowner, attacl
    FROM relations r JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND attacl IS NOT NULL
    UNION ALL
    SELECT 'function', name, proowner, proacl FROM functions
    UNION ALL
    SELECT 'type', name, typowner, typacl FROM types
    WHERE typtype IN ('e', 'd', 'r') OR typrelid IN (SELECT oid FROM relations WHERE relkind = 'c')
)
";

const EXTENSIONS: &str = "
SELECT format('%I %s in %I', extname, extversion, nspname)
FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
ORDER BY extname COLLATE \"C\"";

const SCHEMAS: &str = "
SELECT quote_ident(nspname) FROM schemas ORDER BY nspname COLLATE \"C\"";

const ENUMS: &str = "
SELECT format('%s (%s)', name, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder))
FROM types t JOIN pg_enum e ON enumtypid = t.oid
GROUP BY name ORDER BY name COLLATE \"C\"";

const DOMAINS: &str = "
SELECT concat_ws(' ', name, format_type(typbasetype, typtypmod),
           'collate ' || (SELECT collname FROM pg_collation l
                          WHERE l.oid = typcollation AND l.collname <> 'default'),
           'default ' || typdefault,
           CASE WHEN typnotnull THEN 'not null' END,
           (SELECT string_agg(format('constraint %I %s', conname, pg_get_constraintdef(k.oid)), ' '
                              ORDER BY conname COLLATE \"C\")
            FROM pg_constraint k WHERE contypid = t.oid))
FROM types t WHERE typtype = 'd' ORDER BY name COLLATE \"C\"";

const RANGES: &str = "
SELECT concat_ws(' ', name, 'of', format_type(rngsubtype, NULL),
           'with ' || NULLIF(rngsubdiff::text, '-'), 'canonical ' || NULLIF(rngcanonical::text, '-'))
FROM types t JOIN pg_range ON rngtypid = t.oid ORDER BY name COLLATE \"C\"";

/// Composite types too: their columns are listed like those of tables.
const TABLES: &str = "
SELECT concat_ws(' ', name,
           CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
                        WHEN 'f' THEN 'foreign table' ELSE 'composite type' END,
           CASE relpersistence WHEN 'u' THEN 'unlogged' END,
           'by ' || pg_get_partkeydef(r.oid),
           (SELECT string_agg(format('inherits %s', inhparent::regclass), ', ' ORDER BY inhseqno)
            FROM pg_inherits WHERE inhrelid = r.oid),
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
                                       WHEN relreplident = 'n' AND relkind <> 'c' THEN 'nothing' END)
FROM relations r WHERE relkind IN ('r', 'p', 'f', 'c') ORDER BY name COLLATE \"C\"";

/// `attstattarget` is null or -1 for the default, by version. `storage` is shown where it is not
/// the type's.
const COLUMNS: &str = "
SELECT concat_ws(' ', format('%s.%I', name, attname), format_type(atttypid, atttypmod),
           'collate ' || (SELECT quote_ident(collname) FROM pg_collation l
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
           'options ' || attoptions::text,
           CASE WHEN attinhcount > 0 THEN 'inherited' END,
           CASE WHEN attinhcount > 0 AND attislocal THEN 'and local' END)
FROM relations r
JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_type t ON t.oid = atttypid
LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
ORDER BY name COLLATE \"C\", attnum";

/// From 18 on, `NOT NULL` is among them.
const CONSTRAINTS: &str = "
SELECT concat_ws(' ', name, quote_ident(conname), pg_get_constraintdef(k.oid),
           CASE WHEN connoinherit AND contype = 'c' THEN '(no inherit)' END,
           CASE WHEN coninhcount > 0 THEN '(inherited)' END)
FROM relations r JOIN pg_constraint k ON conrelid = r.oid
WHERE contype <> 't'
ORDER BY name COLLATE \"C\", conname COLLATE \"C\"";

const INDEXES: &str = "
SELECT concat_ws(' ', r.name, pg_get_indexdef(indexrelid),
           'in tablespace ' || (SELECT spcname FROM pg_tablespace s WHERE s.oid = i.reltablespace),
           CASE WHEN NOT indisvalid THEN '(invalid)' END,
           CASE WHEN NOT indisready THEN '(not ready)' END,
           CASE WHEN indisclustered THEN '(clustered)' END,
           CASE WHEN indisreplident THEN '(replica identity)' END,
           (SELECT string_agg(format('statistics %s %s', attnum, attstattarget), ' ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = indexrelid AND attstattarget >= 0))
FROM relations r
JOIN pg_index x ON indrelid = r.oid
JOIN pg_class i ON i.oid = indexrelid
ORDER BY r.name COLLATE \"C\", i.relname COLLATE \"C\"";

const SEQUENCES: &str = "
SELECT concat_ws(' ', name, 'as', format_type(seqtypid, NULL), 'start', seqstart,
           'increment', seqincrement, 'min', seqmin, 'max', seqmax, 'cache', seqcache,
           CASE WHEN seqcycle THEN 'cycle' END,
           (SELECT format('owned by %s.%I', refobjid::regclass, attname)
            FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
            WHERE classid = 'pg_class'::regclass AND objid = r.oid AND deptype IN ('a', 'i')
              AND refclassid = 'pg_class'::regclass))
FROM relations r JOIN pg_sequence ON seqrelid = r.oid
ORDER BY name COLLATE \"C\"";

const VIEWS: &str = "
SELECT concat_ws(' ', name, CASE relkind WHEN 'm' THEN 'materialized' END,
           CASE WHEN relkind = 'm' AND NOT relispopulated THEN '(not populated)' END,
           'with ' || reloptions::text) || E'\\n' || pg_get_viewdef(r.oid, true)
FROM relations r WHERE relkind IN ('v', 'm') ORDER BY name COLLATE \"C\"";

const FUNCTIONS: &str = "
SELECT pg_get_functiondef(f.oid)
FROM functions f WHERE prokind <> 'a' ORDER BY name COLLATE \"C\"";

const AGGREGATES: &str = "
SELECT concat_ws(' ', name, 'returns', format_type(prorettype, NULL), 'by', aggtransfn::text,
           'state', format_type(aggtranstype, NULL), 'initially ' || agginitval,
           'finally ' || NULLIF(aggfinalfn::text, '-'),
           'combined by ' || NULLIF(aggcombinefn::text, '-'), 'parallel', proparallel)
FROM functions f JOIN pg_aggregate ON aggfnoid = f.oid ORDER BY name COLLATE \"C\"";

const TRIGGERS: &str = "
SELECT concat_ws(' ', pg_get_triggerdef(t.oid),
           CASE tgenabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)'
                          WHEN 'A' THEN '(always)' END)
FROM relations r JOIN pg_trigger t ON tgrelid = r.oid
WHERE NOT tgisinternal
ORDER BY name COLLATE \"C\", tgname COLLATE \"C\"";

const RULES: &str = "
SELECT concat_ws(' ', pg_get_ruledef(u.oid),
           CASE ev_enabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)'
                           WHEN 'A' THEN '(always)' END)
FROM relations r JOIN pg_rewrite u ON ev_class = r.oid
WHERE rulename <> '_RETURN'
ORDER BY name COLLATE \"C\", rulename COLLATE \"C\"";

const POLICIES: &str = "
SELECT concat_ws(' ', name, quote_ident(polname),
           CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
           CASE polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                       WHEN 'd' THEN 'delete' ELSE 'all' END,
           'to ' || (SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE role::regrole::text END,
                                       ', ' ORDER BY role::regrole::text COLLATE \"C\")
                     FROM unnest(polroles) AS role),
           'using ' || pg_get_expr(polqual, polrelid),
           'check ' || pg_get_expr(polwithcheck, polrelid))
FROM relations r JOIN pg_policy ON polrelid = r.oid
ORDER BY name COLLATE \"C\", polname COLLATE \"C\"";

const STATISTICS: &str = "
SELECT concat_ws(' ', pg_get_statisticsobjdef(s.oid),
           'statistics ' || NULLIF(to_jsonb(s) ->> 'stxstattarget', '-1'))
FROM relations r JOIN pg_statistic_ext s ON stxrelid = r.oid
ORDER BY stxname COLLATE \"C\"";

/// What is seldom in a migration: that it is there, and under which name. Ids below 16384 are
/// PostgreSQL's own.
const OTHERS: &str = "
SELECT format('%s %s', type, identity) COLLATE \"C\"
FROM (
    SELECT 'pg_publication'::regclass AS class, oid FROM pg_publication
    UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'pg_user_mapping'::regclass, oid FROM pg_user_mapping
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
    UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
    UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
    UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
    UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
    UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
    UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
) AS object, pg_identify_object(class, oid, 0)
WHERE oid >= 16384 AND (class, oid) NOT IN (SELECT * FROM members)
ORDER BY 1";

const COMMENTS: &str = "
SELECT format('%s %s: %s', type, identity, description) COLLATE \"C\"
FROM pg_description d, pg_identify_object(classoid, objoid, objsubid)
WHERE objoid >= 16384 AND (classoid, objoid) NOT IN (SELECT * FROM members)
  AND (classoid <> 'pg_class'::regclass OR objoid IN (SELECT oid FROM relations))
ORDER BY 1";

const OWNERS: &str = "
SELECT format('%s %s: %s', kind, name, owner::regrole) COLLATE \"C\"
FROM owned WHERE kind <> 'column' ORDER BY 1";

const PRIVILEGES: &str = "
SELECT format('%s %s: %s', kind, name,
              (SELECT string_agg(item::text, ', ' ORDER BY item::text COLLATE \"C\")
               FROM unnest(acl) AS item)) COLLATE \"C\"
FROM owned WHERE acl IS NOT NULL ORDER BY 1";

const DEFAULT_PRIVILEGES: &str = "
SELECT format('%s in %s, %s: %s', defaclrole::regrole,
              COALESCE(NULLIF(defaclnamespace, 0)::regnamespace::text, 'all schemas'),
              CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                                 WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                                 WHEN 'n' THEN 'schemas' ELSE defaclobjtype::text END,
              (SELECT string_agg(item::text, ', ' ORDER BY item::text COLLATE \"C\")
               FROM unnest(defaclacl) AS item)) COLLATE \"C\"
FROM pg_default_acl ORDER BY 1";
