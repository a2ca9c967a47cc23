//! PostgreSQL migrations, described in Rust.
//!
//! A migration is a file with an `up`, and a `down` where the inverse does not follow from it.
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
//! What a migration can ask for stands in [`operations`], by object, with a table of all of it;
//! [`Table`] has the types of columns.
//!
//! # The inverse
//!
//! Each operation has one of these, and `migrate plan` shows which:
//!
//! - **derived** from the operation: create and drop, rename there and back, attach and detach;
//! - **captured**: what is dropped or altered is read from the catalog just before the step runs,
//!   with all that belongs to it and depends on it, and kept with the history: constraints, indexes,
//!   triggers, policies, privileges, comments, views. Rows are no part of it: where some are lost,
//!   the plan says so, and `keep_data` sets a table or a column aside instead;
//! - **declared**: what SQL of your own did only you know; say it with `down`, or have an object
//!   captured with `captures`. A `pub fn down` in the file wins over everything inferred;
//! - **none**, with the reason: PostgreSQL does not take a value out of an enum.
//!
//! ```
//! use migrate_dsl::prelude::*;
//!
//! pub fn up(pgm: &mut Pgm) {
//!     pgm.rename_column("posts", "contents", "body");
//!     pgm.alter_column("posts", "likes").set_type("bigint");
//!     pgm.drop_column("posts", "loc").keep_data();
//!     pgm.drop_table("drafts");
//!     pgm.sql("UPDATE posts SET likes = 0 WHERE likes IS NULL").down("");
//! }
//!
//! assert_eq!(
//!     migrate_dsl::plan_text_down(up),
//!     r#"
//! -- as it was: table `drafts`; its rows are not restored
//! ALTER TABLE "posts" RENAME COLUMN "kept_loc" TO "loc";
//! -- as it was: column `loc` of `posts`
//! -- as it was: column `likes` of `posts`; values are restored as far as the old type can hold them
//! ALTER TABLE "posts" RENAME COLUMN "body" TO "contents";
//! "#
//!     .trim()
//! );
//! ```
//!
//! # Names, values, expressions
//!
//! A name is what the catalog has, and is always quoted: `"Order"` is not `order`. A plain string is
//! one name, dots and all; a pair is a schema and a name; [`iden`] takes it from an `Iden` enum of
//! the application. A value is a constant and becomes a literal; SQL of your own goes through
//! [`expr`]: as a default, `"now()"` is a text of five letters, `expr("now()")` is the moment.
//!
//! ```
//! use migrate_dsl::prelude::*;
//!
//! pub fn up(pgm: &mut Pgm) {
//!     pgm.add_column(("app", "posts"), |t| {
//!         t.timestamptz("seen_at").default(expr("now()"));
//!         t.text("mood").default("it's fine");
//!     });
//!     pgm.create_index(("app", "posts"), [expr("lower(title)").desc(), col("id")])
//!         .named("by_title");
//! }
//!
//! assert_eq!(
//!     migrate_dsl::plan_text(up),
//!     r#"
//! ALTER TABLE "app"."posts" ADD COLUMN "seen_at" timestamptz DEFAULT now(), ADD COLUMN "mood" text DEFAULT 'it''s fine';
//! CREATE INDEX "by_title" ON "app"."posts" ((lower(title)) DESC, "id");
//! "#
//!     .trim()
//! );
//! ```
//!
//! # Rust
//!
//! What SQL does not say well is written in Rust: [`Pgm::rust`] runs a function in the migration's
//! transaction, with a [`Database`] to ask and to tell. What such a function does is part of the
//! program and no part of the plan, so that the migration is applied where its file is, or by an
//! application that links it.
//!
//! # Servers of different ages
//!
//! An option that the server is too old for is refused before anything has run, with the line that
//! asks for it. Where PostgreSQL has learned a better form, the plan holds both, and the server's
//! version chooses.
//!
//! # Secrets
//!
//! A password is never part of a plan: [`env()`] names a variable of the environment in which the
//! migration is applied. It is in no file, no history, no log; of a role's password the server gets
//! a verifier.
//!
//! ```
//! use migrate_dsl::prelude::*;
//!
//! let plan = migrate_dsl::plan_text(|pgm| {
//!     pgm.create_role("app").login().password(env("APP_PASSWORD"));
//! });
//! assert_eq!(plan, r#"CREATE ROLE "app" WITH LOGIN PASSWORD :'APP_PASSWORD';"#);
//! ```

mod digest;
mod json;

pub mod discover;

mod after_crash;
mod choice;
mod column;
mod database;
mod direction;
mod expression;
mod function;
mod inverse;
mod literal;
mod migration;
mod name;
mod object;
mod operation;
pub mod operations;
mod panic;
mod pgm;
pub mod plan;
mod preview;
mod print;
mod role;
mod sea;
mod secret;
mod serve;
mod split;
mod step;
mod table;
mod types;
mod writer;

pub use after_crash::AfterCrash;
pub use column::{Column, Compression, Identity, IdentityColumn, References, Storage};
#[doc(hidden)]
pub use database::wire;
pub use database::{
    Asked, BoxError, ColumnIndex, Connection, Database, DatabaseError, FromValue, MAX_MESSAGE,
    Reply, Request, Row, ToValue, Value,
};
pub use direction::{Direction, UnknownDirection};
pub use expression::{Expression, IntoExpression, col, expr};
pub use function::{Function, FunctionError};
pub use inverse::{Capture, Inverse, Only};
pub use literal::{DefaultValue, Literal, quote_literal};
pub use migration::{Migration, Migrations};
pub use name::{
    Identifier, IntoIdentifiers, IntoNames, MAX_NAME_BYTES, Name, generated_name, iden, kept_name,
};
pub use object::Object;
pub use operation::Operation;
pub use operations::constraint::foreign_key::ReferentialAction;
pub use operations::function::FinalModify;
pub use operations::table::LikeOption;
pub use operations::trigger::Triggers;
pub use pgm::Pgm;
pub use plan::{FORMAT, Plan};
pub use preview::{plan_hints, plan_problems, plan_text, plan_text_down};
pub use print::print_plan;
pub use role::{IntoRoles, Role};
pub use sea_query;
pub use secret::{OptionValue, Secret, env};
#[doc(hidden)]
pub use split::statement_problems;
pub use split::{Piece, split};
pub use step::Place;
pub use table::Table;
pub use types::{DataType, Precision};
pub use writer::{Requirement, Statement, Writer};

/// What a migration needs at hand: `use migrate_dsl::prelude::*;`.
pub mod prelude {
    pub use crate::Identity::{Always, ByDefault};
    pub use crate::ReferentialAction::{Cascade, NoAction, Restrict, SetDefault, SetNull};
    pub use crate::{BoxError, DataType, Database, Object, Pgm, Role, Table, col, env, expr, iden};
}
