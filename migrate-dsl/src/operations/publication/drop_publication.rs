//! [`DROP PUBLICATION`](https://www.postgresql.org/docs/current/sql-droppublication.html).

use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, Pgm, Statement};

operation! {
    /// Drops a publication.
    pub struct DropPublication(name: Identifier) {
        if_exists: bool,
    }
}

impl Pgm {
    /// Drops a publication; its tables stay.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_publication("for_search"); });
    /// assert_eq!(plan, r#"DROP PUBLICATION "for_search";"#);
    /// ```
    #[track_caller]
    pub fn drop_publication(&mut self, name: impl Into<Identifier>) -> &mut DropPublication {
        self.record(DropPublication::new(name.into()))
    }
}

options! { DropPublication {
    /// Does nothing if there is no such publication.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl Operation for DropPublication {
    fn verb(&self) -> &'static str {
        "drop_publication"
    }

    fn describe(&self) -> String {
        format!("drop publication `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![phrases::drop_object(&Object::publication(&self.name), self.if_exists, false)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::publication(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_publication() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_publication("for_search").if_exists();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP PUBLICATION IF EXISTS "for_search";"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: publication `for_search`");
    }
}
