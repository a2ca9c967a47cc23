//! [`DROP MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-dropmaterializedview.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement};

/// Drops a materialized view.
pub struct DropMaterializedView {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a materialized view with its rows and indexes.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_materialized_view("totals"); });
    /// assert_eq!(plan, r#"DROP MATERIALIZED VIEW "totals";"#);
    /// ```
    #[track_caller]
    pub fn drop_materialized_view(&mut self, name: impl Into<Name>) -> &mut DropMaterializedView {
        self.record(DropMaterializedView { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropMaterializedView {
    /// Does nothing if there is no such materialized view.
    pub fn if_exists(&mut self) -> &mut Self {
        self.if_exists = true;
        self
    }

    /// Drops the views that are built on it too.
    pub fn cascade(&mut self) -> &mut Self {
        self.cascade = true;
        self
    }
}

impl Operation for DropMaterializedView {
    fn verb(&self) -> &'static str {
        "drop_materialized_view"
    }

    fn describe(&self) -> String {
        format!("drop materialized view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("MATERIALIZED VIEW", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("the query of the materialized view `{}`", self.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_materialized_view("totals").if_exists().cascade();
    }

    #[test]
    fn drop_materialized_view() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP MATERIALIZED VIEW IF EXISTS "totals" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- cannot be taken back: the query of the materialized view `totals` is not known here; write a `pub fn down` that restores it");
    }
}
