//! Text search, see [Full Text Search](https://www.postgresql.org/docs/current/textsearch.html).

mod alter_text_search_configuration;
mod alter_text_search_dictionary;
mod create_text_search_configuration;
mod create_text_search_dictionary;

pub use alter_text_search_configuration::AlterTextSearchConfiguration;
pub use alter_text_search_dictionary::AlterTextSearchDictionary;
pub use create_text_search_configuration::CreateTextSearchConfiguration;
pub use create_text_search_dictionary::CreateTextSearchDictionary;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};

plain_verbs! {
    /// Drops a text search configuration.
    ///
    /// See [`DROP TEXT SEARCH CONFIGURATION`](https://www.postgresql.org/docs/current/sql-droptsconfig.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_text_search_configuration("polish"); });
    /// assert_eq!(plan, r#"DROP TEXT SEARCH CONFIGURATION "polish";"#);
    /// ```
    pub fn drop_text_search_configuration(name: impl Into<Name>) -> DropObject
        => (Object::text_search_configuration(name));

    /// Drops a text search dictionary.
    ///
    /// See [`DROP TEXT SEARCH DICTIONARY`](https://www.postgresql.org/docs/current/sql-droptsdictionary.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_text_search_dictionary("polish_stop"); });
    /// assert_eq!(plan, r#"DROP TEXT SEARCH DICTIONARY "polish_stop";"#);
    /// ```
    pub fn drop_text_search_dictionary(name: impl Into<Name>) -> DropObject
        => (Object::text_search_dictionary(name));

    /// Renames a text search configuration; it stays in its schema.
    ///
    /// See [`ALTER TEXT SEARCH CONFIGURATION … RENAME`](https://www.postgresql.org/docs/current/sql-altertsconfig.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_text_search_configuration(("app", "polish"), "new_polish");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TEXT SEARCH CONFIGURATION "app"."polish" RENAME TO "new_polish";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TEXT SEARCH CONFIGURATION "app"."new_polish" RENAME TO "polish";"#);
    /// ```
    pub fn rename_text_search_configuration(
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::text_search_configuration(from), to.into());

    /// Renames a text search dictionary; it stays in its schema.
    ///
    /// See [`ALTER TEXT SEARCH DICTIONARY … RENAME`](https://www.postgresql.org/docs/current/sql-altertsdictionary.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_text_search_dictionary(("app", "polish_stop"), "new_polish_stop");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER TEXT SEARCH DICTIONARY "app"."polish_stop" RENAME TO "new_polish_stop";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER TEXT SEARCH DICTIONARY "app"."new_polish_stop" RENAME TO "polish_stop";"#);
    /// ```
    pub fn rename_text_search_dictionary(
        from: impl Into<Name>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::text_search_dictionary(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_text_search_configuration() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_text_search_configuration(("app", "polish")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TEXT SEARCH CONFIGURATION IF EXISTS "app"."polish" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: text search configuration `app.polish`");
    }

    #[test]
    fn drop_text_search_dictionary() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_text_search_dictionary(("app", "polish_stop")).if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP TEXT SEARCH DICTIONARY IF EXISTS "app"."polish_stop" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: text search dictionary `app.polish_stop`");
    }
}
