//! How a subscription follows its publications.

use crate::{Identifier, OptionValue, Statement, Writer};

/// The options of `WITH (…)` and `SET (…)`, in the order given.
#[derive(Debug, Clone, Default)]
pub(super) struct Options(Vec<(&'static str, String)>);

/// The first version with an option; the others are as old as subscriptions.
const VERSIONS: &[(&str, u32)] = &[
    ("binary", 14),
    ("streaming", 14),
    ("two_phase", 15),
    ("disable_on_error", 15),
    ("password_required", 16),
    ("run_as_owner", 16),
    ("origin", 16),
    ("failover", 17),
];

const VALUES: &[(&str, &[&str])] = &[
    ("synchronous_commit", &["on", "off", "local", "remote_write", "remote_apply"]),
    ("streaming", &["on", "off", "parallel"]),
    ("origin", &["any", "none"]),
];

impl Options {
    /// The last word counts.
    pub(super) fn set(&mut self, option: &'static str, value: impl ToString) {
        self.0.retain(|(other, _)| *other != option);
        self.0.push((option, value.to_string()));
    }

    pub(super) fn get(&self, option: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == option).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_false(&self, option: &str) -> bool {
        self.get(option) == Some("false")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `(enabled = 'false')`.
    pub(super) fn write(&self, sql: &mut Writer) {
        sql.parenthesized(|sql| {
            sql.list(&self.0, |sql, (name, value)| _ = sql.text(name).text("=").literal(value));
        });
        for (option, value) in &self.0 {
            let known = VALUES.iter().find(|(other, _)| other == option);
            if let Some((_, known)) = known.filter(|(_, known)| !known.contains(&value.as_str())) {
                let known = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>();
                sql.problem(format!(
                    "`{option}` does not know `{}`: it knows {}",
                    value.escape_debug(),
                    known.join(", ")
                ));
            }
            if let Some((_, version)) = VERSIONS.iter().find(|(other, _)| other == option) {
                sql.requires(*version, option);
            }
            if (*option, value.as_str()) == ("streaming", "parallel") {
                sql.requires(16, "streaming(\"parallel\")");
            }
        }
    }
}

/// The options that can be altered, too.
macro_rules! subscription_options {
    ($operation:ty) => {
        impl $operation {
            /// The slot on the publisher; without it, one of the subscription's name.
            pub fn slot_name(&mut self, name: impl Into<String>) -> &mut Self {
                self.set("slot_name", name.into())
            }

            /// Has no slot on the publisher, or is parted from it.
            pub fn no_slot(&mut self) -> &mut Self {
                self.set("slot_name", "none")
            }

            /// How sure a commit is, as
            /// [`synchronous_commit`](https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT)
            /// says it; `off` without it.
            pub fn synchronous_commit(&mut self, level: impl Into<String>) -> &mut Self {
                self.set("synchronous_commit", level.into())
            }

            /// Whether values are sent in binary; from PostgreSQL 14.
            pub fn binary(&mut self, binary: bool) -> &mut Self {
                self.set("binary", binary)
            }

            /// Whether transactions are sent before they end: `on`, `off`, and, from PostgreSQL
            /// 16, `parallel`; from PostgreSQL 14.
            pub fn streaming(&mut self, mode: impl Into<String>) -> &mut Self {
                self.set("streaming", mode.into())
            }

            /// Whether it stops at an error; from PostgreSQL 15.
            pub fn disable_on_error(&mut self, disable: bool) -> &mut Self {
                self.set("disable_on_error", disable)
            }

            /// Whether the connection has to give a password; from PostgreSQL 16.
            pub fn password_required(&mut self, required: bool) -> &mut Self {
                self.set("password_required", required)
            }

            /// Whether changes are made with the rights of the subscription's owner, not of the
            /// table's; from PostgreSQL 16.
            pub fn run_as_owner(&mut self, run_as_owner: bool) -> &mut Self {
                self.set("run_as_owner", run_as_owner)
            }

            /// Which changes of the publisher are sent: `any`, or `none` but its own; from
            /// PostgreSQL 16.
            pub fn origin(&mut self, origin: impl Into<String>) -> &mut Self {
                self.set("origin", origin.into())
            }

            /// Whether the slot goes on at a standby that takes over; from PostgreSQL 17.
            pub fn failover(&mut self, failover: bool) -> &mut Self {
                self.set("failover", failover)
            }

            /// Whether transactions that are prepared are sent then; from PostgreSQL 15, to be
            /// altered from 18.
            pub fn two_phase(&mut self, two_phase: bool) -> &mut Self {
                self.set("two_phase", two_phase)
            }
        }
    };
}
pub(super) use subscription_options;

/// `CONNECTION '…'`; a password in it is a problem.
pub(super) fn write_connection(sql: &mut Writer, connection: &OptionValue) {
    sql.text("CONNECTION").option_value(connection);
    if let OptionValue::Text(text) = connection
        && has_password(text)
    {
        sql.problem(
            "a password stands in the connection: put the whole of it into the environment and \
             write `env(\"…\")`",
        );
    }
}

fn has_password(connection: &str) -> bool {
    let lower = connection.to_ascii_lowercase();
    let mut keys = lower.split("password").skip(1);
    let by_key = keys.any(|rest| rest.trim_start().starts_with('='));
    let authority = lower.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next());
    let user = authority.flatten().and_then(|authority| authority.rsplit_once('@'));
    by_key || user.is_some_and(|(user, _)| user.contains(':'))
}

/// What parts a subscription from its slot, without a word to the publisher.
pub(super) fn part_from_slot(name: &Identifier) -> Vec<Statement> {
    let alter = |change: &str| {
        Writer::statement(|sql| sql.text("ALTER SUBSCRIPTION").identifier(name).text(change))
    };
    vec![alter("DISABLE"), alter("SET (slot_name = NONE)")]
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn passwords_are_seen() {
        for with in [
            "host=a password=b",
            "host=a Password = b",
            "postgres://ada:secret@host/db",
            "postgresql://host/db?password=x",
        ] {
            assert!(has_password(with), "{with}");
        }
        for without in ["host=a", "postgres://ada@host:5432/db", "dbname=password", ""] {
            assert!(!has_password(without), "{without}");
        }
    }
}
