//! [`DROP SUBSCRIPTION`](https://www.postgresql.org/docs/current/sql-dropsubscription.html).

use super::options::part_from_slot;
use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Drops a subscription.
    pub struct DropSubscription(name: Identifier) {
        if_exists: bool,
        keep_slot: bool,
    }
}

impl Pgm {
    /// Drops a subscription, and its slot on the publisher: outside a transaction.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_subscription("blog"); });
    /// assert_eq!(plan, r#"DROP SUBSCRIPTION "blog";"#);
    /// ```
    #[track_caller]
    pub fn drop_subscription(&mut self, name: impl Into<Identifier>) -> &mut DropSubscription {
        self.record(DropSubscription::new(name.into()))
    }
}

options! { DropSubscription {
    /// Does nothing if there is no such subscription.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Leaves the slot on the publisher, which may be out of reach. A slot that nobody follows
    /// keeps the publisher's log: it is to be dropped there.
    pub fn keep_slot(&mut self) { self.keep_slot = true }
}}

impl Operation for DropSubscription {
    fn verb(&self) -> &'static str {
        "drop_subscription"
    }

    fn describe(&self) -> String {
        format!("drop subscription `{}`", self.name)
    }

    fn transactional(&self) -> bool {
        self.keep_slot
    }

    fn statements(&self) -> Vec<Statement> {
        let drop = Writer::statement(|sql| {
            sql.text("DROP SUBSCRIPTION").flag(self.if_exists, "IF EXISTS");
            sql.identifier(&self.name);
            if self.if_exists && self.keep_slot {
                sql.problem(
                    "`keep_slot` alters the subscription before dropping it, so it must exist: \
                     remove `if_exists`",
                );
            }
            sql
        });
        match self.keep_slot {
            true => part_from_slot(&self.name).into_iter().chain([drop]).collect(),
            false => vec![drop],
        }
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture_without(
            [Object::subscription(&self.name)],
            "how far it followed its publisher is not restored",
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn drop_subscription() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_subscription("blog").if_exists();
            pgm.drop_subscription("shop").keep_slot();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        DROP SUBSCRIPTION IF EXISTS "blog";
        ALTER SUBSCRIPTION "shop" DISABLE;
        ALTER SUBSCRIPTION "shop" SET (slot_name = NONE);
        DROP SUBSCRIPTION "shop";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: subscription `shop`; how far it followed its publisher is not restored
        -- as it was: subscription `blog`; how far it followed its publisher is not restored
        ");
        let problems = plan_problems(|pgm| {
            pgm.drop_subscription("shop").keep_slot().if_exists();
        });
        insta::assert_snapshot!(problems, @"`keep_slot` alters the subscription before dropping it, so it must exist: remove `if_exists`");
    }
}
