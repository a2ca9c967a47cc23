//! Names and texts that should not be chosen, in every verb: the server reads what we meant.
//!
//! Statements are only parsed, by the protocol's `Parse` message. It takes one statement and no
//! more, so text that escapes from its quotes is a syntax error.

use std::collections::BTreeMap;

use migrate_dsl::operations::tests::{operation, verbs};
use migrate_dsl::prelude::*;
use migrate_dsl::{Identifier, LikeOption, MAX_NAME_BYTES, Pgm, Statement, quote_literal, split};
use migrate_tests::{TestDatabase, server};
use postgres::Client;
use postgres::error::SqlState;

/// Verbs whose names stand without quotes; they refuse what would need some.
const UNQUOTED: &str = "operator";

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        // https://en.wikipedia.org/wiki/Xorshift#xorshift*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits fit") % end
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Pieces that mean something to a lexer, put together.
    fn text(&mut self, bytes: usize) -> String {
        const PIECES: &[&str] = &[
            "\"",
            "'",
            "\\",
            "$",
            "$$",
            "$a$",
            ";",
            "--",
            "/*",
            "*/",
            "\n",
            "\r",
            "\t",
            " ",
            "%",
            "%s",
            ":",
            ":a",
            "::",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ".",
            "?",
            "@",
            "E'",
            "U&\"",
            "$1",
            "$migrate$",
            "a",
            "Z",
            "9",
            "_",
            "ł",
            "漢",
            "🦀",
            "\u{301}",
            "\u{a0}",
            "\u{1}",
            "select",
            "BEGIN ATOMIC",
            "END",
            "null",
            "a.b",
            "drop table x",
        ];
        let length = 1 + self.below(bytes);
        let mut text = String::new();
        loop {
            let piece = PIECES[self.below(PIECES.len())];
            if text.len() + piece.len() > length {
                break;
            }
            text += piece;
        }
        if text.is_empty() { "\"".to_owned() } else { text }
    }
}

/// The verb, and its statements both ways for the server at hand: none if it is too old for them.
fn statements(verb: impl FnOnce(&mut Pgm)) -> (&'static str, Vec<Statement>) {
    let operation = operation(verb);
    let mut statements = operation.statements();
    statements.extend_from_slice(operation.inverse().statements());
    let major = server().major();
    let mut required = statements.iter().flat_map(|statement| &statement.requires);
    if required.any(|required| required.version > major) {
        return (operation.verb(), Vec::new());
    }
    statements.retain(|statement| {
        let until = if statement.until == 0 { u32::MAX } else { statement.until };
        (statement.since..until).contains(&major)
    });
    (operation.verb(), statements)
}

fn names(count: usize) -> Vec<String> {
    let mut numbers = Numbers(20_260_101);
    (0..count).map(|_| numbers.text(MAX_NAME_BYTES)).collect()
}

/// Returns what is wrong with a statement that is to be sent, if anything.
fn wrong(client: &mut Client, statement: &Statement) -> Option<String> {
    let pieces = split(&statement.sql);
    if pieces.len() != 1 || pieces[0].sql != statement.sql {
        return Some(format!("it is split into {pieces:?}"));
    }
    let error = client.prepare(&statement.sql).err()?;
    let Some(code) = error.code() else { return Some(format!("{error:?}")) };
    let read = *code != SqlState::SYNTAX_ERROR && !code.code().starts_with("22");
    (!read).then(|| error.as_db_error().map_or_else(String::new, ToString::to_string))
}

#[test]
fn what_reaches_out_of_its_quotes_is_seen() {
    let database = TestDatabase::new();
    let mut client = database.client();
    for sql in ["DROP TABLE \"a\"; DROP TABLE b", "DROP TABLE \"a", "DROP TABLE \"a\"b\"", "GONE"] {
        assert!(wrong(&mut client, &Statement::raw(sql)).is_some(), "{sql}");
        assert!(client.prepare(sql).is_err(), "{sql}");
    }
    assert_eq!(wrong(&mut client, &Statement::raw("DROP TABLE \"a; b\"")), None);
}

#[test]
fn every_verb_keeps_hostile_names_inside_their_quotes() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let mut failed = Vec::new();
    let mut sent = BTreeMap::new();
    let plain = ["plain".to_owned(), "+".to_owned(), "C".to_owned()];
    for name in plain.into_iter().chain(names(40)) {
        for verb in verbs(&name) {
            let (verb, statements) = statements(verb);
            let sent = sent.entry(verb).or_insert(0);
            for statement in &statements {
                if statement.problems.is_empty() {
                    *sent += 1;
                    if let Some(wrong) = wrong(&mut client, statement) {
                        failed.push(format!("{verb}: {wrong}\n{}", statement.sql));
                    }
                } else if !verb.contains(UNQUOTED) {
                    failed.push(format!("{verb} refuses {name:?}: {:?}", statement.problems));
                }
            }
        }
    }
    failed.truncate(20);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let never = sent.iter().filter(|(_, sent)| **sent == 0);
    // Newer servers have them all.
    assert!(never.clone().count() == 0 || server().major() < 18, "never sent: {never:?}");
}

