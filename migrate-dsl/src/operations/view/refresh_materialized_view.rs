//! [`REFRESH MATERIALIZED VIEW`](https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Runs the query of a materialized view again.
    pub struct RefreshMaterializedView(name: Name) {
        concurrently: bool,
        with_no_data: bool,
    }
}

impl Pgm {
    /// Runs the query of a materialized view again and keeps its new rows.
    ///
    /// The old rows are not restored; when it is reverted nothing has to be done, as the view shows
    /// what its query gives at the time.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.refresh_materialized_view("totals").concurrently(); });
    /// assert_eq!(plan, r#"REFRESH MATERIALIZED VIEW CONCURRENTLY "totals";"#);
    /// ```
    #[track_caller]
    pub fn refresh_materialized_view(
        &mut self,
        name: impl Into<Name>,
    ) -> &mut RefreshMaterializedView {
        self.record(RefreshMaterializedView::new(name.into()))
    }
}

options! { RefreshMaterializedView {
    /// Lets others read the view meanwhile; it needs a unique index on plain columns.
    pub fn concurrently(&mut self) { self.concurrently = true }

    /// Runs the query now (PostgreSQL's default).
    pub fn with_data(&mut self) { self.with_no_data = false }

    /// Throws the rows away: the view cannot be read before the next refresh.
    pub fn with_no_data(&mut self) { self.with_no_data = true }
}}

impl Operation for RefreshMaterializedView {
    fn verb(&self) -> &'static str {
        "refresh_materialized_view"
    }

    fn describe(&self) -> String {
        format!("refresh materialized view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.concurrently && self.with_no_data {
                sql.problem(format!(
                    "PostgreSQL refreshes `{}` either `concurrently` or `with_no_data`",
                    self.name
                ));
            }
            sql.text("REFRESH MATERIALIZED VIEW")
                .flag(self.concurrently, "CONCURRENTLY")
                .name(&self.name);
            sql.flag(self.with_no_data, "WITH NO DATA")
        })]
    }

    fn inverse(&self) -> Inverse {
        if self.with_no_data {
            return Inverse::none(format!("whether `{}` had rows is not known here", self.name));
        }
        Inverse::Derived(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn refresh_materialized_view() {
        let up = |pgm: &mut Pgm| {
            pgm.refresh_materialized_view(("app", "totals")).with_no_data();
            pgm.refresh_materialized_view("totals").with_no_data().with_data();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        REFRESH MATERIALIZED VIEW "app"."totals" WITH NO DATA;
        REFRESH MATERIALIZED VIEW "totals";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be reverted: whether `app.totals` had rows is not known here");
    }

    #[test]
    fn concurrently_needs_data() {
        let problems = plan_problems(|pgm| {
            pgm.refresh_materialized_view("totals").concurrently().with_no_data();
        });
        insta::assert_snapshot!(problems, @"PostgreSQL refreshes `totals` either `concurrently` or `with_no_data`");
    }
}
