//! Which database is meant.

use std::fmt;
use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode};
use thiserror::Error;

use crate::Environment;

/// A database to connect to. It prints without its password.
#[derive(Clone)]
pub struct Target {
    config: Box<Config>,
    origin: String,
}

/// Why no database can be made out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// What should name a database names nothing.
    #[error("{origin} is set, but empty")]
    Blank {
        /// Where: `DATABASE_URL`, a flag.
        origin: String,
    },
    /// The URL is none. Its text is not shown: it may carry a password.
    #[error("{origin} is not a PostgreSQL URL or connection string: {reason}")]
    Malformed {
        /// Where it came from: `DATABASE_URL`, a flag.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It asks for TLS, which is not there: clear text must never take its place in silence.
    #[error("{origin} asks for `sslmode={mode}`, and this build of migrate speaks no TLS yet")]
    Tls {
        /// Where it came from: `PGSSLMODE`, `DATABASE_URL`, a flag.
        origin: String,
        /// What it asks for.
        mode: &'static str,
    },
}

impl TargetError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Blank { .. } => "name the database in it, or leave it unset",
            Self::Malformed { .. } => {
                "write postgres://user@host:5432/database; in user names and passwords, `@`, `/`, \
                 `:` and `%` are written as %40, %2F, %3A and %25"
            }
            Self::Tls { .. } => {
                "connect through a tunnel or a proxy that speaks TLS; where clear text is what you \
                 want, say so with `sslmode=disable` or `sslmode=prefer`"
            }
        }
        .to_owned()
    }
}

impl Target {
    /// Reads a URL or a `key=value` connection string, see
    /// [Connection Strings](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING);
    /// what it leaves open is taken from the `PG…` variables.
    ///
    /// # Errors
    ///
    /// When the text is neither, or TLS is asked for.
    pub fn parse(text: &str, origin: &str, environment: &Environment) -> Result<Self, TargetError> {
        let malformed =
            |reason: String| TargetError::Malformed { origin: origin.to_owned(), reason };
        if text.trim().is_empty() && !origin.contains("PG…") {
            return Err(TargetError::Blank { origin: origin.to_owned() });
        }
        let own_mode = ssl_mode_of(text);
        refuse_tls(own_mode, origin)?;
        let mut config: Config = text.trim().parse().map_err(|error: postgres::Error| {
            // The parser's own text may repeat parts of the URL.
            malformed(match std::error::Error::source(&error) {
                Some(cause) => without_values(&cause.to_string()),
                None => "it cannot be parsed".to_owned(),
            })
        })?;
        // The parser ends the password at the first `@`, so the rest of it became a host's name.
        let split = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(split) {
            return Err(malformed("a user name or a password in it has an `@`".to_owned()));
        }
        match (config.get_ssl_mode(), own_mode, environment.var("PGSSLMODE")) {
            // However it was written.
            (SslMode::Require, ..) => refuse_tls(Some("require"), origin)?,
            (_, None, Some(mode)) => {
                refuse_tls(Some(mode), "`PGSSLMODE`")?;
                match mode {
                    "disable" => _ = config.ssl_mode(SslMode::Disable),
                    "allow" | "prefer" => {}
                    _ => return Err(malformed("`PGSSLMODE` is no mode of TLS".to_owned())),
                }
            }
            _ => {}
        }
        fill_in(&mut config, environment).map_err(malformed)?;
        Ok(Self { config: Box::new(config), origin: origin.to_owned() })
    }

