//! A table as `create_table` describes it, and the columns of `add_column`.

use crate::operations::constraint::{Check, Constraint, Exclusion, ForeignKey, PrimaryKey, Unique};
use crate::operations::table::Like;
use crate::{
    Column, DataType, Expression, Identifier, Identity, IntoExpression, IntoIdentifiers, Name,
    Statement, Writer, expr, generated_name,
};

/// The columns and constraints of a table: the `t` in `pgm.create_table("posts", |t| ..)`.
///
/// Each built-in type has a method of its name; see [`DataType`] for what they mean.
#[derive(Debug, Clone, Default)]
pub struct Table {
    elements: Vec<Element>,
}

/// What stands between the parentheses of `CREATE TABLE`, in the order in which it was described.
#[derive(Debug, Clone)]
enum Element {
    Column(Column),
    Like(Like),
    Constraint(Box<dyn Constraint>),
}

impl Table {
    pub(crate) fn described<R>(describe: impl FnOnce(&mut Self) -> R) -> Self {
        let mut table = Self::default();
        describe(&mut table);
        table
    }

    /// Adds a column of any type: `"mood"` (a type of the database's own), `("app", "mood")`,
    /// [`DataType::text()`], or [`expr`](crate::expr) for one with modifiers.
    ///
    /// ```
    /// use migrate_dsl::{expr, plan_text};
    /// let plan = plan_text(|pgm| {
    ///     pgm.create_table("places", |t| {
    ///         t.column("kind", "PlaceKind").not_null();
    ///         t.column("shape", expr("geometry(Polygon, 4326)"));
    ///     });
    /// });
    /// assert_eq!(
    ///     plan,
    ///     r#"CREATE TABLE "places" (
    ///     "kind" "PlaceKind" NOT NULL,
    ///     "shape" geometry(Polygon, 4326)
    /// );"#
    /// );
    /// ```
    pub fn column(
        &mut self,
        name: impl Into<Identifier>,
        data_type: impl Into<DataType>,
    ) -> Column {
        self.described_column(Column::new(name.into(), Some(data_type.into())))
    }

    /// In a table [`of_type`](crate::operations::table::CreateTable::of_type): says more of one of
    /// the type's attributes than its type.
    pub fn attribute(&mut self, name: impl Into<Identifier>) -> Column {
        self.described_column(Column::new(name.into(), None))
    }

    fn described_column(&mut self, column: Column) -> Column {
        self.elements.push(Element::Column(column.clone()));
        column
    }

    /// Adds `id`, a bigint that counts up by itself and is the primary key.
    pub fn id(&mut self) -> Column {
        self.bigint("id").identity(Identity::ByDefault).primary_key()
    }

    /// Adds `created_at` and `updated_at`, both not null and set to the time of the insert.
    /// Nothing keeps `updated_at` up to date by itself: that is a trigger's work.
    pub fn timestamps(&mut self) {
        for name in ["created_at", "updated_at"] {
            self.timestamptz(name).not_null().default_expr("now()");
        }
    }

    /// Makes these columns together the primary key.
    pub fn primary_key(&mut self, columns: impl IntoIdentifiers) -> &mut PrimaryKey {
        self.constraint(PrimaryKey::new(columns.into_identifiers()))
    }

    /// Refuses a row whose values in these columns another row has.
    pub fn unique(&mut self, columns: impl IntoIdentifiers) -> &mut Unique {
        self.constraint(Unique::new(columns.into_identifiers()))
    }

    /// Refuses rows for which the expression is false.
    pub fn check(&mut self, sql: impl IntoExpression) -> &mut Check {
        self.constraint(Check::new(expr(sql)))
    }

    /// Refuses rows whose values are not in the other table's columns.
    pub fn foreign_key(
        &mut self,
        columns: impl IntoIdentifiers,
        table: impl Into<Name>,
        referenced: impl IntoIdentifiers,
    ) -> &mut ForeignKey {
        self.constraint(ForeignKey::new(
            columns.into_identifiers(),
            table.into(),
            referenced.into_identifiers(),
        ))
    }

    /// Refuses a row that overlaps another: the pairs are an expression and the operator by which
    /// it is compared.
    pub fn exclude<O: Into<String>, const N: usize>(
        &mut self,
        method: impl Into<Identifier>,
        elements: [(Expression, O); N],
    ) -> &mut Exclusion {
        self.constraint(Exclusion::new(method.into(), elements))
    }

    fn constraint<C: Constraint>(&mut self, constraint: C) -> &mut C {
        self.elements.push(Element::Constraint(Box::new(constraint)));
        let Some(Element::Constraint(last)) = self.elements.last_mut() else {
            unreachable!("the constraint was just pushed");
        };
        let last: &mut dyn std::any::Any = last.as_mut();
        last.downcast_mut().expect("the constraint was just pushed")
    }

    pub(crate) fn copy(&mut self, like: Like) -> &mut Like {
        self.elements.push(Element::Like(like));
        let Some(Element::Like(last)) = self.elements.last_mut() else {
            unreachable!("it was just pushed");
        };
        last
    }

    /// The columns, in the order in which they were described.
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = &Column> {
        self.elements.iter().filter_map(|element| match element {
            Element::Column(column) => Some(column),
            Element::Like(_) | Element::Constraint(_) => None,
        })
    }

