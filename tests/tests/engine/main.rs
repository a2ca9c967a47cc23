//! The engine against a real server: applying, taking back, recording, and what goes wrong.

mod backup;
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
mod rights;
mod secrets;
mod servers;
mod upgrade;
mod way_back;
