//! SQL from a file beside the migration.

use std::path::{Component, Path};

use crate::discover::plain_file;
use crate::{Pgm, operations::raw::Sql};

impl Pgm {
    /// Runs the SQL of a file; the path is relative to the folder of the migrations, `src/`, and
    /// stays in the crate, so that two checkouts have the same plan.
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
    if let Some(problem) = leaves_the_crate(path) {
        return (file, Err(problem));
    }
    let text = plain_file::read_to_string(&root.join(&file))
        .map_err(|error| format!("cannot read `{file}`: {error}"));
    (file, text)
}

/// What another checkout, or another machine, might have otherwise, or not at all.
fn leaves_the_crate(path: &str) -> Option<String> {
    let path_from_src = Path::new(path);
    // One step up from `src/` is still in the crate.
    let mut depth = 1_usize;
    for part in path_from_src.components() {
        depth = match part {
            Component::Normal(_) => depth + 1,
            Component::CurDir => depth,
            Component::ParentDir if depth > 0 => depth - 1,
            Component::ParentDir => return Some(outside(path)),
            Component::RootDir | Component::Prefix(_) => {
                return Some(format!(
                    "`{path}` is another file on another machine: put it into the migrations \
                     crate, and name it from `src/` on"
                ));
            }
        };
    }
    None
}

fn outside(path: &str) -> String {
    format!(
        "`{path}` is outside the migrations crate, so the plan could differ between checkouts: \
         move the file into the crate"
    )
}

#[cfg(test)]
mod tests {
    use crate::plan_problems;

    #[test]
    fn a_path_stays_in_the_crate() {
        for path in ["/etc/passwd", "../../a.sql", "a/../../../a.sql", "./../../b.csv"] {
            let problems = plan_problems(move |pgm| _ = pgm.sql_file(path));
            let copied = plan_problems(move |pgm| _ = pgm.copy_from("a", path));
            assert!(!problems.contains("cannot read"), "{problems}");
            assert_eq!(problems, copied);
        }
        insta::assert_snapshot!(plan_problems(|pgm| {
            pgm.sql_file("/etc/passwd");
            pgm.sql_file("../../a.sql");
            pgm.sql_file("../sql/../none.sql");
        }), @"
        `/etc/passwd` is another file on another machine: put it into the migrations crate, and name it from `src/` on
        `../../a.sql` is outside the migrations crate, so the plan could differ between checkouts: move the file into the crate
        cannot read `src/../sql/../none.sql`: No such file or directory (os error 2)
        ");
    }
}
