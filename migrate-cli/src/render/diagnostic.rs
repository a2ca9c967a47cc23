//! A diagnostic in the compiler's own style: the line, the verb underlined, the SQL with a caret.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use migrate_core::diagnostic::{Diagnostic, SourceMark, SqlMark};
use migrate_core::discover::plain_file;
use migrate_core::plan::Step;

/// Where the source of migrations is read from.
pub struct Sources {
    folder: Option<PathBuf>,
    here: PathBuf,
}

impl Sources {
    /// Sources in this folder, relative to `here`; without a folder, places are named but not shown.
    pub fn new(folder: Option<PathBuf>, here: &Path) -> Self {
        Self { folder, here: here.to_owned() }
    }

    /// The path to show, and the text of the file where it can be read.
    fn read(&self, file: &str) -> (String, Option<String>) {
        let Some(folder) = &self.folder else {
            return (file.to_owned(), None);
        };
        // Cargo names the files of other crates of a workspace, and modules of this one that
        // `lib.rs` declares, from the workspace's folder.
        let mut seen = folder.ancestors().map(|ancestor| ancestor.join(file));
        let path = seen.find(|path| path.is_file()).unwrap_or_else(|| folder.join(file));
        let shown = path.strip_prefix(&self.here).unwrap_or(&path).display().to_string();
        (shown, plain_file::read_to_string(&path).ok())
    }
}

/// Renders the diagnostic as text, with colours; the caller removes them where they do not
/// belong.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut title = Level::ERROR.primary_title(diagnostic.message.as_str());
    if let Some(code) = &diagnostic.code {
        title = title.id(code.as_str());
    }
    let mut group = Group::with_title(title);
    let in_place = match (&diagnostic.source, &diagnostic.sql) {
        (Some(source), Some(sql)) => sql_in_source(source, sql, sources),
        _ => None,
    };
    if let Some(snippet) = in_place {
        group = group.element(snippet);
    } else {
        if let Some(mark) = &diagnostic.source {
            group = at_source(group, mark, sources);
        }
        if let Some(mark) = &diagnostic.sql {
            group = at_sql(group, mark);
        }
    }
    if let Some(mark) = &diagnostic.data {
        group = at_source(group, mark, sources);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::styled().decor_style(DecorStyle::Ascii).render(&[group])
}

/// Renders what the author may have meant otherwise, as a warning at the step.
pub fn hint(text: &str, step: &Step, sources: &Sources) -> String {
    let mark =
        SourceMark { place: step.place.clone(), verb: Some(step.verb.clone()), outdated: false };
    let group = Group::with_title(Level::WARNING.primary_title(text));
    let group = at_source(group, &mark, sources);
    Renderer::styled().decor_style(DecorStyle::Ascii).render(&[group])
}

fn at_source<'a>(group: Group<'a>, mark: &SourceMark, sources: &Sources) -> Group<'a> {
    let (path, text) = sources.read(&mark.place.file);
    if mark.outdated {
        // Of a file that is not here there is nothing to see.
        let is_gone = text.is_none() && sources.folder.is_some();
        return if is_gone { group } else { group.element(Origin::path(path)) };
    }
    let span = text.as_ref().and_then(|text| span_of(text, mark));
    match (text, span) {
        (Some(text), Some(span)) => group.element(
            Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span)),
        ),
        _ => {
            let origin = Origin::path(path).line(mark.place.line as usize);
            group.element(origin.char_column(mark.place.column as usize))
        }
    }
}

