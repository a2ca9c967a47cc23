//! Builds some of the migrations with cargo, and reads their plan from the program.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_core::Environment;
use migrate_core::plan::{self, Plan};
use serde::Deserialize;

use super::dependency::{self, BuildScriptOutput, Dependency};
use super::diagnostics::{CompilerMessage, Explainer};
use super::layout::Layout;
use super::process::{self, Line};
use super::{BuildEvent, ProjectError};

/// A build profile under which a dependency is compiled once for the build script and for the
/// program (a `strip`, even of `none`, would undo that), and an edit is compiled fast. `unwind`,
/// since a panic in a migration is its own.
const PROFILE: [(&str, &str); 7] = [
    ("CARGO_PROFILE_DEV_BUILD_OVERRIDE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_DEV_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_DEV_DEBUG", "0"),
    ("CARGO_PROFILE_DEV_INCREMENTAL", "true"),
    ("CARGO_PROFILE_DEV_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_DEV_PANIC", "unwind"),
];

/// What the program of the migrations gets of the environment: what it takes to start.
const FOR_THE_PROGRAM: [&str; 6] = [
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "PATH",
    "TMPDIR",
];

/// Which migrations to compile.
pub(super) struct Request<'a> {
    pub(super) layout: &'a Layout,
    pub(super) environment: &'a Environment,
    /// The names of the migrations.
    pub(super) names: &'a [&'a str],
    /// The files of the migrations; they are no dependencies of each other.
    pub(super) files: &'a [PathBuf],
    /// Used once: the program says it back, so a program built for an earlier request is found
    /// out. It also has the build script run again, whatever the modification times say.
    pub(super) number: &'a str,
}

/// A plan, and what it depends on besides the files of its migrations.
pub(super) struct Built {
    pub(super) plan: Plan,
    pub(super) dependencies: BTreeSet<Dependency>,
    /// The program; the next build replaces it.
    pub(super) program: PathBuf,
}

