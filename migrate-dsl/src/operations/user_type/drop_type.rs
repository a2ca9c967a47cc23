//! [`DROP TYPE`](https://www.postgresql.org/docs/current/sql-droptype.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement};

/// Drops a type.
pub struct DropType {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a type: an enum, a composite type, a range.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_type("mood"); });
    /// assert_eq!(plan, r#"DROP TYPE "mood";"#);
    /// ```
    #[track_caller]
    pub fn drop_type(&mut self, name: impl Into<Name>) -> &mut DropType {
        self.record(DropType { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropType {
    /// Does nothing if there is no such type.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops the columns and functions that use the type too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropType {
    fn verb(&self) -> &'static str {
        "drop_type"
    }

    fn describe(&self) -> String {
        format!("drop type `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("TYPE", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what the type `{}` looked like", self.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_type("mood").if_exists().cascade();
    }

    #[test]
    fn drop_type() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP TYPE IF EXISTS "mood" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- cannot be taken back: what the type `mood` looked like is not known here; write a `pub fn down` that restores it");
    }
}
