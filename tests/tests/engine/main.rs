//! The engine against a real server: applying, taking back, recording, and what goes wrong.

mod brakes;
mod capture;
mod crowd;
mod cuts;
mod failures;
mod history;
mod locks;
mod outside_transaction;
mod resume;
mod secrets;
mod servers;
mod way_back;
