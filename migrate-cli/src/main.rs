//! The command line.
mod project;
mod settings;
fn main() {}
