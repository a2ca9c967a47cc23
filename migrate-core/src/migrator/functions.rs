//! Rust functions, made sure of before anything is touched.

use super::Migrator;
use crate::error::Error;
use crate::event::Direction;
use crate::plan::{Function, Step};
use crate::reason::MissingFunction;

impl Migrator {
    /// Refuses steps whose Rust functions are not at hand.
    pub(super) fn has_functions_of<'a>(
        &self,
        steps: impl IntoIterator<Item = &'a Step>,
    ) -> Result<bool, Error> {
        let mut any = false;
        for function in functions(steps) {
            any = true;
            let planned = self.plan.migration(&function.migration);
            let why = match planned {
                None => MissingFunction::NoFile,
                Some(planned) if !planned.functions().any(|known| known == function) => {
                    MissingFunction::NotInFile
                }
                Some(_) if self.functions.0.is_none() => MissingFunction::PlanInFile,
                Some(_) => continue,
            };
            return Err(Error::FunctionMissing {
                name: function.migration.clone(),
                function: function.name.clone(),
                back: [function.way, function.within].contains(&Direction::Down),
                why,
            });
        }
        Ok(any)
    }

    /// The same, and makes ready to run them.
    pub(super) fn prepare_functions_of<'a>(
        &self,
        steps: impl IntoIterator<Item = &'a Step>,
    ) -> Result<(), Error> {
        match &self.functions.0 {
            _ if !self.has_functions_of(steps)? => Ok(()),
            Some(functions) => functions.prepare().map_err(Error::Functions),
            None => Ok(()),
        }
    }
}

fn functions<'a>(steps: impl IntoIterator<Item = &'a Step>) -> impl Iterator<Item = &'a Function> {
    let statements = steps.into_iter().flat_map(|step| &step.statements);
    statements.filter_map(|statement| statement.rust.as_ref())
}
