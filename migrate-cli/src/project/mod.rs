//! From the files of a migrations crate to their plan.
//!
//! Where nothing has changed since the last time, the plan is at hand and cargo is not called:
//! contents are compared, never modification times. Where something has, only the migrations that
//! depend on it are compiled, so that an edit takes as long with five thousand migrations as with
//! ten.

mod build;
mod current;
mod dependency;
mod diagnostics;
mod error;
mod event;
mod functions;
mod hash;
mod layout;
mod mentions;
mod process;
pub mod rustfmt;
pub mod setup;
mod state;
mod state_file;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use migrate_core::Environment;
use migrate_core::discover::{self, plain_file};

pub use current::CurrentPlan;
pub use error::ProjectError;
pub use event::BuildEvent;

use build::{Built, Request};
use dependency::Dependency;
use hash::{ContentHash, in_parallel};
use layout::Layout;
use mentions::Mentions;
use state::{BuildLock, CurrentFiles, Entry, Freshness, Head, State, files_of, modified};

/// How often the migrations may change while they are compiled.
const ATTEMPTS: usize = 3;

/// A crate of migrations.
#[derive(Debug, Clone)]
pub struct Project {
    folder: PathBuf,
    environment: Environment,
}

impl Project {
    /// The project whose migrations crate is in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, environment: &Environment) -> Self {
        Self { folder: folder.into(), environment: environment.clone() }
    }

    /// The plan of all migrations, to be read where it is needed.
    ///
    /// # Errors
    ///
    /// Where the files are not named as they should be, the migrations do not compile, or their
    /// program ends without a plan. A migration that panics is no error: its plan has a problem.
    pub fn plan(&self, on_event: &mut dyn FnMut(BuildEvent)) -> Result<CurrentPlan, ProjectError> {
        let layout = Layout::read(&self.folder, &self.environment)?;
        let view = self.look(&layout)?;
        if view.standing.is_current {
            return view.into_plan_of(self);
        }
        let (_lock, waited) = BuildLock::take(&layout, on_event)?;
        // The previous holder of the lock may have built the same.
        let is_same = !waited && view.written == modified(&layout.state_file());
        let mut seen = is_same.then_some(view);
        for _ in 0..ATTEMPTS {
            let view = match seen.take() {
                Some(view) => view,
                None => self.look(&layout)?,
            };
            if view.standing.is_current {
                return view.into_plan_of(self);
            }
            if let Some(plan) = self.build(&layout, view, on_event)? {
                return Ok(plan);
            }
        }
        Err(ProjectError::Unsettled)
    }

    /// Compares the existing files with the stored state. They take about as long to read, and neither
    /// needs the other.
    fn look(&self, layout: &Layout) -> Result<View, ProjectError> {
        let state_file = layout.state_file();
        let written = modified(&state_file);
        let (now, (state, usable)) = thread::scope(|scope| {
            let now = scope.spawn(|| {
                let sources = discover::sources(&layout.folder.join("src"));
                Ok(CurrentFiles::read(&layout.folder, sources.map_err(ProjectError::Names)?))
            });
            let state = State::load(&state_file);
            (now.join(), state)
        });
        let now = now.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(View {
            standing: state.standing(&now, &layout.folder, &self.environment),
            written,
            now,
            state,
            usable,
        })
    }

    /// Compiles what must be, and keeps it. No plan where something changed in the meantime.
    fn build(
        &self,
        layout: &Layout,
        view: View,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<Option<CurrentPlan>, ProjectError> {
        let started = Instant::now();
        let View { now, state, usable, standing, .. } = view;
        if !usable || hidden_from_cargo(layout, &standing) {
            forget_packages_in_folders(layout);
        }
        let mentions = Mentions::read(&layout.folder, &now.sources, &standing.stale);
        let sources: Vec<_> =
            now.sources.iter().filter(|source| mentions.contains(&source.name)).collect();
        on_event(BuildEvent::Started { changed: sources.len(), all: now.sources.len() });
        let before = self.contents(
            state
                .dependencies()
                .cloned()
                .chain(dependency::around(&layout.folder, layout.cargo_home.as_deref())),
        );
        let request = Request {
            layout,
            environment: &self.environment,
            names: &sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(),
            files: &sources
                .iter()
                .flat_map(|source| files_of(&layout.folder, source))
                .collect::<Vec<_>>(),
            number: &number_used_once(),
        };
        let Built { plan, dependencies, .. } = request.run(on_event)?;
        let Some(dependencies) = self.settled(layout, before, dependencies) else {
            return Ok(None);
        };
        let head = Head { format: plan.format, generator: plan.generator };
        let mut entries = Vec::new();
        for (source, migration) in sources.into_iter().zip(&plan.migrations) {
            if !now.is_still(&layout.folder, source) {
                return Ok(None);
            }
            let content = |name| now.content(name).unwrap_or(ContentHash::UNKNOWN);
            let uses = mentions.of(&source.name);
            let uses = uses.map(|name| (name.clone(), content(name))).collect();
            let files = migration.files.iter().map(|file| {
                let path = layout.folder.join(file);
                (file.clone(), content_since(layout, &path))
            });
            let files = files.collect();
            entries.push(Entry::new(migration, content(&source.name), uses, files));
        }
        let state_file = layout.state_file();
        state.renewed(&standing, head, entries, dependencies).save(&state_file)?;
        on_event(BuildEvent::Finished { elapsed: started.elapsed() });
        let (state, _) = State::load(&state_file);
        Ok(CurrentPlan::new(self, state, now))
    }

    fn contents(
        &self,
        dependencies: impl Iterator<Item = Dependency>,
    ) -> BTreeMap<Dependency, Option<ContentHash>> {
        let dependencies: Vec<_> = dependencies.collect();
        let contents =
            in_parallel(&dependencies, |dependency| dependency.content(&self.environment));
        dependencies.into_iter().zip(contents).collect()
    }

    /// The contents that a build used; none where it cannot be said, since they changed while
    /// it ran. The lock file may: cargo writes it.
    fn settled(
        &self,
        layout: &Layout,
        before: BTreeMap<Dependency, Option<ContentHash>>,
        dependencies: BTreeSet<Dependency>,
    ) -> Option<Vec<(Dependency, Option<ContentHash>)>> {
        let contents = self.contents(dependencies.into_iter()).into_iter();
        contents
            .map(|(dependency, content)| match (before.get(&dependency), &dependency) {
                (_, Dependency::File(path)) if *path == layout.lock_file => {
                    Some((dependency, content))
                }
                (Some(before), _) => (*before == content).then_some((dependency, content)),
                // Seen for the first time: it was in use before we could look at it.
                (None, Dependency::File(path)) => {
                    let content = content_since(layout, path);
                    Some((dependency, content))
                }
                (None, _) => Some((dependency, content)),
            })
            .collect()
    }
}

