//! Which database is meant.

use std::fmt;
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;
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
    /// The URL is none. Its text is not shown: it may carry a password.
    #[error("{origin} is not a PostgreSQL URL or connection string: {reason}")]
    Malformed {
        /// Where it came from: `DATABASE_URL`, a flag.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TargetError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        "write postgres://user@host:5432/database; in user names and passwords, `@`, `/`, `:` and \
         `%` are written as %40, %2F, %3A and %25"
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
    /// When the text is neither.
    pub fn parse(text: &str, origin: &str, environment: &Environment) -> Result<Self, TargetError> {
        let malformed =
            |reason: String| TargetError::Malformed { origin: origin.to_owned(), reason };
        let mut config: Config = text.trim().parse().map_err(|error: postgres::Error| {
            // The parser's own text may repeat parts of the URL.
            malformed(match std::error::Error::source(&error) {
                Some(cause) => without_values(&cause.to_string()),
                None => "it cannot be parsed".to_owned(),
            })
        })?;
        fill_in(&mut config, environment).map_err(malformed)?;
        Ok(Self { config: Box::new(config), origin: origin.to_owned() })
    }

    /// What the environment says: `DATABASE_URL`, else `DB_URL`, else the `PG…` variables if they
    /// name a host, a service's address or a database; nothing if none of them does.
    ///
    /// # Errors
    ///
    /// When a variable is set to something that is no database.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, TargetError> {
        for name in ["DATABASE_URL", "DB_URL"] {
            if let Some(url) = environment.var(name) {
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
        let ports = self.config.get_ports();
        let mut hosts = Vec::new();
        let mut folders = String::new();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) if host.contains(':') => hosts.push(format!("[{host}]:{port}")),
                Host::Tcp(host) => hosts.push(format!("{host}:{port}")),
                #[cfg(unix)]
                Host::Unix(folder) => {
                    folders = format!("?host={}&port={port}", escape(&folder.to_string_lossy()));
                }
            }
        }
        format!("postgresql://{user}@{}/{database}{folders}", hosts.join(","))
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
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) if host.contains(':') => format!("[{host}]:{port}"),
                Host::Tcp(host) => format!("{host}:{port}"),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            }
        });
        format!("{user}@{}", hosts.collect::<Vec<_>>().join(","))
    }
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
        match var("PGHOST") {
            Some(hosts) => hosts.split(',').for_each(|host| _ = config.host(host)),
            None => _ = config.host(default_host()),
        }
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
        assert_eq!(shown(&[("DATABASE_URL", "")]), None);
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
    }

    #[test]
    fn passwords_are_never_shown() {
        let environment = environment(&[("PGPASSWORD", "hunter2")]);
        let target = Target::parse("postgres://ada:s3cret@db/shop", "--url", &environment).unwrap();
        assert!(!format!("{target} {target:?}").contains("s3cret"));
        for wrong in [
            "postgres://ada:s3cret@db:port/shop",
            "s3cret",
            "postgres://ada:s3cret@[db/shop?x=s3cret",
        ] {
            let error = Target::parse(wrong, "`DATABASE_URL`", &environment).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }
}
