//! The parameters of a connection under libpq's names, and where each was said.
//!
//! Stronger sources first, as libpq has it: the connection string, a service, the variables. See
//! [Parameter Key Words](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
//!
//! No message repeats a value: a URL that was written wrong has parts of its password anywhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::TargetError;
use super::parse::{self, Pair};
use crate::environment::Environment;

/// What is done with a parameter.
#[derive(Clone, Copy)]
enum Use {
    /// What it says holds.
    Yes,
    /// It has no effect, whatever its value: the wire encoding is UTF-8, Kerberos is not supported.
    None,
    /// It is an error, but for the values that ask for no more than there is; and why.
    Refused(&'static [&'static str], &'static str),
}

const KERBEROS: &str = "GSSAPI is not supported";
const WIRE: &str = "only version 3.0 of the protocol is spoken";
const METHOD: &str = "it is not supported, and cannot be passed over: it asks for more safety";
const OAUTH: &str = "OAuth is not supported";

/// Name, variable, and what is done with it.
const KNOWN: &[(&str, &str, Use)] = &[
    ("application_name", "PGAPPNAME", Use::Yes),
    ("channel_binding", "PGCHANNELBINDING", Use::Yes),
    ("client_encoding", "PGCLIENTENCODING", Use::None),
    ("connect_timeout", "PGCONNECT_TIMEOUT", Use::Yes),
    ("dbname", "PGDATABASE", Use::Yes),
    ("fallback_application_name", "", Use::None),
    ("gssdelegation", "PGGSSDELEGATION", Use::None),
    ("gssencmode", "PGGSSENCMODE", Use::Refused(&["disable", "prefer"], KERBEROS)),
    ("gsslib", "PGGSSLIB", Use::None),
    ("host", "PGHOST", Use::Yes),
    ("hostaddr", "PGHOSTADDR", Use::Yes),
    ("keepalives", "", Use::Yes),
    ("keepalives_count", "", Use::Yes),
    ("keepalives_idle", "", Use::Yes),
    ("keepalives_interval", "", Use::Yes),
    ("krbsrvname", "PGKRBSRVNAME", Use::None),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS", Use::Yes),
    ("max_protocol_version", "PGMAXPROTOCOLVERSION", Use::Refused(&["3.0", "3.2", "latest"], WIRE)),
    ("min_protocol_version", "PGMINPROTOCOLVERSION", Use::Refused(&["3.0"], WIRE)),
    ("oauth_client_id", "", Use::Refused(&[], OAUTH)),
    ("oauth_client_secret", "", Use::Refused(&[], OAUTH)),
    ("oauth_issuer", "", Use::Refused(&[], OAUTH)),
    ("oauth_scope", "", Use::Refused(&[], OAUTH)),
    ("options", "PGOPTIONS", Use::Yes),
    ("passfile", "PGPASSFILE", Use::Yes),
    ("password", "PGPASSWORD", Use::Yes),
    ("port", "PGPORT", Use::Yes),
    ("replication", "", Use::Refused(&["0", "false", "no", "off"], "it runs no migrations")),
    ("require_auth", "PGREQUIREAUTH", Use::Refused(&[], METHOD)),
    ("requirepeer", "PGREQUIREPEER", Use::Refused(&[], METHOD)),
    ("scram_client_key", "", Use::Refused(&[], "give the password")),
    ("scram_server_key", "", Use::Refused(&[], "give the password")),
    ("service", "PGSERVICE", Use::Yes),
    ("servicefile", "PGSERVICEFILE", Use::Yes),
    ("sslcert", "PGSSLCERT", Use::Yes),
    (
        "sslcertmode",
        "PGSSLCERTMODE",
        Use::Refused(&["allow", "disable"], "only `allow` and `disable` are supported"),
    ),
    // libpq, too, compresses no more.
    ("sslcompression", "PGSSLCOMPRESSION", Use::None),
    ("sslcrl", "PGSSLCRL", Use::Yes),
    ("sslcrldir", "PGSSLCRLDIR", Use::Refused(&[], "put the lists into one file: `sslcrl`")),
    ("sslkey", "PGSSLKEY", Use::Yes),
    ("sslkeylogfile", "", Use::Refused(&[], "keys are not written down")),
    ("sslmode", "PGSSLMODE", Use::Yes),
    ("sslnegotiation", "PGSSLNEGOTIATION", Use::Yes),
    (
        "sslpassword",
        "",
        Use::Refused(
            &[],
            "keys under a passphrase are not supported: `openssl pkey -in KEY -out PLAIN` takes it off",
        ),
    ),
    ("sslrootcert", "PGSSLROOTCERT", Use::Yes),
    ("sslsni", "PGSSLSNI", Use::Yes),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", Use::Yes),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", Use::Yes),
    ("target_session_attrs", "PGTARGETSESSIONATTRS", Use::Yes),
    ("tcp_user_timeout", "", Use::Yes),
    ("user", "PGUSER", Use::Yes),
];

/// What was said, by name. It has no `Debug`: there is a password in it.
#[derive(Clone, Default)]
pub(super) struct Parameters {
    values: BTreeMap<&'static str, Value>,
}

#[derive(Clone)]
struct Value {
    text: String,
    /// For messages: `` `PGPORT` `` alone, or `` `port` in `DATABASE_URL` ``.
    place: String,
}

