//! [`ALTER USER MAPPING`](https://www.postgresql.org/docs/current/sql-alterusermapping.html).

use super::options::{LOST, OptionChanges, option_changes};
use crate::operations::macros::operation;
use crate::{Identifier, Inverse, Object, Operation, OptionValue, Pgm, Role, Statement, Writer};

operation! {
    /// Changes a user mapping.
    pub struct AlterUserMapping(role: Role, server: Identifier) {
        options: OptionChanges,
    }
}

impl Pgm {
    /// Changes how a role is known to a foreign server.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_user_mapping("app", "billing").set_option("user", "shop");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER USER MAPPING FOR "app" SERVER "billing" OPTIONS (SET "user" 'shop');"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: user mapping of `app` on `billing`; options that may hold secrets are not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_user_mapping(
        &mut self,
        role: impl Into<Role>,
        server: impl Into<Identifier>,
    ) -> &mut AlterUserMapping {
        self.record(AlterUserMapping::new(role.into(), server.into()))
    }
}

option_changes!(AlterUserMapping);

impl AlterUserMapping {
    fn object(&self) -> Object {
        Object::user_mapping(self.role.clone(), &self.server)
    }
}

impl Operation for AlterUserMapping {
    fn verb(&self) -> &'static str {
        "alter_user_mapping"
    }

    fn describe(&self) -> String {
        format!("alter {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER");
            self.object().write(sql);
            self.options.write(sql);
            if self.options.is_empty() {
                sql.problem(format!(
                    "`alter_user_mapping` changes nothing about the {}",
                    self.object()
                ));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([self.object()], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_user_mapping(Role::session_user(), "billing")
                .add_option("password", env("BILLING_PASSWORD"))
                .set_option("user", "it's")
                .drop_option("sslkey");
        });
        insta::assert_snapshot!(plan, @r#"ALTER USER MAPPING FOR SESSION_USER SERVER "billing" OPTIONS (ADD "password" :'BILLING_PASSWORD', SET "user" 'it''s', DROP "sslkey");"#);
    }

    #[test]
    fn what_has_to_be_said_another_way() {
        let problems = plan_problems(|pgm| {
            pgm.alter_user_mapping("app", "billing");
            pgm.alter_user_mapping("app", "billing").set_option("password", "secret");
        });
        insta::assert_snapshot!(problems, @r#"
        `alter_user_mapping` changes nothing about the user mapping of `app` on `billing`
        the migration contains a password: write `env("…")` with the name of the environment variable that has it
        "#);
    }
}
