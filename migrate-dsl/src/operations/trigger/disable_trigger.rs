//! [`ALTER TABLE … DISABLE TRIGGER`](https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER).

use super::Triggers;
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

/// Keeps triggers of a table from firing.
#[derive(Debug, Clone)]
pub struct DisableTrigger {
    table: Name,
    triggers: Triggers,
}

impl Pgm {
    /// Keeps a trigger of a table from firing: one by its name, or [`Triggers::User`], or
    /// [`Triggers::All`], with which foreign keys are not checked any more.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.disable_trigger("posts", "touch");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "posts" DISABLE TRIGGER "touch";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: trigger `touch` of `posts`");
    /// ```
    #[track_caller]
    pub fn disable_trigger(
        &mut self,
        table: impl Into<Name>,
        triggers: impl Into<Triggers>,
    ) -> &mut DisableTrigger {
        self.record(DisableTrigger { table: table.into(), triggers: triggers.into() })
    }
}

impl Operation for DisableTrigger {
    fn verb(&self) -> &'static str {
        "disable_trigger"
    }

    fn describe(&self) -> String {
        format!("disable {}", self.triggers.describe(&self.table))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(&self.table).text("DISABLE TRIGGER");
            self.triggers.write(sql);
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
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn disable_trigger() {
        let up = |pgm: &mut Pgm| {
            pgm.disable_trigger(("app", "posts"), "user");
            pgm.disable_trigger("posts", Triggers::All);
            pgm.disable_trigger("posts", Triggers::User);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "app"."posts" DISABLE TRIGGER "user";
        ALTER TABLE "posts" DISABLE TRIGGER ALL;
        ALTER TABLE "posts" DISABLE TRIGGER USER;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: table `posts`
        -- as it was: table `posts`
        -- as it was: trigger `user` of `app.posts`
        ");
    }
}
