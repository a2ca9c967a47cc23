//! Running the function of a step, by its name.

use std::any::Any;
use std::error::Error;
use std::fmt;

use crate::direction::Direction;
use crate::migration::Definition;
use crate::operations::raw::Rust;
use crate::panic::caught;
use crate::{Connection, Database, DatabaseError, Migrations, Pgm, Place};

/// Names a function of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Function {
    /// The migration.
    pub migration: String,
    /// Whether its `up` or its `down` records the step.
    pub within: Direction,
    /// The name of the step.
    pub name: String,
    /// Whether it is what the step does, or what reverts it.
    pub way: Direction,
}

/// Why a function did not come to a good end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong, with all causes.
    pub message: String,
    /// Whether it panicked.
    pub panicked: bool,
    /// Where it panicked, where that is known.
    pub place: Option<Place>,
    /// The statement that it failed with, if it was one.
    pub query: Option<Box<DatabaseError>>,
}

impl FunctionError {
    /// An error with these words.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// What the function's own error says.
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their cause in their own text.
            if !message.ends_with(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self { query: DatabaseError::cause_of(error).cloned().map(Box::new), ..Self::new(message) }
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let panicked = if self.panicked { "panicked: " } else { "" };
        write!(f, "{panicked}{}", self.message)
    }
}

impl Error for FunctionError {}

impl Migrations {
    /// Runs a function of these migrations; what it asks of the database goes through `connection`.
    ///
    /// # Errors
    ///
    /// When there is no such function, and when it fails or panics.
    pub fn run(
        &self,
        function: &Function,
        connection: &mut dyn Connection,
    ) -> Result<(), FunctionError> {
        let Function { migration, name, way, .. } = function;
        let missing = || {
            let back = if *way == Direction::Down { "`.down(..)` of the " } else { "" };
            FunctionError::new(format!("`{migration}` has no {back}function `{name}` any more"))
        };
        let step = self.step(function)?.ok_or_else(missing)?;
        let work = step.function(*way).ok_or_else(missing)?;
        let mut database = Database::new(connection, self.root);
        match caught(|| work(&mut database)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(FunctionError::of(error.as_ref())),
            Err((message, place)) => {
                Err(FunctionError { panicked: true, place, ..FunctionError::new(message) })
            }
        }
    }

    /// The step that has the function. It is recorded once more: a closure cannot be kept anywhere
    /// else than in the program.
    fn step(&self, function: &Function) -> Result<Option<Box<Rust>>, FunctionError> {
        let found = self.list.iter().find(|migration| migration.name == function.migration);
        let Some(Definition::Rust { up, down, .. }) = found.map(|it| &it.definition) else {
            return Ok(None);
        };
        let record = if function.within == Direction::Up { up } else { down };
        let mut pgm = Pgm::new(self.root);
        caught(|| record(&mut pgm)).map_err(|(message, place)| FunctionError {
            panicked: true,
            place,
            ..FunctionError::new(message)
        })?;
        let steps = pgm.into_parts().0.into_iter();
        let mut functions = steps.filter_map(|step| {
            let operation: Box<dyn Any> = step.operation;
            operation.downcast::<Rust>().ok()
        });
        Ok(functions.find(|step| step.name() == function.name))
    }
}
