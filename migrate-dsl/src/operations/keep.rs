//! Setting aside what is dropped, so that its rows can be restored: what would be in the way is
//! taken off, and the rest gets another name.
//!
//! Which constraints and indexes there are only the catalog knows, and so this is code for the
//! server; `DROP` itself is the model for what goes with a column and what stands in its way.

use crate::{Identifier, Name, Statement, Writer, kept_name};

/// The names of the author's tables are read with the author's `search_path`, and all else with one
/// in which nothing stands in for what is in `pg_catalog`.
const DECLARE: &str = "DECLARE\npath pg_catalog.text := pg_catalog.current_setting('search_path');\n\
     this pg_catalog.regclass; dependents pg_catalog.text; command pg_catalog.text;\n";
const BEGIN: &str =
    "BEGIN\nPERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n";
const END: &str = "PERFORM pg_catalog.set_config('search_path', path, true);\nEND";

/// What happens to these tables or columns: "set aside `posts` as `kept_posts`".
pub(crate) fn described<'a>(
    what: &str,
    names: impl IntoIterator<Item = (String, &'a Identifier)>,
) -> String {
    let aside =
        names.into_iter().map(|(name, last)| format!("`{name}` as `{}`", kept_name(last.as_str())));
    format!("set aside {what} {}", aside.collect::<Vec<_>>().join(", "))
}

/// Takes off tables what would be in the way: their constraints and the foreign keys that point at
/// them, which other rows have to obey; their indexes, whose names are unique in a schema; their
/// triggers and policies, and the views that read them.
///
/// Row security itself stays on: whoever may not see a row is not to see it under another name.
/// So does `NOT NULL`: nobody inserts any more, and to set it again takes a look at every row.
pub(crate) fn take_off_tables(tables: &[Name], cascade: bool) -> Statement {
    let mut sql = Writer::new();
    sql.text(DECLARE)
        .glued("tables pg_catalog.regclass[] := ARRAY[")
        .list(tables, |sql, table| _ = sql.regclass(table))
        .glued("];\n")
        .glued(BEGIN)
        .glued("FOREACH this IN ARRAY tables LOOP\n");
    if !cascade {
        let message = "cannot set `%` aside: `%` depends on it";
        refuse(&mut sql, VIEWS_ON_TABLES, message, VIEWS_GO);
    }
    execute(&mut sql, TABLE);
    sql.glued("END LOOP;\n").glued(END);
    let summary = format!(
        "takes off what would be in the way: constraints, indexes, triggers and policies, the \
         foreign keys that point at it, {}",
        views(cascade)
    );
    Statement { summary: Some(summary), ..Writer::code(sql) }
}

fn views(cascade: bool) -> &'static str {
    match cascade {
        true => "the views that read it",
        false => "but stops where a view reads it",
    }
}

/// Takes off columns what would be in the way: constraints and indexes that they are part of,
/// foreign keys that point at them, and what inserts that do not name them would trip over.
pub(crate) fn take_off_columns(table: &Name, columns: &[Identifier], cascade: bool) -> Statement {
    let mut sql = Writer::new();
    sql.text(DECLARE).glued("numbers pg_catalog.int2[];\ncolumns_of pg_catalog.regclass :=");
    sql.regclass(table).glued(";\n").glued(BEGIN).glued("this := columns_of;\n");
    sql.glued(
        "numbers := ARRAY(SELECT attnum FROM pg_attribute WHERE attrelid = this AND attname IN",
    )
    .parenthesized(|sql| _ = sql.list(columns, |sql, column| _ = sql.name_literal(column)))
    .glued(");\n");
    if !cascade {
        let message = "cannot set columns of `%` aside: `%` depends on them";
        refuse(&mut sql, VIEWS_ON_COLUMNS, message, VIEWS_GO);
    }
    let message = "cannot set columns of `%` aside: % depends on them";
    refuse(&mut sql, OTHERS_ON_COLUMNS, message, OTHERS_STAY);
    execute(&mut sql, COLUMNS);
    sql.glued(END);
    let summary = format!(
        "takes off what would be in the way: defaults, NOT NULL, constraints and indexes, the \
         foreign keys that point at it, {}",
        views(cascade)
    );
    Statement { summary: Some(summary), ..Writer::code(sql) }
}

/// On the inverse nobody could tell whether something was set aside, or was so before.
pub(crate) fn problem_of_if_exists(names: &str) -> String {
    format!("`keep_data` sets aside what is there: leave out `if_exists` of {names}")
}

// These are part of the SQL, and so of the checksum of migrations that were applied: they stay as they are.
const VIEWS_GO: &str = "drop it before, or say `.keep_data().cascade()`, which drops views";

/// `cascade` does not drop these.
const OTHERS_STAY: &str = "drop it before, in a step of its own";

/// An error where the query finds something.
fn refuse(sql: &mut Writer, dependents: &str, message: &str, hint: &str) {
    sql.glued("SELECT string_agg(name, ', ') INTO dependents FROM (")
        .glued(dependents)
        .glued(") AS dependent (name);\nIF dependents IS NOT NULL THEN\n    RAISE EXCEPTION")
        .literal(message)
        .glued(
            ", this, dependents\n        \
             USING ERRCODE = 'dependent_objects_still_exist', HINT =",
        )
        .literal(hint)
        .glued(";\nEND IF;\n");
}

