//! How an operation is reverted.

use crate::split::lost_content;
use crate::{Object, Statement};

/// The inverse of an operation: statements, what to read from the catalog, or the reason why there
/// is none; never a silent nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inverse {
    /// Follows from the operation itself: create and drop, rename there and back.
    Derived(Vec<Statement>),
    /// Given by the migration's author with `.down(..)`.
    Declared(Vec<Statement>),
    /// Known only when the step runs: the engine reads these objects from the catalog just before
    /// and just after it, and what takes the one state to the other is stored with the history.
    Captured(Capture),
    /// There is none, and this is why.
    None(String),
}

/// What the engine reads before and after a step, to know how it is reverted.
///
/// Everything that belongs to an object is read with it, and so is what depends on it: constraints,
/// indexes, triggers, policies, privileges, comments, views. What is gone after the step is made
/// again, what is new is dropped, and what has changed is changed back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The objects; one that is not there is none before, and dropped when it is reverted if the step
    /// made it.
    pub objects: Vec<Object>,
    /// Whether one that is there neither before nor after is a mistake: where only the author of
    /// the SQL knows what it is about.
    pub must_exist: bool,
    /// What is not restored, as a sentence: "its rows are not restored".
    pub lost: Option<String>,
    /// How many of the step's statements lie between the two readings; all without it.
    pub through: Option<usize>,
    /// What reverts the statements after those; it runs first when it is reverted.
    pub first: Vec<Statement>,
    /// What the step can change of the objects; anything without it.
    pub only: Option<Only>,
}

/// What alone a step changes of the objects that it names: nothing else is read of them, nor what
/// belongs to them or depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Only {
    /// Who owns them, and the privileges that go with that.
    Owner,
    /// The privileges on them, and on their columns.
    Privileges,
    /// The comment on them.
    Comment,
    /// Whether they are there, and what they are like themselves.
    Itself,
}

impl Inverse {
    /// A derived inverse with a single statement.
    #[must_use]
    pub fn by(statement: Statement) -> Self {
        Self::Derived(vec![statement])
    }

    /// The inverse is read from the catalog when the step runs: what these objects were like.
    pub fn capture(objects: impl IntoIterator<Item = Object>) -> Self {
        Self::Captured(Capture {
            objects: objects.into_iter().collect(),
            must_exist: false,
            lost: None,
            through: None,
            first: Vec::new(),
            only: None,
        })
    }

    /// As [`capture`](Self::capture), and what is not restored, as a sentence.
    pub fn capture_without(
        objects: impl IntoIterator<Item = Object>,
        lost: impl Into<String>,
    ) -> Self {
        Self::Captured(Capture {
            objects: objects.into_iter().collect(),
            must_exist: false,
            lost: Some(lost.into()),
            through: None,
            first: Vec::new(),
            only: None,
        })
    }

    /// As [`capture`](Self::capture), of objects that the author of the SQL names: each has to be
    /// there before the step, or after it.
    pub(crate) fn capture_named(objects: &[Object], statements: &[Statement]) -> Self {
        Self::Captured(Capture {
            objects: objects.to_vec(),
            must_exist: true,
            only: None,
            lost: lost_content(statements.iter().map(|statement| statement.sql.as_str())),
            through: None,
            first: Vec::new(),
        })
    }

    /// As [`capture`](Self::capture), of a step that changes nothing else of the objects.
    pub fn capture_only(only: Only, objects: impl IntoIterator<Item = Object>) -> Self {
        match Self::capture(objects) {
            Self::Captured(capture) => Self::Captured(Capture { only: Some(only), ..capture }),
            other => other,
        }
    }

    /// No inverse, for this reason: a clause that can follow "cannot be reverted: ".
    pub fn none(reason: impl Into<String>) -> Self {
        Self::None(reason.into())
    }

    /// The statements that are known without looking at the database.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        match self {
            Self::Derived(statements) | Self::Declared(statements) => statements,
            Self::Captured(capture) => &capture.first,
            Self::None(_) => &[],
        }
    }
}

impl Only {
    /// The word in the plan.
    /// Whether it is who may do what.
    #[must_use]
    pub fn is_of_rights(self) -> bool {
        matches!(self, Self::Owner | Self::Privileges)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Privileges => "privileges",
            Self::Comment => "comment",
            Self::Itself => "itself",
        }
    }
}

impl Capture {
    /// For a person: `table \`posts\``, and others after a comma.
    #[must_use]
    pub fn names(&self) -> String {
        self.objects.iter().map(Object::to_string).collect::<Vec<_>>().join(", ")
    }
}
