//! What a table no longer inherits, or did not yet, when the step changes it.

use crate::step;

const TABLES: &str = "
    CREATE TABLE p (id int NOT NULL, k text DEFAULT 'a', n int, g int GENERATED ALWAYS AS (n + 1) STORED,
                    CONSTRAINT positive CHECK (n > 0)) PARTITION BY LIST (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE p2 PARTITION OF p (k DEFAULT 'b') FOR VALUES IN (2);
    CREATE INDEX p_k ON p (k);
    INSERT INTO p VALUES (1, 'x', 1), (2, 'y', 2);
    CREATE TABLE par (id int NOT NULL, c text DEFAULT 'a', CONSTRAINT above CHECK (id > 0));
    CREATE TABLE kid (own int) INHERITS (par);
    INSERT INTO kid VALUES (1, 'x', 3);
    CREATE TABLE other (c text DEFAULT 'a');
    CREATE TABLE double () INHERITS (par, other);";

#[test]
fn what_a_detached_partition_loses_is_restored() {
    for sql in [
        "DROP COLUMN k",
        "DROP COLUMN g, DROP COLUMN n",
        "RENAME COLUMN k TO renamed",
        "ALTER COLUMN k TYPE varchar(9)",
        "ALTER COLUMN k DROP DEFAULT",
        "ALTER COLUMN id DROP NOT NULL",
        "ALTER COLUMN g DROP EXPRESSION, DROP COLUMN k",
        "DROP CONSTRAINT positive",
        "RENAME CONSTRAINT positive TO renamed",
        "RENAME TO renamed",
    ] {
        for table in ["p1", "p2"] {
            let sql = format!("ALTER TABLE p DETACH PARTITION {table}; ALTER TABLE {table} {sql}");
            let objects = ["table p", &format!("table {table}")];
            step(TABLES, &sql, &objects).in_another_order().is_restored();
        }
    }
}

#[test]
fn what_a_table_loses_that_no_longer_inherits_is_restored() {
    for sql in [
        "DROP COLUMN c",
        "RENAME COLUMN c TO renamed",
        "ALTER COLUMN c TYPE varchar(9)",
        "ALTER COLUMN id DROP NOT NULL",
        "DROP CONSTRAINT above",
        "RENAME CONSTRAINT above TO renamed",
    ] {
        for table in ["kid", "double"] {
            let front = format!("ALTER TABLE {table} NO INHERIT par");
            let other =
                if table == "double" { "; ALTER TABLE double NO INHERIT other" } else { "" };
            let sql = format!("{front}{other}; ALTER TABLE {table} {sql}");
            let objects = ["table par", "table other", &format!("table {table}")];
            let inherited = "SELECT string_agg(inhparent::regclass::text, ' ' ORDER BY inhseqno) FROM pg_inherits
                             WHERE inhrelid = '{table}'::regclass";
            let found = step(TABLES, &sql, &objects)
                .back_over_rows("", &inherited.replace("{table}", table));
            let parents = if table == "double" { "par other" } else { "par" };
            // There is no statement that makes what is local an inherited one again.
            let warnings = found.strip_prefix(parents).expect(&found).lines().skip(1);
            for warning in warnings {
                assert!(warning.contains("is local to it from now on"), "{sql}: {found}");
            }
        }
    }
}

#[test]
fn both_are_changed_apart() {
    for sql in [
        "ALTER TABLE p ALTER k TYPE varchar(9); ALTER TABLE p1 ALTER k TYPE varchar(9)",
        "ALTER TABLE p RENAME k TO renamed; ALTER TABLE p1 RENAME k TO renamed",
        "ALTER TABLE p DROP k; ALTER TABLE p1 DROP k",
        "ALTER TABLE p ADD more int DEFAULT 5 NOT NULL; ALTER TABLE p1 ADD more int DEFAULT 5 NOT NULL",
        "ALTER TABLE p DROP CONSTRAINT positive; ALTER TABLE p1 DROP CONSTRAINT positive",
    ] {
        for end in [
            "",
            "; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
            "; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1, 3)",
        ] {
            let sql = format!("ALTER TABLE p DETACH PARTITION p1; {sql}{end}");
            step(TABLES, &sql, &["table p", "table p1"]).in_another_order().is_restored();
        }
    }
}

#[test]
fn what_was_changed_before_it_was_attached() {
    let tables = "
        CREATE TABLE p (id int NOT NULL, k text, CONSTRAINT positive CHECK (id > 0)) PARTITION BY LIST (id);
        CREATE TABLE x (id int, kk int, former int);";
    let sql = "
        ALTER TABLE x ALTER id SET NOT NULL, ADD k text, DROP former, DROP kk, ADD CONSTRAINT positive CHECK (id > 0);
        ALTER TABLE p ATTACH PARTITION x FOR VALUES IN (1)";
    step(tables, sql, &["table p", "table x"]).in_another_order().is_restored();
    let sql = "
        ALTER TABLE x ALTER id SET NOT NULL, ALTER kk TYPE text, DROP former, ADD CONSTRAINT positive CHECK (id > 0);
        ALTER TABLE x RENAME kk TO k;
        ALTER TABLE p ATTACH PARTITION x FOR VALUES IN (1)";
    step(tables, sql, &["table p", "table x"]).in_another_order().is_restored();
}

#[test]
fn what_one_of_two_parents_had_is_restored() {
    for sql in [
        "ALTER TABLE double NO INHERIT par; ALTER TABLE double DROP COLUMN id",
        "ALTER TABLE double NO INHERIT par; ALTER TABLE double RENAME COLUMN id TO renamed",
        "ALTER TABLE double NO INHERIT par; ALTER TABLE other ALTER COLUMN c TYPE varchar(9)",
        "ALTER TABLE double NO INHERIT par; ALTER TABLE other RENAME COLUMN c TO renamed",
        "ALTER TABLE double NO INHERIT par; ALTER TABLE other DROP COLUMN c",
    ] {
        let objects = ["table par", "table other", "table double"];
        let found = step(TABLES, sql, &objects).back_over_rows(
            "",
            "SELECT string_agg(inhparent::regclass::text, ' ') FROM pg_inherits
             WHERE inhrelid = 'double'::regclass",
        );
        assert!(
            found.starts_with("other par\nWARNING") || found.starts_with("par other\nWARNING"),
            "{sql}: {found}"
        );
        assert!(!found.contains("ERROR"), "{found}");
    }
}

#[test]
fn a_partition_whose_name_another_took_has_it_again() {
    let swap =
        "ALTER TABLE p1 RENAME TO x; ALTER TABLE p2 RENAME TO p1; ALTER TABLE x RENAME TO p2";
    for sql in [
        "ALTER TABLE p1 RENAME TO p1x; ALTER TABLE p2 RENAME TO p1",
        swap,
        &format!("{swap}; ALTER TABLE p RENAME k TO n2; ALTER TABLE p RENAME n TO k; ALTER TABLE p RENAME n2 TO n"),
        &format!("ALTER TABLE p RENAME CONSTRAINT positive TO is_positive; {swap}"),
        "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p1 RENAME TO p1x; ALTER TABLE p2 RENAME TO p1",
        "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p1 RENAME TO p1x; ALTER TABLE p2 RENAME TO p1;
         ALTER TABLE p1 ALTER k SET DEFAULT 'z'",
    ] {
        step(TABLES, sql, &["table p", "table p1", "table p2"]).is_restored();
    }
}
