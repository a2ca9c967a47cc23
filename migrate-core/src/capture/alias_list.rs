//! Lists of column aliases in statements that the server has written.

/// A list in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AliasList {
    pub(super) of: Of,
    pub(super) names: Vec<String>,
    /// Where the names are in the text.
    pub(super) place: std::ops::Range<usize>,
}

/// What the columns are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    Relation(String),
    Function(String),
    /// A subquery, or `VALUES`: the text itself says their order.
    Query,
    /// A join, or several functions.
    Unknown,
}

/// A word, with the names before it that it is qualified with; a mark; or a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    start: usize,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn is_name(&self) -> bool {
        self.text
            .starts_with(|letter: char| letter == '"' || letter == '_' || letter.is_alphabetic())
    }

    fn is_qualified(&self) -> bool {
        self.is_name() && names_of(self.text).len() > 1
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        if letter.is_whitespace() {
            continue;
        }
        let mut end = start + letter.len_utf8();
        let is_of_name = |letter: char| letter == '_' || letter == '$' || letter.is_alphanumeric();
        if letter == '\'' {
            // In what the server writes, a backslash escapes only in `E''`.
            let escapes = text[..start].ends_with('E');
            while let Some((at, letter)) = letters.next() {
                end = at + letter.len_utf8();
                if letter == '\\' && escapes {
                    letters.next();
                } else if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
                    break;
                }
            }
        } else if letter == '"' || is_of_name(letter) {
            let mut quoted = letter == '"';
            while let Some(&(at, next)) = letters.peek() {
                let ends = !quoted && next != '.' && next != '"' && !is_of_name(next);
                // After a number, or a name, what begins with a quote is something else.
                if ends || next == '"' && !quoted && !text[..at].ends_with(['.', '"']) {
                    break;
                }
                if next == '"' {
                    quoted = !quoted;
                }
                end = at + next.len_utf8();
                letters.next();
            }
        }
        tokens.push(Token { text: &text[start..end], start });
    }
    tokens
}

/// The parts of a name, without quotes.
pub(super) fn names_of(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match (letter, names.last_mut()) {
            ('"', Some(name)) if quoted && letters.next_if_eq(&'"').is_some() => name.push('"'),
            ('"', _) => quoted = !quoted,
            ('.', _) if !quoted => names.push(String::new()),
            (letter, Some(name)) => name.push(letter),
            (_, None) => {}
        }
    }
    names
}

/// The lists of a statement that the server has written. There the bracket follows the alias
/// without a blank, and the alias a name with its schema, or a bracket.
pub(super) fn alias_lists(text: &str) -> Vec<AliasList> {
    let tokens = tokens(text);
    let mut lists = Vec::new();
    for (index, window) in tokens.windows(3).enumerate() {
        let [before, alias, open] = window else { continue };
        let is_alias = alias.is_name() && !alias.is_qualified() && open.text == "(";
        if !is_alias || open.start != alias.end() || before.end() == alias.start {
            continue;
        }
        let of = match before.text {
            ")" => of_bracket(&tokens, index),
            "ORDINALITY" if index > 1 && tokens[index - 2].text == ")" => {
                of_bracket(&tokens, index - 2)
            }
            _ if before.is_qualified() => Some(Of::Relation(before.text.to_owned())),
            _ => None,
        };
        let inner =
            tokens[index + 3..].iter().take_while(|token| token.text != ")").collect::<Vec<_>>();
        let is_list = inner.len() % 2 == 1
            && inner.iter().enumerate().all(|(number, token)| match number % 2 {
                0 => token.is_name() && !token.is_qualified(),
                _ => token.text == ",",
            });
        let (Some(of), true, Some(first), Some(last)) = (of, is_list, inner.first(), inner.last())
        else {
            continue;
        };
        let names = inner.iter().step_by(2).map(|token| names_of(token.text).concat());
        lists.push(AliasList { of, names: names.collect(), place: first.start..last.end() });
    }
    lists
}

