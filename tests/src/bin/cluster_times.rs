//! How long a private server takes: `cargo run --release -p migrate-tests --bin cluster_times`.
//!
//! Each number is the median of seven runs, in milliseconds, without the connection.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use migrate_core::cluster::{Cluster, TemporaryCluster};
use migrate_tests::{TestDatabase, environment, server};
use postgres::{Client, NoTls};

const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let names = ["first start", "reuse", "connect", "stop", "restart", "restart after kill -9"];
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..RUNS {
        let folder = tempfile::tempdir()?;
        let mut environment = environment();
        environment.vars.insert("XDG_STATE_HOME".into(), folder.path().display().to_string());
        let cluster = Cluster::for_project(&environment, Path::new("times"))?;
        let (first, server) = timed(|| cluster.start());
        let server = server?;
        times[0].push(first);
        times[1].push(timed(|| cluster.start()).0);
        times[2].push(timed(|| Client::connect(&server.url("postgres"), NoTls)).0);
        times[3].push(timed(|| cluster.stop()).0);
        let (restart, server) = timed(|| cluster.start());
        times[4].push(restart);
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(server?.pid),
            nix::sys::signal::Signal::SIGKILL,
        )?;
        std::thread::sleep(std::time::Duration::from_millis(20));
        times[5].push(timed(|| cluster.start()).0);
        cluster.remove()?;
    }
    for (name, times) in names.iter().zip(times) {
        row(name, times);
    }

    let environment = environment();
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (start, temporary) = timed(|| TemporaryCluster::start(&environment, None));
        starts.push(start);
        ends.push(timed(|| temporary.map(drop)).0);
    }
    row("temporary, start", starts);
    row("temporary, end", ends);
    server();
    row("test database, new and dropped", (0..RUNS).map(|_| timed(TestDatabase::new).0).collect());
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let since = Instant::now();
    let result = work();
    (since.elapsed().as_secs_f64() * 1000.0, result)
}

fn row(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let (least, most) = (times[0], times[times.len() - 1]);
    println!("{name:<32} {:8.2}   ({least:.2} to {most:.2})", times[times.len() / 2]);
}
