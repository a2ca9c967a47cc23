//! A connection that can be cut: a proxy between the engine and the server.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use migrate_core::cluster::Server;
use tempfile::TempDir;

use crate::server;

/// When the connection is cut.
#[derive(Debug, Clone)]
pub enum Cut {
    /// Just before the message with this text would reach the server.
    Before(&'static str),
    /// When the server has the message with this text; its answer is lost.
    After(&'static str),
}

/// On which side of a message the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server does not get it any more.
    Before,
    /// The server has it; its answer is lost.
    After,
}

/// Says of a message whether the connection is cut at it.
type Judge = Box<dyn FnMut(&str) -> Option<Side> + Send>;

/// Stands before a server, on a socket of its own.
pub struct Proxy {
    folder: TempDir,
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// The server's own socket.
    upstream: PathBuf,
    /// Says of each message whether it is the one.
    judge: Mutex<Judge>,
    /// What else happens at that moment, before it can be noticed.
    at_cut: Box<dyn Fn() + Send + Sync>,
    messages: AtomicUsize,
    happened: AtomicUsize,
    /// How many connections are served.
    served: AtomicUsize,
    open: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    /// A proxy before the server of the tests that cuts at each of these moments, in this order.
    ///
    /// # Panics
    ///
    /// If there is no room for a socket.
    #[must_use]
    pub fn new(cuts: &[Cut]) -> Self {
        let mut cuts = VecDeque::from(cuts.to_vec());
        let judge = move |text: &str| {
            let (side, words) = match cuts.front()? {
                Cut::Before(words) => (Side::Before, words),
                Cut::After(words) => (Side::After, words),
            };
            text.contains(words).then(|| {
                cuts.pop_front();
                side
            })
        };
        Self::before(server(), Box::new(judge), Box::new(|| ()))
    }

    /// A proxy that cuts at the message of this number, the first one is 1, and does something else
    /// at that moment: kills the sender, for example.
    ///
    /// # Panics
    ///
    /// If there is no room for a socket.
    #[must_use]
    pub fn at(
        server: &Server,
        (number, side): (usize, Side),
        at_cut: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let mut seen = 0;
        let judge = move |_: &str| {
            seen += 1;
            (seen == number).then_some(side)
        };
        Self::before(server, Box::new(judge), Box::new(at_cut))
    }

    fn before(server: &Server, judge: Judge, at_cut: Box<dyn Fn() + Send + Sync>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Under the number of the server's own socket, so that it does not look like a pooler.
        let name = format!(".s.PGSQL.{}", server.port);
        let listener = UnixListener::bind(folder.path().join(&name)).expect("a socket of our own");
        let shared = Arc::new(Shared {
            upstream: server.socket_folder.join(name),
            judge: Mutex::new(judge),
            at_cut,
            messages: AtomicUsize::new(0),
            happened: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            open: Mutex::new(Vec::new()),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                shared.served.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    serve(client, &shared);
                    shared.served.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { folder, port: server.port, shared }
    }

    /// The URL of a database through the proxy.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (host, port) = (self.folder.path().display(), self.port);
        format!("postgresql:///{database}?host={host}&port={port}&user=postgres")
    }

    /// Returns how many messages were sent to the server.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.shared.messages.load(Ordering::SeqCst)
    }

    /// Whether everything that clients have sent has been passed on, including the last messages of
    /// clients that have disconnected.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.shared.served.load(Ordering::SeqCst) == 0
    }

    /// Returns how many cuts there were; one counts when all that goes with it has happened.
    #[must_use]
    pub fn happened(&self) -> usize {
        self.shared.happened.load(Ordering::SeqCst)
    }

    /// Cuts all connections at this moment, for good: there is no way to the server any more.
    pub fn die(&self) {
        _ = std::fs::remove_file(self.folder.path().join(format!(".s.PGSQL.{}", self.port)));
        self.cut();
    }

    /// Cuts all connections at this moment.
    pub fn cut(&self) {
        for stream in self.shared.open.lock().expect("nobody panics").drain(..) {
            _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(mut client: UnixStream, shared: &Shared) {
    let Ok(mut upstream) = UnixStream::connect(&shared.upstream) else { return };
    let (Ok(mut back), Ok(mut answers)) = (client.try_clone(), upstream.try_clone()) else {
        return;
    };
    if let (Ok(one), Ok(other)) = (client.try_clone(), upstream.try_clone()) {
        shared.open.lock().expect("nobody panics").extend([one, other]);
    }
    std::thread::spawn(move || {
        _ = std::io::copy(&mut answers, &mut back);
        _ = back.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let message = &buffer[..length];
        shared.messages.fetch_add(1, Ordering::SeqCst);
        let due = {
            let mut judge = shared.judge.lock().expect("nobody panics");
            judge(&String::from_utf8_lossy(message))
        };
        if due == Some(Side::Before) {
            (shared.at_cut)();
            shared.happened.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if upstream.write_all(message).is_err() {
            break;
        }
        if due == Some(Side::After) {
            (shared.at_cut)();
            shared.happened.fetch_add(1, Ordering::SeqCst);
            // The client disconnects from the server as well, but only once it has the message.
            _ = upstream.shutdown(Shutdown::Write);
            _ = client.shutdown(Shutdown::Both);
            return;
        }
    }
    _ = client.shutdown(Shutdown::Both);
    _ = upstream.shutdown(Shutdown::Both);
}
