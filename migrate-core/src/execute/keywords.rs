//! The first words of a statement, as far as the engine has to know what it is about to send. The
//! server alone judges it.

/// A word, a name or a sign of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// A keyword or a name as the server folds it: in small letters.
    Plain(String),
    /// A name in double quotes, without them.
    Quoted(String),
    /// Anything else.
    Sign(char),
}

/// Reads a statement from its start.
pub(super) struct Words {
    words: Vec<Word>,
    at: usize,
}

impl Words {
    pub(super) fn of(sql: &str) -> Self {
        Self { words: lex(sql), at: 0 }
    }

    /// Skips these keywords if they come next.
    pub(super) fn eat(&mut self, keywords: &str) -> bool {
        let mut at = self.at;
        for keyword in keywords.split(' ') {
            match self.words.get(at) {
                Some(Word::Plain(word)) if word == keyword => at += 1,
                _ => return false,
            }
        }
        self.at = at;
        true
    }

    /// Whether one of these keywords is somewhere ahead.
    pub(super) fn has(&self, keyword: &str) -> bool {
        let ahead = self.words.get(self.at..).unwrap_or_default();
        ahead.iter().any(|word| matches!(word, Word::Plain(word) if word == keyword))
    }

    /// Skips this sign if it comes next.
    fn sign(&mut self, sign: char) -> bool {
        let is_next = self.words.get(self.at) == Some(&Word::Sign(sign));
        self.at += usize::from(is_next);
        is_next
    }

    /// A name, as it stands in the catalog.
    pub(super) fn name(&mut self) -> Option<String> {
        let name = match self.words.get(self.at)? {
            Word::Plain(name) | Word::Quoted(name) => name.clone(),
            Word::Sign(_) => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// A name with its schema, quoted: what `to_regclass` takes.
    pub(super) fn path(&mut self) -> Option<String> {
        let quoted = |name: String| format!("\"{}\"", name.replace('"', "\"\""));
        let mut path = quoted(self.name()?);
        while self.words.get(self.at) == Some(&Word::Sign('.')) {
            self.at += 1;
            path = format!("{path}.{}", quoted(self.name()?));
        }
        Some(path)
    }
}

/// A parameter of a query that is a name in the author's SQL, as the catalog has it: the server
/// truncates one that is too long at a character of its own encoding. Only the cast does that; a
/// parameter of the type `name` is refused.
pub(super) fn as_name(parameter: usize) -> String {
    format!("${parameter}::pg_catalog.text::pg_catalog.name")
}

/// Enough of a statement: what says what it is comes first.
const ENOUGH: usize = 64;

fn lex(sql: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        if words.len() >= ENOUGH {
            break;
        }
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once(['\n', '\r']).map_or("", |(_, rest)| rest);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest);
        } else if first == '"' {
            let (name, after) = quoted(&rest[1..]);
            words.push(Word::Quoted(name));
            rest = after;
        } else if first.is_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .unwrap_or(rest.len());
            words.push(Word::Plain(rest[..end].to_ascii_lowercase()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                words.push(Word::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    words
}

/// Returns the text after a comment; comments nest.
fn after_comment(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if rest.is_empty() {
            break;
        } else if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return &text[at..];
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    ""
}

/// A name whose opening quote was read, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    while let Some((part, after)) = rest.split_once('"') {
        name += part;
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return (name, after),
        }
    }
    (name + rest, "")
}

/// Whether the statement commits what it has done whenever it likes: of any other, all is done or
/// nothing, as far as it cannot simply be done again.
pub(super) fn commits_as_it_goes(sql: &str) -> bool {
    let mut words = Words::of(sql);
    words.eat("call") || words.eat("do")
}

/// What a statement takes the name from: it drops, renames or moves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unnamed {
    /// Relations, quoted with their schema, as `to_regclass` takes them.
    pub(crate) relations: Vec<String>,
    /// Schemas, as the catalog has their names.
    pub(crate) schemas: Vec<String>,
    /// Whether it drops them.
    pub(crate) drops: bool,
}

/// Returns what is renamed or dropped by this statement, as far as its first words show.
pub(crate) fn unnamed(sql: &str) -> Option<Unnamed> {
    const RELATIONS: [&str; 5] =
        ["table", "foreign table", "view", "materialized view", "sequence"];
    let mut words = Words::of(sql);
    let drops = words.eat("drop");
    if !drops && !words.eat("alter") {
        return None;
    }
    let is_schema = words.eat("schema");
    if !is_schema && !RELATIONS.iter().any(|kind| words.eat(kind)) {
        return None;
    }
    words.eat("if exists");
    words.eat("only");
    let mut unnamed = Unnamed { relations: Vec::new(), schemas: Vec::new(), drops };
    loop {
        match is_schema {
            true => unnamed.schemas.push(words.name()?),
            false => unnamed.relations.push(words.path()?),
        }
        if !(drops && words.sign(',')) {
            break;
        }
    }
    (drops || words.eat("rename to") || words.eat("set schema")).then_some(unnamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_its_name() {
        let of = |sql| unnamed(sql).map(|it| (it.relations, it.schemas, it.drops));
        let text = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            of("DROP TABLE IF EXISTS a, s.\"B\" CASCADE"),
            Some((text(&["\"a\"", "\"s\".\"B\""]), text(&[]), true))
        );
        let renamed = Some((text(&["\"a\""]), text(&[]), false));
        assert_eq!(of("alter table only A rename TO b"), renamed);
        assert_eq!(of("ALTER MATERIALIZED VIEW a SET SCHEMA b"), renamed);
        assert_eq!(of("ALTER SCHEMA a RENAME TO b"), Some((text(&[]), text(&["a"]), false)));
        for other in
            ["ALTER TABLE a RENAME b TO c", "ALTER TABLE a ADD b int", "DROP INDEX a", "DROP"]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn names_and_keywords() {
        let mut words =
            Words::of("/* a /* b */ */ create -- x\n Unique index \"a\"\"B\" on App.\"T\" (x)");
        assert!(words.eat("create unique index") && !words.eat("concurrently"));
        assert_eq!(words.name().as_deref(), Some("a\"B"));
        assert!(words.eat("on") && words.has("x") && !words.has("y"));
        assert_eq!(words.path().as_deref(), Some("\"app\".\"T\""));
        assert_eq!(words.name(), None);
    }

    #[test]
    fn nothing_is_too_strange() {
        for text in ["", "\"", "/*", "--", "'é'", "(((", "\"a\"\"", "é\u{301}"] {
            let mut words = Words::of(text);
            _ = words.path();
        }
    }
}
