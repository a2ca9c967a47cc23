//! `macro_rules!` as far as the language uses them, so that what they define is seen.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseBuffer, Parser as _};

/// The rules of a macro: what it is called with, and what it stands for.
pub(super) struct Macro {
    rules: Vec<(Vec<Pattern>, TokenStream)>,
}

enum Pattern {
    Token(TokenTree),
    Group(Delimiter, Vec<Pattern>),
    Variable(String, String),
    Repeated(Vec<Pattern>, Option<char>, char),
}

#[derive(Clone)]
enum Value {
    Tokens(TokenStream),
    Many(Vec<BTreeMap<String, Value>>),
}

type Values = BTreeMap<String, Value>;

impl Macro {
    /// Reads the definition: `{ (pattern) => { body }; .. }`.
    pub(super) fn new(definition: TokenStream) -> Self {
        let groups: Vec<Group> = definition
            .into_iter()
            .filter_map(|token| match token {
                TokenTree::Group(group) => Some(group),
                _ => None,
            })
            .collect();
        let rules = groups.chunks_exact(2);
        let rules = rules.map(|rule| (patterns(rule[0].stream()), rule[1].stream()));
        Self { rules: rules.collect() }
    }

    /// Returns the expansion of the macro with this input, by the first rule that matches.
    pub(super) fn expand(&self, input: &TokenStream) -> Option<TokenStream> {
        self.rules.iter().find_map(|(pattern, body)| {
            let matches = |input: &ParseBuffer<'_>| {
                let values = matched(pattern, input)?;
                if input.is_empty() { Ok(values) } else { Err(input.error("more than expected")) }
            };
            let values = matches.parse2(input.clone()).ok()?;
            Some(written(body.clone(), &values))
        })
    }
}

fn patterns(tokens: TokenStream) -> Vec<Pattern> {
    let mut found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        found.push(match token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Group(group)) => {
                    let (separator, sign) = repetition(&mut tokens);
                    Pattern::Repeated(patterns(group.stream()), separator, sign)
                }
                Some(TokenTree::Ident(name)) => {
                    tokens.next(); // the colon
                    let fragment = tokens.next().map(|fragment| fragment.to_string());
                    Pattern::Variable(name.to_string(), fragment.unwrap_or_default())
                }
                other => panic!("`${other:?}` in a macro"),
            },
            TokenTree::Group(group) => Pattern::Group(group.delimiter(), patterns(group.stream())),
            token => Pattern::Token(token),
        });
    }
    found
}

/// Returns what follows `$( .. )`: a separator, if any, and one of `*`, `+` and `?`.
fn repetition(tokens: &mut impl Iterator<Item = TokenTree>) -> (Option<char>, char) {
    let mut sign = || match tokens.next() {
        Some(TokenTree::Punct(sign)) => sign.as_char(),
        other => panic!("`$(..)` is followed by `{other:?}`"),
    };
    match sign() {
        first @ ('*' | '+' | '?') => (None, first),
        separator => (Some(separator), sign()),
    }
}

fn matched(patterns: &[Pattern], input: &ParseBuffer<'_>) -> syn::Result<Values> {
    let mut values = Values::new();
    for pattern in patterns {
        match pattern {
            Pattern::Token(expected) => {
                let found: TokenTree = input.parse()?;
                if found.to_string() != expected.to_string() {
                    return Err(input.error("another token"));
                }
            }
            Pattern::Group(delimiter, inside) => {
                let group: Group = input.parse()?;
                if group.delimiter() != *delimiter {
                    return Err(input.error("another delimiter"));
                }
                let whole = |input: &ParseBuffer<'_>| {
                    let values = matched(inside, input)?;
                    if input.is_empty() { Ok(values) } else { Err(input.error("more")) }
                };
                values.extend(whole.parse2(group.stream())?);
            }
            Pattern::Variable(name, fragment) => {
                values.insert(name.clone(), Value::Tokens(parsed(fragment, input)?));
            }
            Pattern::Repeated(inside, separator, sign) => {
                let rounds = repeated(inside, *separator, *sign, input)?;
                for name in names(inside) {
                    values.insert(name, Value::Many(rounds.clone()));
                }
            }
        }
    }
    Ok(values)
}

