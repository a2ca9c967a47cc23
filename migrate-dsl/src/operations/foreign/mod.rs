//! Foreign data, see [Foreign Data](https://www.postgresql.org/docs/current/ddl-foreign-data.html).

mod alter_foreign_data_wrapper;
mod alter_foreign_table;
mod alter_server;
mod alter_user_mapping;
mod create_foreign_data_wrapper;
mod create_foreign_partition;
mod create_foreign_table;
mod create_server;
mod create_user_mapping;
mod drop_user_mapping;
mod import_foreign_schema;
mod options;

pub use alter_foreign_data_wrapper::AlterForeignDataWrapper;
pub use alter_foreign_table::AlterForeignTable;
pub use alter_server::AlterServer;
pub use alter_user_mapping::AlterUserMapping;
pub use create_foreign_data_wrapper::CreateForeignDataWrapper;
pub use create_foreign_partition::CreateForeignPartition;
pub use create_foreign_table::CreateForeignTable;
pub use create_server::CreateServer;
pub use create_user_mapping::CreateUserMapping;
pub use drop_user_mapping::DropUserMapping;
pub use import_foreign_schema::ImportForeignSchema;

use crate::operations::macros::plain_verbs;
use crate::operations::{DropObject, RenameObject};
use crate::{Identifier, Name, Object};
use options::LOST;

plain_verbs! {
    /// Drops a foreign data wrapper.
    ///
    /// See [`DROP FOREIGN DATA WRAPPER`](https://www.postgresql.org/docs/current/sql-dropforeigndatawrapper.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_foreign_data_wrapper("files"); });
    /// assert_eq!(plan, r#"DROP FOREIGN DATA WRAPPER "files";"#);
    /// ```
    pub fn drop_foreign_data_wrapper(name: impl Into<Identifier>) -> DropObject
        => (Object::foreign_data_wrapper(name)).losing(LOST);

    /// Drops a foreign table; the rows behind it stay where they are.
    ///
    /// See [`DROP FOREIGN TABLE`](https://www.postgresql.org/docs/current/sql-dropforeigntable.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_foreign_table("invoices"); });
    /// assert_eq!(plan, r#"DROP FOREIGN TABLE "invoices";"#);
    /// ```
    pub fn drop_foreign_table(name: impl Into<Name>) -> DropObject
        => (Object::foreign_table(name)).losing(LOST);

    /// Drops a foreign server.
    ///
    /// See [`DROP SERVER`](https://www.postgresql.org/docs/current/sql-dropserver.html).
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| { pgm.drop_server("billing"); });
    /// assert_eq!(plan, r#"DROP SERVER "billing";"#);
    /// ```
    pub fn drop_server(name: impl Into<Identifier>) -> DropObject
        => (Object::server(name)).losing(LOST);

    /// Renames a foreign data wrapper.
    ///
    /// See [`ALTER FOREIGN DATA WRAPPER … RENAME`](https://www.postgresql.org/docs/current/sql-alterforeigndatawrapper.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_foreign_data_wrapper("files", "logs");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER FOREIGN DATA WRAPPER "files" RENAME TO "logs";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER FOREIGN DATA WRAPPER "logs" RENAME TO "files";"#);
    /// ```
    pub fn rename_foreign_data_wrapper(
        from: impl Into<Identifier>,
        to: impl Into<Identifier>,
    ) -> RenameObject => (Object::foreign_data_wrapper(from), to.into());

    /// Renames a foreign table.
    ///
    /// See [`ALTER FOREIGN TABLE … RENAME`](https://www.postgresql.org/docs/current/sql-alterforeigntable.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_foreign_table("invoices", "bills");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER FOREIGN TABLE "invoices" RENAME TO "bills";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER FOREIGN TABLE "bills" RENAME TO "invoices";"#);
    /// ```
    pub fn rename_foreign_table(from: impl Into<Name>, to: impl Into<Identifier>) -> RenameObject
        => (Object::foreign_table(from), to.into());

    /// Renames a server.
    ///
    /// See [`ALTER SERVER … RENAME`](https://www.postgresql.org/docs/current/sql-alterserver.html).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.rename_server("billing", "invoicing");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"ALTER SERVER "billing" RENAME TO "invoicing";"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"ALTER SERVER "invoicing" RENAME TO "billing";"#);
    /// ```
    pub fn rename_server(from: impl Into<Identifier>, to: impl Into<Identifier>) -> RenameObject
        => (Object::server(from), to.into());
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn drop_foreign_data_wrapper() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_foreign_data_wrapper("files").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP FOREIGN DATA WRAPPER IF EXISTS "files" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: foreign data wrapper `files`; options that may hold secrets are not restored");
    }

    #[test]
    fn drop_foreign_table() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_foreign_table("invoices").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP FOREIGN TABLE IF EXISTS "invoices" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: foreign table `invoices`; options that may hold secrets are not restored");
    }

    #[test]
    fn drop_server() {
        let up = |pgm: &mut Pgm| {
            pgm.drop_server("billing").if_exists().cascade();
        };
        insta::assert_snapshot!(plan_text(up), @r#"DROP SERVER IF EXISTS "billing" CASCADE;"#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: server `billing`; options that may hold secrets are not restored");
    }
}
