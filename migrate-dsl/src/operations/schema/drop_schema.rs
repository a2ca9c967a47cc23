//! [`DROP SCHEMA`](https://www.postgresql.org/docs/current/sql-dropschema.html).

use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

/// Drops a schema.
pub struct DropSchema {
    name: Identifier,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a schema; without [`cascade`](DropSchema::cascade) only an empty one.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_schema("archive"); });
    /// assert_eq!(plan, r#"DROP SCHEMA "archive";"#);
    /// ```
    #[track_caller]
    pub fn drop_schema(&mut self, name: impl Into<Identifier>) -> &mut DropSchema {
        self.record(DropSchema { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropSchema {
    /// Does nothing if there is no such schema.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops everything in the schema too, and what depends on that elsewhere.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropSchema {
    fn verb(&self) -> &'static str {
        "drop_schema"
    }

    fn describe(&self) -> String {
        format!("drop schema `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("SCHEMA", &self.name.clone().into(), self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        let schema = [Object::schema(&self.name)];
        match self.cascade {
            true => Inverse::capture_without(
                schema,
                "the rows of its tables are not restored, and columns of its types in other tables stand \
                 last",
            ),
            false => Inverse::capture(schema),
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
        pgm.drop_schema("archive").if_exists().cascade();
    }

    #[test]
    fn drop_schema() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP SCHEMA IF EXISTS "archive" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: schema `archive`; the rows of its tables are not restored, and columns of its types in other tables stand last");
    }
}
