//! A connection with everything set that would otherwise be inherited.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::error::{DbError, SqlState};

use super::identity::Identity;
use super::lifeline::Lifeline;
use super::reach::{self, Reached, Route};
use super::search_path;
use super::server::Server;
use super::settings::{Found, HISTORY_LOOK, SETTINGS, of_version, settle};
use super::target::Wanted;
use super::tls::Connector;
use super::{Canceler, ConnectError, OpenError, Target, pooler};
use crate::connect::interrupt::{CancelGuard, Interrupt, Interruption, Kind};
use crate::plan::Step;

/// A connection to a database, with its own settings.
pub struct Session {
    client: Client,
    /// With the one server that the session is on.
    target: Target,
    /// With all servers that could have served it.
    whole_target: Target,
    purpose: String,
    server: Found,
    identity: Identity,
    was_promoted: bool,
    /// Whether a migration may have left settings behind.
    is_used: bool,
    /// Whether one may have left a `search_path` behind.
    author_was_here: bool,
    /// How long each lock is waited for; nothing where there is no limit.
    lock_budget: Option<Duration>,
    /// How often it was connected again.
    reconnects: usize,
    notices: Arc<Mutex<Notices>>,
    route: Route,
    warning: Option<String>,
}

/// What the server said besides its answers.
#[derive(Default)]
pub(crate) struct Notices {
    /// The first of them.
    pub(crate) kept: Vec<DbError>,
    count: usize,
}

impl Notices {
    /// A loop may say something at each row of a table.
    const KEPT: usize = 200;

    fn hear(&mut self, notice: DbError) {
        self.count += 1;
        if self.kept.len() < Self::KEPT {
            self.kept.push(notice);
        }
    }

    /// The number of notices besides those that are stored.
    pub(crate) fn more(&self) -> usize {
        self.count - self.kept.len()
    }
}

/// How long the first answer may take: longer than PgBouncer lets clients wait for a connection,
/// which is two minutes by default.
const TURN: Duration = Duration::from_secs(150);

impl Session {
    /// Connects, and sets what must not be inherited. `purpose` is shown to users who monitor
    /// the server: `migrate up`.
    ///
    /// Of several servers, the first one is taken that matches `target_session_attrs`.
    ///
    /// # Errors
    ///
    /// When no server can be reached or each refuses, when TLS was requested and is not available, and
    /// when a pool answers that hands every transaction to another session.
    pub fn connect(target: &Target, purpose: &str) -> Result<Self, ConnectError> {
        let connectors = Self::connectors(target)?;
        choose(target, |server| {
            let one = target.with_server(server);
            Self::open(&one, target, server, purpose, &connectors)
        })
    }

    /// The ways to connect over the network, where there is one.
    pub(super) fn connectors(target: &Target) -> Result<Vec<Connector>, ConnectError> {
        let over_network = target.servers().iter().any(|server| !server.is_socket());
        let connectors =
            if over_network { target.tls().connectors(target.keepalive()) } else { Ok(Vec::new()) };
        connectors
            .map_err(|error| ConnectError::File { reason: error.to_string(), help: error.help })
    }

    /// Connects to the database of a URL, or of a `key=value` string, for an application that has
    /// it from its own settings: neither variables nor files are looked at for what it leaves open.
    ///
    /// # Errors
    ///
    /// When it is neither, and as [`connect`](Self::connect).
    pub fn open_url(url: &str, purpose: &str) -> Result<Self, OpenError> {
        let target =
            Target::parse(url, "the application", &crate::environment::Environment::default())?;
        Ok(Self::connect(&target, purpose)?)
    }

