//! [`ALTER TABLE … ALTER COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use super::changes::{Changes, IdentityChange};
use crate::operations::macros::{operation, options};
use crate::operations::sequence::sequence_options;
use crate::{
    Compression, DataType, DefaultValue, Identifier, Identity, IntoExpression, Inverse, Name,
    Object, Operation, Pgm, Statement, Storage, expr,
};

operation! {
    /// Changes a column.
    pub struct AlterColumn(table: Name, column: Identifier) {
        changes: Changes,
        down: Option<Changes>,
    }
}

impl Pgm {
    /// Changes a column: its type, default, nullability, identity, storage or comment, several at
    /// once.
    ///
    /// What the column was before is read from the catalog when the step runs. It can be said with
    /// [`down`](AlterColumn::down) instead, where a type has no cast that leads back.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_column("posts", "likes").set_not_null().set_default(0);
    ///     pgm.alter_column("posts", "mood")
    ///         .set_type("integer")
    ///         .using("length(mood)")
    ///         .down(|mood| mood.set_type("text").using("repeat(':)', mood)"));
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER TABLE \"posts\" ALTER COLUMN \"likes\" SET DEFAULT 0, ALTER COLUMN \"likes\" SET NOT NULL;\n\
    ///      ALTER TABLE \"posts\" ALTER COLUMN \"mood\" TYPE integer USING length(mood);"
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER TABLE \"posts\" ALTER COLUMN \"mood\" TYPE text USING repeat(':)', mood);\n\
    ///      -- as it was: column `likes` of `posts`"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_column(
        &mut self,
        table: impl Into<Name>,
        column: impl Into<Identifier>,
    ) -> &mut AlterColumn {
        self.record(AlterColumn::new(table.into(), column.into()))
    }
}

options! { AlterColumn {
    /// Changes the type. Most changes rewrite the table while nobody can read it.
    pub fn set_type(&mut self, data_type: impl Into<DataType>) {
        self.changes.data_type = Some(data_type.into())
    }

    /// With [`set_type`](Self::set_type): how the new value follows from the row, where no cast
    /// does it.
    pub fn using(&mut self, sql: impl IntoExpression) { self.changes.using = Some(expr(sql)) }

    /// With [`set_type`](Self::set_type): compares and sorts by this collation.
    pub fn collate(&mut self, collation: impl Into<Name>) {
        self.changes.collation = Some(collation.into())
    }

    /// The value of new rows that give none: a constant, or an expression given by
    /// [`expr`].
    pub fn set_default(&mut self, value: impl Into<DefaultValue>) {
        self.changes.default.set("set_default", Some(value.into()))
    }

    /// Takes the default away.
    pub fn drop_default(&mut self) { self.changes.default.set("drop_default", None) }

    /// Refuses nulls, after a look at every row.
    pub fn set_not_null(&mut self) { self.changes.not_null.set("set_not_null", true) }

    /// Allows nulls.
    pub fn drop_not_null(&mut self) { self.changes.not_null.set("drop_not_null", false) }

    /// Lets the column count up by itself, from [`start`](Self::start) on; it has to be
    /// `NOT NULL`.
    pub fn add_identity(&mut self, identity: Identity) {
        self.changes.identity.set("add_identity", IdentityChange::Add(identity))
    }

    /// Changes which values an identity column takes. How it counts can be changed without it:
    /// `.increment(10)`.
    pub fn set_identity(&mut self, identity: Identity) {
        self.changes.identity.set("set_identity", IdentityChange::Set(identity))
    }

    /// Makes an identity column an ordinary one.
    pub fn drop_identity(&mut self) {
        self.changes.identity.set("drop_identity", IdentityChange::Drop)
    }

    /// With [`add_identity`](Self::add_identity): names the sequence behind the column; without
    /// it, it is called `<table>_<column>_seq`.
    pub fn sequence_name(&mut self, name: impl Into<Name>) {
        self.changes.counting.name = Some(name.into())
    }

    /// Lets an identity column count from its start again. This alone has no inverse: what was
    /// given out meanwhile would be given out twice.
    pub fn restart(&mut self) { self.changes.restart = Some(None) }

    /// Lets an identity column go on with this value. This alone has no inverse.
    pub fn restart_with(&mut self, value: i64) { self.changes.restart = Some(Some(value)) }

    /// Computes a generated column in another way, and all its values again; from PostgreSQL 17.
    pub fn set_expression(&mut self, sql: impl IntoExpression) {
        self.changes.expression.set("set_expression", Some(expr(sql)))
    }

    /// Makes a generated column an ordinary one; its values stay.
    pub fn drop_expression(&mut self) { self.changes.expression.set("drop_expression", None) }

    /// Where large values go that are written from now on.
    pub fn set_storage(&mut self, storage: Storage) { self.changes.storage = Some(storage) }

    /// By which method large values are compressed that are written from now on; from
    /// PostgreSQL 14.
    pub fn set_compression(&mut self, method: Compression) {
        self.changes.compression = Some(method)
    }

    /// How closely `ANALYZE` looks at the column: 0 to 10000, or -1 for the server's default.
    pub fn set_statistics(&mut self, target: i16) { self.changes.statistics = Some(target) }

    /// Sets an option of the column, `n_distinct` or `n_distinct_inherited`: how many different
    /// values the planner is to expect.
    pub fn set_option(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.changes.options.push((name.into(), Some(value.to_string())))
    }

    /// Sets an option of the column back to its default.
    pub fn reset_option(&mut self, name: impl Into<Identifier>) {
        self.changes.options.push((name.into(), None))
    }
}}

