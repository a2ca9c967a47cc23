//! What the engine costs an application that links its migrations: crates, and the CPU seconds of a first
//! build, with and without what only the command needs.
//!
//! `cargo run --release -p migrate-tests --bin embedding_costs` prints the table.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

const MAIN: &str = "\
use migrate_core::{Event, Migrator, Session, UpTo};
use migrate_dsl::Migrations;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut session = Session::open_url(&std::env::var(\"DATABASE_URL\")?, \"shop\")?;
    let migrations = Migrations::new(\"\", \"\", Vec::new());
    Migrator::embedded(migrations, \"shop 1.0\")
        .up(&mut session, &UpTo::default(), &mut |_: Event| {})?;
    Ok(())
}
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<28} {:>7} {:>12}", "features of migrate-core", "crates", "CPU seconds");
    for features in ["", "cluster", "program", "backup", "backup cluster program"] {
        let folder = tempfile::tempdir()?;
        write_application(folder.path(), features)?;
        let cargo = |arguments: &[&str]| {
            let mut cargo = Command::new("cargo");
            cargo.args(arguments).current_dir(folder.path()).stderr(Stdio::null());
            cargo.env("CARGO_TARGET_DIR", folder.path().join("target")).env_remove("RUSTFLAGS");
            cargo
        };
        let tree = cargo(&["tree", "--edges", "normal,build", "--prefix", "none"]).output()?;
        assert!(tree.status.success());
        let tree = String::from_utf8(tree.stdout)?;
        let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
        let crates: BTreeSet<_> = lines.filter(|line| !line.is_empty()).collect();
        let before = cpu_seconds()?;
        assert!(cargo(&["build"]).status()?.success());
        let seconds = cpu_seconds()? - before;
        let name = if features.is_empty() { "none" } else { features };
        // Not the application itself.
        println!("{name:<28} {:>7} {seconds:>12.1}", crates.len() - 1);
    }
    Ok(())
}

fn write_application(folder: &Path, features: &str) -> std::io::Result<()> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let features: Vec<_> = features.split_whitespace().collect();
    let of = |name: &str| checkout.join(name);
    let manifest = format!(
        "[package]\nname = \"shop\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nmigrate-core = {{ path = {:?}, features = {features:?} }}\n\
         migrate-dsl = {{ path = {:?} }}\n",
        of("migrate-core"),
        of("migrate-dsl"),
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), MAIN)?;
    fs::copy(of("Cargo.lock"), folder.join("Cargo.lock")).map(|_| ())
}

/// Of all processes that this one has waited for.
fn cpu_seconds() -> nix::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(std::time::Duration::from_micros(microseconds.unsigned_abs()).as_secs_f64())
}
