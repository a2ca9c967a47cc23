//! `migrate watch`

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use migrate_core::Session;
use migrate_core::lock::{Blocked, Blocker, blocked};
use serde::Serialize;

use crate::context::Context;
use crate::database;
use crate::exit_code::Exit;
use crate::limits::seconds;
use crate::progress::human;
use crate::settings::SettingsError;
use crate::work::settings;

/// How to look.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Look once, instead of until Ctrl-C
    #[arg(long)]
    once: bool,
    /// The time between two looks
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "1")]
    every: Duration,
}

/// What `watch` sees.
#[derive(Serialize)]
struct Summary<'a> {
    /// When.
    at: DateTime<Utc>,
    /// Who waits for a lock, those that have waited longest first.
    blocked: &'a [Blocked],
}

/// Shows which session waits for which in the database.
pub fn run(args: &WatchArgs, context: &Context) -> anyhow::Result<Exit> {
    // With a URL, it is of use outside any project.
    let settings = settings(context).or_else(|error| match error.downcast_ref() {
        Some(SettingsError::NoProject(_)) => Ok(None),
        _ => Err(error),
    })?;
    let target = database::target(context, settings.as_ref())?;
    let mut session = database::connect(context, &target, "migrate watch")?;
    context.printer.step("target", &format!("{target} ({})", target.origin()));
    let mut before = None;
    loop {
        let found = look(&mut session)?;
        context.printer.summary(&Summary { at: Utc::now(), blocked: &found });
        let shown = table(&found, Utc::now());
        // A person sees what has changed, not the same again and again.
        if before.as_ref() != Some(&found) || !found.is_empty() {
            context.printer.data(&shown);
        }
        if args.once {
            return Ok(Exit::Done);
        }
        before = Some(found);
        std::thread::sleep(args.every.max(Duration::from_millis(50)));
    }
}

fn look(session: &mut Session) -> anyhow::Result<Vec<Blocked>> {
    let major = session.major();
    Ok(blocked(session.client(), major).map_err(migrate_core::Error::from)?)
}

/// Returns a paragraph for each waiting session, a line for each session that is waited for.
fn table(found: &[Blocked], now: DateTime<Utc>) -> String {
    if found.is_empty() {
        return "no session waits".to_owned();
    }
    let since = |since: Option<DateTime<Utc>>| {
        let span = since.and_then(|since| (now - since).to_std().ok());
        span.map(|span| format!(" for {}", human(span))).unwrap_or_default()
    };
    let who = |pid: i32, role: &Option<String>, application: &Option<String>| {
        let role = role.as_ref().map(|role| format!(" {role}")).unwrap_or_default();
        let program = application.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("{pid}{role}{program}")
    };
    let query = |query: &Option<String>| {
        let text = query.as_deref().unwrap_or("(its query may not be seen by this role)");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(100) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text,
        }
    };
    let mut lines = Vec::new();
    for waiter in found {
        let Blocked { pid, role, application, waits_for, mode, .. } = waiter;
        let what = match mode.as_str() {
            "" => waits_for.clone(),
            mode => format!("{mode} on {waits_for}"),
        };
        lines.push(format!(
            "{} waits{} for {what}: {}",
            who(*pid, role, application),
            since(waiter.since),
            query(&waiter.query)
        ));
        for blocker in &waiter.blocked_by {
            let Blocker { pid, role, application, .. } = blocker;
            if *pid == 0 {
                lines.push("    behind a prepared transaction, see `pg_prepared_xacts`".to_owned());
                continue;
            }
            lines.push(format!(
                "    behind {}, {}{}: {}",
                who(*pid, role, application),
                blocker.state.as_deref().unwrap_or("at work"),
                since(blocker.since),
                query(&blocker.query)
            ));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_and_behind_whom() {
        let now = Utc::now();
        let waiter = Blocked {
            pid: 11,
            role: Some("app".to_owned()),
            application: None,
            since: Some(now - chrono::Duration::seconds(3)),
            waits_for: "posts".to_owned(),
            mode: "ACCESS SHARE".to_owned(),
            query: Some("SELECT *\n FROM posts".to_owned()),
            blocked_by: vec![
                Blocker {
                    pid: 12,
                    role: Some("ada".to_owned()),
                    application: Some("psql".to_owned()),
                    state: Some("idle in transaction".to_owned()),
                    since: None,
                    query: None,
                },
                Blocker {
                    pid: 0,
                    role: None,
                    application: None,
                    state: None,
                    since: None,
                    query: None,
                },
            ],
        };
        insta::assert_snapshot!(table(&[waiter], now), @r"
        11 app waits for 3.0 s for ACCESS SHARE on posts: SELECT * FROM posts
            behind 12 ada (psql), idle in transaction: (its query may not be seen by this role)
            behind a prepared transaction, see `pg_prepared_xacts`
        ");
        assert_eq!(table(&[], now), "no session waits");
    }
}
