//! SQL as the migration's author wrote it.

use crate::operations::macros::options;
use crate::split::{refused, sends_rows, split, unterminated};
use crate::{AfterCrash, Inverse, Object, Operation, Pgm, Statement};

/// Runs SQL as it is written.
#[derive(Debug, Clone)]
pub struct Sql {
    verb: &'static str,
    text: String,
    down: Option<String>,
    captured: Vec<Object>,
    outside_transaction: bool,
    after_crash: AfterCrash,
    files: Vec<String>,
    problem: Option<String>,
}

impl Pgm {
    /// Runs one or several SQL statements as they are written. What reverts them is said with
    /// [`down`](Sql::down), or read from the catalog with [`captures`](Sql::captures); without
    /// either the migration needs a `down` of its own to be reversible.
    ///
    /// The text is cut at semicolons that end a statement, not at those in strings, comments,
    /// dollar quotes and `BEGIN ATOMIC` bodies. Transactions are the engine's: `BEGIN`, `COMMIT`
    /// and the like are refused.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.sql("UPDATE posts SET likes = 0; ANALYZE posts").down("SELECT 1");
    /// });
    /// assert_eq!(plan, "UPDATE posts SET likes = 0;\nANALYZE posts;");
    /// ```
    #[track_caller]
    pub fn sql(&mut self, text: impl Into<String>) -> &mut Sql {
        self.record(Sql::new("sql", text.into()))
    }
}

impl Sql {
    pub(crate) fn new(verb: &'static str, text: String) -> Self {
        Self {
            verb,
            text,
            down: None,
            captured: Vec::new(),
            outside_transaction: false,
            after_crash: AfterCrash::Ask,
            files: Vec::new(),
            problem: None,
        }
    }

    /// SQL that could not be had, and why.
    pub(crate) fn missing(verb: &'static str, problem: String) -> Self {
        Self { problem: Some(problem), ..Self::new(verb, String::new()) }
    }

    /// A migration that is a file of SQL. Its first line may say how it runs, as there is no method
    /// to call.
    pub(crate) fn of_migration(text: &str) -> Self {
        let mut sql = Self::new("sql", text.to_owned());
        match first_line(text) {
            None => {}
            Some(OUTSIDE) => sql.outside_transaction = true,
            Some(other) => {
                sql.problem = Some(format!(
                    "`-- migrate: {other}` says nothing: a first line may be `-- migrate: {OUTSIDE}`"
                ));
            }
        }
        sql
    }

    pub(crate) fn read_from(mut self, file: String) -> Self {
        self.files.push(file);
        self
    }
}

options! { Sql {
    /// The SQL that reverts this. An empty text says that nothing has to be done.
    pub fn down(&mut self, text: impl Into<String>) { self.down = Some(text.into()) }

    /// The statements change, make or drop this object: the inverse is read from the catalog, as
    /// for the typed operations. May be called more than once. It has to be there before the
    /// statements run, or afterwards; else the migration fails.
    ///
    /// ```
    /// use migrate_dsl::prelude::*;
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.sql("ALTER TABLE posts ALTER COLUMN title SET (n_distinct = -0.5)")
    ///         .captures(Object::table("posts"));
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: table `posts`");
    /// ```
    pub fn captures(&mut self, object: Object) { self.captured.push(object) }

    /// Runs each statement on its own, outside a transaction, as `VACUUM` and
    /// `CREATE INDEX CONCURRENTLY` need it.
    pub fn outside_transaction(&mut self) { self.outside_transaction = true }

    /// Says that doing it twice is as good as once. After a crash in the middle of a statement
    /// outside a transaction, the engine then runs that statement again; else it asks the catalog,
    /// and where that cannot tell, a person.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.sql("CALL refill_cache()").outside_transaction().idempotent().down("");
    /// });
    /// assert_eq!(plan, "CALL refill_cache();");
    /// ```
    pub fn idempotent(&mut self) { self.after_crash = AfterCrash::Repeat }

    /// A query whose first column is true once the statement was done: what the engine asks after
    /// a crash in the middle of it, outside a transaction.
    ///
    /// ```
    /// let plan = migrate_dsl::plan_text(|pgm| {
    ///     pgm.sql("CALL archive_posts()")
    ///         .outside_transaction()
    ///         .done_when("SELECT count(*) = 0 FROM posts WHERE old")
    ///         .down("");
    /// });
    /// assert_eq!(plan, "CALL archive_posts();");
    /// ```
    pub fn done_when(&mut self, query: impl Into<String>) {
        self.after_crash = AfterCrash::DoneWhen(query.into())
    }
}}

impl Operation for Sql {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        let text = match first_line(&self.text) {
            Some(_) => self.text.split_once('\n').map_or("", |(_, rest)| rest),
            None => &self.text,
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(60) {
            Some((cut, _)) => format!("run `{}…`", &text[..cut]),
            None => format!("run `{text}`"),
        }
    }

