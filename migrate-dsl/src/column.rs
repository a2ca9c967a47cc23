//! A column as `create_table` and `add_column` describe it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::operations::constraint::foreign_key::Target;
use crate::operations::sequence::SequenceOptions;
use crate::{
    DataType, DefaultValue, Expression, Identifier, IntoExpression, Name, Statement, Writer, expr,
};

mod identity;
mod references;

pub use identity::{Identity, IdentityColumn};
pub use references::References;

/// A column being described; a handle that may be kept, copied and chained.
///
/// ```
/// use migrate_dsl::{plan_text, expr};
/// let plan = plan_text(|pgm| {
///     pgm.add_column("posts", |t| t.timestamptz("seen_at").not_null().default(expr("now()")));
/// });
/// assert_eq!(plan, r#"ALTER TABLE "posts" ADD COLUMN "seen_at" timestamptz NOT NULL DEFAULT now();"#);
/// ```
#[derive(Debug, Clone)]
pub struct Column(Rc<RefCell<Definition>>);

/// What was said of a column.
#[derive(Debug, Clone)]
struct Definition {
    name: Identifier,
    data_type: DataType,
    collation: Option<Name>,
    not_null: bool,
    null: bool,
    default: Option<DefaultValue>,
    identity: Option<(Identity, SequenceOptions)>,
    generated: Option<Generated>,
    primary_key: bool,
    unique: bool,
    checks: Vec<Expression>,
    references: Option<Target>,
    comment: Option<String>,
}

/// How a generated column comes by its value.
#[derive(Debug, Clone)]
struct Generated {
    expression: Expression,
    storage: &'static str,
}

impl Column {
    pub(crate) fn new(name: Identifier, data_type: DataType) -> Self {
        Self(Rc::new(RefCell::new(Definition {
            name,
            data_type,
            collation: None,
            not_null: false,
            null: false,
            default: None,
            identity: None,
            generated: None,
            primary_key: false,
            unique: false,
            checks: Vec::new(),
            references: None,
            comment: None,
        })))
    }

    fn with(&self, change: impl FnOnce(&mut Definition)) -> Self {
        change(&mut self.0.borrow_mut());
        self.clone()
    }

    /// How many digits behind the second a time, a timestamp or an interval keeps, 0 to 6.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.add_column("posts", |t| t.timestamptz("seen_at").precision(0));
    /// });
    /// assert_eq!(plan, r#"ALTER TABLE "posts" ADD COLUMN "seen_at" timestamptz(0);"#);
    /// ```
    pub fn precision(&self, digits: u8) -> Self {
        self.with(|column| column.data_type = column.data_type.clone().precision(digits))
    }

    /// Makes the type an array of it; twice for an array of arrays.
    pub fn array(&self) -> Self {
        self.with(|column| column.data_type = column.data_type.clone().array())
    }

    /// Refuses nulls.
    pub fn not_null(&self) -> Self {
        self.with(|column| column.not_null = true)
    }

    /// Says in so many words that nulls are allowed (PostgreSQL's default).
    pub fn null(&self) -> Self {
        self.with(|column| column.null = true)
    }

    /// The value of a row that gives none: a constant, or an expression given by
    /// [`expr`](crate::expr).
    pub fn default(&self, value: impl Into<DefaultValue>) -> Self {
        self.with(|column| column.default = Some(value.into()))
    }

    /// The value of a row that gives none, as an expression evaluated at each insert.
    pub fn default_expr(&self, sql: impl IntoExpression) -> Self {
        self.default(expr(sql))
    }

    /// Compares and sorts by this [collation](https://www.postgresql.org/docs/current/collation.html).
    pub fn collate(&self, collation: impl Into<Name>) -> Self {
        self.with(|column| column.collation = Some(collation.into()))
    }

    /// Counts up by itself, see [Identity Columns](https://www.postgresql.org/docs/current/ddl-identity-columns.html);
    /// where and how is said on the handle that comes back.
    pub fn identity(&self, identity: Identity) -> IdentityColumn {
        let options = SequenceOptions::default();
        IdentityColumn(self.with(|column| column.identity = Some((identity, options))))
    }

    /// Computes the value from other columns and stores it, see
    /// [Generated Columns](https://www.postgresql.org/docs/current/ddl-generated-columns.html).
    pub fn generated(&self, sql: impl IntoExpression) -> Self {
        self.generated_as(sql, "STORED")
    }

