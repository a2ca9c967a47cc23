//! `migrate hook`

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use migrate_core::discover::plain_file;
use serde::Serialize;

use crate::commands::sync;
use crate::context::Context;
use crate::exit_code::Exit;
use crate::git::Checkout;
use crate::project::shown;
use crate::render;
use crate::settings::{Settings, SettingsError};
use crate::usage::Refusal;

/// What to do with git's hooks.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// What to do.
    #[command(subcommand)]
    command: HookCommand,
}

#[derive(Debug, Subcommand)]
enum HookCommand {
    /// Install the hooks
    ///
    /// A checkout then compiles the migrations of the branch, and runs what they hold: with your
    /// rights, and before you have read them.
    Install {
        /// Keep a hook that is there already beside ours, which calls it first
        #[arg(long)]
        force: bool,
        /// Follow in a database on another machine, too
        #[arg(long)]
        follow_remote: bool,
    },
    /// Remove the hooks and restore the previous ones
    Uninstall,
    /// What the hooks call
    #[command(hide = true)]
    Run {
        /// Whether the database may be on another machine.
        #[arg(long)]
        follow_remote: bool,
        /// Which of them.
        hook: Hook,
        /// What git gives it.
        arguments: Vec<String>,
    },
}

/// A moment at which git calls.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hook {
    /// Gets the commit before, the one after, and whether it is more than single files.
    PostCheckout,
    /// Gets whether the merge is still to be committed.
    PostMerge,
}

/// Both are needed: a pull brings other migrations as a checkout does.
const HOOKS: [Hook; 2] = [Hook::PostCheckout, Hook::PostMerge];
/// By this line our own are known.
const OURS: &str = "# Written by `migrate hook install`; `migrate hook uninstall` takes it away.";

/// What `hook install` has done.
#[derive(Serialize)]
struct InstallSummary<'a> {
    /// The files.
    installed: &'a [String],
}

/// What `hook uninstall` has done.
#[derive(Serialize)]
struct UninstallSummary<'a> {
    /// The files.
    removed: &'a [String],
}

/// Sets the hooks up, takes them away, or is what they call.
pub fn run(args: &HookArgs, context: &Context) -> anyhow::Result<Exit> {
    match &args.command {
        HookCommand::Install { force, follow_remote } => install(*force, *follow_remote, context),
        HookCommand::Uninstall => uninstall(context),
        HookCommand::Run { follow_remote, hook, arguments } => {
            called(*hook, arguments, *follow_remote, context);
            Ok(Exit::Done)
        }
    }
}

fn install(force: bool, follow_remote: bool, context: &Context) -> anyhow::Result<Exit> {
    let here = &context.environment.current_dir;
    let settings = Settings::load(&context.environment, &context.global.overrides)?;
    let checkout = Checkout::around(&settings.root)?;
    let folder = checkout.path("hooks")?;
    let call = Call::from(&checkout.root, &settings.root, follow_remote)?;
    if !checkout.is_its_own(&folder)? {
        return Err(Refusal {
            message: format!(
                "the Git hooks directory `{}` is shared with other repositories",
                folder.display()
            ),
            help: format!("add to the hooks there: {}", call.lines()),
        }
        .into());
    }
    fs::create_dir_all(&folder)
        .with_context(|| format!("could not create directory `{}`", folder.display()))?;
    // Nothing is written unless all can be.
    let found = HOOKS.map(|hook| File::find(&folder, hook));
    for file in &found {
        let path = shown(&file.path, here);
        match file.state() {
            State::Foreign if !force => {
                let hook = file.hook.name();
                return Err(Refusal {
                    message: format!("`{path}` already exists and was not created by migrate"),
                    help: format!(
                        "add this line to it: {}; or use `--force` to rename it and have the new \
                         hook call it first",
                        call.line(hook)
                    ),
                }
                .into());
            }
            State::Foreign if exists(&file.before) => {
                return Err(Refusal {
                    message: format!("`{path}` is not ours, and neither is another kept before"),
                    help: format!("remove one of the two: `{}`", shown(&file.before, here)),
                }
                .into());
            }
            _ => {}
        }
    }
    let mut written = Vec::new();
    for file in found {
        if file.state() == State::Foreign {
            rename(&file.path, &file.before)?;
        }
        file.write(&call.script(file.hook.name()))?;
        let path = shown(&file.path, here);
        let also = if exists(&file.before) { ", which calls the one that was there" } else { "" };
        context.printer.step("installed", &format!("{}{also}", file.hook.name()));
        written.push(path);
    }
    context.printer.data(&written.join("\n"));
    context.printer.summary(&InstallSummary { installed: &written });
    Ok(Exit::Done)
}

fn uninstall(context: &Context) -> anyhow::Result<Exit> {
    let here = &context.environment.current_dir;
    let folder = Checkout::around(here)?.path("hooks")?;
    let mut removed = Vec::new();
    for file in HOOKS.map(|hook| File::find(&folder, hook)) {
        if file.state() != State::Ours {
            continue;
        }
        if exists(&file.before) {
            rename(&file.before, &file.path)?;
        } else {
            fs::remove_file(&file.path)
                .with_context(|| format!("cannot remove `{}`", file.path.display()))?;
        }
        context.printer.step("removed", file.hook.name());
        removed.push(shown(&file.path, here));
    }
    if removed.is_empty() {
        context.printer.step("done", "nothing to do: none of git's hooks is ours");
    } else {
        context.printer.data(&removed.join("\n"));
    }
    context.printer.summary(&UninstallSummary { removed: &removed });
    Ok(Exit::Done)
}