/// The author's own SQL where it stands in the file, word for word.
fn sql_in_source<'a>(
    source: &SourceMark,
    sql: &SqlMark,
    sources: &Sources,
) -> Option<Snippet<'a, Annotation<'a>>> {
    if source.outdated {
        return None;
    }
    let (path, text) = sources.read(&source.place.file);
    let text = text?;
    let verb = span_of(&text, source)?;
    // The text that was given starts at the verb's line or below it.
    let from = start_of_line(&text, source.place.line as usize + sql.line)?.max(verb.start);
    let at = from + text.get(from..)?.find(&sql.sql)?;
    let span = span_in_sql(sql);
    let span = at + span.start..at + span.end;
    let snippet = Snippet::source(text).path(path);
    let snippet = match (&source.verb, sql.offset) {
        (Some(_), Some(_)) => snippet
            .annotation(AnnotationKind::Primary.span(span))
            .annotation(AnnotationKind::Context.span(verb)),
        // Of a whole statement the verb says enough, and a wall of carets no more.
        (Some(_), None) => snippet
            .annotation(AnnotationKind::Primary.span(verb))
            .annotation(AnnotationKind::Visible.span(span)),
        (None, _) => snippet.annotation(AnnotationKind::Primary.span(span)),
    };
    Some(snippet)
}

/// Returns the offset at which a line starts, counted from 1.
fn start_of_line(text: &str, line: usize) -> Option<usize> {
    Some(text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum())
}

/// More than so many carets point at nothing.
const LONGEST_UNDERLINE: usize = 60;

/// The bytes of the verb, where the file still has it there; else of the rest of the line.
fn span_of(text: &str, mark: &SourceMark) -> Option<Range<usize>> {
    let start = start_of_line(text, mark.place.line as usize)?;
    let content = text.get(start..)?.lines().next()?;
    let column = content.char_indices().nth(mark.place.column.checked_sub(1)? as usize);
    let column = column.map_or(0, |(byte, _)| byte);
    let verb = mark.verb.as_deref().unwrap_or_default();
    let at = match content.get(column..)?.find(verb) {
        Some(offset) => column + offset,
        None => column,
    };
    let rest = content.get(at..)?;
    let length = if !verb.is_empty() && rest.starts_with(verb) {
        verb.len()
    } else {
        let rest = rest.trim_end();
        rest.char_indices().nth(LONGEST_UNDERLINE).map_or(rest.len(), |(byte, _)| byte)
    };
    Some(start + at..start + at + length)
}

fn at_sql<'a>(group: Group<'a>, mark: &'a SqlMark) -> Group<'a> {
    let snippet = Snippet::source(mark.sql.as_str()).path("SQL").line_start(mark.line + 1);
    let kind = match mark.offset {
        Some(_) => AnnotationKind::Primary,
        None => AnnotationKind::Visible,
    };
    group.element(snippet.annotation(kind.span(span_in_sql(mark))))
}

/// The bytes of the word at which the server stopped, or of the first line.
fn span_in_sql(mark: &SqlMark) -> Range<usize> {
    let Some(offset) = mark.offset else {
        return 0..mark.sql.find('\n').unwrap_or(mark.sql.len());
    };
    let rest = &mark.sql[offset..];
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
    let length = length.max(rest.chars().next().map_or(0, char::len_utf8));
    offset..offset + length
}

#[cfg(test)]
mod tests {
    use migrate_core::plan::Place;

    use super::*;

