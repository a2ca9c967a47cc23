//! [`CREATE USER MAPPING`](https://www.postgresql.org/docs/current/sql-createusermapping.html).

use super::options::{Options, wrapper_options};
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Object, Operation, OptionValue, Pgm, Role, Statement, Writer};

operation! {
    /// Creates a user mapping.
    pub struct CreateUserMapping(role: Role, server: Identifier) {
        if_not_exists: bool,
        options: Options,
    }
}

impl Pgm {
    /// Says how a role is known to a foreign server. A password is never written down:
    /// [`env`](crate::env) names the variable that has it when the migration is applied.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_user_mapping("app", "billing")
    ///         .option("user", "blog")
    ///         .option("password", env("BILLING_PASSWORD"));
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE USER MAPPING FOR "app" SERVER "billing" OPTIONS ("user" 'blog', "password" :'BILLING_PASSWORD');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP USER MAPPING FOR "app" SERVER "billing";"#);
    /// ```
    #[track_caller]
    pub fn create_user_mapping(
        &mut self,
        role: impl Into<Role>,
        server: impl Into<Identifier>,
    ) -> &mut CreateUserMapping {
        self.record(CreateUserMapping::new(role.into(), server.into()))
    }
}

wrapper_options!(CreateUserMapping);

options! { CreateUserMapping {
    /// Does nothing if the role has a mapping.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }
}}

impl CreateUserMapping {
    fn object(&self) -> Object {
        Object::user_mapping(self.role.clone(), &self.server)
    }
}

impl Operation for CreateUserMapping {
    fn verb(&self) -> &'static str {
        "create_user_mapping"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("CREATE USER MAPPING").flag(self.if_not_exists, "IF NOT EXISTS");
            self.object().write_name(sql);
            self.options.write(sql);
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        if self.if_not_exists {
            return Inverse::capture([self.object()]);
        }
        Inverse::by(Writer::statement(|sql| {
            sql.text("DROP");
            self.object().write(sql);
            sql
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_user_mapping(Role::public(), "billing")
                .if_not_exists()
                .option("user", "it's");
            pgm.create_user_mapping(Role::current_user(), "billing");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE USER MAPPING IF NOT EXISTS FOR PUBLIC SERVER "billing" OPTIONS ("user" 'it''s');
        CREATE USER MAPPING FOR CURRENT_USER SERVER "billing";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP USER MAPPING FOR CURRENT_USER SERVER "billing";
        -- as it was: user mapping of `public` on `billing`
        "#);
    }

    #[test]
    fn a_password_does_not_stand_in_a_migration() {
        let problems = plan_problems(|pgm| {
            pgm.create_user_mapping("app", "billing").option("password", "secret");
        });
        insta::assert_snapshot!(problems, @r#"the migration contains a password: write `env("…")` with the name of the environment variable that has it"#);
    }
}
