//! [`DROP TRIGGER`](https://www.postgresql.org/docs/current/sql-droptrigger.html).

use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Drops a trigger.
pub struct DropTrigger {
    table: Name,
    name: Identifier,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a trigger of a table; its function stays.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_trigger("posts", "touch"); });
    /// assert_eq!(plan, r#"DROP TRIGGER "touch" ON "posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_trigger(
        &mut self,
        table: impl Into<Name>,
        name: impl Into<Identifier>,
    ) -> &mut DropTrigger {
        self.record(DropTrigger {
            table: table.into(),
            name: name.into(),
            if_exists: false,
            cascade: false,
        })
    }
}

impl DropTrigger {
    /// Does nothing if there is no such trigger.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on the trigger too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropTrigger {
    fn verb(&self) -> &'static str {
        "drop_trigger"
    }

    fn describe(&self) -> String {
        format!("drop trigger `{}` of `{}`", self.name, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("DROP TRIGGER").flag(self.if_exists, "IF EXISTS");
            sql.identifier(&self.name).text("ON").name(&self.table);
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what the trigger `{}` did", self.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_trigger() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_trigger(("app", "posts"), "touch").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TRIGGER IF EXISTS "touch" ON "app"."posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be taken back: what the trigger `touch` did is not known here; write a `pub fn down` that restores it");
    }
}
