//! What a role may do, as `create_role` and `alter_role` say it.

use crate::choice::Choice;
use crate::{Secret, Writer};

/// The attributes that were said of a role, in PostgreSQL's order.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    /// The keyword without its `NO`, and whether it holds.
    flags: Vec<(&'static str, bool)>,
    connection_limit: Option<i32>,
    valid_until: Option<String>,
    password: Choice<Password>,
    /// The keywords of which both were said.
    contradicted: Vec<&'static str>,
}

#[derive(Debug, Clone)]
enum Password {
    Given(Secret),
    Null,
}

impl Attributes {
    pub(super) fn set(&mut self, keyword: &'static str, holds: bool) {
        if self.flags.contains(&(keyword, !holds)) {
            self.contradicted.push(keyword);
        }
        self.flags.retain(|(other, _)| *other != keyword);
        self.flags.push((keyword, holds));
    }

    pub(super) fn limit_connections(&mut self, limit: i32) {
        self.connection_limit = Some(limit);
    }

    pub(super) fn end_at(&mut self, time: String) {
        self.valid_until = Some(time);
    }

    pub(super) fn set_password(&mut self, secret: &Secret) {
        self.password.set("password", Password::Given(secret.verified()));
    }

    pub(super) fn take_password(&mut self) {
        self.password.set("password_null", Password::Null);
    }

    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Whether there is any but a password.
    pub(super) fn has_others(&self) -> bool {
        !self.flags.is_empty() || self.connection_limit.is_some() || self.valid_until.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_others() && !self.has_password()
    }

    /// `LOGIN NOCREATEDB CONNECTION LIMIT 0`.
    pub(super) fn write(&self, sql: &mut Writer) {
        for option in self.contradicted.iter().map(|keyword| keyword.to_ascii_lowercase()) {
            sql.problem(format!("both `{option}` and `no_{option}` are given: leave one out"));
        }
        for (keyword, holds) in &self.flags {
            match holds {
                true => sql.text(keyword),
                false => sql.text(&format!("NO{keyword}")),
            };
        }
        if let Some(limit) = self.connection_limit {
            sql.text("CONNECTION LIMIT").text(&limit.to_string());
            if limit < -1 {
                sql.problem(format!(
                    "`connection_limit` is {limit}: a number of connections, or -1 for no limit"
                ));
            }
        }
        sql.choice(&self.password);
        match self.password.as_ref() {
            Some(Password::Given(secret)) => _ = sql.text("PASSWORD").secret(secret),
            Some(Password::Null) => _ = sql.text("PASSWORD NULL"),
            None => {}
        }
        if let Some(time) = &self.valid_until {
            sql.text("VALID UNTIL").literal(time);
        }
    }
}

/// The options for the attributes of a role.
macro_rules! attributes {
    ($operation:ty) => {
        impl $operation {
            /// May do everything.
            pub fn superuser(&mut self) -> &mut Self {
                self.attributes.set("SUPERUSER", true);
                self
            }

            /// May do what it is allowed to, and no more.
            pub fn no_superuser(&mut self) -> &mut Self {
                self.attributes.set("SUPERUSER", false);
                self
            }

            /// May create databases.
            pub fn createdb(&mut self) -> &mut Self {
                self.attributes.set("CREATEDB", true);
                self
            }

            /// May not create databases.
            pub fn no_createdb(&mut self) -> &mut Self {
                self.attributes.set("CREATEDB", false);
                self
            }

            /// May create roles, and alter and drop those.
            pub fn createrole(&mut self) -> &mut Self {
                self.attributes.set("CREATEROLE", true);
                self
            }

            /// May not create roles.
            pub fn no_createrole(&mut self) -> &mut Self {
                self.attributes.set("CREATEROLE", false);
                self
            }

            /// Has the privileges of the roles that it is a member of.
            pub fn inherit(&mut self) -> &mut Self {
                self.attributes.set("INHERIT", true);
                self
            }

            /// Has the privileges of the roles that it is a member of only after `SET ROLE`.
            pub fn no_inherit(&mut self) -> &mut Self {
                self.attributes.set("INHERIT", false);
                self
            }

            /// May log in: a user.
            pub fn login(&mut self) -> &mut Self {
                self.attributes.set("LOGIN", true);
                self
            }

            /// May not log in: a group.
            pub fn no_login(&mut self) -> &mut Self {
                self.attributes.set("LOGIN", false);
                self
            }

            /// May replicate the whole server.
            pub fn replication(&mut self) -> &mut Self {
                self.attributes.set("REPLICATION", true);
                self
            }

            /// May not replicate the server.
            pub fn no_replication(&mut self) -> &mut Self {
                self.attributes.set("REPLICATION", false);
                self
            }

            /// Sees all rows, whatever the policies of a table say.
            pub fn bypassrls(&mut self) -> &mut Self {
                self.attributes.set("BYPASSRLS", true);
                self
            }

            /// Sees the rows that the policies of a table let it see.
            pub fn no_bypassrls(&mut self) -> &mut Self {
                self.attributes.set("BYPASSRLS", false);
                self
            }

            /// How many connections it may have at the same time; -1 for any number.
            pub fn connection_limit(&mut self, limit: i32) -> &mut Self {
                self.attributes.limit_connections(limit);
                self
            }

            /// When its password ends, as PostgreSQL reads a time: `2027-01-01`, `infinity`.
            pub fn valid_until(&mut self, time: impl Into<String>) -> &mut Self {
                self.attributes.end_at(time.into());
                self
            }

            /// Its password: from the environment, as in `password(env("APP_PASSWORD"))`. The
            /// server gets a [SCRAM](https://www.postgresql.org/docs/current/auth-password.html)
            /// verifier of it.
            pub fn password(&mut self, password: $crate::Secret) -> &mut Self {
                self.attributes.set_password(&password);
                self
            }

            /// Has no password: no login by password succeeds.
            pub fn password_null(&mut self) -> &mut Self {
                self.attributes.take_password();
                self
            }
        }
    };
}
pub(super) use attributes;
