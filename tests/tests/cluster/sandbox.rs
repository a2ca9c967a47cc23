//! What the tests of clusters share: a home of their own, and something to find again.

use std::path::Path;

use migrate_core::Environment;
use migrate_core::cluster::{Cluster, Server};
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// A home of its own, and a project in it. Clusters are removed with it.
pub(crate) struct Sandbox {
    folder: TempDir,
    pub(crate) environment: Environment,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment_in(folder.path());
        Self { folder, environment }
    }

    pub(crate) fn cluster(&self) -> Cluster {
        project_cluster(&self.environment)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.cluster().remove();
    }
}

pub(crate) fn environment_in(folder: &Path) -> Environment {
    let mut environment = migrate_tests::environment();
    environment.vars.remove("XDG_RUNTIME_DIR");
    environment.vars.insert("XDG_STATE_HOME".into(), text(&folder.join("state")));
    environment.vars.insert("XDG_CACHE_HOME".into(), text(&folder.join("cache")));
    environment.home = Some(folder.to_owned());
    environment.current_dir = folder.to_owned();
    environment
}

pub(crate) fn project_cluster(environment: &Environment) -> Cluster {
    Cluster::for_project(environment, Path::new("blog")).unwrap()
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub(crate) fn connect(server: &Server) -> Client {
    Client::connect(&server.url("postgres"), NoTls).unwrap()
}

pub(crate) fn write_something(server: &Server) {
    let sql = "CREATE TABLE kept AS SELECT 42 AS answer";
    connect(server).batch_execute(sql).unwrap();
}

pub(crate) fn read_something(server: &Server) -> i32 {
    connect(server).query_one("SELECT answer FROM kept", &[]).unwrap().get(0)
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A test that cannot run here says so where it is seen: with `--nocapture`, and on failure.
#[expect(clippy::print_stderr, reason = "a skipped test must not pass in silence")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}
