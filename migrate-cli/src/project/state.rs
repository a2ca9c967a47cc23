//! What is known from earlier builds: the plan of each migration, and what it was made from.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use migrate_core::Environment;
use migrate_core::discover::Source;
use migrate_core::plan::{Migration, Plan};
use serde::{Deserialize, Serialize};

use super::dependency::{Dependency, file_content};
use super::hash::{ContentHash, in_parallel};
use super::layout::Layout;
use super::{BuildEvent, ProjectError};

/// The plans of all migrations, each with what it depends on. Written anew as a whole and put in
/// place by a rename, so that a reader finds the old one or the new one.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    /// The version of the command line; another one does not trust what this one wrote.
    version: String,
    /// None before the first build.
    head: Option<Head>,
    watched: Vec<Watched>,
    /// What builds depended on, as indices into `watched`. Most migrations share one.
    sets: Vec<Vec<usize>>,
    /// By name.
    entries: Vec<Entry>,
}

/// What plans have besides migrations.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    pub(super) generator: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Watched {
    dependency: Dependency,
    content: Option<ContentHash>,
}

/// A migration as it was compiled.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its files.
    pub(super) source: ContentHash,
    /// Other migrations that it speaks of, and so may depend on.
    pub(super) uses: Vec<(String, ContentHash)>,
    /// Files that it read when its plan was made, relative to the crate.
    pub(super) files: Vec<(String, Option<ContentHash>)>,
    /// Tells its plan from others.
    pub(super) digest: ContentHash,
    pub(super) plan: Migration,
    /// The index of what its build depended on.
    set: usize,
}

impl Entry {
    /// An entry for what was just built; the rest of it is filled in by [`State::renewed`].
    pub(super) fn new(
        plan: Migration,
        source: ContentHash,
        uses: Vec<(String, ContentHash)>,
        files: Vec<(String, Option<ContentHash>)>,
    ) -> Self {
        let json = serde_json::to_vec(&plan).unwrap_or_default();
        Self { source, uses, files, digest: ContentHash::of(&json), plan, set: 0 }
    }
}

/// The migrations as they are on disk.
pub(super) struct Now {
    pub(super) sources: Vec<Source>,
    /// By name.
    pub(super) contents: HashMap<String, ContentHash>,
}

impl Now {
    pub(super) fn read(folder: &Path, sources: Vec<Source>) -> Self {
        let folder = folder.join("src");
        let hashes = in_parallel(&sources, |source| Self::content(&folder, source));
        let names = sources.iter().map(|source| source.name.clone());
        Self { contents: names.zip(hashes).collect(), sources }
    }

    /// The hash of a migration's files, from the folder `src`.
    pub(super) fn content(folder: &Path, source: &Source) -> ContentHash {
        let files = source.file.all().map(|file| folder.join(file));
        ContentHash::of_files(files).unwrap_or(ContentHash::UNKNOWN)
    }
}

/// What of a state still holds.
pub(super) struct Standing {
    /// By the index of the entry.
    fresh: Vec<bool>,
    /// The migrations that must be compiled.
    pub(super) stale: BTreeSet<String>,
    /// Dependencies that are not what they were.
    pub(super) changed: Vec<Dependency>,
    /// Whether the plan can be had without a build.
    pub(super) is_current: bool,
}

impl State {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

    /// The state in a file. A file that is there and cannot be used is said so: then nothing is
    /// known about what cargo has built, either.
    pub(super) fn load(file: &Path) -> (Self, bool) {
        let Ok(text) = fs::read(file) else {
            return (Self::default(), true);
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(state) if state.version == Self::VERSION && state.is_sound() => (state, true),
            _ => (Self::default(), false),
        }
    }

    fn is_sound(&self) -> bool {
        let names = self.entries.iter().map(|entry| &entry.plan.name);
        names.is_sorted()
            && self.entries.iter().all(|entry| entry.set < self.sets.len())
            && self.sets.iter().flatten().all(|index| *index < self.watched.len())
    }

