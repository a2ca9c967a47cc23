//! What all tests against a real PostgreSQL share: a server, a database for each test, and the
//! schema of a database as text.

pub mod catalog;
pub mod cli;
pub mod cluster;
pub mod database;
pub mod engine;
pub mod faults;
pub mod growth;
pub mod language;
pub mod large_project;
pub mod mount;
pub mod plan;
pub mod process;
pub mod proxy;
pub mod round_trips;
pub mod tcp_proxy;
pub mod traps;

pub use catalog::{Catalog, catalog};
pub use cli::{Cli, Said};
pub use cluster::{environment, server, server_log};
pub use database::TestDatabase;
pub use engine::Engine;
pub use faults::{knob, tell};
pub use mount::Mount;
pub use plan::{migration, plan, reversible};
pub use proxy::{Cut, Proxy, Side};
pub use tcp_proxy::TcpProxy;
