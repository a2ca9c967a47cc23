//! What is known from earlier builds: the plan of each migration, and what it was made from.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use migrate_core::Environment;
use migrate_core::discover::Source;
use migrate_core::plan::{Checksum as _, Fingerprint, Migration, Plan};
use serde::{Deserialize, Serialize};

use super::dependency::{Dependency, file_content};
use super::hash::{ContentHash, Folder, in_parallel};
use super::layout::Layout;
use super::state_file::{self, Plans};
use super::{BuildEvent, ProjectError};

/// The plans of all migrations, each with its dependencies. Rewritten as a whole and put in
/// place by a rename, so that a reader finds the old one or the new one.
///
/// The plans themselves are read on demand: with nothing to do, their checksums are enough.
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
    #[serde(skip)]
    plans: Plans,
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

/// A compiled migration.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    name: String,
    /// Its files.
    pub(super) source: ContentHash,
    /// Other migrations that it speaks of, and so may depend on.
    pub(super) uses: Vec<(String, ContentHash)>,
    /// Files that it read when its plan was made, relative to the crate.
    pub(super) files: Vec<(String, Option<ContentHash>)>,
    /// Tells its plan from others.
    digest: ContentHash,
    /// That of its plan.
    checksum: String,
    /// Where its plan is, among all of them.
    place: Range<usize>,
    /// Its plan, until it has its place.
    #[serde(skip)]
    built: Option<Vec<u8>>,
    /// The index of what its build depended on.
    set: usize,
}

impl Entry {
    /// An entry for what was just built; the rest of it is filled in by [`State::renewed`].
    pub(super) fn new(
        plan: &Migration,
        source: ContentHash,
        uses: Vec<(String, ContentHash)>,
        files: Vec<(String, Option<ContentHash>)>,
    ) -> Self {
        let json = serde_json::to_vec(plan).unwrap_or_default();
        Self {
            name: plan.name.clone(),
            source,
            uses,
            files,
            digest: ContentHash::of(&json),
            checksum: plan.checksum(),
            place: 0..0,
            built: Some(json),
            set: 0,
        }
    }
}

/// The migrations as they are on disk.
pub(super) struct CurrentFiles {
    /// In the order of their names, which begin with their timestamps.
    pub(super) sources: Vec<Source>,
    /// That of each of them.
    contents: Vec<ContentHash>,
}

impl CurrentFiles {
    pub(super) fn read(folder: &Path, sources: Vec<Source>) -> Self {
        let folder = Folder::open(&folder.join("src")).ok();
        let contents = in_parallel(&sources, |source| Self::content_in(folder.as_ref(), source));
        Self { contents, sources }
    }

    /// The content of the migration of this name, if there is one.
    pub(super) fn content(&self, name: &str) -> Option<ContentHash> {
        let place = self.sources.binary_search_by(|source| source.name.as_str().cmp(name));
        place.ok().map(|place| self.contents[place])
    }

    /// Whether a migration is still unchanged.
    pub(super) fn is_still(&self, folder: &Path, source: &Source) -> bool {
        let there = Self::content_in(Folder::open(&folder.join("src")).ok().as_ref(), source);
        there != ContentHash::UNKNOWN && self.content(&source.name) == Some(there)
    }

    /// The hash of a migration's files, from the folder `src`.
    fn content_in(folder: Option<&Folder>, source: &Source) -> ContentHash {
        let content = folder
            .and_then(|it| ContentHash::of_files(source.file.all().map(|file| it.file(file))).ok());
        content.unwrap_or(ContentHash::UNKNOWN)
    }
}

/// What of a state still holds.
pub(super) struct Freshness {
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
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/2");

    /// The state in a file. A file that is there and cannot be used is said so: then nothing is
    /// known about what cargo has built, either.
    pub(super) fn load(path: &Path) -> (Self, bool) {
        let Ok(file) = File::open(path) else {
            return (Self::default(), true);
        };
        match state_file::read::<Self>(file) {
            Ok((state, plans)) if state.version == Self::VERSION && state.is_sound() => {
                (Self { plans, ..state }, true)
            }
            _ => (Self::default(), false),
        }
    }

    fn is_sound(&self) -> bool {
        let names = self.entries.iter().map(|entry| &entry.name);
        names.is_sorted()
            && self.entries.iter().all(|entry| entry.set < self.sets.len())
            && self.sets.iter().flatten().all(|index| *index < self.watched.len())
    }

