//! What is set for a session when it is made, and what it learns of the server by that.

use std::time::Duration;

use postgres::{Client, SimpleQueryMessage};

use super::search_path;

/// What the server said of itself.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) version: u32,
    pub(super) user: String,
    pub(super) pid: i32,
    pub(super) is_standby: bool,
    pub(super) read_only: Option<&'static str>,
    pub(super) search_path: String,
    pub(super) extensions_have_tables: bool,
}

/// How long a lock on a table of the history is waited for before its holders are determined.
pub(crate) const HISTORY_LOOK: Duration = Duration::from_secs(1);

/// Everything that a role, a database or the server's configuration could have set otherwise: a
/// role's `statement_timeout` must not kill a concurrent build.
pub(super) const SETTINGS: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET default_transaction_deferrable = off;
SET standard_conforming_strings = on;
SET check_function_bodies = on;
SET client_min_messages = notice;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET extra_float_digits = 1;
SET quote_all_identifiers = off;
SET transform_null_equals = off;
SET array_nulls = on;
SET row_security = on;
";

/// An expression for whether an extension has relations at all; costs next to nothing where none has.
pub(crate) const EXTENSIONS_HAVE_TABLES: &str = "EXISTS (SELECT FROM pg_catalog.pg_depend \
     WHERE refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass \
     AND classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND deptype = 'e')";

/// The settings that not every server knows.
pub(super) fn of_version(major: u32) -> impl Iterator<Item = &'static str> {
    let settings = [
        // A statement whose client has disconnected ends, instead of running on with its locks.
        (14, "SET client_connection_check_interval = '2s'"),
        (14, "SET idle_session_timeout = 0"),
        (17, "SET transaction_timeout = 0"),
    ];
    settings.into_iter().filter(move |(since, _)| major >= *since).map(|(_, setting)| setting)
}

/// Sets the session up in one round trip, and identifies the server.
pub(super) fn settle(client: &mut Client, guard: &str) -> Result<Found, postgres::Error> {
    let ask = format!(
        "SELECT pg_catalog.current_setting('server_version_num'), current_user, \
         pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), \
         pg_catalog.current_setting('migrate.search_path'), \
         pg_catalog.current_setting('default_transaction_read_only'), {EXTENSIONS_HAVE_TABLES}"
    );
    let trust = search_path::BEGIN;
    let look = HISTORY_LOOK.as_millis();
    let settings = format!("{SETTINGS}SET lock_timeout = {look};\n");
    let answer = client.simple_query(&format!("{guard}{trust};\n{settings}{ask}"))?;
    let row = answer.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let column = |index| row.and_then(|row| row.get(index)).unwrap_or_default();
    Ok(Found {
        version: column(0).parse().unwrap_or_default(),
        user: column(1).to_owned(),
        pid: column(2).parse().unwrap_or_default(),
        is_standby: column(3) == "t",
        read_only: match (column(3), column(5)) {
            ("t", _) => Some("it is a standby"),
            (_, "on") => Some("`default_transaction_read_only` is on"),
            _ => None,
        },
        search_path: column(4).to_owned(),
        extensions_have_tables: column(6) == "t",
    })
}
