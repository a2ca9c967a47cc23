//! Starting a cluster that is not running: the decisions, in their order.
//!
//! All of it happens under the cluster's lock. Nothing here removes data: a fault leaves it as it
//! was, and what was half made is recreated.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::initdb::{self, initdb};
use super::postmaster::{self, Postmaster, Process, State};
use super::privileges::Identity;
use super::record::{self, Password, Record};
use super::server::{self, Launch};
use super::{Cluster, ClusterError, Origin, Programs, Server, data_major, directory};

/// How long a server may take to finish starting or stopping if another process started or stopped it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Cluster {
    /// Makes the data if there is none, and starts the server. With the lock held.
    pub(super) fn start_locked(&self) -> Result<Server, ClusterError> {
        let known = self.record();
        let data_now = self.data();
        let major_now = data_major(&data_now);
        self.check_major(&data_now, major_now)?;
        self.settle(&data_now)?;
        if let Some(server) = self.running() {
            return Ok(server);
        }
        // One that runs, but not as it should: its socket was swept away, its port is to change.
        if let Some(postmaster) = Postmaster::read(&data_now) {
            postmaster.stop()?;
        }

        let programs = self.programs(known.as_ref(), &data_now, major_now)?;
        let identity = match self.identity().filter(|_| major_now.is_some()) {
            Some(identity) => identity,
            None => Identity::decide(self.root_as, &programs.program("postgres"))?,
        };
        let server_folder = directory::server_folder(&self.folder, &self.key, &identity);
        directory::ensure_server_folder(&server_folder, &identity)?;
        let data = server_folder.join("data");
        let socket_folder = directory::socket_folder(
            &self.environment,
            &server_folder,
            &self.key,
            &identity,
            self.socket_inside,
        )?;

        let exists = data_major(&data).is_some();
        if !exists {
            initdb(&programs, &identity, &self.environment, &data, self.durability)?;
        }
        let mut record = Record {
            stamp: record::stamp(&programs.bindir).unwrap_or_default(),
            bindir: programs.bindir.clone(),
            version: programs.version.clone(),
            identity,
            data,
            socket_folder,
            port: self.choose_port(known.as_ref())?,
            password: known.and_then(|record| record.password).filter(|_| exists),
        };
        // Before the start: whatever happens after it, the data is found again.
        record.write(&self.folder)?;
        let pid = self.launch(&programs, &mut record)?;
        if self.tcp && record.password.is_none() {
            record.password = Some(set_password(&record)?);
        }
        record.write(&self.folder)?;
        let origin = if exists { Origin::Started } else { Origin::Created };
        Ok(Server::new(record, pid, origin))
    }

    /// Waits for a server that another process is starting or stopping, and removes the file of a dead
    /// one.
    fn settle(&self, data: &Path) -> Result<(), ClusterError> {
        let since = Instant::now();
        while let Some(postmaster) = Postmaster::read(data) {
            match (postmaster.process(), postmaster.state) {
                // The server itself takes a process for alive that is dead and not yet waited for.
                (Process::Stranger | Process::Gone, _) => {
                    return postmaster::remove_stale_file(data);
                }
                (Process::Server, State::Ready) => return Ok(()),
                (Process::Server, State::Starting) if since.elapsed() > PATIENCE => {
                    // Recovery may take longer; to end it here would only make it begin again.
                    return Err(server::start_timeout(data, since.elapsed(), &self.log()));
                }
                (Process::Server, State::Stopping) if since.elapsed() > PATIENCE => return Ok(()),
                (Process::Server, _) => thread::sleep(Duration::from_millis(5)),
            }
        }
        // With the lock held no process is writing it: a file that says nothing would be in the way.
        postmaster::remove_stale_file(data)
    }

    /// Launches the server; a port that was taken in the meantime is replaced by another.
    fn launch(&self, programs: &Programs, record: &mut Record) -> Result<i32, ClusterError> {
        const ATTEMPTS: usize = 5;
        let log = self.log();
        for attempt in 1.. {
            let launch = Launch {
                programs,
                environment: &self.environment,
                record,
                log: &log,
                tcp: self.tcp,
                settings: &self.settings,
            };
            match launch.run() {
                Err(ClusterError::PortTaken { port })
                    if self.port.is_none() && attempt < ATTEMPTS =>
                {
                    record.port = server::free_port(&self.key, Some(port));
                }
                result => return result,
            }
        }
        unreachable!("the loop above ends only by returning")
    }

    fn choose_port(&self, known: Option<&Record>) -> Result<u16, ClusterError> {
        /// The socket's name has a port in any case; there are no other sockets in its folder.
        const SOCKET_ONLY: u16 = 5432;
        if !self.tcp {
            return Ok(self.port.unwrap_or(SOCKET_ONLY));
        }
        if let Some(port) = self.port {
            return if server::is_free(port) {
                Ok(port)
            } else {
                Err(ClusterError::PortTaken { port })
            };
        }
        let kept = known.map(|record| record.port).filter(|port| server::is_free(*port));
        Ok(kept.unwrap_or_else(|| server::free_port(&self.key, None)))
    }

    /// The programs for this data: those of the last time, else those of its major version.
    fn programs(
        &self,
        known: Option<&Record>,
        data: &Path,
        data_major: Option<u32>,
    ) -> Result<Programs, ClusterError> {
        let wanted = data_major.or(self.major);
        if let Some(programs) = known.and_then(Record::programs)
            && wanted.is_none_or(|wanted| wanted == programs.major)
        {
            return Ok(programs);
        }
        Programs::find(&self.environment, wanted).map_err(|error| match (error, data_major) {
            (ClusterError::NoPrograms { wanted, looked, install }, Some(data_major)) => {
                let mut found: Vec<u32> =
                    Programs::all(&self.environment).iter().map(|it| it.major).collect();
                found.sort_unstable();
                found.dedup();
                if found.is_empty() {
                    return ClusterError::NoPrograms { wanted, looked, install };
                }
                let data = data.to_owned();
                ClusterError::OtherMajor { data, data_major, found, asked: false, install }
            }
            (error, _) => error,
        })
    }

    /// Data of another major version than requested is an error, not something to replace.
    fn check_major(&self, data: &Path, data_major: Option<u32>) -> Result<(), ClusterError> {
        match (data_major, self.major) {
            (Some(data_major), Some(asked)) if data_major != asked => {
                Err(ClusterError::OtherMajor {
                    data: data.to_owned(),
                    data_major,
                    found: vec![asked],
                    asked: true,
                    install: None,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Gives the superuser a fresh password, through the socket.
fn set_password(record: &Record) -> Result<Password, ClusterError> {
    let password = Password::generate()?;
    let failed = |source| ClusterError::SetUp { data: record.data.clone(), source };
    let mut client = postgres::Config::new()
        .host_path(&record.socket_folder)
        .port(record.port)
        .user(initdb::SUPERUSER)
        .dbname("postgres")
        .connect_timeout(Duration::from_secs(10))
        .connect(postgres::NoTls)
        .map_err(failed)?;
    // The password's letters need no quoting; it must not appear in the log, whatever is set.
    let role = initdb::SUPERUSER;
    let word = password.reveal();
    client
        .batch_execute(&format!(
            "SET log_statement = 'none'; SET log_min_duration_statement = -1; \
             SET log_min_error_statement = 'panic'; SET password_encryption = 'scram-sha-256'; \
             ALTER ROLE {role} PASSWORD '{word}'"
        ))
        .map_err(failed)?;
    Ok(password)
}
