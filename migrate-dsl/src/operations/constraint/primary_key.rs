//! [Primary keys](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS).

use super::{
    AddConstraint, Constraint, Timing, note_problems_of_index, write_index_options, write_key,
};
use crate::operations::macros::{operation, options};
use crate::{Identifier, IntoIdentifiers, Name, Object, Pgm, Writer};

operation! {
    /// `PRIMARY KEY ("a", "b")`.
    pub struct PrimaryKey(columns: Vec<Identifier>) {
        name: Option<Identifier>,
        include: Vec<Identifier>,
        parameters: Vec<(Identifier, String)>,
        tablespace: Option<Identifier>,
        without_overlaps: bool,
        index: Option<Identifier>,
        timing: Timing,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Makes columns of a table its primary key.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.add_primary_key("taggings", ["post_id", "tag_id"]); });
    /// assert_eq!(plan, r#"ALTER TABLE "taggings" ADD CONSTRAINT "taggings_pkey" PRIMARY KEY ("post_id", "tag_id");"#);
    /// ```
    #[track_caller]
    pub fn add_primary_key(
        &mut self,
        table: impl Into<Name>,
        columns: impl IntoIdentifiers,
    ) -> &mut PrimaryKey {
        let key = PrimaryKey::new(columns.into_identifiers());
        &mut self.record(AddConstraint::new(table.into(), key)).constraint
    }
}

options! { PrimaryKey {
    /// Names the constraint; without it, it is called `<table>_pkey`.
    pub fn named(&mut self, name: impl Into<Identifier>) { self.name = Some(name.into()) }

    /// Adds columns to the key's index without making them part of the key.
    pub fn include(&mut self, columns: impl IntoIdentifiers) {
        self.include = columns.into_identifiers()
    }

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

impl Constraint for PrimaryKey {
    fn verb(&self) -> &'static str {
        "add_primary_key"
    }

    fn name(&self) -> Option<&Identifier> {
        self.name.as_ref()
    }

    fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    fn default_name(&self, table: &Name) -> Identifier {
        crate::generated_name([table.name.as_str(), "pkey"])
    }

    fn write_definition(&self, sql: &mut Writer) {
        sql.text("PRIMARY KEY");
        if let Some(index) = &self.index {
            sql.text("USING INDEX").identifier(index);
            let said = [
                ("without_overlaps", self.without_overlaps),
                ("include", !self.include.is_empty()),
                ("parameter", !self.parameters.is_empty()),
                ("tablespace", self.tablespace.is_some()),
            ];
            note_problems_of_index(sql, index, &said);
        } else {
            write_key(sql, &self.columns, self.without_overlaps);
            write_index_options(sql, &self.include, &self.parameters, self.tablespace.as_ref());
        }
        self.timing.write(sql);
    }

    fn captures(&self, table: &Name) -> Option<Object> {
        // Its columns become `NOT NULL`, and stay so when it goes.
        Some(Object::table(table))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.add_primary_key("posts", "id")
                .named("the key")
                .include("title")
                .parameter("fillfactor", 70)
                .tablespace("fast")
                .initially_deferred()
                .comment("it's the key");
            pgm.add_primary_key("rooms", ["id", "during"]).without_overlaps().deferrable();
            pgm.add_primary_key("users", "id").using_index("ids");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TABLE "posts" ADD CONSTRAINT "the key" PRIMARY KEY ("id") INCLUDE ("title") WITH ("fillfactor" = '70') USING INDEX TABLESPACE "fast" DEFERRABLE INITIALLY DEFERRED;
        COMMENT ON CONSTRAINT "the key" ON "posts" IS 'it''s the key';
        ALTER TABLE "rooms" ADD CONSTRAINT "rooms_pkey" PRIMARY KEY ("id", "during" WITHOUT OVERLAPS) DEFERRABLE;
        ALTER TABLE "users" ADD CONSTRAINT "users_pkey" PRIMARY KEY USING INDEX "ids";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r"
        -- as it was: table `users`
        -- as it was: table `rooms`
        -- as it was: table `posts`
        ");
    }

    #[test]
    fn an_index_that_is_there() {
        let problems = plan_problems(|pgm| {
            pgm.add_primary_key("posts", "id").using_index("ids").include("title");
        });
        insta::assert_snapshot!(problems, @"`include` is not supported with `using_index`: it belongs to the `create_index` of `ids`");
    }
}