    /// What the environment says: `DATABASE_URL`, else `DB_URL`, else the `PG…` variables if they
    /// name a host, its address or a database; nothing if none of them does.
    ///
    /// # Errors
    ///
    /// When a variable is set to something that is no database.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, TargetError> {
        for name in ["DATABASE_URL", "DB_URL"] {
            // One that is set but empty is a mistake, not a wish for another database.
            if let Some(url) = environment.vars.get(name) {
                return Self::parse(url, &format!("`{name}`"), environment).map(Some);
            }
        }
        let named = ["PGHOST", "PGHOSTADDR", "PGDATABASE"];
        if named.iter().any(|name| environment.var(name).is_some()) {
            return Self::parse("", "the `PG…` variables", environment).map(Some);
        }
        Ok(None)
    }

    /// Another database on the same server.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut target = self.clone();
        target.config.dbname(name);
        target
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or_default()
    }

    /// Where the target came from: `DATABASE_URL`, a flag, the private cluster.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of the database, **without** its password.
    #[must_use]
    pub fn url(&self) -> String {
        let user = escape(self.config.get_user().unwrap_or_default());
        let database = escape(self.database());
        let mut hosts = Vec::new();
        let mut options = Vec::new();
        for (host, port) in self.endpoints() {
            match host {
                Endpoint::Name(name) if name.contains(':') => {
                    hosts.push(format!("[{name}]:{port}"))
                }
                Endpoint::Name(name) => hosts.push(format!("{name}:{port}")),
                Endpoint::Folder(folder) => {
                    options = vec![format!("host={}&port={port}", escape(&folder))];
                }
            }
        }
        let addresses = self.config.get_hostaddrs();
        if !self.config.get_hosts().is_empty() && !addresses.is_empty() {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            options.push(format!("hostaddr={}", escape(&addresses.join(","))));
        }
        let options =
            if options.is_empty() { String::new() } else { format!("?{}", options.join("&")) };
        format!("postgresql://{user}@{}/{database}{options}", hosts.join(","))
    }

    /// The servers, with their ports: by name, where they have one, else by address.
    fn endpoints(&self) -> Vec<(Endpoint, u16)> {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => Endpoint::Name(name.clone()),
            #[cfg(unix)]
            Host::Unix(folder) => Endpoint::Folder(folder.to_string_lossy().into_owned()),
        });
        let mut endpoints: Vec<_> = hosts.collect();
        if endpoints.is_empty() {
            let addresses = self.config.get_hostaddrs().iter();
            endpoints = addresses.map(|address| Endpoint::Name(address.to_string())).collect();
        }
        let port = |index| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        endpoints.into_iter().enumerate().map(|(index, endpoint)| (endpoint, port(index))).collect()
    }

    /// The password, for a program that is started on the same database. Not to be shown.
    #[must_use]
    pub fn password(&self) -> Option<&std::ffi::OsStr> {
        use std::os::unix::ffi::OsStrExt;
        self.config.get_password().map(std::ffi::OsStr::from_bytes)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// As `user@host:port`.
    #[must_use]
    pub fn server(&self) -> String {
        let user = self.config.get_user().unwrap_or_default();
        let shown = self.endpoints().into_iter().map(|(endpoint, port)| match endpoint {
            Endpoint::Name(name) if name.contains(':') => format!("[{name}]:{port}"),
            Endpoint::Name(name) => format!("{name}:{port}"),
            Endpoint::Folder(folder) => folder,
        });
        format!("{user}@{}", shown.collect::<Vec<_>>().join(","))
    }
}