impl AlterColumn {
    /// Sets the comment that tools show beside the column; `None` takes it away.
    pub fn comment<'a>(&mut self, text: impl Into<Option<&'a str>>) -> &mut Self {
        self.changes.comment = Some(text.into().map(str::to_owned));
        self
    }

    /// Says what the column was before, as the changes that lead back to it, instead of having it
    /// read from the catalog. What follows by itself, such as `drop_not_null`, may be left out.
    pub fn down(&mut self, describe: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        let mut back = Self::new(self.table.clone(), self.column.clone());
        describe(&mut back);
        self.down = Some(back.changes);
        self
    }
}

sequence_options!(AlterColumn, changes.counting);

impl Operation for AlterColumn {
    fn verb(&self) -> &'static str {
        "alter_column"
    }

    fn describe(&self) -> String {
        format!("alter `{}` of `{}`", self.column, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        self.changes.statements(&self.table, &self.column)
    }

    fn inverse(&self) -> Inverse {
        let Some(back) = self.down.clone() else {
            if self.changes.only_restarts() {
                return Inverse::none(format!(
                    "`{}` would give out values again that were given out meanwhile",
                    self.column
                ));
            }
            let column = [Object::column(&self.table, &self.column)];
            return match self.changes.data_type {
                None => Inverse::capture(column),
                Some(_) => Inverse::capture_without(
                    column,
                    "values are restored as far as the old type can hold them",
                ),
            };
        };
        let back = back.completed_by_opposites_of(&self.changes);
        let mut statements = back.statements(&self.table, &self.column);
        let missing = self.changes.not_reverted_by(&back);
        if let (Some(statement), false) = (statements.first_mut(), missing.is_empty()) {
            statement.problems.push(format!(
                "`.down(..)` does not say what `{}` had as {}: say it too, or leave `.down` out \
                 to have all of it read from the catalog",
                self.column,
                missing.join(" and ")
            ));
        }
        Inverse::Declared(statements)
    }

    fn hints(&self) -> Vec<String> {
        let default = self.changes.default.iter().flatten();
        default.filter_map(DefaultValue::hint).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{Compression, Storage, plan_problems, plan_text, plan_text_down};

    #[test]
    fn an_old_default_does_not_stand_in_the_way_of_a_new_type() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_column(("app", "posts"), "mood")
                .set_type("mood")
                .using("mood::mood")
                .set_default("it's ok")
                .set_not_null()
                .comment("how it reads")
                .down(|mood| {
                    mood.set_type(DataType::varchar(10)).collate("C").drop_default().comment(None)
                });
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "app"."posts" ALTER COLUMN "mood" DROP DEFAULT, ALTER COLUMN "mood" TYPE "mood" USING mood::mood, ALTER COLUMN "mood" SET DEFAULT 'it''s ok', ALTER COLUMN "mood" SET NOT NULL;
        COMMENT ON COLUMN "app"."posts"."mood" IS 'how it reads';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "app"."posts" ALTER COLUMN "mood" DROP DEFAULT, ALTER COLUMN "mood" TYPE varchar(10) COLLATE "C", ALTER COLUMN "mood" DROP NOT NULL;
        COMMENT ON COLUMN "app"."posts"."mood" IS NULL;
        "#);
    }

    #[test]
    fn identity_comes_and_goes() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_column("posts", "id")
                .add_identity(Always)
                .sequence_name(("app", "ids"))
                .start(0)
                .min_value(0)
                .no_max_value()
                .increment(2)
                .cache(3)
                .cycle();
            pgm.alter_column("posts", "no")
                .set_identity(ByDefault)
                .no_min_value()
                .max_value(0)
                .no_cycle()
                .restart();
            pgm.alter_column("posts", "counted").increment(-1).restart_with(0);
            pgm.alter_column("posts", "old_no").drop_identity();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME "app"."ids" INCREMENT BY 2 MINVALUE 0 NO MAXVALUE START WITH 0 CACHE 3 CYCLE);
        ALTER TABLE "posts" ALTER COLUMN "no" SET GENERATED BY DEFAULT SET NO MINVALUE SET MAXVALUE 0 SET NO CYCLE RESTART;
        ALTER TABLE "posts" ALTER COLUMN "counted" SET INCREMENT BY -1 RESTART WITH 0;
        ALTER TABLE "posts" ALTER COLUMN "old_no" DROP IDENTITY;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r"
        -- as it was: column `old_no` of `posts`
        -- as it was: column `counted` of `posts`
        -- as it was: column `no` of `posts`
        -- as it was: column `id` of `posts`
        ");
    }

    #[test]
    fn what_was_given_out_was_given_out() {
        let down = plan_text_down(|pgm| {
            pgm.alter_column("posts", "id").restart();
        });
        insta::assert_snapshot!(down, @"-- cannot be reverted: `id` would give out values again that were given out meanwhile");
        let problems = plan_problems(|pgm| {
            pgm.alter_column("posts", "id").add_identity(Always).restart_with(7);
            pgm.alter_column("posts", "id").set_identity(Always).sequence_name("ids");
            pgm.alter_column("posts", "id").drop_identity().start(7);
        });
        insta::assert_snapshot!(problems, @r"
        the new identity `id` has a `start`, and nothing to restart
        `sequence_name` belongs to `add_identity`: rename the sequence of `id` with `rename_sequence`
        `id` does not count any more after `drop_identity`
        ");
    }

    #[test]
    fn what_lies_on_disk() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_column("posts", "body")
                .set_storage(Storage::External)
                .set_compression(Compression::Lz4)
                .set_statistics(0)
                .set_option("n_distinct", -0.5)
                .reset_option("n_distinct_inherited")
                .drop_expression();
            pgm.alter_column("posts", "slug").set_expression("lower(title)").comment(None);
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ALTER COLUMN "body" DROP EXPRESSION, ALTER COLUMN "body" SET STORAGE EXTERNAL, ALTER COLUMN "body" SET COMPRESSION lz4, ALTER COLUMN "body" SET STATISTICS 0, ALTER COLUMN "body" SET ("n_distinct" = '-0.5'), ALTER COLUMN "body" RESET ("n_distinct_inherited");
        ALTER TABLE "posts" ALTER COLUMN "slug" SET EXPRESSION AS (lower(title));
        COMMENT ON COLUMN "posts"."slug" IS NULL;
        "#);
    }

    #[test]
    fn what_was_before_is_said_as_a_whole_or_not_at_all() {
        let up = |pgm: &mut Pgm| {
            let column = pgm.alter_column("posts", "likes");
            column
                .set_type("bigint")
                .set_default(0)
                .drop_not_null()
                .down(|likes| likes.set_type("int"));
        };
        insta::assert_snapshot!(plan_text_down(up), @r#"ALTER TABLE "posts" ALTER COLUMN "likes" TYPE int, ALTER COLUMN "likes" SET NOT NULL;"#);
        let mut pgm = Pgm::new(std::path::Path::new(""));
        up(&mut pgm);
        let steps = pgm.into_parts().0;
        let inverse = steps[0].operation.inverse();
        insta::assert_snapshot!(inverse.statements()[0].problems[0], @"`.down(..)` does not say what `likes` had as default: say it too, or leave `.down` out to have all of it read from the catalog");
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| {
            pgm.alter_column("posts", "likes");
            pgm.alter_column("posts", "likes").using("likes::bigint");
        });
        insta::assert_snapshot!(problems, @"
        `alter_column` changes nothing about `likes`
        `using` belongs to `set_type`: say the type of `likes` too
        `alter_column` changes nothing about `likes`
        ");
    }
}
