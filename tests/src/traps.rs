//! Objects that replace those of `pg_catalog` wherever a name of one is not qualified.
//!
//! The schema `trap` has a function for every function of `pg_catalog`, an operator for every
//! operator, and, if requested, a view for every relation and a domain for every type. Each reports
//! that it was called, and then does what the original does, so that everything continues. A database
//! whose `search_path` has this schema in front of `pg_catalog` calls one for every name that a
//! statement does not qualify: what [CVE-2018-1058][cve] does with a few names, with all of them.
//!
//! [cve]: https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058:_Protect_Your_Search_Path

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::{TestDatabase, server};

/// The traps of a database.
pub struct Traps {
    folder: TempDir,
    /// How many there are.
    pub count: usize,
}

/// A trap that was called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called {
    /// The object, with its arguments.
    pub trap: String,
    /// The message to the server that it was called in.
    pub message: String,
}

/// Which objects are traps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Functions, aggregates and operators.
    Calls,
    /// Relations and types as well.
    All,
}

impl Traps {
    /// A new database in which all is trapped, before every new session's `search_path`.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    #[must_use]
    pub fn database(kinds: Kinds) -> (TestDatabase, Self) {
        let template = template(kinds);
        let database = TestDatabase::from_template(&template);
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The server may run as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("our folder");
        let mut client = database.client();
        let (name, file) = (database.name(), folder.path().join("called"));
        run(
            &mut client,
            &format!(
                "ALTER DATABASE {name} SET trap.file = '{}';
                 ALTER DATABASE {name} SET search_path = trap, pg_catalog, public",
                file.display()
            ),
        );
        let count = "SELECT count(*) FROM pg_depend
                     WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'trap'::regnamespace";
        let count: i64 = client.query_one(count, &[]).expect("the traps are counted").get(0);
        let traps = Self { folder, count: usize::try_from(count).unwrap_or_default() };
        traps.spring(&database);
        (database, traps)
    }

    /// A trap that nothing calls would prove nothing.
    fn spring(&self, database: &TestDatabase) {
        let mut client = database.client();
        for sql in [
            "SELECT 1::pg_catalog.oid = 1::pg_catalog.oid",
            "SELECT lower('A'::pg_catalog.text)",
            "SELECT count(*) FROM pg_catalog.pg_class",
            "SELECT format('%I', 'a'::pg_catalog.name)",
        ] {
            client.simple_query(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
            assert!(!self.called().is_empty(), "`{sql}` calls no trap");
            self.forget();
        }
    }

    /// Forgets those that were called so far.
    pub fn forget(&self) {
        // There is none where none was called.
        _ = fs::remove_file(self.folder.path().join("called"));
    }

    /// Those that were called.
    ///
    /// # Panics
    ///
    /// If what they wrote cannot be read.
    #[must_use]
    pub fn called(&self) -> Vec<Called> {
        let file = self.folder.path().join("called");
        let text = match fs::read(file) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(_) => return Vec::new(),
        };
        let mut called: Vec<_> = text
            .lines()
            .map(|line| {
                // As COPY writes it.
                let (trap, message) = line.split_once("\\t").unwrap_or((line, ""));
                Called {
                    trap: trap.to_owned(),
                    message: message.replace("\\n", "\n").replace("\\\\", "\\"),
                }
            })
            .collect();
        called.sort_unstable();
        called.dedup();
        called
    }
}

/// The database that those with traps are copies of: to make thousands of objects takes seconds.
fn template(kinds: Kinds) -> String {
    let name = format!("traps_{kinds:?}").to_lowercase();
    let mut administrator =
        Client::connect(&server().url("postgres"), NoTls).expect("the server takes connections");
    run(&mut administrator, "SELECT pg_advisory_lock(hashtext('traps'))");
    let is_there = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)";
    let is_there = administrator.query_one(is_there, &[&name]).expect("the server answers");
    if !is_there.get::<_, bool>(0) {
        run(&mut administrator, &format!("DROP DATABASE IF EXISTS {name}"));
        run(&mut administrator, &format!("CREATE DATABASE {name} TEMPLATE template0"));
        let mut client =
            Client::connect(&server().url(&name), NoTls).expect("the server takes connections");
        for sql in [RECORD, FUNCTIONS, OPERATORS, AGGREGATES, FORMATS] {
            run(&mut client, sql);
        }
        if kinds == Kinds::All {
            run(&mut client, RELATIONS);
            run(&mut client, TYPES);
        }
        run(&mut client, "GRANT USAGE ON SCHEMA trap TO PUBLIC");
        drop(client);
        run(&mut administrator, &format!("ALTER DATABASE {name} IS_TEMPLATE true"));
    }
    name
}

