//! [`DROP PROCEDURE`](https://www.postgresql.org/docs/current/sql-dropprocedure.html).

use super::Signature;
use crate::{DataType, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Drops a procedure.
pub struct DropProcedure {
    procedure: Signature,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a procedure. Where several share the name, the types of the
    /// [`arguments`](DropProcedure::arguments) tell which.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_procedure("add").arguments(["integer", "integer"]); });
    /// assert_eq!(plan, r#"DROP PROCEDURE "add" (integer, integer);"#);
    /// ```
    #[track_caller]
    pub fn drop_procedure(&mut self, name: impl Into<Name>) -> &mut DropProcedure {
        self.record(DropProcedure {
            procedure: Signature::new(name.into()),
            if_exists: false,
            cascade: false,
        })
    }
}

impl DropProcedure {
    /// The types of the arguments that it is called with.
    pub fn arguments<T: Into<DataType>>(
        &mut self,
        types: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.procedure.arguments = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Is called without arguments.
    pub fn no_arguments(&mut self) -> &mut Self {
        self.procedure.arguments = Some(Vec::new());
        self
    }

    /// Does nothing if there is no such procedure.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on it too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropProcedure {
    fn verb(&self) -> &'static str {
        "drop_procedure"
    }

    fn describe(&self) -> String {
        format!("drop procedure `{}`", self.procedure.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("DROP PROCEDURE").flag(self.if_exists, "IF EXISTS");
            self.procedure.write(sql);
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what the procedure `{}` did", self.procedure.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_procedure() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_procedure(("app", "touch")).no_arguments().if_exists().cascade();
            pgm.drop_procedure("only_one");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        DROP PROCEDURE IF EXISTS "app"."touch" () CASCADE;
        DROP PROCEDURE "only_one";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- cannot be taken back: what the procedure `only_one` did is not known here; write a `pub fn down` that restores it
        -- cannot be taken back: what the procedure `app.touch` did is not known here; write a `pub fn down` that restores it
        ");
    }
}
