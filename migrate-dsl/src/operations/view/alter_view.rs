//! [`ALTER VIEW`](https://www.postgresql.org/docs/current/sql-alterview.html).

use crate::operations::macros::{operation, options};
use crate::{DefaultValue, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes a view.
    pub struct AlterView(name: Name) {
        if_exists: bool,
        actions: Vec<Action>,
    }
}

#[derive(Debug, Clone)]
enum Action {
    SetDefault(Identifier, DefaultValue),
    DropDefault(Identifier),
    SetParameter(Identifier, String),
    ResetParameter(Identifier),
}

impl Pgm {
    /// Changes a view: its parameters, the defaults of its columns. Its query is changed
    /// by [`create_view`](Pgm::create_view) with `or_replace`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_view("popular_posts").set_default("likes", 0).set_parameter("security_barrier", true);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER VIEW \"popular_posts\" ALTER COLUMN \"likes\" SET DEFAULT 0;\n\
    ///      ALTER VIEW \"popular_posts\" SET (\"security_barrier\" = 'true');"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: view `popular_posts`");
    /// ```
    #[track_caller]
    pub fn alter_view(&mut self, name: impl Into<Name>) -> &mut AlterView {
        self.record(AlterView::new(name.into()))
    }
}

options! { AlterView {
    /// Does nothing if there is no such view.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl AlterView {
    /// What an insert into the view takes for a column that it does not name: a constant, or an
    /// expression given by [`expr`](crate::expr).
    pub fn set_default(
        &mut self,
        column: impl Into<Identifier>,
        value: impl Into<DefaultValue>,
    ) -> &mut Self {
        self.action(Action::SetDefault(column.into(), value.into()))
    }

    /// Takes the default of a column away.
    pub fn drop_default(&mut self, column: impl Into<Identifier>) -> &mut Self {
        self.action(Action::DropDefault(column.into()))
    }

    /// Sets a [parameter](https://www.postgresql.org/docs/current/sql-createview.html):
    /// `check_option`, `security_barrier` or, from PostgreSQL 15, `security_invoker`.
    pub fn set_parameter(
        &mut self,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> &mut Self {
        self.action(Action::SetParameter(name.into(), value.to_string()))
    }

    /// Sets a parameter back to PostgreSQL's default.
    pub fn reset_parameter(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(Action::ResetParameter(name.into()))
    }

    fn action(&mut self, action: Action) -> &mut Self {
        self.actions.push(action);
        self
    }

    fn alter(&self, action: &Action) -> Statement {
        Writer::statement(|sql| {
            sql.text("ALTER VIEW").flag(self.if_exists, "IF EXISTS").name(&self.name);
            match action {
                Action::SetDefault(column, value) => {
                    sql.text("ALTER COLUMN").identifier(column);
                    sql.text("SET DEFAULT").default_value(value)
                }
                Action::DropDefault(column) => {
                    sql.text("ALTER COLUMN").identifier(column).text("DROP DEFAULT")
                }
                Action::SetParameter(name, value) => {
                    if name.as_str() == "security_invoker" {
                        sql.requires(15, "security_invoker");
                    }
                    sql.text("SET").parenthesized(|sql| {
                        sql.identifier(name).text("=").literal(value);
                    })
                }
                Action::ResetParameter(name) => sql.text("RESET").columns([name]),
            }
        })
    }
}

impl Operation for AlterView {
    fn verb(&self) -> &'static str {
        "alter_view"
    }

    fn describe(&self) -> String {
        format!("alter view `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        if self.actions.is_empty() {
            return vec![Writer::statement(|sql| {
                sql.problem(format!("`alter_view` changes nothing about `{}`", self.name))
            })];
        }
        self.actions.iter().map(|action| self.alter(action)).collect()
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::view(&self.name)])
    }

    fn hints(&self) -> Vec<String> {
        let defaults = self.actions.iter().filter_map(|action| match action {
            Action::SetDefault(_, value) => Some(value),
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
            pgm.alter_view(("app", "posts"))
                .if_exists()
                .set_default("at", expr("now()"))
                .drop_default("title")
                .set_parameter("check_option", "local")
                .reset_parameter("security_barrier");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER VIEW IF EXISTS "app"."posts" ALTER COLUMN "at" SET DEFAULT now();
        ALTER VIEW IF EXISTS "app"."posts" ALTER COLUMN "title" DROP DEFAULT;
        ALTER VIEW IF EXISTS "app"."posts" SET ("check_option" = 'local');
        ALTER VIEW IF EXISTS "app"."posts" RESET ("security_barrier");
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: view `app.posts`");
    }

    #[test]
    fn what_was_not_meant() {
        let problems = plan_problems(|pgm| _ = pgm.alter_view("posts"));
        insta::assert_snapshot!(problems, @"`alter_view` changes nothing about `posts`");
        let hints = plan_hints(|pgm| _ = pgm.alter_view("posts").set_default("at", "now()"));
        insta::assert_snapshot!(hints, @r#"the default is the text 'now()', not the value of an expression: write `default(expr("now()"))` for that"#);
    }
}
