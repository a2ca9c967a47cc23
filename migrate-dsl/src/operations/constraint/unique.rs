//! [Unique constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS).

use super::{
    AddConstraint, Constraint, Timing, name_from_columns, note_problems_of_index,
    write_index_options, write_key,
};
use crate::operations::macros::{operation, options};
use crate::{Identifier, IntoIdentifiers, Name, Object, Pgm, Writer};

operation! {
    /// `UNIQUE ("a", "b")`.
    pub struct Unique(columns: Vec<Identifier>) {
        name: Option<Identifier>,
        include: Vec<Identifier>,
        parameters: Vec<(Identifier, String)>,
        tablespace: Option<Identifier>,
        without_overlaps: bool,
        index: Option<Identifier>,
        nulls_not_distinct: bool,
        timing: Timing,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Refuses a row whose values in these columns another row has.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.add_unique("posts", "slug").named("one post a slug"); });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" ADD CONSTRAINT "one post a slug" UNIQUE ("slug");"#);
    /// ```
    #[track_caller]
    pub fn add_unique(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut Unique {
        let unique = Unique::new(columns.into_identifiers());
        &mut self.record(AddConstraint::new(table.into(), unique)).constraint
    }
}

options! { Unique {
    /// Names the constraint; without it, it is called `<table>_<columns>_key`.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Adds columns to the constraint's index without making them part of it.
    pub fn include(&mut self, columns: impl IntoIdentifiers) {
        self.include = columns.into_identifiers()
    }

    /// Counts two nulls as the same value; from PostgreSQL 15.
    pub fn nulls_not_distinct(&mut self) { self.nulls_not_distinct = true }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-STORAGE-PARAMETERS)
    /// of the constraint's index, such as `fillfactor`.
    pub fn parameter(&mut self, name: impl Into<Identifier>, value: impl ToString) {
        self.parameters.push((name.into(), value.to_string()))
    }

    /// Where the constraint's index is stored.
    pub fn tablespace(&mut self, name: impl Into<Identifier>) {
        self.tablespace = Some(name.into())
    }

    /// Counts rows as the same whose last column, a range, overlaps, while the others are equal;
    /// from PostgreSQL 18.
    pub fn without_overlaps(&mut self) { self.without_overlaps = true }

    /// Takes over this unique index of the same columns, built before with
    /// `create_index(..).unique().concurrently()`, instead of building one while nobody can write;
    /// it gets the constraint's name.
    pub fn using_index(&mut self, index: impl Into<Identifier>) {
        self.index = Some(index.into())
    }

    /// Lets a transaction put off the check.
    pub fn deferrable(&mut self) { self.timing.deferrable() }

    /// Puts off the check to the end of the transaction.
    pub fn initially_deferred(&mut self) { self.timing.initially_deferred() }

    /// The comment that tools show beside the constraint.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Constraint for Unique {
    fn verb(&self) -> &'static str {
        "add_unique"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        name_from_columns(table, &self.columns, "key")
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("UNIQUE");
        if let Some(index) = &self.index {
            sql.text("USING INDEX").identifier(index);
            let said = [
                ("nulls_not_distinct", self.nulls_not_distinct),
                ("without_overlaps", self.without_overlaps),
                ("include", !self.include.is_empty()),
                ("parameter", !self.parameters.is_empty()),
                ("tablespace", self.tablespace.is_some()),
            ];
            note_problems_of_index(sql, index, &said);
        } else {
            if self.nulls_not_distinct {
                sql.text("NULLS NOT DISTINCT").requires(15, "nulls_not_distinct");
            }
            write_key(sql, &self.columns, self.without_overlaps);
            write_index_options(sql, &self.include, &self.parameters, self.tablespace.as_ref());
        }
        self.timing.write(sql);
    }

    fn captures(&self, table: &Name) -> Option<Object> {
        // The index that it takes over goes with it, and was there before.
        self.index.as_ref().map(|_| Object::table(table))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_unique("posts", ["title", "likes"])
                .nulls_not_distinct()
                .include("id")
                .parameter("fillfactor", 70)
                .tablespace("fast")
                .initially_deferred()
                .comment("it's one");
            pgm.add_unique("rooms", ["id", "during"]).without_overlaps().deferrable();
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ADD CONSTRAINT "posts_title_likes_key" UNIQUE NULLS NOT DISTINCT ("title", "likes") INCLUDE ("id") WITH ("fillfactor" = '70') USING INDEX TABLESPACE "fast" DEFERRABLE INITIALLY DEFERRED;
        COMMENT ON CONSTRAINT "posts_title_likes_key" ON "posts" IS 'it''s one';
        ALTER TABLE "rooms" ADD CONSTRAINT "rooms_id_during_key" UNIQUE ("id", "during" WITHOUT OVERLAPS) DEFERRABLE;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        ALTER TABLE "rooms" DROP CONSTRAINT "rooms_id_during_key";
        ALTER TABLE "posts" DROP CONSTRAINT "posts_title_likes_key";
        "#);
    }

    #[test]
    fn an_index_that_is_there() {
        let up = |pgm: &mut Pgm| {
            pgm.add_unique("posts", "slug").using_index("slugs").deferrable();
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_slug_key" UNIQUE USING INDEX "slugs" DEFERRABLE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: table `posts`");
        let problems = plan_problems(|pgm| {
            pgm.add_unique("posts", "slug").using_index("slugs").include("id").nulls_not_distinct();
        });
        insta::assert_snapshot!(problems, @r"
        `nulls_not_distinct` is not supported with `using_index`: it belongs to the `create_index` of `slugs`
        `include` is not supported with `using_index`: it belongs to the `create_index` of `slugs`
        ");
    }
}
