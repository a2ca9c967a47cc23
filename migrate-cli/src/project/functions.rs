//! The program that has the Rust functions of migrations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use migrate_core::plan::Migration;

use super::build::{Built, Request};
use super::hash::ContentHash;
use super::layout::Layout;
use super::mentions::Mentions;
use super::state::{BuildLock, files_of};
use super::{BuildEvent, Project, ProjectError, number_used_once};

impl Project {
    /// Returns the program that has the functions of these migrations. It is retained until one of its
    /// inputs changes.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan); when the migrations are no longer as they were planned.
    pub fn functions(
        &self,
        planned: &[Migration],
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<PathBuf, ProjectError> {
        let started = Instant::now();
        let layout = Layout::read(&self.folder, &self.environment)?;
        let (_lock, _) = BuildLock::take(&layout, on_event)?;
        let mut view = self.look(&layout)?;
        let sources = view.now.sources.clone();
        let state_file = layout.state_file();
        let state = fs::read(&state_file).map_err(ProjectError::io("read", &state_file))?;
        // The functions must be those of the plan that a person has seen.
        let is_current = view.standing.is_current;
        // Not compiled once more where it cannot be read: that would wait for the lock that is held here.
        let plan = is_current.then(|| view.state.plan(&view.now)).flatten();
        if !plan.is_some_and(|plan| has(&plan.migrations, planned)) {
            return Err(ProjectError::Unsettled);
        }
        // What the state was made from is in it, the sources of the functions too.
        let path = state_file.with_extension(format!("functions-{}", ContentHash::of(&state)));
        if path.is_file() {
            return Ok(path);
        }
        let names: BTreeSet<_> = planned.iter().map(|migration| migration.name.clone()).collect();
        let mentions = Mentions::read(&layout.folder, &sources, &names);
        let wanted: Vec<_> = sources.iter().filter(|it| mentions.contains(&it.name)).collect();
        on_event(BuildEvent::Started { changed: wanted.len(), all: sources.len() });
        let request = Request {
            layout: &layout,
            environment: &self.environment,
            names: &wanted.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(),
            files: &wanted
                .iter()
                .flat_map(|source| files_of(&layout.folder, source))
                .collect::<Vec<_>>(),
            number: &number_used_once(),
        };
        let Built { plan, program, .. } = request.run(on_event)?;
        if !has(&plan.migrations, planned) {
            return Err(ProjectError::Unsettled);
        }
        forget_older(&path);
        fs::hard_link(&program, &path)
            .or_else(|_| fs::copy(&program, &path).map(|_| ()))
            .map_err(ProjectError::io("write", &path))?;
        on_event(BuildEvent::Finished { elapsed: started.elapsed() });
        Ok(path)
    }
}

/// Whether they are all there, and the same.
fn has(migrations: &[Migration], wanted: &[Migration]) -> bool {
    wanted.iter().all(|migration| migrations.contains(migration))
}

/// Removes the programs that this one takes the place of; one that runs is not harmed by that.
fn forget_older(path: &Path) {
    let crate_hash = path.file_stem().unwrap_or_default();
    for entry in path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten() {
        let Ok(entry) = entry else { continue };
        let older = entry.path();
        let extension = older.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if older.file_stem() == Some(crate_hash) && extension.starts_with("functions-") {
            _ = fs::remove_file(older);
        }
    }
}
