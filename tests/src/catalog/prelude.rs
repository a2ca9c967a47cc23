//! What the queries share.

/// What belongs to an extension or is created along with another object; what is to be omitted;
/// the user's schemas, relations, types and functions; and, over all of these, owner and
/// privileges.
///
/// `to_jsonb(row) ->> 'column'` reads columns that not all versions of the catalog have. Ids below
/// 16384 are PostgreSQL's own.
pub(super) const PRELUDE: &str = r#"
WITH members AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend
    WHERE deptype = 'e'
       OR deptype = 'i' AND classid IN ('pg_proc'::regclass, 'pg_cast'::regclass)
),
left_out AS MATERIALIZED (
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
schemas AS MATERIALIZED (
    SELECT n.oid, nspname, nspowner, nspacl
    FROM pg_namespace n
    WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
      AND ('pg_namespace'::regclass, n.oid) NOT IN (SELECT * FROM members)
),
relations AS MATERIALIZED (
    SELECT c.*, format('%I.%I', nspname, relname) AS name, to_jsonb(c) AS json
    FROM pg_class c JOIN schemas n ON n.oid = relnamespace
    WHERE c.oid NOT IN (SELECT oid FROM left_out)
      AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM members)
),
types AS MATERIALIZED (
    SELECT t.*, format('%I.%I', nspname, typname) AS name
    FROM pg_type t JOIN schemas n ON n.oid = typnamespace
    WHERE ('pg_type'::regclass, t.oid) NOT IN (SELECT * FROM members)
),
functions AS MATERIALIZED (
    SELECT p.*, format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
                AS name
    FROM pg_proc p JOIN schemas n ON n.oid = pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM members)
      AND p.oid NOT IN (SELECT tgfoid FROM pg_trigger WHERE tgrelid IN (SELECT * FROM left_out))
),
others AS MATERIALIZED (
    SELECT object.*, type, identity
    FROM (
        SELECT 'pg_operator'::regclass AS class, oid, oprowner AS owner, NULL::aclitem[] AS acl
        FROM pg_operator
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, NULL FROM pg_opclass
        UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, NULL FROM pg_opfamily
        UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, NULL FROM pg_collation
        UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, NULL FROM pg_conversion
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, NULL FROM pg_ts_config
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, NULL FROM pg_ts_dict
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, NULL FROM pg_statistic_ext
        UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl FROM pg_language
        UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner, NULL FROM pg_publication
        UNION ALL SELECT 'pg_event_trigger'::regclass, oid, evtowner, NULL FROM pg_event_trigger
        UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, fdwacl
                  FROM pg_foreign_data_wrapper
        UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl FROM pg_foreign_server
        UNION ALL SELECT 'pg_subscription'::regclass, oid, subowner, NULL
                  FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database
                                                        WHERE datname = current_database())
    ) AS object, pg_identify_object(class, oid, 0)
    WHERE oid >= 16384 AND (class, oid) NOT IN (SELECT * FROM members)
),
owned AS MATERIALIZED (
    SELECT 'n'::"char" AS letter, 'schema' AS kind, quote_ident(nspname) AS name,
           nspowner AS owner, nspacl AS acl
    FROM schemas
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
           CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                        WHEN 'm' THEN 'materialized view' ELSE 'table' END,
           name, relowner, relacl
    FROM relations WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 'c', 'column', format('%s.%I', name, attname), relowner, attacl
    FROM relations r JOIN pg_attribute a ON attrelid = r.oid AND attnum > 0 AND attacl IS NOT NULL
        AND NOT attisdropped
    UNION ALL
    SELECT 'f', 'function', name, proowner, proacl FROM functions
    UNION ALL
    SELECT 'T', 'type', name, typowner, typacl FROM types
    WHERE typtype IN ('e', 'd', 'r') OR typtype = 'b' AND typcategory <> 'A'
       OR typrelid IN (SELECT oid FROM relations WHERE relkind = 'c')
    UNION ALL
    SELECT 'd', 'database', '', datdba, datacl FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT CASE type WHEN 'language' THEN 'l' WHEN 'server' THEN 'S' ELSE 'F' END::"char",
           type, identity, owner, acl
    FROM others
    UNION ALL
    SELECT 'l', 'language', lanname, lanowner, lanacl FROM pg_language WHERE oid < 16384
)
"#;
