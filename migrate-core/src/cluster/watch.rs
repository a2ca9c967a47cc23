//! Small shell processes that end a throw-away server when its users have ended.
//!
//! The users may be killed, so they cannot be relied on to tidy up. `PR_SET_PDEATHSIG` would end
//! the server with the *thread* that started it, is Linux's alone, and leaves the files; a pipe
//! whose other end only we hold, or a list of processes, works for every kind of end, everywhere,
//! and the shell can remove the files too.

use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::ClusterError;

/// `is_server PID DATA`: whether the process works in the data folder; a number may be another
/// process's by now. Without `/proc`, the command line must name the folder.
const IS_SERVER: &str = r#"
is_server() {
    if [ -d /proc/self ]; then
        [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$2" ]
    else
        case "$(ps -o args= -p "$1" 2>/dev/null)" in *"$2"*) true ;; *) false ;; esac
    fi
}
end_server() {
    is_server "$1" "$2" && kill -QUIT "$1" 2>/dev/null
    tries=0
    while is_server "$1" "$2" && [ $tries -lt 1000 ]; do tries=$((tries + 1)); sleep 0.01; done
}
"#;

/// Waits for the end of its standard input. A word on it means that all has been tidied up.
/// Arguments: the folders to remove; one of them has the data.
const OWNED: &str = r#"
trap '' HUP INT TERM
read -r word && exit 0
for folder in "$@"; do
    pid=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null)
    [ -n "$pid" ] && end_server "$pid" "$folder/data"
done
rm -rf "$@"; sleep 1; rm -rf "$@"
"#;

/// Looks every second whether any of the processes that registered in `<run>/users` is alive.
/// Arguments: the folder of the run, the server's process, the data folder, the seconds to wait
/// after the last user, the folders to remove.
///
/// It first moves the run away: from then on no process can register with it, and a new process
/// starts a run of its own. Processes that registered in time are waited for.
const SHARED: &str = r#"
trap '' HUP INT TERM
run=$1; pid=$2; data=$3; patience=$4; shift 4
in_use() {
    for user in "$run"/users/*; do
        kill -0 "${user##*/}" 2>/dev/null && return 0
        rm -f "$user"
    done
    return 1
}
idle=0
while is_server "$pid" "$data"; do
    if in_use; then idle=0; else idle=$((idle + 1)); fi
    if [ $idle -gt "$patience" ]; then
        gone="$run.gone.$$"
        mv "$run" "$gone" 2>/dev/null || exit 0
        case "$data" in "$run"/*) data="$gone/${data#"$run"/}" ;; esac
        run=$gone
        while in_use && is_server "$pid" "$data"; do sleep 1; done
        end_server "$pid" "$data"
        rm -rf "$run" "$@"
        exit 0
    fi
    sleep 1
done
"#;

/// Ends a server when this value is dropped or the process has ended.
#[derive(Debug)]
pub(super) struct ServerGuard {
    shell: Child,
    pipe: Option<PipeWriter>,
}

impl ServerGuard {
    /// Begins to watch; do so before the server starts.
    pub(super) fn new(folders: &[PathBuf]) -> Result<Self, ClusterError> {
        let (reader, writer) =
            io::pipe().map_err(|source| ClusterError::Run { program: SHELL.into(), source })?;
        let mut command = shell(OWNED);
        command.args(folders).stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { shell: spawn(command)?, pipe: Some(writer) })
    }

    /// Says that all has been tidied up.
    pub(super) fn release(mut self) {
        use std::io::Write as _;
        if let Some(mut pipe) = self.pipe.take() {
            let _ = pipe.write_all(b"done\n");
        }
        let _ = self.shell.wait();
    }
}

/// Begins to watch a shared server. The shell stays when we end.
pub(super) fn watch_shared(
    run: &Path,
    pid: i32,
    data: &Path,
    patience: Duration,
    remove: &[PathBuf],
    log: &Path,
) -> Result<(), ClusterError> {
    let log = File::options()
        .append(true)
        .open(log)
        .map_err(|source| ClusterError::folder("write", log, source))?;
    let mut command = shell(SHARED);
    command.arg(run).arg(pid.to_string()).arg(data).arg(patience.as_secs().to_string());
    command.args(remove).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    spawn(command).map(drop)
}

const SHELL: &str = "/bin/sh";

fn shell(script: &str) -> Command {
    let mut command = Command::new(SHELL);
    command.arg("-c").arg(format!("{IS_SERVER}{script}")).arg("migrate-watch");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
    command
}

/// Starts a shell in a session of its own, out of reach of the terminal's Ctrl-C.
#[expect(unsafe_code, reason = "a session of its own is begun between fork and exec")]
fn spawn(mut command: Command) -> Result<Child, ClusterError> {
    // SAFETY: only system calls on numbers between fork and exec.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            super::privileges::close_others_on_exec();
            Ok(())
        });
    }
    command.spawn().map_err(|source| ClusterError::Run { program: SHELL.into(), source })
}
