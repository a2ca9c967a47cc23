//! What objects of any kind can have.

use crate::step;

#[test]
fn what_goes_with_an_extension_is_restored_with_it() {
    let dependent = "
        CREATE SCHEMA \"Odd one\";
        CREATE EXTENSION citext SCHEMA \"Odd one\";
        CREATE TABLE posts (id int, title text);
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE PROCEDURE p() LANGUAGE sql AS '';
        CREATE INDEX titles ON posts (title);
        CREATE TRIGGER touch BEFORE INSERT ON posts EXECUTE FUNCTION touch();
        CREATE MATERIALIZED VIEW seen AS SELECT * FROM posts;
        ALTER FUNCTION f DEPENDS ON EXTENSION citext;
        ALTER PROCEDURE p DEPENDS ON EXTENSION citext;
        ALTER INDEX titles DEPENDS ON EXTENSION citext;
        ALTER TRIGGER touch ON posts DEPENDS ON EXTENSION citext;
        ALTER MATERIALIZED VIEW seen DEPENDS ON EXTENSION citext";
    for (sql, object) in [
        ("DROP EXTENSION citext", "extension citext"),
        ("DROP TABLE posts CASCADE", "table posts"),
        ("DROP FUNCTION f", "function f"),
        ("DROP PROCEDURE p", "procedure p"),
        ("ALTER FUNCTION f NO DEPENDS ON EXTENSION citext", "function f"),
        ("ALTER FUNCTION touch DEPENDS ON EXTENSION citext", "function touch"),
        ("ALTER INDEX titles NO DEPENDS ON EXTENSION citext", "index titles"),
        ("DROP TRIGGER touch ON posts", "trigger posts.touch"),
        ("ALTER TABLE posts RENAME TO articles; DROP INDEX titles", "table posts"),
    ] {
        step(dependent, sql, &[object]).is_restored();
    }
}

/// A label is set where its provider is loaded, a library that PostgreSQL does not come with. What
/// would be said can be seen without.
#[test]
fn security_labels_are_said_again() {
    let labels = "
        CREATE ROLE {role};
        CREATE TABLE posts (id int, title text);
        SET allow_system_table_mods = on;
        INSERT INTO pg_seclabel VALUES
            ('posts'::regclass, 'pg_class'::regclass, 0, 'it', 'a ''label'''),
            ('posts'::regclass, 'pg_class'::regclass, 2, 'it', 'of a column'),
            ('posts'::regclass, 'pg_class'::regclass, 2, 'Other one', 'x');
        INSERT INTO pg_shseclabel VALUES ('{role}'::regrole, 'pg_authid'::regclass, 'it', 'of a role')";
    let set = "
        UPDATE pg_seclabel SET label = 'another' WHERE objsubid = 0;
        DELETE FROM pg_seclabel WHERE provider = 'Other one';
        INSERT INTO pg_seclabel VALUES ('posts'::regclass, 'pg_class'::regclass, 1, 'it', 'new')";
    let back = [
        step(labels, "DROP TABLE posts", &["table posts"]).inverse(),
        step(labels, "ALTER TABLE posts DROP COLUMN title", &["column posts.title"]).inverse(),
        step(labels, set, &["table posts"]).inverse(),
        step(labels, "DROP ROLE {role}", &["role {role}"]).inverse(),
    ];
    let said: Vec<_> = back
        .iter()
        .map(|back| {
            let lines = back.split(";\n").filter(|line| line.starts_with("SECURITY LABEL"));
            let lines = lines.map(|line| match line.split_once(" ON ROLE test_") {
                Some((front, back)) => {
                    format!("{front} ON ROLE {}", back.split_once(' ').unwrap().1)
                }
                None => line.to_owned(),
            });
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect();
    insta::assert_snapshot!(said.join("\n--\n"), @r#"
    SECURITY LABEL FOR "it" ON TABLE public.posts IS 'a ''label'''
    SECURITY LABEL FOR "Other one" ON COLUMN public.posts.title IS 'x'
    SECURITY LABEL FOR "it" ON COLUMN public.posts.title IS 'of a column'
    --
    SECURITY LABEL FOR "Other one" ON COLUMN public.posts.title IS 'x'
    SECURITY LABEL FOR "it" ON COLUMN public.posts.title IS 'of a column'
    --
    SECURITY LABEL FOR "it" ON COLUMN public.posts.id IS NULL
    SECURITY LABEL FOR "it" ON TABLE public.posts IS NULL
    SECURITY LABEL FOR "it" ON TABLE public.posts IS 'a ''label'''
    SECURITY LABEL FOR "Other one" ON COLUMN public.posts.title IS 'x'
    --
    SECURITY LABEL FOR "it" ON ROLE IS 'of a role'
    "#);
}

#[test]
fn the_comment_on_not_null_is_as_it_was() {
    if migrate_tests::server().major() < 18 {
        return;
    }
    let table = "CREATE TABLE t (id int CONSTRAINT present NOT NULL)";
    let comment = "COMMENT ON CONSTRAINT present ON t IS 'of a constraint'";
    step(table, comment, &["constraint t.present"]).is_restored();
    step(table, comment, &["constraint t.present"])
        .only(migrate_core::plan::Only::Comment)
        .is_restored();
}
