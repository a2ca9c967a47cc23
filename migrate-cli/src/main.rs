//! The command line.
mod settings;
fn main() {}
