//! [`COPY … FROM`](https://www.postgresql.org/docs/current/sql-copy.html) a file beside the
//! migration.

use super::sql::statements_of;
use super::sql_file::read;
use crate::choice::Choice;
use crate::operations::macros::{operation, options};
use crate::{
    Expression, Identifier, IntoExpression, IntoIdentifiers, Inverse, Name, Operation, Pgm,
    Statement, Writer, expr,
};

operation! {
    /// Copies the rows of a file into a table.
    pub struct CopyFrom(table: Name, file: String, rows: Result<String, String>) {
        columns: Vec<Identifier>,
        format: Choice<&'static str>,
        header: Choice<&'static str>,
        /// `DELIMITER`, `NULL` and the like, with their text.
        texts: Vec<(&'static str, String)>,
        force: Vec<(&'static str, Vec<Identifier>)>,
        on_error_ignore: bool,
        condition: Option<Expression>,
        down: Option<String>,
    }
}

impl Pgm {
    /// Copies the rows of a file into a table; the path is relative to the folder of the
    /// migrations, `src/`, and stays in the crate; the file is UTF-8.
    ///
    /// The file is read when the plan is made, and its rows travel with the plan: it is for lists
    /// of countries, not for a warehouse. What reverts them is said with
    /// [`down`](CopyFrom::down).
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.copy_from("words", "operations/raw/words.csv").csv().header().down("DELETE FROM words");
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     r#"COPY "words" FROM STDIN WITH (FORMAT csv, HEADER, ENCODING 'UTF8');"#
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "DELETE FROM words;");
    /// ```
    #[track_caller]
    pub fn copy_from(&mut self, table: impl Into<Name>, path: &str) -> &mut CopyFrom {
        let (file, rows) = read(self.root(), path);
        self.record(CopyFrom::new(table.into(), file, rows))
    }
}

options! { CopyFrom {
    /// The columns that the file has, in its order; all of the table without it.
    pub fn columns(&mut self, columns: impl IntoIdentifiers) {
        self.columns = columns.into_identifiers()
    }

    /// The file has values between commas.
    pub fn csv(&mut self) { self.format.set("csv", "csv") }

    /// The file has values between tabs, and `\N` for null (PostgreSQL's default).
    pub fn text(&mut self) { self.format.set("text", "text") }

    /// The first line has names, and is left out; of a [`text`](Self::text) from PostgreSQL 15.
    pub fn header(&mut self) { self.header.set("header", "HEADER") }

    /// The first line has names, which have to be those of the columns; from PostgreSQL 15.
    pub fn header_match(&mut self) { self.header.set("header_match", "HEADER MATCH") }

    /// With [`csv`](Self::csv): an empty value of these columns is the empty text, not null.
    pub fn force_not_null(&mut self, columns: impl IntoIdentifiers) {
        self.force.push(("FORCE_NOT_NULL", columns.into_identifiers()))
    }

    /// With [`csv`](Self::csv): a value of these columns that reads like null is null, in quotes
    /// too.
    pub fn force_null(&mut self, columns: impl IntoIdentifiers) {
        self.force.push(("FORCE_NULL", columns.into_identifiers()))
    }

    /// Passes over rows whose values do not fit the columns; from PostgreSQL 17.
    pub fn on_error_ignore(&mut self) { self.on_error_ignore = true }

    /// Copies only the rows for which the expression is true.
    pub fn only_where(&mut self, condition: impl IntoExpression) {
        self.condition = Some(expr(condition))
    }

    /// The SQL that reverts this. An empty text says that nothing has to be done.
    pub fn down(&mut self, text: impl Into<String>) { self.down = Some(text.into()) }
}}

impl CopyFrom {
    /// What stands between values: one character.
    pub fn delimiter(&mut self, character: impl Into<String>) -> &mut Self {
        self.text_option("DELIMITER", character.into())
    }

    /// What stands for null.
    pub fn null(&mut self, text: impl Into<String>) -> &mut Self {
        self.text_option("NULL", text.into())
    }

    /// What stands for the column's default; from PostgreSQL 16.
    pub fn default(&mut self, text: impl Into<String>) -> &mut Self {
        self.text_option("DEFAULT", text.into())
    }

    /// With [`csv`](Self::csv): what stands around a value; `"` without it.
    pub fn quote(&mut self, character: impl Into<String>) -> &mut Self {
        self.text_option("QUOTE", character.into())
    }

    /// With [`csv`](Self::csv): what stands before a quote inside a value.
    pub fn escape(&mut self, character: impl Into<String>) -> &mut Self {
        self.text_option("ESCAPE", character.into())
    }

    fn text_option(&mut self, keyword: &'static str, text: String) -> &mut Self {
        self.texts.retain(|(other, _)| *other != keyword);
        self.texts.push((keyword, text));
        self
    }

    fn is_csv(&self) -> bool {
        *self.format == Some("csv")
    }

    fn write_options(&self, sql: &mut Writer) {
        if let Some(format) = *self.format {
            sql.text("FORMAT").text(format).glued(",");
        }
        if let Some(header) = *self.header {
            sql.text(header).glued(",");
        }
        for (keyword, text) in &self.texts {
            sql.text(keyword).literal(text).glued(",");
        }
        for (keyword, columns) in &self.force {
            sql.text(keyword).columns(columns).glued(",");
        }
        sql.flag(self.on_error_ignore, "ON_ERROR ignore,");
        // The text that we have is, whatever the session says.
        sql.text("ENCODING 'UTF8'");
    }

    fn note_versions(&self, sql: &mut Writer) {
        match *self.header {
            Some("HEADER") if !self.is_csv() => _ = sql.requires(15, "header"),
            Some("HEADER MATCH") => _ = sql.requires(15, "header_match"),
            _ => {}
        }
        if self.texts.iter().any(|(keyword, _)| *keyword == "DEFAULT") {
            sql.requires(16, "default");
        }
        if self.on_error_ignore {
            sql.requires(17, "on_error_ignore");
        }
    }
}

impl Operation for CopyFrom {
    fn verb(&self) -> &'static str {
        "copy_from"
    }

    fn describe(&self) -> String {
        format!("copy the rows of `{}` into `{}`", self.file, self.table)
    }

    fn statements(&self) -> Vec<Statement> {
        let mut statement = Writer::statement(|sql| {
            sql.choice(&self.format);
            sql.choice(&self.header);
            sql.text("COPY").name(&self.table);
            if !self.columns.is_empty() {
                sql.columns(&self.columns);
            }
            sql.text("FROM STDIN WITH").parenthesized(|sql| self.write_options(sql));
            if let Some(condition) = &self.condition {
                sql.text("WHERE").expression(condition);
            }
            let quotes = self.texts.iter().any(|(word, _)| ["QUOTE", "ESCAPE"].contains(word));
            if !self.is_csv() && (quotes || !self.force.is_empty()) {
                sql.problem(
                    "`quote`, `escape`, `force_null` and `force_not_null` belong to `csv`: add it",
                );
            }
            self.note_versions(sql);
            sql
        });
        match &self.rows {
            Ok(rows) => {
                let rows = rows.strip_prefix('\u{feff}').unwrap_or(rows);
                statement.input = Some(rows.to_owned());
                statement.input_file = Some(self.file.clone());
            }
            Err(problem) => {
                statement.input = Some(String::new());
                statement.problems.push(problem.clone());
            }
        }
        vec![statement]
    }

    fn inverse(&self) -> Inverse {
        match &self.down {
            Some(down) => Inverse::Declared(statements_of(down)),
            None => Inverse::none("`pgm.copy_from` has no `.down(..)`"),
        }
    }

    fn files(&self) -> Vec<String> {
        vec![self.file.clone()]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::prelude::*;
    use crate::{plan_problems, plan_text, plan_text_down};

    const FILE: &str = "operations/raw/words.csv";

    #[test]
    fn every_option() {
        let up = |pgm: &mut Pgm| {
            pgm.copy_from(("app", "words"), FILE)
                .columns(["word", "weight"])
                .csv()
                .header_match()
                .delimiter(";")
                .null("")
                .default("-")
                .quote("'")
                .escape("\\")
                .force_not_null("word")
                .force_null(["weight"])
                .on_error_ignore()
                .only_where("weight > 0");
            pgm.copy_from("words", FILE).text().header().down("");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        COPY "app"."words" ("word", "weight") FROM STDIN WITH (FORMAT csv, HEADER MATCH, DELIMITER ';', NULL '', DEFAULT '-', QUOTE '''', ESCAPE E'\\', FORCE_NOT_NULL ("word"), FORCE_NULL ("weight"), ON_ERROR ignore, ENCODING 'UTF8') WHERE weight > 0;
        COPY "words" FROM STDIN WITH (FORMAT text, HEADER, ENCODING 'UTF8');
        "#);
        insta::assert_snapshot!(plan_text_down(up), @"-- cannot be reverted: `pgm.copy_from` has no `.down(..)`");
    }

    #[test]
    fn the_rows_go_with_the_plan() {
        let mut pgm = Pgm::new(Path::new(""));
        pgm.copy_from("words", FILE).csv();
        let (steps, _) = pgm.into_parts();
        let statements = steps[0].operation.statements();
        assert_eq!(statements[0].input.as_deref(), Some("word,weight\nŁódź,1\n\"it's, so\",0\n"));
        assert_eq!(steps[0].operation.files(), ["src/operations/raw/words.csv"]);
    }

    #[test]
    fn what_cannot_be_copied() {
        let problems = plan_problems(|pgm| {
            pgm.copy_from("words", "none.csv").csv();
            pgm.copy_from("words", FILE).quote("'");
        });
        insta::assert_snapshot!(problems, @"
        cannot read `src/none.csv`: No such file or directory (os error 2)
        `quote`, `escape`, `force_null` and `force_not_null` belong to `csv`: add it
        ");
    }
}
