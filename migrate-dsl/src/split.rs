//! Raw SQL into statements, by PostgreSQL's
//! [lexical rules](https://www.postgresql.org/docs/current/sql-syntax-lexical.html); the server
//! judges the rest.

mod lost;
mod refused;

pub(crate) use lost::lost_content;
pub(crate) use refused::{refused, sends_rows};

/// A statement of a longer text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The statement, without the comments around it and without its semicolon.
    pub sql: &'a str,
    /// The line of the text on which it starts, from 0.
    pub line: usize,
}

/// Cuts `text` at the semicolons that end a statement.
///
/// ```
/// use migrate_dsl::split;
/// let pieces = split("SELECT ';'; -- not; here\nSELECT $$;$$");
/// let statements: Vec<_> = pieces.iter().map(|piece| piece.sql).collect();
/// assert_eq!(statements, ["SELECT ';'", "SELECT $$;$$"]);
/// assert_eq!(pieces[1].line, 1);
/// ```
#[must_use]
pub fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = None;
    let mut end = 0;
    let mut bodies = Bodies::default();
    // As in psql: `CREATE RULE … DO ALSO (a; b)` is one statement.
    let mut parentheses = 0_usize;
    let mut tokens = Tokens::new(text);
    while let Some((token, from)) = tokens.next() {
        match token {
            Token::Blank => continue,
            Token::Symbol(b';') if parentheses == 0 && !bodies.open() => {
                if let Some(start) = start.take() {
                    pieces.push((start, end));
                }
                bodies = Bodies::default();
                continue;
            }
            Token::Word(word) => bodies.word(word),
            Token::Symbol(b'(') => parentheses += 1,
            Token::Symbol(b')') => parentheses = parentheses.saturating_sub(1),
            Token::Symbol(_) | Token::Quoted => {}
        }
        start.get_or_insert(from);
        end = tokens.position;
    }
    if let Some(start) = start {
        pieces.push((start, end));
    }

    let mut line = 0;
    let mut counted = 0;
    pieces
        .into_iter()
        .map(|(start, end)| {
            line += text[counted..start].matches('\n').count();
            counted = start;
            Piece { sql: &text[start..end], line }
        })
        .collect()
}

/// Why the engine would not run a statement of a plan; `has_input` if rows are sent after it.
#[doc(hidden)]
#[must_use]
pub fn statement_problems(sql: &str, has_input: bool) -> Vec<String> {
    let pieces = split(sql);
    let input = (has_input && !matches!(&pieces[..], [only] if sends_rows(only.sql)))
        .then(|| "rows are sent only after one `COPY … FROM STDIN`".to_owned());
    // `copy_from` brings the rows that such a statement waits for.
    let checked = pieces.iter().filter(|_| !has_input);
    let refused = checked.filter_map(|piece| refused(piece.sql));
    unterminated(sql).into_iter().chain(input).chain(refused).collect()
}

/// `text` without the white space and the comments around it: a `--` at its end would take what is
/// written behind it into the comment.
pub(crate) fn without_comments_around(text: &str) -> &str {
    let mut tokens = Tokens::new(text);
    let mut kept = None;
    while let Some((token, from)) = tokens.next() {
        if !matches!(token, Token::Blank) {
            let (start, _) = kept.unwrap_or((from, 0));
            kept = Some((start, tokens.position));
        }
    }
    kept.map_or("", |(start, end)| &text[start..end])
}

/// What is wrong with a text whose statements would run into those behind it.
pub(crate) fn unterminated(text: &str) -> Option<String> {
    let mut tokens = Tokens::new(text);
    while tokens.next().is_some() {}
    tokens.unterminated.map(|what| format!("a {what} in the SQL is opened and never closed"))
}

/// Whether we are inside the body of an SQL-standard function, `BEGIN ATOMIC … END`, whose
/// statements belong to the `CREATE FUNCTION` around them.
#[derive(Default)]
struct Bodies {
    /// `CREATE` came first: only there can a body follow.
    create: Option<bool>,
    previous_was_begin: bool,
    depth: usize,
}