    /// Connects to the one server of a target.
    pub(super) fn open(
        target: &Target,
        whole_target: &Target,
        server: &Server,
        purpose: &str,
        connectors: &[Connector],
    ) -> Result<Self, ConnectError> {
        let notices = Arc::new(Mutex::new(Notices::default()));
        let heard = Arc::clone(&notices);
        let mut config = target.config();
        if config.get_application_name().is_none() {
            config.application_name(purpose);
        }
        config.notice_callback(move |notice| {
            heard.lock().unwrap_or_else(PoisonError::into_inner).hear(notice);
        });
        let Reached { mut client, route, warning } =
            reach::reach(target, server, connectors, &config)?;
        let refuse = |error: postgres::Error| refusal(target, &error);
        // A server that lets us in may still say nothing after that; a pool that is at its limit has
        // us wait for our turn.
        let patience = target.patience().map(|patience| patience.max(TURN));
        let _deadline = route.lifeline().and_then(|it| it.sever_after(patience));
        let guard = pooler::guard(&route, server.port);
        let found = match settle(&mut client, &guard) {
            Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => {
                if let Some(noticed) = pooler::examine(&mut client, &route).map_err(refuse)? {
                    return Err(ConnectError::Pooled { target: target.clone(), noticed });
                }
                settle(&mut client, "")
            }
            settled => settled,
        };
        let server = found.map_err(refuse)?;
        Ok(Self {
            client,
            target: target.clone(),
            whole_target: whole_target.clone(),
            purpose: purpose.to_owned(),
            server,
            identity: Identity::default(),
            was_promoted: false,
            is_used: false,
            author_was_here: false,
            lock_budget: Some(HISTORY_LOOK),
            reconnects: 0,
            notices,
            route,
            warning,
        })
    }

