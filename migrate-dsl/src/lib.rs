//! Describe PostgreSQL migrations in Rust.
