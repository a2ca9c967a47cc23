//! [`ALTER SUBSCRIPTION … RENAME`](https://www.postgresql.org/docs/current/sql-altersubscription.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Operation, Pgm, Statement};

/// Renames a subscription.
pub struct RenameSubscription {
    from: Identifier,
    to: Identifier,
}

impl Pgm {
    /// Renames a subscription.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_subscription("blog", "from_blog");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SUBSCRIPTION "blog" RENAME TO "from_blog";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SUBSCRIPTION "from_blog" RENAME TO "blog";"#);
    /// ```
    #[track_caller]
    pub fn rename_subscription(
        &mut self,
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> &mut RenameSubscription {
        self.record(RenameSubscription { from: from.into(), to: to.into() })
    }
}

impl Operation for RenameSubscription {
    fn verb(&self) -> &'static str {
        "rename_subscription"
    }

    fn describe(&self) -> String {
        format!("rename subscription `{}` to `{}`", self.from, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::rename("SUBSCRIPTION", &self.from.clone().into(), &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::rename_back("SUBSCRIPTION", &self.from.clone().into(), &self.to))
    }
}