    /// Whether this server has the requested attributes.
    pub(super) fn is(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Any | Wanted::PreferStandby => true,
            Wanted::ReadWrite => self.server.read_only.is_none(),
            Wanted::ReadOnly => self.server.read_only.is_some(),
            Wanted::Primary => !self.server.is_standby,
            Wanted::Standby => self.server.is_standby,
        }
    }

    /// The database that this is a session on.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The server's major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.server.version / 10_000
    }

    /// The role that the session has.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.server.user
    }

    /// The process that serves the session.
    #[must_use]
    pub(crate) fn backend_pid(&self) -> i32 {
        self.server.pid
    }

    /// Why this session is read-only, if it is: the server is a standby, or the database was made
    /// read-only.
    #[must_use]
    pub fn read_only(&self) -> Option<&'static str> {
        self.server.read_only
    }

    /// Whether an extension had tables when it connected, in which it may keep something of others.
    pub(crate) fn extensions_have_tables(&self) -> bool {
        self.server.extensions_have_tables
    }

    /// The target with all servers that could have served it.
    pub(super) fn whole_target(&self) -> &Target {
        &self.whole_target
    }

    pub(super) fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Which cluster it is on, as far as [`prepare`](Self::prepare) could tell.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(super) fn identify(&mut self) {
        self.identity = Identity::read(&mut self.client);
    }

    /// Whether a standby has taken over since the first connection.
    pub(crate) fn was_promoted(&self) -> bool {
        self.was_promoted
    }

    /// Takes the place of this one.
    pub(super) fn replace_with(&mut self, session: Self) {
        let reconnects = self.reconnects + 1;
        let was_promoted = self.was_promoted || session.identity.was_promoted_since(&self.identity);
        *self = Self { reconnects, was_promoted, ..session };
    }

    /// Returns how often it was [connected again](Self::reconnect): what was read before may have
    /// changed since.
    pub(crate) fn reconnects(&self) -> usize {
        self.reconnects
    }

    /// Waits for the end of a session of ours whose client has disconnected, and terminates it after
    /// `patience`.
    pub(crate) fn end_other(
        &mut self,
        pid: i32,
        patience: Duration,
    ) -> Result<(), postgres::Error> {
        let until = Instant::now() + patience;
        loop {
            // The number may be that of another's session by now, or our own.
            let row = self.client.query_opt(
                "SELECT FROM pg_catalog.pg_stat_activity \
                 WHERE pid = $1 AND pid <> pg_catalog.pg_backend_pid() AND usename = current_user \
                 AND application_name = pg_catalog.current_setting('application_name') \
                 AND datname = pg_catalog.current_database()",
                &[&pid],
            )?;
            if row.is_none() {
                return Ok(());
            }
            if Instant::now() >= until {
                self.client.query_one("SELECT pg_catalog.pg_terminate_backend($1)", &[&pid])?;
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sets what only some servers know, before a migration runs.
    pub(crate) fn prepare(&mut self) {
        // The server's system may be unable to detect that a client disconnected; then the next command
        // waits for the lock that the statement still holds.
        for setting in of_version(self.major()) {
            _ = self.client.batch_execute(setting);
        }
        self.identify();
    }

    /// The `search_path` that the author's statements are read with.
    pub(crate) fn author_path(&self) -> &str {
        &self.server.search_path
    }

    /// SQL that reverts what migrations may have set for the session before, by a function for
    /// example.
    pub(crate) fn as_it_was(&self) -> Vec<String> {
        if !self.is_used {
            return Vec::new();
        }
        let mut sql: Vec<_> =
            ["RESET ALL", "CLOSE ALL", "DISCARD TEMP"].map(ToOwned::to_owned).to_vec();
        sql.extend(SETTINGS.lines().map(|line| line.trim_end_matches(';').to_owned()));
        sql.extend(of_version(self.major()).map(ToOwned::to_owned));
        sql.push(search_path::remember(&self.server.search_path, false));
        sql.push(search_path::RESET.to_owned());
        sql
    }

    /// Records whether these may have left settings, cursors or temporary tables behind. Statements
    /// that only define objects do not.
    pub(crate) fn note_what_ran(&mut self, steps: &[Step]) {
        let statements = steps.iter().flat_map(|step| &step.statements);
        self.is_used = statements.into_iter().any(|statement| {
            let sql = statement.sql.to_ascii_lowercase();
            let defines = ["create ", "alter ", "drop ", "comment ", "grant ", "revoke "];
            !defines.iter().any(|word| sql.starts_with(word))
                || ["set_config", "temp"].iter().any(|word| sql.contains(word))
        });
    }

    /// Sends what may take long, so that `interrupt` can end it; tells what was done to it.
    pub(crate) fn guarded<T>(
        &mut self,
        interrupt: &Interrupt,
        kind: Kind,
        work: impl FnOnce(&mut Client) -> T,
    ) -> (T, Interruption) {
        self.guarded_all(interrupt, kind, 1, work)
    }

    /// The same for several statements in one message.
    pub(crate) fn guarded_all<T>(
        &mut self,
        interrupt: &Interrupt,
        kind: Kind,
        statements: usize,
        work: impl FnOnce(&mut Client) -> T,
    ) -> (T, Interruption) {
        let armed = self.arm(interrupt, kind, statements);
        let result = work(&mut self.client);
        (result, armed.end(self.lifeline()))
    }

    /// From here on, until that is ended, `interrupt` can end what is sent.
    pub(super) fn arm(
        &mut self,
        interrupt: &Interrupt,
        kind: Kind,
        statements: usize,
    ) -> CancelGuard {
        self.bound_locks(None);
        interrupt.arm(self.canceler(), self.server.pid, kind, statements)
    }

    /// The connection as other threads see it, where it is one over the network.
    pub(crate) fn lifeline(&self) -> Option<&Lifeline> {
        self.route.lifeline()
    }

    /// For how long an answer was awaited when the connection was ended from elsewhere.
    pub(crate) fn ended_after(&self) -> Option<Duration> {
        self.lifeline().and_then(Lifeline::ended_after)
    }

    /// Returns the handle that cancels a statement of this session from another thread.
    #[must_use]
    pub fn canceler(&self) -> Canceler {
        Canceler::new(&self.client, &self.route)
    }

    /// Returns a warning about how the session was established: a password file was ignored.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The connection itself, with the engine's own `search_path`.
    pub fn client(&mut self) -> &mut Client {
        if std::mem::take(&mut self.author_was_here) {
            search_path::reset(&mut self.client);
        }
        self.bound_locks(None);
        &mut self.client
    }

    /// The same for the tables of the history, outside a transaction: a lock that others hold is waited for
    /// only so long. A new session has [`HISTORY_LOOK`] already, so that nothing is sent for it.
    pub(crate) fn history_client(&mut self, budget: Duration) -> &mut Client {
        if std::mem::take(&mut self.author_was_here) {
            search_path::reset(&mut self.client);
        }
        self.bound_locks(Some(budget));
        &mut self.client
    }

    fn bound_locks(&mut self, budget: Option<Duration>) {
        if self.lock_budget == budget {
            return;
        }
        let limit = budget.map_or(0, |budget| budget.as_millis().max(1));
        if self.client.batch_execute(&format!("SET lock_timeout = {limit}")).is_ok() {
            self.lock_budget = budget;
        }
    }

    /// Notes that what an author wrote was committed: a function in it may have set another
    /// `search_path` for the session.
    pub(crate) fn note_author(&mut self) {
        self.author_was_here = true;
    }

    /// For a transaction that is open: it has a path and timeouts of its own.
    pub(super) fn client_as_it_is(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Returns the notices of the server since the last call.
    pub(crate) fn take_notices(&self) -> Notices {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns a session on the first server, in their order, that matches the target. A server that
/// cannot be reached or that is still starting is skipped; where one refuses, so would the
/// next.
fn choose(
    target: &Target,
    mut open: impl FnMut(&Server) -> Result<Session, ConnectError>,
) -> Result<Session, ConnectError> {
    let servers = target.servers().to_vec();
    let servers = if target.in_any_order() { reach::shuffled(servers) } else { servers };
    let passes = match target.wanted() {
        Wanted::PreferStandby => vec![Wanted::Standby, Wanted::Any],
        wanted => vec![wanted],
    };
    let (mut failures, mut unsuited) = (Vec::new(), Vec::new());
    for wanted in passes {
        failures.clear();
        for server in &servers {
            match open(server) {
                Ok(session) if session.is(wanted) => return Ok(session),
                Ok(session) => {
                    let is = session.read_only().unwrap_or("it is a read-write primary");
                    unsuited.push(format!("{server}: {is}"));
                }
                Err(error) if error.is_temporary() => failures.push((server, error)),
                Err(error) => return Err(error),
            }
        }
    }
    let told = |(server, error): &(&Server, ConnectError)| match error {
        ConnectError::Unreachable { reason, .. } => format!("{server}: {reason}"),
        ConnectError::Refused { message, .. } => format!("{server}: {message}"),
        other => format!("{server}: {other}"),
    };
    let tried: Vec<_> = failures.iter().map(told).collect();
    match failures.pop() {
        Some((_, error)) if servers.len() == 1 => Err(error),
        _ if unsuited.is_empty() => {
            Err(ConnectError::Unreachable { target: target.clone(), reason: tried.join("; ") })
        }
        _ => Err(ConnectError::NoneSuits {
            target: target.clone(),
            wanted: target.wanted().word(),
            tried: unsuited.into_iter().chain(tried).collect(),
        }),
    }
}

fn refusal(target: &Target, error: &postgres::Error) -> ConnectError {
    match error.as_db_error() {
        Some(refused) => ConnectError::Refused {
            target: target.clone(),
            message: refused.message().to_owned(),
            code: refused.code().clone(),
            remark: None,
        },
        None => {
            let mut reason = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                reason = deeper.to_string();
                cause = deeper.source();
            }
            ConnectError::Unreachable { target: target.clone(), reason }
        }
    }
}

impl Interrupt {
    /// From here on the connection of a session is given up where it does not answer when all is to
    /// end: what waits for it returns an error.
    pub fn watch_over(&self, session: &Session) {
        let mut state = self.state();
        state.lifelines.retain(|lifeline| lifeline.upgrade().is_some());
        state.lifelines.extend(session.lifeline().map(Lifeline::downgrade));
        state.target = Some(session.target().clone());
        state.pid = Some(session.backend_pid());
    }
}
