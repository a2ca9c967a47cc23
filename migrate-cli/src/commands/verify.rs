//! `migrate verify`

use clap::Args;
use migrate_core::{Finding, FindingKind};
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::printer::count;
use crate::render::diff::diff;
use crate::work::Work;

/// What to look for.
///
/// Exits with 3 if a file has changed or is gone, a migration is partially applied or is older than an
/// applied one, or the history was changed by something else than this tool.
#[derive(Debug, Args)]
pub struct VerifyArgs {}

/// What `verify` has found.
#[derive(Serialize)]
struct Summary<'a> {
    /// How many migrations are applied.
    applied: usize,
    /// What does not fit.
    findings: Vec<VerifyFinding<'a>>,
}

/// A finding, and what is to be seen of it.
#[derive(Serialize)]
struct VerifyFinding<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    /// Whether it is only to be known.
    note: bool,
    /// The SQL that differs, where the file has changed.
    diff: Option<String>,
}

/// Compares files, history and log.
pub fn run(_: &VerifyArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut work = Work::open(context, "migrate verify")?;
    work.announce(context)?;
    let verified = work.migrator.verify(&mut work.session);
    let verified = verified.map_err(|error| work.located(error))?;
    let findings = &verified.findings;
    let found = findings.iter().map(VerifyFinding::of).collect();
    context.printer.summary(&Summary { applied: verified.applied, findings: found });
    if !findings.is_empty() {
        let texts: Vec<_> = findings.iter().map(text).collect();
        context.printer.data(&texts.join("\n"));
    }
    let found = findings.iter().filter(|finding| !finding.kind.is_note()).count();
    let (applied, found) = (count(verified.applied, "applied migration"), count(found, "finding"));
    context.printer.step("verified", &format!("{applied}: {found}"));
    Ok(if verified.is_sound() { Exit::Done } else { Exit::Found })
}

impl<'a> VerifyFinding<'a> {
    fn of(finding: &'a Finding) -> Self {
        let diff = finding.change.as_ref().map(|(was, is)| diff(was, is));
        Self { finding, note: finding.kind.is_note(), diff }
    }
}

/// Returns what is wrong, the SQL that differs, and the remedy.
fn text(finding: &Finding) -> String {
    let Finding { name, message, help, .. } = finding;
    let mut text = format!("{:<12}  {name}: {message}\n", word(finding.kind));
    if let Some((was, is)) = &finding.change {
        let diff = diff(was, is);
        text += &diff.lines().map(|line| format!("    {line}\n")).collect::<String>();
    }
    text + &format!("  help: {help}\n")
}

fn word(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Changed => "changed",
        FindingKind::Missing => "missing",
        FindingKind::Partial => "partial",
        FindingKind::Late => "late",
        FindingKind::AppliedLate => "applied late",
        FindingKind::Tampered => "tampered",
    }
}
