//! [`ALTER FOREIGN DATA WRAPPER … RENAME`](https://www.postgresql.org/docs/current/sql-alterforeigndatawrapper.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a foreign data wrapper.
pub struct RenameForeignDataWrapper {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a foreign data wrapper.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_foreign_data_wrapper("files", "logs");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER FOREIGN DATA WRAPPER "files" RENAME TO "logs";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER FOREIGN DATA WRAPPER "logs" RENAME TO "files";"#);
    /// ```
    #[track_caller]
    pub fn rename_foreign_data_wrapper(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameForeignDataWrapper {
        self.record(RenameForeignDataWrapper { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameForeignDataWrapper {
    fn verb(&self) -> &'static str {
        "rename_foreign_data_wrapper"
    }

    fn describe(&self) -> String {
        format!("rename foreign data wrapper `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("FOREIGN DATA WRAPPER", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back(
            "FOREIGN DATA WRAPPER",
            &self.from.clone().into(),
            &self.to,
        ))
    }
}
