//! [`ALTER ROLE`](https://www.postgresql.org/docs/current/sql-alterrole.html).

use super::attributes::{Attributes, attributes};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Role, Statement, Writer};

operation! {
    /// Changes a role.
    pub struct AlterRole(role: Role) {
        attributes: Attributes,
        settings: Vec<Setting>,
        database: Option<Identifier>,
    }
}

#[derive(Debug, Clone)]
enum Setting {
    Set(Identifier, Vec<String>),
    FromCurrent(Identifier),
    Reset(Identifier),
    ResetAll,
}

impl Pgm {
    /// Changes a role's attributes, and the settings that its sessions begin with.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_role("app").connection_limit(20).set("search_path", ["app", "public"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER ROLE \"app\" WITH CONNECTION LIMIT 20;\n\
    ///      ALTER ROLE \"app\" SET \"search_path\" TO 'app', 'public';"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: role `app`");
    /// ```
    #[track_caller]
    pub fn alter_role(&mut self, role: impl Into<Role>) -> &mut AlterRole {
        self.record(AlterRole::new(role.into()))
    }
}

attributes!(AlterRole);

impl AlterRole {
    /// The value of a [setting](https://www.postgresql.org/docs/current/runtime-config.html) in the
    /// role's sessions to come; several values make a list, as for `search_path`.
    pub fn set<V: ToString>(
        &mut self,
        name: impl Into<Identifier>,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        let values = values.into_iter().map(|value| value.to_string()).collect();
        self.settings.push(Setting::Set(name.into(), values));
        self
    }
}

options! { AlterRole {
    /// The value that the setting has in the migration's session.
    pub fn set_from_current(&mut self, name: impl Into<Identifier>) {
        self.settings.push(Setting::FromCurrent(name.into()))
    }

    /// Leaves the setting to the server's configuration again.
    pub fn reset(&mut self, name: impl Into<Identifier>) {
        self.settings.push(Setting::Reset(name.into()))
    }

    /// Leaves all settings to the server's configuration again.
    pub fn reset_all(&mut self) { self.settings.push(Setting::ResetAll) }

    /// With settings: has them in this database only.
    pub fn in_database(&mut self, name: impl Into<Identifier>) {
        self.database = Some(name.into())
    }
}}

impl AlterRole {
    fn alter_attributes(&self) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER ROLE").role(&self.role).text("WITH");
            self.attributes.write(sql);
            sql
        })
    }

    fn alter_setting(&self, setting: &Setting) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER ROLE").role(&self.role);
            if let Some(database) = &self.database {
                sql.text("IN DATABASE").identifier(database);
            }
            match setting {
                Setting::Set(name, values) => phrases::set(sql, name, values),
                Setting::FromCurrent(name) => {
                    sql.text("SET").identifier(name).text("FROM CURRENT");
                }
                Setting::Reset(name) => _ = sql.text("RESET").identifier(name),
                Setting::ResetAll => _ = sql.text("RESET ALL"),
            }
            sql
        })
    }
}

impl Operation for AlterRole {
    fn verb(&self) -> &'static str {
        "alter_role"
    }

    fn describe(&self) -> String {
        format!("alter role `{}`", self.role)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        if !self.attributes.is_empty() {
            statements.push(self.alter_attributes());
        }
        statements.extend(self.settings.iter().map(|setting| self.alter_setting(setting)));
        let mut problems = Vec::new();
        if self.role.is_public() {
            problems.push("`public` is not a role: alter each role separately".to_owned());
        }
        if self.database.is_some() && self.settings.is_empty() {
            problems.push("`in_database` belongs to `set` and `reset`: say a setting".to_owned());
        }
        if statements.is_empty() {
            problems.push(format!("`alter_role` changes nothing about `{}`", self.role));
            statements.push(Statement::raw(""));
        }
        statements[0].problems.extend(problems);
        statements
    }

    fn inverse(&self) -> Inverse {
        // Settings in a database are read with the role.
        let object = Object::role_of(&self.role);
        if !self.attributes.has_password() {
            return Inverse::capture([object]);
        }
        if self.attributes.has_others() || !self.settings.is_empty() {
            return Inverse::capture_without([object], "its password is not restored");
        }
        Inverse::none(format!("the password that `{}` had is not read", self.role))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_role("app").no_login().connection_limit(0).valid_until("infinity");
            pgm.alter_role(Role::current_user())
                .set("search_path", ["app", "it's"])
                .set("app.tenant", [0])
                .set_from_current("TimeZone")
                .reset("work_mem")
                .reset_all()
                .in_database("blog");
            pgm.alter_role("app").createdb().password_null();
            pgm.alter_role("app").password(env("APP_PASSWORD"));
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER ROLE "app" WITH NOLOGIN CONNECTION LIMIT 0 VALID UNTIL 'infinity';
        ALTER ROLE CURRENT_USER IN DATABASE "blog" SET "search_path" TO 'app', 'it''s';
        ALTER ROLE CURRENT_USER IN DATABASE "blog" SET "app.tenant" TO '0';
        ALTER ROLE CURRENT_USER IN DATABASE "blog" SET "TimeZone" FROM CURRENT;
        ALTER ROLE CURRENT_USER IN DATABASE "blog" RESET "work_mem";
        ALTER ROLE CURRENT_USER IN DATABASE "blog" RESET ALL;
        ALTER ROLE "app" WITH CREATEDB PASSWORD NULL;
        ALTER ROLE "app" WITH PASSWORD :'APP_PASSWORD';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- cannot be reverted: the password that `app` had is not read
        -- as it was: role `app`; its password is not restored
        -- as it was: role `current_user`
        -- as it was: role `app`
        ");
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_role("app");
            pgm.alter_role("app").login().in_database("blog");
            pgm.alter_role(Role::public()).no_login();
            pgm.alter_role("app").set("search_path", [""; 0]);
        });
        insta::assert_snapshot!(problems, @"
        `alter_role` changes nothing about `app`
        `in_database` belongs to `set` and `reset`: say a setting
        `public` is not a role: alter each role separately
        `set` gives `search_path` no value
        ");
    }
}
