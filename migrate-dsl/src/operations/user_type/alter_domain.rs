//! [`ALTER DOMAIN`](https://www.postgresql.org/docs/current/sql-alterdomain.html).

use crate::operations::macros::{operation, options};
use crate::{
    DefaultValue, Expression, Identifier, IntoExpression, Inverse, Name, Object, Operation, Pgm,
    Statement, Writer, expr,
};

operation! {
    /// Changes the rules of a domain.
    pub struct AlterDomain(name: Name) {
        actions: Vec<Action>,
        not_valid: bool,
        if_exists: bool,
        cascade: bool,
    }
}

#[derive(Debug, Clone)]
enum Action {
    SetDefault(DefaultValue),
    DropDefault,
    SetNotNull,
    DropNotNull,
    AddCheck(Identifier, Expression),
    ValidateConstraint(Identifier),
    DropConstraint(Identifier),
}

impl Pgm {
    /// Changes the rules of a domain, each by a statement of its own, in the order given.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_domain("email").drop_default().add_check("has_at", "VALUE LIKE '%@%'");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER DOMAIN \"email\" DROP DEFAULT;\n\
    ///      ALTER DOMAIN \"email\" ADD CONSTRAINT \"has_at\" CHECK (VALUE LIKE '%@%');"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: domain `email`");
    /// ```
    #[track_caller]
    pub fn alter_domain(&mut self, name: impl Into<Name>) -> &mut AlterDomain {
        self.record(AlterDomain::new(name.into()))
    }
}

options! { AlterDomain {
    /// With [`add_check`](Self::add_check): checks new values only;
    /// [`validate_constraint`](Self::validate_constraint) checks the others later.
    pub fn not_valid(&mut self) { self.not_valid = true }

    /// Passes over constraints to drop that are not there.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// With [`drop_constraint`](Self::drop_constraint): drops what depends on it too.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl AlterDomain {
    /// The value of a column of this type whose row gives none: a constant, or an expression
    /// given by [`expr`].
    pub fn set_default(&mut self, value: impl Into<DefaultValue>) -> &mut Self {
        self.action(Action::SetDefault(value.into()))
    }

    /// Takes the default away.
    pub fn drop_default(&mut self) -> &mut Self {
        self.action(Action::DropDefault)
    }

    /// Refuses nulls, after a look at every row that has the domain.
    pub fn set_not_null(&mut self) -> &mut Self {
        self.action(Action::SetNotNull)
    }

    /// Allows nulls.
    pub fn drop_not_null(&mut self) -> &mut Self {
        self.action(Action::DropNotNull)
    }

    /// Refuses values for which the expression, which calls the value `VALUE`, is false.
    pub fn add_check(
        &mut self,
        name: impl Into<Identifier>,
        condition: impl IntoExpression,
    ) -> &mut Self {
        self.action(Action::AddCheck(name.into(), expr(condition)))
    }

    /// Checks the values that were there before a constraint that is not valid.
    pub fn validate_constraint(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::ValidateConstraint(name.into()))
    }

    /// Drops a constraint.
    pub fn drop_constraint(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::DropConstraint(name.into()))
    }

    fn action(&mut self, action: Action) -> &mut Self {
        self.actions.push(action);
        self
    }

    fn alter(&self, action: &Action) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER DOMAIN").name(&self.name);
            match action {
                Action::SetDefault(value) => sql.text("SET DEFAULT").default_value(value),
                Action::DropDefault => sql.text("DROP DEFAULT"),
                Action::SetNotNull => sql.text("SET NOT NULL"),
                Action::DropNotNull => sql.text("DROP NOT NULL"),
                Action::AddCheck(name, condition) => {
                    sql.text("ADD CONSTRAINT").identifier(name).text("CHECK");
                    sql.parenthesized(|sql| _ = sql.expression(condition));
                    sql.flag(self.not_valid, "NOT VALID")
                }
                Action::ValidateConstraint(name) => {
                    sql.text("VALIDATE CONSTRAINT").identifier(name)
                }
                Action::DropConstraint(name) => {
                    sql.text("DROP CONSTRAINT").flag(self.if_exists, "IF EXISTS");
                    sql.identifier(name).flag(self.cascade, "CASCADE")
                }
            }
        })
    }

    /// Options that belong to an action which is not there.
    fn misplaced(&self) -> impl Iterator<Item = String> {
        let adds = self.actions.iter().any(|action| matches!(action, Action::AddCheck(..)));
        let drops = self.actions.iter().any(|action| matches!(action, Action::DropConstraint(_)));
        let options = [
            ("not_valid", "add_check", self.not_valid && !adds),
            ("if_exists", "drop_constraint", self.if_exists && !drops),
            ("cascade", "drop_constraint", self.cascade && !drops),
        ];
        let misplaced = options.into_iter().filter(|(.., misplaced)| *misplaced);
        misplaced.map(|(option, verb, _)| format!("`{option}` belongs to `{verb}`"))
    }
}

