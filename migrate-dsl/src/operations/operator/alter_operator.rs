//! [`ALTER OPERATOR`](https://www.postgresql.org/docs/current/sql-alteroperator.html).

use super::sides::{Sides, sides};
use crate::operations::macros::operation;
use crate::{DataType, Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes what the planner knows of an operator.
    pub struct AlterOperator(name: Name) {
        sides: Sides,
        settings: Vec<Setting>,
    }
}

#[derive(Debug, Clone)]
enum Setting {
    /// `RESTRICT` and `JOIN`.
    Function(&'static str, Option<Name>),
    /// `COMMUTATOR` and `NEGATOR`.
    Operator(&'static str, Name),
    /// `HASHES` and `MERGES`.
    Flag(&'static str),
}

sides!(AlterOperator);

impl Pgm {
    /// Changes what the planner knows of an operator.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_operator("===").leftarg("text").rightarg("text").restrict("eqsel").no_join();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER OPERATOR === (text, text) SET (RESTRICT = "eqsel", JOIN = NONE);"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: operator `=== (text, text)`");
    /// ```
    #[track_caller]
    pub fn alter_operator(&mut self, name: impl Into<Name>) -> &mut AlterOperator {
        self.record(AlterOperator::new(name.into()))
    }
}

impl AlterOperator {
    /// The function that estimates how many rows it leaves, such as `eqsel`.
    pub fn restrict(&mut self, function: impl Into<Name>) -> &mut Self {
        self.setting(Setting::Function("RESTRICT", Some(function.into())))
    }

    /// Takes that function away.
    pub fn no_restrict(&mut self) -> &mut Self {
        self.setting(Setting::Function("RESTRICT", None))
    }

    /// The function that estimates how many rows a join by it gives, such as `eqjoinsel`.
    pub fn join(&mut self, function: impl Into<Name>) -> &mut Self {
        self.setting(Setting::Function("JOIN", Some(function.into())))
    }

    /// Takes that function away.
    pub fn no_join(&mut self) -> &mut Self {
        self.setting(Setting::Function("JOIN", None))
    }

    /// The operator that gives the same with its sides swapped; from PostgreSQL 17, where there
    /// was none before.
    pub fn commutator(&mut self, operator: impl Into<Name>) -> &mut Self {
        self.setting(Setting::Operator("COMMUTATOR", operator.into()))
    }

    /// The operator that gives the opposite; from PostgreSQL 17, where there was none before.
    pub fn negator(&mut self, operator: impl Into<Name>) -> &mut Self {
        self.setting(Setting::Operator("NEGATOR", operator.into()))
    }

    /// Can be used for a hash join; from PostgreSQL 17.
    pub fn hashes(&mut self) -> &mut Self {
        self.setting(Setting::Flag("HASHES"))
    }

    /// Can be used for a merge join; from PostgreSQL 17.
    pub fn merges(&mut self) -> &mut Self {
        self.setting(Setting::Flag("MERGES"))
    }

    fn setting(&mut self, setting: Setting) -> &mut Self {
        self.settings.push(setting);
        self
    }
}

impl Setting {
    fn write(&self, sql: &mut Writer) {
        match self {
            Self::Function(option, function) => {
                sql.text(option).text("=");
                match function {
                    Some(function) => sql.name(function),
                    None => sql.text("NONE"),
                };
            }
            Self::Operator(option, operator) => {
                sql.text(option).text("=").operator_reference(operator);
                sql.requires(17, &option.to_ascii_lowercase());
            }
            Self::Flag(option) => {
                sql.text(option).requires(17, &option.to_ascii_lowercase());
            }
        }
    }

    /// What PostgreSQL sets once and for all.
    fn is_final(&self) -> bool {
        matches!(self, Self::Operator(..) | Self::Flag(_))
    }
}

impl Operation for AlterOperator {
    fn verb(&self) -> &'static str {
        "alter_operator"
    }

    fn describe(&self) -> String {
        format!("alter {}", self.sides.object(&self.name))
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER");
            self.sides.object(&self.name).write(sql);
            sql.text("SET").parenthesized(|sql| {
                sql.list(&self.settings, |sql, setting| setting.write(sql));
            });
            if self.settings.is_empty() {
                sql.problem(format!("`alter_operator` changes nothing about `{}`", self.name));
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        let operator = [self.sides.object(&self.name)];
        match self.settings.iter().any(Setting::is_final) {
            true => Inverse::capture_without(
                operator,
                "PostgreSQL keeps a commutator, a negator, `hashes` and `merges` once they are set",
            ),
            false => Inverse::capture(operator),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_operator(("app", "==")).rightarg("text").no_restrict().join("eqjoinsel");
            pgm.alter_operator("==")
                .leftarg("text")
                .rightarg("text")
                .commutator(("app", "=="))
                .negator("!==")
                .hashes()
                .merges();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER OPERATOR "app".== (NONE, text) SET (RESTRICT = NONE, JOIN = "eqjoinsel");
        ALTER OPERATOR == (text, text) SET (COMMUTATOR = OPERATOR ("app".==), NEGATOR = !==, HASHES, MERGES);
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: operator `== (text, text)`; PostgreSQL keeps a commutator, a negator, `hashes` and `merges` once they are set
        -- as it was: operator `app.== (none, text)`
        ");
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_operator("==").rightarg("text"));
        insta::assert_snapshot!(problems, @"`alter_operator` changes nothing about `==`");
    }
}
