//! Statements that stand or fall together with what is recorded of them.

use super::error::{Failure, Origin};
use crate::Session;

/// Runs the statements and the closing ones in one transaction, and in one message; `opening`
/// comes first and must not fail.
///
/// The server does not say which statement of a message failed. Then the whole is rolled back
/// and run again one statement at a time, to name the culprit; what failed for a passing reason
/// may succeed on that second run, and that is as good. Only the server's own word counts as a
/// failure: where the driver loses the thread, the transaction may have been committed.
pub(super) fn run(
    session: &mut Session,
    opening: &[String],
    statements: &[Origin<'_>],
    closing: &[String],
) -> Result<(), Failure> {
    let texts = ["BEGIN"]
        .into_iter()
        .chain(opening.iter().map(String::as_str))
        .chain(statements.iter().map(|origin| origin.statement.sql.as_str()))
        .chain(closing.iter().map(String::as_str))
        .chain(["COMMIT"]);
    // The semicolon stands on a line of its own: a statement may end in a `--` comment.
    let message = texts.collect::<Vec<_>>().join("\n;\n");
    let Err(error) = session.client().batch_execute(&message) else { return Ok(()) };
    // What was said on the way will be said again, or was never done.
    drop(session.take_notices());
    if error.as_db_error().is_none() || session.client().batch_execute("ROLLBACK").is_err() {
        return Err(Failure::Connection(error));
    }
    one_by_one(session, opening, statements, closing).inspect_err(|failure| {
        // A COMMIT that failed has ended the transaction.
        if !matches!(failure, Failure::Commit(_)) {
            _ = session.client().batch_execute("ROLLBACK");
        }
    })
}

fn one_by_one(
    session: &mut Session,
    opening: &[String],
    statements: &[Origin<'_>],
    closing: &[String],
) -> Result<(), Failure> {
    let client = session.client();
    client.batch_execute("BEGIN").map_err(Failure::Connection)?;
    for sql in opening {
        client.batch_execute(sql).map_err(Failure::LockLost)?;
    }
    for origin in statements {
        client
            .batch_execute(&origin.statement.sql)
            .map_err(|error| Failure::statement(*origin, error))?;
    }
    for sql in closing {
        client.batch_execute(sql).map_err(Failure::Record)?;
    }
    client.batch_execute("COMMIT").map_err(Failure::Commit)
}