impl Bodies {
    fn word(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        let create = *self.create.get_or_insert(is("create"));
        if create {
            if self.depth == 0 {
                self.depth = usize::from(self.previous_was_begin && is("atomic"));
            } else if is("case") {
                self.depth += 1;
            } else if is("end") {
                self.depth -= 1;
            }
        }
        self.previous_was_begin = is("begin");
    }

    fn open(&self) -> bool {
        self.depth > 0
    }
}

enum Token<'a> {
    /// White space or a comment.
    Blank,
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// A string or a quoted name.
    Quoted,
    /// Any other byte.
    Symbol(u8),
}

impl Token<'_> {
    /// Whether it is one of these keywords, written in small letters here.
    fn is(&self, keywords: &[&str]) -> bool {
        matches!(self, Self::Word(word) if keywords.iter().any(|k| word.eq_ignore_ascii_case(k)))
    }
}

struct Tokens<'a> {
    text: &'a str,
    position: usize,
    /// What was opened and never closed.
    unterminated: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, position: 0, unterminated: None }
    }

    /// The next token, and where it starts.
    fn next(&mut self) -> Option<(Token<'a>, usize)> {
        let from = self.position;
        let rest = &self.text[from..];
        let bytes = rest.as_bytes();
        let (token, length) = match *bytes.first()? {
            b if b.is_ascii_whitespace() => (Token::Blank, 1),
            b'-' if bytes.get(1) == Some(&b'-') => {
                (Token::Blank, rest.find(['\n', '\r']).unwrap_or(rest.len()))
            }
            b'/' if bytes.get(1) == Some(&b'*') => {
                (Token::Blank, self.closed(block_comment(bytes), rest, "comment"))
            }
            b'\'' => (Token::Quoted, self.closed(quoted(bytes, 0, b'\'', false), rest, "string")),
            b'"' => (Token::Quoted, self.closed(quoted(bytes, 0, b'"', false), rest, "name")),
            b'e' | b'E' if bytes.get(1) == Some(&b'\'') => {
                (Token::Quoted, self.closed(quoted(bytes, 1, b'\'', true), rest, "string"))
            }
            b'$' => match fence(rest) {
                Some(fence) => {
                    (Token::Quoted, self.closed(dollar_quoted(rest, fence), rest, "dollar quote"))
                }
                None => (Token::Symbol(b'$'), 1),
            },
            b if starts_name(b) => {
                let length = bytes.iter().position(|&b| !continues_name(b)).unwrap_or(bytes.len());
                (Token::Word(&rest[..length]), length)
            }
            // `1$$` is no dollar quote, so digits are taken with what follows them.
            b if b.is_ascii_digit() => {
                let length = bytes.iter().position(|&b| !continues_name(b)).unwrap_or(bytes.len());
                (Token::Symbol(b), length)
            }
            b => (Token::Symbol(b), 1),
        };
        self.position = from + length;
        Some((token, from))
    }

    /// The length of something quoted; what is never closed goes on to the end.
    fn closed(&mut self, length: Option<usize>, rest: &str, what: &'static str) -> usize {
        if length.is_none() {
            self.unterminated = Some(what);
        }
        length.unwrap_or(rest.len())
    }
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn continues_name(byte: u8) -> bool {
    starts_name(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// The length of a `/* … */` comment; they nest.
fn block_comment(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The length of what stands between quotes that open at `open`; a doubled quote is one of the
/// text, and so, in an `E''` string, is one behind a backslash.
fn quoted(bytes: &[u8], open: usize, quote: u8, backslash: bool) -> Option<usize> {
    let mut at = open + 1;
    while at < bytes.len() {
        if backslash && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 2;
                continue;
            }
            match continuation(&bytes[at + 1..]) {
                // The next line's string has the backslashes of the one that it continues.
                Some(length) if backslash => at += 1 + length,
                _ => return Some(at + 1),
            }
        } else {
            at += 1;
        }
    }
    None
}

/// How long what stands between a string and the quote that continues it is, with that quote, if
/// one does: white space and `--` comments, with the end of a line among them.
fn continuation(bytes: &[u8]) -> Option<usize> {
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut at = 0;
    let mut on_another_line = false;
    loop {
        match &bytes[at..] {
            [b'\'', ..] if on_another_line => return Some(at + 1),
            [b'-', b'-', comment @ ..] => at += 2 + comment.iter().position(ends_line)?,
            [byte, ..] if byte.is_ascii_whitespace() => {
                on_another_line |= ends_line(byte);
                at += 1;
            }
            _ => return None,
        }
    }
}

/// The `$tag$` that opens a dollar-quoted string, if one starts here.
fn fence(rest: &str) -> Option<&str> {
    let end = rest[1..].find('$')? + 2;
    let mut tag = rest[1..end - 1].bytes();
    let starts = tag.next().is_none_or(starts_name);
    let goes_on = tag.all(|byte| starts_name(byte) || byte.is_ascii_digit());
    (starts && goes_on).then(|| &rest[..end])
}

/// The length of a dollar-quoted string.
fn dollar_quoted(rest: &str, fence: &str) -> Option<usize> {
    let at = rest[fence.len()..].find(fence)?;
    Some(at + 2 * fence.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|piece| piece.sql).collect()
    }

    #[test]
    fn semicolons_that_end_nothing() {
        for one in [
            "SELECT 'a;b''c;'",
            r"SELECT E'a\';b'",
            "SELECT E'a'\n'b\\';c'",
            "SELECT E'a' -- one\n -- two ' \r\n '\\';c'",
            r#"SELECT "a;""b;""#,
            "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM (SELECT 1) b)",
            "SELECT $$a;$b$;$$",
            "SELECT $tag$;$$;$tag$",
            "SELECT /* ; /* ; */ ; */ 1",
            "SELECT 1 -- ;\n + 1",
            "SELECT $1",
            r"SELECT U&'d\0061t;\', N'n;', B'1', X'1f'",
            r#"SELECT U&"d\0061t;""#,
            "SELECT 'a;\r\nb' -- ;\r\n, 1",
            "SELECT $Łódź$;$łódź$;$Łódź$",
            "SELECT $a$;$a $a;$$;$a$",
            "SELECT /* it's; \"never */ 1",
            "SELECT a/*;*/-/* ; */1",
            "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO a VALUES (1); \
             UPDATE a SET b = CASE WHEN b THEN CASE 1 WHEN 1 THEN false END END; END",
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD (UPDATE t SET a = ')'; NOTIFY x)",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN; END; $$",
            "SELECT 'unterminated; ",
        ] {
            assert_eq!(statements(one), [one], "{one}");
            assert_eq!(statements(&format!("{one}\n;")).len(), 1, "{one}");
        }
    }

    #[test]
    fn statements_and_their_lines() {
        let pieces = split(
            "-- first\nSELECT 1;\n\n;; /* x */ SELECT E'\\\\'; SELECT a$$ FROM b$$;\nBEGIN; END",
        );
        let found: Vec<_> = pieces.iter().map(|piece| (piece.line, piece.sql)).collect();
        assert_eq!(
            found,
            [
                (1, "SELECT 1"),
                (3, r"SELECT E'\\'"),
                (3, "SELECT a$$ FROM b$$"),
                (4, "BEGIN"),
                (4, "END")
            ]
        );
    }

    #[test]
    fn lines_of_every_system() {
        let pieces = split("SELECT 1;\r\n-- two\r\nSELECT 2;\r\n\r\nSELECT 'a\r\nb';\r\nSELECT 3");
        let found: Vec<_> = pieces.iter().map(|piece| (piece.line, piece.sql)).collect();
        assert_eq!(
            found,
            [(0, "SELECT 1"), (2, "SELECT 2"), (4, "SELECT 'a\r\nb'"), (6, "SELECT 3")]
        );
    }

    #[test]
    fn strings_side_by_side() {
        for two in [
            "SELECT E'a' 'b\\'; c",
            "SELECT 'a'\n'b\\'; c",
            "SELECT E'a\\\\'\n; c",
            "SELECT ')'); c",
        ] {
            assert_eq!(statements(two).len(), 2, "{two}");
        }
    }

    #[test]
    fn words_that_only_look_like_a_body() {
        assert_eq!(statements("CREATE TABLE atomic (begin int); SELECT 1").len(), 2);
        assert_eq!(statements("SELECT CASE WHEN a THEN b END; SELECT 1").len(), 2);
    }
}
