//! Sending a statement, with what only this machine knows put into it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use migrate_dsl::quote_literal;
use postgres::Client;
use postgres_protocol::password::scram_sha_256;

use super::defaults;
use super::unlogged::Logging;
use crate::connect::search_path::as_author;
use crate::plan::{Secret, Statement};

/// The values of the environment that statements ask for.
pub(crate) type Variables = BTreeMap<String, String>;

/// The statement's text as the server gets it: psql's placeholders `:'NAME'` replaced by values.
pub(super) fn text<'a>(statement: &'a Statement, variables: &Variables) -> Cow<'a, str> {
    let values = statement.secrets.iter().map(|secret| {
        (format!(":'{}'", secret.variable()), quote_literal(&value(secret, variables)))
    });
    let values: Vec<_> = values.collect();
    let mut text = String::new();
    let mut rest = statement.sql.as_str();
    // A value may look like a placeholder: what is put in is not searched again.
    while let Some((place, placeholder, value)) = first(&values, rest) {
        text.push_str(&rest[..place]);
        text.push_str(value);
        rest = &rest[place + placeholder.len()..];
    }
    if text.is_empty() {
        return Cow::Borrowed(rest);
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The placeholder that stands first in a text: where, itself, and its value.
fn first<'a>(values: &'a [(String, String)], text: &str) -> Option<(usize, &'a str, &'a str)> {
    let places = values.iter().filter_map(|(placeholder, value)| {
        Some((text.find(placeholder)?, placeholder.as_str(), value.as_str()))
    });
    places.min_by_key(|(place, ..)| *place)
}

/// Whether the statement has to be sent alone. The server logs a message as a whole, and before
/// anything in it could keep it from that.
pub(super) fn is_alone(statement: &Statement) -> bool {
    statement.input.is_some() || statement.rust.is_some() || !statement.secrets.is_empty()
}

/// Sends a statement, with its input.
pub(crate) fn send(
    client: &mut Client,
    statement: &Statement,
    variables: &Variables,
) -> Result<(), postgres::Error> {
    let text = text(statement, variables);
    match &statement.input {
        None => client.batch_execute(&text),
        Some(input) => copy(client, &text, input),
    }
}

/// Sends a statement in no transaction, with the path that its names are read with.
pub(super) fn send_outside(
    client: &mut Client,
    statement: &Statement,
    variables: &Variables,
) -> Result<(), postgres::Error> {
    if statement.captured {
        client.batch_execute(&defaults::enter(false))?;
        let sent = send(client, statement, variables);
        if client.is_closed() {
            return sent;
        }
        let left = client.batch_execute(&defaults::leave(false));
        return sent.and(left);
    }
    if statement.secrets.is_empty() {
        return as_author(client, |client| send(client, statement, variables)).flatten();
    }
    let logging = Logging::off(client)?;
    let sent = as_author(client, |client| send(client, statement, variables)).flatten();
    if !client.is_closed() {
        // A failure of the statement is of more interest.
        let restored = logging.restore(client);
        return sent.and(restored);
    }
    sent
}

fn copy(client: &mut Client, sql: &str, input: &str) -> Result<(), postgres::Error> {
    let mut writer = client.copy_in(sql)?;
    // An error while writing is reported by the server at the end.
    _ = writer.write_all(input.as_bytes());
    writer.finish().map(|_| ())
}

/// Returns the value to send: a verifier in place of a role's password, so that the password itself
/// appears in none of its logs, see
/// [SCRAM](https://www.postgresql.org/docs/current/sasl-authentication.html).
fn value(secret: &Secret, variables: &Variables) -> String {
    let value = variables.get(secret.variable()).map(String::as_str).unwrap_or_default();
    if secret.scram() { scram_sha_256(value.as_bytes()) } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(scram: bool) -> Statement {
        let secret = serde_json::json!({"variable": "PASSWORD", "scram": scram});
        let secrets = vec![serde_json::from_value(secret).unwrap()];
        Statement { secrets, ..Statement::new("ALTER ROLE app PASSWORD :'PASSWORD'") }
    }

    #[test]
    fn a_secret_takes_the_place_of_its_placeholder() {
        let variables = Variables::from([("PASSWORD".to_owned(), "it's".to_owned())]);
        assert_eq!(text(&statement(false), &variables), "ALTER ROLE app PASSWORD 'it''s'");
        let statement_with_verifier = statement(true);
        let verifier = text(&statement_with_verifier, &variables);
        assert!(verifier.starts_with("ALTER ROLE app PASSWORD 'SCRAM-SHA-256$4096:"), "{verifier}");
    }

    #[test]
    fn a_secret_that_looks_like_a_placeholder_is_a_value() {
        for secrets in [["A", "B"], ["B", "A"]] {
            let secrets = secrets.map(migrate_dsl::env).to_vec();
            let statement =
                Statement { secrets, ..Statement::new("SELECT :'A', :'B', :'A', :'C'") };
            let values = [("A", "a :'B' :'A'"), ("B", "$0 :'A'")];
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let sent = "SELECT 'a :''B'' :''A''', '$0 :''A''', 'a :''B'' :''A''', :'C'";
            assert_eq!(text(&statement, &Variables::from(values)), sent);
        }
    }
}