/// Returns the number of columns of a text that is a single `SELECT`.
pub(super) fn width_of_query(text: &str) -> Option<usize> {
    let tokens = tokens(text);
    if tokens.first()?.text != "SELECT" || tokens.iter().any(|token| token.text == ";") {
        return None;
    }
    let mut depth = 0_usize;
    let mut width = 1;
    for (before, token) in tokens.iter().zip(tokens.iter().skip(1)) {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "," if depth == 0 => width += 1,
            "FROM" if depth == 0 && before.text == "DISTINCT" => {}
            "FROM" | "WHERE" | "UNION" | "INTERSECT" | "EXCEPT" if depth == 0 => break,
            _ => {}
        }
    }
    Some(width)
}

/// Returns what the bracket that ends at this token belongs to.
fn of_bracket(tokens: &[Token<'_>], end: usize) -> Option<Of> {
    let mut depth = 0_usize;
    let open = (0..=end).rev().find(|&index| {
        match tokens[index].text {
            ")" => depth += 1,
            "(" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })?;
    let called = open.checked_sub(1).map(|index| &tokens[index]);
    let called = called.filter(|name| name.is_name() && name.end() == tokens[open].start);
    Some(match called {
        Some(name) if name.is_qualified() => Of::Function(name.text.to_owned()),
        Some(_) => Of::Unknown,
        None if ["SELECT", "VALUES", "WITH"].contains(&tokens.get(open + 1)?.text) => Of::Query,
        None => Of::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Of, String)> {
        let lists = alias_lists(text).into_iter();
        lists.map(|list| (list.of, text[list.place].to_owned())).collect()
    }

    #[test]
    fn the_columns_of_a_query_are_counted() {
        for (text, width) in [
            ("SELECT 1", Some(1)),
            ("SELECT x.a, x.\"b, c\" FROM t x, u", Some(2)),
            ("SELECT f(1, 2), ARRAY[1, 2], 'a, b'", Some(3)),
            ("SELECT a IS DISTINCT FROM b, c FROM t", Some(2)),
            ("SELECT 1, 2 UNION SELECT 3, 4", Some(2)),
            ("VALUES (1, 2)", None),
            ("SELECT 1; SELECT 2", None),
        ] {
            assert_eq!(width_of_query(text), width, "{text}");
        }
    }

    #[test]
    fn lists_are_found_with_what_they_are_of() {
        let relation = |name: &str| Of::Relation(name.to_owned());
        let function = |name: &str| Of::Function(name.to_owned());
        let text = "SELECT lower(t.a) AS lower, (x.c).d FROM public.t t(id, \"B, )\", c) \
                    JOIN ONLY public.\"u u\" x(a, b) USING (id)";
        let expected =
            [(relation("public.t"), "id, \"B, )\", c"), (relation("public.\"u u\""), "a, b")];
        assert_eq!(found(text), expected.map(|(of, names)| (of, names.to_owned())));
        for (text, of) in [
            ("FROM public.f('it''s (', 2) f(a, b)", function("public.f")),
            ("FROM public.f(E'\\'') WITH ORDINALITY f(a, b)", function("public.f")),
            ("FROM (public.t JOIN public.u USING (id)) j(a, b)", Of::Unknown),
            ("FROM unnest(x.a) y(a, b)", Of::Unknown),
            ("FROM ( SELECT 1, 2) y(a, b)", Of::Query),
            ("FROM (VALUES (1, 2)) y(a, b)", Of::Query),
        ] {
            assert_eq!(found(text), [(of, "a, b".to_owned())], "{text}");
        }
        for text in [
            "SELECT a FROM public.t WHERE t.a = lower(b)",
            "SELECT CASE WHEN t.a THEN lower(b) ELSE upper(c) END",
            "SELECT 'public.t t(a, b)'",
            "FROM public.t x JOIN public.u USING (id)",
            "FROM public.f() x(a integer, b text)",
            "SELECT x::public.t OPERATOR(public.=) y",
            "SELECT x.a AND lower(b) OR (c) OR lower(d)",
            "SELECT ((",
            "x.y z(",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
