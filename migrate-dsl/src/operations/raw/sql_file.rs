//! SQL from a file beside the migration.

use std::path::Path;

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
        let (file, text) = read(self.root(), path);
        let sql = match text {
            Ok(text) => Sql::new("sql_file", text),
            Err(problem) => Sql::missing("sql_file", problem),
        };
        self.record(sql.read_from(file))
    }
}

/// A file beside the migrations: its path in the crate, and its text, or why that cannot be had.
pub(super) fn read(root: &Path, path: &str) -> (String, Result<String, String>) {
    let file = format!("src/{path}");
    let text = std::fs::read_to_string(root.join(&file))
        .map_err(|error| format!("cannot read `{file}`: {error}"));
    (file, text)
}
