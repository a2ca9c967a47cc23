//! Why there is no plan.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use migrate_core::discover::NameProblem;
use migrate_core::plan::PlanError;
use thiserror::Error;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// No crate where the settings say that the migrations are.
    #[error("there is no crate of migrations in `{folder}`", folder = .0.display())]
    NoCrate(PathBuf),
    /// The manifest of the crate says too little.
    #[error("`{path}` {what}", path = .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Files whose names do not say when they were made.
    #[error("{}", names(.0))]
    Names(Vec<NameProblem>),
    /// No cargo on this machine, or not in `PATH`.
    #[error("cargo was not found, and the migrations must be compiled")]
    CargoMissing,
    /// Cargo ended before it compiled anything.
    #[error("cargo could not build the migrations")]
    Cargo {
        /// What it said.
        output: String,
    },
    /// The compiler refused.
    #[error("the migrations do not compile")]
    Compile {
        /// Its errors, as they are to be shown.
        diagnostics: Vec<String>,
    },
    /// The program that the migrations are ended without a plan.
    #[error("the program that makes the plan failed ({status})")]
    Program {
        /// How it ended.
        status: ExitStatus,
    },
    /// The program made a plan of something older.
    #[error("the program was not built from the migrations as they are now")]
    OldProgram,
    /// Files changed again and again while they were compiled.
    #[error("the migrations change while they are compiled")]
    Unsettled,
    /// The program's plan cannot be used.
    #[error("the plan of `{folder}` cannot be used", folder = .folder.display())]
    Plan {
        /// The crate.
        folder: PathBuf,
        /// Why.
        source: PlanError,
    },
    /// No rustfmt on this machine.
    #[error("rustfmt was not found")]
    RustfmtMissing,
    /// Rustfmt refused; mostly since a file is no Rust.
    #[error("rustfmt failed")]
    Rustfmt {
        /// What it said.
        output: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{path}`", path = .path.display())]
    Io {
        /// `read`, `write`, `run`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ProjectError {
    pub(super) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Returns what to show before the error itself: the output of the compiler, or of cargo.
    #[must_use]
    pub fn details(&self) -> Vec<&str> {
        match self {
            Self::Compile { diagnostics } => diagnostics.iter().map(String::as_str).collect(),
            Self::Cargo { output } | Self::Rustfmt { output } if !output.is_empty() => vec![output],
            _ => Vec::new(),
        }
    }

    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NoCrate(_) => {
                "`migrate init` writes one; `dir` in `[workspace.metadata.migrate]` says where it is"
            }
            Self::Names(problems) => match problems.as_slice() {
                [problem] => &problem.help,
                _ => return None,
            },
            Self::CargoMissing => {
                "install Rust (https://rustup.rs), or pass a plan built on another machine with \
                 `--plan FILE`"
            }
            Self::Program { .. } => {
                "a migration only records what is to be done; one that ends the program leaves no \
                 plan"
            }
            Self::OldProgram => {
                "`build.rs` must be `fn main() { migrate_dsl::discover::build(); }`, and \
                 `src/main.rs` must print the plan of `migrations::all()`"
            }
            Self::Plan { source: PlanError::Format { .. }, .. } => {
                "use the same version of `migrate` and of the crate `migrate-dsl`"
            }
            Self::RustfmtMissing => "`rustup component add rustfmt` installs it",
            Self::Unsettled => "try again when nothing writes to them",
            _ => return None,
        };
        Some(help.to_owned())
    }
}

/// One problem speaks for itself; its help is the error's. Many are a list.
fn names(problems: &[NameProblem]) -> String {
    match problems {
        [problem] => problem.message.clone(),
        _ => {
            let lines = problems.iter().map(|problem| format!("\n  {problem}"));
            format!(
                "{} files are not as they should be:{}",
                problems.len(),
                lines.collect::<String>()
            )
        }
    }
}
