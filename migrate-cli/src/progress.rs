//! Shows long work while it is in progress.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use migrate_core::backup::human_size;
use migrate_core::count::all_of;
use migrate_core::event::{Direction, LockHolder, Parting};
use migrate_core::functions::Printed;
use migrate_core::{Event, Reporter};

use crate::json::Output;
use crate::printer::Printer;
use crate::project::BuildEvent;

/// Shows the events of the engine: a line for each migration, a spinner while one runs, JSON
/// lines where JSON is requested.
pub struct Progress {
    printer: Printer,
    spinner: ProgressBar,
}

impl Progress {
    /// A progress that prints here.
    pub fn new(printer: Printer) -> Self {
        Self { printer, spinner: spinner() }
    }

    /// Shows an event.
    pub fn show(&mut self, event: Event) {
        self.printer.event(&event);
        match event {
            Event::WaitingForRunner { holder, patience } => {
                let who = holder.map_or_else(String::new, |holder| {
                    format!(": `{}`, process {}", holder.purpose, holder.pid)
                });
                let patience = human(patience);
                self.say(
                    "waiting",
                    &format!(
                        "another `migrate` process holds the lock{who}; waiting up to {patience}"
                    ),
                );
            }
            Event::WaitingForLock { holders, patience } => {
                let names = holders.iter().map(ToString::to_string).collect::<Vec<_>>();
                let patience = human(patience);
                for name in &names {
                    self.say("waiting", &format!("up to {patience}: {name}"));
                }
            }
            Event::WaitingForHistory { table, holders, patience } => {
                for text in history_waits(&table, &holders, patience) {
                    self.say("waiting", &text);
                }
            }
            Event::WaitingForTraffic { tables, patience } => {
                let patience = human(patience);
                let text = format!(
                    "up to {patience}: many short transactions use {}, one after the other; none of \
                     them is to blame, and there was no moment yet in which the lock could be had",
                    all_of(&tables)
                );
                self.say("waiting", &text);
            }
            Event::MayWaitFor { holders } => {
                let names = holders.iter().map(ToString::to_string).collect::<Vec<_>>();
                for (name, holder) in names.iter().zip(&holders) {
                    let text = format!(
                        "the build may wait for {name}, and `MAX_LOCK_WAIT` does not hold for \
                         that; {}",
                        holder.help()
                    );
                    self.spinner.suspend(|| self.printer.warning(&text));
                }
            }
            Event::ConnectionLost { name } => {
                self.say("cut", &format!("the connection, while `{name}` was at work"));
            }
            Event::Reconnected { name, recorded } => {
                let state =
                    if recorded { "is done and recorded" } else { "is not done, and goes on" };
                self.say("connected", &format!("again: `{name}` {state}"));
            }
            Event::NotReconnected { name, why } => {
                self.say("cut off", &format!("could not reconnect for `{name}`: {why}"));
            }
            Event::IdleTimeout { after } => {
                let text = format!(
                    "the connection is lost after {} without traffic, each time: a proxy, a load \
                     balancer or a firewall on the way has an idle timeout",
                    human(after)
                );
                self.spinner.suspend(|| self.printer.warning(&text));
            }
            Event::HistoryCreated { table } => {
                self.say("created", &format!("history table `{table}`"))
            }
            Event::HistoryUpgraded { table } => self.say(
                "upgraded",
                &format!("history table `{table}`, which an older version had made"),
            ),
            Event::BackupProgress { what } => start(&self.spinner, "backup", &what),
            Event::BackedUp(backup) => {
                self.spinner.finish_and_clear();
                let file = backup.file.display().to_string();
                self.say("backed up", &format!("{file} ({})", human_size(backup.bytes)));
            }
            Event::Pruned { files } => {
                let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                files.iter().for_each(|file| self.say("removed", file));
            }
            Event::Drifted { changed, missing } => {
                let all = [
                    ("changed since it was applied", &changed),
                    ("applied, but the file is missing", &missing),
                ];
                for (what, names) in all {
                    if let Some((first, others)) = names.split_first() {
                        let more = if others.is_empty() {
                            String::new()
                        } else {
                            format!(" and {} more", others.len())
                        };
                        let help = "`migrate verify` tells more";
                        self.printer.warning(&format!("`{first}`{more}: {what}; {help}"));
                    }
                }
            }
            Event::NotRestored { message, .. } => {
                self.spinner.suspend(|| self.printer.warning(&message));
            }
            Event::Parted { name, why } => {
                let text = match why {
                    Parting::Missing => "is applied, and has no file here".into(),
                    Parting::Changed => "is not what was applied any more".into(),
                    Parting::PartiallyReverted => "was being reverted".into(),
                    Parting::Late { older } => format!(
                        "is newer than `{older}`, which is missing; `migrate up \
                         --allow-out-of-order` would apply that as it is"
                    ),
                };
                self.say("because", &format!("`{name}` {text}"));
            }
            Event::Started { name, direction, .. } => {
                start(
                    &self.spinner,
                    match direction {
                        Direction::Up => "applying",
                        Direction::Down => "reverting",
                    },
                    &name,
                );
            }
            Event::Resumed { name, done } => {
                let which = match done {
                    1 => "first statement, which is done".to_owned(),
                    done => format!("first {done} statements, which are done"),
                };
                self.say("resuming", &format!("`{name}` after its {which}"));
            }
            Event::Statement { summary } => self.spinner.set_message(summary),
            Event::Notice { severity, message } => {
                self.say(&severity, &message);
            }
            Event::Finished { name, direction, duration, irreversible, lost } => {
                self.spinner.finish_and_clear();
                let verb = match direction {
                    Direction::Up => "applied",
                    Direction::Down => "reverted",
                };
                self.say(verb, &format!("{name} ({})", human(duration)));
                if let Some(reason) = &irreversible {
                    self.say("note", &format!("it cannot be reverted: {reason}"));
                }
                for lost in &lost {
                    self.say("note", &format!("when reverting {lost}"));
                }
            }
            _ => {}
        }
    }