impl Request<'_> {
    /// Returns the file that lists the migrations to compile. Its modification time is
    /// that of the last call of cargo.
    pub(super) fn list_file(layout: &Layout) -> PathBuf {
        layout.state_file().with_extension("only")
    }

    /// Builds and runs the program.
    pub(super) fn run(&self, on_event: &mut dyn FnMut(BuildEvent)) -> Result<Built, ProjectError> {
        let list = Self::list_file(self.layout);
        fs::write(&list, self.names.join("\n")).map_err(ProjectError::io("write", &list))?;
        let (program, dependencies) = self.cargo(&list, on_event)?;
        let plan = self.program(&program, on_event)?;
        Ok(Built { plan, dependencies, program })
    }

    fn cargo(
        &self,
        list: &Path,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<(PathBuf, BTreeSet<Dependency>), ProjectError> {
        let Self { layout, environment, .. } = self;
        let mut cargo = Command::new(environment.var("CARGO").unwrap_or("cargo"));
        cargo.current_dir(&layout.folder).env_clear();
        cargo.envs(environment.vars.iter().filter(|(name, _)| !leaks(name)));
        cargo.envs(PROFILE);
        cargo
            .env("CARGO_BUILD_BUILD_DIR", &layout.target)
            .env("CARGO_BUILD_DEP_INFO_BASEDIR", "/")
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .env("MIGRATE_ONLY", list)
            .env("MIGRATE_HASH", self.number)
            .args(["build", "--bin", &layout.binary, "--manifest-path"])
            .arg(layout.folder.join("Cargo.toml"))
            .args(["--message-format", "json-diagnostic-rendered-ansi", "--target-dir"])
            .arg(&layout.target);
        if layout.cross {
            cargo.args(["--target", "host-tuple"]);
        }
        let explainer = Explainer::new(&layout.folder, &environment.current_dir);
        let mut output = Output::new(&layout.package, explainer);
        let status = process::run(&mut cargo, |line| match line {
            Line::Out(line) => output.message(&line, on_event),
            Line::Err(line) => output.status(&line, on_event),
        });
        let status = status.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ProjectError::CargoMissing,
            _ => ProjectError::io("run", cargo.get_program())(error),
        })?;
        if !output.errors.is_empty() {
            let diagnostics = output.errors;
            return Err(ProjectError::Compile { diagnostics });
        }
        let Some(program) = output.program.take().filter(|_| status.success()) else {
            let output = output.words.join("\n");
            return Err(ProjectError::Cargo { output });
        };
        let dependencies = output.dependencies(layout, &program, self.files);
        let dependencies = dependencies.map_err(ProjectError::io("read", &layout.target))?;
        Ok((program, dependencies))
    }

    /// Runs the program with next to no environment: a migration that reads a variable finds
    /// none, so that its plan depends on nothing that is not compared, and none of the
    /// database's secrets.
    fn program(
        &self,
        program: &Path,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<Plan, ProjectError> {
        let file = self.layout.state_file().with_extension("plan");
        let mut command = Command::new(program);
        command.current_dir(&self.layout.folder).env_clear();
        let vars = self.environment.vars.iter();
        command.envs(vars.filter(|(name, _)| FOR_THE_PROGRAM.contains(&name.as_str())));
        command.env("MIGRATE_PLAN_FILE", &file);
        let status = process::run(&mut command, |line| {
            let (Line::Out(line) | Line::Err(line)) = line;
            on_event(BuildEvent::Output(line));
        });
        let status = status.map_err(ProjectError::io("run", program))?;
        if !status.success() {
            return Err(ProjectError::Program { status });
        }
        let text = fs::read_to_string(&file).map_err(|_| ProjectError::OldProgram)?;
        _ = fs::remove_file(&file);
        let plan = plan::from_json(&text)
            .map_err(|source| ProjectError::Plan { folder: self.layout.folder.clone(), source })?;
        let planned = plan.migrations.iter().map(|migration| &migration.name);
        if plan.hash != self.number || !planned.eq(self.names) {
            return Err(ProjectError::OldProgram);
        }
        Ok(plan)
    }
}

/// Variables of a cargo that runs us, or of a make: not meant for the one that we run. We decide where
/// the output is written and for which machine.
fn leaks(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "CARGO_BUILD_TARGET",
        "CARGO_MAKEFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_TARGET_DIR",
        "CARGO_TARGET_TMPDIR",
        "MAKEFLAGS",
        "MFLAGS",
    ];
    NAMES.contains(&name) || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_")
}

/// A line of cargo's JSON.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Compiler { package_id: String, message: Box<CompilerMessage> },
    #[serde(rename = "compiler-artifact")]
    Artifact { package_id: String, manifest_path: PathBuf, executable: Option<PathBuf> },
    #[serde(rename = "build-script-executed")]
    BuildScript { package_id: String, out_dir: PathBuf },
    #[serde(other)]
    Other,
}

/// What cargo has said so far.
struct Output<'a> {
    package: &'a str,
    explainer: Explainer<'a>,
    program: Option<PathBuf>,
    errors: Vec<String>,
    /// What is neither a message of the compiler nor about progress.
    words: Vec<String>,
    /// The manifests of packages in folders, by package.
    manifests: BTreeSet<(String, PathBuf)>,
    /// The output folders of build scripts, by package.
    build_scripts: Vec<(String, PathBuf)>,
}

impl<'a> Output<'a> {
    fn new(package: &'a str, explainer: Explainer<'a>) -> Self {
        Self {
            package,
            explainer,
            program: None,
            errors: Vec::new(),
            words: Vec::new(),
            manifests: BTreeSet::new(),
            build_scripts: Vec::new(),
        }
    }

