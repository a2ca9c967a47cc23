//! What all tests against a real PostgreSQL share: a server, a database for each test, and the
//! schema of a database as text.

pub mod catalog;
pub mod cluster;
pub mod database;

pub use catalog::catalog;
pub use cluster::{environment, server};
pub use database::TestDatabase;
