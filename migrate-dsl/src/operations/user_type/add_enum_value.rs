//! [`ALTER TYPE … ADD VALUE`](https://www.postgresql.org/docs/current/sql-altertype.html).

use super::write_enum_value;
use crate::operations::macros::{operation, options};
use crate::{Inverse, Name, Operation, Pgm, Statement, Writer};

operation! {
    /// Adds a value to an enum.
    pub struct AddEnumValue(name: Name, value: String) {
        if_not_exists: bool,
        neighbour: Option<(&'static str, String)>,
    }
}

impl Pgm {
    /// Adds a value to an enum, as its last one unless [`before`](AddEnumValue::before) or
    /// [`after`](AddEnumValue::after) says where.
    ///
    /// The value can be used from the next migration on: PostgreSQL refuses a value that was
    /// added in the same transaction. Before PostgreSQL 12 the migration needs
    /// [`without_transaction`](Pgm::without_transaction) besides.
    ///
    /// PostgreSQL has no way to take a value out of an enum. The longer way, in a `down` of your
    /// own or in a later migration, is another type:
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.add_enum_value("mood", "great").after("happy");
    /// }
    ///
    /// pub fn down(pgm: &mut Pgm) {
    ///     pgm.sql("UPDATE posts SET mood = 'happy' WHERE mood = 'great'");
    ///     pgm.rename_type("mood", "old_mood");
    ///     pgm.create_enum("mood", ["sad", "ok", "happy"]);
    ///     pgm.alter_column("posts", "mood").set_type("mood").using("mood::text::mood");
    ///     pgm.drop_type("old_mood");
    /// }
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TYPE "mood" ADD VALUE 'great' AFTER 'happy';"#);
    /// # assert_eq!(migrate_dsl::plan_text(down).lines().count(), 5);
    /// ```
    #[track_caller]
    pub fn add_enum_value(
        &mut self,
        name: impl Into<Name>,
        value: impl Into<String>,
    ) -> &mut AddEnumValue {
        self.record(AddEnumValue::new(name.into(), value.into()))
    }
}

options! { AddEnumValue {
    /// Does nothing if the enum has the value.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Puts it before this value.
    pub fn before(&mut self, value: impl Into<String>) {
        self.neighbour = Some(("BEFORE", value.into()))
    }

    /// Puts it after this value.
    pub fn after(&mut self, value: impl Into<String>) {
        self.neighbour = Some(("AFTER", value.into()))
    }
}}

impl Operation for AddEnumValue {
    fn verb(&self) -> &'static str {
        "add_enum_value"
    }

    fn describe(&self) -> String {
        format!("add value `{}` to enum `{}`", self.value, self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TYPE").name(&self.name);
            sql.text("ADD VALUE").flag(self.if_not_exists, "IF NOT EXISTS");
            write_enum_value(sql, &self.value);
            if let Some((word, neighbour)) = &self.neighbour {
                sql.text(word);
                write_enum_value(sql, neighbour);
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::none(format!(
            "PostgreSQL takes no value out of an enum; to be without `{}`, write a `pub fn down` \
             that recreates the type and moves its columns over with \
             `alter_column(..).set_type(..).using(..)`",
            self.value
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn add_enum_value() {
        let up = |pgm: &mut Pgm| {
            pgm.add_enum_value(("app", "mood"), "so-so").if_not_exists().before("it's ok");
        };
        insta::assert_snapshot!(plan_text(up), @r#"ALTER TYPE "app"."mood" ADD VALUE IF NOT EXISTS 'so-so' BEFORE 'it''s ok';"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be reverted: PostgreSQL takes no value out of an enum; to be without `so-so`, write a `pub fn down` that recreates the type and moves its columns over with `alter_column(..).set_type(..).using(..)`");
    }
}
