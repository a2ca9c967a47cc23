//! Casts, see [Type Conversion](https://www.postgresql.org/docs/current/typeconv.html).

mod create_cast;

pub use create_cast::CreateCast;

use crate::operations::DropObject;
use crate::operations::macros::plain_verbs;
use crate::{DataType, Object};

plain_verbs! {
    /// Drops the cast from one type to another.
    ///
    /// See [`DROP CAST`](https://www.postgresql.org/docs/current/sql-dropcast.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_cast("text", "mood"); });
    /// assert_eq!(plan, r#"DROP CAST (text AS "mood");"#);
    /// ```
    pub fn drop_cast(source: impl Into<DataType>, target: impl Into<DataType>) -> DropObject
        => (Object::cast(source, target));
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_cast() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_cast("text", ("app", "mood")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP CAST IF EXISTS (text AS "app"."mood") CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @r#"-- as it was: cast from `text` to `"app"."mood"`"#);
    }
}
