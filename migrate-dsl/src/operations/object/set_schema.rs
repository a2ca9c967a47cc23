//! `ALTER … SET SCHEMA`, as in [`ALTER TABLE`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement, Writer};

/// The kinds of objects that can move from one schema to another; an extension besides.
const IN_A_SCHEMA: &[&str] = &[
    "AGGREGATE",
    "COLLATION",
    "DOMAIN",
    "FOREIGN TABLE",
    "FUNCTION",
    "MATERIALIZED VIEW",
    "OPERATOR",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "PROCEDURE",
    "ROUTINE",
    "SEQUENCE",
    "STATISTICS",
    "TABLE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
    "TYPE",
    "VIEW",
];

/// Moves an object to another schema.
#[derive(Debug, Clone)]
pub struct SetSchema {
    object: Object,
    schema: Identifier,
}

impl Pgm {
    /// Moves an object to another schema: a table with its indexes, constraints and the sequences
    /// that it owns, an extension with all that it brought.
    ///
    /// The object is named with the schema that it leaves, so that the inverse is known; an
    /// extension has none in its name.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.set_schema(Object::table(("public", "posts")), "archive");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TABLE "public"."posts" SET SCHEMA "archive";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TABLE "archive"."posts" SET SCHEMA "public";"#);
    /// ```
    #[track_caller]
    pub fn set_schema(&mut self, object: Object, schema: impl Into<Identifier>) -> &mut SetSchema {
        self.record(SetSchema { object, schema: schema.into() })
    }
}

impl SetSchema {
    fn is_extension(&self) -> bool {
        self.object.kind() == "EXTENSION"
    }

    /// Why it cannot be moved, or not be moved back.
    fn problem(&self) -> Option<String> {
        let object = &self.object;
        if self.is_extension() {
            return None;
        }
        if !IN_A_SCHEMA.contains(&object.kind()) {
            return Some(format!("{object} cannot be moved to another schema"));
        }
        // Without it the server would take the first one of its `search_path`, and nobody would
        // know which that was when it is to move back.
        object.in_schema().is_none().then(|| {
            format!(
                "{object} is not schema-qualified: name it with its schema, \
                 as in `(\"public\", \"…\")`"
            )
        })
    }
}

impl Operation for SetSchema {
    fn verb(&self) -> &'static str {
        "set_schema"
    }

    fn describe(&self) -> String {
        format!("move {} to schema `{}`", self.object, self.schema)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statement = move_object(&self.object, &self.schema);
        statement.problems.extend(self.problem());
        vec![statement]
    }

    fn inverse(&self) -> Inverse {
        match self.object.in_schema() {
            Some(left) => Inverse::by(move_object(&self.object.moved(&self.schema), left)),
            // Its name is the same in any schema.
            None => Inverse::capture([self.object.clone()]),
        }
    }
}

fn move_object(object: &Object, schema: &Identifier) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER");
        object.write(sql);
        sql.text("SET SCHEMA").identifier(schema)
    })
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    #[test]
    fn there_and_back() {
        let up = |pgm: &mut Pgm| {
            let function = Object::function(("public", "slug")).arguments(["text"]);
            pgm.set_schema(function, "tools");
            pgm.set_schema(Object::user_type(("public", "mood")), "app");
            pgm.set_schema(Object::extension("citext"), "tools");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        ALTER FUNCTION "public"."slug" (text) SET SCHEMA "tools";
        ALTER TYPE "public"."mood" SET SCHEMA "app";
        ALTER EXTENSION "citext" SET SCHEMA "tools";
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- as it was: extension `citext`
        ALTER TYPE "app"."mood" SET SCHEMA "public";
        ALTER FUNCTION "tools"."slug" (text) SET SCHEMA "public";
        "#);
    }

    #[test]
    fn the_schema_that_it_leaves_has_to_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.set_schema(Object::table("posts"), "archive");
            pgm.set_schema(Object::schema("app"), "archive");
            pgm.set_schema(Object::column("posts", "title"), "archive");
        });
        insta::assert_snapshot!(problems, @r#"
        table `posts` is not schema-qualified: name it with its schema, as in `("public", "…")`
        schema `app` cannot be moved to another schema
        column `title` of `posts` cannot be moved to another schema
        "#);
    }
}
