//! Processes that are killed, scripts that are run, and what comes about some time later.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Kills a process, and waits until it holds nothing any more (it may stay as a zombie).
pub fn kill_9(pid: i32) {
    end(pid, Signal::SIGKILL);
}

/// Ends a server as `pg_ctl stop -m immediate` does, and waits for its end.
pub fn stop_immediately(pid: i32) {
    end(pid, Signal::SIGQUIT);
}

fn end(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
    eventually("ended", || {
        let output = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output();
        let state = String::from_utf8(output.unwrap().stdout).unwrap();
        state.trim().is_empty() || state.starts_with('Z')
    });
}

/// Writes a script that can be run at once. Another process writes it: a file that this one has open
/// for writing may be inherited by what another thread starts meanwhile, and then cannot be run.
pub fn write_script(path: &Path, text: &str) {
    let source = path.with_extension("source");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&source, text).unwrap();
    let mut install = Command::new("install");
    let done = install.args(["-m", "755"]).arg(&source).arg(path).status().unwrap();
    assert!(done.success(), "{}", path.display());
    std::fs::remove_file(&source).unwrap();
}

/// Waits until something is so.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
