//! [`CREATE OPERATOR FAMILY`](https://www.postgresql.org/docs/current/sql-createopfamily.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Creates an operator family.
    pub struct CreateOperatorFamily(name: Name, method: Identifier) {
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates an operator family, empty at first: operator classes of an index method whose types
    /// can be compared with each other. Only a superuser can.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_operator_family("abs_ops", "btree");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"CREATE OPERATOR FAMILY "abs_ops" USING "btree";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP OPERATOR FAMILY "abs_ops" USING "btree";"#);
    /// ```
    #[track_caller]
    pub fn create_operator_family(
        &mut self,
        name: impl Into<Name>,
        method: impl Into<Identifier>,
    ) -> &mut CreateOperatorFamily {
        self.record(CreateOperatorFamily::new(name.into(), method.into()))
    }
}

options! { CreateOperatorFamily {
    /// The comment that tools show beside the operator family.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl CreateOperatorFamily {
    fn object(&self) -> Object {
        Object::operator_family(&self.name, self.method.clone())
    }
}

impl Operation for CreateOperatorFamily {
    fn verb(&self) -> &'static str {
        "create_operator_family"
    }

    fn describe(&self) -> String {
        format!("create {}", self.object())
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            self.object().write(sql.text("CREATE"));
            sql
        });
        phrases::commented(create, &self.object(), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(phrases::drop_object(&self.object(), false, false))
    }
}

#[cfg(test)]
mod tests {
    use crate::plan_text;

    #[test]
    fn create_operator_family() {
        let plan = plan_text(|pgm| {
            pgm.create_operator_family(("app", "abs_ops"), "gist").comment("it's new");
        });
        insta::assert_snapshot!(plan, @r#"
        CREATE OPERATOR FAMILY "app"."abs_ops" USING "gist";
        COMMENT ON OPERATOR FAMILY "app"."abs_ops" USING "gist" IS 'it''s new';
        "#);
    }
}