impl Operation for AlterDomain {
    fn verb(&self) -> &'static str {
        "alter_domain"
    }

    fn describe(&self) -> String {
        format!("alter domain `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        if self.actions.is_empty() {
            return vec![Writer::statement(|sql| {
                sql.text("ALTER DOMAIN").name(&self.name);
                sql.problem(format!("`alter_domain` changes nothing about `{}`", self.name))
            })];
        }
        let mut statements: Vec<_> = self.actions.iter().map(|action| self.alter(action)).collect();
        statements[0].problems.extend(self.misplaced());
        statements
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::domain(&self.name)])
    }

    fn hints(&self) -> Vec<String> {
        let defaults = self.actions.iter().filter_map(|action| match action {
            Action::SetDefault(value) => Some(value),
            _ => None,
        });
        defaults.filter_map(DefaultValue::hint).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, expr, plan_hints, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_domain(("app", "rank"))
                .set_default(expr("lower('A')"))
                .drop_default()
                .set_not_null()
                .drop_not_null()
                .add_check("short enough", "length(VALUE) < 9")
                .not_valid()
                .validate_constraint("short enough")
                .drop_constraint("it's")
                .if_exists()
                .cascade();
            pgm.alter_domain("rank").set_default(0);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER DOMAIN "app"."rank" SET DEFAULT lower('A');
        ALTER DOMAIN "app"."rank" DROP DEFAULT;
        ALTER DOMAIN "app"."rank" SET NOT NULL;
        ALTER DOMAIN "app"."rank" DROP NOT NULL;
        ALTER DOMAIN "app"."rank" ADD CONSTRAINT "short enough" CHECK (length(VALUE) < 9) NOT VALID;
        ALTER DOMAIN "app"."rank" VALIDATE CONSTRAINT "short enough";
        ALTER DOMAIN "app"."rank" DROP CONSTRAINT IF EXISTS "it's" CASCADE;
        ALTER DOMAIN "rank" SET DEFAULT 0;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: domain `rank`
        -- as it was: domain `app.rank`
        ");
    }

    #[test]
    fn what_was_not_meant() {
        let problems = plan_problems(|pgm| {
            pgm.alter_domain("rank");
            pgm.alter_domain("rank").drop_default().not_valid().if_exists().cascade();
        });
        insta::assert_snapshot!(problems, @"
        `alter_domain` changes nothing about `rank`
        `not_valid` belongs to `add_check`
        `if_exists` belongs to `drop_constraint`
        `cascade` belongs to `drop_constraint`
        ");
        let hints = plan_hints(|pgm| _ = pgm.alter_domain("seen").set_default("now()"));
        insta::assert_snapshot!(hints, @r#"the default is the text 'now()', not the value of an expression: write `default(expr("now()"))` for that"#);
    }
}
