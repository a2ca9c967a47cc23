//! [`ALTER SEQUENCE … RESTART`](https://www.postgresql.org/docs/current/sql-altersequence.html).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Sets the value at which a sequence goes on.
    pub struct RestartSequence(name: Name) {
        value: Option<i64>,
    }
}

impl Pgm {
    /// Lets a sequence count from its start again, or from the value given by
    /// [`with`](RestartSequence::with). There is no inverse: what was given out meanwhile would be
    /// given out twice.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.restart_sequence("invoice_numbers").with(2000); });
    /// assert_eq!(plan, r#"ALTER SEQUENCE "invoice_numbers" RESTART WITH 2000;"#);
    /// ```
    #[track_caller]
    pub fn restart_sequence(&mut self, name: impl Into<Name>) -> &mut RestartSequence {
        self.record(RestartSequence::new(name.into()))
    }
}

options! { RestartSequence {
    /// The next value.
    pub fn with(&mut self, value: i64) { self.value = Some(value) }
}}

impl Operation for RestartSequence {
    fn verb(&self) -> &'static str {
        "restart_sequence"
    }

    fn describe(&self) -> String {
        format!("restart sequence `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER SEQUENCE").name(&self.name).text("RESTART");
            match self.value {
                Some(value) => sql.text("WITH").text(&value.to_string()),
                None => sql,
            }
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none(format!(
            "`{}` would give out values again that were given out meanwhile",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn restart_sequence() {
        let up = |pgm: &mut Pgm| {
            pgm.restart_sequence("a");
            pgm.restart_sequence("b").with(0);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER SEQUENCE "a" RESTART;
        ALTER SEQUENCE "b" RESTART WITH 0;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r"
        -- cannot be reverted: `b` would give out values again that were given out meanwhile
        -- cannot be reverted: `a` would give out values again that were given out meanwhile
        ");
    }
}