fn run(client: &mut Client, sql: &str) {
    client.batch_execute(sql).unwrap_or_else(|error| {
        panic!("{error}: {}\nin: {sql}", error.as_db_error().map_or("", |error| error.message()))
    });
}

/// What a trap calls first. It writes to a file, since a transaction may be rolled back.
const RECORD: &str = r#"
CREATE SCHEMA trap;
CREATE FUNCTION trap."record"(name pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $trap$
DECLARE said text := name || E'\t' || current_query();
BEGIN
    EXECUTE format('COPY (SELECT %L) TO PROGRAM %L', said,
        'umask 0; cat >> ' || current_setting('trap.file'));
    RETURN true;
END $trap$;
"#;

/// A function like each, with the same arguments and the same result; but for those whose arguments
/// no function in PL/pgSQL can have.
const FUNCTIONS: &str = r#"
DO $do$
DECLARE
    f record;
    arguments text;
    call text;
BEGIN
    FOR f IN
        SELECT p.oid, proname, prorettype, proretset, provolatile, proisstrict, pronargs, provariadic,
               pg_get_function_arguments(p.oid) AS all_arguments, pg_get_function_result(p.oid) AS result
        FROM pg_proc p
        WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f'
          AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype,
                                 'event_trigger'::regtype, 'language_handler'::regtype,
                                 'fdw_handler'::regtype, 'index_am_handler'::regtype,
                                 'tsm_handler'::regtype, 'table_am_handler'::regtype)
          AND NOT proargtypes::oid[] && ARRAY['internal', 'cstring', '"any"']::regtype[]::oid[]
    LOOP
        SELECT string_agg('$' || n, ', ' ORDER BY n) INTO arguments FROM generate_series(1, f.pronargs) n;
        call := format('pg_catalog.%I(%s%s)', f.proname,
            CASE WHEN f.provariadic <> 0 THEN regexp_replace(arguments, '\$(\d+)$', 'VARIADIC $\1') ELSE arguments END, '');
        BEGIN
            EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql %s %s AS %L',
                f.proname, f.all_arguments, f.result,
                CASE f.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE '' END,
                CASE WHEN f.proisstrict THEN 'STRICT' ELSE '' END,
                format('#variable_conflict use_column
BEGIN PERFORM trap."record"(%L); %s END', f.oid::regprocedure,
                    CASE WHEN f.proretset THEN format('RETURN QUERY SELECT * FROM %s;', call)
                         WHEN f.prorettype = 'void'::regtype THEN format('PERFORM %s;', call)
                         WHEN f.prorettype = 'record'::regtype
                         THEN format('RETURN (SELECT answer FROM %s AS answer);', call)
                         ELSE format('RETURN %s;', call) END));
        EXCEPTION WHEN others THEN
            -- polymorphic results and the like; the others are thousands
            NULL;
        END;
    END LOOP;
END $do$;
"#;

const OPERATORS: &str = r#"
DO $do$
DECLARE o record;
BEGIN
    FOR o IN
        SELECT oid, oprname, oprleft, oprright, oprresult, provolatile, proisstrict
        FROM (SELECT op.*, provolatile, proisstrict FROM pg_operator op JOIN pg_proc p ON p.oid = oprcode
              WHERE oprnamespace = 'pg_catalog'::regnamespace) AS operators
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql %s %s AS %L',
                'operator ' || o.oid, concat_ws(', ', nullif(o.oprleft, 0)::regtype, o.oprright::regtype),
                o.oprresult::regtype,
                CASE o.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE '' END,
                CASE WHEN o.proisstrict THEN 'STRICT' ELSE '' END,
                format('BEGIN PERFORM trap."record"(%L); RETURN %s; END', o.oid::regoperator,
                    CASE WHEN o.oprleft = 0 THEN format('OPERATOR(pg_catalog.%s) $1', o.oprname)
                         ELSE format('$1 OPERATOR(pg_catalog.%s) $2', o.oprname) END));
            EXECUTE format('CREATE OPERATOR trap.%s (FUNCTION = trap.%I, %s RIGHTARG = %s)', o.oprname,
                'operator ' || o.oid,
                CASE WHEN o.oprleft <> 0 THEN format('LEFTARG = %s,', o.oprleft::regtype) END,
                o.oprright::regtype);
        EXCEPTION WHEN others THEN
            NULL;
        END;
    END LOOP;
END $do$;
"#;

/// Those that have a state that SQL can name do as the original; the others give nothing.
const AGGREGATES: &str = r#"
DO $do$
DECLARE
    a record;
    state text;
