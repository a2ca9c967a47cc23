//! Processes of their own, for what one process cannot show.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrate_core::Environment;
use migrate_core::cluster::{SharedCluster, TemporaryCluster};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::sandbox::{environment_in, project_cluster};

/// Runs [`helper_process`] in a process of its own.
pub(crate) fn helper(what: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["helper::helper_process", "--exact", "--nocapture", "--test-threads=1"])
        .env("MIGRATE_TEST_HELPER", what)
        .env("MIGRATE_TEST_FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn said_by(helper: Child) -> String {
    let output = helper.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Not a test: what the helper processes of the tests do.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn helper_process() {
    let Ok(what) = std::env::var("MIGRATE_TEST_HELPER") else {
        return;
    };
    let folder = PathBuf::from(std::env::var("MIGRATE_TEST_FOLDER").unwrap());
    let environment = environment_in(&folder);
    match what.as_str() {
        "start" => {
            let server = project_cluster(&environment).start().unwrap();
            println!("said: {:?}", server.origin);
        }
        "temporary" => {
            let temporary = TemporaryCluster::start(&environment, None).unwrap();
            println!("said: {} {}", temporary.pid, temporary.data.display());
            wait_for_the_parent();
        }
        "shared" => {
            let server = shared(&environment, &folder).join().unwrap();
            println!("said: {} {}", server.pid, server.data.display());
            wait_for_the_parent();
        }
        other => panic!("unknown helper `{other}`"),
    }
}

fn wait_for_the_parent() {
    use std::io::Read as _;
    let _ = std::io::stdin().read(&mut [0]);
}

/// The process and data folder of the server that a helper says it has.
pub(crate) fn server_of(helper: &mut Child) -> (i32, PathBuf) {
    use std::io::{BufRead as _, BufReader};
    let mut lines = BufReader::new(helper.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("said: ")).unwrap();
    let (_, said) = line.split_once("said: ").unwrap();
    let (pid, data) = said.split_once(' ').unwrap();
    (pid.parse().unwrap(), data.into())
}

pub(crate) fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

pub(crate) fn shared(environment: &Environment, folder: &Path) -> SharedCluster {
    SharedCluster::new(environment, &folder.join("shared"))
        .unwrap()
        .with_patience(Duration::from_secs(1))
}
