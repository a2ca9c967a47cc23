//! Sending a statement, with what only this machine knows put into it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use migrate_dsl::quote_literal;
use postgres::Client;
use postgres_protocol::password::scram_sha_256;

use crate::plan::{Secret, Statement};

/// The values of the environment that statements ask for.
pub(crate) type Variables = BTreeMap<String, String>;

/// The statement's text as the server gets it: psql's placeholders `:'NAME'` replaced by values.
pub(super) fn text<'a>(statement: &'a Statement, variables: &Variables) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(statement.sql.as_str());
    for secret in &statement.secrets {
        let placeholder = format!(":'{}'", secret.variable);
        let value = quote_literal(&value(secret, variables));
        text = Cow::Owned(text.replace(&placeholder, &value));
    }
    text
}

/// Whether the statement has to be sent alone.
pub(super) fn is_alone(statement: &Statement) -> bool {
    statement.input.is_some() || statement.rust.is_some()
}

/// Sends a statement, and what comes with it.
pub(super) fn send(
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

fn copy(client: &mut Client, sql: &str, input: &str) -> Result<(), postgres::Error> {
    let mut writer = client.copy_in(sql)?;
    // What goes wrong while writing, the server says at the end.
    _ = writer.write_all(input.as_bytes());
    writer.finish().map(|_| ())
}

/// What the server gets: a verifier in place of a role's password, so that the password itself
/// appears in none of its logs, see
/// [SCRAM](https://www.postgresql.org/docs/current/sasl-authentication.html).
fn value(secret: &Secret, variables: &Variables) -> String {
    let value = variables.get(&secret.variable).map(String::as_str).unwrap_or_default();
    if secret.scram { scram_sha_256(value.as_bytes()) } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(scram: bool) -> Statement {
        let secrets = vec![Secret { variable: "PASSWORD".to_owned(), scram }];
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
}