fn repeated(
    inside: &[Pattern],
    separator: Option<char>,
    sign: char,
    input: &ParseBuffer<'_>,
) -> syn::Result<Vec<Values>> {
    let mut rounds = Vec::new();
    loop {
        let ahead = input.fork();
        if !rounds.is_empty()
            && let Some(separator) = separator
        {
            match ahead.parse::<TokenTree>() {
                Ok(TokenTree::Punct(found)) if found.as_char() == separator => {}
                _ => break,
            }
        }
        if ahead.is_empty() {
            break;
        }
        let Ok(values) = matched(inside, &ahead) else { break };
        input.advance_to(&ahead);
        rounds.push(values);
        if sign == '?' {
            break;
        }
    }
    Ok(rounds)
}

fn names(patterns: &[Pattern]) -> Vec<String> {
    let names = patterns.iter().flat_map(|pattern| match pattern {
        Pattern::Token(_) => Vec::new(),
        Pattern::Group(_, inside) | Pattern::Repeated(inside, ..) => names(inside),
        Pattern::Variable(name, _) => vec![name.clone()],
    });
    names.collect()
}

fn parsed(fragment: &str, input: &ParseBuffer<'_>) -> syn::Result<TokenStream> {
    Ok(match fragment {
        "ident" => Ident::parse_any(input)?.into_token_stream(),
        "ty" => input.parse::<syn::Type>()?.into_token_stream(),
        "expr" => input.parse::<syn::Expr>()?.into_token_stream(),
        "literal" => input.parse::<syn::Lit>()?.into_token_stream(),
        "path" => input.parse::<syn::Path>()?.into_token_stream(),
        "block" => input.parse::<syn::Block>()?.into_token_stream(),
        "vis" => input.parse::<syn::Visibility>()?.into_token_stream(),
        "meta" => input.parse::<syn::Meta>()?.into_token_stream(),
        "tt" => input.parse::<TokenTree>()?.into_token_stream(),
        other => panic!("a macro of the language takes `{other}`: teach it to this reader"),
    })
}

/// The body with the values in it.
fn written(body: TokenStream, values: &Values) -> TokenStream {
    let mut text = TokenStream::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(dollar) if dollar.as_char() == '$' => match tokens.next() {
                Some(TokenTree::Group(group)) => {
                    let (separator, _) = repetition(&mut tokens);
                    let rounds = rounds(&group, values);
                    for (number, round) in rounds.iter().enumerate() {
                        if number > 0
                            && let Some(separator) = separator
                        {
                            let separator = proc_macro2::Punct::new(separator, Spacing::Alone);
                            text.extend([TokenTree::from(separator)]);
                        }
                        let mut all = values.clone();
                        all.extend(round.clone());
                        text.extend(written(group.stream(), &all));
                    }
                }
                Some(TokenTree::Ident(name)) => text.extend(value(&name, values)),
                other => panic!("`${other:?}` in the body of a macro"),
            },
            TokenTree::Group(group) => {
                let inside = written(group.stream(), values);
                text.extend([TokenTree::from(Group::new(group.delimiter(), inside))]);
            }
            token => text.extend([token]),
        }
    }
    text
}

fn value(name: &Ident, values: &Values) -> TokenStream {
    match values.get(&name.to_string()) {
        Some(Value::Tokens(tokens)) => tokens.clone(),
        // `$crate`
        _ => TokenStream::from(TokenTree::from(name.clone())),
    }
}

/// The rounds of the first repeated variable that the group mentions.
fn rounds(group: &Group, values: &Values) -> Vec<Values> {
    fn mentioned(tokens: TokenStream, found: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => mentioned(group.stream(), found),
                TokenTree::Ident(name) => found.push(name.to_string()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut names = Vec::new();
    mentioned(group.stream(), &mut names);
    let rounds = names.iter().find_map(|name| match values.get(name) {
        Some(Value::Many(rounds)) => Some(rounds.clone()),
        _ => None,
    });
    rounds.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(definition: &str, input: &str) -> String {
        let definition = Macro::new(definition.parse().unwrap());
        let text = definition.expand(&input.parse().unwrap()).unwrap().to_string();
        text.split_whitespace().collect()
    }

    #[test]
    fn a_type_in_place_of_a_variable() {
        let text =
            expanded("($a:ty, $b:ident) => { impl $a { fn x() { self.$b } } };", "Vec<u8>, field");
        assert_eq!(text, "implVec<u8>{fnx(){self.field}}");
    }

    #[test]
    fn repetitions_inside_repetitions() {
        let text = expanded(
            "($($name:ident ($($argument:ident: $type:ty)?) => [$($alias:literal),*];)*) => {
                 $(fn $name($($argument: $type)?) { [$($alias),*] })*
             };",
            r#"a() => ["x", "y"]; b(c: u8) => [];"#,
        );
        assert_eq!(text, r#"fna(){["x","y"]}fnb(c:u8){[]}"#);
    }
}
