//! Options that exclude each other.

use std::ops::Deref;

/// What one of several options says, of which at most one may be given, and that once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice<T> {
    value: Option<T>,
    /// The option that said it.
    option: &'static str,
    /// Another that said something before.
    before: Option<&'static str>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { value: None, option: "", before: None }
    }
}

impl<T> Choice<T> {
    /// Takes the value that an option gives.
    pub(crate) fn set(&mut self, option: &'static str, value: T) {
        if self.value.is_some() {
            self.before = Some(self.option);
        }
        (self.value, self.option) = (Some(value), option);
    }

    /// What is wrong, if more than one thing was said.
    pub(crate) fn problem(&self) -> Option<String> {
        let (before, option) = (self.before?, self.option);
        Some(match before == option {
            true => format!("`{option}` is specified more than once"),
            false => format!("both `{before}` and `{option}` are given: leave one out"),
        })
    }
}

/// What was said last.
impl<T> Deref for Choice<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{Identity, plan_problems};

    /// That the options of every pair are told of, by their names.
    #[test]
    fn options_that_exclude_each_other_are_a_problem() {
        let problems = plan_problems(|pgm| {
            pgm.create_policy("a", "b").permissive().restrictive();
            pgm.create_policy("a", "b").for_select().for_insert().with_check("true");
            pgm.attach_partition("a", "b").values_in([1]).default_partition();
            pgm.create_partition("a", "b").modulus(2, 0).from_to([1], [2]);
            pgm.create_foreign_partition("a", "b", "s").modulus(2, 0).values_in([1]);
            pgm.create_cast("integer", "text").with_inout().without_function();
            pgm.create_cast("integer", "text").with_inout().as_implicit().as_assignment();
            pgm.create_event_trigger("a", "sql_drop").execute("f").body("BEGIN END");
            pgm.create_rule("a", "b").insert().delete().nothing();
            pgm.create_rule("a", "b").insert().also().instead().nothing();
            pgm.create_rule("a", "b").insert().nothing().commands("SELECT 1");
            pgm.enable_event_trigger("a").replica().always();
            pgm.enable_rule("a", "b").always().replica();
            pgm.enable_trigger("a", "b").replica().always();
            pgm.import_foreign_schema("a", "b", "c").limit_to(["d"]).except(["e"]);
            pgm.alter_foreign_data_wrapper("a").handler("f").no_handler();
            pgm.alter_foreign_data_wrapper("a").no_validator().validator("f");
            pgm.alter_default_privileges().grant("ALL").on_types().on_tables().to("a");
            pgm.alter_default_privileges().grant("ALL").revoke("ALL").on_types().to("a");
            pgm.alter_sequence("a").owned_by("t", "c").owned_by_none();
            pgm.alter_sequence("a").set_logged().set_unlogged();
            pgm.alter_sequence("a").min_value(1).no_min_value();
            pgm.alter_sequence("a").no_max_value().max_value(1);
            pgm.create_sequence("a").cycle().no_cycle();
            pgm.alter_constraint("a", "b").not_deferrable().initially_deferred();
            pgm.alter_constraint("a", "b").initially_immediate().initially_deferred();
            pgm.alter_constraint("a", "b").enforced().not_enforced();
            pgm.alter_constraint("a", "b").inherit().no_inherit();
            pgm.alter_column("a", "b").set_default(1).drop_default();
            pgm.alter_column("a", "b").drop_not_null().set_not_null();
            pgm.alter_column("a", "b").set_identity(Identity::Always).drop_identity();
            pgm.alter_column("a", "b").drop_expression().set_expression("1");
            pgm.create_role("a").superuser().no_superuser();
            pgm.alter_role("a").password(env("A")).password_null();
            pgm.create_function("f", |f| {
                f.returns("integer").returns_setof("text").sql("SELECT 1").plpgsql("BEGIN END");
                f.immutable().stable().strict().called_on_null_input();
                f.security_definer().security_invoker().leakproof().not_leakproof();
                f.parallel_safe().parallel_unsafe();
            });
            pgm.create_trigger("a", "b").before().after().insert().execute("f");
            pgm.create_table("a", |t| _ = t.id())
                .temporary()
                .on_commit_drop()
                .on_commit_delete_rows();
            pgm.create_table("a", |t| _ = t.id())
                .partition_by_list(["id"])
                .partition_by_hash(["id"]);
            pgm.revoke_role("a", "b").admin_option_for().inherit_option_for();
            pgm.create_view("a", "SELECT 1").local_check_option().check_option();
            pgm.add_column("a", |t| t.integer("b").default(1).generated("2"));
            pgm.add_column("a", |t| {
                let column = t.integer("b").default(1);
                column.identity(Identity::Always);
                column
            });
        });
        insta::assert_snapshot!(problems, @"
        both `permissive` and `restrictive` are given: leave one out
        both `for_select` and `for_insert` are given: leave one out
        both `values_in` and `default_partition` are given: leave one out
        both `modulus` and `from_to` are given: leave one out
        both `modulus` and `values_in` are given: leave one out
        both `with_inout` and `without_function` are given: leave one out
        both `as_implicit` and `as_assignment` are given: leave one out
        both `execute` and `body` are given: leave one out
        both `insert` and `delete` are given: leave one out
        both `also` and `instead` are given: leave one out
        both `nothing` and `commands` are given: leave one out
        both `replica` and `always` are given: leave one out
        both `always` and `replica` are given: leave one out
        both `replica` and `always` are given: leave one out
        both `limit_to` and `except` are given: leave one out
        both `handler` and `no_handler` are given: leave one out
        both `no_validator` and `validator` are given: leave one out
        both `on_types` and `on_tables` are given: leave one out
        both `grant` and `revoke` are given: leave one out
        both `owned_by` and `owned_by_none` are given: leave one out
        both `set_logged` and `set_unlogged` are given: leave one out
        both `min_value` and `no_min_value` are given: leave one out
        both `no_max_value` and `max_value` are given: leave one out
        both `cycle` and `no_cycle` are given: leave one out
        both `not_deferrable` and `initially_deferred` are given: leave one out
        both `initially_immediate` and `initially_deferred` are given: leave one out
        both `enforced` and `not_enforced` are given: leave one out
        both `inherit` and `no_inherit` are given: leave one out
        both `set_default` and `drop_default` are given: leave one out
        both `drop_not_null` and `set_not_null` are given: leave one out
        both `set_identity` and `drop_identity` are given: leave one out
        both `drop_expression` and `set_expression` are given: leave one out
        both `superuser` and `no_superuser` are given: leave one out
        both `password` and `password_null` are given: leave one out
        both `returns` and `returns_setof` are given: leave one out
        both `sql` and `plpgsql` are given: leave one out
        both `immutable` and `stable` are given: leave one out
        both `strict` and `called_on_null_input` are given: leave one out
        both `leakproof` and `not_leakproof` are given: leave one out
        both `parallel_safe` and `parallel_unsafe` are given: leave one out
        both `security_definer` and `security_invoker` are given: leave one out
        both `before` and `after` are given: leave one out
        both `on_commit_drop` and `on_commit_delete_rows` are given: leave one out
        both `partition_by_list` and `partition_by_hash` are given: leave one out
        both `admin_option_for` and `inherit_option_for` are given: leave one out
        both `local_check_option` and `check_option` are given: leave one out
        both `default` and `generated` are given: leave one out
        both `default` and `identity` are given: leave one out
        ");
    }

    #[test]
    fn the_same_once_more_is_one_too_many() {
        let problems = plan_problems(|pgm| {
            pgm.attach_partition("a", "b").values_in([1]).values_in([2]);
        });
        insta::assert_snapshot!(problems, @"`values_in` is specified more than once");
    }

    #[test]
    fn options_that_go_together_are_none() {
        let problems = plan_problems(|pgm| {
            pgm.alter_constraint("a", "b").deferrable().initially_deferred();
            pgm.alter_constraint("a", "b").initially_deferred().deferrable();
            pgm.alter_foreign_data_wrapper("a").handler("f").no_validator();
        });
        assert_eq!(problems, "");
    }
}
