//! A row of a reader. What is not one is an error: half an inverse would be worse than none.

use std::error::Error;

use postgres::Row;
use postgres::types::{FromSql, Type, accepts};

use super::super::class::class;
use super::super::fact::{Address, Need};
use super::super::form::{Phase, Style, When};
use super::super::kind::Kind;

/// What a row says of its object.
pub(super) struct ReaderRow {
    pub(super) address: Address,
    pub(super) what: What,
    pub(super) value: Option<String>,
    pub(super) content: Content,
}

/// The first column after the address; the words are in the [module](super) of the readers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Create,
    AmongRows,
    Drop,
    Name,
    Withheld,
    With,
    Needs,
    Fact,
    /// Of this setting, or of `create`.
    Limit {
        of: String,
        fails: bool,
    },
    /// All of the words are its name.
    Setting {
        name: String,
        when: When,
        style: Option<Style>,
    },
    /// By the letter of the kind of object.
    Privileges {
        name: String,
    },
    /// What it is as long as it does not inherit.
    Own(Box<What>),
}

/// The last column.
pub(super) enum Content {
    Statements(Vec<String>),
    Need(Option<Need>),
    Kind(Kind),
}

impl ReaderRow {
    pub(super) fn parse(row: &Row) -> Result<Self, postgres::Error> {
        let what: What = row.try_get(3)?;
        let content = match what.innermost() {
            What::Fact => Content::Kind(row.try_get::<_, One<Kind>>(5)?.0),
            What::With | What::Needs => {
                let need = row.try_get::<_, Option<WrittenNeed>>(5)?;
                Content::Need(need.and_then(|WrittenNeed(need)| need))
            }
            _ => {
                let statements: Option<Vec<Option<String>>> = row.try_get(5)?;
                // A statement of which a part is null is none.
                Content::Statements(statements.into_iter().flatten().flatten().collect())
            }
        };
        Ok(Self { address: Address::of_row(row), what, value: row.try_get(4)?, content })
    }
}

impl What {
    fn parse(text: &str) -> Option<Self> {
        let (word, name) = text.split_once(' ').unwrap_or((text, ""));
        let name = || name.to_owned();
        Some(match (word, name().as_str()) {
            ("create", "") => Self::Create,
            ("among", "rows") => Self::AmongRows,
            ("drop", "") => Self::Drop,
            ("name", "") => Self::Name,
            ("withheld", "") => Self::Withheld,
            ("with", "") => Self::With,
            ("needs", "") => Self::Needs,
            ("fact", "") => Self::Fact,
            ("limit" | "left", of) if !of.is_empty() => {
                Self::Limit { of: of.to_owned(), fails: word == "limit" }
            }
            ("acl", letter) if !letter.is_empty() => Self::Privileges { name: text.to_owned() },
            ("own", what) => Self::Own(Box::new(Self::parse(what)?)),
            (word, name) => {
                let when = When::parse(word)?;
                // An owner is set alone.
                if name.is_empty() != (when.phase == Phase::Owner) {
                    return None;
                }
                Self::Setting { name: text.to_owned(), when, style: Style::of(name) }
            }
        })
    }

    fn innermost(&self) -> &Self {
        match self {
            Self::Own(what) => what.innermost(),
            what => what,
        }
    }
}

impl<'a> FromSql<'a> for What {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let text = <&str>::from_sql(ty, raw)?;
        Self::parse(text).ok_or_else(|| format!("a reader says `{text}`").into())
    }

    accepts!(TEXT);
}

/// The only element of an array.
struct One<T>(T);

impl<'a, T: FromSql<'a>> FromSql<'a> for One<T> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let mut all = Vec::<T>::from_sql(ty, raw)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(Self(one)),
            _ => Err("a reader gives more or less than one".into()),
        }
    }

    accepts!(TEXT_ARRAY);
}

/// Class, id and part of something, and the letter of a dependency; none where one of them is null.
struct WrittenNeed(Option<Need>);

impl<'a> FromSql<'a> for WrittenNeed {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let texts = Vec::<Option<&str>>::from_sql(ty, raw)?;
        let Some(texts) = texts.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(Self(None));
        };
        let (of, belongs) = match texts.as_slice() {
            [] => return Ok(Self(None)),
            [of @ .., letter] if of.len() == 3 => (of, *letter != "n"),
            of => (of, true),
        };
        let [name, object, part] = of else { return Err("a reader gives half an address".into()) };
        let on = Address { class: class(name), object: object.parse()?, part: part.parse()? };
        Ok(Self(Some(Need { on, belongs })))
    }

    accepts!(TEXT_ARRAY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_says_is_known_or_an_error() {
        let setting = |text| match What::parse(text) {
            Some(What::Setting { name, when, style }) => Some((name == text, when, style)),
            _ => None,
        };
        let when = |created, changed, phase| When { created, changed, phase };
        let variables = Some(Style::Variables);
        assert_eq!(
            setting("set variables"),
            Some((true, when(true, true, Phase::InOrder), variables))
        );
        assert_eq!(
            setting("late-change cluster"),
            Some((true, when(false, true, Phase::Late), None))
        );
        assert_eq!(setting("owner"), Some((true, when(true, true, Phase::Owner), None)));
        assert_eq!(
            What::parse("limit create"),
            Some(What::Limit { of: "create".to_owned(), fails: true })
        );
        assert_eq!(What::parse("own create"), Some(What::Own(Box::new(What::Create))));
        let not = ["", "sett x", "set", "create x", "owner x", "own", "own sett x", "limit", "acl"];
        for text in not {
            assert_eq!(What::parse(text), None, "{text}");
        }
    }
}