    const MIGRATION: &str = r##"use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.sql(
        r#"
        INSERT INTO one VALUES (1);
        INSERT INTO one
        VALUES (nope);
        "#,
    );
    pgm.sql("INSERT INTO one VALUES ('\u{31}', nope)");
}
"##;

    fn rendered(line: u32, sql: SqlMark) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.rs"), MIGRATION).unwrap();
        let place = Place { file: "m.rs".to_owned(), line, column: 9 };
        let source = Some(SourceMark { place, verb: Some("sql".to_owned()), outdated: false });
        let message = "column \"nope\" does not exist".to_owned();
        let diagnostic = Diagnostic { message, source, sql: Some(sql), ..Diagnostic::default() };
        let sources = Sources::new(Some(folder.path().to_owned()), folder.path());
        anstream::adapter::strip_str(&render(&diagnostic, &sources)).to_string()
    }

    #[test]
    fn sql_is_shown_where_it_stands_in_the_file() {
        let sql = "INSERT INTO one\n        VALUES (nope)".to_owned();
        let offset = sql.find("nope");
        let told = rendered(4, SqlMark { sql, line: 2, offset });
        insta::assert_snapshot!(told, @r#"
        error: column "nope" does not exist
         --> m.rs:8:17
          |
        4 |     pgm.sql(
          |         ---
        ...
        8 |         VALUES (nope);
          |                 ^^^^
        "#);
    }

    #[test]
    fn a_file_that_is_not_what_it_was_shows_no_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.rs"), MIGRATION).unwrap();
        let sources = Sources::new(Some(folder.path().to_owned()), folder.path());
        let told = |file: &str| {
            let place = Place { file: file.to_owned(), line: 13, column: 1 };
            let diagnostic = Diagnostic {
                message: "it is in use".to_owned(),
                source: Some(SourceMark { place, verb: None, outdated: true }),
                notes: vec!["nothing was done".to_owned()],
                ..Diagnostic::default()
            };
            anstream::adapter::strip_str(&render(&diagnostic, &sources)).to_string()
        };
        insta::assert_snapshot!(told("m.rs"), @"
        error: it is in use
        --> m.rs
         = note: nothing was done
        ");
        insta::assert_snapshot!(told("gone.rs"), @"
        error: it is in use
         |
         = note: nothing was done
        ");
    }

    #[test]
    fn a_statement_as_a_whole_is_not_underlined() {
        let sql = "INSERT INTO one\n        VALUES (nope)".to_owned();
        let told = rendered(4, SqlMark { sql, line: 2, offset: None });
        insta::assert_snapshot!(told, @r#"
        error: column "nope" does not exist
         --> m.rs:4:9
          |
        4 |     pgm.sql(
          |         ^^^
        ...
        7 |         INSERT INTO one
          |
        "#);
        let sql = "DO $$\nBEGIN\nEND\n$$".to_owned();
        let told = rendered(11, SqlMark { sql, line: 0, offset: None });
        insta::assert_snapshot!(told, @r#"
        error: column "nope" does not exist
          --> m.rs:11:9
           |
        11 |     pgm.sql("INSERT INTO one VALUES ('\u{31}', nope)");
           |         ^^^
           |
          ::: SQL:1
           |
         1 | DO $$
           |
        "#);
    }

    #[test]
    fn a_line_of_data_is_shown_beside_the_verb() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.rs"), MIGRATION).unwrap();
        std::fs::write(folder.path().join("a.csv"), "a\n1\nx,2\n").unwrap();
        let at = |file: &str, line| Place { file: file.to_owned(), line, column: 1 };
        let diagnostic = Diagnostic {
            message: "invalid input".to_owned(),
            source: Some(SourceMark {
                place: at("m.rs", 4),
                verb: Some("sql".to_owned()),
                outdated: false,
            }),
            sql: Some(SqlMark { sql: "COPY one FROM STDIN".to_owned(), line: 0, offset: None }),
            data: Some(SourceMark { place: at("a.csv", 3), verb: None, outdated: false }),
            ..Diagnostic::default()
        };
        let sources = Sources::new(Some(folder.path().to_owned()), folder.path());
        let told = anstream::adapter::strip_str(&render(&diagnostic, &sources)).to_string();
        insta::assert_snapshot!(told, @"
        error: invalid input
         --> m.rs:4:9
          |
        4 |     pgm.sql(
          |         ^^^
          |
         ::: SQL:1
          |
        1 | COPY one FROM STDIN
          |
         ::: a.csv:3:1
          |
        3 | x,2
          | ^^^
        ");
    }

    #[test]
    fn sql_that_the_file_does_not_have_word_for_word_is_shown_beside_it() {
        let sql = "INSERT INTO one VALUES ('1', nope)".to_owned();
        let offset = sql.find("nope");
        let told = rendered(11, SqlMark { sql, line: 0, offset });
        insta::assert_snapshot!(told, @r#"
        error: column "nope" does not exist
          --> m.rs:11:9
           |
        11 |     pgm.sql("INSERT INTO one VALUES ('\u{31}', nope)");
           |         ^^^
           |
          ::: SQL:1:30
           |
         1 | INSERT INTO one VALUES ('1', nope)
           |                              ^^^^
        "#);
    }
}
