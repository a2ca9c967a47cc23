//! Objects that are set aside block nothing, and are not used further unnoticed.

use migrate_dsl::prelude::*;
use migrate_tests::{Engine, migration};

const NAME: &str = "20260101000000_keep";

fn up(engine: &Engine, up: fn(&mut Pgm)) -> Result<Vec<String>, String> {
    let all = [migration(NAME, up)];
    engine.up(&all).map_err(|error| {
        let told = error.diagnostics().into_iter();
        told.map(|told| format!("{}\n{}", told.message, told.helps.join("\n"))).collect()
    })
}

const KEEP: fn(&mut Pgm) = |pgm| {
    pgm.drop_column("posts", "title").keep_data();
    pgm.drop_table("users").keep_data();
};

#[test]
fn inserts_go_on() {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text);
         CREATE TABLE posts (id bigint PRIMARY KEY, title text NOT NULL CHECK (title <> ''),
                             author bigint NOT NULL REFERENCES users, UNIQUE (title, author));
         INSERT INTO users VALUES (1, 'ada');
         INSERT INTO posts VALUES (1, 'first', 1);",
    );
    up(&engine, KEEP).unwrap();
    engine.database.execute(
        "INSERT INTO posts (id, author) VALUES (2, 7);
         CREATE TABLE users (id bigint PRIMARY KEY);",
    );
    assert_eq!(engine.value("SELECT count(*) FROM posts WHERE kept_title = 'first'"), "1");
    assert_eq!(engine.value("SELECT name FROM kept_users"), "ada");

    // What these rows lack keeps nothing from coming back.
    engine.database.execute("DROP TABLE users");
    engine.down(&[migration(NAME, KEEP)], 1).unwrap();
    let posts = "SELECT string_agg(id || COALESCE(title, ' without'), ', ' ORDER BY id) FROM posts";
    assert_eq!(engine.value(posts), "1first, 2 without");
    let constraints = "SELECT string_agg(conname || ' ' || convalidated, ', ' ORDER BY conname)
                       FROM pg_constraint WHERE conrelid = 'posts'::regclass AND contype <> 'n'";
    insta::assert_snapshot!(engine.value(constraints), @"posts_author_fkey false, posts_pkey true, posts_title_author_key true, posts_title_check true");
}

#[test]
fn a_view_has_to_be_dropped_or_said() {
    let engine = Engine::new();
    engine.database.execute(
        "CREATE TABLE posts (id bigint, title text); CREATE VIEW titles AS SELECT title FROM posts",
    );
    let refused = up(&engine, |pgm| _ = pgm.drop_table("posts").keep_data()).unwrap_err();
    insta::assert_snapshot!(refused, @"
    cannot set `public.posts` aside: `public.titles` depends on it
    drop it before, or say `.keep_data().cascade()`, which drops views
    fix the file and run `migrate up` again
    ");
    let refused = up(&engine, |pgm| _ = pgm.drop_column("posts", "title").keep_data());
    assert_eq!(
        refused.unwrap_err().lines().next(),
        Some("cannot set columns of `public.posts` aside: `public.titles` depends on them")
    );
    up(&engine, |pgm| _ = pgm.drop_column("posts", "id").keep_data()).unwrap();
}

#[test]
fn what_would_go_on_with_a_kept_column_is_told() {
    for (object, name) in [
        ("ALTER TABLE posts ADD slug text GENERATED ALWAYS AS (lower(title)) STORED", "slug"),
        ("CREATE POLICY titled ON posts USING (title <> '')", "titled"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER watch BEFORE UPDATE OF title ON posts EXECUTE FUNCTION f()",
            "watch",
        ),
    ] {
        let engine = Engine::new();
        engine.database.execute("CREATE TABLE posts (id bigint, title text)");
        engine.database.execute(object);
        let refused =
            up(&engine, |pgm| _ = pgm.drop_column("posts", "title").keep_data().cascade());
        let refused = refused.unwrap_err();
        assert!(refused.contains(name) && refused.contains("depends on them"), "{refused}");
    }
}
