//! [`ALTER DEFAULT PRIVILEGES`](https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html).

use super::privileges::{IntoPrivileges, Privileges};
use super::target::Kind;
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoIdentifiers, IntoRoles, Inverse, Object, Only, Operation, Pgm, Role, Statement,
    Writer,
};

operation! {
    /// Changes which privileges objects get when they are made.
    pub struct AlterDefaultPrivileges() {
        owners: Vec<Role>,
        schemas: Vec<Identifier>,
        change: Choice<Change>,
        on: Choice<(&'static str, Kind)>,
        roles: Vec<Role>,
        grant_option: bool,
        cascade: bool,
    }
}

#[derive(Debug, Clone)]
struct Change {
    revokes: bool,
    privileges: Privileges,
}

impl Pgm {
    /// Changes which privileges objects get when they are made from now on:
    /// `alter_default_privileges().grant(privileges).on_…().to(roles)`.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_default_privileges().in_schema("app").grant("SELECT").on_tables().to("reports");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER DEFAULT PRIVILEGES IN SCHEMA "app" GRANT SELECT ON TABLES TO "reports";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: default privileges of the current role in `app`"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_default_privileges(&mut self) -> &mut AlterDefaultPrivileges {
        self.record(AlterDefaultPrivileges::new())
    }
}

