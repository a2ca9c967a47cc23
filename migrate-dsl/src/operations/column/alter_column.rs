//! [`ALTER TABLE … ALTER COLUMN`](https://www.postgresql.org/docs/current/sql-altertable.html).

use super::changes::{Changes, IdentityChange};
use crate::{
    DataType, DefaultValue, Identifier, Identity, IntoExpression, Inverse, Name, Operation, Pgm,
    Statement, expr,
};

/// Changes a column.
pub struct AlterColumn {
    table: Name,
    column: Identifier,
    changes: Changes,
    down: Option<Changes>,
}

impl Pgm {
    /// Changes a column: its type, default, nullability, identity or comment, several at once.
    ///
    /// `set_not_null` and `drop_not_null` take each other back, and `add_identity` is taken back
    /// too. What a type, a default or a comment was before only the author knows, and says it
    /// with [`down`](AlterColumn::down).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_column("posts", "likes").set_not_null();
    ///     pgm.alter_column("posts", "likes").set_type("bigint").down(|likes| likes.set_type("integer"));
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER TABLE \"posts\" ALTER COLUMN \"likes\" SET NOT NULL;\n\
    ///      ALTER TABLE \"posts\" ALTER COLUMN \"likes\" TYPE bigint;"
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "ALTER TABLE \"posts\" ALTER COLUMN \"likes\" TYPE integer;\n\
    ///      ALTER TABLE \"posts\" ALTER COLUMN \"likes\" DROP NOT NULL;"
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

impl AlterColumn {
    fn new(table: Name, column: Identifier) -> Self {
        Self { table, column, changes: Changes::default(), down: None }
    }

    /// Changes the type. Most changes rewrite the table while nobody can read it.
    pub fn set_type(&mut self, data_type: impl Into<DataType>) -> &mut Self {
        self.changes.data_type = Some(data_type.into());
        self
    }

    /// With [`set_type`](Self::set_type): how the new value follows from the row, where no cast
    /// does it.
    pub fn using(&mut self, sql: impl IntoExpression) -> &mut Self {
        self.changes.using = Some(expr(sql));
        self
    }

    /// With [`set_type`](Self::set_type): compares and sorts by this collation.
    pub fn collate(&mut self, collation: impl Into<Name>) -> &mut Self {
        self.changes.collation = Some(collation.into());
        self
    }

    /// The value of new rows that give none: a constant, or an expression given by
    /// [`expr`].
    pub fn set_default(&mut self, value: impl Into<DefaultValue>) -> &mut Self {
        self.changes.default = Some(Some(value.into()));
        self
    }

    /// Takes the default away.
    pub fn drop_default(&mut self) -> &mut Self {
        self.changes.default = Some(None);
        self
    }

    /// Refuses nulls, after a look at every row.
    pub fn set_not_null(&mut self) -> &mut Self {
        self.changes.not_null = Some(true);
        self
    }

    /// Allows nulls.
    pub fn drop_not_null(&mut self) -> &mut Self {
        self.changes.not_null = Some(false);
        self
    }

    /// Lets the column count up by itself; it has to be `NOT NULL` before.
    pub fn add_identity(&mut self, identity: Identity) -> &mut Self {
        self.changes.identity = Some(IdentityChange::Add(identity));
        self
    }

    /// Changes which values an identity column takes.
    pub fn set_identity(&mut self, identity: Identity) -> &mut Self {
        self.changes.identity = Some(IdentityChange::Set(identity));
        self
    }

    /// Makes an identity column an ordinary one. An `add_identity` on the way back counts from
    /// the start again: its `down` wants a `setval` besides.
    pub fn drop_identity(&mut self) -> &mut Self {
        self.changes.identity = Some(IdentityChange::Drop);
        self
    }

    /// Makes a generated column an ordinary one; its values stay.
    pub fn drop_expression(&mut self) -> &mut Self {
        self.changes.drop_expression = true;
        self
    }

    /// Sets the comment that tools show beside the column; `None` takes it away.
    pub fn comment<'a>(&mut self, text: impl Into<Option<&'a str>>) -> &mut Self {
        self.changes.comment = Some(text.into().map(str::to_owned));
        self
    }

    /// Says what the column was before, as the changes that lead back to it. What follows by
    /// itself, such as `drop_not_null`, may be left out.
    pub fn down(&mut self, describe: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        let mut back = Self::new(self.table.clone(), self.column.clone());
        describe(&mut back);
        self.down = Some(back.changes);
        self
    }
}

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
        if self.changes.drop_expression {
            return Inverse::none(format!(
                "PostgreSQL does not make `{}` a generated column again; \
                 write a `pub fn down` that drops it and adds it anew",
                self.column
            ));
        }
        let declared = self.down.is_some();
        let back = self.down.clone().unwrap_or_default();
        let back = back.completed_by_opposites_of(&self.changes);
        let missing = self.changes.not_taken_back_by(&back);
        if !missing.is_empty() {
            return Inverse::none(format!(
                "what `{}` had as {} is not known here; say it with `.down(|column| ..)`",
                self.column,
                missing.join(" and ")
            ));
        }
        let statements = back.statements(&self.table, &self.column);
        match declared {
            true => Inverse::Declaration(statements),
            false => Inverse::Construction(statements),
        }
    }

    fn hints(&self) -> Vec<String> {
        let default = self.changes.default.iter().flatten();
        default.filter_map(DefaultValue::hint).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

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
            pgm.alter_column("posts", "id").add_identity(Always);
            pgm.alter_column("posts", "no")
                .set_identity(ByDefault)
                .down(|no| no.set_identity(Always));
            pgm.alter_column("posts", "old_no").drop_identity();
            pgm.alter_column("posts", "slug").drop_expression();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY;
        ALTER TABLE "posts" ALTER COLUMN "no" SET GENERATED BY DEFAULT;
        ALTER TABLE "posts" ALTER COLUMN "old_no" DROP IDENTITY;
        ALTER TABLE "posts" ALTER COLUMN "slug" DROP EXPRESSION;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- cannot be taken back: PostgreSQL does not make `slug` a generated column again; write a `pub fn down` that drops it and adds it anew
        -- cannot be taken back: what `old_no` had as identity is not known here; say it with `.down(|column| ..)`
        ALTER TABLE "posts" ALTER COLUMN "no" SET GENERATED ALWAYS;
        ALTER TABLE "posts" ALTER COLUMN "id" DROP IDENTITY;
        "#);
    }

    #[test]
    fn what_was_before_has_to_be_said() {
        let down = plan_text_down(|pgm| {
            pgm.alter_column("posts", "likes").set_type("bigint").set_default(0).drop_not_null();
        });
        insta::assert_snapshot!(down, @"-- cannot be taken back: what `likes` had as type and default is not known here; say it with `.down(|column| ..)`");
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
