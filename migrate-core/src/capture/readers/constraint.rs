//! Constraints of tables.

use super::super::kind::Kind;
use super::{Otherwise, Reader};

pub(super) const CONSTRAINTS: Reader = Reader::of(&[Kind::TableConstraint], constraints);

/// What a table has inherited is created with the parent's, except that of a partition whose constraint
/// rests on an index: that is created separately and then joined to the parent's. A partition's others
/// are read without a way to create them: they stay when it is detached, and may have been its own
/// before it was attached. A trigger's constraint is created with it. `NOT NULL`, from 18 on a
/// constraint, is read with its column.
fn constraints() -> String {
    let rows = Otherwise {
        error: "foreign_key_violation",
        instead: "added || ' NOT VALID'",
        warning: "format('foreign key `%s` of `%s` is restored NOT VALID: rows refer to others that are not in `%s`',
                         conname, relation, confrelid::regclass)",
    };
    let left_off = |word: &str, why: &str| {
        format!(
            "format('{word} `%s` of `%s` is not restored: {why}; when they are corrected, run `%s`',
                    conname, relation, added)"
        )
    };
    let no_key = left_off(
        "foreign key",
        "rows of `' || replace(confrelid::regclass::text, '%', '%%') || '` have no key",
    );
    let no_key = Otherwise { error: "invalid_foreign_key", instead: "''", warning: &no_key };
    let no_rows = left_off("foreign key", "rows refer to others that are not there");
    let no_rows = Otherwise { error: "foreign_key_violation", instead: "''", warning: &no_rows };
    let foreign_key = super::attempt("added", &[rows, no_key.clone()]);
    let foreign_key_of_all = super::attempt("added", &[no_rows, no_key]);
    let check = super::attempt(
        "added",
        &[Otherwise {
            error: "check_violation",
            instead: "added || ' NOT VALID'",
            warning: "format('check constraint `%s` of `%s` is restored as NOT VALID: some rows violate it', conname, relation)",
        }],
    );
    let validate = super::attempt(
        "validation",
        &[Otherwise {
            error: "check_violation",
            instead: "''",
            warning: "format('check constraint `%s` of `%s` remains NOT VALID: some rows violate it', conname, relation)",
        }],
    );
    let key = |word: &str, error: &str, why: &str| {
        let warning = left_off(word, why);
        super::attempt("added", &[Otherwise { error, instead: "''", warning: &warning }])
    };
    // a partition may remain without it, and, by what 18 calls an internal error, a child
    let primary_key = key(
        "primary key",
        "not_null_violation OR unique_violation OR exclusion_violation OR invalid_table_definition \
         OR internal_error",
        "rows have nulls in it or are not unique",
    );
    let unique =
        key("unique constraint", "unique_violation OR exclusion_violation", "rows are not unique");
    let exclusion = key("exclusion constraint", "exclusion_violation", "rows conflict");
    let [local, valid] = ["made_local", "made_valid"].map(warned);
    let own = own_check(&check);
    format!(
        "
SELECT 'pg_constraint', k.oid, 0::int8, what, value, statements
FROM (
    SELECT k.*, relkind, conrelid::regclass::text AS relation, pg_get_constraintdef(k.oid) AS definition,
           CASE WHEN condeferrable THEN 'DEFERRABLE' ELSE 'NOT DEFERRABLE' END
           || CASE WHEN condeferred THEN ' INITIALLY DEFERRED' ELSE ' INITIALLY IMMEDIATE' END AS time,
           contype IN ('p', 'u', 'x') OR contype = 'c' AND conislocal OR contype = 'f' AND conparentid = 0 AS own,
           (SELECT t.oid FROM pg_trigger t WHERE contype = 't' AND tgconstraint = k.oid) AS trigger,
           contype = 'c' AND coninhcount > 0 AND EXISTS (
               SELECT FROM pg_inherits JOIN pg_constraint p ON p.conrelid = inhparent
               WHERE inhrelid = k.conrelid AND p.conname = k.conname AND p.contype = 'c' AND NOT p.convalidated)
               AS unproved_above,
           contype = 'c' AND (relispartition OR NOT conislocal)
           OR contype = 'f' AND conrelid <> (SELECT p.conrelid FROM pg_constraint p WHERE p.oid = k.conparentid)
               AS of_partition
    FROM wanted JOIN pg_constraint k ON k.oid = objid LEFT JOIN pg_class c ON c.oid = conrelid
    OFFSET 0
) AS k
CROSS JOIN LATERAL (
    SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN contype IN ('p', 'u', 'x') THEN 'ONLY ' END,
                  relation, conname, definition) AS added,
           format('ALTER TABLE %s VALIDATE CONSTRAINT %I', relation, conname) AS validation,
           -- there is no statement for these
           CASE WHEN contype = 'c' AND NOT conislocal THEN
               format('check `%s` of `%s` is local to it from now on, and stays when the parent drops it',
                      conname, relation) END AS made_local,
           CASE WHEN contype = 'c' AND coninhcount > 0 AND NOT convalidated THEN
               format('check `%s` of `%s` stays valid, though that of the parent is not', conname, relation) END AS made_valid
    OFFSET 0
) AS statement
CROSS JOIN LATERAL (VALUES
    ('create', CASE WHEN contype = 'f'
                    THEN regexp_replace(definition, '( NOT)? DEFERRABLE| INITIALLY (DEFERRED|IMMEDIATE)', '', 'g')
                    -- one that is inherited as well cannot be dropped, and so not be recreated without its parent's
                    WHEN unproved_above THEN regexp_replace(definition, ' NOT VALID$', '') || ' NOT VALID ABOVE'
                    ELSE definition END,
        CASE WHEN own THEN ARRAY[added] END),
    ('among rows', CASE WHEN contype <> 'c' THEN 'or left off' END,
        CASE WHEN NOT own THEN NULL
             -- before 18 that of a partitioned table is valid or not there
             WHEN contype = 'f' AND (relkind = 'p' AND current_setting('server_version_num')::int < 180000
                                     OR NOT convalidated) THEN ARRAY[{foreign_key_of_all}]
             WHEN contype = 'f' THEN ARRAY[{foreign_key}]
             WHEN contype = 'c' AND convalidated THEN ARRAY[{check}]
             WHEN contype = 'p' THEN ARRAY[{primary_key}]
             WHEN contype = 'u' THEN ARRAY[{unique}]
             WHEN contype = 'x' THEN ARRAY[{exclusion}] END),
    {own}
    ('drop', NULL, ARRAY[format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname)]),
    ('needs', NULL, CASE WHEN own AND contype = 'f' THEN ARRAY['pg_class', confrelid::text, '0', 'n'] END),
    -- that of a typed table only by its index
    ('name', quote_ident(conname), CASE WHEN own AND conindid <> 0 AND contype <> 'f'
        THEN ARRAY[format('ALTER INDEX %s.', connamespace::regnamespace), ' RENAME TO ']
        -- the foreign key of a partition has a name of its own
        WHEN own OR contype = 'f'
        THEN ARRAY[format('ALTER TABLE %s RENAME CONSTRAINT ', relation), ' TO '] END),
    ('with', NULL, ARRAY['pg_trigger', trigger::text, '0']),
    -- as inherited, it is as valid as its parent's
    ('set valid', CASE WHEN convalidated AND unproved_above THEN 'valid' END,
        CASE WHEN contype = 'c' AND NOT conislocal THEN ARRAY[{validate}] END),
    ('late-change local', CASE WHEN contype = 'c' THEN conislocal::text END, {local}),
    ('left late-change local', made_local, ARRAY[]::text[]),
    ('late-change validity', CASE WHEN contype = 'c' THEN convalidated::text END, {valid}),
    ('left late-change validity', made_valid, ARRAY[]::text[]),
    ('change time', CASE WHEN contype = 'f' THEN time END, CASE WHEN own AND contype = 'f' THEN
        ARRAY[format('ALTER TABLE %s ALTER CONSTRAINT %I %s', relation, conname, time)] END)
) AS rows(what, value, statements)
WHERE statements IS NOT NULL AND (own OR of_partition OR what = 'with' AND trigger IS NOT NULL)
UNION ALL
-- the foreign key of a partitioned table takes over those that its partitions have by then
SELECT 'pg_constraint', k.oid, 0::int8, 'needs', NULL, ARRAY['pg_constraint', p.oid::text, '0', 'n']
FROM wanted
JOIN pg_constraint k ON k.oid = objid AND k.contype = 'f' AND k.conparentid = 0
JOIN pg_class c ON c.oid = k.conrelid AND relispartition
CROSS JOIN LATERAL pg_partition_ancestors(c.oid) AS above
JOIN pg_constraint p ON p.conrelid = above AND p.contype = 'f' AND p.confrelid = k.confrelid AND p.conparentid = 0
WHERE above <> c.oid
UNION ALL
SELECT 'pg_constraint', k.oid, 0::int8, 'needs', NULL, ARRAY['pg_constraint', p.oid::text, '0', 'n']
FROM wanted
JOIN pg_constraint k ON k.oid = objid AND k.contype = 'c' AND NOT k.conislocal
JOIN pg_inherits ON inhrelid = k.conrelid
JOIN pg_constraint p ON p.conrelid = inhparent AND p.conname = k.conname AND p.contype = 'c'"
    )
}

/// A setting of a check that warns with this text, if there is one.
fn warned(text: &str) -> String {
    format!(
        "CASE WHEN {text} IS NOT NULL
              THEN ARRAY['DO ' || quote_literal(format(E'\nBEGIN\n    RAISE WARNING USING MESSAGE = %L;\nEND\n', {text}))]
              WHEN contype = 'c' THEN ARRAY[]::text[] END"
    )
}

/// Returns rows for a check that is created with the parent's, while it is not inherited.
fn own_check(check: &str) -> String {
    format!(
        "('own create', definition, CASE WHEN contype = 'c' AND NOT conislocal THEN ARRAY[added] END),
    ('own among rows', NULL, CASE WHEN contype = 'c' AND NOT conislocal AND convalidated THEN ARRAY[{check}] END),
    ('own name', quote_ident(conname), CASE WHEN contype = 'c' AND NOT conislocal
        THEN ARRAY[format('ALTER TABLE %s RENAME CONSTRAINT ', relation), ' TO '] END),"
    )
}
