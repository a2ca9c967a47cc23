//! The engine against a real server: applying, taking back, recording, and what goes wrong.

mod backup;
mod bounds;
mod brakes;
mod capture;
mod crowd;
mod cuts;
mod failures;
mod history;
mod ledger;
mod locks;
mod outside_transaction;
mod protection;
mod resume;
mod secrets;
mod servers;
mod sync;
mod turns;
mod upgrade;
mod way_back;
