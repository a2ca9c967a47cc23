//! The confirmation that a protected database requires before anything in it is destroyed.

use clap::Args;
use migrate_core::plan::Plan;
use migrate_core::{Allowed, Migrator, Session};

use crate::actor::actor;
use crate::context::Context;
use crate::limits::AskedLimits;
use crate::progress::Progress;
use crate::render::Located;

/// The word that a protected database asks for.
#[derive(Debug, Clone, Default, Args)]
pub struct Allowance {
    /// Confirm a destructive command in a database that is protected under this name
    #[arg(long, value_name = "NAME")]
    allow: Option<String>,
}

/// The variable that gives the word for all commands.
const VARIABLE: &str = "ALLOW_DDL_IN_PRODUCTION";

impl Allowance {
    /// The name that the flag gives, else the variable.
    pub fn given(&self, context: &Context) -> Option<Allowed> {
        let allowed =
            |name: &str, origin: &str| Allowed { name: name.to_owned(), origin: origin.to_owned() };
        match &self.allow {
            Some(name) => Some(allowed(name, "`--allow`")),
            None => context
                .environment
                .var(VARIABLE)
                .map(|name| allowed(name, &format!("`{VARIABLE}`"))),
        }
    }

    /// Refuses unless all of a database may be destroyed.
    pub fn may_destroy_all(&self, session: &mut Session, context: &Context) -> anyhow::Result<()> {
        let migrator = Migrator::new(Plan::empty(), actor(&context.environment, None));
        let limits = AskedLimits::of_environment(&context.environment)?.limits();
        let migrator = migrator.limits(limits).reporter(Progress::new(context.printer).reporter());
        let allowed = migrator.allow(self.given(context));
        let checked = allowed.may_destroy_all(session);
        checked.map_err(|error| Located { error, folder: None }.into())
    }
}
