//! A proxy over TCP that behaves as proxies of the network do: it can freeze, so that it accepts
//! everything and delivers nothing, and it can end connections that say nothing for a while.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use migrate_core::cluster::Server;

/// Stands before a server, at a port of its own.
pub struct TcpProxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// The server's socket.
    upstream: Mutex<PathBuf>,
    /// How long a connection may say nothing.
    idle_limit: Option<Duration>,
    is_frozen: Mutex<bool>,
    thawed: Condvar,
    connections: AtomicUsize,
}

impl Shared {
    fn wait_until_thawed(&self) {
        let mut is_frozen = self.is_frozen.lock().expect("nobody panics");
        while *is_frozen {
            is_frozen = self.thawed.wait(is_frozen).expect("nobody panics");
        }
    }
}

impl TcpProxy {
    /// A proxy before this server.
    ///
    /// # Panics
    ///
    /// If there is no port for it.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        Self::with_idle_limit(server, None)
    }

    /// One that ends a connection on which nothing is sent in either direction for so long.
    ///
    /// # Panics
    ///
    /// If there is no port for it.
    #[must_use]
    pub fn with_idle_limit(server: &Server, idle_limit: Option<Duration>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            upstream: Mutex::new(socket_of(server)),
            idle_limit,
            is_frozen: Mutex::new(false),
            thawed: Condvar::new(),
            connections: AtomicUsize::new(0),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || serve(&client, &shared));
            }
        });
        Self { port, shared }
    }

    /// The URL of a database through the proxy.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// From here on new connections go to this server.
    ///
    /// # Panics
    ///
    /// If a thread of the proxy has panicked.
    pub fn lead_to(&self, server: &Server) {
        *self.shared.upstream.lock().expect("nobody panics") = socket_of(server);
    }

    /// From here on nothing is delivered.
    ///
    /// # Panics
    ///
    /// If a thread of the proxy has panicked.
    pub fn freeze(&self) {
        *self.shared.is_frozen.lock().expect("nobody panics") = true;
    }

    /// Delivers what was held back, and what comes.
    ///
    /// # Panics
    ///
    /// If a thread of the proxy has panicked.
    pub fn thaw(&self) {
        *self.shared.is_frozen.lock().expect("nobody panics") = false;
        self.shared.thawed.notify_all();
    }

    /// Returns how many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

fn socket_of(server: &Server) -> PathBuf {
    server.socket_folder.join(format!(".s.PGSQL.{}", server.port))
}

fn serve(client: &TcpStream, shared: &Arc<Shared>) {
    shared.wait_until_thawed();
    let path = shared.upstream.lock().expect("nobody panics").clone();
    let Ok(upstream) = UnixStream::connect(path) else { return };
    let last = Arc::new(Mutex::new(Instant::now()));
    let (Ok(from), Ok(to)) = (upstream.try_clone(), client.try_clone()) else { return };
    if let Some(limit) = shared.idle_limit {
        let (Ok(one), Ok(other)) = (upstream.try_clone(), client.try_clone()) else { return };
        let last = Arc::clone(&last);
        std::thread::spawn(move || {
            loop {
                let idle = last.lock().expect("nobody panics").elapsed();
                if idle >= limit {
                    _ = one.shutdown(Shutdown::Both);
                    _ = other.shutdown(Shutdown::Both);
                    return;
                }
                std::thread::sleep(limit.saturating_sub(idle));
            }
        });
    }
    let (back, noted) = (Arc::clone(shared), Arc::clone(&last));
    std::thread::spawn(move || {
        pump(from, &to, &back, &noted);
        _ = to.shutdown(Shutdown::Both);
    });
    let Ok(reader) = client.try_clone() else { return };
    pump(reader, &upstream, shared, &last);
    _ = upstream.shutdown(Shutdown::Both);
}

fn pump(mut from: impl Read, mut to: impl Write, shared: &Shared, last: &Mutex<Instant>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        *last.lock().expect("nobody panics") = Instant::now();
        shared.wait_until_thawed();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side learns of the end no sooner than of what came before.
    shared.wait_until_thawed();
}
