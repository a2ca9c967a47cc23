//! Casts, see [Type Conversion](https://www.postgresql.org/docs/current/typeconv.html).

mod create_cast;
mod drop_cast;

pub use create_cast::CreateCast;
