//! From a server's name to an open connection: its addresses, TLS or not, and how long that may
//! take.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{CancelToken, Client, Config, NoTls};

use super::error::is_about_login;
use super::lifeline::Lifeline;
use super::passfile::Found;
use super::server::{Place, Server, unnamed_folder};
use super::tls::{self, Connector, Told};
use super::{ConnectError, Target};

/// An open connection, and what it took.
pub(super) struct Reached {
    pub(super) client: Client,
    /// How another connection to the same process of the same server is opened.
    pub(super) route: Route,
    /// What a person should know, though it works.
    pub(super) warning: Option<String>,
}

/// The way that led to a connection.
#[derive(Clone)]
pub(super) struct Route {
    config: Config,
    /// None over a socket, which needs no TLS.
    connector: Option<Connector>,
    patience: Option<Duration>,
}

/// Ends a statement of a session from elsewhere, on a connection that is encrypted as the session's
/// is.
#[derive(Clone)]
pub struct Canceler {
    token: CancelToken,
    connector: Option<Connector>,
}

/// How long a server may take to receive a cancel request. What it has not received by then is no
/// longer sent: the session may be at another statement.
pub(crate) const CANCELS_WITHIN: Duration = Duration::from_secs(2);

impl Canceler {
    pub(super) fn new(client: &Client, route: &Route) -> Self {
        let connector = route.connector.as_ref().map(Connector::again);
        Self { token: client.cancel_token(), connector }
    }

    /// Requests the server to cancel what the session is doing; it may have ended by then.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, or does not respond within two seconds.
    pub fn cancel(&self) -> io::Result<()> {
        let (token, until) = (self.token.clone(), Instant::now() + CANCELS_WITHIN);
        let connector = self.connector.as_ref().map(|connector| connector.afresh().until(until));
        let asked = within(Some(CANCELS_WITHIN), move || match connector {
            Some(connector) => token.cancel_query(connector),
            None => token.cancel_query(NoTls),
        });
        asked.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map_err(io::Error::other)
    }
}

impl Route {
    /// Opens one more connection.
    pub(super) fn open_again(&self) -> Result<Client, postgres::Error> {
        open(&self.config, self.connector.as_ref().map(Connector::again))
    }

    /// The connection as other threads see it, where it is one over the network.
    pub(super) fn lifeline(&self) -> Option<&Lifeline> {
        self.connector.as_ref().map(Connector::lifeline)
    }

    /// The process that the server said it was, where that could be heard.
    pub(super) fn announced(&self) -> Option<i32> {
        self.connector.as_ref().and_then(|connector| connector.heard().process())
    }
}

/// Why one attempt failed.
enum Failed {
    /// The driver says why.
    Driver(postgres::Error),
    /// It was not over in time.
    Late(Duration),
    /// There is no such host.
    NoAddress(std::io::Error),
}

/// The folder of the server's socket.
fn folder_of(target: &Target, server: &Server) -> Result<PathBuf, ConnectError> {
    let folder = match &server.place {
        Place::Socket(folder) => Ok(folder.clone()),
        _ => unnamed_folder(server.port),
    };
    folder.map_err(|reason| ConnectError::Unreachable { target: target.clone(), reason })
}

/// Connects to the one server of a target.
pub(super) fn reach(
    target: &Target,
    server: &Server,
    connectors: &[Connector],
    config: &Config,
) -> Result<Reached, ConnectError> {
    let mut config = config.clone();
    let warning = match target.password_for(server) {
        Found::Password(password) => {
            config.password(password);
            None
        }
        Found::Nothing => None,
        Found::PassedOver(why) => Some(why),
    };
    config.port(server.port);
    let patience = target.patience();
    let fail = |failed| explain(target, server, failed, warning.as_deref());
    let (name, addresses) = match &server.place {
        Place::Socket(_) | Place::Unnamed => {
            config
                .host_path(folder_of(target, server)?)
                .ssl_mode(postgres::config::SslMode::Disable);
            let route = Route { config, connector: None, patience };
            return route
                .follow()
                .map(|client| Reached { client, route, warning: warning.clone() })
                .map_err(fail);
        }
        Place::Host(name, Some(address)) => (name, vec![*address]),
        Place::Host(name, None) => {
            let addresses = addresses_of(name, server.port, patience).map_err(fail)?;
            (name, if target.in_any_order() { shuffled(addresses) } else { addresses })
        }
    };
    // TLS is for us to begin: see `tls::stream`.
    config.ssl_mode(postgres::config::SslMode::Require);
    config.ssl_negotiation(postgres::config::SslNegotiation::Direct);
    config.host(name);
    let mut failures = Vec::new();
    for address in addresses {
        let mut config = config.clone();
        config.hostaddr(address);
        match in_turn(&config, connectors, patience) {
            Ok((client, route)) => return Ok(Reached { client, route, warning }),
            Err(failed) => failures.push(fail(failed)),
        }
        // The next address may be better only if this one does not answer.
        if !matches!(failures.last(), Some(ConnectError::Unreachable { .. })) {
            break;
        }
    }
    Err(failures.pop().unwrap_or_else(|| ConnectError::Unreachable {
        target: target.clone(),
        reason: "its host has no address".to_owned(),
    }))
}

