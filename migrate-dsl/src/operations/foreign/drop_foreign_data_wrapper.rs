//! [`DROP FOREIGN DATA WRAPPER`](https://www.postgresql.org/docs/current/sql-dropforeigndatawrapper.html).

use super::options::LOST;
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

/// Drops a foreign data wrapper.
pub struct DropForeignDataWrapper {
    name: Identifier,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a foreign data wrapper.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_foreign_data_wrapper("files"); });
    /// assert_eq!(plan, r#"DROP FOREIGN DATA WRAPPER "files";"#);
    /// ```
    #[track_caller]
    pub fn drop_foreign_data_wrapper(
        &mut self,
        name: impl Into<Identifier>,
    ) -> &mut DropForeignDataWrapper {
        self.record(DropForeignDataWrapper { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropForeignDataWrapper {
    /// Does nothing if there is no such foreign data wrapper.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops its servers too, with their tables and user mappings.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropForeignDataWrapper {
    fn verb(&self) -> &'static str {
        "drop_foreign_data_wrapper"
    }

    fn describe(&self) -> String {
        format!("drop foreign data wrapper `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop(
            "FOREIGN DATA WRAPPER",
            &self.name.clone().into(),
            self.if_exists,
            self.cascade,
        )]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without([Object::foreign_data_wrapper(&self.name)], LOST)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_foreign_data_wrapper() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_foreign_data_wrapper("files").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP FOREIGN DATA WRAPPER IF EXISTS "files" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: foreign data wrapper `files`; options that may hold secrets are not restored");
    }
}