/// Runs what the query makes, all of it made before anything runs.
fn execute(sql: &mut Writer, commands: &str) {
    sql.glued("FOREACH command IN ARRAY ARRAY(SELECT task FROM (").glued(commands).glued(
        ") AS step (place, task) ORDER BY place, task) LOOP\n    \
             EXECUTE command;\n\
             END LOOP;\n",
    );
}

const VIEWS_ON_TABLES: &str = "
    SELECT DISTINCT ev_class::regclass::text
    FROM pg_depend JOIN pg_rewrite r ON classid = 'pg_rewrite'::regclass AND r.oid = objid
    WHERE refclassid = 'pg_class'::regclass AND refobjid = this AND ev_class <> this
";

const TABLE: &str = "
    SELECT DISTINCT 1, format('DROP %s IF EXISTS %s CASCADE',
               CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass)
    FROM pg_depend JOIN pg_rewrite r ON classid = 'pg_rewrite'::regclass AND r.oid = objid
    JOIN pg_class v ON v.oid = ev_class AND relkind IN ('v', 'm')
    WHERE refclassid = 'pg_class'::regclass AND refobjid = this
    UNION ALL
    SELECT 2, format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', conrelid::regclass, conname)
    FROM pg_constraint WHERE contype = 'f' AND confrelid = this AND conparentid = 0
    UNION ALL
    SELECT 3, CASE WHEN relispartition
               THEN format('ALTER TABLE %s DETACH PARTITION %s', inhparent::regclass, this)
               ELSE format('ALTER TABLE %s NO INHERIT %s', this, inhparent::regclass) END
    FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhrelid = this
    UNION ALL
    SELECT 4, format('DROP TRIGGER IF EXISTS %I ON %s', tgname, this)
    FROM pg_trigger WHERE tgrelid = this AND NOT tgisinternal
    UNION ALL
    SELECT 4, format('DROP POLICY IF EXISTS %I ON %s', polname, this)
    FROM pg_policy WHERE polrelid = this
    UNION ALL
    SELECT CASE contype WHEN 'f' THEN 5 ELSE 6 END,
           format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', this, conname)
    FROM pg_constraint
    WHERE conrelid = this AND contype IN ('c', 'f', 'p', 'u', 'x')
      -- What inherits again has to have the same.
      AND (contype <> 'c' OR coninhcount = 0)
    UNION ALL
    SELECT 7, format('DROP INDEX IF EXISTS %s', indexrelid::regclass)
    FROM pg_index WHERE indrelid = this
      AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = this)
";

const VIEWS_ON_COLUMNS: &str = "
    SELECT DISTINCT ev_class::regclass::text
    FROM pg_depend JOIN pg_rewrite r ON classid = 'pg_rewrite'::regclass AND r.oid = objid
    WHERE refclassid = 'pg_class'::regclass AND refobjid = this AND refobjsubid = ANY (numbers)
";

/// What would go on with a column that nobody writes any more.
const OTHERS_ON_COLUMNS: &str = "
    SELECT DISTINCT pg_describe_object(classid, objid, objsubid)
    FROM pg_depend
    WHERE refclassid = 'pg_class'::regclass AND refobjid = this AND refobjsubid = ANY (numbers)
      AND (classid IN ('pg_proc'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
           OR classid = 'pg_attrdef'::regclass AND objid IN
              (SELECT oid FROM pg_attrdef WHERE adrelid = this AND adnum <> ALL (numbers))
           OR classid = 'pg_class'::regclass AND objid = this AND objsubid > 0
              AND objsubid <> ALL (numbers))
";

const COLUMNS: &str = "
    SELECT DISTINCT 1, format('DROP %s IF EXISTS %s CASCADE',
               CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass)
    FROM pg_depend JOIN pg_rewrite r ON classid = 'pg_rewrite'::regclass AND r.oid = objid
    JOIN pg_class v ON v.oid = ev_class AND relkind IN ('v', 'm')
    WHERE refclassid = 'pg_class'::regclass AND refobjid = this AND refobjsubid = ANY (numbers)
    UNION ALL
    SELECT 2, format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', conrelid::regclass, conname)
    FROM pg_constraint
    WHERE contype = 'f' AND confrelid = this AND conparentid = 0 AND confkey && numbers
    UNION ALL
    SELECT CASE contype WHEN 'f' THEN 3 ELSE 4 END,
           format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', this, conname)
    FROM pg_constraint c
    WHERE conrelid = this AND contype IN ('c', 'f', 'p', 'u', 'x') AND EXISTS (
        SELECT FROM pg_depend
        WHERE refclassid = 'pg_class'::regclass AND refobjid = this AND refobjsubid = ANY (numbers)
          AND (classid = 'pg_constraint'::regclass AND objid = c.oid
               OR classid = 'pg_class'::regclass AND objid = conindid))
    UNION ALL
    SELECT DISTINCT 5, format('DROP INDEX IF EXISTS %s', indexrelid::regclass)
    FROM pg_index JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = indexrelid
    WHERE indrelid = this AND refclassid = 'pg_class'::regclass AND refobjid = this
      AND refobjsubid = ANY (numbers)
      AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = this)
    UNION ALL
    SELECT 6, format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', this, attname)
    FROM pg_attribute WHERE attrelid = this AND attnum = ANY (numbers) AND attidentity <> ''
    UNION ALL
    SELECT 6, format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', this, attname)
    FROM pg_attribute
    WHERE attrelid = this AND attnum = ANY (numbers) AND atthasdef AND attgenerated = ''
    UNION ALL
    SELECT 7, format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', this, attname)
    FROM pg_attribute WHERE attrelid = this AND attnum = ANY (numbers) AND attnotnull
";
