//! What is done about a statement of which nobody saw the end.

/// What the engine does when it was killed, or cut off, while a statement of a step ran outside a
/// transaction. In a transaction the question does not come up: all of it was done, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AfterCrash {
    /// It asks the catalog, where that can tell: whether an index is there and valid. Else it stops,
    /// and leaves the matter to a person.
    #[default]
    Ask,
    /// It runs the statement again: doing it twice is as good as once.
    Repeat,
    /// It asks this query, whose first column is true once the statement was done.
    DoneWhen(String),
}
