//! Which database is meant.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use postgres::config::ChannelBinding;

use super::parameters::Parameters;
use super::passfile::{self, Found, Login};
use super::server::{Place, Server};
use super::tls::TlsSettings;
use super::{TargetError, service};
use crate::environment::Environment;

/// A database to connect to. It prints without its password.
#[derive(Clone)]
pub struct Target {
    inner: Box<Inner>,
}

/// It has no `Debug`: there is a password in it.
#[derive(Clone)]
struct Inner {
    origin: String,
    servers: Vec<Server>,
    user: String,
    database: String,
    password: Option<String>,
    passfile: Option<PathBuf>,
    wanted: Wanted,
    in_any_order: bool,
    tls: TlsSettings,
    /// How long a server may take to let us in.
    patience: Option<Duration>,
    /// How often something is sent while an answer is awaited.
    keepalive: Option<Duration>,
    config: postgres::Config,
    /// The parameters that another program needs to connect likewise.
    for_others: Vec<(&'static str, String)>,
}

/// What kind of server will do: `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl Wanted {
    const WORDS: [(&str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, wanted)| *wanted == self).map_or("", |(word, _)| word)
    }
}

impl Target {
    /// Reads a URL or a `key=value` connection string, see
    /// [Connection Strings](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING);
    /// parameters that are not given are taken from a service and from the `PG…` variables.
    ///
    /// # Errors
    ///
    /// When the text is neither, or what it requests is not available.
    pub fn parse(text: &str, origin: &str, environment: &Environment) -> Result<Self, TargetError> {
        if text.trim().is_empty() {
            return Err(TargetError::Blank { origin: origin.to_owned() });
        }
        Self::new(Parameters::parse(text, origin)?, origin, environment)
    }

