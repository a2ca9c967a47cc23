//! [`CREATE SERVER`](https://www.postgresql.org/docs/current/sql-createserver.html).

use super::options::{Options, wrapper_options};
use crate::operations::macros::{operation, options};
use crate::operations::phrases;
use crate::{Identifier, Inverse, Object, Operation, OptionValue, Pgm, Statement, Writer};

operation! {
    /// Creates a foreign server.
    pub struct CreateServer(name: Identifier, wrapper: Identifier) {
        if_not_exists: bool,
        server_type: Option<String>,
        version: Option<String>,
        options: Options,
        comment: Option<String>,
    }
}

impl Pgm {
    /// Creates a foreign server: where a foreign data wrapper finds its data.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.create_server("billing", "postgres_fdw").option("host", "10.0.0.7").option("port", 5433);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"CREATE SERVER "billing" FOREIGN DATA WRAPPER "postgres_fdw" OPTIONS ("host" '10.0.0.7', "port" '5433');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), r#"DROP SERVER "billing";"#);
    /// ```
    #[track_caller]
    pub fn create_server(
        &mut self,
        name: impl Into<Identifier>,
        wrapper: impl Into<Identifier>,
    ) -> &mut CreateServer {
        self.record(CreateServer::new(name.into(), wrapper.into()))
    }
}

wrapper_options!(CreateServer);

options! { CreateServer {
    /// Does nothing if the server is there.
    pub fn if_not_exists(&mut self) { self.if_not_exists = true }

    /// Its type, if the wrapper knows some.
    pub fn server_type(&mut self, text: impl Into<String>) {
        self.server_type = Some(text.into())
    }

    /// Its version, if the wrapper knows some.
    pub fn version(&mut self, text: impl Into<String>) { self.version = Some(text.into()) }

    /// The comment that tools show beside the server.
    pub fn comment(&mut self, text: impl Into<String>) { self.comment = Some(text.into()) }
}}

impl Operation for CreateServer {
    fn verb(&self) -> &'static str {
        "create_server"
    }

    fn describe(&self) -> String {
        format!("create server `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        let create = Writer::statement(|sql| {
            sql.text("CREATE SERVER").flag(self.if_not_exists, "IF NOT EXISTS");
            sql.identifier(&self.name);
            for (keyword, text) in [("TYPE", &self.server_type), ("VERSION", &self.version)] {
                if let Some(text) = text {
                    sql.text(keyword).literal(text);
                }
            }
            sql.text("FOREIGN DATA WRAPPER").identifier(&self.wrapper);
            self.options.write(sql);
            sql
        });
        phrases::commented(create, &Object::server(&self.name), self.comment.as_deref())
    }

    fn inverse(&self) -> Inverse {
        phrases::drop_created(Object::server(&self.name), self.if_not_exists)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pgm, plan_text, plan_text_down};

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.create_server("billing", "postgres_fdw")
                .if_not_exists()
                .server_type("it's")
                .version("18")
                .option("fetch_size", 0)
                .option("updatable", false)
                .comment("the bills");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        CREATE SERVER IF NOT EXISTS "billing" TYPE 'it''s' VERSION '18' FOREIGN DATA WRAPPER "postgres_fdw" OPTIONS ("fetch_size" '0', "updatable" 'false');
        COMMENT ON SERVER "billing" IS 'the bills';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: server `billing`");
    }
}
