//! Raw statements that would end or outlive the engine's transaction, or that need a client which
//! sends or takes rows.

use super::{Token, Tokens};

/// What to write instead of what the engine cannot or must not run.
pub(crate) fn refused(statement: &str) -> Option<String> {
    command_of_psql(statement).or_else(|| transaction_control(statement))
}

/// Whether rows follow this statement.
pub(crate) fn sends_rows(statement: &str) -> bool {
    let mut tokens = Tokens::new(statement);
    let first = std::iter::from_fn(|| tokens.next()).find(|(t, _)| !matches!(t, Token::Blank));
    first.is_some_and(|(token, _)| token.is(&["copy"])) && copies(statement, "from")
}

/// What to write instead of a command of psql: a backslash outside of quotes is never SQL.
fn command_of_psql(statement: &str) -> Option<String> {
    let mut tokens = Tokens::new(statement);
    let mut tokens = std::iter::from_fn(|| tokens.next());
    let (_, at) = tokens.find(|(token, _)| matches!(token, Token::Symbol(b'\\')))?;
    let command = statement[at..].split_whitespace().next().unwrap_or("\\");
    let advice = match command {
        "\\c" | "\\connect" => "leave it out: a migration runs on the database it is asked to",
        "\\i" | "\\include" | "\\ir" | "\\include_relative" => "write `pgm.sql_file(\"…\")`",
        "\\copy" | "\\." => "put the rows into a file and write `pgm.copy_from(\"…\", \"…\")`",
        "\\g" | "\\gexec" | "\\gx" | "\\gset" => "write the statements that it would run",
        _ => "leave it out",
    };
    Some(format!("`{command}` is a command of psql, not SQL; {advice}"))
}

/// What to write instead where a statement would end or outlive the engine's transaction.
fn transaction_control(statement: &str) -> Option<String> {
    let mut tokens = Tokens::new(statement);
    let mut words = std::iter::from_fn(move || {
        loop {
            match tokens.next()?.0 {
                Token::Blank => {}
                Token::Word(word) => return Some(word),
                Token::Symbol(_) | Token::Quoted => return None,
            }
        }
    });
    let written = words.next()?;
    let first = written.to_ascii_lowercase();
    let second = words.next().unwrap_or_default().to_ascii_lowercase();
    let third = words.next().unwrap_or_default().to_ascii_lowercase();
    let advice = match first.as_str() {
        "begin" => {
            "starts a transaction, but each migration already runs in one: remove this statement"
        }
        "start" if second == "transaction" => {
            "starts a transaction, but each migration already runs in one: remove this statement"
        }
        "rollback" if second == "to" || third == "to" => return None,
        "commit" | "end" | "rollback" | "abort" => {
            "ends the transaction that the migration shares with its history row: remove it, or \
             split the migration in two"
        }
        "prepare" if second == "transaction" => {
            "would detach the transaction from the migration: remove it"
        }
        "set" if second == "local" || second == "constraints" || second == "transaction" => {
            return None;
        }
        "set" => "would last beyond the migration: write `SET LOCAL`",
        "reset" | "discard" => {
            "would undo the session's settings, on which the engine relies: leave it out"
        }
        "copy" => return copies_through_client(statement).map(str::to_owned),
        "select" if sets_for_session(statement) => {
            return Some(
                "`set_config` with `false` would last beyond the migration: \
                 write `SET LOCAL`, or `true` as its third argument"
                    .to_owned(),
            );
        }
        _ => return None,
    };
    Some(format!("`{written}` {advice}"))
}

/// What to write instead of a `COPY` that asks the client for rows, or gives it some.
fn copies_through_client(statement: &str) -> Option<&'static str> {
    if copies(statement, "from") {
        return Some(
            "`COPY … FROM STDIN` reads from the client, which has nothing to send: \
             put the rows into a file and write `pgm.copy_from(\"…\", \"…\")`",
        );
    }
    copies(statement, "to").then_some(
        "`COPY … TO STDOUT` writes to the client, which has no place for it: \
         copy to a file of the server, or leave it out",
    )
}

/// Whether the `COPY` goes in this direction through the client. PostgreSQL takes `STDIN` and
/// `STDOUT` for the same.
fn copies(statement: &str, direction: &str) -> bool {
    let tokens = outside_parentheses(statement);
    let is =
        |at: usize, keywords: &[&str]| matches!(tokens.get(at), Some(token) if token.is(keywords));
    let at = (0..tokens.len()).find(|at| is(*at, &["from", "to"]));
    at.is_some_and(|at| is(at, &[direction]) && is(at + 1, &["stdin", "stdout"]))
}

/// Whether a `SELECT` has `set_config(.., .., false)` in its list: a `SET` in other words.
fn sets_for_session(statement: &str) -> bool {
    let mut tokens = Tokens::new(statement);
    let mut depth = 0_usize;
    // The two before, of which `pg_catalog.` may be the first.
    let mut before: [Option<Token<'_>>; 2] = [None, None];
    while let Some((token, _)) = tokens.next() {
        match token {
            Token::Blank => continue,
            Token::Symbol(b'(') => depth += 1,
            Token::Symbol(b')') => depth = depth.saturating_sub(1),
            Token::Word(_) if depth == 0 && token.is(&["from", "where"]) => return false,
            Token::Word(_) if depth == 0 && token.is(&["set_config"]) => {
                let builtin = match &before {
                    [Some(schema), Some(Token::Symbol(b'.'))] => schema.is(&["pg_catalog"]),
                    _ => true,
                };
                if builtin && third_argument_is_false(&statement[tokens.position..]) {
                    return true;
                }
            }
            Token::Word(_) | Token::Symbol(_) | Token::Quoted => {}
        }
        before.swap(0, 1);
        before[1] = Some(token);
    }
    false
}

/// Of a text that begins with the arguments of a call.
fn third_argument_is_false(call: &str) -> bool {
    let mut tokens = Tokens::new(call);
    let mut depth = 0_usize;
    let mut commas = 0;
    let mut third = Vec::new();
    while let Some((token, _)) = tokens.next() {
        match token {
            Token::Blank => continue,
            Token::Symbol(b'(') => depth += 1,
            Token::Symbol(b')') if depth <= 1 => break,
            Token::Symbol(b')') => depth -= 1,
            Token::Symbol(b',') if depth == 1 => {
                commas += 1;
                continue;
            }
            _ if depth == 0 => return false,
            Token::Word(_) | Token::Symbol(_) | Token::Quoted => {}
        }
        if commas == 2 {
            third.push(token);
        }
    }
    matches!(&third[..], [only] if only.is(&["false"]))
}

/// The tokens that stand in no parentheses, without white space and comments.
fn outside_parentheses(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Tokens::new(text);
    let mut depth = 0_usize;
    let mut outside = Vec::new();
    while let Some((token, _)) = tokens.next() {
        match token {
            Token::Blank => {}
            Token::Symbol(b'(') => depth += 1,
            Token::Symbol(b')') => depth = depth.saturating_sub(1),
            token if depth == 0 => outside.push(token),
            Token::Word(_) | Token::Symbol(_) | Token::Quoted => {}
        }
    }
    outside
}
