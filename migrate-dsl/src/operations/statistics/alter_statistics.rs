//! [`ALTER STATISTICS`](https://www.postgresql.org/docs/current/sql-alterstatistics.html).

use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes how much extended statistics keep.
    pub struct AlterStatistics(name: Name) {
        if_exists: bool,
        target: Option<i32>,
    }
}

impl Pgm {
    /// Changes how much extended statistics keep.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_statistics("users_city_zip").set_statistics(1000);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER STATISTICS "users_city_zip" SET STATISTICS 1000;"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: statistics `users_city_zip`");
    /// ```
    #[track_caller]
    pub fn alter_statistics(&mut self, name: impl Into<Name>) -> &mut AlterStatistics {
        self.record(AlterStatistics::new(name.into()))
    }
}

options! { AlterStatistics {
    /// Does nothing if there are no such statistics.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// How much `ANALYZE` notes, 0 to 10000; -1 for what the columns have.
    pub fn set_statistics(&mut self, target: i32) { self.target = Some(target) }
}}

impl Operation for AlterStatistics {
    fn verb(&self) -> &'static str {
        "alter_statistics"
    }

    fn describe(&self) -> String {
        format!("alter statistics `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER STATISTICS").flag(self.if_exists, "IF EXISTS").name(&self.name);
            match self.target {
                Some(target) => sql.text("SET STATISTICS").text(&target.to_string()),
                None => sql.problem(format!(
                    "`alter_statistics` changes nothing about `{}`: add `set_statistics`",
                    self.name
                )),
            }
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::statistics(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn alter_statistics() {
        let plan = plan_text(|pgm| {
            pgm.alter_statistics(("app", "s")).if_exists().set_statistics(0);
            pgm.alter_statistics("s").set_statistics(-1);
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER STATISTICS IF EXISTS "app"."s" SET STATISTICS 0;
        ALTER STATISTICS "s" SET STATISTICS -1;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_statistics("s"));
        insta::assert_snapshot!(problems, @"`alter_statistics` changes nothing about `s`: add `set_statistics`");
    }
}
