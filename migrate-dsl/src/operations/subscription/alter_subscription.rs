//! [`ALTER SUBSCRIPTION`](https://www.postgresql.org/docs/current/sql-altersubscription.html).

use super::options::{Options, subscription_options, write_connection};
use crate::operations::macros::operation;
use crate::{
    Identifier, IntoIdentifiers, Inverse, Object, Operation, OptionValue, Pgm, Statement, Writer,
};

operation! {
    /// Changes a subscription.
    pub struct AlterSubscription(name: Identifier) {
        changes: Vec<Change>,
        /// What was said in the wrong place.
        problems: Vec<String>,
    }
}

#[derive(Debug, Clone)]
enum Change {
    Connection(OptionValue),
    Publications { keyword: &'static str, names: Vec<Identifier>, options: Options },
    Refresh(Options),
    Enable,
    Disable,
    Set(Options),
    Skip(String),
}

impl Pgm {
    /// Changes a subscription; what is asked for happens in that order.
    ///
    /// What asks the publisher runs outside a transaction:
    /// [`refresh_publication`](AlterSubscription::refresh_publication), other publications (unless
    /// [`refresh(false)`](AlterSubscription::refresh)), `failover` and `two_phase`.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_subscription("blog").disable().slot_name("blog_2").enable();
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER SUBSCRIPTION \"blog\" DISABLE;\n\
    ///      ALTER SUBSCRIPTION \"blog\" SET (slot_name = 'blog_2');\n\
    ///      ALTER SUBSCRIPTION \"blog\" ENABLE;"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: subscription `blog`");
    /// ```
    #[track_caller]
    pub fn alter_subscription(&mut self, name: impl Into<Identifier>) -> &mut AlterSubscription {
        self.record(AlterSubscription::new(name.into()))
    }
}

subscription_options!(AlterSubscription);

impl AlterSubscription {
    /// Where the publisher is; with a password in it, `env("…")`.
    pub fn connection(&mut self, connection: impl Into<OptionValue>) -> &mut Self {
        self.change(Change::Connection(connection.into()))
    }

    /// Subscribes to these publications, and no others.
    pub fn set_publication(&mut self, names: impl IntoIdentifiers) -> &mut Self {
        self.publications("SET", names)
    }

    /// Subscribes to these publications, too; from PostgreSQL 14.
    pub fn add_publication(&mut self, names: impl IntoIdentifiers) -> &mut Self {
        self.publications("ADD", names)
    }

    /// No longer subscribes to these publications; from PostgreSQL 14.
    pub fn drop_publication(&mut self, names: impl IntoIdentifiers) -> &mut Self {
        self.publications("DROP", names)
    }

    /// Looks which tables the publications have now.
    pub fn refresh_publication(&mut self) -> &mut Self {
        self.change(Change::Refresh(Options::default()))
    }

    /// With other publications: whether it looks at their tables now.
    pub fn refresh(&mut self, refresh: bool) -> &mut Self {
        match self.changes.last_mut() {
            Some(Change::Publications { options, .. }) => options.set("refresh", refresh),
            _ => self.problems.push(
                "`refresh` must follow `set_publication`, `add_publication` or `drop_publication`"
                    .to_owned(),
            ),
        }
        self
    }

    /// With other publications, or [`refresh_publication`](Self::refresh_publication): whether the
    /// rows of new tables are copied first.
    pub fn copy_data(&mut self, copy: bool) -> &mut Self {
        match self.changes.last_mut() {
            Some(Change::Publications { options, .. } | Change::Refresh(options)) => {
                options.set("copy_data", copy);
            }
            _ => self.problems.push("`copy_data` belongs behind publications".to_owned()),
        }
        self
    }

    /// Follows from now on.
    pub fn enable(&mut self) -> &mut Self {
        self.change(Change::Enable)
    }

    /// No longer follows.
    pub fn disable(&mut self) -> &mut Self {
        self.change(Change::Disable)
    }

    /// Skips the transaction that ends there, as `16/B374D848`; `none` for none after all. From
    /// PostgreSQL 15.
    pub fn skip(&mut self, lsn: impl Into<String>) -> &mut Self {
        self.change(Change::Skip(lsn.into()))
    }

    fn set(&mut self, option: &'static str, value: impl ToString) -> &mut Self {
        if !matches!(self.changes.last(), Some(Change::Set(_))) {
            self.changes.push(Change::Set(Options::default()));
        }
        if let Some(Change::Set(options)) = self.changes.last_mut() {
            options.set(option, value);
        }
        self
    }

    fn publications(&mut self, keyword: &'static str, names: impl IntoIdentifiers) -> &mut Self {
        let names = names.into_identifiers();
        self.change(Change::Publications { keyword, names, options: Options::default() })
    }

    fn change(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }
}

impl Change {
    fn asks_publisher(&self) -> bool {
        match self {
            Self::Refresh(_) => true,
            Self::Publications { options, .. } => !options.is_false("refresh"),
            // They change the slot, too.
            Self::Set(options) => {
                options.get("failover").is_some() || options.get("two_phase").is_some()
            }
            _ => false,
        }
    }

