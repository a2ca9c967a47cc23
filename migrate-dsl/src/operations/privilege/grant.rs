//! [`GRANT`](https://www.postgresql.org/docs/current/sql-grant.html).

use super::privileges::{IntoPrivileges, Privileges};
use super::target::{Kind, Target, targets};
use crate::operations::macros::{operation, options};
use crate::{
    DataType, Identifier, IntoIdentifiers, IntoRoles, Inverse, Name, Operation, Pgm, Role,
    Statement, Writer,
};

operation! {
    /// Lets roles do something with objects.
    pub struct Grant(privileges: Privileges) {
        target: Target,
        roles: Vec<Role>,
        grant_option: bool,
        granted_by: Option<Role>,
    }
}

impl Pgm {
    /// Lets roles do something with objects: `grant(privileges).on_…(..).to(roles)`.
    ///
    /// The [privileges](https://www.postgresql.org/docs/current/ddl-priv.html) are PostgreSQL's
    /// words, and `ALL`. What a role was allowed before stays when it is reverted.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.grant(["SELECT", "INSERT"]).on_table("posts").to("app");
    ///     pgm.grant("SELECT").on_columns("users", ["id", "name"]).to(["app", "reports"]);
    ///     pgm.grant("USAGE").on_schema("tools").to(Role::public());
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "GRANT SELECT, INSERT ON TABLE \"posts\" TO \"app\";\n\
    ///      GRANT SELECT (\"id\", \"name\") ON TABLE \"users\" TO \"app\", \"reports\";\n\
    ///      GRANT USAGE ON SCHEMA \"tools\" TO PUBLIC;"
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: schema `tools`\n-- as it was: table `users`\n-- as it was: table `posts`"
    /// );
    /// ```
    #[track_caller]
    pub fn grant(&mut self, privileges: impl IntoPrivileges) -> &mut Grant {
        self.record(Grant::new(Privileges::new(privileges.into_privileges())))
    }
}

targets!(Grant);

options! { Grant {
    /// Who is let; may be called more than once.
    pub fn to(&mut self, roles: impl IntoRoles) { self.roles.extend(roles.into_roles()) }

    /// They may let others, too.
    pub fn with_grant_option(&mut self) { self.grant_option = true }

    /// Who grants it: the current role, which PostgreSQL takes without it; from PostgreSQL 14.
    pub fn granted_by(&mut self, role: impl Into<Role>) { self.granted_by = Some(role.into()) }
}}

