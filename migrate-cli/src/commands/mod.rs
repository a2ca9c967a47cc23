//! The commands: a file each, with its arguments and the one function that runs it.

pub mod accept;
pub mod backup;
pub mod bundle;
pub mod completions;
pub mod create;
pub mod db;
pub mod down;
pub mod fmt;
pub mod goto;
pub mod hook;
pub mod init;
pub mod log;
pub mod mark;
pub mod plan;
pub mod protect;
pub mod redo;
pub mod renumber;
pub mod restore;
pub mod status;
pub mod sync;
pub mod up;
pub mod verify;
pub mod watch;
