//! Comments on anything, see [`COMMENT`](https://www.postgresql.org/docs/current/sql-comment.html).

mod comment_on;

pub use comment_on::CommentOn;