    fn transactional(&self) -> bool {
        !self.outside_transaction
    }

    fn statements(&self) -> Vec<Statement> {
        if let Some(problem) = &self.problem {
            let problems = vec![problem.clone()];
            return vec![Statement { problems, ..Statement::raw("") }];
        }
        let mut statements = statements_of(&self.text);
        if statements.is_empty() {
            let problems = vec![format!("`{}` has no statement in it", self.verb)];
            return vec![Statement { problems, ..Statement::raw("") }];
        }
        if let (AfterCrash::DoneWhen(_), [_, second, ..]) = (&self.after_crash, &mut *statements) {
            second.problems.push(format!(
                "`done_when` speaks of one statement: give each a `pgm.{}` of its own",
                self.verb
            ));
        }
        if self.down.is_some() && !self.captured.is_empty() {
            let problem = "`down` and `captures` are two inverses: keep one";
            statements[0].problems.push(problem.to_owned());
        }
        statements
    }

    fn inverse(&self) -> Inverse {
        match &self.down {
            Some(down) => Inverse::Declared(statements_of(down)),
            None if !self.captured.is_empty() => {
                Inverse::capture_named(&self.captured, &statements_of(&self.text))
            }
            None => no_inverse(self.verb),
        }
    }

    fn after_crash(&self) -> AfterCrash {
        self.after_crash.clone()
    }

    fn files(&self) -> Vec<String> {
        self.files.clone()
    }
}

/// What the first line of a file of SQL says of the whole file after `-- migrate:`.
const OUTSIDE: &str = "outside transaction";

fn first_line(text: &str) -> Option<&str> {
    let line = without_mark(text).lines().next()?;
    Some(line.trim_start().strip_prefix("--")?.trim_start().strip_prefix("migrate:")?.trim())
}

/// Some editors begin a file with a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Why raw SQL cannot be reverted, where its author does not say how.
pub(super) fn no_inverse(verb: &str) -> Inverse {
    Inverse::none(format!("`pgm.{verb}` has neither `.down(..)` nor `.captures(..)`"))
}

