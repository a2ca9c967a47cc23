//! Statements that stand or fall together with what is recorded of them.

use std::borrow::Cow;

use super::capture::Watch;
use super::error::{Failure, Origin, Said};
use super::send::{Variables, is_alone, send, text};
use crate::Session;
use crate::way_back::Captured;

/// The statements of one transaction.
pub(super) struct Transaction<'a> {
    /// What comes first and must not fail.
    pub(super) opening: &'a [String],
    pub(super) statements: &'a [Origin<'a>],
    pub(super) variables: &'a Variables,
    /// What is recorded at the end, given what is known of the way back then.
    pub(super) closing: &'a dyn Fn(&Captured) -> Vec<String>,
}

impl Transaction<'_> {
    /// Runs the statements and the closing ones in one transaction, and in one message if nothing
    /// has to be read between them.
    ///
    /// The server does not say which statement of a message failed. Then the whole is rolled back
    /// and run again one statement at a time, to name the culprit; what failed for a passing reason
    /// may succeed on that second run, and that is as good. Only the server's own word counts as a
    /// failure: where the driver loses the thread, the transaction may have been committed.
    pub(super) fn run(&self, session: &mut Session, watch: &mut Watch) -> Result<(), Failure> {
        let alone =
            |origin: &Origin<'_>| watch.asked(origin).is_some() || is_alone(origin.statement);
        if self.statements.iter().any(alone) {
            return self.one_by_one_or_not_at_all(session, watch);
        }
        let closing = (self.closing)(&watch.captured);
        let statements = self.statements.iter();
        let texts = [Cow::Borrowed("BEGIN")]
            .into_iter()
            .chain(self.opening.iter().map(Cow::from))
            .chain(statements.map(|origin| text(origin.statement, self.variables)))
            .chain(closing.iter().map(Cow::from))
            .chain([Cow::Borrowed("COMMIT")]);
        // The semicolon stands on a line of its own: a statement may end in a `--` comment.
        let message = texts.collect::<Vec<_>>().join("\n;\n");
        let Err(error) = session.client().batch_execute(&message) else { return Ok(()) };
        // What was said on the way will be said again, or was never done.
        drop(session.take_notices());
        if error.as_db_error().is_none() || session.client().batch_execute("ROLLBACK").is_err() {
            return Err(Failure::Connection(self.said(error)));
        }
        self.one_by_one_or_not_at_all(session, watch)
    }

    fn one_by_one_or_not_at_all(
        &self,
        session: &mut Session,
        watch: &mut Watch,
    ) -> Result<(), Failure> {
        self.one_by_one(session, watch).inspect_err(|failure| {
            // A COMMIT that failed has ended the transaction.
            if !matches!(failure, Failure::Commit(_)) {
                _ = session.client().batch_execute("ROLLBACK");
            }
        })
    }

    fn one_by_one(&self, session: &mut Session, watch: &mut Watch) -> Result<(), Failure> {
        session.client().batch_execute("BEGIN").map_err(Failure::connection)?;
        for sql in self.opening {
            session.client().batch_execute(sql).map_err(Failure::lock_lost)?;
        }
        for origin in self.statements {
            watch.before(session, *origin)?;
            send(session.client(), *origin, self.variables)?;
            watch.after(session, *origin)?;
        }
        for sql in (self.closing)(&watch.captured) {
            session.client().batch_execute(&sql).map_err(Failure::record)?;
        }
        session.client().batch_execute("COMMIT").map_err(|error| Failure::Commit(self.said(error)))
    }

    /// What was said of all of them.
    fn said(&self, error: postgres::Error) -> Said {
        Said::of(error, self.statements.iter().map(|origin| origin.statement))
    }
}
