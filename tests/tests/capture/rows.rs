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
