//! Work that is written in Rust.

use crate::direction::Direction;
use crate::operations::macros::options;
use crate::{
    AfterCrash, BoxError, Database, Inverse, Operation, Pgm, Statement, function::Function,
};

type Work = Box<dyn Fn(&mut Database<'_>) -> Result<(), BoxError>>;

/// Runs a Rust function on the database.
pub struct Rust {
    name: String,
    up: Work,
    down: Option<Work>,
    outside_transaction: bool,
    after_crash: AfterCrash,
}

impl Pgm {
    /// Runs a Rust function that asks and tells the database, in the transaction of the migration:
    /// what it does is done with the rest of the migration and its row in the history, or not at
    /// all. What reverts it is said with [`down`](Rust::down).
    ///
    /// The name is what the plan and the history have of it, and by which it is found again: each
    /// step of a migration has another. What the function *does* is part of the program and no part
    /// of the plan: to change it later changes the migration no more than another comment would,
    /// and `migrate verify` has no word about it.
    ///
    /// Other than `up` itself, it runs only when the migration is applied, with the environment of
    /// `migrate`. It may run more than once, in transactions of which the last one counts: a lock
    /// could not be had at once, or `migrate sync` looks which rows an inverse would lose. What it
    /// does elsewhere, on disk or over the network, must bear that. Between two of its statements
    /// it has ten minutes: then the server ends the transaction, whose locks others may wait for. It
    /// may print: to stderr, from wherever. A panic, too, rolls the migration back.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.add_column("posts", |t| t.integer("words"));
    ///     pgm.rust("count words", |db| {
    ///         db.each("SELECT id, body FROM posts", &[], |db, row| {
    ///             let words = row.get::<String>("body")?.split_whitespace().count();
    ///             let (id, words): (i64, i32) = (row.get("id")?, words.try_into()?);
    ///             db.execute("UPDATE posts SET words = $2 WHERE id = $1", &[&id, &words])?;
    ///             Ok(())
    ///         })
    ///     })
    ///     .down(|_| Ok(()));
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER TABLE \"posts\" ADD COLUMN \"words\" integer;\n-- the Rust function `count words`"
    /// );
    /// ```
    #[track_caller]
    pub fn rust<F>(&mut self, name: impl Into<String>, function: F) -> &mut Rust
    where
        F: Fn(&mut Database<'_>) -> Result<(), BoxError> + 'static,
    {
        self.record(Rust {
            name: name.into(),
            up: Box::new(function),
            down: None,
            outside_transaction: false,
            after_crash: AfterCrash::Ask,
        })
    }
}

impl Rust {
    /// The function that reverts this; `|_| Ok(())` says that nothing has to be done. It is part
    /// of the program, so that the inverse needs the file; SQL would not.
    ///
    /// ```
    /// # use migrate_dsl::prelude::*;
    /// # fn up(pgm: &mut Pgm) {
    /// pgm.rust("shout", |db| Ok(db.batch("UPDATE tags SET name = upper(name)")?))
    ///     .down(|db| Ok(db.batch("UPDATE tags SET name = lower(name)")?));
    /// # }
    /// # assert_eq!(migrate_dsl::plan_text_down(up), "-- the Rust function `shout`, when it is reverted");
    /// ```
    pub fn down<F>(&mut self, function: F) -> &mut Self
    where
        F: Fn(&mut Database<'_>) -> Result<(), BoxError> + 'static,
    {
        self.down = Some(Box::new(function));
        self
    }
}

options! { Rust {
    /// Runs the function outside a transaction: what each statement does is there at once, and stays
    /// when a later one fails; [`Database::transaction`] keeps some together, and
    /// [`Database::each`] is one transaction as a whole. So work on a large table goes in batches,
    /// each a transaction, and goes on where it was interrupted:
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn count_words(db: &mut Database<'_>) -> Result<(), BoxError> {
    ///     loop {
    ///         let batch = db.transaction(|db| {
    ///             let posts = db.query(
    ///                 "SELECT id, body FROM posts WHERE words IS NULL ORDER BY id LIMIT 1000 FOR UPDATE",
    ///                 &[],
    ///             )?;
    ///             for post in &posts {
    ///                 let words = post.get::<String>("body")?.split_whitespace().count();
    ///                 let (id, words): (i64, i32) = (post.get("id")?, words.try_into()?);
    ///                 db.execute("UPDATE posts SET words = $2 WHERE id = $1", &[&id, &words])?;
    ///             }
    ///             Ok(posts.len())
    ///         })?;
    ///         if batch == 0 {
    ///             return Ok(());
    ///         }
    ///     }
    /// }
    ///
    /// pub fn up(pgm: &mut Pgm) {
    ///     pgm.rust("count words", count_words)
    ///         .outside_transaction()
    ///         .idempotent()
    ///         .down(|db| Ok(db.batch("UPDATE posts SET words = NULL")?));
    /// }
    /// # assert_eq!(migrate_dsl::plan_problems(up), "");
    /// ```
    ///
    /// When the migration is reverted before all of it was done, an [`idempotent`](Self::idempotent)
    /// step is reverted by its [`down`](Self::down) as if it were done; of another one nobody knows
    /// what is done, and a person decides.
    pub fn outside_transaction(&mut self) { self.outside_transaction = true }

    /// Says that doing it twice is as good as once, so that a function that was broken off outside a
    /// transaction is run again, as [`Sql::idempotent`](crate::operations::raw::Sql::idempotent).
    pub fn idempotent(&mut self) { self.after_crash = AfterCrash::Repeat }

    /// A query whose first column is true once all of this was done, as
    /// [`Sql::done_when`](crate::operations::raw::Sql::done_when).
    pub fn done_when(&mut self, query: impl Into<String>) {
        self.after_crash = AfterCrash::DoneWhen(query.into())
    }
}}

impl Rust {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it does, or what reverts that.
    pub(crate) fn function(&self, way: Direction) -> Option<&Work> {
        match way {
            Direction::Up => Some(&self.up),
            Direction::Down => self.down.as_ref(),
        }
    }

    fn statement(&self, way: Direction) -> Statement {
        let back = if way == Direction::Down { ", when it is reverted" } else { "" };
        let mut problems = Vec::new();
        if self.name.trim().is_empty() || self.name.contains(char::is_control) {
            let problem = "the name of a Rust function is a few words on one line";
            problems.push(problem.to_owned());
        }
        let name = self.name.replace(char::is_control, " ");
        Statement {
            problems,
            // The plan fills in of which migration it is.
            rust: Some(Function {
                migration: String::new(),
                within: Direction::Up,
                name: self.name.clone(),
                way,
            }),
            ..Statement::raw(format!("-- the Rust function `{name}`{back}"))
        }
    }
}

impl Operation for Rust {
    fn verb(&self) -> &'static str {
        "rust"
    }

    fn describe(&self) -> String {
        format!("run the Rust function `{}`", self.name.replace(char::is_control, " "))
    }

    fn transactional(&self) -> bool {
        !self.outside_transaction
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.statement(Direction::Up)]
    }

    fn inverse(&self) -> Inverse {
        match self.down {
            Some(_) => Inverse::Declared(vec![self.statement(Direction::Down)]),
            None => Inverse::none("`pgm.rust` has no `.down(..)`"),
        }
    }

    fn after_crash(&self) -> AfterCrash {
        self.after_crash.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Migration, Migrations, Pgm, Plan, plan_problems, plan_text_down};

    #[test]
    fn no_down_is_a_reason() {
        let down = plan_text_down(|pgm| _ = pgm.rust("a", |_| Ok(())));
        insta::assert_snapshot!(down, @"-- cannot be reverted: `pgm.rust` has no `.down(..)`");
    }

    #[test]
    fn a_name_is_a_few_words() {
        for name in ["", " ", "a\nDROP TABLE b", "\0"] {
            let problems = plan_problems(move |pgm| _ = pgm.rust(name, |_| Ok(())));
            assert_eq!(problems, "the name of a Rust function is a few words on one line");
        }
    }

    #[test]
    fn names_tell_the_functions_of_a_migration_apart() {
        let up = |pgm: &mut Pgm| {
            pgm.rust("a", |_| Ok(()));
            pgm.rust("b", |_| Ok(()));
            pgm.rust("a", |_| Ok(()));
        };
        let down = |pgm: &mut Pgm| _ = pgm.rust("a", |_| Ok(()));
        let migration = Migration::rust("m", "src/m.rs", "", (1, 1), up, down);
        let plan = Plan::of(&Migrations::new("", "", vec![migration])).to_json();
        let told =
            "there is another Rust function `a` in this migration: each has a name of its own";
        assert_eq!(plan.matches(told).count(), 1, "{plan}");
        let function = r#""rust":{"migration":"m","within":"down","name":"a","way":"up"}"#;
        assert_eq!(plan.matches(function).count(), 1, "{plan}");
    }
}