    pub(super) fn dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.watched.iter().map(|watched| &watched.dependency)
    }

    /// Compares what is known with what is there.
    pub(super) fn standing(&self, now: &Now, folder: &Path, environment: &Environment) -> Standing {
        let is_same = |known: Option<ContentHash>, there: Option<ContentHash>| {
            known == there && known != Some(ContentHash::UNKNOWN)
        };
        let same = in_parallel(&self.watched, |watched| {
            is_same(watched.content, watched.dependency.content(environment))
        });
        let holds: Vec<_> =
            self.sets.iter().map(|set| set.iter().all(|index| same[*index])).collect();
        let is =
            |name: &str, known: ContentHash| is_same(Some(known), now.contents.get(name).copied());
        let fresh: Vec<_> = self
            .entries
            .iter()
            .map(|entry| {
                // A migration that is not there now may be again, on another branch.
                let is_there = now.contents.contains_key(&entry.plan.name);
                holds[entry.set]
                    && (!is_there || is(&entry.plan.name, entry.source))
                    && (!is_there || entry.uses.iter().all(|(name, known)| is(name, *known)))
                    && entry
                        .files
                        .iter()
                        .all(|(file, known)| is_same(*known, file_content(&folder.join(file))))
            })
            .collect();
        let known: HashSet<_> = self
            .entries
            .iter()
            .zip(&fresh)
            .filter(|(_, fresh)| **fresh)
            .map(|(entry, _)| entry.plan.name.as_str())
            .collect();
        let names = now.sources.iter().map(|source| &source.name);
        let stale: BTreeSet<_> =
            names.filter(|name| !known.contains(name.as_str())).cloned().collect();
        let changed = self.watched.iter().zip(same).filter(|(_, same)| !same);
        Standing {
            is_current: stale.is_empty() && self.head.is_some(),
            changed: changed.map(|(watched, _)| watched.dependency.clone()).collect(),
            fresh,
            stale,
        }
    }

    /// The plan of the migrations that are there, all of which must be known.
    pub(super) fn into_plan(self, now: &Now) -> Option<Plan> {
        let head = self.head?;
        // Both are in the order of their names, which begin with their timestamps.
        let mut entries = self.entries.into_iter();
        let in_order =
            now.sources.iter().map(|source| entries.find(|entry| entry.plan.name == source.name));
        let in_order: Vec<_> = in_order.collect::<Option<_>>()?;
        let digests = in_order.iter().map(|entry| entry.digest.bytes());
        Some(Plan {
            format: head.format,
            generator: head.generator,
            hash: ContentHash::of_all(digests).to_string(),
            migrations: in_order.into_iter().map(|entry| entry.plan).collect(),
        })
    }

    /// The state after a build: what still holds, and what was built.
    pub(super) fn renewed(
        self,
        standing: &Standing,
        head: Head,
        built: Vec<Entry>,
        dependencies: Vec<(Dependency, Option<ContentHash>)>,
    ) -> Self {
        let mut new =
            Self { version: Self::VERSION.to_owned(), head: Some(head), ..Self::default() };
        let names: BTreeSet<_> = built.iter().map(|entry| entry.plan.name.clone()).collect();
        let mut indices = HashMap::new();
        let mut sets = HashMap::new();
        for (mut entry, fresh) in self.entries.into_iter().zip(&standing.fresh) {
            if *fresh && !names.contains(&entry.plan.name) {
                let set = self.sets[entry.set].iter().map(|index| &self.watched[*index]);
                let set = set.cloned().collect();
                entry.set = *sets.entry(entry.set).or_insert_with(|| new.intern(&mut indices, set));
                new.entries.push(entry);
            }
        }
        let watched =
            dependencies.into_iter().map(|(dependency, content)| Watched { dependency, content });
        let set = new.intern(&mut indices, watched.collect());
        new.entries.extend(built.into_iter().map(|entry| Entry { set, ..entry }));
        new.entries.sort_by(|a, b| a.plan.name.cmp(&b.plan.name));
        new
    }

    /// The index of a set; one that is there already serves.
    fn intern(&mut self, indices: &mut HashMap<Dependency, usize>, set: Vec<Watched>) -> usize {
        let mut members: Vec<_> = set
            .into_iter()
            .map(|watched| {
                *indices.entry(watched.dependency.clone()).or_insert_with(|| {
                    self.watched.push(watched);
                    self.watched.len() - 1
                })
            })
            .collect();
        members.sort_unstable();
        let there = self.sets.iter().position(|set| *set == members);
        there.unwrap_or_else(|| {
            self.sets.push(members);
            self.sets.len() - 1
        })
    }

    pub(super) fn save(&self, file: &Path) -> Result<(), ProjectError> {
        let side = file.with_extension("new");
        let text = serde_json::to_vec(self).map_err(|error| ProjectError::Io {
            action: "write",
            path: file.to_owned(),
            source: error.into(),
        })?;
        fs::write(&side, text).map_err(ProjectError::io("write", &side))?;
        fs::rename(&side, file).map_err(ProjectError::io("write", file))
    }
}

/// The right to build in a target folder, as long as it lives.
pub(super) struct BuildLock(#[expect(dead_code, reason = "unlocks when dropped")] File);

impl BuildLock {
    /// Waits for other processes that build here, and says whether it had to.
    pub(super) fn take(
        layout: &Layout,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<(Self, bool), ProjectError> {
        let plans = layout.target.join("plans");
        fs::create_dir_all(&plans).map_err(ProjectError::io("create", &plans))?;
        let path = layout.target.join("plans.lock");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(ProjectError::io("open", &path))?;
        let waited = match file.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => {
                let what = "another `migrate`, which compiles migrations here".to_owned();
                on_event(BuildEvent::Waiting { what });
                file.lock().map_err(ProjectError::io("lock", &path))?;
                true
            }
            Err(TryLockError::Error(error)) => return Err(ProjectError::io("lock", &path)(error)),
        };
        Ok((Self(file), waited))
    }
}

/// When a file was last changed, as it says itself.
pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// The folder of a path, for messages and for lists.
pub(super) fn files_of(folder: &Path, source: &Source) -> impl Iterator<Item = PathBuf> {
    source.file.all().map(|file| folder.join("src").join(file))
}
