//! [`ALTER PUBLICATION … RENAME`](https://www.postgresql.org/docs/current/sql-alterpublication.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a publication.
pub struct RenamePublication {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a publication.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_publication("changes", "for_search");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER PUBLICATION "changes" RENAME TO "for_search";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER PUBLICATION "for_search" RENAME TO "changes";"#);
    /// ```
    #[track_caller]
    pub fn rename_publication(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenamePublication {
        self.record(RenamePublication { from: from.into(), to: to.into() })
    }
}

impl Operation for RenamePublication {
    fn verb(&self) -> &'static str {
        "rename_publication"
    }

    fn describe(&self) -> String {
        format!("rename publication `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("PUBLICATION", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("PUBLICATION", &self.from.clone().into(), &self.to))
    }
}
