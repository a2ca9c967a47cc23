//! What must not be written down.

/// A value of the environment, looked up when the migration is applied, see [`env()`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Secret {
    variable: String,
    scram: bool,
}

/// The value that an environment variable has when the migration is applied: the way to give a
/// password. It appears in no log, plan or history; there, and in printed SQL, stands psql's
/// placeholder for it.
///
/// The server gets the value in a statement, which it may log: when it fails, and with parameters
/// such as `log_statement` and `log_min_duration_statement` in any case. Where the role that migrates
/// is a superuser, or has `SET` on these parameters (from PostgreSQL 15 on,
/// `GRANT SET ON PARAMETER log_min_error_statement, log_min_messages, log_statement,
/// log_min_duration_statement, log_min_duration_sample, log_transaction_sample_rate TO app_owner`),
/// `migrate` turns that off for the transaction, or the statement, that has the value. Else it cannot, and
/// whoever reads the server's log may read the value. A role's password is not concerned: the server gets a
/// SCRAM verifier of it. Nor does it protect from `pg_stat_activity`, where superusers and members of
/// `pg_read_all_stats` see the statements that run.
///
/// ```
/// use migrate_dsl::prelude::*;
/// let plan = migrate_dsl::plan_text(|pgm| {
///     pgm.create_role("app").login().password(env("APP_PASSWORD"));
/// });
/// assert_eq!(plan, r#"CREATE ROLE "app" WITH LOGIN PASSWORD :'APP_PASSWORD';"#);
/// ```
pub fn env(variable: impl Into<String>) -> Secret {
    Secret { variable: variable.into(), scram: false }
}

impl Secret {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Whether the server gets a SCRAM verifier of the value in place of the value itself.
    #[must_use]
    pub fn scram(&self) -> bool {
        self.scram
    }

    /// The same, as a role's password: the server is to see a verifier only.
    pub(crate) fn verified(&self) -> Self {
        Self { scram: true, ..self.clone() }
    }

    /// Why psql would not take it for a variable's name, if it would not.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let fits = !self.variable.is_empty()
            && self.variable.bytes().all(is_word)
            && !self.variable.as_bytes()[0].is_ascii_digit();
        (!fits).then(|| {
            format!(
                "`env(\"{}\")` names no environment variable: letters, digits and `_` make one",
                self.variable.escape_debug()
            )
        })
    }
}

/// The value of an option: text, or a [`Secret`].
///
/// ```
/// use migrate_dsl::{OptionValue, env};
/// assert_eq!(OptionValue::from(false), OptionValue::Text("false".to_owned()));
/// assert_eq!(OptionValue::from(env("TOKEN")), OptionValue::Secret(env("TOKEN")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// As it stands.
    Text(String),
    /// Looked up when the migration is applied.
    Secret(Secret),
}

impl From<Secret> for OptionValue {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}

macro_rules! from_texts {
    ($($given:ty)*) => {$(
        impl From<$given> for OptionValue {
            fn from(value: $given) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}
from_texts!(&str String bool i32 i64 u16 u32 u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_ends_the_placeholder_is_a_problem() {
        for name in ["", "1A", "A B", "A'; DROP TABLE a --", "Ł", "A\0"] {
            assert!(env(name).problem().is_some(), "{name}");
        }
        for name in ["A", "_a1", "APP_PASSWORD"] {
            assert_eq!(env(name).problem(), None, "{name}");
        }
    }
}
