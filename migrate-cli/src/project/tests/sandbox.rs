//! A project in a folder, and what becomes of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use migrate_core::Environment;
use migrate_core::plan::Plan;

use crate::project::layout::Layout;
use crate::project::{BuildEvent, Project, ProjectError};

/// A migration that creates a table.
pub fn creates(table: &str) -> String {
    format!(
        "use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {{\n    pgm.create_table(\"{table}\", |t| t.id());\n}}\n"
    )
}

/// The build folder that all projects of the tests share, so that the language is compiled once.
fn shared() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("project-tests")
}

/// The folder of the projects: outside of this checkout, whose own workspace would be theirs, and
/// the same at every run, so that cargo finds what it has built before.
fn projects() -> PathBuf {
    let checkout = env!("CARGO_MANIFEST_DIR");
    let key = checkout.bytes().fold(5381_u64, |key, byte| key.wrapping_mul(33) ^ u64::from(byte));
    let user = nix::unistd::getuid();
    std::env::temp_dir().join(format!("migrate-project-tests-{user}-{key:x}"))
}

/// A folder with a crate of migrations in `migrations`.
pub struct Sandbox {
    pub folder: PathBuf,
    pub environment: Environment,
}

/// What came out of asking for the plan.
pub struct Outcome {
    pub result: Result<Plan, ProjectError>,
    pub events: Vec<BuildEvent>,
}

impl Sandbox {
    /// A new project in the folder of this name.
    pub fn new(name: &str, migrations: &[(&str, String)]) -> Self {
        let folder = projects().join(name);
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("migrations/src")).unwrap();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let dsl = checkout.join("migrate-dsl");
        let mut vars: std::collections::BTreeMap<_, _> = std::env::vars().collect();
        vars.retain(|name, _| !name.starts_with("CARGO_") || name == "CARGO_HOME");
        let target = shared().join("target").display().to_string();
        vars.insert("CARGO_TARGET_DIR".to_owned(), target);
        vars.insert("CARGO_NET_OFFLINE".to_owned(), "true".to_owned());
        let sandbox = Self {
            environment: Environment {
                account: None,
                home: vars.get("HOME").map(PathBuf::from),
                vars,
                current_dir: folder.clone(),
            },
            folder,
        };
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[lib]\nname = \"migrations\"\n\n\
             [[bin]]\nname = \"{name}\"\npath = \"src/main.rs\"\n\n\
             [dependencies]\nmigrate-dsl = {{ path = {dsl:?} }}\n\n\
             [build-dependencies]\nmigrate-dsl = {{ path = {dsl:?} }}\n\n[workspace]\n"
        );
        sandbox.write("migrations/Cargo.toml", &manifest);
        let lock = fs::read_to_string(checkout.join("Cargo.lock")).unwrap();
        sandbox.write("migrations/Cargo.lock", &lock);
        sandbox
            .write("migrations/build.rs", "fn main() {\n    migrate_dsl::discover::build();\n}\n");
        sandbox.write("migrations/src/lib.rs", "migrate_dsl::migrations!();\n");
        sandbox.write(
            "migrations/src/main.rs",
            "fn main() -> std::process::ExitCode {\n    migrate_dsl::print_plan(migrations::all())\n}\n",
        );
        for (file, text) in migrations {
            sandbox.write(&format!("migrations/src/{file}"), text);
        }
        _ = fs::remove_file(sandbox.state_file());
        sandbox
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a file and gives it a modification time long ago, as `cp -p` and caches do.
    pub fn put_back(&self, file: &str, text: &str) {
        self.write(file, text);
        let long_ago = SystemTime::now() - Duration::from_hours(10_000);
        let file = File::options().write(true).open(self.folder.join(file)).unwrap();
        file.set_modified(long_ago).unwrap();
    }

    pub fn remove(&self, file: &str) {
        fs::remove_file(self.folder.join(file)).unwrap();
    }

    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(file, &text.replace(from, to));
    }

    pub fn state_file(&self) -> PathBuf {
        let crate_folder = self.folder.join("migrations");
        Layout::read(&crate_folder, &self.environment).unwrap().state_file()
    }

    pub fn project(&self) -> Project {
        Project::new(self.folder.join("migrations"), &self.environment)
    }

    pub fn plan(&self) -> Outcome {
        let mut events = Vec::new();
        let on_event = &mut |event| events.push(event);
        let result = self.project().plan(on_event).and_then(|plan| plan.read(on_event));
        Outcome { result, events }
    }

    /// The plan again, with a cargo that must not be called.
    pub fn plan_without_cargo(&self) -> Plan {
        let mut environment = self.environment.clone();
        environment.vars.insert("CARGO".to_owned(), "/no/cargo/here".to_owned());
        let project = Project::new(self.folder.join("migrations"), &environment);
        let on_event = &mut |event| panic!("{event:?}");
        project.plan(on_event).unwrap().read(on_event).unwrap()
    }

    /// Returns the text shown for an error, without colours and without the folders of this machine.
    pub fn error(&self) -> String {
        let error = self.plan().result.unwrap_err();
        let mut text = error.details().join("\n");
        text.push_str(&format!("\nerror: {error}"));
        if let Some(help) = error.help() {
            text.push_str(&format!("\nhelp: {help}"));
        }
        let text = anstream::adapter::strip_str(&text).to_string();
        text.trim().replace(&self.folder.display().to_string(), "<folder>")
    }
}

impl Outcome {
    /// Returns how many migrations were compiled; none where cargo was not called.
    pub fn compiled(&self) -> Option<usize> {
        let mut started = self.events.iter().filter_map(|event| match event {
            BuildEvent::Started { changed, .. } => Some(*changed),
            _ => None,
        });
        let compiled = started.next();
        assert_eq!(started.next(), None, "{:?}", self.events);
        compiled
    }

    pub fn plan(self) -> Plan {
        self.result.unwrap_or_else(|error| panic!("{error}: {}", error.details().join("\n")))
    }

    /// Returns what the steps do, a line each.
    pub fn steps(self) -> String {
        let plan = self.plan();
        let steps = plan.migrations.iter().flat_map(|migration| &migration.up);
        steps.map(|step| format!("{}\n", step.summary)).collect::<String>().trim_end().to_owned()
    }
}