    /// `("a" bigint, "b" text, UNIQUE ("a"))`, a line each.
    pub(crate) fn write(&self, sql: &mut Writer, table: &Name, of_type: bool) {
        if of_type && self.elements.is_empty() {
            return;
        }
        let mut constraints = self.named_constraints(table).into_iter();
        sql.lines(&self.elements, |sql, element| match element {
            Element::Column(column) => column.write(sql, of_type),
            Element::Like(like) => like.write(sql),
            Element::Constraint(_) => {
                if let Some((name, constraint)) = constraints.next() {
                    // Without a name PostgreSQL makes a nicer one, which a comment cannot know.
                    if constraint.name().is_some() || constraint.comment().is_some() {
                        sql.text("CONSTRAINT").identifier(&name);
                    }
                    constraint.write_definition(sql);
                }
            }
        });
    }

    /// The constraints, each under the name that it gets in `table`; where two would get the same
    /// one, the second is numbered, as PostgreSQL does.
    fn named_constraints(&self, table: &Name) -> Vec<(Identifier, &dyn Constraint)> {
        let mut named: Vec<(Identifier, &dyn Constraint)> = Vec::new();
        for element in &self.elements {
            let Element::Constraint(constraint) = element else {
                continue;
            };
            let name = constraint.name().cloned().unwrap_or_else(|| {
                free_name(constraint.default_name(table), named.iter().map(|(name, _)| name))
            });
            named.push((name, constraint.as_ref()));
        }
        named
    }

    /// The names of the checks that columns bring, column by column. One that is about older
    /// columns does not go with the new one, and so has to be dropped by its name.
    fn names_of_checks(&self, table: &Name) -> Vec<Vec<Identifier>> {
        let constraints = self.named_constraints(table);
        let mut taken: Vec<_> = constraints.into_iter().map(|(name, _)| name).collect();
        let mut names_of = |column: &Column| {
            let mut names = Vec::new();
            for _ in 0..column.checks() {
                let name = column.name();
                let base = generated_name([table.name.as_str(), name.as_str(), "check"]);
                let name = free_name(base, taken.iter());
                taken.push(name.clone());
                names.push(name);
            }
            names
        };
        self.columns().map(&mut names_of).collect()
    }

    /// `ADD COLUMN "a" bigint, ADD CONSTRAINT "t_a_key" UNIQUE ("a")`; always named by us, so that
    /// the inverse knows what to drop.
    pub(crate) fn write_additions(&self, sql: &mut Writer, table: &Name, if_not_exists: bool) {
        let mut constraints = self.named_constraints(table).into_iter();
        let mut names_of_checks = self.names_of_checks(table).into_iter();
        sql.list(&self.elements, |sql, element| match element {
            Element::Column(column) => {
                sql.text("ADD COLUMN").flag(if_not_exists, "IF NOT EXISTS");
                column.write_addition(sql, &names_of_checks.next().unwrap_or_default());
            }
            Element::Like(_) => {
                sql.problem("`like` has a meaning only in `create_table`");
            }
            Element::Constraint(_) => {
                if let Some((name, constraint)) = constraints.next() {
                    sql.text("ADD CONSTRAINT").identifier(&name);
                    constraint.write_definition(sql);
                }
            }
        });
    }

    /// What takes [`write_additions`](Self::write_additions) back. A constraint over columns that
    /// were there before does not go with the new ones.
    pub(crate) fn write_removals(&self, sql: &mut Writer, table: &Name) {
        let checks = self.names_of_checks(table).into_iter().flatten();
        let constraints = self.named_constraints(table).into_iter().map(|(name, _)| name);
        let constraints = checks.chain(constraints).collect::<Vec<_>>().into_iter().rev();
        let constraints = constraints.map(|name| ("DROP CONSTRAINT IF EXISTS", name));
        let columns = self.columns().rev().map(|column| ("DROP COLUMN", column.name()));
        sql.list(constraints.chain(columns), |sql, (words, name)| {
            sql.text(words).identifier(&name);
        });
    }

    /// `"street" text, "zip" varchar(10)`, the attributes of a composite type.
    pub(crate) fn write_attributes(&self, sql: &mut Writer) {
        sql.list(&self.elements, |sql, element| match element {
            Element::Column(column) => column.write_attribute(sql),
            Element::Like(_) | Element::Constraint(_) => {
                sql.problem("a composite type has attributes, no constraints and no `like`");
            }
        });
    }

    pub(crate) fn storage_statements(&self, table: &Name) -> Vec<Statement> {
        self.columns().filter_map(|column| column.storage_statement(table)).collect()
    }

    pub(crate) fn comment_statements(&self, table: &Name) -> Vec<Statement> {
        let columns = self.columns().filter_map(|column| column.comment_statement(table));
        let constraints = self.named_constraints(table).into_iter();
        let constraints =
            constraints.filter_map(|(name, constraint)| constraint.comment_statement(table, &name));
        columns.chain(constraints).collect()
    }

    pub(crate) fn hints(&self) -> Vec<String> {
        self.columns().filter_map(Column::hint).collect()
    }
}

/// This name, or where it is taken the first numbered one that is free, as PostgreSQL has it.
fn free_name<'a>(
    base: Identifier,
    taken: impl Iterator<Item = &'a Identifier> + Clone,
) -> Identifier {
    let numbered = (1..).map(|number| Identifier::from(format!("{base}{number}")));
    let mut candidates = std::iter::once(base.clone()).chain(numbered);
    candidates.find(|name| taken.clone().all(|other| other != name)).unwrap_or(base)
}
