//! Timeouts: from the project's settings, the environment, flags.

use std::time::Duration;

use migrate_core::{Environment, Limits};

use crate::usage::UsageError;

/// What was asked for in one place; nothing where nothing was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Timeouts")]
pub struct AskedLimits {
    /// Timeout of the whole command [env: MIGRATION_TIMEOUT]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub migration_timeout: Option<Duration>,
    /// Timeout for locks, and for another `migrate` process [env: MAX_LOCK_WAIT] [default: 300]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_lock_wait: Option<Duration>,
    /// How long a statement may block others [env: MAX_BLOCKING] [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_blocking: Option<Duration>,
    /// Timeout of each statement except concurrent builds [env: DB_STATEMENT_TIMEOUT]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub statement_timeout: Option<Duration>,
}

impl AskedLimits {
    /// Reads the environment.
    pub fn of_environment(environment: &Environment) -> Result<Self, UsageError> {
        let read = |name: &str, parse: fn(&str) -> Result<Duration, String>, example: &str| {
            let parsed = environment.var(name).map(parse).transpose();
            parsed.map_err(|problem| UsageError {
                message: format!("`{name}` {problem}"),
                help: format!("write it as `{name}={example}`"),
            })
        };
        Ok(Self {
            migration_timeout: read("MIGRATION_TIMEOUT", seconds, "600")?,
            max_lock_wait: read("MAX_LOCK_WAIT", seconds, "30`, or `0.5")?,
            max_blocking: read("MAX_BLOCKING", seconds, "2`, or `0.5")?,
            statement_timeout: read("DB_STATEMENT_TIMEOUT", milliseconds, "30000")?,
        })
    }

    /// Returns these limits, with those of `weaker` where none is given.
    pub fn or(self, weaker: Self) -> Self {
        Self {
            migration_timeout: self.migration_timeout.or(weaker.migration_timeout),
            max_lock_wait: self.max_lock_wait.or(weaker.max_lock_wait),
            max_blocking: self.max_blocking.or(weaker.max_blocking),
            statement_timeout: self.statement_timeout.or(weaker.statement_timeout),
        }
    }

    /// The limits that hold. As for the server, no time at all for a statement or for all is no
    /// limit.
    pub fn limits(self) -> Limits {
        let default = Limits::default();
        let some = |duration: Duration| !duration.is_zero();
        Limits {
            lock_wait: self.max_lock_wait.unwrap_or(default.lock_wait),
            whole: self.migration_timeout.filter(|duration| some(*duration)),
            statement: self.statement_timeout.filter(|duration| some(*duration)),
            blocking: self.max_blocking.unwrap_or(default.blocking),
        }
    }
}

/// A number of seconds: `30`, `0.5`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.trim().parse().ok();
    let duration = seconds.filter(|seconds| (0.0..1e9).contains(seconds));
    duration.map(Duration::from_secs_f64).ok_or_else(|| "is not a number of seconds".to_owned())
}

/// A number of milliseconds.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    let milliseconds: Option<u64> = text.trim().parse().ok();
    let duration = milliseconds.filter(|milliseconds| *milliseconds <= i32::MAX as u64);
    duration.map(Duration::from_millis).ok_or_else(|| "is not a number of milliseconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nought_is_no_limit_and_no_patience() {
        let zero = Some(Duration::ZERO);
        let asked = AskedLimits {
            migration_timeout: zero,
            max_lock_wait: zero,
            max_blocking: zero,
            statement_timeout: zero,
        };
        let limits = asked.limits();
        assert_eq!((limits.whole, limits.statement), (None, None));
        assert_eq!((limits.lock_wait, limits.blocking), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn the_stronger_place_wins() {
        let strong = AskedLimits { max_lock_wait: seconds("1").ok(), ..AskedLimits::default() };
        let weak = AskedLimits {
            max_lock_wait: seconds("2").ok(),
            max_blocking: seconds("3").ok(),
            ..AskedLimits::default()
        };
        let limits = strong.or(weak).limits();
        assert_eq!((limits.lock_wait.as_secs(), limits.blocking.as_secs()), (1, 3));
    }

    #[test]
    fn what_is_no_time() {
        for text in ["", "-1", "x", "NaN", "inf", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
