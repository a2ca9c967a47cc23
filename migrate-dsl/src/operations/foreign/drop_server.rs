//! [`DROP SERVER`](https://www.postgresql.org/docs/current/sql-dropserver.html).

use super::options::LOST;
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

/// Drops a server.
pub struct DropServer {
    name: Identifier,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a foreign server.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_server("billing"); });
    /// assert_eq!(plan, r#"DROP SERVER "billing";"#);
    /// ```
    #[track_caller]
    pub fn drop_server(&mut self, name: impl Into<Identifier>) -> &mut DropServer {
        self.record(DropServer { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropServer {
    /// Does nothing if there is no such server.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops its tables and user mappings too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropServer {
    fn verb(&self) -> &'static str {
        "drop_server"
    }

    fn describe(&self) -> String {
        format!("drop server `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("SERVER", &self.name.clone().into(), self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::server(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_server() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_server("billing").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP SERVER IF EXISTS "billing" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: server `billing`; options that may hold secrets are not restored");
    }
}
