//! Views and materialized views, see
//! [Views](https://www.postgresql.org/docs/current/tutorial-views.html).

use crate::{Expression, Name, Writer, split};

mod create_materialized_view;
mod create_view;
mod drop_materialized_view;
mod drop_view;
mod refresh_materialized_view;
mod rename_materialized_view;
mod rename_view;

pub use create_materialized_view::CreateMaterializedView;
pub use create_view::CreateView;
pub use drop_materialized_view::DropMaterializedView;
pub use drop_view::DropView;
pub use refresh_materialized_view::RefreshMaterializedView;
pub use rename_materialized_view::RenameMaterializedView;
pub use rename_view::RenameView;

/// Writes the query of a view, without a semicolon or a comment at its end: more follows.
fn write_query(sql: &mut Writer, view: &Name, query: &Expression) {
    match &split(query.sql())[..] {
        [query] => {
            sql.text("AS").text(query.sql);
        }
        statements => {
            sql.problem(format!(
                "the query of `{view}` has to be one statement, not {}",
                statements.len()
            ));
        }
    }
    sql.problems_of(query);
}
