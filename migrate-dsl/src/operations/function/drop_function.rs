//! [`DROP FUNCTION`](https://www.postgresql.org/docs/current/sql-dropfunction.html).

use super::Signature;
use crate::{DataType, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Drops a function.
pub struct DropFunction {
    function: Signature,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a function. Where several share the name, the types of the
    /// [`arguments`](DropFunction::arguments) tell which.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_function("add").arguments(["integer", "integer"]); });
    /// assert_eq!(plan, r#"DROP FUNCTION "add" (integer, integer);"#);
    /// ```
    #[track_caller]
    pub fn drop_function(&mut self, name: impl Into<Name>) -> &mut DropFunction {
        self.record(DropFunction {
            function: Signature::new(name.into()),
            if_exists: false,
            cascade: false,
        })
    }
}

impl DropFunction {
    /// The types of the arguments that it is called with.
    pub fn arguments<T: Into<DataType>>(
        &mut self,
        types: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        self.function.arguments = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Is called without arguments.
    pub fn no_arguments(&mut self) -> &mut Self {
        self.function.arguments = Some(Vec::new());
        self
    }

    /// Does nothing if there is no such function.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what depends on it too: triggers, views, defaults.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropFunction {
    fn verb(&self) -> &'static str {
        "drop_function"
    }

    fn describe(&self) -> String {
        format!("drop function `{}`", self.function.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("DROP FUNCTION").flag(self.if_exists, "IF EXISTS");
            self.function.write(sql);
            sql.flag(self.cascade, "CASCADE")
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("what the function `{}` did", self.function.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_function() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_function(("app", "touch")).no_arguments().if_exists().cascade();
            pgm.drop_function("only_one");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        DROP FUNCTION IF EXISTS "app"."touch" () CASCADE;
        DROP FUNCTION "only_one";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- cannot be taken back: what the function `only_one` did is not known here; write a `pub fn down` that restores it
        -- cannot be taken back: what the function `app.touch` did is not known here; write a `pub fn down` that restores it
        ");
    }
}
