//! PostgreSQL migrations, described in Rust.
//!
//! A migration is a file with an `up`, and a `down` where the way back does not follow from it.
//! Both get a [`Pgm`], which only records:
//!
//! ```
//! use migrate_dsl::prelude::*;
//!
//! pub fn up(pgm: &mut Pgm) {
//!     pgm.create_table("comments", |t| {
//!         t.id();
//!         t.varchar("contents", 240).not_null();
//!         t.bigint("post_id").references("posts", "id").on_delete(Cascade).not_null();
//!         t.timestamps();
//!     });
//!     pgm.create_index("comments", "post_id");
//! }
//!
//! assert_eq!(
//!     migrate_dsl::plan_text_down(up),
//!     "DROP INDEX \"comments_post_id_idx\";\nDROP TABLE \"comments\";"
//! );
//! ```
//!
//! Shorthands of your own are plain functions. With `#[track_caller]`, messages show the
//! migration's line and not the helper's:
//!
//! ```
//! use migrate_dsl::prelude::*;
//!
//! fn money(t: &mut Table, name: &str) {
//!     t.numeric(name, (12, 2)).not_null().check(format!("{name} >= 0"));
//! }
//!
//! #[track_caller]
//! fn create_lookup(pgm: &mut Pgm, name: &str) {
//!     pgm.create_table(name, |t| t.text("value").primary_key());
//! }
//!
//! pub fn up(pgm: &mut Pgm) {
//!     create_lookup(pgm, "currencies");
//!     pgm.add_column("orders", |t| money(t, "total"));
//! }
//! # assert_eq!(migrate_dsl::plan_problems(up), "");
//! ```
//!
//! What a migration can ask for stands in [`operations`], by object; [`Table`] has the types of
//! columns. Names are given as they are in the catalog and are always quoted; SQL of your own goes
//! through [`expr`]; [`Pgm::sql`] takes whole statements.

mod digest;
mod json;

pub mod discover;

mod after_crash;
mod column;
mod expression;
mod inverse;
mod literal;
mod migration;
mod name;
mod object;
mod operation;
pub mod operations;
mod pgm;
mod plan;
mod preview;
mod print;
mod role;
mod sea;
mod secret;
mod split;
mod step;
mod table;
mod types;
mod writer;

pub use after_crash::AfterCrash;
pub use column::{Column, Identity, IdentityColumn, References};
pub use expression::{Expression, IntoExpression, col, expr};
pub use inverse::{Capture, Inverse};
pub use literal::{DefaultValue, Literal, quote_literal};
pub use migration::{Migration, Migrations};
pub use name::{Identifier, IntoIdentifiers, MAX_NAME_BYTES, Name, generated_name, iden};
pub use object::Object;
pub use operation::Operation;
pub use operations::constraint::foreign_key::ReferentialAction;
pub use operations::table::LikeOption;
pub use pgm::Pgm;
pub use plan::{FORMAT, Plan};
pub use preview::{plan_hints, plan_problems, plan_text, plan_text_down};
pub use print::print_plan;
pub use role::{IntoRoles, Role};
pub use sea_query;
pub use secret::{OptionValue, Secret, env};
pub use split::{Piece, split};
pub use step::Place;
pub use table::Table;
pub use types::{DataType, Precision};
pub use writer::{Requirement, Statement, Writer};

/// What a migration needs at hand: `use migrate_dsl::prelude::*;`.
pub mod prelude {
    pub use crate::Identity::{Always, ByDefault};
    pub use crate::ReferentialAction::{Cascade, NoAction, Restrict, SetDefault, SetNull};
    pub use crate::{DataType, Object, Pgm, Role, Table, col, env, expr, iden};
}
