//! A server of the test's own that is reached over TCP, and a home with files of libpq's.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use migrate_core::cluster::TemporaryCluster;
use migrate_core::connect::ConnectError;
use migrate_core::{Environment, Session, Target};
use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::certificates::Certified;

/// Which users may log in, and how. Later lines count only where earlier ones do not.
const ACCESS: &str = "\
local all,replication all trust
hostssl all certified all cert
hostssl all encrypted all scram-sha-256
hostnossl all clear all scram-sha-256
host all certified,encrypted,clear all reject
host all md5 all md5
host all plain all password
host all postgres all trust
host all all all scram-sha-256
";

/// The password of every role that has one.
pub(crate) const PASSWORD: &str = "s3cret:\\ä@/";

/// A server that listens on 127.0.0.1.
pub(crate) struct Server {
    pub(crate) cluster: TemporaryCluster,
    pub(crate) port: u16,
}

impl Server {
    /// One without TLS.
    pub(crate) fn new() -> Self {
        let port = free_port();
        let environment = migrate_tests::environment();
        let major = environment.var("MIGRATE_TEST_PG_MAJOR").and_then(|major| major.parse().ok());
        let cluster = TemporaryCluster::start_with(&environment, |cluster| {
            cluster
                .with_major(major)
                .with_port(port)
                .with_setting("listen_addresses", "127.0.0.1")
                .with_setting("max_wal_senders", "4")
                .with_setting("hot_standby", "on")
        });
        let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
        let server = Self { cluster, port };
        server.write("pg_hba.conf", ACCESS);
        server.execute(&format!(
            "SET password_encryption = 'md5';
             CREATE ROLE md5 LOGIN PASSWORD '{PASSWORD}';
             SET password_encryption = 'scram-sha-256';
             CREATE ROLE encrypted LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE clear LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE ada LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE certified LOGIN;
             CREATE ROLE stranger LOGIN"
        ));
        server.reload();
        server
    }

    /// One with TLS.
    pub(crate) fn with_tls(certified: &Certified) -> Self {
        let server = Self::new();
        server.show(certified);
        server
    }

    /// Turns TLS on, or changes the certificate.
    pub(crate) fn show(&self, certified: &Certified) {
        self.write("server.crt", &certified.certificate);
        self.write("server.key", &certified.key);
        self.execute("ALTER SYSTEM SET ssl = on");
        self.reload();
    }

    /// Trusts the clients whose certificates this authority has signed.
    pub(crate) fn trust(&self, authority: &str) {
        self.write("root.crt", authority);
        self.execute("ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
        self.reload();
    }

    /// As superuser, over the socket.
    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.cluster.url("postgres"), NoTls).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        let done = self.client().batch_execute(sql);
        done.unwrap_or_else(|error| panic!("{error:?}\nin: {sql}"));
    }

    /// Writes a file into the data folder, as the user that the server runs as.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.cluster.data.join(file);
        self.execute(&format!(
            "COPY (SELECT unnest(string_to_array($text${text}$text$, E'\\n')))
             TO PROGRAM 'umask 077; cat > \"{}\"'",
            path.display()
        ));
    }

    /// Has the server read its settings, and waits until it has.
    pub(crate) fn reload(&self) {
        let loaded = || -> String {
            self.client().query_one("SELECT pg_conf_load_time()::text", &[]).unwrap().get(0)
        };
        let before = loaded();
        self.execute("SELECT pg_reload_conf()");
        let since = Instant::now();
        while loaded() == before {
            assert!(since.elapsed() < Duration::from_secs(10), "the settings are not read");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns a port without a listener.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The surroundings of a connection: a home, and variables.
pub(crate) struct Surroundings {
    folder: TempDir,
    vars: BTreeMap<String, String>,
}

impl Surroundings {
    pub(crate) fn new() -> Self {
        let vars = [("USER", "ada"), ("PGPASSWORD", PASSWORD), ("PGSYSCONFDIR", "/nowhere")];
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { folder: tempfile::tempdir().unwrap(), vars: BTreeMap::from(vars) }
    }

    /// Writes a file that no other user may read.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.vars.remove(name);
        self
    }

    pub(crate) fn target(&self, text: &str) -> Target {
        let folder = self.folder.path().to_owned();
        let environment = Environment {
            vars: self.vars.clone(),
            account: None,
            home: Some(folder.clone()),
            current_dir: folder,
        };
        Target::parse(text, "the test", &environment).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn connect(&self, text: &str) -> Result<Session, ConnectError> {
        Session::connect(&self.target(text), "migrate test")
    }

    /// Returns the outcome of a connection: how it is encrypted, or why there is none.
    pub(crate) fn outcome(&self, server: &Server, text: &str) -> String {
        let text = format!("hostaddr=127.0.0.1 port={} dbname=postgres {text}", server.port);
        let said = match self.connect(&text) {
            Ok(mut session) => encryption(&mut session),
            Err(error) => format!("{error} -> {}", error.help()),
        };
        self.stable(server, &said)
    }

    pub(crate) fn stable(&self, server: &Server, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "~")
            .replace(&server.port.to_string(), "<port>")
    }
}

/// `TLSv1.3`, or `clear`.
pub(crate) fn encryption(session: &mut Session) -> String {
    let row = session
        .client()
        .query_one(
            "SELECT coalesce(version, 'clear') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            &[],
        )
        .unwrap();
    row.get(0)
}