    /// Reads the environment: `DATABASE_URL`, else `DB_URL`, else the `PG…` variables if they
    /// name a host, its address, a database or a service; none if none of them does.
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
        let named = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"];
        if named.iter().any(|name| environment.var(name).is_some()) {
            return Self::new(Parameters::default(), "the `PG…` variables", environment).map(Some);
        }
        Ok(None)
    }

    /// Resolves the parameters, with libpq's order of sources for those that are not given.
    fn new(
        mut parameters: Parameters,
        origin: &str,
        environment: &Environment,
    ) -> Result<Self, TargetError> {
        service::add(&mut parameters, environment)?;
        parameters.add_variables(environment);
        parameters.check()?;
        let servers = Server::all(&parameters)?;
        let passfile = || Some(environment.home.as_ref()?.join(".pgpass"));
        // Of several servers, migrations need one that accepts writes.
        let wanted = match parameters.word("target_session_attrs", &Wanted::WORDS)? {
            Some(wanted) => wanted,
            None if servers.len() > 1 => Wanted::ReadWrite,
            None => Wanted::Any,
        };
        let order =
            parameters.word("load_balance_hosts", &[("disable", false), ("random", true)])?;
        let mut config = postgres::Config::new();
        let patience = fill(&mut config, &parameters)?;
        let mut for_others: Vec<_> =
            parameters.for_others().map(|(name, value)| (name, value.to_owned())).collect();
        if wanted == Wanted::ReadWrite && parameters.text("target_session_attrs").is_none() {
            for_others.push(("target_session_attrs", wanted.word().to_owned()));
        }
        let tls = TlsSettings::new(&parameters, environment)?;
        let user = parameters.text("user").or_else(|| login(environment));
        let user =
            user.ok_or_else(|| TargetError::NoUser { origin: origin.to_owned() })?.to_owned();
        Ok(Self {
            inner: Box::new(Inner {
                origin: origin.to_owned(),
                servers,
                database: parameters.text("dbname").unwrap_or(&user).to_owned(),
                user,
                password: parameters.text("password").map(str::to_owned),
                passfile: parameters.path("passfile", environment).or_else(passfile),
                wanted,
                in_any_order: order.unwrap_or(false),
                tls,
                patience,
                keepalive: keepalive(&parameters)?,
                config,
                for_others,
            }),
        })
    }

    /// Another database on the same server.
    #[must_use]
    pub(crate) fn with_database(&self, name: &str) -> Self {
        let mut target = self.clone();
        target.inner.database = name.to_owned();
        target
    }

    /// The same database, on this one of its servers.
    pub(super) fn with_server(&self, server: &Server) -> Self {
        let mut target = self.clone();
        target.inner.servers = vec![server.clone()];
        target
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.inner.database
    }

    /// Returns where the target came from: `DATABASE_URL`, a flag, the private cluster.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.inner.origin
    }

    /// The URL of the database, **without** its password.
    #[must_use]
    pub fn url(&self) -> String {
        let Inner { servers, user, database, for_others, .. } = &*self.inner;
        let mut options = Vec::new();
        // A socket's folder cannot stand before the database in all programs.
        let hosts = if servers.iter().any(Server::is_socket) {
            let host = |server: &Server| match &server.place {
                Place::Socket(folder) => folder.to_string_lossy().into_owned(),
                // Another program looks where it looks.
                Place::Unnamed => String::new(),
                Place::Host(name, _) => name.clone(),
            };
            let all = |part: &dyn Fn(&Server) -> String| {
                escape(&servers.iter().map(part).collect::<Vec<_>>().join(","))
            };
            options.push(format!("host={}", all(&host)));
            options.push(format!("port={}", all(&|server| server.port.to_string())));
            String::new()
        } else {
            servers.iter().map(authority).collect::<Vec<_>>().join(",")
        };
        let address = |server: &Server| match &server.place {
            Place::Host(name, Some(address)) if *name != address.to_string() => address.to_string(),
            _ => String::new(),
        };
        let addresses: Vec<_> = servers.iter().map(address).collect();
        if addresses.iter().any(|address| !address.is_empty()) {
            options.push(format!("hostaddr={}", escape(&addresses.join(","))));
        }
        options.extend(for_others.iter().map(|(name, value)| format!("{name}={}", escape(value))));
        let options =
            if options.is_empty() { String::new() } else { format!("?{}", options.join("&")) };
        // Before the database, a slash would begin it.
        let user = escape(user).replace('/', "%2F");
        format!("postgresql://{user}@{hosts}/{}{options}", escape(database))
    }

    /// The password that was given, for a program that is started on the same database. Not to be
    /// shown. One in a password file is not among them: such a program finds it itself.
    #[must_use]
    pub fn password(&self) -> Option<&OsStr> {
        self.inner.password.as_deref().map(OsStr::new)
    }

    /// The password for one of the servers: the one that was given, else from the password file.
    pub(super) fn password_for(&self, server: &Server) -> Found {
        let Inner { password, passfile, database, user, .. } = &*self.inner;
        if let Some(password) = password {
            return Found::Password(password.clone());
        }
        let Some(file) = passfile else { return Found::Nothing };
        let host = server.in_password_file();
        let login = Login { host: &host, port: server.port, database, user };
        passfile::look_up(file, login)
    }

    pub(super) fn servers(&self) -> &[Server] {
        &self.inner.servers
    }

    pub(super) fn wanted(&self) -> Wanted {
        self.inner.wanted
    }

    pub(super) fn in_any_order(&self) -> bool {
        self.inner.in_any_order
    }

    pub(super) fn tls(&self) -> &TlsSettings {
        &self.inner.tls
    }

    pub(super) fn patience(&self) -> Option<Duration> {
        self.inner.patience
    }

    pub(super) fn keepalive(&self) -> Option<Duration> {
        self.inner.keepalive
    }

    /// Returns the driver's configuration, except for the server, the password and TLS.
    pub(super) fn config(&self) -> postgres::Config {
        let mut config = self.inner.config.clone();
        config.user(&self.inner.user).dbname(&self.inner.database);
        config
    }

    /// Whether all of its servers are on this machine: behind a socket, or at an address that no
    /// other machine answers.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        self.inner.servers.iter().all(Server::is_on_this_machine)
    }

    /// As `user@host:port`.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}@{}", self.inner.user, self.hosts())
    }

    /// As `host:port`: independent of the user.
    pub(crate) fn hosts(&self) -> String {
        let servers: Vec<_> = self.inner.servers.iter().map(ToString::to_string).collect();
        servers.join(",")
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

/// Returns the user if none is named: the account, as with libpq; if that has no name, as in many
/// containers, the one in the variables. Never one that is named nowhere.
fn login(environment: &Environment) -> Option<&str> {
    let named = || ["USER", "LOGNAME"].into_iter().find_map(|name| environment.var(name));
    environment.account.as_deref().or_else(named)
}

/// Returns how often to send something while an answer is awaited: more often than the idle timeouts of
/// proxies, and as often as TCP's own keepalives where those are set to be more frequent.
fn keepalive(parameters: &Parameters) -> Result<Option<Duration>, TargetError> {
    const USUAL: u64 = 5;
    if parameters.number("keepalives")? == Some(0) {
        return Ok(None);
    }
    let idle = parameters.number("keepalives_idle")?.and_then(|idle| u64::try_from(idle).ok());
    let idle = idle.filter(|idle| *idle > 0).unwrap_or(USUAL);
    Ok(Some(Duration::from_secs(idle.min(USUAL))))
}

/// Tells the driver the rest, and gives how long a server may take.
fn fill(
    config: &mut postgres::Config,
    parameters: &Parameters,
) -> Result<Option<Duration>, TargetError> {
    let seconds = |name: &str, otherwise: u64| {
        let number = parameters.number(name)?;
        let number = number.map_or(otherwise, |number| u64::try_from(number).unwrap_or(0));
        Ok(Some(number).filter(|number| *number > 0).map(Duration::from_secs))
    };
    // Zero means no limit, as with libpq, where that is the default.
    let patience = seconds("connect_timeout", 10)?;
    if let Some(patience) = patience {
        config.connect_timeout(patience);
    }
    // A statement may run for hours without a byte on the wire, and what is silent for some minutes
    // is cut on its way by many a network.
    config.keepalives(parameters.number("keepalives")?.unwrap_or(1) != 0);
    if let Some(idle) = seconds("keepalives_idle", 60)? {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = seconds("keepalives_interval", 10)? {
        config.keepalives_interval(interval);
    }
    let count = parameters.number("keepalives_count")?.unwrap_or(6);
    if let Some(count) = u32::try_from(count).ok().filter(|count| *count > 0) {
        config.keepalives_retries(count);
    }
    if let Some(milliseconds) = parameters.number("tcp_user_timeout")?
        && let Some(milliseconds) = u64::try_from(milliseconds).ok().filter(|number| *number > 0)
    {
        config.tcp_user_timeout(Duration::from_millis(milliseconds));
    }
    if let Some(options) = parameters.text("options") {
        config.options(options);
    }
    if let Some(name) = parameters.text("application_name") {
        config.application_name(name);
    }
    let bindings = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = parameters.word("channel_binding", &bindings)? {
        config.channel_binding(binding);
    }
    Ok(patience)
}

/// Percent-encodes what has a meaning of its own in a URL.
/// A server as it stands in a URL; an address of IPv6 keeps its colons, in brackets.
fn authority(server: &Server) -> String {
    let name = match &server.place {
        Place::Host(name, _) => name.clone(),
        Place::Socket(folder) => folder.to_string_lossy().into_owned(),
        Place::Unnamed => String::new(),
    };
    let escaped = escape(&name);
    let host =
        if name.contains(':') { format!("[{}]", escaped.replace("%3A", ":")) } else { escaped };
    format!("{host}:{}", server.port)
}

fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = text.bytes();
    bytes
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
