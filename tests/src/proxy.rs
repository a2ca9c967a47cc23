//! A connection that can be cut: a proxy between the engine and the server.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::{TestDatabase, server};

/// When the connection is cut.
#[derive(Debug, Clone)]
pub enum Cut {
    /// Just before the message with this text would reach the server.
    Before(&'static str),
    /// When the server has the message with this text; its answer is lost.
    After(&'static str),
}

/// Stands before the server of the tests, on a socket of its own.
pub struct Proxy {
    folder: TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    /// What is to come, the next one first.
    cuts: Mutex<Vec<Cut>>,
    happened: AtomicUsize,
    open: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    /// A proxy that cuts at each of these moments, in this order.
    ///
    /// # Panics
    ///
    /// If there is no room for a socket.
    #[must_use]
    pub fn new(cuts: &[Cut]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener =
            UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket of our own");
        let shared = Arc::new(Shared {
            cuts: Mutex::new(cuts.to_vec()),
            happened: AtomicUsize::new(0),
            open: Mutex::new(Vec::new()),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                std::thread::spawn(move || serve(client, &shared));
            }
        });
        Self { folder, shared }
    }

    /// The URL of a database through the proxy.
    #[must_use]
    pub fn url(&self, database: &TestDatabase) -> String {
        let host = self.folder.path().display();
        format!("postgresql:///{}?host={host}&port=5432&user=postgres", database.name())
    }

    /// How many cuts there were.
    #[must_use]
    pub fn happened(&self) -> usize {
        self.shared.happened.load(Ordering::SeqCst)
    }

    /// Cuts all connections at this moment, for good: there is no way to the server any more.
    pub fn die(&self) {
        _ = std::fs::remove_file(self.folder.path().join(".s.PGSQL.5432"));
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
    let there = server();
    let socket: PathBuf = there.socket_folder.join(format!(".s.PGSQL.{}", there.port));
    let Ok(mut upstream) = UnixStream::connect(socket) else { return };
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
        let text = String::from_utf8_lossy(message);
        let due = {
            let mut cuts = shared.cuts.lock().expect("nobody panics");
            let (Cut::Before(words) | Cut::After(words)) = match cuts.first() {
                Some(cut) => cut.clone(),
                None => Cut::Before("\0 never \0"),
            };
            text.contains(words).then(|| cuts.remove(0))
        };
        if matches!(due, Some(Cut::Before(_))) {
            shared.happened.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if upstream.write_all(message).is_err() {
            break;
        }
        if due.is_some() {
            shared.happened.fetch_add(1, Ordering::SeqCst);
            // The client is gone for the server as well, but only once it has the message.
            _ = client.shutdown(Shutdown::Both);
            return;
        }
    }
    _ = client.shutdown(Shutdown::Both);
    _ = upstream.shutdown(Shutdown::Both);
}
