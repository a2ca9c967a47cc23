//! Owners and privileges.

use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("owners", OWNERS),
    kind("privileges", PRIVILEGES),
    kind("privileges on what is not the user's", FOREIGN_PRIVILEGES),
    kind("default privileges", DEFAULT_PRIVILEGES),
];

const OWNERS: &str = "
SELECT format('%s: %s', concat_ws(' ', kind, NULLIF(name, '')), owner::regrole)
FROM owned
WHERE kind <> 'column' AND (kind <> 'database' OR owner <> 10)
  AND (kind <> 'language' OR owner <> 10)";

/// Where they are not the default ones of the owner and of PUBLIC for such an object: for
/// these, null is equivalent to a list.
const PRIVILEGES: &str = r#"
SELECT format('%s: %s', concat_ws(' ', kind, NULLIF(name, '')),
              (SELECT string_agg(item::text, ', ' ORDER BY item::text COLLATE "C")
               FROM unnest(acl) AS item))
FROM owned
WHERE acl IS NOT NULL
  AND NOT (acl @> acldefault(letter, owner) AND acl <@ acldefault(letter, owner))
  AND NOT EXISTS (SELECT FROM pg_init_privs i JOIN pg_language l ON l.oid = objoid
                  WHERE i.classoid = 'pg_language'::regclass AND kind = 'language'
                    AND lanname = name AND initprivs = acl)"#;

/// Where PostgreSQL's own objects, and those of extensions, have other than their initial ones. The
/// initial ones of `information_schema` are not stored.
const FOREIGN_PRIVILEGES: &str = r#"
SELECT format('%s: %s', pg_describe_object(class, oid, subobject),
              (SELECT string_agg(item::text, ', ' ORDER BY item::text COLLATE "C")
               FROM unnest(acl) AS item))
FROM (
    SELECT 'pg_proc'::regclass AS class, oid, 0 AS subobject, proacl AS acl FROM pg_proc
    UNION ALL SELECT 'pg_class'::regclass, oid, 0, relacl FROM pg_class
    UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, attacl
              FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl FROM pg_type
    UNION ALL SELECT 'pg_namespace'::regclass, oid, 0, nspacl FROM pg_namespace
) AS object
LEFT JOIN pg_init_privs i ON objoid = oid AND classoid = class AND objsubid = subobject
WHERE (acl IS NOT NULL OR initprivs IS NOT NULL)
  AND (oid < 16384 AND oid <> 2200 OR (class, oid) IN (SELECT * FROM members))
  AND acl IS DISTINCT FROM initprivs
  AND (initprivs IS NOT NULL
       OR (pg_identify_object(class, oid, 0)).identity NOT LIKE 'information\_schema%')"#;

const DEFAULT_PRIVILEGES: &str = r#"
SELECT format('%s in %s, %s: %s', defaclrole::regrole,
              COALESCE(NULLIF(defaclnamespace, 0)::regnamespace::text, 'all schemas'),
              CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                                 WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
                                 WHEN 'n' THEN 'schemas' ELSE defaclobjtype::text END,
              (SELECT string_agg(item::text, ', ' ORDER BY item::text COLLATE "C")
               FROM unnest(defaclacl) AS item))
FROM pg_default_acl"#;