    /// Ends what is still shown.
    pub fn clear(&self) {
        self.spinner.finish_and_clear();
    }

    /// Shows the events that come from another thread, while the server is waited for.
    pub fn reporter(&self) -> Reporter {
        let (printer, spinner) = (self.printer, self.spinner.clone());
        Arc::new(move |event| {
            printer.event(&event);
            match event {
                Event::Progress { phase, done, of, waits_for } => {
                    let share = (done * 100).checked_div(of);
                    let share = share.map(|share| format!(", {share} %")).unwrap_or_default();
                    let behind = waits_for.map(|pid| format!(", behind process {pid}"));
                    spinner.set_message(format!("{phase}{share}{}", behind.unwrap_or_default()));
                }
                Event::WaitingForOthers { holders } => {
                    let names = holders.iter().map(ToString::to_string).collect::<Vec<_>>();
                    for name in &names {
                        let text = format!("for as long as it takes: {name}");
                        spinner.suspend(|| printer.step("waiting", &text));
                    }
                }
                Event::WaitingForHistory { table, holders, patience } => {
                    for text in history_waits(&table, &holders, patience) {
                        spinner.suspend(|| printer.step("waiting", &text));
                    }
                }
                Event::WaitingForStandby { .. } => {
                    let text = "for a synchronous standby: it is committed here, not yet confirmed";
                    spinner.suspend(|| printer.step("waiting", text));
                }
                Event::Unwatched { why } => {
                    let text = format!(
                        "sessions that a statement blocks cannot be watched, so `MAX_BLOCKING` is not enforced: {why}"
                    );
                    spinner.suspend(|| printer.warning(&text));
                }
                _ => {}
            }
        })
    }

    /// Shows the lines that Rust functions of migrations print.
    pub fn printed(&self) -> Printed {
        let (printer, spinner) = (self.printer, self.spinner.clone());
        Arc::new(move |line| {
            spinner.suspend(|| printer.note(&line));
            printer.output(&Output::Printed { line });
        })
    }

    fn say(&self, verb: &str, text: &str) {
        self.spinner.suspend(|| self.printer.step(verb, text));
    }
}

/// Returns a line for each session that has locked the history.
fn history_waits(table: &str, holders: &[LockHolder], patience: Duration) -> Vec<String> {
    let patience = human(patience);
    if holders.is_empty() {
        return vec![format!("up to {patience}: the history `{table}` is locked")];
    }
    let line = |holder| format!("up to {patience}, for the history `{table}`: {holder}");
    holders.iter().map(line).collect()
}

/// Shows the migrations being compiled: a spinner, and only what a person has to know stays.
pub struct BuildProgress {
    printer: Printer,
    spinner: ProgressBar,
}

impl BuildProgress {
    /// A progress that prints here.
    pub fn new(printer: Printer) -> Self {
        Self { printer, spinner: spinner() }
    }

    /// Shows an event.
    pub fn show(&mut self, event: BuildEvent) {
        match event {
            BuildEvent::Waiting { what } => self.say("waiting", &what),
            BuildEvent::Started { changed, all } => {
                let what = if all == 0 {
                    "the crate of migrations".to_owned()
                } else if changed == all {
                    "the migrations".to_owned()
                } else {
                    format!("{changed} of {all} migrations")
                };
                start(&self.spinner, "compiling", &what);
            }
            BuildEvent::Progress(line) => self.spinner.set_message(line),
            BuildEvent::Warning(text) | BuildEvent::Output(text) => {
                self.spinner.suspend(|| self.printer.note(&text));
            }
            BuildEvent::Finished { elapsed } => {
                self.spinner.finish_and_clear();
                if elapsed >= WORTH_TELLING {
                    self.say("compiled", &format!("the migrations, in {}", human(elapsed)));
                }
            }
        }
    }

    fn say(&self, verb: &str, text: &str) {
        self.spinner.suspend(|| self.printer.step(verb, text));
    }
}

/// A build that takes longer than this is reported afterwards.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// A spinner on stderr, which draws only on a terminal.
fn spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{prefix:>12} {msg} {spinner} {elapsed}") {
        spinner.set_style(style);
    }
    spinner
}

fn start(spinner: &ProgressBar, prefix: &str, message: &str) {
    spinner.reset();
    spinner.set_prefix(prefix.to_owned());
    spinner.set_message(message.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
}

/// A span of time as a person says it: `4 ms`, `12.3 s`, `2 min 5 s`.
pub fn human(duration: Duration) -> String {
    match duration.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}