impl Operation for Grant {
    fn verb(&self) -> &'static str {
        "grant"
    }

    fn describe(&self) -> String {
        format!("grant {} on {}", self.privileges.told(), self.target.told())
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("GRANT");
            self.target.write(sql, &self.privileges, "grant");
            sql.text("TO").list(&self.roles, |sql, role| _ = sql.role(role));
            if self.roles.is_empty() {
                sql.problem("`grant` requires `.to(\"…\")`");
            }
            if self.grant_option && self.roles.iter().any(Role::is_public) {
                sql.problem("`with_grant_option` cannot be given to `public`");
            }
            sql.flag(self.grant_option, "WITH GRANT OPTION");
            if let Some(role) = &self.granted_by {
                sql.text("GRANTED BY").role(role).requires(14, "granted_by");
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        self.target.inverse()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn on_everything() {
        let up = |pgm: &mut Pgm| {
            pgm.grant("all").on_table("posts").on_table(("app", "users")).to("a").to("b");
            pgm.grant(["SELECT", "UPDATE"]).on_columns("posts", ["id", "title"]).to("a");
            pgm.grant("SELECT").on_all_tables("app").to("a");
            pgm.grant("USAGE").on_sequence("posts_id_seq").to("a");
            pgm.grant("USAGE").on_all_sequences("app").to("a");
            pgm.grant("EXECUTE").on_function("f").arguments(["int"]).on_function("g").to("a");
            pgm.grant("EXECUTE").on_procedure("p").arguments([""; 0]).to("a");
            pgm.grant("EXECUTE").on_routine("r").to("a");
            pgm.grant("EXECUTE").on_all_functions("app").to("a");
            pgm.grant("EXECUTE").on_all_procedures("app").to("a");
            pgm.grant("EXECUTE").on_all_routines("app").to("a");
            pgm.grant(["CREATE", "USAGE"]).on_schema("app").to("a").with_grant_option();
            pgm.grant("USAGE").on_type("mood").to("a");
            pgm.grant("USAGE").on_domain("percent").to("a");
            pgm.grant(["CONNECT", "TEMP"]).on_database("blog").to(Role::current_user());
            pgm.grant("USAGE").on_language("plpgsql").to("a");
            pgm.grant("USAGE").on_foreign_data_wrapper("files").to("a");
            pgm.grant("USAGE").on_foreign_server("disk").to("a");
            pgm.grant("CREATE").on_tablespace("fast").to("a");
            pgm.grant(["SET", "ALTER SYSTEM"])
                .on_parameter("app.tenant")
                .to("a")
                .granted_by(Role::current_user());
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        GRANT ALL ON TABLE "posts", "app"."users" TO "a", "b";
        GRANT SELECT ("id", "title"), UPDATE ("id", "title") ON TABLE "posts" TO "a";
        GRANT SELECT ON ALL TABLES IN SCHEMA "app" TO "a";
        GRANT USAGE ON SEQUENCE "posts_id_seq" TO "a";
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA "app" TO "a";
        GRANT EXECUTE ON FUNCTION "f" (int), "g" TO "a";
        GRANT EXECUTE ON PROCEDURE "p" () TO "a";
        GRANT EXECUTE ON ROUTINE "r" TO "a";
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA "app" TO "a";
        GRANT EXECUTE ON ALL PROCEDURES IN SCHEMA "app" TO "a";
        GRANT EXECUTE ON ALL ROUTINES IN SCHEMA "app" TO "a";
        GRANT CREATE, USAGE ON SCHEMA "app" TO "a" WITH GRANT OPTION;
        GRANT USAGE ON TYPE "mood" TO "a";
        GRANT USAGE ON DOMAIN "percent" TO "a";
        GRANT CONNECT, TEMP ON DATABASE "blog" TO CURRENT_USER;
        GRANT USAGE ON LANGUAGE "plpgsql" TO "a";
        GRANT USAGE ON FOREIGN DATA WRAPPER "files" TO "a";
        GRANT USAGE ON FOREIGN SERVER "disk" TO "a";
        GRANT CREATE ON TABLESPACE "fast" TO "a";
        GRANT SET, ALTER SYSTEM ON PARAMETER "app.tenant" TO "a" GRANTED BY CURRENT_USER;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: parameter `app.tenant`
        -- as it was: tablespace `fast`
        -- as it was: server `disk`
        -- as it was: foreign data wrapper `files`
        -- as it was: language `plpgsql`
        -- as it was: database `blog`
        -- as it was: domain `percent`
        -- as it was: type `mood`
        -- as it was: schema `app`
        -- as it was: all routines in schema `app`
        -- as it was: all procedures in schema `app`
        -- as it was: all functions in schema `app`
        -- as it was: routine `r`
        -- as it was: procedure `p`
        -- as it was: function `f`, function `g`
        -- as it was: all sequences in schema `app`
        -- as it was: sequence `posts_id_seq`
        -- as it was: all tables in schema `app`
        -- as it was: table `posts`
        -- as it was: table `posts`, table `app.users`
        ");
    }

    #[test]
    fn what_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.grant("SELECT").to("a");
            pgm.grant("SELECT").on_table("posts");
            pgm.grant([""; 0]).on_table("posts").to("a");
            pgm.grant("SELECT; DROP TABLE posts").on_table("posts").to("a");
            pgm.grant("USAGE").on_table("posts").to("a");
            pgm.grant("DELETE").on_columns("posts", "title").to("a");
            pgm.grant("SELECT").on_columns("posts", [""; 0]).to("a");
            pgm.grant("SELECT").on_table("posts").on_all_tables("app").to("a");
            pgm.grant("SELECT").on_columns("posts", "title").on_columns("users", "id").to("a");
            pgm.grant("SELECT").on_table("posts").to(Role::public()).with_grant_option();
        });
        insta::assert_snapshot!(problems, @r#"
        `grant` does not say on what: add `on_table`, `on_all_tables`, `on_schema`, …
        `grant` requires `.to("…")`
        no privilege is given: name some, or `ALL`
        a table has no privilege `SELECT; DROP TABLE POSTS`: it has `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`
        a table has no privilege `USAGE`: it has `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`
        a column has no privilege `DELETE`: it has `SELECT`, `INSERT`, `UPDATE`, `REFERENCES`
        `on_columns` names no column: that would be the whole table
        a `grant` is on objects of one kind: write another for a table
        a `grant` is on objects of one kind: write another for a column
        `with_grant_option` cannot be given to `public`
        "#);
    }

    #[test]
    fn one_table_is_not_all_tables_of_its_schema() {
        let plan = plan_text(|pgm| {
            pgm.grant("SELECT").on_table(("app", "posts")).to("a");
        });
        assert_eq!(plan, r#"GRANT SELECT ON TABLE "app"."posts" TO "a";"#);
    }
}