#[test]
fn a_name_that_cannot_be_is_refused_by_every_verb() {
    for name in ["", "a\0b", "\0", &"ł".repeat(32)] {
        for verb in verbs(name) {
            let (verb, statements) = statements(verb);
            let refused = statements.iter().any(|statement| !statement.problems.is_empty());
            assert!(refused || statements.is_empty(), "{verb} takes {name:?}: {statements:?}");
        }
    }
}

#[test]
fn the_server_reads_back_names_and_texts_as_they_were() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let mut numbers = Numbers(7);
    for _ in 0..300 {
        let (name, text) = (numbers.text(MAX_NAME_BYTES), numbers.text(300));
        let quoted = Identifier::from(name.as_str()).quoted();
        let sql = format!("SELECT {} AS {quoted}", quote_literal(&text));
        let row = client.query_one(&sql, &[]).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
        assert_eq!(row.columns()[0].name(), name);
        assert_eq!(row.get::<_, String>(0), text);
    }
}

/// Options on and off at random, with hostile names and texts.
fn at_random(pgm: &mut Pgm, numbers: &mut Numbers) {
    let (name, text) = (numbers.text(MAX_NAME_BYTES), numbers.text(200));
    let (n, text) = (name.as_str(), text.as_str());
    macro_rules! perhaps {
        ($builder:ident: $($option:ident($($argument:expr),*)),* $(,)?) => {
            $(if numbers.yes() { $builder.$option($($argument),*); })*
        };
    }
    match numbers.below(7) {
        0 => {
            let index = pgm.create_index((n, n), [col(n).desc(), expr("lower(x)")]);
            perhaps!(index: named(n), unique(), nulls_not_distinct(), concurrently(),
                if_not_exists(), only(), using(n), include([n, n]), parameter(n, text),
                tablespace(n), only_where("true"), comment(text));
        }
        1 => {
            let table = pgm.create_table(n, |t| {
                let column = t.column(n, n).default(text).comment(text);
                let column = if numbers.yes() { column.array() } else { column };
                let column = if numbers.yes() { column.not_null() } else { column };
                let column = if numbers.yes() { column.collate((n, n)) } else { column };
                if numbers.yes() {
                    column.references((n, n), n).on_delete(Cascade).initially_deferred();
                }
                if numbers.yes() {
                    t.like((n, n)).including(LikeOption::All);
                }
                if numbers.yes() {
                    t.check("true").named(n).no_inherit();
                }
            });
            perhaps!(table: if_not_exists(), parameter(n, text), tablespace(n), comment(text));
        }
        2 => {
            let view = pgm.create_view((n, n), "SELECT 1 AS a");
            view.columns(n);
            perhaps!(view: or_replace(), recursive(), parameter(n, text), check_option(),
                comment(text));
        }
        3 => {
            let function = pgm.create_function((n, n), |f| {
                f.argument(n, (n, n)).default(text);
                f.returns(n);
                perhaps!(f: stable(), strict(), cost(3), security_definer(), set(n, [text, text]));
                match numbers.below(3) {
                    0 => f.plpgsql(text),
                    1 => f.body(n, text),
                    _ => f.return_expr(quote_literal(text)),
                };
            });
            perhaps!(function: or_replace(), comment(text));
        }
        4 => {
            let trigger = pgm.create_trigger((n, n), n);
            trigger.after().update_of([n, n]).each_row();
            perhaps!(trigger: insert(), delete(), when("true"), arguments([text, n]));
            trigger.execute((n, n));
        }
        5 => {
            let sequence = pgm.create_sequence((n, n));
            perhaps!(sequence: if_not_exists(), start(0), increment(-1), min_value(-9), cache(7),
                cycle(), owned_by((n, n), n));
        }
        _ => {
            let domain = pgm.create_domain((n, n), (n, n));
            perhaps!(domain: default(text), not_null(), collate((n, n)), check_named(n, "true"),
                comment(text));
        }
    }
}

#[test]
fn options_go_together_as_they_come() {
    let database = TestDatabase::new();
    let mut client = database.client();
    let mut numbers = Numbers(99);
    let mut failed = Vec::new();
    for _ in 0..1500 {
        let (verb, statements) = statements(|pgm| at_random(pgm, &mut numbers));
        for statement in statements.iter().filter(|statement| statement.problems.is_empty()) {
            if let Some(wrong) = wrong(&mut client, statement) {
                failed.push(format!("{verb}: {wrong}\n{}", statement.sql));
            }
        }
    }
    failed.truncate(20);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
