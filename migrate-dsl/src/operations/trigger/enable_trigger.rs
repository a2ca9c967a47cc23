//! [`ALTER TABLE … ENABLE TRIGGER`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER).

use super::Triggers;
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Lets triggers of a table fire.
    pub struct EnableTrigger(table: Name, triggers: Triggers) {
        firing: Choice<&'static str>,
    }
}

impl Pgm {
    /// Lets a trigger of a table fire: one by its name, or [`Triggers::User`], or
    /// [`Triggers::All`].
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.enable_trigger("posts", "touch");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" ENABLE TRIGGER "touch";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: trigger `touch` of `posts`");
    /// ```
    #[track_caller]
    pub fn enable_trigger(
        &mut self,
        table: impl Into<Name>,
        triggers: impl Into<Triggers>,
    ) -> &mut EnableTrigger {
        self.record(EnableTrigger::new(table.into(), triggers.into()))
    }
}

options! { EnableTrigger {
    /// Fires only where `session_replication_role` is `replica`: for changes that replication
    /// brings.
    pub fn replica(&mut self) { self.firing.set("replica", "REPLICA") }

    /// Fires whatever `session_replication_role` is.
    pub fn always(&mut self) { self.firing.set("always", "ALWAYS") }
}}

impl Operation for EnableTrigger {
    fn verb(&self) -> &'static str {
        "enable_trigger"
    }

    fn describe(&self) -> String {
        format!("enable {}", self.triggers.describe(&self.table))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.firing);
            sql.text("ALTER TABLE").name(&self.table).text("ENABLE");
            if let Some(firing) = *self.firing {
                sql.text(firing);
                if !matches!(self.triggers, Triggers::Named(_)) {
                    sql.problem(format!(
                        "`{}` requires the name of one trigger",
                        firing.to_ascii_lowercase()
                    ));
                }
            }
            self.triggers.write(sql.text("TRIGGER"));
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([self.triggers.object(&self.table)])
    }
}

#[cfg(test)]
mod tests {
    use crate::Triggers;
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn enable_trigger() {
        let up = |pgm: &mut Pgm| {
            pgm.enable_trigger(("app", "posts"), "all").replica();
            pgm.enable_trigger("posts", "touch").always();
            pgm.enable_trigger("posts", Triggers::All);
            pgm.enable_trigger("posts", Triggers::User);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "app"."posts" ENABLE REPLICA TRIGGER "all";
        ALTER TABLE "posts" ENABLE ALWAYS TRIGGER "touch";
        ALTER TABLE "posts" ENABLE TRIGGER ALL;
        ALTER TABLE "posts" ENABLE TRIGGER USER;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: table `posts`
        -- as it was: table `posts`
        -- as it was: trigger `touch` of `posts`
        -- as it was: trigger `all` of `app.posts`
        ");
    }

    #[test]
    fn only_one_is_enabled_in_another_way() {
        let problems = plan_problems(|pgm| {
            pgm.enable_trigger("posts", Triggers::All).always();
        });
        insta::assert_snapshot!(problems, @"`always` requires the name of one trigger");
    }
}
