//! The other end of the engine's pipe: runs one function, whose statements the engine sends.
//!
//! The pipe is a socket of its own. Stdin, stdout and stderr are the function's, and a program that
//! it starts inherits nothing that could get in between.

use std::ffi::OsStr;
use std::io;

use crate::Migrations;

#[cfg(unix)]
pub(crate) use unix::serve;

/// Runs the function that the engine at this socket asks for; `gone` is called when the engine is no
/// more.
#[cfg(not(unix))]
pub(crate) fn serve(_: &Migrations, _: &OsStr, _: fn()) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no local sockets"))
}

#[cfg(unix)]
mod unix {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    use super::{Migrations, OsStr, io};
    use crate::database::wire::{FromEngine, FromProgram, Message, VERSION, packed, take};
    use crate::panic::listen;
    use crate::{Connection, DatabaseError, FunctionError, Reply, Request};

    /// Runs the function that the engine at this socket asks for; `gone` is called when the engine
    /// is no more: a function that computes for long would not notice.
    pub(crate) fn serve(migrations: &Migrations, socket: &OsStr, gone: fn()) -> io::Result<()> {
        let stream = UnixStream::connect(socket)?;
        let (sender, words) = channel();
        let ear = stream.try_clone()?;
        thread::Builder::new().name("engine".to_owned()).spawn(move || {
            hear(ear, &sender);
            gone();
        })?;
        let mut engine = Engine { stream, words };
        engine.say(&FromProgram::Hello(VERSION))?;
        let Ok(FromEngine::Run(function)) = engine.words.recv() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        listen(migrations.root);
        let ended = migrations.run(&function, &mut engine);
        engine.say(&FromProgram::Ended(ended)).or_else(|_| {
            let error = FunctionError::new("it failed, with more words than can be told");
            engine.say(&FromProgram::Ended(Err(error)))
        })
    }

    fn hear(mut stream: UnixStream, sender: &Sender<FromEngine>) {
        let (mut come, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
        while let Ok(length @ 1..) = stream.read(&mut chunk) {
            come.extend_from_slice(&chunk[..length]);
            loop {
                let Ok(word) = take(&mut come) else { return };
                let Some(word) = word else { break };
                if sender.send(word).is_err() {
                    return;
                }
            }
        }
    }

    struct Engine {
        stream: UnixStream,
        words: Receiver<FromEngine>,
    }

    impl Engine {
        fn say(&mut self, word: &impl Message) -> io::Result<()> {
            let bytes = packed(word).ok_or(io::ErrorKind::InvalidInput)?;
            self.stream.write_all(&bytes)
        }
    }

    impl Connection for Engine {
        fn send(&mut self, request: Request) -> Result<Reply, DatabaseError> {
            let sent = self.say(&FromProgram::Request(request));
            match sent.ok().and_then(|()| self.words.recv().ok()) {
                Some(FromEngine::Answer(answer)) => answer,
                Some(FromEngine::Run(_)) | None => {
                    Err(DatabaseError::new("`migrate`, which asks the server, has exited"))
                }
            }
        }
    }
}
