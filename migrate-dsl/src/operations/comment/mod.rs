//! Comments on anything, see [`COMMENT`](https://www.postgresql.org/docs/current/sql-comment.html).

mod comment_on;
mod object;

pub use comment_on::CommentOn;
pub use object::Object;
