//! The command line: what each command says on stdout and stderr, and its exit code.

mod backups;
mod bad_input;
mod branches;
mod bundles;
mod commands;
mod crowd;
mod databases;
mod faults;
mod functions;
mod help;
mod histories;
mod json;
mod kills;
mod ledger;
mod locked_history;
mod named_pipes;
mod private;
mod protection;
mod renumber;
mod signals;
mod sync;
mod told;
mod untrusted;
