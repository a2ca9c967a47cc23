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
mod storage;

pub use identity::{Identity, IdentityColumn};
pub use references::References;
pub use storage::{Compression, Storage};

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
    /// None for an attribute of the type that the table is of.
    data_type: Option<DataType>,
    storage: Option<Storage>,
    compression: Option<Compression>,
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
    pub(crate) fn new(name: Identifier, data_type: Option<DataType>) -> Self {
        Self(Rc::new(RefCell::new(Definition {
            name,
            data_type,
            storage: None,
            compression: None,
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
        self.with(|column| {
            column.data_type = column.data_type.take().map(|data_type| data_type.precision(digits));
        })
    }

    /// Makes the type an array of it; twice for an array of arrays.
    pub fn array(&self) -> Self {
        self.with(|column| column.data_type = column.data_type.take().map(DataType::array))
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

    /// Where large values go.
    pub fn storage(&self, storage: Storage) -> Self {
        self.with(|column| column.storage = Some(storage))
    }

    /// By which method large values are compressed; from PostgreSQL 14.
    pub fn compression(&self, method: Compression) -> Self {
        self.with(|column| column.compression = Some(method))
    }

    /// Compares and sorts by this [collation](https://www.postgresql.org/docs/current/collation.html).
    pub fn collate(&self, collation: impl Into<Name>) -> Self {
        self.with(|column| column.collation = Some(collation.into()))
    }

    /// Counts up by itself, see [Identity Columns](https://www.postgresql.org/docs/current/ddl-identity-columns.html);
    /// where and how is said on the handle that is returned.
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
    /// away is said on the handle that is returned.
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

    /// Writes the column as it stands in `CREATE TABLE`; in a table `of_type` without its type.
    pub(crate) fn write(&self, sql: &mut Writer, of_type: bool) {
        let column = self.0.borrow();
        sql.identifier(&column.name);
        match &column.data_type {
            None if of_type => _ = sql.text("WITH OPTIONS"),
            Some(data_type) if !of_type => _ = sql.data_type(data_type),
            None => {
                sql.problem(format!(
                    "`attribute` is for a table `of_type`: say the type of the column `{}`",
                    column.name
                ));
            }
            Some(_) => {
                sql.problem(format!(
                    "a table `of_type` has its columns from there: write `t.attribute(\"{0}\")` \
                     to say more of `{0}`",
                    column.name
                ));
            }
        }
        column.write_options(sql, &[]);
    }

    /// Writes the column as it stands behind `ADD COLUMN`, its checks under these names.
    pub(crate) fn write_addition(&self, sql: &mut Writer, names_of_checks: &[Identifier]) {
        let column = self.0.borrow();
        sql.identifier(&column.name);
        match &column.data_type {
            Some(data_type) => _ = sql.data_type(data_type),
            None => _ = sql.problem("`attribute` is only valid in `create_table`"),
        }
        column.write_options(sql, names_of_checks);
    }

    /// Writes the column as an attribute of a composite type: its name, its type, its collation.
    pub(crate) fn write_attribute(&self, sql: &mut Writer) {
        let column = self.0.borrow();
        sql.identifier(&column.name);
        match &column.data_type {
            Some(data_type) => _ = sql.data_type(data_type),
            None => _ = sql.problem("`attribute` is only valid in `create_table`"),
        }
        if let Some(collation) = &column.collation {
            sql.text("COLLATE").name(collation);
        }
        if column.is_more_than_an_attribute() {
            sql.problem(format!(
                "the attribute `{}` of a composite type has a type and a collation only; \
                 a domain as its type can say more",
                column.name
            ));
        }
    }

    /// How many checks the column brings.
    pub(crate) fn checks(&self) -> usize {
        self.0.borrow().checks.len()
    }

    /// What `ADD COLUMN` and `CREATE TABLE` cannot say in all versions, as a statement of its own.
    pub(crate) fn storage_statement(&self, table: &Name) -> Option<Statement> {
        let column = self.0.borrow();
        let storage = column.storage?;
        Some(Writer::statement(|sql| {
            sql.text("ALTER TABLE").name(table).text("ALTER COLUMN").identifier(&column.name);
            write_storage(sql, storage)
        }))
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

/// `SET STORAGE EXTERNAL`.
pub(crate) fn write_storage(sql: &mut Writer, storage: Storage) -> &mut Writer {
    if storage == Storage::Default {
        sql.requires(16, "storage(Storage::Default)");
    }
    sql.text("SET STORAGE").text(storage.sql())
}

impl Definition {
    /// What stands behind the type.
    fn write_options(&self, sql: &mut Writer, names_of_checks: &[Identifier]) {
        let column = self;
        if let Some(method) = column.compression {
            sql.text("COMPRESSION").text(method.sql()).requires(14, "compression");
        }
        if let Some(collation) = &column.collation {
            sql.text("COLLATE").name(collation);
        }
        sql.flag(column.null, "NULL").flag(column.not_null, "NOT NULL");
        if column.null && column.not_null {
            sql.problem(format!("the column `{}` is both `null` and `not_null`", column.name));
        }
        let values = [
            (column.default.is_some(), "default"),
            (column.identity.is_some(), "identity"),
            (column.generated.is_some(), "generated"),
        ];
        let values: Vec<_> = values.into_iter().filter(|(given, _)| *given).collect();
        if let [(_, one), (_, other), ..] = values[..] {
            sql.problem(format!("both `{one}` and `{other}` are given: leave one out"));
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
            if generated.storage == "VIRTUAL" {
                sql.requires(18, "generated_virtual");
            }
        }
        sql.flag(column.primary_key, "PRIMARY KEY").flag(column.unique, "UNIQUE");
        for (index, check) in column.checks.iter().enumerate() {
            if let Some(name) = names_of_checks.get(index) {
                sql.text("CONSTRAINT").identifier(name);
            }
            sql.text("CHECK").parenthesized(|sql| {
                sql.expression(check);
            });
        }
        if let Some(target) = &column.references {
            target.write(sql);
        }
    }

    fn is_more_than_an_attribute(&self) -> bool {
        self.storage.is_some()
            || self.compression.is_some()
            || self.not_null
            || self.null
            || self.default.is_some()
            || self.identity.is_some()
            || self.generated.is_some()
            || self.primary_key
            || self.unique
            || !self.checks.is_empty()
            || self.references.is_some()
    }
}
