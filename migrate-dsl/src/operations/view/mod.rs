//! Views and materialized views, see
//! [Views](https://www.postgresql.org/docs/current/tutorial-views.html).

use crate::{Expression, Identifier, Name, Writer, split};

mod alter_materialized_view;
mod alter_view;
mod create_materialized_view;
mod create_view;
mod drop_materialized_view;
mod drop_view;
mod refresh_materialized_view;
mod rename_materialized_view;
mod rename_materialized_view_column;
mod rename_view;
mod rename_view_column;

pub use alter_materialized_view::AlterMaterializedView;
pub use alter_view::AlterView;
pub use create_materialized_view::CreateMaterializedView;
pub use create_view::CreateView;
pub use refresh_materialized_view::RefreshMaterializedView;

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

/// Writes the parameters of a view, and notes the one that is young.
fn write_parameters(sql: &mut Writer, parameters: &[(Identifier, String)]) {
    sql.parameters(parameters);
    if parameters.iter().any(|(name, _)| name.as_str() == "security_invoker") {
        sql.requires(15, "security_invoker");
    }
}
