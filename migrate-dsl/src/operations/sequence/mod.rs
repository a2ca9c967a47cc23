//! Sequences, see [Sequence Manipulation Functions](https://www.postgresql.org/docs/current/functions-sequence.html).

mod alter_sequence;
mod create_sequence;
mod options;
mod restart_sequence;

pub use alter_sequence::AlterSequence;
pub use create_sequence::CreateSequence;
pub(crate) use options::{SequenceOptions, sequence_options};
pub use restart_sequence::RestartSequence;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a sequence.
    ///
    /// See [`DROP SEQUENCE`](https://www.postgresql.org/docs/current/sql-dropsequence.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_sequence("invoice_numbers"); });
    /// assert_eq!(plan, r#"DROP SEQUENCE "invoice_numbers";"#);
    /// ```
    pub fn drop_sequence(name: impl Into<Name>) -> DropObject => (Object::sequence(name));

    /// Renames a sequence; it stays in its schema.
    ///
    /// See [`ALTER SEQUENCE … RENAME`](https://www.postgresql.org/docs/current/sql-altersequence.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_sequence(("app", "invoice_no"), "invoice_numbers");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SEQUENCE "app"."invoice_no" RENAME TO "invoice_numbers";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SEQUENCE "app"."invoice_numbers" RENAME TO "invoice_no";"#);
    /// ```
    pub fn rename_sequence(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::sequence(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    fn every_option(pgm: &mut Pgm) {
        pgm.drop_sequence("invoice_numbers").if_exists().cascade();
    }

    #[test]
    fn drop_sequence() {
        insta::assert_snapshot!(plan_text(every_option), @r#"DROP SEQUENCE IF EXISTS "invoice_numbers" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(every_option), @"-- as it was: sequence `invoice_numbers`");
    }
}