/// Where a server is: by name or address, or by the folder of its socket.
enum Endpoint {
    Name(String),
    Folder(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.database(), self.server())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// Fills what the connection string leaves open, in libpq's order.
fn fill_in(config: &mut Config, environment: &Environment) -> Result<(), String> {
    let var = |name: &str| environment.var(name);
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        for address in var("PGHOSTADDR").into_iter().flat_map(|addresses| addresses.split(',')) {
            let address = address.trim().parse();
            config.hostaddr(address.map_err(|_| "`PGHOSTADDR` is no IP address".to_owned())?);
        }
        match var("PGHOST") {
            Some(hosts) => hosts.split(',').for_each(|host| _ = config.host(host)),
            None if config.get_hostaddrs().is_empty() => _ = config.host(default_host()),
            None => {}
        }
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if hosts > 0 && addresses > 0 && hosts != addresses {
        return Err(format!("{hosts} hosts cannot have {addresses} addresses"));
    }
    if config.get_ports().is_empty()
        && let Some(ports) = var("PGPORT")
    {
        for port in ports.split(',') {
            let port = port.trim().parse().map_err(|_| "`PGPORT` is no port number".to_owned())?;
            config.port(port);
        }
    }
    if config.get_user().is_none() {
        let user = ["PGUSER", "USER", "LOGNAME"].into_iter().find_map(var);
        config.user(user.unwrap_or("postgres"));
    }
    if config.get_password().is_none()
        && let Some(password) = var("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_dbname().is_none()
        && let Some(name) = var("PGDATABASE")
    {
        config.dbname(name);
    }
    if config.get_connect_timeout().is_none() {
        let seconds = var("PGCONNECT_TIMEOUT").and_then(|text| text.parse().ok()).unwrap_or(10);
        config.connect_timeout(Duration::from_secs(seconds));
    }
    Ok(())
}

/// Where a client looks when no host is named: PostgreSQL's socket folder, or this machine.
fn default_host() -> &'static str {
    ["/var/run/postgresql", "/tmp"]
        .into_iter()
        .find(|folder| std::path::Path::new(folder).join(".s.PGSQL.5432").exists())
        .unwrap_or("localhost")
}

/// The `sslmode` in a URL's query or in a connection string; the parser knows not all of them.
fn ssl_mode_of(text: &str) -> Option<&str> {
    let options = match text.split_once("://") {
        Some((_, rest)) => rest.rsplit_once('?')?.1,
        None => text,
    };
    let (_, rest) = options.rsplit_once("sslmode")?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches('\'');
    value.split(|c: char| !c.is_ascii_alphanumeric() && !"-_%".contains(c)).next()
}

/// [What each mode promises](https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION).
fn refuse_tls(mode: Option<&str>, origin: &str) -> Result<(), TargetError> {
    let promises = ["require", "verify-ca", "verify-full"];
    match promises.into_iter().find(|promise| mode == Some(promise)) {
        Some(mode) => Err(TargetError::Tls { origin: origin.to_owned(), mode }),
        None => Ok(()),
    }
}

/// Percent-encodes what has a meaning of its own in a URL.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = text.bytes();
    bytes
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A parser's message without the values that it quotes.
fn without_values(message: &str) -> String {
    message.split('`').step_by(2).collect::<Vec<_>>().join("…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment { vars: vars.collect(), ..Environment::default() }
    }

    #[test]
    fn the_environment_in_its_order() {
        let shown = |vars: &[(&str, &str)]| {
            Target::from_environment(&environment(vars)).unwrap().map(|target| target.to_string())
        };
        assert_eq!(shown(&[]), None);
        for blank in ["", " "] {
            let vars = environment(&[("DATABASE_URL", blank)]);
            let error = Target::from_environment(&vars).unwrap_err().to_string();
            assert!(error == "`DATABASE_URL` is set, but empty", "{error}");
        }
        assert_eq!(
            shown(&[
                ("DATABASE_URL", "postgres://ada:secret@db:6543/shop"),
                ("DB_URL", "postgres://x")
            ]),
            Some("shop on ada@db:6543".to_owned())
        );
        assert_eq!(
            shown(&[("PGHOST", "db"), ("PGUSER", "ada"), ("PGPORT", "6000")]),
            Some("ada on ada@db:6000".to_owned())
        );
        assert_eq!(
            shown(&[("PGHOSTADDR", "10.0.0.1,::1"), ("PGUSER", "ada"), ("PGPORT", "6000")]),
            Some("ada on ada@10.0.0.1:6000,[::1]:6000".to_owned())
        );
        assert_eq!(
            shown(&[("PGHOST", "db"), ("PGHOSTADDR", "10.0.0.1"), ("PGUSER", "ada")]),
            Some("ada on ada@db:5432".to_owned())
        );
    }

    #[test]
    fn addresses_are_where_the_connection_goes() {
        let target = |vars: &[(&str, &str)]| Target::from_environment(&environment(vars));
        let both = [("PGHOST", "a,b"), ("PGHOSTADDR", "10.0.0.1, 10.0.0.2"), ("PGUSER", "ada")];
        let both = target(&both).unwrap().unwrap();
        assert_eq!(both.config().get_hostaddrs().len(), 2);
        assert_eq!(both.url(), "postgresql://ada@a:5432,b:5432/ada?hostaddr=10.0.0.1%2C10.0.0.2");
        let alone = target(&[("PGHOSTADDR", "10.0.0.1"), ("PGUSER", "ada")]).unwrap().unwrap();
        assert!(alone.config().get_hosts().is_empty());
        assert_eq!(alone.url(), "postgresql://ada@10.0.0.1:5432/ada");
        for wrong in [&[("PGHOSTADDR", "db")][..], &[("PGHOSTADDR", "::1"), ("PGHOST", "a,b")]] {
            assert!(matches!(target(wrong), Err(TargetError::Malformed { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn a_host_that_has_an_address_is_not_looked_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let (heard, hear) = std::sync::mpsc::channel();
        std::thread::spawn(move || heard.send(listener.accept().is_ok()));
        let vars = [("PGHOST", "db.invalid"), ("PGHOSTADDR", "127.0.0.1"), ("PGPORT", &port)];
        let target = Target::from_environment(&environment(&vars)).unwrap().unwrap();
        assert!(
            target.config().connect(postgres::NoTls).is_err(),
            "nobody speaks PostgreSQL there"
        );
        assert_eq!(hear.recv_timeout(Duration::from_secs(5)), Ok(true));
    }

    #[test]
    fn tls_is_never_replaced_by_clear_text_in_silence() {
        let parse = |text: &str, mode: &str| {
            let parsed =
                Target::parse(text, "`DATABASE_URL`", &environment(&[("PGSSLMODE", mode)]));
            parsed.map(|_| ()).map_err(|error| error.to_string())
        };
        let refused = |origin: &str, mode: &str| {
            let what = "and this build of migrate speaks no TLS yet";
            Err(format!("{origin} asks for `sslmode={mode}`, {what}"))
        };
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://ada@db/shop?connect_timeout=3&sslmode={mode}");
            assert_eq!(parse(&url, ""), refused("`DATABASE_URL`", mode));
            let pairs = format!("host=db sslmode = '{mode}' user=ada");
            assert_eq!(parse(&pairs, ""), refused("`DATABASE_URL`", mode));
            assert_eq!(parse("postgres://ada@db/shop", mode), refused("`PGSSLMODE`", mode));
            assert_eq!(parse("postgres://ada@db/shop?sslmode=disable", mode), Ok(()));
        }
        let url = "postgres://ada@db/shop?ssl%6Dode=requir%65";
        assert_eq!(parse(url, ""), refused("`DATABASE_URL`", "require"));
        for mode in ["", "disable", "allow", "prefer"] {
            assert_eq!(parse("postgres://ada@db/shop", mode), Ok(()), "{mode}");
        }
        assert!(parse("postgres://ada@db/shop", "full").is_err());
    }

    #[test]
    fn passwords_are_never_shown() {
        let environment = environment(&[("PGPASSWORD", "hunter2")]);
        let target = Target::parse("postgres://ada:s3cret@db/shop", "--url", &environment).unwrap();
        assert!(!format!("{target} {target:?}").contains("s3cret"));
        for wrong in [
            "postgres://ada:an@s3cret@db/shop",
            "postgres://ada:s3cret@db:port/shop",
            "s3cret",
            "postgres://ada:s3cret@[db/shop?x=s3cret",
        ] {
            let error = Target::parse(wrong, "`DATABASE_URL`", &environment).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }
}
