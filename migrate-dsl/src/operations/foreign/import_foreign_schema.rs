//! [`IMPORT FOREIGN SCHEMA`](https://www.postgresql.org/docs/current/sql-importforeignschema.html).

use super::options::{Options, wrapper_options};
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoIdentifiers, Inverse, Object, Only, Operation, OptionValue, Pgm, Statement,
    Writer,
};

operation! {
    /// Creates foreign tables for those of a foreign server.
    pub struct ImportForeignSchema(remote: Identifier, server: Identifier, local: Identifier) {
        only: Choice<(&'static str, Vec<Identifier>)>,
        options: Options,
    }
}

impl Pgm {
    /// Creates a foreign table for each table of a schema on a foreign server, in a schema here.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.import_foreign_schema("public", "billing", "billing").limit_to(["invoices"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"IMPORT FOREIGN SCHEMA "public" LIMIT TO ("invoices") FROM SERVER "billing" INTO "billing";"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: all foreign tables in schema `billing`");
    /// ```
    #[track_caller]
    pub fn import_foreign_schema(
        &mut self,
        remote: impl Into<Identifier>,
        server: impl Into<Identifier>,
        local: impl Into<Identifier>,
    ) -> &mut ImportForeignSchema {
        self.record(ImportForeignSchema::new(remote.into(), server.into(), local.into()))
    }
}

wrapper_options!(ImportForeignSchema);

options! { ImportForeignSchema {
    /// Only these tables.
    pub fn limit_to(&mut self, tables: impl IntoIdentifiers) {
        self.only.set("limit_to", ("LIMIT TO", tables.into_identifiers()))
    }

    /// All but these tables.
    pub fn except(&mut self, tables: impl IntoIdentifiers) {
        self.only.set("except", ("EXCEPT", tables.into_identifiers()))
    }
}}

impl Operation for ImportForeignSchema {
    fn verb(&self) -> &'static str {
        "import_foreign_schema"
    }

    fn describe(&self) -> String {
        format!("import `{}` of server `{}` into `{}`", self.remote, self.server, self.local)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            sql.choice(&self.only);
            sql.text("IMPORT FOREIGN SCHEMA").identifier(&self.remote);
            if let Some((keyword, tables)) = self.only.as_ref() {
                sql.text(keyword).columns(tables);
                if tables.is_empty() {
                    sql.problem("`limit_to` and `except` name tables: leave them out for all");
                }
            }
            sql.text("FROM SERVER").identifier(&self.server).text("INTO").identifier(&self.local);
            self.options.write(sql);
            sql
        })]
    }

    fn inverse(&self) -> Inverse {
        let schema = self.local.clone().into();
        Inverse::capture_only(Only::Itself, [Object::all("ALL FOREIGN TABLES IN SCHEMA", schema)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.import_foreign_schema("public", "billing", "bills")
                .except(["secrets", "it's"])
                .option("import_default", true);
        });
        insta::assert_snapshot!(plan, @r#"IMPORT FOREIGN SCHEMA "public" EXCEPT ("secrets", "it's") FROM SERVER "billing" INTO "bills" OPTIONS ("import_default" 'true');"#);
    }

    #[test]
    fn no_tables_are_not_all() {
        let problems = plan_problems(|pgm| {
            pgm.import_foreign_schema("public", "billing", "bills").limit_to([""; 0]);
        });
        insta::assert_snapshot!(problems, @"`limit_to` and `except` name tables: leave them out for all");
    }
}