/// The existing files, and the stored state.
struct View {
    now: CurrentFiles,
    state: State,
    /// Whether the file of the state, if there is one, could be used.
    usable: bool,
    /// When it was written.
    written: Option<SystemTime>,
    standing: Freshness,
}

impl View {
    fn into_plan_of(self, project: &Project) -> Result<CurrentPlan, ProjectError> {
        CurrentPlan::new(project, self.state, self.now).ok_or(ProjectError::Unsettled)
    }
}

/// The content of a file that the current build has used; unknown where it was changed since the
/// build began, since then the build may have used the former one.
fn content_since(layout: &Layout, path: &Path) -> Option<ContentHash> {
    if modified(path) > modified(&Request::list_file(layout)) {
        return Some(ContentHash::UNKNOWN);
    }
    dependency::file_content(path)
}

/// Whether something changed and has a modification time that makes cargo believe that it did
/// not: a file put back from a copy.
fn hidden_from_cargo(layout: &Layout, standing: &Freshness) -> bool {
    let last = modified(&layout.state_file()).max(modified(&Request::list_file(layout)));
    standing.changed.iter().any(|dependency| match dependency {
        Dependency::File(path) => modified(path).is_some_and(|modified| Some(modified) <= last),
        Dependency::Folder(_) => true,
        Dependency::Variable(_) | Dependency::Flags => false,
    })
}

/// Has cargo compile those packages again whose sources are in folders, by taking away what it
/// remembers of them.
fn forget_packages_in_folders(layout: &Layout) {
    let text = plain_file::read_to_string(&layout.lock_file).unwrap_or_default();
    let lock: toml_edit::DocumentMut = text.parse().unwrap_or_default();
    let packages = lock.get("package").and_then(|packages| packages.as_array_of_tables());
    let names: Vec<_> = packages
        .into_iter()
        .flatten()
        .filter(|package| !package.contains_key("source"))
        .filter_map(|package| package.get("name")?.as_str())
        .collect();
    let of = |folder: &Path| folder.join("debug/.fingerprint");
    let for_targets = fs::read_dir(&layout.target).into_iter().flatten().flatten();
    let folders = for_targets.map(|entry| of(&entry.path()));
    for folder in folders.chain([of(&layout.target)]) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let file_name = entry.file_name();
            let package = file_name.to_str().and_then(|name| name.rsplit_once('-'));
            if package.is_some_and(|(name, _)| names.contains(&name)) {
                _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Differs from that of any other build.
fn number_used_once() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", since.as_nanos(), std::process::id())
}

/// A path as a person in `here` would write it.
#[must_use]
pub fn shown(path: &Path, here: &Path) -> String {
    let common = path.components().zip(here.components());
    let common = common.take_while(|(a, b)| a == b).count();
    let up = here.components().count() - common;
    // Far away, the whole path says more.
    if up > 2 || common <= 1 {
        return path.display().to_string();
    }
    let parts = std::iter::repeat_n(std::path::Component::ParentDir, up)
        .chain(path.components().skip(common));
    let shown: PathBuf = parts.collect();
    if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
}

#[cfg(test)]
pub mod tests;
