//! [`CREATE SUBSCRIPTION`](https://www.postgresql.org/docs/current/sql-createsubscription.html).

use super::options::{Options, part_from_slot, subscription_options, write_connection};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{
    Identifier, IntoIdentifiers, Inverse, Object, Operation, OptionValue, Pgm, Statement, Writer,
};

operation! {
    /// Creates a subscription.
    pub struct CreateSubscription(
        name: Identifier,
        connection: OptionValue,
        publications: Vec<Identifier>,
    ) {
        options: Options,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Subscribes to publications of another server. A connection with a password in it comes from
    /// the environment: `env("BLOG_URL")`.
    ///
    /// It makes a slot on the publisher, and so runs outside a transaction; with
    /// [`create_slot(false)`](CreateSubscription::create_slot) or
    /// [`connect(false)`](CreateSubscription::connect) it does not.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_subscription("blog", env("BLOG_URL"), "for_search").copy_data(false);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE SUBSCRIPTION "blog" CONNECTION :'BLOG_URL' PUBLICATION "for_search" WITH (copy_data = 'false');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP SUBSCRIPTION "blog";"#);
    /// ```
    #[track_caller]
    pub fn create_subscription(
        &mut self,
        name: impl Into<Identifier>,
        connection: impl Into<OptionValue>,
        publications: impl IntoIdentifiers,
    ) -> &mut CreateSubscription {
        self.record(CreateSubscription::new(
            name.into(),
            connection.into(),
            publications.into_identifiers(),
        ))
    }
}

subscription_options!(CreateSubscription);

impl CreateSubscription {
    /// Whether it looks at the publisher now; with `false` it is not enabled, makes no slot and
    /// copies nothing.
    pub fn connect(&mut self, connect: bool) -> &mut Self {
        self.set("connect", connect)
    }

    /// Whether it makes the slot on the publisher, or finds it there.
    pub fn create_slot(&mut self, create: bool) -> &mut Self {
        self.set("create_slot", create)
    }

    /// Whether it follows from now on, or once it is
    /// [enabled](super::AlterSubscription::enable).
    pub fn enabled(&mut self, enabled: bool) -> &mut Self {
        self.set("enabled", enabled)
    }

    /// Whether the rows that are there are copied first.
    pub fn copy_data(&mut self, copy: bool) -> &mut Self {
        self.set("copy_data", copy)
    }
}

options! { CreateSubscription {
    /// The comment that tools show beside the subscription.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateSubscription {
    fn set(&mut self, option: &'static str, value: impl ToString) -> &mut Self {
        self.options.set(option, value);
        self
    }

    fn makes_slot(&self) -> bool {
        !self.options.is_false("connect")
            && !self.options.is_false("create_slot")
            && self.options.get("slot_name") != Some("none")
    }
}

impl Operation for CreateSubscription {
    fn verb(&self) -> &'static str {
        "create_subscription"
    }

    fn describe(&self) -> String {
        format!("create subscription `{}`", self.name)
    }

    fn transactional(&self) -> bool {
        !self.makes_slot()
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE SUBSCRIPTION").identifier(&self.name);
            write_connection(sql, &self.connection);
            sql.text("PUBLICATION");
            sql.list(&self.publications, |sql, name| _ = sql.identifier(name));
            if self.publications.is_empty() {
                sql.problem(format!("`{}` subscribes to no publication", self.name));
            }
            if !self.options.is_empty() {
                sql.text("WITH");
                self.options.write(sql);
            }
            sql
        });
        phrases::commented(create, &Object::subscription(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        // PostgreSQL would leave it behind.
        let uncomment = self.comment.iter().map(|_| {
            Writer::statement(|sql| {
                sql.text("COMMENT ON SUBSCRIPTION").identifier(&self.name).text("IS NULL")
            })
        });
        let mut statements: Vec<_> = uncomment.collect();
        if !self.makes_slot() {
            // The slot, if there is one, is not the migration's, and a drop would ask for it.
            statements.extend(part_from_slot(&self.name));
        }
        statements.push(phrases::drop(&Object::subscription(&self.name)));
        Inverse::Derived(statements)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_subscription("a", "host=blog dbname=it's", ["p", "q"])
                .connect(false)
                .create_slot(false)
                .enabled(false)
                .copy_data(false)
                .slot_name("s")
                .synchronous_commit("remote_apply")
                .binary(true)
                .streaming("parallel")
                .two_phase(false)
                .disable_on_error(true)
                .password_required(false)
                .run_as_owner(true)
                .origin("none")
                .failover(false)
                .comment("it's all");
            pgm.create_subscription("b", env("BLOG_URL"), "p").no_slot().enabled(false);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE SUBSCRIPTION "a" CONNECTION 'host=blog dbname=it''s' PUBLICATION "p", "q" WITH (connect = 'false', create_slot = 'false', enabled = 'false', copy_data = 'false', slot_name = 's', synchronous_commit = 'remote_apply', binary = 'true', streaming = 'parallel', two_phase = 'false', disable_on_error = 'true', password_required = 'false', run_as_owner = 'true', origin = 'none', failover = 'false');
        COMMENT ON SUBSCRIPTION "a" IS 'it''s all';
        CREATE SUBSCRIPTION "b" CONNECTION :'BLOG_URL' PUBLICATION "p" WITH (slot_name = 'none', enabled = 'false');
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER SUBSCRIPTION "b" DISABLE;
        ALTER SUBSCRIPTION "b" SET (slot_name = NONE);
        DROP SUBSCRIPTION "b";
        COMMENT ON SUBSCRIPTION "a" IS NULL;
        ALTER SUBSCRIPTION "a" DISABLE;
        ALTER SUBSCRIPTION "a" SET (slot_name = NONE);
        DROP SUBSCRIPTION "a";
        "#);
    }

    #[test]
    fn what_has_to_be_said_another_way() {
        let problems = plan_problems(|pgm| {
            pgm.create_subscription("a", "postgres://ada:secret@blog", "p");
            pgm.create_subscription("a", "host=blog", [""; 0]);
            pgm.create_subscription("a", "host=blog", "p").origin("'").streaming("ON");
        });
        insta::assert_snapshot!(problems, @r#"
        a password stands in the connection: put the whole of it into the environment and write `env("…")`
        `a` subscribes to no publication
        `origin` does not know `\'`: it knows `any`, `none`
        `streaming` does not know `ON`: it knows `on`, `off`, `parallel`
        "#);
    }
}
