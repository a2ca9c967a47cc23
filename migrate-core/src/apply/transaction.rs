//! Statements that stand or fall together with what is recorded of them.

use postgres::Client;

use super::error::{Failure, Origin};
use crate::lock::RunnerLock;

/// Runs the statements and the closing ones in one transaction, and in one message.
///
/// The server does not say which statement of a message failed. Then the whole is rolled back
/// and run again one statement at a time, to name the culprit; what failed for a passing reason
/// may succeed on that second run, and that is as good.
pub(super) fn run(
    client: &mut Client,
    lock: &RunnerLock,
    statements: &[Origin<'_>],
    closing: &[String],
) -> Result<(), Failure> {
    let assertion = lock.assertion();
    let texts = ["BEGIN", &assertion]
        .into_iter()
        .chain(statements.iter().map(|origin| origin.statement.sql.as_str()))
        .chain(closing.iter().map(String::as_str))
        .chain(["COMMIT"]);
    // The semicolon stands on a line of its own: a statement may end in a `--` comment.
    let message = texts.collect::<Vec<_>>().join("\n;\n");
    let Err(error) = client.batch_execute(&message) else {
        return Ok(());
    };
    if client.is_closed() {
        return Err(Failure::Connection(error));
    }
    rolled_back(client)?;
    let result = one_by_one(client, &assertion, statements, closing);
    if result.is_err() && !client.is_closed() {
        rolled_back(client)?;
    }
    result
}

fn one_by_one(
    client: &mut Client,
    assertion: &str,
    statements: &[Origin<'_>],
    closing: &[String],
) -> Result<(), Failure> {
    client.batch_execute("BEGIN").map_err(Failure::Connection)?;
    client.batch_execute(assertion).map_err(Failure::LockLost)?;
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

fn rolled_back(client: &mut Client) -> Result<(), Failure> {
    client.batch_execute("ROLLBACK").map_err(Failure::Connection)
}
