//! [Primary keys](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS).

use super::{AddConstraint, Constraint, Timing};
use crate::{Identifier, IntoIdentifiers, Name, Pgm, Writer};

/// `PRIMARY KEY ("a", "b")`.
pub struct PrimaryKey {
    name: Option<Identifier>,
    columns: Vec<Identifier>,
    include: Vec<Identifier>,
    timing: Timing,
}

impl Pgm {
    /// Makes columns of a table its primary key.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.add_primary_key("taggings", ["post_id", "tag_id"]); });
    /// assert_eq!(plan, r#"ALTER TABLE "taggings" ADD CONSTRAINT "taggings_pkey" PRIMARY KEY ("post_id", "tag_id");"#);
    /// ```
    #[track_caller]
    pub fn add_primary_key(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut PrimaryKey {
        let key = PrimaryKey::new(columns.into_identifiers());
        &mut self.record(AddConstraint::new(table.into(), key)).constraint
    }
}

impl PrimaryKey {
    pub(crate) fn new(columns: Vec<Identifier>) -> Self {
        Self { name: None, columns, include: Vec::new(), timing: Timing::default() }
    }

    /// Names the constraint; without it, it is called `<table>_pkey`.
    pub fn named(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.name = Some(name.into());
        self
    }

    /// Adds columns to the key's index without making them part of the key.
    pub fn include(&mut self, columns: impl IntoIdentifiers) -> &mut Self {
        self.include = columns.into_identifiers();
        self
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) -> &mut Self {
        self.timing.deferrable();
        self
    }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) -> &mut Self {
        self.timing.initially_deferred();
        self
    }
}

impl Constraint for PrimaryKey {
    fn verb(&self) -> &'static str {
        "add_primary_key"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        crate::generated_name([table.name.as_str(), "pkey"])
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("PRIMARY KEY").columns(&self.columns);
        if !self.include.is_empty() {
            sql.text("INCLUDE").columns(&self.include);
        }
        self.timing.write(sql);
    }
}
