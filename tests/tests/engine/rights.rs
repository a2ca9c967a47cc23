//! A role without privileges: which role could grant them is reported, and the `GRANT` that would do so.

use migrate_core::{Environment, Error, Event, Session, Target, UpTo};
use migrate_dsl::{Migration, Pgm};
use migrate_tests::engine::migrator;
use migrate_tests::{Engine, migration, plan};

const A: &str = "20260101000000_a";

/// Applies as a role of its own that may `CONNECT`, after this was done.
fn up_as(engine: &Engine, grants: &str, all: &[Migration]) -> Result<Vec<String>, Error> {
    let role = engine.database.unique("app");
    let sql = format!("CREATE ROLE {role} LOGIN; {}", grants.replace("<role>", &role));
    engine.database.execute(&sql);
    let url = engine.database.url().replace("user=postgres", &format!("user={role}"));
    let target = Target::parse(&url, "the test", &Environment::default()).unwrap();
    let mut session = Session::connect(&target, "migrate test").unwrap_or_else(|e| panic!("{e}"));
    migrator(plan(all)).up(&mut session, &UpTo::default(), &mut |_: Event| {})
}

/// Returns what was reported, with stable names.
fn told(engine: &Engine, error: &Error) -> String {
    let told = error.diagnostics().remove(0);
    let text = [vec![told.message], told.notes, told.helps].concat().join("\n");
    text.replace(&engine.database.unique("app"), "<role>")
        .replace(engine.database.name(), "<database>")
}

const GRANTED: &str = "GRANT CREATE, USAGE ON SCHEMA public TO <role>;";

#[test]
fn a_history_that_may_not_be_created() {
    if migrate_tests::server().major() < 15 {
        return;
    }
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_table("a", |t| t.id()))];
    let error = up_as(&engine, "", &all).unwrap_err();
    insta::assert_snapshot!(told(&engine, &error), @r#"
    the history cannot be read or written
    permission denied for schema public
    `public` is owned by `postgres`, who can say `GRANT CREATE ON SCHEMA public TO "<role>"`
    "#);
}

#[test]
fn the_schema_of_others() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_table(("own", "a"), |t| t.id()))];
    let error = up_as(&engine, &format!("{GRANTED} CREATE SCHEMA own"), &all).unwrap_err();
    insta::assert_snapshot!(told(&engine, &error), @r#"
    permission denied for schema own
    `20260101000000_a`: the transaction was rolled back: nothing of this migration was done
    `own` is owned by `postgres`, who can say `GRANT USAGE, CREATE ON SCHEMA own TO "<role>"`
    fix the cause and run `migrate up` again
    "#);
}

#[test]
fn the_table_of_others() {
    for (up, expected) in [
        (
            (|pgm| _ = pgm.drop_column("posts", "title")) as fn(&mut Pgm),
            "`posts` is owned by `postgres`, who is an administrator: have it say `ALTER TABLE posts \
             OWNER TO \"<role>\"`, or migrate as that role",
        ),
        (
            |pgm| _ = pgm.drop_column("theirs", "title"),
            "`theirs` is owned by `<role>_owner`: migrate as that role, or make `<role>` a member of \
             it: `GRANT \"<role>_owner\" TO \"<role>\"`",
        ),
        (
            |pgm| _ = pgm.sql("UPDATE posts SET title = id").down(""),
            "`posts` is owned by `postgres`, who can say `GRANT UPDATE ON posts TO \"<role>\"`",
        ),
        (
            |pgm| {
                pgm.create_table("comments", |t| {
                    t.bigint("post").references("posts", "id");
                });
            },
            "`posts` is owned by `postgres`, who can say `GRANT REFERENCES ON posts TO \"<role>\"`",
        ),
    ] {
        let engine = Engine::new();
        let grants = format!(
            "{GRANTED} CREATE TABLE posts (id bigint PRIMARY KEY, title text);
             GRANT SELECT ON posts TO <role>;
             CREATE ROLE <role>_owner; CREATE TABLE theirs (title text);
             ALTER TABLE theirs OWNER TO <role>_owner"
        );
        let error = up_as(&engine, &grants, &[migration(A, up)]).unwrap_err();
        let told = told(&engine, &error);
        assert!(told.contains(expected), "{told}");
    }
}

/// `query_to_xml` runs any query that it is given, so some revoke it from PUBLIC; and a server
/// may be built without XML.
#[test]
fn summary_falls_back_when_xml_is_unavailable() {
    let engine = Engine::new();
    let all = [migration(A, |pgm| _ = pgm.create_table("a", |t| t.id()))];
    let revoke = "REVOKE ALL ON FUNCTION query_to_xml(text, bool, bool, text) FROM PUBLIC";
    let grants = format!("{GRANTED} {revoke}");
    assert_eq!(up_as(&engine, &grants, &all).unwrap(), [A]);
    let role = engine.database.unique("app");
    let mut client = engine.database.client_as(&role);
    let refused = client.batch_execute("SELECT query_to_xml('SELECT 1', true, true, '')");
    assert!(refused.unwrap_err().code().is_some(), "else this shows nothing");
    engine.database.execute(&format!("ALTER ROLE {role} RENAME TO {role}_first"));
    let again = format!("GRANT {role}_first TO <role>; {revoke}");
    assert_eq!(up_as(&engine, &again, &all).unwrap(), [""; 0]);
}
