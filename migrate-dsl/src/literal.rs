//! Values, and the only place where a literal is quoted.

use crate::Expression;

/// `text` as a string literal that reads the same whatever `standard_conforming_strings` says,
/// see [String Constants]. PostgreSQL has no zero byte in text, so one is left out.
///
/// ```
/// use migrate_dsl::quote_literal;
/// assert_eq!(quote_literal("it's"), "'it''s'");
/// assert_eq!(quote_literal(r"a\b"), r"E'a\\b'");
/// ```
///
/// [String Constants]: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS
#[must_use]
pub fn quote_literal(text: &str) -> String {
    // An inverse that was captured may be long: it is copied once.
    let mut quoted = String::with_capacity(text.len() + text.len() / 8 + 3);
    quoted.push_str(if text.contains('\\') { "E'" } else { "'" });
    for letter in text.chars() {
        match letter {
            '\0' => {}
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// `text` between [dollars](https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-DOLLAR-QUOTING),
/// with the first tag that does not end it early.
pub(crate) fn dollar_quote(text: &str) -> String {
    let text = text.replace('\0', "");
    let numbered = (2..).map(|number| format!("$body{number}$"));
    ["$$".to_owned(), "$body$".to_owned()]
        .into_iter()
        .chain(numbered)
        .map(|fence| (fence.len(), format!("{fence}{text}{fence}")))
        .find(|(length, quoted)| quoted[*length..].find(&quoted[..*length]) == Some(text.len()))
        .map(|(_, quoted)| quoted)
        .expect("a text holds finitely many tags")
}

/// A column's default: a value, or an expression given by [`expr`](crate::expr).
///
/// The two are different on purpose: `default("now()")` is the seven characters `now()`,
/// `default(expr("now()"))` is the time of each insert.
#[derive(Debug, Clone, PartialEq)]
pub enum DefaultValue {
    /// A constant.
    Literal(Literal),
    /// Evaluated at each insert.
    Expression(Expression),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction; `NaN` and the infinities are written as PostgreSQL reads them.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Literal {
    /// The constant as SQL.
    #[must_use]
    pub fn sql(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) if value.is_nan() => "'NaN'".to_owned(),
            Self::Float(value) if value.is_infinite() => {
                if *value > 0.0 { "'Infinity'" } else { "'-Infinity'" }.to_owned()
            }
            Self::Float(value) => format!("{value:?}"),
            Self::Text(value) => quote_literal(value),
            Self::Bytes(value) => {
                let hex = value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                quote_literal(&format!("\\x{hex}"))
            }
        }
    }
}

impl DefaultValue {
    /// The default as SQL.
    #[must_use]
    pub fn sql(&self) -> String {
        match self {
            Self::Literal(literal) => literal.sql(),
            Self::Expression(expression) => expression.sql().to_owned(),
        }
    }

    /// What the writer of `default("now()")` surely meant.
    pub(crate) fn hint(&self) -> Option<String> {
        let Self::Literal(Literal::Text(text)) = self else {
            return None;
        };
        let word = text.trim().to_ascii_lowercase();
        let call = word.ends_with(')') && word.contains('(') && !word.starts_with('(');
        let keyword = ["current_timestamp", "current_date", "current_user", "localtimestamp"];
        (call || keyword.contains(&word.as_str())).then(|| {
            format!(
                "the default is the text {}, not the value of an expression: \
                 write `default(expr({text:?}))` for that",
                quote_literal(text)
            )
        })
    }
}

impl From<Expression> for DefaultValue {
    fn from(expression: Expression) -> Self {
        Self::Expression(expression)
    }
}

impl<T: Into<Literal>> From<T> for DefaultValue {
    fn from(value: T) -> Self {
        Self::Literal(value.into())
    }
}

impl From<&str> for Literal {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Literal {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Literal {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<f32> for Literal {
    fn from(value: f32) -> Self {
        Self::Float(f64::from(value))
    }
}

impl From<&[u8]> for Literal {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<Vec<u8>> for Literal {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Literal>> From<Option<T>> for Literal {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Literal {
            fn from(value: $integer) -> Self {
                Self::Integer(i128::from(value))
            }
        }
    )*};
}
from_integers!(i8 i16 i32 i64 i128 u8 u16 u32 u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_as_sql() {
        let sql = |value: Literal| value.sql();
        assert_eq!(sql(0.into()), "0");
        assert_eq!(sql(false.into()), "false");
        assert_eq!(sql((-1.5).into()), "-1.5");
        assert_eq!(sql(f64::NAN.into()), "'NaN'");
        assert_eq!(sql(f64::NEG_INFINITY.into()), "'-Infinity'");
        assert_eq!(sql("".into()), "''");
        assert_eq!(sql("Łódź".into()), "'Łódź'");
        assert_eq!(sql(b"\x00\xff".as_slice().into()), r"E'\\x00ff'");
        assert_eq!(sql(None::<i32>.into()), "NULL");
    }

    #[test]
    fn a_body_ends_where_it_ends() {
        assert_eq!(dollar_quote("RETURN 1;"), "$$RETURN 1;$$");
        assert_eq!(dollar_quote("EXECUTE $$x$$"), "$body$EXECUTE $$x$$$body$");
        assert_eq!(dollar_quote("costs 1$"), "$body$costs 1$$body$");
        assert_eq!(dollar_quote("$$ $body$"), "$body2$$$ $body$$body2$");
        assert_eq!(dollar_quote("$$x$body"), "$body2$$$x$body$body2$");
    }

    #[test]
    fn a_text_that_looks_like_a_call_gets_a_hint() {
        assert!(DefaultValue::from("now()").hint().unwrap().contains("expr(\"now()\")"));
        assert_eq!(DefaultValue::from("(none)").hint(), None);
        assert_eq!(DefaultValue::from(expr()).hint(), None);
        fn expr() -> Expression {
            crate::expr("now()")
        }
    }
}
