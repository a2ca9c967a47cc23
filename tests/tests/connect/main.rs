//! The ways to a server: TLS in all its modes, certificates of all kinds, several servers, files
//! with passwords and services, poolers.

mod certificates;
mod failover;
mod hosts;
mod interrupts;
mod login;
mod pooler;
mod secrets;
mod server;
mod standby;
mod tls;