/// Tries TLS and clear text in the order of `sslmode`. As with libpq, the next way is tried where
/// TLS failed, and where the server did not let us in.
fn in_turn(
    config: &Config,
    connectors: &[Connector],
    patience: Option<Duration>,
) -> Result<(Client, Route), Failed> {
    let mut first = None;
    for connector in connectors {
        // Each attempt is heard for itself: several servers may be tried at the same time.
        let route = Route { config: config.clone(), connector: Some(connector.afresh()), patience };
        match route.follow() {
            Ok(client) => return Ok((client, route)),
            Err(failed) => {
                let goes_on = match &failed {
                    Failed::Driver(error) => {
                        error.code().map_or_else(|| tls::concerns(error), is_about_login)
                    }
                    Failed::Late(_) | Failed::NoAddress(_) => false,
                };
                let better = match (&first, &failed) {
                    (None, _) => true,
                    // An error about a password is more informative than one about (missing) TLS.
                    (Some(_), Failed::Driver(error)) => error
                        .code()
                        .is_some_and(|code| *code != SqlState::INVALID_AUTHORIZATION_SPECIFICATION),
                    (Some(_), _) => false,
                };
                if better {
                    first = Some(failed);
                }
                if !goes_on {
                    break;
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| Failed::NoAddress(std::io::ErrorKind::AddrNotAvailable.into())))
}

impl Route {
    /// Opens the connection, with a time limit: the driver's own limit ends with
    /// the network's part, and a server that hangs says nothing after that.
    fn follow(&self) -> Result<Client, Failed> {
        let (config, connector) = (self.config.clone(), self.connector.clone());
        let opened = within(self.patience, move || open(&config, connector));
        // The connection is no longer needed: its thread must not keep waiting.
        opened
            .inspect_err(|_| self.lifeline().into_iter().for_each(Lifeline::sever))
            .map_err(Failed::Late)?
            .map_err(Failed::Driver)
    }
}

fn open(config: &Config, connector: Option<Connector>) -> Result<Client, postgres::Error> {
    match connector {
        Some(connector) => config.connect(connector),
        None => config.connect(NoTls),
    }
}

/// Does something that may hang, and leaves it alone where it does.
pub(super) fn within<T: Send + 'static>(
    patience: Option<Duration>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Duration> {
    let Some(patience) = patience else { return Ok(work()) };
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || _ = done.send(work()));
    wait.recv_timeout(patience).map_err(|_| patience)
}

fn addresses_of(name: &str, port: u16, patience: Option<Duration>) -> Result<Vec<IpAddr>, Failed> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    let name = name.to_owned();
    let found = within(patience, move || (name.as_str(), port).to_socket_addrs());
    let found = found.map_err(Failed::Late)?.map_err(Failed::NoAddress)?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    Ok(addresses)
}

/// The same in another order each time.
pub(super) fn shuffled<T>(mut items: Vec<T>) -> Vec<T> {
    use std::hash::{BuildHasher as _, RandomState};
    for last in (1..items.len()).rev() {
        // Every `RandomState` has other keys; nothing here needs a better die.
        let roll = RandomState::new().hash_one(last);
        let count = u64::try_from(last).unwrap_or(0) + 1;
        items.swap(last, usize::try_from(roll % count).unwrap_or(0));
    }
    items
}

/// Describes what failed.
fn explain(
    target: &Target,
    server: &Server,
    failed: Failed,
    warning: Option<&str>,
) -> ConnectError {
    let target = target.clone();
    let error = match failed {
        Failed::Late(patience) => {
            let reason = format!("no answer within {} s (`connect_timeout`)", patience.as_secs());
            return ConnectError::Unreachable { target, reason };
        }
        Failed::NoAddress(error) => {
            let reason = format!("its host is not known: {error}");
            return ConnectError::Unreachable { target, reason };
        }
        Failed::Driver(error) => error,
    };
    if let Some(refused) = error.as_db_error() {
        return ConnectError::Refused {
            target,
            message: refused.message().to_owned(),
            code: refused.code().clone(),
            remark: warning.map(str::to_owned),
        };
    }
    let host = match &server.place {
        Place::Host(name, _) => name.as_str(),
        Place::Socket(_) | Place::Unnamed => "",
    };
    if let Some(Told { reason, help }) = tls::explain(&error, target.tls(), host) {
        return ConnectError::Tls { mode: target.tls().mode.word(), target, reason, help };
    }
    let text = error.to_string();
    if let Some((reason, help)) = of_login(&innermost(&error), &text, warning) {
        return ConnectError::Login { target, reason, help };
    }
    ConnectError::Unreachable { target, reason: innermost(&error) }
}

/// Returns the description of a login that failed on the client's side.
fn of_login(reason: &str, text: &str, warning: Option<&str>) -> Option<(String, String)> {
    let (reason, help) = match reason {
        "password missing" => {
            let help = "put it into `PGPASSWORD`, `~/.pgpass`, or the URL".to_owned();
            let help = warning.map_or(help.clone(), |warning| format!("{help}; {warning}"));
            ("the server requires a password, but none was supplied".to_owned(), help)
        }
        "server did not use channel binding" => (
            "`channel_binding=require` cannot be kept: the server does not bind the login to TLS"
                .to_owned(),
            "it takes TLS and a password as `scram-sha-256` keeps it".to_owned(),
        ),
        "unsupported authentication method" | "unsupported SASL mechanism" => (
            "the server requested an unsupported authentication method".to_owned(),
            "a password (`scram-sha-256`, `md5`) and a certificate are; `pg_hba.conf` says which \
             is asked for"
                .to_owned(),
        ),
        other if text.contains("authentication") => (
            format!("the server did not prove that it knows the password: {other}"),
            "check the password, and that this is the right server".to_owned(),
        ),
        _ => return None,
    };
    Some((reason, help))
}

fn innermost(error: &postgres::Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        reason = deeper.to_string();
        cause = deeper.source();
    }
    reason
}
