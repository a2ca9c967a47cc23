//! Which database the commands work on.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use migrate_core::cluster::{Cluster, ClusterError, Origin, Server, offers};
use migrate_core::connect::{ConnectError, TargetError};
use migrate_core::{Session, Target};
use thiserror::Error;

use crate::context::Context;
use crate::settings::{Database, Settings};

/// The database of a private cluster.
const PRIVATE_DATABASE: &str = "app";

/// No database is configured.
#[derive(Debug, Error)]
#[error("no database is configured")]
pub struct NoDatabase {
    /// Whether a plan from a file was given: then a private cluster does not count.
    plan: bool,
}

impl NoDatabase {
    /// Returns the remedy.
    pub fn help(&self) -> String {
        let set = "set DATABASE_URL=postgres://user@host/database, or give `--database-url`";
        if self.plan {
            format!("{set}; with `--plan`, a private database does not count")
        } else {
            format!(
                "{set}; for a database of this project's own, put `database = \"private\"` into its settings"
            )
        }
    }
}

/// The database that the flags, the environment or the settings name, in this order. A private
/// one is started where it is not running, and never stands in with `--plan`.
pub fn target(context: &Context, settings: Option<&Settings>) -> anyhow::Result<Target> {
    if let Some(target) = named(context, settings)? {
        return Ok(target);
    }
    let plan = context.global.plan.is_some();
    match settings {
        Some(settings) if settings.database == Some(Database::Private) && !plan => {
            let server = start(context, settings)?;
            private(context, &server)
        }
        _ => Err(NoDatabase { plan }.into()),
    }
}

/// The same where it is named by a URL or by variables: nothing is started.
pub fn named(
    context: &Context,
    settings: Option<&Settings>,
) -> Result<Option<Target>, TargetError> {
    let environment = &context.environment;
    if let Some(url) = &context.global.overrides.database_url {
        return Target::parse(url, "`--database-url`", environment).map(Some);
    }
    if let Some(target) = Target::from_environment(environment)? {
        return Ok(Some(target));
    }
    match settings.and_then(|settings| settings.database.as_ref()) {
        Some(Database::Url(url)) => {
            Target::parse(url, "`database` in the project's settings", environment).map(Some)
        }
        _ => Ok(None),
    }
}

/// How long a session may wait for the plan: a build can take longer than others let idle sessions be.
const FRESH: Duration = Duration::from_secs(5);

/// A session that is opened beside other work, with a first query. A private cluster is not connected
/// to in advance: it may have to be started, and that is reported in its turn.
pub struct Connecting<T> {
    purpose: String,
    thread: Option<JoinHandle<(Answered<T>, Instant)>>,
}

type Answered<T> = Result<(Session, T), ConnectError>;

impl<T: Send + 'static> Connecting<T> {
    /// Starts to connect for `purpose`: `migrate up`.
    pub fn start(
        context: &Context,
        settings: Option<&Settings>,
        purpose: &str,
        first: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Self {
        // What is wrong with the name is said at the end.
        let target = named(context, settings).ok().flatten();
        let connect = |target: Target| {
            let purpose = purpose.to_owned();
            std::thread::spawn(move || {
                let session = Session::connect(&target, &purpose);
                let answered = session.map(|mut session| {
                    let answer = first(&mut session);
                    (session, answer)
                });
                (answered, Instant::now())
            })
        };
        Self { purpose: purpose.to_owned(), thread: target.map(connect) }
    }

    /// Returns the session, and the answer. After a long wait it is a new one, without the query.
    pub fn finish(
        self,
        context: &Context,
        settings: Option<&Settings>,
    ) -> anyhow::Result<(Session, Option<T>)> {
        let made = self
            .thread
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        match made {
            Some((answered, at)) if answered.is_err() || at.elapsed() < FRESH => {
                let (session, answer) = answered?;
                Ok((warned(context, session), Some(answer)))
            }
            _ => Ok((connect(context, &target(context, settings)?, &self.purpose)?, None)),
        }
    }
}

/// Connects for `purpose`; the database of a private cluster is created where it is missing.
pub fn connect(context: &Context, target: &Target, purpose: &str) -> anyhow::Result<Session> {
    let session = match Session::connect(target, purpose) {
        Err(ConnectError::Refused { ref code, .. })
            if *code == migrate_core::connect::SqlState::INVALID_CATALOG_NAME
                && is_private(target) =>
        {
            migrate_core::connect::create_database(target)?;
            Session::connect(target, purpose)?
        }
        connected => connected?,
    };
    Ok(warned(context, session))
}

fn warned(context: &Context, session: Session) -> Session {
    if let Some(warning) = session.warning() {
        context.printer.warning(warning);
    }
    session
}

/// Whether the database is of a private cluster.
pub fn is_private(target: &Target) -> bool {
    target.origin() == PRIVATE_ORIGIN
}

const PRIVATE_ORIGIN: &str = "the private cluster";

/// The database of a running private cluster.
pub fn private(context: &Context, server: &Server) -> anyhow::Result<Target> {
    // Variables such as PGPORT speak of another server.
    let nothing = migrate_core::Environment {
        current_dir: context.environment.current_dir.clone(),
        ..migrate_core::Environment::default()
    };
    Ok(Target::parse(&server.url(PRIVATE_DATABASE), PRIVATE_ORIGIN, &nothing)?)
}

/// The URL at which tools such as pgAdmin find a private cluster's database, with its password.
pub fn private_tcp_url(server: &Server) -> Option<String> {
    server.tcp_url(PRIVATE_DATABASE)
}

/// The private cluster of a project.
pub fn cluster(context: &Context, settings: &Settings) -> Result<Cluster, ClusterError> {
    Cluster::for_project(&context.environment, &settings.root)
}

/// Starts the private cluster, and says so where it was not running.
pub fn start(context: &Context, settings: &Settings) -> anyhow::Result<Server> {
    let cluster = cluster(context, settings)?;
    let server = match cluster.start() {
        Err(search @ ClusterError::NoPrograms { .. }) => {
            let offers = offers(&context.environment, None);
            return Err(NoPrograms { search, offers }.into());
        }
        started => started?,
    };
    let folder = cluster.folder().display();
    match server.origin {
        Origin::Reused => {}
        Origin::Started => context
            .printer
            .step("started", &format!("private PostgreSQL {} in {folder}", server.version)),
        Origin::Created => context.printer.step(
            "created",
            &format!(
                "private PostgreSQL {} in {folder} (`migrate db stop` ends it)",
                server.version
            ),
        ),
    }
    Ok(server)
}

/// There are no PostgreSQL programs, but they could be fetched.
#[derive(Debug, Error)]
#[error("the private database has no PostgreSQL to run on: no programs were found on this machine")]
pub struct NoPrograms {
    search: ClusterError,
    offers: Vec<migrate_core::cluster::Offer>,
}

impl NoPrograms {
    /// Returns the remedy.
    pub fn help(&self) -> String {
        let mut help = self.search.help().unwrap_or_default();
        if let Some(offer) = self.offers.first() {
            help += &format!(
                "\nor fetch them, about {} MB of the package `{}`, with `migrate db install`",
                offer.download_megabytes, offer.package
            );
        }
        help
    }
}
