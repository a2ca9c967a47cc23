//! An application that brings its own migrations: `example-app migrate` applies them, and without
//! a word it serves, but on no database that is not where this build expects it.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use migrate_core::{Event, Migrator, Session, UpTo};

/// What the log of the database says that it was.
const NAME: &str = concat!("example-app ", env!("CARGO_PKG_VERSION"));

type BoxError = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    // One thread is enough: what waits for the server gets one of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let done = runtime.map_err(BoxError::from).and_then(|runtime| runtime.block_on(run()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BoxError> {
    let url = env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    match env::args().nth(1).as_deref() {
        Some("migrate") => {
            let applied = tokio::task::spawn_blocking(move || migrate(&url)).await??;
            say(&format!("{} migrations applied", applied.len()));
        }
        _ => {
            tokio::task::spawn_blocking(move || check(&url)).await??;
            say("the database is current, and requests would be served from here on");
        }
    }
    Ok(())
}

/// Brings the database to where this build expects it, and says what it applied. Several instances
/// may start at once: one does it, the others wait.
fn migrate(url: &str) -> Result<Vec<String>, migrate_core::Error> {
    let mut session = Session::open_url(url, NAME)?;
    let migrator = Migrator::embedded(migrations::all(), NAME);
    migrator.up(&mut session, &UpTo::default(), &mut |event| {
        if let Event::Finished { name, duration, .. } = event {
            say(&format!("applied {name} in {} ms", duration.as_millis()));
        }
    })
}

/// Refuses a database that is behind this build, or ahead of it.
fn check(url: &str) -> Result<(), migrate_core::Error> {
    let mut session = Session::open_url(url, NAME)?;
    Migrator::embedded(migrations::all(), NAME).assert_current(&mut session)
}

#[expect(clippy::print_stderr, reason = "an application has its own way to speak")]
fn say(text: &str) {
    eprintln!("{text}");
}
