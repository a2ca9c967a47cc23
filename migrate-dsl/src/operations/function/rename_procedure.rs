//! [`ALTER PROCEDURE … RENAME`](https://www.postgresql.org/docs/current/sql-alterprocedure.html).

use super::Signature;
use crate::{DataType, Identifier, Inverse, Name, Operation, Pgm, Statement};

/// Renames a procedure.
pub struct RenameProcedure {
    from: Signature,
    to: Identifier,
}

impl Pgm {
    /// Renames a procedure; it stays in its schema. Where several share the name, the types of the
    /// [`arguments`](RenameProcedure::arguments) tell which.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_procedure(("app", "add"), "plus").arguments(["integer", "integer"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER PROCEDURE "app"."add" (integer, integer) RENAME TO "plus";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     r#"ALTER PROCEDURE "app"."plus" (integer, integer) RENAME TO "add";"#
    /// );
    /// ```
    #[track_caller]
    pub fn rename_procedure(
        &mut self,
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> &mut RenameProcedure {
        self.record(RenameProcedure { from: Signature::new(from.into()), to: to.into() })
    }
}

impl RenameProcedure {
    /// The types of the arguments that it is called with.
    pub fn arguments<T: Into<DataType>>(
        &mut self,
        types: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.from.arguments = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Is called without arguments.
    pub fn no_arguments(&mut self) -> &mut Self {
        self.from.arguments = Some(Vec::new());
        self
    }
}

impl Operation for RenameProcedure {
    fn verb(&self) -> &'static str {
        "rename_procedure"
    }

    fn describe(&self) -> String {
        format!("rename procedure `{}` to `{}`", self.from.name, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.from.rename("PROCEDURE", &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.from.rename_back("PROCEDURE", &self.to))
    }
}
