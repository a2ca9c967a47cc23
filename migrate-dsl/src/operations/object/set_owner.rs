//! `ALTER … OWNER TO`, as in [`ALTER TABLE`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Inverse, Object, Only, Operation, Pgm, Role, Statement, Writer};

/// The kinds of objects that have an owner of their own.
const OWNED: &[&str] = &[
    "AGGREGATE",
    "COLLATION",
    "DATABASE",
    "DOMAIN",
    "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "FUNCTION",
    "LANGUAGE",
    "MATERIALIZED VIEW",
    "OPERATOR",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "PROCEDURE",
    "PUBLICATION",
    "ROUTINE",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "TABLE",
    "TABLESPACE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TYPE",
    "VIEW",
];

/// Gives an object another owner.
#[derive(Debug, Clone)]
pub struct SetOwner {
    object: Object,
    owner: Role,
}

impl Pgm {
    /// Gives an object to another role: a table with its indexes and the sequences that it owns, a
    /// schema without what is in it.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.set_owner(Object::table("posts"), "web app");
    ///     pgm.set_owner(Object::function("slug").arguments(["text"]), Role::current_user());
    /// });
    /// assert_eq!(
    ///     plan,
    ///     "ALTER TABLE \"posts\" OWNER TO \"web app\";\n\
    ///      ALTER FUNCTION \"slug\" (text) OWNER TO CURRENT_USER;"
    /// );
    /// ```
    #[track_caller]
    pub fn set_owner(&mut self, object: Object, owner: impl Into<Role>) -> &mut SetOwner {
        self.record(SetOwner { object, owner: owner.into() })
    }
}

impl Operation for SetOwner {
    fn verb(&self) -> &'static str {
        "set_owner"
    }

    fn describe(&self) -> String {
        format!("give {} to `{}`", self.object, self.owner)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER");
            self.object.write(sql);
            sql.text("OWNER TO").role(&self.owner);
            if !OWNED.contains(&self.object.kind()) {
                sql.problem(format!(
                    "{} has no owner of its own: give away what it belongs to",
                    self.object
                ));
            }
            if self.owner.is_public() {
                sql.problem(format!("`public` is every role and cannot own {}", self.object));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_only(Only::Owner, [self.object.clone()])
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn whose_it_was_is_read_from_the_catalog() {
        let up = |pgm: &mut Pgm| {
            pgm.set_owner(Object::schema("app"), Role::session_user());
            pgm.set_owner(Object::materialized_view(("app", "sums")), "ada");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER SCHEMA "app" OWNER TO SESSION_USER;
        ALTER MATERIALIZED VIEW "app"."sums" OWNER TO "ada";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: materialized view `app.sums`
        -- as it was: schema `app`
        ");
    }

    #[test]
    fn what_belongs_to_a_table_is_given_away_with_it() {
        let problems = plan_problems(|pgm| {
            pgm.set_owner(Object::column("posts", "title"), "ada");
            pgm.set_owner(Object::index("posts_pkey"), "ada");
            pgm.set_owner(Object::table("posts"), Role::public());
        });
        insta::assert_snapshot!(problems, @"
        column `title` of `posts` has no owner of its own: give away what it belongs to
        index `posts_pkey` has no owner of its own: give away what it belongs to
        `public` is every role and cannot own table `posts`
        ");
    }
}
