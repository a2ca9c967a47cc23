//! Which cluster a session is on, and on which branch of its history: after a failover the same
//! address, or the next one in the URL, may lead to another server.
//!
//! A promoted standby keeps the cluster's system identifier and begins a new
//! [timeline](https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES).

use postgres::Client;

/// What tells a cluster from another one; each part is missing where the role may not read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    system: Option<String>,
    /// None on a standby as well.
    pub(super) timeline: Option<u32>,
}

impl Identity {
    /// Reads it, in as far as the role may.
    pub(super) fn read(client: &mut Client) -> Self {
        const SYSTEM: &str =
            "SELECT system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system()";
        // The control file learns of a new timeline only at the first checkpoint on it.
        const TIMELINE: &str = "SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN \
                                pg_catalog.substr(pg_catalog.pg_walfile_name(\
                                pg_catalog.pg_current_wal_lsn()), 1, 8) END";
        let mut ask = |system: &str, timeline: &str| -> Option<(Option<String>, Option<String>)> {
            let row = client.query_opt(&format!("SELECT ({system}), ({timeline})"), &[]).ok()??;
            Some((row.try_get(0).ok()?, row.try_get(1).ok()?))
        };
        let (system, timeline) = ask(SYSTEM, TIMELINE).unwrap_or_else(|| {
            let none = "NULL::pg_catalog.text";
            let system = ask(SYSTEM, none).and_then(|found| found.0);
            (system, ask(none, TIMELINE).and_then(|found| found.1))
        });
        let timeline = timeline.and_then(|digits| u32::from_str_radix(&digits, 16).ok());
        Self { system, timeline }
    }

    /// Why work that was begun on the one must not be continued on the other.
    pub(super) fn rejects(&self, other: &Self) -> Option<Mismatch> {
        match (&self.system, &other.system) {
            (Some(before), Some(now)) if before != now => {
                return Some(Mismatch::OtherCluster(format!(
                    "it is another cluster (system identifier {now}, was {before})"
                )));
            }
            _ => {}
        }
        match (self.timeline, other.timeline) {
            (Some(before), Some(now)) if now < before => Some(Mismatch::Behind(format!(
                "it is on timeline {now}, and the connection was lost on timeline {before}: it is \
                 a former primary"
            ))),
            _ => None,
        }
    }

    /// Whether a standby was promoted between the two.
    pub(crate) fn was_promoted_since(&self, before: &Self) -> bool {
        matches!((before.timeline, self.timeline), (Some(before), Some(now)) if now > before)
    }
}

/// Why a server is not the one that a connection was lost to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// It never will be.
    OtherCluster(String),
    /// Another server may answer there in a moment.
    Behind(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(system: &str, timeline: Option<u32>) -> Identity {
        Identity { system: Some(system.to_owned()).filter(|it| !it.is_empty()), timeline }
    }

    #[test]
    fn another_cluster_and_a_former_primary_are_rejected() {
        let before = identity("7", Some(2));
        assert_eq!(before.rejects(&identity("7", Some(2))), None);
        assert_eq!(before.rejects(&identity("7", Some(3))), None);
        assert!(matches!(before.rejects(&identity("8", Some(3))), Some(Mismatch::OtherCluster(_))));
        assert!(matches!(before.rejects(&identity("7", Some(1))), Some(Mismatch::Behind(_))));
        // A role that may not read them cannot compare them.
        assert_eq!(before.rejects(&identity("", None)), None);
        assert_eq!(identity("", None).rejects(&before), None);
        assert!(identity("7", Some(3)).was_promoted_since(&before));
        assert!(!identity("7", None).was_promoted_since(&before));
    }
}
