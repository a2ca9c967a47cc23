//! The Rust functions of a project's migrations: compiled when the first of them is needed.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use migrate_core::Environment;
use migrate_core::functions::{Connection, FunctionError, Functions, Printed, Program};
use migrate_core::plan::{Function, Migration};

use crate::printer::Printer;
use crate::progress::BuildProgress;
use crate::project::Project;

/// The functions of a project's migrations.
#[derive(Clone)]
pub struct Origin {
    /// The directory of the migrations crate.
    pub folder: PathBuf,
    /// What a function sees of the outside.
    pub environment: Environment,
    /// Tells of the build.
    pub printer: Printer,
}

/// The same, for the migrations of a plan.
pub struct Compiled {
    origin: Origin,
    planned: Vec<Migration>,
    printed: Printed,
    program: Mutex<Option<Program>>,
}

impl Origin {
    /// The functions of these migrations; what they print is given to `printed`.
    pub fn functions(&self, planned: &[Migration], printed: Printed) -> Compiled {
        let with_functions = planned.iter().filter(|it| it.functions().next().is_some());
        Compiled {
            origin: self.clone(),
            planned: with_functions.cloned().collect(),
            printed,
            program: Mutex::new(None),
        }
    }
}

impl Compiled {
    fn program(&self) -> Result<Program, Box<dyn Error + Send + Sync>> {
        let mut built = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = &*built {
            return Ok(program.clone());
        }
        let Origin { folder, environment, printer } = &self.origin;
        let mut progress = BuildProgress::new(*printer);
        let project = Project::new(folder, environment);
        let path = project.functions(&self.planned, &mut |event| progress.show(event))?;
        let program =
            Program::new(path, folder.clone(), environment.vars.clone(), self.printed.clone());
        *built = Some(program.clone());
        Ok(program)
    }
}

impl Functions for Compiled {
    fn prepare(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.program().map(|_| ())
    }

    fn run(
        &self,
        function: &Function,
        connection: &mut dyn Connection,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), FunctionError> {
        let program = self.program().map_err(|error| FunctionError::new(error.to_string()))?;
        program.run(function, connection, is_over)
    }
}
