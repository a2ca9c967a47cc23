//! The way back over rows that are in its way.

use crate::step;

#[test]
fn a_foreign_key_whose_rows_are_gone_comes_back_not_valid() {
    let found = step(
        "CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
         CREATE TABLE posts (author int REFERENCES users ON DELETE CASCADE DEFERRABLE);
         INSERT INTO posts VALUES (1);
         CREATE TABLE \"it's $$\" (author int REFERENCES users);
         INSERT INTO \"it's $$\" VALUES (NULL);",
        "DROP TABLE users CASCADE",
        &["table users"],
    )
    .back_over_rows(
        "",
        "SELECT string_agg(pg_get_constraintdef(oid), E'\\n' ORDER BY conrelid)
         FROM pg_constraint WHERE contype = 'f'",
    );
    insta::assert_snapshot!(found, @"
    FOREIGN KEY (author) REFERENCES users(id) ON DELETE CASCADE DEFERRABLE NOT VALID
    FOREIGN KEY (author) REFERENCES users(id)
    WARNING: foreign key `posts_author_fkey` of `public.posts` comes back NOT VALID: rows refer to others that are not in `public.users`
    ");
}

#[test]
fn a_column_comes_back_without_not_null_where_rows_have_none() {
    let nullable = "SELECT string_agg(attname || ' ' || attnotnull, ' ' ORDER BY attname)
                    FROM pg_attribute WHERE attrelid = 'posts'::regclass AND attnum > 0 AND NOT attisdropped";
    let posts = "CREATE TABLE posts (
                     id int NOT NULL, author int NOT NULL UNIQUE, likes int NOT NULL DEFAULT 5,
                     number int NOT NULL GENERATED ALWAYS AS IDENTITY)";
    let drop = "ALTER TABLE posts DROP COLUMN author, DROP COLUMN likes, DROP COLUMN number";
    let columns = ["column posts.author", "column posts.likes", "column posts.number"];
    let empty = step(posts, drop, &columns).back_over_rows("", nullable);
    insta::assert_snapshot!(empty, @"author true id true likes true number true");
    let full = step(posts, drop, &columns).back_over_rows("INSERT INTO posts VALUES (1)", nullable);
    insta::assert_snapshot!(full, @"
    author false id true likes true number true
    WARNING: column `author` of `public.posts` comes back without NOT NULL: rows have nulls in it
    ");
}
