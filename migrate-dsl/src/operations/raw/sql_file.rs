//! SQL from a file beside the migration.

use crate::{Pgm, operations::raw::Sql};

impl Pgm {
    /// Runs the SQL of a file; the path is relative to the folder of the migrations, `src/`.
    ///
    /// The file is read when the plan is made. A program that embeds its migrations has no files
    /// beside it: there, write `pgm.sql(include_str!("views.sql"))`.
    ///
    /// A file that cannot be read is a problem of the plan, shown on the line of the call.
    ///
    /// ```no_run
    /// # use migrate_dsl::Pgm;
    /// # fn up(pgm: &mut Pgm) {
    /// pgm.sql_file("views/popular_posts.sql").down("DROP VIEW popular_posts");
    /// # }
    /// ```
    #[track_caller]
    pub fn sql_file(&mut self, path: &str) -> &mut Sql {
        let file = format!("src/{path}");
        let sql = match std::fs::read_to_string(self.root().join(&file)) {
            Ok(text) => Sql::new("sql_file", text),
            Err(error) => Sql::missing("sql_file", format!("cannot read `{file}`: {error}")),
        };
        self.record(sql.read_from(file))
    }
}
