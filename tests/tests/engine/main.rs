//! The engine against a real server: applying, taking back, recording, and what goes wrong.

mod backup;
mod capture;
mod crowd;
mod failures;
mod history;
mod ledger;
mod outside_transaction;
mod protection;
mod secrets;
mod upgrade;
mod way_back;
