//! What a role that may create objects can do to those who migrate: nothing.

mod commands;
mod engine;
mod history;
mod takeover;
mod untrusted_code;
