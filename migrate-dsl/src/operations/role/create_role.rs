//! [`CREATE ROLE`](https://www.postgresql.org/docs/current/sql-createrole.html).

use super::attributes::{Attributes, attributes};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, IntoIdentifiers, Inverse, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates a role.
    pub struct CreateRole(name: Identifier) {
        attributes: Attributes,
        in_roles: Vec<Identifier>,
        members: Vec<Identifier>,
        admins: Vec<Identifier>,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a role: a user with [`login`](CreateRole::login), a group without. Roles belong to
    /// all databases of the server.
    ///
    /// A password is never written down: [`env`](crate::env) names the variable that has it when
    /// the migration is applied.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_role("app").login().password(env("APP_PASSWORD")).in_role("readers");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE ROLE "app" WITH LOGIN PASSWORD :'APP_PASSWORD' IN ROLE "readers";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP ROLE "app";"#);
    /// ```
    #[track_caller]
    pub fn create_role(&mut self, name: impl Into<Identifier>) -> &mut CreateRole {
        self.record(CreateRole::new(name.into()))
    }
}

attributes!(CreateRole);

options! { CreateRole {
    /// Makes it a member of these roles.
    pub fn in_role(&mut self, roles: impl IntoIdentifiers) {
        self.in_roles.extend(roles.into_identifiers())
    }

    /// Makes these roles members of it.
    pub fn role(&mut self, members: impl IntoIdentifiers) {
        self.members.extend(members.into_identifiers())
    }

    /// Makes these roles members of it that may let others in.
    pub fn admin(&mut self, members: impl IntoIdentifiers) {
        self.admins.extend(members.into_identifiers())
    }

    /// The comment that tools show beside the role.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateRole {
    fn verb(&self) -> &'static str {
        "create_role"
    }

    fn describe(&self) -> String {
        format!("create role `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            let memberships =
                [("IN ROLE", &self.in_roles), ("ROLE", &self.members), ("ADMIN", &self.admins)];
            let is_bare =
                self.attributes.is_empty() && memberships.iter().all(|(_, roles)| roles.is_empty());
            sql.text("CREATE ROLE").identifier(&self.name).flag(!is_bare, "WITH");
            self.attributes.write(sql);
            for (keyword, roles) in memberships {
                if !roles.is_empty() {
                    sql.text(keyword).list(roles, |sql, role| _ = sql.identifier(role));
                }
            }
            sql
        });
        phrases::commented(create, &Object::role(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop(&Object::role(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_role("bare");
            pgm.create_role("root")
                .superuser()
                .createdb()
                .createrole()
                .inherit()
                .login()
                .replication()
                .bypassrls()
                .connection_limit(0)
                .password(env("ROOT_PASSWORD"))
                .valid_until("2027-01-01")
                .in_role("a")
                .role(["b", "c"])
                .admin("d")
                .comment("it's all");
            pgm.create_role("nobody")
                .no_superuser()
                .no_createdb()
                .no_createrole()
                .no_inherit()
                .login()
                .no_login()
                .no_replication()
                .no_bypassrls()
                .connection_limit(-1)
                .password_null();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE ROLE "bare";
        CREATE ROLE "root" WITH SUPERUSER CREATEDB CREATEROLE INHERIT LOGIN REPLICATION BYPASSRLS CONNECTION LIMIT 0 PASSWORD :'ROOT_PASSWORD' VALID UNTIL '2027-01-01' IN ROLE "a" ROLE "b", "c" ADMIN "d";
        COMMENT ON ROLE "root" IS 'it''s all';
        CREATE ROLE "nobody" WITH NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOLOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1 PASSWORD NULL;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        DROP ROLE "nobody";
        DROP ROLE "root";
        DROP ROLE "bare";
        "#);
    }

    #[test]
    fn a_limit_is_a_number_of_connections() {
        let problems = plan_problems(|pgm| {
            pgm.create_role("app").connection_limit(-2).password(env("a'b"));
        });
        insta::assert_snapshot!(problems, @r#"
        `connection_limit` is -2: a number of connections, or -1 for no limit
        `env("a\'b")` names no environment variable: letters, digits and `_` make one
        "#);
    }
}