options! { AlterDefaultPrivileges {
    /// Of what these roles make; without it, of what the role makes that runs the migration.
    pub fn for_role(&mut self, roles: impl IntoRoles) { self.owners.extend(roles.into_roles()) }

    /// Of what is made in these schemas; without it, in any.
    pub fn in_schema(&mut self, schemas: impl IntoIdentifiers) {
        self.schemas.extend(schemas.into_identifiers())
    }

    /// On tables and views.
    pub fn on_tables(&mut self) { self.on.set("on_tables", ("TABLES", Kind::TABLE)) }

    /// On sequences.
    pub fn on_sequences(&mut self) {
        self.on.set("on_sequences", ("SEQUENCES", Kind::SEQUENCE))
    }

    /// On functions, aggregates and procedures.
    pub fn on_functions(&mut self) {
        self.on.set("on_functions", ("FUNCTIONS", Kind::FUNCTION))
    }

    /// On types and domains.
    pub fn on_types(&mut self) { self.on.set("on_types", ("TYPES", Kind::TYPE)) }

    /// On schemas.
    pub fn on_schemas(&mut self) { self.on.set("on_schemas", ("SCHEMAS", Kind::SCHEMA)) }

    /// On large objects; from PostgreSQL 18.
    pub fn on_large_objects(&mut self) {
        self.on.set("on_large_objects", ("LARGE OBJECTS", Kind::LARGE_OBJECT))
    }

    /// To whom the privileges are given.
    pub fn to(&mut self, roles: impl IntoRoles) { self.roles.extend(roles.into_roles()) }

    /// With [`grant`](Self::grant): they may let others, too.
    pub fn with_grant_option(&mut self) { self.grant_option = true }

    /// With [`revoke`](Self::revoke): leaves them the privilege, but not that they may let others.
    pub fn grant_option_for(&mut self) { self.grant_option = true }

    /// With [`revoke`](Self::revoke): takes it from those, too, whom they would let.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl AlterDefaultPrivileges {
    /// These privileges are given [`to`](Self::to) the roles.
    pub fn grant(&mut self, privileges: impl IntoPrivileges) -> &mut Self {
        self.change(false, privileges)
    }

    /// These privileges are no longer given: taken [`from`](Self::from) the roles.
    pub fn revoke(&mut self, privileges: impl IntoPrivileges) -> &mut Self {
        self.change(true, privileges)
    }

    fn change(&mut self, revokes: bool, privileges: impl IntoPrivileges) -> &mut Self {
        let privileges = Privileges::new(privileges.into_privileges());
        let option = if revokes { "revoke" } else { "grant" };
        self.change.set(option, Change { revokes, privileges });
        self
    }

    /// From whom they are taken.
    pub fn from(&mut self, roles: impl IntoRoles) -> &mut Self {
        self.to(roles)
    }

    fn write_change(&self, sql: &mut Writer, change: &Change) {
        let revokes = change.revokes;
        sql.text(if revokes { "REVOKE" } else { "GRANT" });
        sql.flag(revokes && self.grant_option, "GRANT OPTION FOR");
        match *self.on {
            Some((on, kind)) => {
                change.privileges.write(sql, kind.told, kind.privileges, |_| {});
                sql.text("ON").text(on);
                if kind.is(Kind::LARGE_OBJECT) {
                    sql.requires(18, "on_large_objects");
                }
                if kind.is(Kind::TABLE) && change.privileges.has("MAINTAIN") {
                    sql.requires(17, "MAINTAIN");
                }
            }
            None => {
                sql.problem(
                    "`alter_default_privileges` requires an object type: add `on_tables`, \
                     `on_sequences`, `on_functions`, `on_types`, `on_schemas` or `on_large_objects`",
                );
            }
        }
        sql.text(if revokes { "FROM" } else { "TO" });
        sql.list(&self.roles, |sql, role| _ = sql.role(role));
        sql.flag(!revokes && self.grant_option, "WITH GRANT OPTION");
        sql.flag(revokes && self.cascade, "CASCADE");
        if self.cascade && !revokes {
            sql.problem("`cascade` is only valid with `revoke`");
        }
        if self.roles.is_empty() {
            sql.problem(
                "`alter_default_privileges` requires `.to(\"…\")` or \
                 `.from(\"…\")`",
            );
        }
    }
}

impl Operation for AlterDefaultPrivileges {
    fn verb(&self) -> &'static str {
        "alter_default_privileges"
    }

    fn describe(&self) -> String {
        let on = self.on.map(|(on, _)| format!(" on {}", on.to_ascii_lowercase()));
        format!("alter default privileges{}", on.unwrap_or_default())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.on);
            sql.text("ALTER DEFAULT PRIVILEGES");
            if !self.owners.is_empty() {
                sql.text("FOR ROLE").list(&self.owners, |sql, role| _ = sql.role(role));
            }
            if self.owners.iter().any(Role::is_public) {
                sql.problem("`for_role` cannot be `public`, which cannot own objects");
            }
            if !self.schemas.is_empty() {
                sql.text("IN SCHEMA").list(&self.schemas, |sql, name| _ = sql.identifier(name));
                if let Some((on @ ("SCHEMAS" | "LARGE OBJECTS"), _)) = *self.on {
                    let on = on.trim_end_matches('S').to_ascii_lowercase();
                    sql.problem(format!("a {on} is made in no schema: leave `in_schema` out"));
                }
            }
            sql.choice(&self.change);
            match self.change.as_ref() {
                Some(change) => self.write_change(sql, change),
                None => {
                    sql.problem("`alter_default_privileges` wants `grant` or `revoke`");
                }
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        let some_or_all = |count: usize| 0..count.max(1);
        let objects = some_or_all(self.owners.len()).flat_map(|owner| {
            some_or_all(self.schemas.len()).map(move |schema| {
                let owner = self.owners.get(owner).cloned();
                Object::default_privileges(owner, self.schemas.get(schema).cloned())
            })
        });
        Inverse::capture_only(Only::Privileges, objects)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_default_privileges()
                .for_role(["ada", "grace"])
                .in_schema(["app", "public"])
                .grant(["SELECT", "INSERT"])
                .on_tables()
                .to("a")
                .to("b")
                .with_grant_option();
            pgm.alter_default_privileges().grant("USAGE").on_sequences().to("a");
            pgm.alter_default_privileges().revoke("EXECUTE").on_functions().from(Role::public());
            pgm.alter_default_privileges().grant("ALL").on_types().to("a");
            pgm.alter_default_privileges()
                .for_role(Role::current_user())
                .revoke("USAGE")
                .on_schemas()
                .from("a")
                .grant_option_for()
                .cascade();
            pgm.alter_default_privileges().grant("SELECT").on_large_objects().to("a");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER DEFAULT PRIVILEGES FOR ROLE "ada", "grace" IN SCHEMA "app", "public" GRANT SELECT, INSERT ON TABLES TO "a", "b" WITH GRANT OPTION;
        ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO "a";
        ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO "a";
        ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER REVOKE GRANT OPTION FOR USAGE ON SCHEMAS FROM "a" CASCADE;
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO "a";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: default privileges of the current role
        -- as it was: default privileges of `current_user`
        -- as it was: default privileges of the current role
        -- as it was: default privileges of the current role
        -- as it was: default privileges of the current role
        -- as it was: default privileges of `ada` in `app`, default privileges of `ada` in `public`, default privileges of `grace` in `app`, default privileges of `grace` in `public`
        ");
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.alter_default_privileges();
            pgm.alter_default_privileges().grant("SELECT");
            pgm.alter_default_privileges().grant("SELECT").on_functions().to("a").cascade();
            pgm.alter_default_privileges().in_schema("app").grant("ALL").on_schemas().to("a");
            pgm.alter_default_privileges()
                .in_schema("app")
                .grant("INSERT")
                .on_large_objects()
                .to("a");
        });
        insta::assert_snapshot!(problems, @r#"
        `alter_default_privileges` wants `grant` or `revoke`
        `alter_default_privileges` requires an object type: add `on_tables`, `on_sequences`, `on_functions`, `on_types`, `on_schemas` or `on_large_objects`
        `alter_default_privileges` requires `.to("…")` or `.from("…")`
        a function has no privilege `SELECT`: it has `EXECUTE`
        `cascade` is only valid with `revoke`
        a schema is made in no schema: leave `in_schema` out
        a large object is made in no schema: leave `in_schema` out
        a large object has no privilege `INSERT`: it has `SELECT`, `UPDATE`
        "#);
    }
}