impl Parameters {
    /// Parses a URL or a connection string.
    pub(super) fn parse(text: &str, origin: &str) -> Result<Self, TargetError> {
        let pairs = parse::connection_string(text)
            .map_err(|reason| TargetError::Malformed { origin: origin.to_owned(), reason })?;
        let mut parameters = Self::default();
        for pair in pairs {
            parameters.values.insert(known(&pair, origin)?, value(pair, origin));
        }
        Ok(parameters)
    }

    /// Adds what a service says, where nothing was said before.
    pub(super) fn add(&mut self, pairs: Vec<Pair>, origin: &str) -> Result<(), TargetError> {
        for pair in pairs {
            let name = known(&pair, origin)?;
            self.values.entry(name).or_insert_with(|| value(pair, origin));
        }
        Ok(())
    }

    /// Adds what the variables say, where nothing was said before.
    pub(super) fn add_variables(&mut self, environment: &Environment) {
        for (name, variable, _) in KNOWN {
            if let Some(text) = environment.var(variable) {
                let value = || Value { text: text.to_owned(), place: format!("`{variable}`") };
                self.values.entry(name).or_insert_with(value);
            }
        }
        // The name of old, which libpq still knows.
        let required = environment.var("PGREQUIRESSL").is_some_and(|text| text.starts_with('1'));
        if required {
            let (text, place) = ("require".to_owned(), "`PGREQUIRESSL`".to_owned());
            self.values.entry("sslmode").or_insert(Value { text, place });
        }
    }

    /// Refuses what is said in vain.
    pub(super) fn check(&self) -> Result<(), TargetError> {
        for (name, _, usage) in KNOWN {
            if let (Some(value), Use::Refused(harmless, why)) = (self.values.get(name), usage)
                && !harmless.contains(&value.text.as_str())
            {
                let place = value.place.clone();
                return Err(TargetError::Unsupported { place, why });
            }
        }
        Ok(())
    }

    /// Returns the value of a parameter; none if it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// A file or a folder that a parameter names.
    pub(super) fn path(&self, name: &str, environment: &Environment) -> Option<PathBuf> {
        self.text(name).map(|path| environment.current_dir.join(path))
    }

    /// Which of these words a parameter says.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, TargetError> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == value.text);
        let expected = || {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        };
        found.map(|(_, meant)| Some(*meant)).ok_or_else(|| self.wrong(name, &expected()))
    }

    /// The number that a parameter says.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, TargetError> {
        let number = self.text(name).map(|text| text.trim().parse());
        number.transpose().map_err(|_| self.wrong(name, "a whole number"))
    }

    /// A parameter that says what it cannot say.
    pub(super) fn wrong(&self, name: &str, expected: &str) -> TargetError {
        let place = self.values.get(name).map_or_else(|| format!("`{name}`"), |v| v.place.clone());
        TargetError::Invalid { place, expected: expected.to_owned() }
    }

    /// Returns the parameters that another program needs to connect likewise; no secrets.
    pub(super) fn for_others(&self) -> impl Iterator<Item = (&'static str, &str)> {
        const OWN: [&str; 8] =
            ["dbname", "host", "hostaddr", "password", "port", "service", "servicefile", "user"];
        let told = self.values.iter().filter(|(name, value)| {
            !OWN.contains(name) && !name.contains("secret") && !value.text.is_empty()
        });
        told.map(|(name, value)| (*name, value.text.as_str()))
    }
}

fn value(pair: Pair, origin: &str) -> Value {
    Value { place: format!("`{}` in {origin}", pair.name), text: pair.value }
}

/// Returns the parameter's name as it is stored.
fn known(pair: &Pair, origin: &str) -> Result<&'static str, TargetError> {
    let found = KNOWN.iter().find(|(name, ..)| *name == pair.name);
    found.map(|(name, ..)| *name).ok_or_else(|| {
        let origin = origin.to_owned();
        let word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        // What follows a password without quotes may be the rest of it.
        match pair.after_open_password || pair.name.len() > 40 || !pair.name.chars().all(word) {
            true => TargetError::Malformed {
                origin,
                reason: "it has an invalid parameter name before `=`".to_owned(),
            },
            false => TargetError::Unknown { origin, name: pair.name.clone() },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_parameter_and_each_variable_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (name, variable, _) in KNOWN {
            assert!(seen.insert(name), "{name}");
            assert!(variable.is_empty() || variable.starts_with("PG") && seen.insert(variable));
        }
    }

    #[test]
    fn what_cannot_be_had_is_refused_by_its_name() {
        let said = |text: &str, vars: &[(&str, &str)]| {
            let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let mut parameters = Parameters::parse(text, "`DATABASE_URL`").unwrap();
            parameters.add_variables(&Environment { vars: vars.collect(), ..Default::default() });
            parameters.check().map_err(|error| error.to_string())
        };
        insta::assert_snapshot!(
            said("host=db require_auth=scram-sha-256", &[]).unwrap_err(),
            @"`require_auth` in `DATABASE_URL` cannot be had: it is not supported, and cannot be passed over: it asks for more safety"
        );
        insta::assert_snapshot!(
            said("host=db", &[("PGGSSENCMODE", "require")]).unwrap_err(),
            @"`PGGSSENCMODE` cannot be had: GSSAPI is not supported"
        );
        assert_eq!(said("gssencmode=disable replication=off client_encoding=latin1", &[]), Ok(()));
    }
}
