//! PostgreSQL's client programs, run on a database.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{BackupError, ClientPrograms};
use crate::connect::Target;
use crate::environment::Environment;

/// Variables that name a database: the target's own address is the one that counts.
const NAMES_A_DATABASE: [&str; 9] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGDATABASE",
    "PGSERVICE",
    "PGOPTIONS",
    "PGAPPNAME",
];

/// How often to check whether a program has ended, and whether it is still needed.
const LOOK: Duration = Duration::from_millis(10);
/// How long a program may take to end when it is requested to.
const FAREWELL: Duration = Duration::from_secs(2);

/// A program, about to be run; what it says is in English, on stderr.
pub(super) fn command(programs: &ClientPrograms, name: &str, environment: &Environment) -> Command {
    let mut command = Command::new(programs.program(name));
    let vars = &environment.vars;
    command
        .env_clear()
        .envs(vars.iter().filter(|(name, _)| !NAMES_A_DATABASE.contains(&name.as_str())))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // A Ctrl-C is for this process, which ends the program in an orderly way.
        .process_group(0);
    command
}

/// Says on which database it is to work.
pub(super) fn on(command: &mut Command, target: &Target) {
    command.arg("--no-password").arg(format!("--dbname={}", target.url()));
    if let Some(password) = target.password() {
        // Not on the command line, which every user of the machine can read.
        command.env("PGPASSWORD", password);
    }
}

/// The error of a program that could not be started.
pub(super) fn not_run(command: &Command) -> impl FnOnce(std::io::Error) -> BackupError {
    let program = command.get_program().into();
    move |source| BackupError::Run { program, source }
}

/// Waits for a program to end, and ends it once it `is_over`. What it says is to be read meanwhile.
pub(super) fn outcome(mut child: Child, is_over: impl Fn() -> bool) -> io::Result<ExitStatus> {
    let mut asked = None::<Instant>;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match asked {
            None if is_over() => {
                asked = Some(Instant::now());
                // At this one, they cancel what the server does for them.
                if let Ok(pid) = i32::try_from(child.id()) {
                    _ = kill(Pid::from_raw(pid), Signal::SIGINT);
                }
            }
            Some(at) if at.elapsed() > FAREWELL => _ = child.kill(),
            _ => {}
        }
        thread::sleep(LOOK);
    }
}

/// Hears a program out: `progress` gets the lines that tell how far it is, what is returned are its
/// complaints.
pub(super) fn listen(stderr: impl Read, mut progress: impl FnMut(&str)) -> Vec<String> {
    let mut complaints: Vec<String> = Vec::new();
    for line in BufReader::new(stderr).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        let said = match line.split_once(": ") {
            Some((program, said)) if program.starts_with("pg_") => said,
            _ => &line,
        };
        let is_progress = said != line && !is_complaint(said);
        if is_progress {
            progress(said);
        } else if !said.trim().is_empty() && !said.starts_with("warning:") {
            complaints.push(said.trim_start_matches("error: ").trim().to_owned());
        }
    }
    complaints
}

fn is_complaint(said: &str) -> bool {
    ["error:", "detail:", "hint:", "fatal:", "warning:"].iter().any(|word| said.starts_with(word))
}

/// Whether `pg_dump` failed because another session held a lock for too long. Its own messages are in
/// English, those of the server may be in any language: then the elapsed time decides.
pub(super) fn is_locked(complaints: &[String], waited: Duration, lock_wait: Duration) -> bool {
    let says = |words: &str| complaints.iter().any(|line| line.contains(words));
    let timed_out = || says("due to statement timeout") || says("due to lock timeout");
    let is_over = || waited >= lock_wait && !says("permission denied");
    says("LOCK TABLE") && (timed_out() || is_over())
}

/// What psql said with `VERBOSITY=verbose`: a line of an error, in whatever language.
pub(super) struct ServerLine<'a> {
    /// The five letters.
    pub(super) code: &'a str,
    /// The message.
    pub(super) message: &'a str,
}

impl<'a> ServerLine<'a> {
    /// Reads `psql:<stdin>:7: ERROR:  42704: role "x" does not exist`.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let (_, said) = line.strip_prefix("psql:")?.split_once(": ")?;
        let (_, said) = said.split_once(":  ")?;
        let (code, message) = said.split_once(": ")?;
        let is_code =
            code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        is_code.then_some(Self { code, message })
    }

    /// Whether it stops nothing.
    pub(super) fn is_warning(&self) -> bool {
        self.code == "00000" || self.code.starts_with("01")
    }
}

/// The function of the server that a verbose error comes from, where this line names it.
pub(super) fn routine(line: &str) -> Option<&str> {
    line.strip_prefix("LOCATION:")?.split(',').next().map(str::trim)
}

/// Whether the disk was full.
pub(super) fn is_full(complaints: &[String]) -> bool {
    let words = ["No space left on device", "Disk quota exceeded", "File too large"];
    complaints.iter().any(|line| words.iter().any(|words| line.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_complaints_are_told_apart() {
        let said = "pg_dump: dumping contents of table \"public.a\"\n\
                    pg_dump: error: query failed: ERROR:  permission denied for table b\n\
                    pg_dump: detail: Query was: LOCK TABLE public.b\n\
                    pg_dump: warning: there are circular foreign-key constraints\n\
                    psql:<stdin>:7: ERROR:  role \"x\" does not exist\n";
        let mut progress = Vec::new();
        let complaints = listen(said.as_bytes(), |line| progress.push(line.to_owned()));
        assert_eq!(progress, ["dumping contents of table \"public.a\""]);
        assert_eq!(
            complaints,
            [
                "query failed: ERROR:  permission denied for table b",
                "detail: Query was: LOCK TABLE public.b",
                "psql:<stdin>:7: ERROR:  role \"x\" does not exist",
            ]
        );
    }
    #[test]
    fn a_lock_is_told_in_any_language() {
        let said = |server: &str| {
            let query = "detail: Query was: LOCK TABLE public.b IN ACCESS SHARE MODE";
            [format!("query failed: {server}"), query.to_owned()]
        };
        let (short, long) = (Duration::from_millis(10), Duration::from_millis(300));
        for (server, waited, locked) in [
            ("ERROR:  canceling statement due to statement timeout", short, true),
            ("FEHLER:  storniere Anfrage wegen Zeitüberschreitung der Anfrage", long, true),
            ("FEHLER:  keine Berechtigung für Tabelle b", short, false),
            ("ERROR:  permission denied for table b", long, false),
        ] {
            assert_eq!(is_locked(&said(server), waited, long), locked, "{server}");
        }
        assert!(!is_locked(&["could not connect".to_owned()], long, long));
    }

    #[test]
    fn codes_are_read_in_any_language() {
        let read = |line| ServerLine::read(line).map(|line| (line.code, line.message));
        for line in [
            "psql:<stdin>:7: FEHLER:  42704: Rolle »x« existiert nicht",
            "psql:<stdin>:7: ERROR:  42704: Rolle »x« existiert nicht",
        ] {
            assert_eq!(read(line), Some(("42704", "Rolle »x« existiert nicht")));
        }
        assert_eq!(read("psql: error: connection failed"), None);
        assert_eq!(read("LINE 1: SELECT a:  b: c"), None);
        assert_eq!(routine("LOCATION:  get_role_oid, acl.c:5175"), Some("get_role_oid"));
    }
}
