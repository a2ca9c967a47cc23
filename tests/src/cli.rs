//! The program itself, as a person or a script runs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use migrate_dsl::{Migration, Migrations};
use tempfile::TempDir;

use crate::TestDatabase;
use crate::cluster::build_folder;

/// The program, built from this checkout.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // `cargo test -p migrate-tests` builds no other package's programs.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut build = Command::new(cargo);
        build
            .args(["build", "--quiet", "--package", "migrate-cli", "--manifest-path"])
            .arg(manifest);
        if build_folder().ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo starts").success(), "the program does not build");
        build_folder().join("migrate")
    })
}

/// A folder of its own in which the program is run, on a database of its own.
pub struct Cli {
    /// The working folder.
    pub folder: TempDir,
    /// The database that `DATABASE_URL` names.
    pub database: TestDatabase,
    vars: BTreeMap<String, String>,
}

/// What the program said.
pub struct Said {
    /// The exit code; nothing where a signal ended it.
    pub code: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Cli {
    /// An empty folder, an empty database.
    ///
    /// # Panics
    ///
    /// If there is no room for a folder.
    #[expect(clippy::new_without_default, reason = "it makes a folder and a database")]
    #[must_use]
    pub fn new() -> Self {
        Self::on(TestDatabase::new())
    }

    /// An empty folder, and this database.
    ///
    /// # Panics
    ///
    /// If there is no room for a folder.
    #[must_use]
    pub fn on(database: TestDatabase) -> Self {
        let vars = BTreeMap::from([("DATABASE_URL".to_owned(), database.url())]);
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database, vars }
    }

    /// The same with a plan of these migrations in `plan.json`, which every command is given.
    #[must_use]
    pub fn with_plan(migrations: &[Migration]) -> Self {
        let cli = Self::new();
        cli.write_plan(migrations);
        cli
    }

    /// Replaces the plan.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write_plan(&self, migrations: &[Migration]) {
        self.write_plan_as("plan.json", migrations);
    }

    /// Writes a plan into another file.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write_plan_as(&self, file: &str, migrations: &[Migration]) {
        let plan = migrate_dsl::Plan::of(&Migrations::new("", "", migrations.to_vec()));
        self.write(file, &plan.to_json());
    }

    /// Writes a file below the folder.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Sets a variable for the program.
    #[must_use]
    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves a variable unset for the program.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.vars.remove(name);
        self
    }

    /// The program with these arguments, about to be started.
    #[must_use]
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command.args(arguments.split_whitespace()).current_dir(self.folder.path());
        if self.folder.path().join("plan.json").exists() {
            command.args(["--plan", "plan.json"]);
        }
        // Nothing of the tester's own database, name or colours gets in.
        for (name, _) in std::env::vars() {
            if name.starts_with("PG")
                || ["DATABASE_URL", "DB_URL", "CLICOLOR_FORCE"].contains(&name.as_str())
            {
                command.env_remove(name);
            }
        }
        command.env("USER", "ada").envs(&self.vars).stdin(Stdio::null());
        command
    }

    /// Runs the program.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn run(&self, arguments: &str) -> Said {
        let output = self.command(arguments).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Said {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs commands one after the other, and gives all they said as one text: what a snapshot
    /// holds. What differs from run to run is replaced.
    #[must_use]
    pub fn session(&self, commands: &[&str]) -> String {
        let mut text = String::new();
        for command in commands {
            let said = self.run(command);
            let code = said.code.map_or("killed".to_owned(), |code| code.to_string());
            let shown = command.replace(self.database.name(), "<database>");
            _ = writeln!(text, "$ migrate {shown}  # {code}");
            text += &self.stable(&said.stdout);
            for line in self.stable(&said.stderr).lines() {
                _ = writeln!(text, "| {line}");
            }
        }
        text
    }

    /// The text without what differs from run to run: the target, times, digests.
    fn stable(&self, text: &str) -> String {
        let server = crate::server();
        let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let host = host.as_deref().unwrap_or("unknown");
        let text = text
            .replace(&format!("{}:{}", server.socket_folder.display(), server.port), "<socket>")
            .replace(&server.socket_folder.display().to_string(), "<socket>")
            .replace(self.database.name(), "<database>")
            .replace(&self.folder.path().display().to_string(), "<folder>")
            .replace(&format!("ada@{host}"), "ada@<host>")
            .replace(&format!("\"host\":\"{host}\""), "\"host\":\"<host>\"");
        let lines = text.split_inclusive('\n').map(|line| {
            let line = after_each(line, "(", " ms)", "<time>");
            let line = without_number(&line, "execution_time_ms\":");
            let line = after_each(&line, "checksum\":\"", "\"", "<checksum>");
            let line = after_each(&line, "applied_at\":\"", "\"", "<moment>");
            let line = after_each(&line, "at\":\"", "\"", "<moment>");
            let line = without_number(&line, "duration_ms\":");
            let line = after_each(&line, "process ", ",", "<pid>");
            let line = without_digest(&line);
            let line = after_each(&line, "digest\":\"", "\"", "<digest>");
            let line = without_number(&line, "bytes\":");
            without_moment(&without_padding(&line))
        });
        lines.collect()
    }
}

/// The head of `log` is as wide as what stands below it.
fn without_padding(line: &str) -> String {
    if !line.starts_with("when  ") {
        return line.to_owned();
    }
    line.split_whitespace().collect::<Vec<_>>().join("  ") + "\n"
}

/// Takes out when something was done, and, of the columns behind that, how long it took.
fn without_moment(line: &str) -> String {
    let Some((before, after)) = line.split_once(" UTC") else { return line.to_owned() };
    let Some(from) = before.len().checked_sub("2026-01-01 00:00:00".len()) else {
        return line.to_owned();
    };
    let is_time = |cell: &str| {
        let number = cell.strip_suffix(" ms").or_else(|| cell.strip_suffix(" s"));
        number.is_some_and(|number| number.parse::<f64>().is_ok())
    };
    let after = if after.starts_with("  ") {
        let cells = after.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        cells.filter(|cell| !is_time(cell)).map(|cell| format!("  {cell}")).collect()
    } else {
        without_moment(after)
    };
    format!("{}<moment>{}\n", &before[..from], after.trim_end())
}

/// Takes out the hexadecimal digits behind `sha256`.
fn without_digest(line: &str) -> String {
    let Some((before, after)) = line.split_once("sha256 ") else { return line.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    format!("{before}sha256 <digest>{rest}")
}

/// Replaces the numbers that stand behind `before` by 0.
fn without_number(line: &str, before: &str) -> String {
    let mut parts = line.split(before);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let zero = if rest.len() < part.len() { "0" } else { "" };
        _ = write!(text, "{before}{zero}{rest}");
    }
    text
}

/// Replaces what stands between `before` and `after`, where it has a digit in it.
fn after_each(line: &str, before: &str, after: &str, replacement: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(at) = rest.find(before) {
        let (head, tail) = rest.split_at(at + before.len());
        text += head;
        rest = tail;
        let value = tail.split(after).next().unwrap_or_default();
        if value.len() < tail.len()
            && value.bytes().any(|byte| byte.is_ascii_digit())
            && value.len() < 80
        {
            text += replacement;
            rest = &tail[value.len()..];
        }
    }
    text + rest
}
