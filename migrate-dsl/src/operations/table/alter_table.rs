//! [`ALTER TABLE`](https://www.postgresql.org/docs/current/sql-altertable.html).

use crate::operations::macros::{operation, options};
use crate::{Identifier, Inverse, Name, Object, Operation, Pgm, Statement, Writer};

operation! {
    /// Changes what holds for a table as a whole.
    pub struct AlterTable(name: Name) {
        if_exists: bool,
        changes: Vec<Change>,
    }
}

/// In the order in which they were said.
#[derive(Debug, Clone)]
enum Change {
    Words(&'static str),
    ReplicaIdentity(Identifier),
    Set(Identifier, String),
    Reset(Identifier),
    Tablespace(Identifier),
    AccessMethod(Identifier),
    ClusterOn(Identifier),
    Inherit(Name),
    NoInherit(Name),
    Of(Name),
}

impl Pgm {
    /// Changes what holds for a table as a whole, several things at once; its columns, constraints
    /// and partitions have verbs of their own.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_table("posts").enable_row_security().set_parameter("fillfactor", 70);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"ALTER TABLE "posts" ENABLE ROW LEVEL SECURITY, SET ("fillfactor" = '70');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: table `posts`");
    /// ```
    #[track_caller]
    pub fn alter_table(&mut self, name: impl Into<Name>) -> &mut AlterTable {
        self.record(AlterTable::new(name.into()))
    }
}

options! { AlterTable {
    /// Does nothing if there is no such table.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl AlterTable {
    /// Writes the write-ahead log again. The table is rewritten while nobody can read it.
    pub fn set_logged(&mut self) -> &mut Self {
        self.change(Change::Words("SET LOGGED"))
    }

    /// Writes no write-ahead log any more: faster, and empty after a crash. The table is rewritten
    /// while nobody can read it.
    pub fn set_unlogged(&mut self) -> &mut Self {
        self.change(Change::Words("SET UNLOGGED"))
    }

    /// Shows and changes only rows that a policy allows; without one, none. The owner still may
    /// all, see [Row Security Policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html).
    pub fn enable_row_security(&mut self) -> &mut Self {
        self.change(Change::Words("ENABLE ROW LEVEL SECURITY"))
    }

    /// Takes no notice of policies any more.
    pub fn disable_row_security(&mut self) -> &mut Self {
        self.change(Change::Words("DISABLE ROW LEVEL SECURITY"))
    }

    /// Lets policies hold for the owner of the table too.
    pub fn force_row_security(&mut self) -> &mut Self {
        self.change(Change::Words("FORCE ROW LEVEL SECURITY"))
    }

    /// Lets policies hold for others than the owner only.
    pub fn no_force_row_security(&mut self) -> &mut Self {
        self.change(Change::Words("NO FORCE ROW LEVEL SECURITY"))
    }

    /// Tells replicas the old row by its primary key.
    pub fn replica_identity_default(&mut self) -> &mut Self {
        self.change(Change::Words("REPLICA IDENTITY DEFAULT"))
    }

    /// Tells replicas the whole of the old row.
    pub fn replica_identity_full(&mut self) -> &mut Self {
        self.change(Change::Words("REPLICA IDENTITY FULL"))
    }

    /// Tells replicas nothing of the old row.
    pub fn replica_identity_nothing(&mut self) -> &mut Self {
        self.change(Change::Words("REPLICA IDENTITY NOTHING"))
    }

    /// Tells replicas the old row by the columns of this unique index, which allow no nulls.
    pub fn replica_identity_using_index(&mut self, index: impl Into<Identifier>) -> &mut Self {
        self.change(Change::ReplicaIdentity(index.into()))
    }

    /// Sets a [storage parameter](https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS),
    /// such as `fillfactor` or `autovacuum_enabled`; `toast.` before it is for the table behind.
    pub fn set_parameter(
        &mut self,
        name: impl Into<Identifier>,
        value: impl ToString,
    ) -> &mut Self {
        self.change(Change::Set(name.into(), value.to_string()))
    }

    /// Sets a storage parameter back to its default.
    pub fn reset_parameter(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.change(Change::Reset(name.into()))
    }

    /// Moves the table to another tablespace, while nobody can read it; its indexes stay.
    pub fn set_tablespace(&mut self, name: impl Into<Identifier>) -> &mut Self {
        self.change(Change::Tablespace(name.into()))
    }

    /// Stores the rows with another
    /// [access method](https://www.postgresql.org/docs/current/tableam.html), while nobody can read
    /// them; from PostgreSQL 15.
    pub fn set_access_method(&mut self, method: impl Into<Identifier>) -> &mut Self {
        self.change(Change::AccessMethod(method.into()))
    }

    /// Chooses the index by which a later `CLUSTER` sorts the rows.
    pub fn cluster_on(&mut self, index: impl Into<Identifier>) -> &mut Self {
        self.change(Change::ClusterOn(index.into()))
    }

    /// Chooses no index for a later `CLUSTER`.
    pub fn without_cluster(&mut self) -> &mut Self {
        self.change(Change::Words("SET WITHOUT CLUSTER"))
    }

    /// Shows the rows of this table in that one too; it has to have its columns and checks, see
    /// [Inheritance](https://www.postgresql.org/docs/current/ddl-inherit.html).
    pub fn inherit(&mut self, parent: impl Into<Name>) -> &mut Self {
        self.change(Change::Inherit(parent.into()))
    }

    /// Shows the rows of this table in that one no more.
    pub fn no_inherit(&mut self, parent: impl Into<Name>) -> &mut Self {
        self.change(Change::NoInherit(parent.into()))
    }

    /// Makes the table one of this composite type, whose attributes its columns are already.
    pub fn of_type(&mut self, name: impl Into<Name>) -> &mut Self {
        self.change(Change::Of(name.into()))
    }

    /// Makes the table one of no type.
    pub fn not_of_type(&mut self) -> &mut Self {
        self.change(Change::Words("NOT OF"))
    }

    fn change(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }
}

impl Change {
    fn write(&self, sql: &mut Writer) {
        match self {
            Self::Words(words) => sql.text(words),
            Self::ReplicaIdentity(index) => {
                sql.text("REPLICA IDENTITY USING INDEX").identifier(index)
            }
            Self::Set(name, value) => sql.text("SET").assignment(name, value),
            Self::Reset(name) => {
                sql.text("RESET").parenthesized(|sql| _ = sql.storage_parameter(name))
            }
            Self::Tablespace(name) => sql.text("SET TABLESPACE").identifier(name),
            Self::AccessMethod(method) => {
                sql.text("SET ACCESS METHOD").identifier(method).requires(15, "set_access_method")
            }
            Self::ClusterOn(index) => sql.text("CLUSTER ON").identifier(index),
            Self::Inherit(parent) => sql.text("INHERIT").name(parent),
            Self::NoInherit(parent) => sql.text("NO INHERIT").name(parent),
            Self::Of(name) => sql.text("OF").name(name),
        };
    }
}

impl Operation for AlterTable {
    fn verb(&self) -> &'static str {
        "alter_table"
    }

    fn describe(&self) -> String {
        format!("alter table `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![Writer::statement(|sql| {
            if self.changes.is_empty() {
                sql.problem(format!("`alter_table` changes nothing about `{}`", self.name));
            }
            sql.text("ALTER TABLE").flag(self.if_exists, "IF EXISTS").name(&self.name);
            sql.list(&self.changes, |sql, change| change.write(sql))
        })]
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::table(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_table(("app", "posts")).if_exists().set_logged().disable_row_security();
            pgm.alter_table("a").set_unlogged().enable_row_security().force_row_security();
            pgm.alter_table("a").no_force_row_security().replica_identity_default();
            pgm.alter_table("a").replica_identity_full();
            pgm.alter_table("a").replica_identity_nothing();
            pgm.alter_table("a").replica_identity_using_index("i").cluster_on("i");
            pgm.alter_table("a")
                .set_parameter("fillfactor", 0)
                .set_parameter("toast.autovacuum_enabled", false)
                .reset_parameter("toast.vacuum_truncate")
                .set_tablespace("fast")
                .set_access_method("heap")
                .without_cluster();
            pgm.alter_table("a").inherit(("app", "b")).no_inherit("c");
            pgm.alter_table("a").of_type(("app", "t"));
            pgm.alter_table("a").not_of_type();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TABLE IF EXISTS "app"."posts" SET LOGGED, DISABLE ROW LEVEL SECURITY;
        ALTER TABLE "a" SET UNLOGGED, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE "a" NO FORCE ROW LEVEL SECURITY, REPLICA IDENTITY DEFAULT;
        ALTER TABLE "a" REPLICA IDENTITY FULL;
        ALTER TABLE "a" REPLICA IDENTITY NOTHING;
        ALTER TABLE "a" REPLICA IDENTITY USING INDEX "i", CLUSTER ON "i";
        ALTER TABLE "a" SET ("fillfactor" = '0'), SET ("toast"."autovacuum_enabled" = 'false'), RESET ("toast"."vacuum_truncate"), SET TABLESPACE "fast", SET ACCESS METHOD "heap", SET WITHOUT CLUSTER;
        ALTER TABLE "a" INHERIT "app"."b", NO INHERIT "c";
        ALTER TABLE "a" OF "app"."t";
        ALTER TABLE "a" NOT OF;
        "#);
    }

    #[test]
    fn changes_that_change_nothing() {
        let problems = plan_problems(|pgm| _ = pgm.alter_table("posts"));
        insta::assert_snapshot!(problems, @"`alter_table` changes nothing about `posts`");
    }
}