    fn write(&self, sql: &mut Writer) {
        match self {
            Self::Connection(connection) => write_connection(sql, connection),
            Self::Publications { keyword, names, options } => {
                sql.text(keyword).text("PUBLICATION");
                sql.list(names, |sql, name| _ = sql.identifier(name));
                write_with(sql, options);
                match *keyword {
                    "ADD" => _ = sql.requires(14, "add_publication"),
                    "DROP" => _ = sql.requires(14, "drop_publication"),
                    _ => {}
                }
                if names.is_empty() {
                    sql.problem("no publication is named");
                }
            }
            Self::Refresh(options) => {
                sql.text("REFRESH PUBLICATION");
                write_with(sql, options);
            }
            Self::Enable => _ = sql.text("ENABLE"),
            Self::Disable => _ = sql.text("DISABLE"),
            Self::Set(options) => {
                sql.text("SET");
                options.write(sql);
                if options.get("two_phase").is_some() {
                    sql.requires(18, "two_phase");
                }
            }
            Self::Skip(lsn) => {
                sql.text("SKIP").parenthesized(|sql| _ = sql.text("lsn =").literal(lsn));
                sql.requires(15, "skip");
            }
        }
    }
}

fn write_with(sql: &mut Writer, options: &Options) {
    if !options.is_empty() {
        sql.text("WITH");
        options.write(sql);
    }
}

impl Operation for AlterSubscription {
    fn verb(&self) -> &'static str {
        "alter_subscription"
    }

    fn describe(&self) -> String {
        format!("alter subscription `{}`", self.name)
    }

    fn transactional(&self) -> bool {
        !self.changes.iter().any(Change::asks_publisher)
    }

    fn statements(&self) -> Vec<Statement> {
        let changes = self.changes.iter().map(|change| {
            Writer::statement(|sql| {
                sql.text("ALTER SUBSCRIPTION").identifier(&self.name);
                change.write(sql);
                sql
            })
        });
        let mut statements: Vec<_> = changes.collect();
        if statements.is_empty() {
            statements.push(Writer::statement(|sql| {
                sql.problem(format!("`alter_subscription` changes nothing about `{}`", self.name))
            }));
        }
        statements[0].problems.extend_from_slice(&self.problems);
        statements
    }

    fn inverse(&self) -> Inverse {
        if self.changes.iter().all(|change| matches!(change, Change::Refresh(_))) {
            return Inverse::none(format!(
                "what `{}` copied from its publisher stays; it is followed from now on",
                self.name
            ));
        }
        Inverse::capture([Object::subscription(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_subscription("blog")
                .connection(env("BLOG_URL"))
                .set_publication(["p", "q"])
                .refresh(false)
                .add_publication("r")
                .copy_data(false)
                .refresh(true)
                .drop_publication("p")
                .disable()
                .no_slot()
                .synchronous_commit("off")
                .binary(false)
                .streaming("on")
                .two_phase(true)
                .disable_on_error(false)
                .password_required(true)
                .run_as_owner(false)
                .origin("any")
                .failover(true)
                .skip("16/B374D848")
                .enable();
            pgm.alter_subscription("blog").refresh_publication().copy_data(false);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER SUBSCRIPTION "blog" CONNECTION :'BLOG_URL';
        ALTER SUBSCRIPTION "blog" SET PUBLICATION "p", "q" WITH (refresh = 'false');
        ALTER SUBSCRIPTION "blog" ADD PUBLICATION "r" WITH (copy_data = 'false', refresh = 'true');
        ALTER SUBSCRIPTION "blog" DROP PUBLICATION "p";
        ALTER SUBSCRIPTION "blog" DISABLE;
        ALTER SUBSCRIPTION "blog" SET (slot_name = 'none', synchronous_commit = 'off', binary = 'false', streaming = 'on', two_phase = 'true', disable_on_error = 'false', password_required = 'true', run_as_owner = 'false', origin = 'any', failover = 'true');
        ALTER SUBSCRIPTION "blog" SKIP (lsn = '16/B374D848');
        ALTER SUBSCRIPTION "blog" ENABLE;
        ALTER SUBSCRIPTION "blog" REFRESH PUBLICATION WITH (copy_data = 'false');
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- cannot be reverted: what `blog` copied from its publisher stays; it is followed from now on
        -- as it was: subscription `blog`
        ");
    }

    #[test]
    fn what_has_to_be_said_another_way() {
        let problems = plan_problems(|pgm| {
            pgm.alter_subscription("blog");
            pgm.alter_subscription("blog").enable().refresh(false).copy_data(false);
            pgm.alter_subscription("blog").connection("host=a password=b");
        });
        insta::assert_snapshot!(problems, @r#"
        `alter_subscription` changes nothing about `blog`
        `refresh` must follow `set_publication`, `add_publication` or `drop_publication`
        `copy_data` belongs behind publications
        a password stands in the connection: put the whole of it into the environment and write `env("…")`
        "#);
    }
}