/// What git has done is done, and must not look as if it had failed: an error here is reported,
/// and nothing else.
fn called(hook: Hook, arguments: &[String], follow_remote: bool, context: &Context) {
    let followed = match worth_it(hook, arguments, context) {
        Ok(Some(settings)) => sync::follow(&settings, follow_remote, context),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = followed {
        render::report(&error, context.printer, &context.environment.current_dir);
        context.printer.warning(
            "what git did is done, but the database has not followed; `migrate sync` tries again",
        );
    }
}

/// The project, if the checkout has other migrations of it than before.
fn worth_it(
    hook: Hook,
    arguments: &[String],
    context: &Context,
) -> anyhow::Result<Option<Settings>> {
    let environment = &context.environment;
    let (old, new) = match (hook, arguments) {
        (Hook::PostCheckout, [old, new, flag]) if flag == "1" => (old.as_str(), new.as_str()),
        (Hook::PostMerge, [squash]) if squash == "0" => ("ORIG_HEAD", "HEAD"),
        _ => return Ok(None),
    };
    // A clone, or another worktree, without any previous commit.
    if old.bytes().all(|byte| byte == b'0') {
        return Ok(None);
    }
    let settings = match Settings::load(environment, &context.global.overrides) {
        // This commit has no migrations.
        Err(SettingsError::NoProject(_)) => return Ok(None),
        settings => settings?,
    };
    let checkout = Checkout::around(&settings.root)?;
    let is_worth_it = settings.dir.is_dir()
        && !checkout.is_rebasing()?
        && checkout.differs(old, new, &settings.dir)?;
    Ok(is_worth_it.then_some(settings))
}

impl Hook {
    fn name(self) -> &'static str {
        match self {
            Self::PostCheckout => "post-checkout",
            Self::PostMerge => "post-merge",
        }
    }
}

/// Whose a hook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Missing,
    Ours,
    Foreign,
}

/// A hook, as a file.
struct File {
    hook: Hook,
    path: PathBuf,
    /// Where the hook that existed before ours is stored.
    before: PathBuf,
}

impl File {
    fn find(folder: &Path, hook: Hook) -> Self {
        let path = folder.join(hook.name());
        let before = folder.join(format!("{}.before-migrate", hook.name()));
        Self { hook, path, before }
    }

    fn state(&self) -> State {
        match plain_file::read(&self.path) {
            Ok(text) if String::from_utf8_lossy(&text).contains(OURS) => State::Ours,
            Err(error) if error.kind() == ErrorKind::NotFound && !exists(&self.path) => {
                State::Missing
            }
            _ => State::Foreign,
        }
    }

    fn write(&self, script: &str) -> anyhow::Result<()> {
        let write = || {
            fs::write(&self.path, script)?;
            fs::set_permissions(&self.path, fs::Permissions::from_mode(0o755))
        };
        write().with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

/// Whether there is anything, be it a link to nowhere.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    let what = || format!("cannot rename `{}` to `{}`", from.display(), to.display());
    fs::rename(from, to).with_context(what)
}

/// How the hooks call this program.
struct Call {
    /// The program that installs them: with `cargo run`, there is none on `PATH`.
    program: String,
    /// The project, as seen from the root of the checkout, in which git starts its hooks.
    project: Option<String>,
    /// Whether the database may be on another machine.
    follow_remote: bool,
}

impl Call {
    fn from(root: &Path, project: &Path, follow_remote: bool) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (root, project) = (real(root), real(project));
        let below = project.strip_prefix(&root).unwrap_or(&project);
        let below = Some(below).filter(|below| !below.as_os_str().is_empty());
        Ok(Self { program: quoted(&program), project: below.map(quoted), follow_remote })
    }

    /// Returns the line to be added to an existing hook.
    fn line(&self, hook: &str) -> String {
        let call = format!("{} {} \"$@\"", self.program, self.run(hook));
        match &self.project {
            Some(project) => format!("`(cd {project} && {call})`"),
            None => format!("`{call}`"),
        }
    }

    fn lines(&self) -> String {
        HOOKS.map(|hook| self.line(hook.name())).join(" and ")
    }

    fn run(&self, hook: &str) -> String {
        let remote = if self.follow_remote { "--follow-remote " } else { "" };
        format!("hook run {remote}{hook}")
    }

    fn script(&self, hook: &str) -> String {
        let Self { program, project, .. } = self;
        let run = self.run(hook);
        let project = project.as_ref();
        let enter = project.map(|project| format!("cd {project} 2>/dev/null || exit $status\n"));
        let enter = enter.unwrap_or_default();
        format!(
            r#"#!/bin/sh
{OURS}
# The database becomes what the migrations of this checkout describe.
status=0
before="$(dirname "$0")/{hook}.before-migrate"
if [ -x "$before" ]; then "$before" "$@" || status=$?; fi
migrate={program}
if [ ! -x "$migrate" ] && ! migrate=$(command -v migrate); then
    echo "migrate is not where {hook} was installed from, and not on PATH: the database has not followed" >&2
    exit $status
fi
unset $(git rev-parse --local-env-vars)
{enter}"$migrate" {run} "$@"
exit $status
"#
        )
    }
}

/// A path as one word of the shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
