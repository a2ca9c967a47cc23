//! [`DROP SEQUENCE`](https://www.postgresql.org/docs/current/sql-dropsequence.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Object, Operation, Pgm, Statement};

/// Drops a sequence.
pub struct DropSequence {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a sequence.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_sequence("invoice_numbers"); });
    /// assert_eq!(plan, r#"DROP SEQUENCE "invoice_numbers";"#);
    /// ```
    #[track_caller]
    pub fn drop_sequence(&mut self, name: impl Into<Name>) -> &mut DropSequence {
        self.record(DropSequence { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropSequence {
    /// Does nothing if there is no such sequence.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops the defaults that take their value from it too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropSequence {
    fn verb(&self) -> &'static str {
        "drop_sequence"
    }

    fn describe(&self) -> String {
        format!("drop sequence `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("SEQUENCE", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::sequence(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_sequence("invoice_numbers").if_exists().cascade();
    }

    #[test]
    fn drop_sequence() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP SEQUENCE IF EXISTS "invoice_numbers" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: sequence `invoice_numbers`");
    }
}
