//! [`ALTER TYPE … ATTRIBUTE`](https://www.postgresql.org/docs/current/sql-altertype.html).

use crate::operations::macros::{operation, options};
use crate::{DataType, Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes the attributes of a composite type.
    pub struct AlterCompositeType(name: Name) {
        actions: Vec<Action>,
        if_exists: bool,
        cascade: bool,
        misplaced_collation: bool,
    }
}

#[derive(Debug, Clone)]
struct Action {
    attribute: Identifier,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Add(DataType, Option<Name>),
    Drop,
    SetType(DataType, Option<Name>),
}

impl Pgm {
    /// Changes the attributes of a composite type. PostgreSQL refuses most of it while a table
    /// has a column of the type.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_composite_type("address").add_attribute("city", "text").drop_attribute("zip");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TYPE "address" ADD ATTRIBUTE "city" text, DROP ATTRIBUTE "zip";"#
    /// );
    /// assert_eq!(
    ///     migrate_dsl::plan_text_down(up),
    ///     "-- as it was: type `address`; what the dropped attribute held is not restored"
    /// );
    /// ```
    #[track_caller]
    pub fn alter_composite_type(&mut self, name: impl Into<Name>) -> &mut AlterCompositeType {
        self.record(AlterCompositeType::new(name.into()))
    }
}

impl AlterCompositeType {
    /// Adds an attribute as the last one.
    pub fn add_attribute(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Self {
        self.action(name.into(), Change::Add(data_type.into(), None))
    }

    /// Drops an attribute.
    pub fn drop_attribute(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.action(name.into(), Change::Drop)
    }

    /// Changes the type of an attribute.
    pub fn set_attribute_type(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> &mut Self {
        self.action(name.into(), Change::SetType(data_type.into(), None))
    }

    /// Behind [`add_attribute`](Self::add_attribute) or
    /// [`set_attribute_type`](Self::set_attribute_type): compares and sorts by this collation.
    pub fn collate(&mut self, collation: impl Into<Name>) -> &mut Self {
        match self.actions.last_mut().map(|action| &mut action.change) {
            Some(Change::Add(_, of_attribute) | Change::SetType(_, of_attribute)) => {
                *of_attribute = Some(collation.into());
            }
            Some(Change::Drop) | None => self.misplaced_collation = true,
        }
        self
    }
}

options! { AlterCompositeType {
    /// Passes over attributes to drop that are not there.
    pub fn if_exists(&mut self) { self.if_exists = true }

    /// Changes the tables that were created `OF` the type too.
    pub fn cascade(&mut self) { self.cascade = true }
}}

impl AlterCompositeType {
    fn drops_attributes(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.change, Change::Drop))
    }

    fn action(&mut self, attribute: Identifier, change: Change) -> &mut Self {
        self.actions.push(Action { attribute, change });
        self
    }
}

impl Action {
    fn write(&self, sql: &mut Writer, if_exists: bool) {
        match &self.change {
            Change::Add(data_type, collation) => {
                sql.text("ADD ATTRIBUTE").identifier(&self.attribute).data_type(data_type);
                write_collation(sql, collation.as_ref());
            }
            Change::Drop => {
                sql.text("DROP ATTRIBUTE").flag(if_exists, "IF EXISTS");
                sql.identifier(&self.attribute);
            }
            Change::SetType(data_type, collation) => {
                sql.text("ALTER ATTRIBUTE").identifier(&self.attribute);
                sql.text("TYPE").data_type(data_type);
                write_collation(sql, collation.as_ref());
            }
        }
    }
}

fn write_collation(sql: &mut Writer, collation: Option<&Name>) {
    if let Some(collation) = collation {
        sql.text("COLLATE").name(collation);
    }
}

impl Operation for AlterCompositeType {
    fn verb(&self) -> &'static str {
        "alter_composite_type"
    }

    fn describe(&self) -> String {
        format!("alter composite type `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.text("ALTER TYPE").name(&self.name).list(&self.actions, |sql, action| {
                action.write(sql, self.if_exists);
                sql.flag(self.cascade, "CASCADE");
            });
            if self.actions.is_empty() {
                sql.problem(format!(
                    "`alter_composite_type` changes nothing about `{}`",
                    self.name
                ));
            }
            if self.if_exists && !self.drops_attributes() {
                sql.problem("`if_exists` is only valid with `drop_attribute`");
            }
            if self.misplaced_collation {
                sql.problem("`collate` must follow `add_attribute` or `set_attribute_type`");
            }
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        let of_type = [Object::user_type(&self.name)];
        match self.drops_attributes() {
            true => {
                Inverse::capture_without(of_type, "what the dropped attribute held is not restored")
            }
            false => Inverse::capture(of_type),
        }
    }

    fn destroys(&self) -> bool {
        self.drops_attributes()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.alter_composite_type(("app", "place"))
                .add_attribute("name", "text")
                .collate("C")
                .set_attribute_type("zip", "varchar")
                .collate(("app", "german"))
                .drop_attribute("note")
                .if_exists()
                .cascade();
            pgm.alter_composite_type("address").set_attribute_type("no", "bigint");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER TYPE "app"."place" ADD ATTRIBUTE "name" text COLLATE "C" CASCADE, ALTER ATTRIBUTE "zip" TYPE varchar COLLATE "app"."german" CASCADE, DROP ATTRIBUTE IF EXISTS "note" CASCADE;
        ALTER TYPE "address" ALTER ATTRIBUTE "no" TYPE bigint;
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"
        -- as it was: type `address`
        -- as it was: type `app.place`; what the dropped attribute held is not restored
        ");
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.alter_composite_type("place");
            pgm.alter_composite_type("place").drop_attribute("name").collate("C");
            pgm.alter_composite_type("place").add_attribute("name", "text").if_exists();
        });
        insta::assert_snapshot!(problems, @"
        `alter_composite_type` changes nothing about `place`
        `collate` must follow `add_attribute` or `set_attribute_type`
        `if_exists` is only valid with `drop_attribute`
        ");
    }
}