    fn message(&mut self, line: &str, on_event: &mut dyn FnMut(BuildEvent)) {
        match serde_json::from_str(line).unwrap_or(Message::Other) {
            Message::Compiler { package_id, message } => match message.level.as_str() {
                "warning" if self.explainer.is_ours(&package_id) => {
                    let text = self.explainer.explain(&message);
                    on_event(BuildEvent::Warning(text));
                }
                level if level.starts_with("error") => {
                    let text = self.explainer.explain(&message);
                    self.errors.push(text);
                }
                _ => {}
            },
            Message::Artifact { package_id, manifest_path, executable } => {
                // Only the requested program is built, and build scripts have no such
                // entry.
                self.program = executable.or(self.program.take());
                if is_in_a_folder(&package_id) {
                    self.manifests.insert((package_id, manifest_path));
                }
            }
            Message::BuildScript { package_id, out_dir } => {
                self.build_scripts.push((package_id, out_dir))
            }
            Message::Other => {}
        }
    }

    fn status(&mut self, line: &str, on_event: &mut dyn FnMut(BuildEvent)) {
        const PROGRESS: [&str; 9] = [
            "Adding",
            "Building",
            "Compiling",
            "Downloaded",
            "Downloading",
            "Installing",
            "Locking",
            "Updating",
            "info:",
        ];
        let text = line.trim();
        let word = text.split(' ').next().unwrap_or_default();
        if let Some(what) = text.strip_prefix("Blocking waiting for file lock on ") {
            on_event(BuildEvent::Waiting {
                what: format!("another cargo, which holds the lock on {what}"),
            });
        } else if PROGRESS.contains(&word) {
            // That the migrations are compiled has been said.
            let ours = format!("Compiling {} v", self.package);
            if !text.starts_with(&ours) {
                on_event(BuildEvent::Progress(text.to_owned()));
            }
        } else if word != "Finished" && !text.is_empty() {
            self.words.push(line.to_owned());
        }
    }

    /// Returns what the build read besides the migrations.
    fn dependencies(
        &self,
        layout: &Layout,
        program: &Path,
        migrations: &[PathBuf],
    ) -> io::Result<BTreeSet<Dependency>> {
        let mut found = dependency::around(&layout.folder, layout.cargo_home.as_deref());
        let text = fs::read_to_string(program.with_extension("d"))?;
        // What was generated follows from the rest, and `src` is looked through by ourselves.
        let sources = layout.folder.join("src");
        for path in dependency::paths_of_program(&text) {
            if path.starts_with(&layout.target) || path == sources || migrations.contains(&path) {
                continue;
            }
            found.insert(if path.is_dir() {
                Dependency::Folder(path)
            } else {
                Dependency::File(path)
            });
        }
        // With the manifest of its workspace, wherever that is.
        let folders = self.manifests.iter().filter_map(|(_, path)| path.parent());
        let manifests = folders.flat_map(Path::ancestors);
        found.extend(manifests.map(|folder| Dependency::File(folder.join("Cargo.toml"))));
        for (package, out_dir) in &self.build_scripts {
            let text = fs::read_to_string(out_dir.with_file_name("output"))?;
            let said = BuildScriptOutput::read(&text);
            let variables = said.variables.iter().map(|name| (*name).to_owned());
            found.extend(variables.map(Dependency::Variable));
            let manifest = self.manifests.iter().find(|(id, _)| id == package);
            if let (false, Some((_, manifest))) = (said.says_what_it_reads, manifest) {
                let folder = manifest.parent().unwrap_or(manifest);
                found.insert(Dependency::Folder(folder.to_owned()));
            }
        }
        let host = layout.target.join("debug/deps");
        let own = program.with_file_name("deps");
        for folder in BTreeSet::from([host, own]) {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry?.path();
                if path.extension() == Some(OsStr::new("d")) {
                    let text = fs::read_to_string(&path).unwrap_or_default();
                    let variables = dependency::variables_of_crate(&text);
                    found.extend(variables.map(|name| Dependency::Variable(name.to_owned())));
                }
            }
        }
        Ok(found)
    }
}

/// Whether a package is no published one: its sources can change under its version.
fn is_in_a_folder(package_id: &str) -> bool {
    package_id.starts_with("path+")
}
