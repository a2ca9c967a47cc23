//! [`DROP EXTENSION`](https://www.postgresql.org/docs/current/sql-dropextension.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

/// Drops an extension.
pub struct DropExtension {
    name: Identifier,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops an extension with its functions, types and operators.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_extension("hstore"); });
    /// assert_eq!(plan, r#"DROP EXTENSION "hstore";"#);
    /// ```
    #[track_caller]
    pub fn drop_extension(&mut self, name: impl Into<Identifier>) -> &mut DropExtension {
        self.record(DropExtension { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropExtension {
    /// Does nothing if there is no such extension.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops what uses the extension too: columns, indexes, functions.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropExtension {
    fn verb(&self) -> &'static str {
        "drop_extension"
    }

    fn describe(&self) -> String {
        format!("drop extension `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("EXTENSION", &self.name.clone().into(), self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        let extension = [Object::extension(&self.name)];
        match self.cascade {
            true => Inverse::capture_without(
                extension,
                "values of columns of its types are not restored, and these stand last",
            ),
            false => Inverse::capture(extension),
        }
    }

    fn destroys(&self) -> bool {
        self.cascade
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_extension("hstore").if_exists().cascade();
    }

    #[test]
    fn drop_extension() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP EXTENSION IF EXISTS "hstore" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: extension `hstore`; values of columns of its types are not restored, and these stand last");
    }
}
