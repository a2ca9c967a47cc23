//! [`DROP VIEW`](https://www.postgresql.org/docs/current/sql-dropview.html).

use crate::operations::phrases;
use crate::{Inverse, Name, Operation, Pgm, Statement};

/// Drops a view.
pub struct DropView {
    name: Name,
    if_exists: bool,
    cascade: bool,
}

impl Pgm {
    /// Drops a view.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_view(("app", "popular_posts")); });
    /// assert_eq!(plan, r#"DROP VIEW "app"."popular_posts";"#);
    /// ```
    #[track_caller]
    pub fn drop_view(&mut self, name: impl Into<Name>) -> &mut DropView {
        self.record(DropView { name: name.into(), if_exists: false, cascade: false })
    }
}

impl DropView {
    /// Does nothing if there is no such view.
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

impl Operation for DropView {
    fn verb(&self) -> &'static str {
        "drop_view"
    }

    fn describe(&self) -> String {
        format!("drop view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop("VIEW", &self.name, self.if_exists, self.cascade)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::unknown_before(format_args!("the query of the view `{}`", self.name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_view(("app", "popular_posts")).if_exists().cascade();
    }

    #[test]
    fn drop_view() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP VIEW IF EXISTS "app"."popular_posts" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- cannot be taken back: the query of the view `app.popular_posts` is not known here; write a `pub fn down` that restores it");
    }
}
