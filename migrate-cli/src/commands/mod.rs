//! The commands: a file each, with its arguments and the one function that runs it.

pub mod completions;
pub mod create;
pub mod db;
pub mod down;
pub mod fmt;
pub mod goto;
pub mod init;
pub mod mark;
pub mod plan;
pub mod redo;
pub mod status;
pub mod up;
pub mod watch;
