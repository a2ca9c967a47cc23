//! [`ALTER TABLE … SET SCHEMA`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Identifier, Inverse, Name, Operation, Pgm, Statement, Writer};

/// Moves a table to another schema.
pub struct SetTableSchema {
    name: Name,
    schema: Identifier,
}

impl Pgm {
    /// Moves a table to another schema, with its indexes, constraints and the sequences that it
    /// owns. The way back follows if the table is named with the schema that it leaves.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.set_table_schema(("public", "posts"), "archive");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "public"."posts" SET SCHEMA "archive";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "archive"."posts" SET SCHEMA "public";"#);
    /// ```
    #[track_caller]
    pub fn set_table_schema(
        &mut self,
        name: impl Into<Name>,
        schema: impl Into<Identifier>,
    ) -> &mut SetTableSchema {
        self.record(SetTableSchema { name: name.into(), schema: schema.into() })
    }
}

impl Operation for SetTableSchema {
    fn verb(&self) -> &'static str {
        "set_table_schema"
    }

    fn describe(&self) -> String {
        format!("move table `{}` to schema `{}`", self.name, self.schema)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![move_table(&self.name, &self.schema)]
    }

    fn inverse(&self) -> Inverse {
        let Some(schema) = &self.name.schema else {
            return Inverse::none(format!(
                "the schema that `{0}` leaves is not said; name it, as in `(\"public\", \"{0}\")`",
                self.name
            ));
        };
        let moved = Name::from((self.schema.clone(), self.name.name.clone()));
        Inverse::by(move_table(&moved, schema))
    }
}

fn move_table(name: &Name, schema: &Identifier) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER TABLE").name(name);
        sql.text("SET SCHEMA").identifier(schema)
    })
}

#[cfg(test)]
mod tests {
    use crate::plan_text_down;

    #[test]
    fn the_schema_that_it_leaves_has_to_be_said() {
        let down = plan_text_down(|pgm| {
            pgm.set_table_schema("posts", "archive");
        });
        insta::assert_snapshot!(down, @r#"-- cannot be taken back: the schema that `posts` leaves is not said; name it, as in `("public", "posts")`"#);
    }
}