BEGIN
    FOR a IN
        SELECT p.oid, proname, pronargs, aggtransfn, aggfinalfn, aggtranstype, agginitval,
               pg_get_function_identity_arguments(p.oid) AS arguments,
               aggtranstype = 'internal'::regtype AS hidden
        FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid
        WHERE pronamespace = 'pg_catalog'::regnamespace AND aggkind = 'n'
          AND NOT proargtypes::oid[] && ARRAY['internal', 'cstring', '"any"']::regtype[]::oid[]
    LOOP
        BEGIN
            state := CASE WHEN a.hidden THEN 'pg_catalog.text' ELSE a.aggtranstype::regtype::text END;
            EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
                'aggregate ' || a.oid, concat_ws(', ', state, nullif(a.arguments, '')), state,
                format('BEGIN PERFORM trap."record"(%L); RETURN %s; END', a.oid::regprocedure,
                    CASE WHEN a.hidden THEN 'NULL'
                         ELSE format('pg_catalog.%I(%s)', (SELECT proname FROM pg_proc WHERE oid = a.aggtransfn),
                             (SELECT string_agg('$' || n, ', ' ORDER BY n) FROM generate_series(1, a.pronargs + 1) n)) END));
            EXECUTE format('CREATE AGGREGATE trap.%I(%s) (SFUNC = trap.%I, STYPE = %s%s%s)', a.proname,
                CASE WHEN a.pronargs = 0 THEN '*' ELSE a.arguments END, 'aggregate ' || a.oid, state,
                ', FINALFUNC = ' || CASE WHEN NOT a.hidden THEN nullif(a.aggfinalfn, 0)::regproc::text END,
                ', INITCOND = ' || CASE WHEN NOT a.hidden THEN quote_literal(a.agginitval) END);
        EXCEPTION WHEN others THEN
            NULL;
        END;
    END LOOP;
END $do$;
"#;

/// Functions that take anything: for the types that catalogs are made of.
const FORMATS: &str = r#"
DO $do$
DECLARE
    types text[] := '{text,name,regclass,oid,int4,int2}';
    f text;
    a text;
    b text;
    c text;
    each text[];
BEGIN
    FOREACH f IN ARRAY '{format,concat,concat_ws}'::text[] LOOP
        FOREACH a IN ARRAY types LOOP FOREACH b IN ARRAY '{}'::text[] || types LOOP
        FOREACH c IN ARRAY ARRAY['']::text[] || types LOOP
            each := CASE f WHEN 'concat' THEN ARRAY[]::text[] ELSE ARRAY['text'] END
                || array_remove(ARRAY[a, b, c], '');
            EXECUTE format('CREATE OR REPLACE FUNCTION trap.%I(%s) RETURNS pg_catalog.text LANGUAGE plpgsql STABLE AS %L',
                f, (SELECT string_agg('pg_catalog.' || t, ', ') FROM unnest(each) t),
                format('BEGIN PERFORM trap."record"(%L); RETURN pg_catalog.%I(%s); END', f, f,
                    (SELECT string_agg('$' || n, ', ') FROM generate_series(1, cardinality(each)) n)));
            each := CASE f WHEN 'concat' THEN ARRAY[a] ELSE ARRAY['text', a] END;
            EXECUTE format('CREATE OR REPLACE FUNCTION trap.%I(%s) RETURNS pg_catalog.text LANGUAGE plpgsql STABLE AS %L',
                f, (SELECT string_agg('pg_catalog.' || t, ', ') FROM unnest(each) t),
                format('BEGIN PERFORM trap."record"(%L); RETURN pg_catalog.%I(%s); END', f, f,
                    (SELECT string_agg('$' || n, ', ') FROM generate_series(1, cardinality(each)) n)));
        END LOOP; END LOOP; END LOOP;
    END LOOP;
END $do$;
"#;

const RELATIONS: &str = r"
DO $do$
DECLARE name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
    LOOP
        BEGIN
            EXECUTE format('CREATE VIEW trap.%I AS SELECT * FROM pg_catalog.%I WHERE trap.%I(%L)',
                name, name, 'record', 'relation ' || name);
        EXCEPTION WHEN invalid_table_definition THEN
            -- statistics have columns of a type that no view can have
            NULL;
        END;
    END LOOP;
END $do$;
GRANT SELECT ON ALL TABLES IN SCHEMA trap TO PUBLIC;
";

const TYPES: &str = r#"
DO $do$
DECLARE name text;
BEGIN
    FOR name IN SELECT typname FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typelem = 0
    LOOP
        BEGIN
            EXECUTE format('CREATE DOMAIN trap.%I AS pg_catalog.%I CHECK (trap."record"(%L))',
                name, name, 'type ' || name);
        EXCEPTION WHEN others THEN
            -- a view's row type has that name
            NULL;
        END;
    END LOOP;
END $do$;
"#;
