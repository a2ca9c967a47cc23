//! The command line: what each command says on stdout and stderr, and its exit code.

mod bad_input;
mod commands;
mod crowd;
mod faults;
mod help;
mod histories;
mod private;
