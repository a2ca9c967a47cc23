//! What a role that may create objects can do to the roles that migrate: nothing.

mod commands;
mod engine;
mod history;
mod takeover;
mod untrusted_code;

use migrate_tests::TestDatabase;

/// SQL for a function `take` that makes the role superuser as soon as a superuser calls it.
fn take(schema: &str, role: &str) -> String {
    format!(
        "CREATE FUNCTION {schema}.take() RETURNS bool LANGUAGE plpgsql AS $$
         BEGIN
             IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
                 EXECUTE 'ALTER ROLE {role} SUPERUSER';
             END IF;
             RETURN true;
         END $$;"
    )
}

fn is_superuser(database: &TestDatabase, role: &str) -> bool {
    let mut client = database.client();
    let sql = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) $1";
    client.query_one(sql, &[&role]).unwrap().get(0)
}
