//! The life of a private server, and what can happen to it.

mod disk;
mod faults;
mod helper;
mod life;
mod many;
mod packages;
mod root;
mod sandbox;
mod throw_away;