    /// Computes the value from other columns whenever it is read; from PostgreSQL 18.
    pub fn generated_virtual(&self, sql: impl IntoExpression) -> Self {
        self.generated_as(sql, "VIRTUAL")
    }

    fn generated_as(&self, sql: impl IntoExpression, storage: &'static str) -> Self {
        let expression = expr(sql);
        self.with(|column| {
            column.generated = Some(Generated { expression, storage });
        })
    }

    /// Makes the column the table's primary key.
    pub fn primary_key(&self) -> Self {
        self.with(|column| column.primary_key = true)
    }

    /// Refuses a value that another row has.
    pub fn unique(&self) -> Self {
        self.with(|column| column.unique = true)
    }

    /// Refuses rows for which the expression is false; may be called more than once.
    pub fn check(&self, sql: impl IntoExpression) -> Self {
        self.with(|column| column.checks.push(expr(sql)))
    }

    /// Refuses values that `column` of `table` does not have; what to do when such a row goes
    /// away is said on the handle that comes back.
    pub fn references(&self, table: impl Into<Name>, column: impl Into<Identifier>) -> References {
        let target = Target::new(table.into(), vec![column.into()]);
        References(self.with(|column| column.references = Some(target)))
    }

    /// The comment that tools show beside the column.
    pub fn comment(&self, text: impl Into<String>) -> Self {
        self.with(|column| column.comment = Some(text.into()))
    }

    /// The column's name.
    #[must_use]
    pub fn name(&self) -> Identifier {
        self.0.borrow().name.clone()
    }

    /// Writes the column as it stands in `CREATE TABLE` and behind `ADD COLUMN`.
    pub(crate) fn write(&self, sql: &mut Writer) {
        let column = self.0.borrow();
        sql.identifier(&column.name).data_type(&column.data_type);
        if let Some(collation) = &column.collation {
            sql.text("COLLATE").name(collation);
        }
        sql.flag(column.null, "NULL").flag(column.not_null, "NOT NULL");
        if column.null && column.not_null {
            sql.problem(format!("the column `{}` is both `null` and `not_null`", column.name));
        }
        if let Some(default) = &column.default {
            sql.text("DEFAULT").default_value(default);
        }
        if let Some((identity, options)) = &column.identity {
            sql.text("GENERATED").text(identity.sql());
            sql.text("AS IDENTITY");
            if !options.is_empty() {
                sql.parenthesized(|sql| options.write(sql));
            }
        }
        if let Some(generated) = &column.generated {
            sql.text("GENERATED ALWAYS AS").parenthesized(|sql| {
                sql.expression(&generated.expression);
            });
            sql.text(generated.storage);
        }
        sql.flag(column.primary_key, "PRIMARY KEY").flag(column.unique, "UNIQUE");
        for check in &column.checks {
            sql.text("CHECK").parenthesized(|sql| {
                sql.expression(check);
            });
        }
        if let Some(target) = &column.references {
            target.write(sql);
        }
    }

    /// Writes the column as an attribute of a composite type: its name, its type, its collation.
    pub(crate) fn write_attribute(&self, sql: &mut Writer) {
        let column = self.0.borrow();
        sql.identifier(&column.name).data_type(&column.data_type);
        if let Some(collation) = &column.collation {
            sql.text("COLLATE").name(collation);
        }
        let more_than_an_attribute = column.not_null
            || column.null
            || column.default.is_some()
            || column.identity.is_some()
            || column.generated.is_some()
            || column.primary_key
            || column.unique
            || !column.checks.is_empty()
            || column.references.is_some();
        if more_than_an_attribute {
            sql.problem(format!(
                "the attribute `{}` of a composite type has a type and a collation only; \
                 a domain as its type can say more",
                column.name
            ));
        }
    }

    /// The comment as a statement of its own, where there is one.
    pub(crate) fn comment_statement(&self, table: &Name) -> Option<Statement> {
        let column = self.0.borrow();
        let comment = column.comment.as_ref()?;
        Some(Writer::statement(|sql| {
            sql.text("COMMENT ON COLUMN").member(table, &column.name);
            sql.text("IS").literal(comment)
        }))
    }

    pub(crate) fn hint(&self) -> Option<String> {
        self.0.borrow().default.as_ref().and_then(DefaultValue::hint)
    }
}