    pub(super) fn dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.watched.iter().map(|watched| &watched.dependency)
    }

    /// Compares the stored state with the existing files.
    pub(super) fn standing(
        &self,
        now: &CurrentFiles,
        folder: &Path,
        environment: &Environment,
    ) -> Freshness {
        let is_same = |known: Option<ContentHash>, there: Option<ContentHash>| {
            known == there && known != Some(ContentHash::UNKNOWN)
        };
        let same = in_parallel(&self.watched, |watched| {
            is_same(watched.content, watched.dependency.content(environment))
        });
        let holds: Vec<_> =
            self.sets.iter().map(|set| set.iter().all(|index| same[*index])).collect();
        let is = |name: &str, known: ContentHash| is_same(Some(known), now.content(name));
        let fresh: Vec<_> = self
            .entries
            .iter()
            .map(|entry| {
                // A migration that is not there now may be again, on another branch.
                let there = now.content(&entry.name);
                let is_unused = there.is_none();
                holds[entry.set]
                    && (is_unused || is_same(Some(entry.source), there))
                    && (is_unused || entry.uses.iter().all(|(name, known)| is(name, *known)))
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
            .map(|(entry, _)| entry.name.as_str())
            .collect();
        let names = now.sources.iter().map(|source| &source.name);
        let stale: BTreeSet<_> =
            names.filter(|name| !known.contains(name.as_str())).cloned().collect();
        let changed = self.watched.iter().zip(same).filter(|(_, same)| !same);
        Freshness {
            is_current: stale.is_empty() && self.head.is_some(),
            changed: changed.map(|(watched, _)| watched.dependency.clone()).collect(),
            fresh,
            stale,
        }
    }

    /// The entries of the migrations that are there, in the order of applying; nothing where one is not
    /// known.
    fn entries_of(&self, now: &CurrentFiles) -> Option<Vec<&Entry>> {
        // Both are in the order of their names, which begin with their timestamps.
        let mut entries = self.entries.iter();
        now.sources.iter().map(|source| entries.find(|entry| entry.name == source.name)).collect()
    }

    /// That of the migrations that are there.
    pub(super) fn fingerprint(&self, now: &CurrentFiles) -> Option<Fingerprint> {
        let entries = self.entries_of(now)?;
        Some(Fingerprint::of(
            entries.iter().map(|entry| (entry.name.as_str(), entry.checksum.as_str())),
        ))
    }

    /// The plan of the migrations that are there; nothing where one is not known, or cannot be read.
    pub(super) fn plan(&mut self, now: &CurrentFiles) -> Option<Plan> {
        let texts = self.plans.read().ok()?;
        let head = self.head.clone()?;
        let entries = self.entries_of(now)?;
        let migrations = in_parallel(&entries, |entry| {
            let text = entry.built.as_deref().or_else(|| texts.get(&entry.place))?;
            let is_whole = ContentHash::of(text) == entry.digest;
            is_whole.then(|| serde_json::from_slice(text).ok())?
        });
        let digests = entries.iter().map(|entry| entry.digest.bytes());
        Some(Plan {
            format: head.format,
            generator: head.generator,
            hash: ContentHash::of_all(digests).to_string(),
            migrations: migrations.into_iter().collect::<Option<_>>()?,
        })
    }

    /// The state after a build: what still holds, and what was built.
    pub(super) fn renewed(
        self,
        standing: &Freshness,
        head: Head,
        built: Vec<Entry>,
        dependencies: Vec<(Dependency, Option<ContentHash>)>,
    ) -> Self {
        let mut new =
            Self { version: Self::VERSION.to_owned(), head: Some(head), ..Self::default() };
        new.plans = self.plans;
        let names: BTreeSet<_> = built.iter().map(|entry| entry.name.clone()).collect();
        let mut indices = HashMap::new();
        let mut sets = HashMap::new();
        for (mut entry, fresh) in self.entries.into_iter().zip(&standing.fresh) {
            if *fresh && !names.contains(&entry.name) {
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
        new.entries.sort_by(|a, b| a.name.cmp(&b.name));
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

    /// Puts it in the place of the one that it was made from.
    pub(super) fn save(mut self, file: &Path) -> Result<(), ProjectError> {
        self.write(file).map_err(ProjectError::io("write", file))
    }

    fn write(&mut self, file: &Path) -> io::Result<()> {
        let known = self.plans.read()?;
        let text = |entry: &Entry| match &entry.built {
            Some(text) => Some(text.clone()),
            None => known.get(&entry.place).map(<[u8]>::to_vec),
        };
        // A missing plan is no loss: its migration is compiled again.
        let texts: Vec<_> = self.entries.iter().map(text).collect();
        let mut start = 0;
        for (entry, text) in self.entries.iter_mut().zip(&texts) {
            let length = text.as_ref().map_or(0, Vec::len);
            entry.place = start..start + length;
            start += length;
        }
        state_file::write(file, self, texts.iter().flatten().map(Vec::as_slice))
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