pub(super) fn statements_of(text: &str) -> Vec<Statement> {
    let text = without_mark(text);
    let mut statements = Vec::new();
    for piece in split(text) {
        let problems = refused(piece.sql).into_iter().collect();
        statements.push(Statement { line: piece.line, problems, ..Statement::raw(piece.sql) });
        if sends_rows(piece.sql) {
            // What follows are rows, and no SQL that could be judged.
            return statements;
        }
    }
    if let Some(last) = statements.last_mut() {
        last.problems.extend(unterminated(text));
        if text.contains('\0') {
            last.problems
                .push("the SQL has a zero byte in it, which PostgreSQL has not".to_owned());
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use crate::{Object, Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn transactions_are_the_engines() {
        let problems = |text: &'static str| {
            plan_problems(move |pgm| {
                pgm.sql(text);
            })
        };
        insta::assert_snapshot!(problems("/* go */ begin; SELECT 1; commit"), @r"
        `begin` starts a transaction, but each migration already runs in one: remove this statement
        `commit` ends the transaction that the migration shares with its history row: remove it, or split the migration in two
        ");
        insta::assert_snapshot!(problems("SET search_path TO app"), @"`SET` would last beyond the migration: write `SET LOCAL`");
        assert_eq!(problems("SET LOCAL search_path TO app; SAVEPOINT a; ROLLBACK TO a"), "");
        assert_eq!(problems(" -- nothing\n ; "), "`sql` has no statement in it");
    }

    #[test]
    fn the_client_neither_sends_nor_takes_rows() {
        for refused in [
            "COPY t FROM STDIN",
            "copy t (a, b)\nfrom\t/* the client */ stdin WITH (FORMAT csv)",
            "COPY (SELECT a FROM b) TO\nSTDOUT",
        ] {
            let problems = plan_problems(move |pgm| _ = pgm.sql(refused));
            assert!(problems.contains("the client, which"), "{refused}: {problems}");
        }
        for fine in [
            "COPY t FROM '/from stdin.csv' -- not from stdin",
            "COPY t FROM /* from stdin */ PROGRAM 'cat'",
            "COPY (SELECT 'x to stdout' FROM stdin) TO '/x'",
            "COPY stdin TO '/x'",
        ] {
            assert_eq!(plan_problems(move |pgm| _ = pgm.sql(fine)), "", "{fine}");
        }
    }

    #[test]
    fn settings_do_not_outlive_the_migration() {
        for refused in [
            "SELECT set_config('search_path', '', false)",
            "SELECT 1, pg_catalog.set_config('a.b', concat('x', ','), /* local */ FALSE) AS c",
            "SET ROLE app",
            "SET SESSION ROLE app",
            "SET SESSION AUTHORIZATION app",
        ] {
            let problems = plan_problems(move |pgm| _ = pgm.sql(refused));
            assert!(problems.contains("would last beyond the migration"), "{refused}: {problems}");
        }
        for fine in [
            "SELECT set_config('search_path', '', true)",
            "SELECT set_config('a.b', 'x', false OR a) FROM t",
            "SELECT app.set_config('a', 'b', false)",
            "SELECT 'set_config(a, b, false)', set_config FROM set_config(1, 2, false)",
            "SET LOCAL ROLE app",
        ] {
            assert_eq!(plan_problems(move |pgm| _ = pgm.sql(fine)), "", "{fine}");
        }
    }

    #[test]
    fn what_is_never_closed_would_swallow_what_follows() {
        for (text, what) in [
            ("SELECT 'a; SELECT 1", "string"),
            (r"SELECT E'a\'", "string"),
            ("SELECT \"a", "name"),
            ("SELECT 1 /* a /* b */", "comment"),
            ("SELECT $a$ $b$", "dollar quote"),
        ] {
            let problems = plan_problems(move |pgm| _ = pgm.sql(text));
            assert_eq!(
                problems,
                format!("a {what} in the SQL is opened and never closed"),
                "{text}"
            );
        }
    }

    #[test]
    fn one_query_speaks_for_one_statement() {
        let problems = plan_problems(|pgm| {
            pgm.sql("CALL a(); CALL b()").outside_transaction().done_when("SELECT true");
        });
        insta::assert_snapshot!(problems, @"`done_when` speaks of one statement: give each a `pgm.sql` of its own");
    }

    #[test]
    fn no_down_is_a_reason() {
        let down = plan_text_down(|pgm| {
            pgm.sql("SELECT 1");
        });
        insta::assert_snapshot!(down, @"-- cannot be reverted: `pgm.sql` has neither `.down(..)` nor `.captures(..)`");
    }

    #[test]
    fn the_inverse_can_be_read_from_the_catalog() {
        let up = |pgm: &mut Pgm| {
            pgm.sql("DROP TABLE a; CREATE VIEW b AS SELECT 1")
                .captures(Object::table("a"))
                .captures(Object::view("b"));
        };
        insta::assert_snapshot!(plan_text_down(up), @"-- as it was: table `a`, view `b`; rows and values of what is dropped are not restored");
        let drops_none = |pgm: &mut Pgm| {
            pgm.sql("ALTER TABLE a DROP CONSTRAINT c; COMMENT ON TABLE a IS 'drop table'")
                .captures(Object::table("a"));
        };
        insta::assert_snapshot!(plan_text_down(drops_none), @"-- as it was: table `a`");
        let problems = plan_problems(|pgm| {
            pgm.sql("DROP TABLE a").captures(Object::table("a")).down("CREATE TABLE a ()");
        });
        assert_eq!(problems, "`down` and `captures` are two inverses: keep one");
    }

    #[test]
    fn commands_of_psql_are_no_sql() {
        let problems = plan_problems(|pgm| {
            pgm.sql("\\connect blog\nSELECT 1;\n\\i views.sql\n\\copy a from 'a.csv'");
            pgm.sql("SELECT 'DROP TABLE a' \\gexec");
            pgm.sql("\\set ON_ERROR_STOP on\nSELECT '\\x';");
        });
        insta::assert_snapshot!(problems, @r#"
        `\connect` is a command of psql, not SQL; leave it out: a migration runs on the database it is asked to
        `\i` is a command of psql, not SQL; write `pgm.sql_file("…")`
        `\gexec` is a command of psql, not SQL; write the statements that it would run
        `\set` is a command of psql, not SQL; leave it out
        "#);
        assert_eq!(plan_problems(|pgm| _ = pgm.sql("SELECT '\\d', E'\\\\', $$\\x$$ -- \\i")), "");
    }

    #[test]
    fn rows_between_statements_are_told_once() {
        let problems = plan_problems(|pgm| {
            pgm.sql("COPY words (word) FROM stdin;\nit's\n\\.\n\nCOMMIT;");
        });
        insta::assert_snapshot!(problems, @r#"`COPY … FROM STDIN` reads from the client, which has nothing to send: put the rows into a file and write `pgm.copy_from("…", "…")`"#);
    }

    #[test]
    fn a_byte_order_mark_and_a_zero_byte() {
        assert_eq!(plan_text(|pgm| _ = pgm.sql("\u{feff}SELECT 1")), "SELECT 1;");
        let problems = plan_problems(|pgm| _ = pgm.sql("SELECT '\0'"));
        assert_eq!(problems, "the SQL has a zero byte in it, which PostgreSQL has not");
    }
}
