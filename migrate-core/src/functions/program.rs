//! Functions in the program of a migrations crate, which is run for each call.
//!
//! The program gets no connection and no secret of ours for it: it sends its requests over a socket,
//! and the engine carries them out in its own transaction. So the functions are bound by the same
//! limits as the engine, and when the program dies, the transaction is rolled back by the process
//! that holds it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use migrate_dsl::wire::{FromEngine, FromProgram, Garbage, VERSION, packed, take};
use migrate_dsl::{Connection, DatabaseError, FunctionError};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::Functions;
use super::folder::SocketFolder;
use crate::plan::Function;

/// Where the lines go that a function prints.
pub type Printed = Arc<dyn Fn(String) + Send + Sync>;

/// How often to check whether a silent program still runs, and is still needed.
const LOOK: Duration = Duration::from_millis(50);
/// The same for a program that is starting.
const STARTING: Duration = Duration::from_millis(2);
/// How long a program may take to end when its function has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// The program of a migrations crate, as `cargo build` makes it.
#[derive(Clone)]
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
    printed: Printed,
}

impl Program {
    /// A program that is run in this folder, with these variables and no others. What its functions
    /// print, on stdout or stderr, is given to `printed`, line by line and from another thread.
    #[must_use]
    pub fn new(
        path: PathBuf,
        folder: PathBuf,
        variables: BTreeMap<String, String>,
        printed: Printed,
    ) -> Self {
        Self { path, folder, variables, printed }
    }

    fn start(&self) -> io::Result<Started> {
        // In `/tmp` if there is one: the path of a socket must be short.
        let folder = SocketFolder::new(Path::new("/tmp"));
        let folder = folder.or_else(|error| match self.variables.get("TMPDIR") {
            Some(parent) => SocketFolder::new(Path::new(parent)),
            None => Err(error),
        })?;
        let socket = folder.socket();
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let mut child = Command::new(&self.path)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.variables)
            .env("MIGRATE_FUNCTION_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C is for the engine, which ends it in good order.
            .process_group(0)
            .spawn()?;
        let lines = [
            child.stdout.take().map(|out| self.hand_on(out)),
            child.stderr.take().map(|err| self.hand_on(err)),
        ];
        Ok(Started {
            child,
            lines: lines.into_iter().flatten().collect(),
            listener,
            _folder: folder,
        })
    }

    fn hand_on(&self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        let printed = Arc::clone(&self.printed);
        thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                printed(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
                line.clear();
            }
        })
    }
}

impl Functions for Program {
    fn run(
        &self,
        function: &Function,
        connection: &mut dyn Connection,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), FunctionError> {
        let started = self.start().map_err(|error| {
            let path = self.path.display();
            FunctionError::new(format!(
                "cannot run the program of the migrations, `{path}`: {error}"
            ))
        });
        let mut started = started?;
        let mut call = Call { is_over, come: Vec::new(), chunk: vec![0; 64 * 1024] };
        match call.drive(&mut started, function, connection) {
            Ok(ended) => {
                started.leave();
                ended
            }
            Err(NoReply::Over) => Err(FunctionError::new("it was stopped")),
            Err(NoReply::Garbage) => Err(FunctionError::new(
                "what its program says cannot be understood: was it built with the same version of \
                 `migrate-dsl` as `migrate`?",
            )),
            Err(NoReply::Gone) => {
                let how = started.leave().map_or_else(
                    || "without saying so".to_owned(),
                    |status| format!("by itself ({status})"),
                );
                Err(FunctionError::new(format!("its program ended {how}, in the middle of it")))
            }
        }
    }
}

/// A program that runs, or has ended.
struct Started {
    child: Child,
    lines: Vec<JoinHandle<()>>,
    listener: UnixListener,
    _folder: SocketFolder,
}

impl Started {
    /// Waits until the program has ended, and all that it printed is handed on.
    fn leave(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + FAREWELL;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => thread::sleep(STARTING),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let until = Instant::now() + FAREWELL;
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // With all that it has started: it leads a group of its own.
            if let Ok(group) = i32::try_from(self.child.id()) {
                _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            _ = self.child.kill();
            _ = self.child.wait();
        }
        // A program that the function has started, and not ended, may keep these open forever.
        while Instant::now() < until && !self.lines.iter().all(JoinHandle::is_finished) {
            thread::sleep(STARTING);
        }
    }
}

/// Why there is no word of the function's own on how it ended.
enum NoReply {
    /// The result is no longer needed.
    Over,
    /// Its program has ended.
    Gone,
    /// Its program sends something that is not a message.
    Garbage,
}

impl From<Garbage> for NoReply {
    fn from(Garbage: Garbage) -> Self {
        Self::Garbage
    }
}

impl From<io::Error> for NoReply {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// A talk with a program about one function.
struct Call<'a> {
    is_over: &'a dyn Fn() -> bool,
    come: Vec<u8>,
    chunk: Vec<u8>,
}

impl Call<'_> {
    /// Answers the function until it has ended, and says how that was.
    fn drive(
        &mut self,
        started: &mut Started,
        function: &Function,
        connection: &mut dyn Connection,
    ) -> Result<Result<(), FunctionError>, NoReply> {
        let mut stream = self.accept(started)?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        match self.hear(&mut stream)? {
            FromProgram::Hello(VERSION) => {}
            _ => return Err(NoReply::Garbage),
        }
        self.say(&mut stream, &FromEngine::Run(function.clone()))?;
        loop {
            match self.hear(&mut stream)? {
                FromProgram::Hello(_) => return Err(NoReply::Garbage),
                FromProgram::Ended(ended) => return Ok(ended),
                FromProgram::Request(request) => {
                    let answer = FromEngine::Answer(connection.send(request));
                    self.say(&mut stream, &answer)?;
                }
            }
        }
    }

    fn accept(&self, started: &mut Started) -> Result<UnixStream, NoReply> {
        loop {
            match started.listener.accept() {
                Ok((stream, _)) => return Ok(stream),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if (self.is_over)() {
                return Err(NoReply::Over);
            }
            if started.child.try_wait()?.is_some() {
                return Err(NoReply::Gone);
            }
            thread::sleep(STARTING);
        }
    }

    fn hear(&mut self, stream: &mut UnixStream) -> Result<FromProgram, NoReply> {
        loop {
            if let Some(word) = take(&mut self.come)? {
                return Ok(word);
            }
            match stream.read(&mut self.chunk) {
                Ok(0) => return Err(NoReply::Gone),
                Ok(length) => self.come.extend_from_slice(&self.chunk[..length]),
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if (self.is_over)() {
                return Err(NoReply::Over);
            }
        }
    }

    fn say(&self, stream: &mut UnixStream, word: &FromEngine) -> Result<(), NoReply> {
        let error = || FromEngine::Answer(Err(DatabaseError::new("the answer is too large")));
        let bytes = packed(word).or_else(|| packed(&error())).ok_or(NoReply::Garbage)?;
        let mut left = bytes.as_slice();
        while !left.is_empty() {
            match stream.write(left) {
                Ok(0) => return Err(NoReply::Gone),
                Ok(written) => left = &left[written..],
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if (self.is_over)() {
                return Err(NoReply::Over);
            }
        }
        Ok(())
    }
}

/// Whether it only took too long, or a signal came in between.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
