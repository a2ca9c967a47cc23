//! The current plan of a project, which is read on demand.

use std::fs;

use migrate_core::plan::{Fingerprint, Plan};

use super::layout::Layout;
use super::state::{CurrentFiles, State};
use super::{BuildEvent, Project, ProjectError};

/// The plan of all migrations: known to be up to date, and not read yet.
pub struct CurrentPlan {
    project: Project,
    state: State,
    now: CurrentFiles,
    fingerprint: Fingerprint,
}

impl CurrentPlan {
    /// Nothing where a migration is not in the state.
    pub(super) fn new(project: &Project, state: State, now: CurrentFiles) -> Option<Self> {
        let fingerprint = state.fingerprint(&now)?;
        Some(Self { project: project.clone(), state, now, fingerprint })
    }

    /// Returns the fingerprint that shows whether all of it is applied.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Reads the plan. If its stored part cannot be read, the migrations are compiled once more.
    ///
    /// # Errors
    ///
    /// As [`Project::plan`].
    pub fn read(mut self, on_event: &mut dyn FnMut(BuildEvent)) -> Result<Plan, ProjectError> {
        if let Some(plan) = self.state.plan(&self.now) {
            return Ok(plan);
        }
        let layout = Layout::read(&self.project.folder, &self.project.environment)?;
        let state_file = layout.state_file();
        fs::remove_file(&state_file).map_err(ProjectError::io("remove", &state_file))?;
        let mut again = self.project.plan(on_event)?;
        again.state.plan(&again.now).ok_or(ProjectError::Unsettled)
    }
}
