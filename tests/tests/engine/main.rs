//! The engine against a real server: applying, taking back, recording, and what goes wrong.

mod backup;
mod blockers;
mod bounds;
mod brakes;
mod capture;
mod crowd;
mod cuts;
mod failures;
mod freezes;
mod full_disks;
mod functions;
mod history;
mod ledger;
mod locks;
mod messages;
mod outside_transaction;
mod protection;
mod resume;
mod rights;
mod secrets;
mod settings;
mod stops;
mod sync;
mod turns;
mod upgrade;
mod way_back;
