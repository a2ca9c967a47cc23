//! A transaction that is open from one message to the next.

use postgres::Client;
use postgres::types::Oid;

use super::Session;
use super::interrupt::{Interrupt, Interruption, Kind};
use super::search_path;
use super::session::Notices;

/// A transaction between its `BEGIN` and its end. As long as it exists, the session is reached only
/// through it: nothing else gets in between, and functions that require a transaction take it.
/// It is rolled back when it is dropped, by a `?` for example.
///
/// [`postgres::Transaction`] would not do:
///
/// - It sends `BEGIN` in a message of its own. Here whatever comes first, timeouts and the
///   `search_path`, travels in the same one, or `BEGIN` is part of a longer message that ends the
///   transaction as well, and leaves it open only [where it fails](Self::left_by).
/// - It borrows the `Client`. What ends a statement (a user, a time limit, the watchdog) is
///   [armed](Self::guarded) by the `Session`, around `COMMIT`, too, and the `Session` keeps the server's
///   notices.
/// - Its savepoints are values that nest. Here the server rolls back by name to one that was set in the
///   very message that has failed.
/// - It treats any `COMMIT` as the end, whatever its result. Here only the server's report counts.
///
/// Transactions that are one message as a whole are never open between two calls, and stay text.
pub(crate) struct OpenTransaction<'a> {
    session: &'a mut Session,
    /// Whether the server may have it open.
    is_open: bool,
}

impl<'a> OpenTransaction<'a> {
    /// Begins one, with the session's trusted `search_path`, and runs this SQL in it, in one message.
    pub(crate) fn begin(session: &'a mut Session, with: &[&str]) -> Result<Self, postgres::Error> {
        Self::begin_by("BEGIN", session, with)
    }

    /// The same in one that only reads.
    pub(crate) fn begin_read_only(
        session: &'a mut Session,
        with: &[&str],
    ) -> Result<Self, postgres::Error> {
        Self::begin_by("BEGIN READ ONLY", session, with)
    }

    fn begin_by(
        begin: &str,
        session: &'a mut Session,
        with: &[&str],
    ) -> Result<Self, postgres::Error> {
        let mut transaction = Self::about_to_begin(session);
        transaction.execute(&message(begin, with))?;
        Ok(transaction)
    }

    /// One that is rolled back, too, where the message that begins it fails in the middle.
    fn about_to_begin(session: &'a mut Session) -> Self {
        // Gives the session the trusted path, should it have another one.
        session.client();
        Self::left_by(session)
    }

    /// Begins one with SQL that may take long, in one message; what came of that, and what was done to
    /// it. Where it has failed, so has the transaction.
    pub(crate) fn begin_guarded(
        session: &'a mut Session,
        interrupt: &Interrupt,
        kind: Kind,
        with: &[&str],
    ) -> (Self, (Result<(), postgres::Error>, Interruption)) {
        let message = message("BEGIN", with);
        let mut transaction = Self::about_to_begin(session);
        let sent = transaction.guarded(interrupt, kind, |it| it.execute(&message));
        (transaction, sent)
    }

    /// The transaction that a message has begun and, because it failed, not ended.
    pub(crate) fn left_by(session: &'a mut Session) -> Self {
        Self { session, is_open: true }
    }

    /// Commits it. What the server refuses to commit, it has rolled back.
    pub(crate) fn commit(mut self) -> Result<(), postgres::Error> {
        let committed = self.execute("COMMIT");
        self.is_open = !is_ended_by(&committed);
        committed
    }

    /// Commits what may take long to: what was deferred is checked, and a standby is waited for.
    pub(crate) fn commit_guarded(
        mut self,
        interrupt: &Interrupt,
        kind: Kind,
    ) -> Result<(), postgres::Error> {
        let (committed, _) = self.guarded(interrupt, kind, |it| it.execute("COMMIT"));
        self.is_open = !is_ended_by(&committed);
        committed
    }

    /// Rolls it back, whatever path it has.
    pub(crate) fn roll_back(mut self) -> Result<(), postgres::Error> {
        let rolled_back = self.execute("ROLLBACK");
        self.is_open = rolled_back.is_err();
        rolled_back
    }

    /// Leaves it to the server, which rolls it back when it sees that the connection is lost.
    pub(crate) fn abandon(mut self) {
        self.is_open = false;
    }

    /// The connection, within the transaction: with the path that this has.
    pub(crate) fn client(&mut self) -> &mut Client {
        self.session.client_as_it_is()
    }

    /// Whether the connection is lost.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.client().is_closed()
    }

    /// Sends SQL that gives no rows.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.client().batch_execute(sql)
    }

    /// Sends what may take long, so that `interrupt` can end it; tells what was done to it.
    pub(crate) fn guarded<T>(
        &mut self,
        interrupt: &Interrupt,
        kind: Kind,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (T, Interruption) {
        let armed = self.session.arm(interrupt, kind, 1);
        let result = work(self);
        (result, armed.end(self.session.lifeline()))
    }

    /// Runs the engine's own queries in a transaction that has the author's path. If one fails, so does
    /// the transaction.
    pub(crate) fn trusted<T, E: From<postgres::Error>>(
        &mut self,
        ask: impl FnOnce(&mut Client) -> Result<T, E>,
    ) -> Result<T, E> {
        search_path::trusted(self.client(), ask)
    }

    /// The relation that the author means by this name, as SQL writes it, in a transaction that has the
    /// author's path.
    pub(crate) fn relation(&mut self, name: &str) -> Result<Option<Oid>, postgres::Error> {
        let sql = "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid";
        self.client().query_one(sql, &[&name])?.try_get(0)
    }

    /// The `search_path` that the author's statements are read with.
    pub(crate) fn author_path(&self) -> &str {
        self.session.author_path()
    }

    /// Returns the notices of the server since the last call.
    pub(crate) fn take_notices(&self) -> Notices {
        self.session.take_notices()
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if self.is_open && !self.is_closed() {
            // Whatever it is dropped for is of more interest.
            _ = self.execute("ROLLBACK");
        }
    }
}

fn message(begin: &str, with: &[&str]) -> String {
    [&[begin], with].concat().join("; ")
}

/// Whether a transaction has ended, committed or not. Only the server's report counts: where the
/// answer cannot be understood, this is unknown.
fn is_ended_by(committed: &Result<(), postgres::Error>) -> bool {
    committed.as_ref().err().is_none_or(|error| error.as_db_error().is_some())
}
