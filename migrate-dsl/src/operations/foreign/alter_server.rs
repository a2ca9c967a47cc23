//! [`ALTER SERVER`](https://www.postgresql.org/docs/current/sql-alterserver.html).

use super::options::{LOST, OptionChanges, option_changes};
use crate::operations::macros::operation;
use crate::{Identifier, Inverse, Object, Operation, OptionValue, Pgm, Statement, Writer};

operation! {
    /// Changes a foreign server.
    pub struct AlterServer(name: Identifier) {
        /// `None` within takes it away.
        version: Option<Option<String>>,
        options: OptionChanges,
    }
}

impl Pgm {
    /// Changes a foreign server: its version and its options.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_server("billing").set_option("host", "10.0.0.8").drop_option("port");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER SERVER "billing" OPTIONS (SET "host" '10.0.0.8', DROP "port");"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: server `billing`; options that may hold secrets are not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_server(&mut self, name: impl Into<Identifier>) -> &mut AlterServer {
        self.record(AlterServer::new(name.into()))
    }
}

option_changes!(AlterServer);

impl AlterServer {
    /// Its version, if the wrapper knows some; `None` for none.
    pub fn version<'a>(&mut self, text: impl Into<Option<&'a str>>) -> &mut Self {
        self.version = Some(text.into().map(str::to_owned));
        self
    }
}

impl Operation for AlterServer {
    fn verb(&self) -> &'static str {
        "alter_server"
    }

    fn describe(&self) -> String {
        format!("alter server `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER SERVER").identifier(&self.name);
            if let Some(version) = &self.version {
                sql.text("VERSION").comment(version.as_deref());
            }
            self.options.write(sql);
            if self.version.is_none() && self.options.is_empty() {
                sql.problem(format!("`alter_server` changes nothing about `{}`", self.name));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::server(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_server("billing").version("18").add_option("a", 0).set_option("b", false);
            pgm.alter_server("billing").version(None).drop_option("c");
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER SERVER "billing" VERSION '18' OPTIONS (ADD "a" '0', SET "b" 'false');
        ALTER SERVER "billing" VERSION NULL OPTIONS (DROP "c");
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_server("billing");
        });
        insta::assert_snapshot!(problems, @"`alter_server` changes nothing about `billing`");
    }
}
