//! Names of database objects, and the only place where one is quoted.

use std::fmt;

/// The longest name that PostgreSQL keeps, in bytes (`NAMEDATALEN - 1`); it cuts longer ones
/// silently, see [Identifiers and Key Words].
///
/// [Identifiers and Key Words]: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
pub const MAX_NAME_BYTES: usize = 63;

/// One name, such as a column's, exactly as the catalog spells it: never folded, never split.
///
/// ```
/// use migrate_dsl::Identifier;
/// assert_eq!(Identifier::from("order").quoted(), r#""order""#);
/// assert_eq!(Identifier::from("say \"hi\"").quoted(), r#""say ""hi""""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(String);

impl Identifier {
    /// The name as it stands in the catalog.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name between double quotes, as SQL wants it.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }

    /// Why PostgreSQL would not keep this name as it is, if it would not.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.0.is_empty() {
            return Some("a name is empty".to_owned());
        }
        if self.0.contains('\0') {
            return Some(format!("the name `{}` contains a zero byte", self.0.escape_debug()));
        }
        (self.0.len() > MAX_NAME_BYTES).then(|| {
            format!(
                "the name `{}` has {} bytes; PostgreSQL would cut it to `{}` ({MAX_NAME_BYTES} bytes)",
                self.0,
                self.0.len(),
                cut(&self.0, MAX_NAME_BYTES),
            )
        })
    }
}

/// `text` without what goes beyond `bytes`, never inside a character.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_single_names {
    ($($given:ty: $to_string:expr),* $(,)?) => {$(
        impl From<$given> for Identifier {
            fn from(name: $given) -> Self {
                Self($to_string(name))
            }
        }

        impl From<$given> for Name {
            fn from(name: $given) -> Self {
                Self { schema: None, name: name.into() }
            }
        }

        impl IntoNames for $given {
            fn into_names(self) -> Vec<Name> {
                vec![self.into()]
            }
        }

        impl IntoIdentifiers for $given {
            fn into_identifiers(self) -> Vec<Identifier> {
                vec![self.into()]
            }
        }
    )*};
}
from_single_names! {
    &str: str::to_owned,
    String: |name| name,
    &String: String::clone,
    &Identifier: |name: &Identifier| name.0.clone(),
}

impl From<Identifier> for Name {
    fn from(name: Identifier) -> Self {
        Self { schema: None, name }
    }
}

/// The name of a [sea-query](https://docs.rs/sea-query) identifier, so that an application's own
/// `Iden` enums name its tables and columns.
///
/// ```
/// use migrate_dsl::{iden, sea_query};
///
/// enum Users { Table }
/// impl sea_query::Iden for Users {
///     fn unquoted(&self) -> &str { "users" }
/// }
///
/// assert_eq!(iden(Users::Table).as_str(), "users");
/// ```
pub fn iden(name: impl sea_query::Iden) -> Identifier {
    Identifier(name.unquoted().to_owned())
}

/// The name of a table, an index, a type: with its schema, or without one.
///
/// A plain string is one name, dots and all; a pair is a schema and a name.
///
/// ```
/// use migrate_dsl::Name;
/// assert_eq!(Name::from("posts").quoted(), r#""posts""#);
/// assert_eq!(Name::from(("reporting", "posts")).quoted(), r#""reporting"."posts""#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The schema; without one, the first of `search_path` that has the object.
    pub schema: Option<Identifier>,
    /// The object's own name.
    pub name: Identifier,
}

impl Name {
    /// The name as SQL wants it, each part between double quotes.
    #[must_use]
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", schema.quoted(), self.name.quoted()),
            None => self.name.quoted(),
        }
    }

    /// Why PostgreSQL would not keep the parts of this name as they are, where it would not.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let parts = self.schema.iter().chain([&self.name]);
        parts.filter_map(Identifier::problem)
    }

    /// The name of an operator as SQL wants it, `"app".===`. What is no operator stays between
    /// quotes, where it does nothing.
    pub(crate) fn as_operator(&self) -> String {
        match (&self.schema, operator_problem(self.name.as_str())) {
            (_, Some(_)) => self.quoted(),
            (Some(schema), None) => format!("{}.{}", schema.quoted(), self.name),
            (None, None) => self.name.as_str().to_owned(),
        }
    }

    /// Why PostgreSQL would not take this for the name of an operator, if it would not.
    pub(crate) fn problems_as_operator(&self) -> impl Iterator<Item = String> {
        let schema = self.schema.iter().filter_map(Identifier::problem);
        schema.chain(operator_problem(self.name.as_str()))
    }

    /// An object beside this one: the same schema, another name.
    #[must_use]
    pub fn sibling(&self, name: impl Into<Identifier>) -> Self {
        Self { schema: self.schema.clone(), name: name.into() }
    }
}

/// Why PostgreSQL would not read this as one operator, see [Operators].
///
/// [Operators]: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS
fn operator_problem(operator: &str) -> Option<String> {
    let problem = |why: &str| Some(format!("`{operator}` is no operator: {why}"));
    if operator.is_empty() {
        return problem("it is empty");
    }
    if !operator.chars().all(|character| "+-*/<>=~!@#%^&|`?".contains(character)) {
        return problem("one consists of the characters + - * / < > = ~ ! @ # % ^ & | ` ?");
    }
    if operator.contains("--") || operator.contains("/*") {
        return problem("`--` and `/*` begin a comment");
    }
    let ends_in_a_sign = operator.len() > 1 && operator.ends_with(['+', '-']);
    if ends_in_a_sign && !operator.contains(['~', '!', '@', '#', '%', '^', '&', '|', '`', '?']) {
        return problem("one that ends in + or - needs one of ~ ! @ # % ^ & | ` ? before it");
    }
    if operator == "=>" {
        return problem("PostgreSQL reserves it for argument names");
    }
    (operator.len() > MAX_NAME_BYTES)
        .then(|| format!("`{operator}` is no operator: it is longer than {MAX_NAME_BYTES} bytes"))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

impl<S: Into<Identifier>, N: Into<Identifier>> From<(S, N)> for Name {
    fn from((schema, name): (S, N)) -> Self {
        Self { schema: Some(schema.into()), name: name.into() }
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Self {
        name.clone()
    }
}

/// The name that an index or a constraint gets when the migration gives none: the parts joined
/// by `_`, as PostgreSQL would; one that would be too long is cut and told apart by a hash.
///
/// ```
/// use migrate_dsl::generated_name;
/// assert_eq!(generated_name(["posts", "title", "idx"]).as_str(), "posts_title_idx");
/// ```
pub fn generated_name<'a>(parts: impl IntoIterator<Item = &'a str>) -> Identifier {
    let whole = parts.into_iter().collect::<Vec<_>>().join("_");
    if whole.len() <= MAX_NAME_BYTES {
        return Identifier(whole);
    }
    let (body, suffix) = whole.rsplit_once('_').unwrap_or((&whole, "name"));
    let hash = short_hash(&whole);
    let room = MAX_NAME_BYTES.saturating_sub(hash.len() + suffix.len() + 2);
    Identifier(format!("{}_{hash}_{suffix}", cut(body, room)))
}

/// The name under which [`drop_table`](crate::Pgm::drop_table) and
/// [`drop_column`](crate::Pgm::drop_column) set aside what they are to keep, until
/// [`purge_table`](crate::Pgm::purge_table) or [`purge_column`](crate::Pgm::purge_column).
///
/// ```
/// use migrate_dsl::kept_name;
/// assert_eq!(kept_name("posts").as_str(), "kept_posts");
/// ```
#[must_use]
pub fn kept_name(name: &str) -> Identifier {
    let whole = format!("kept_{name}");
    if whole.len() <= MAX_NAME_BYTES {
        return Identifier(whole);
    }
    let hash = short_hash(&whole);
    Identifier(format!("{}_{hash}", cut(&whole, MAX_NAME_BYTES - hash.len() - 1)))
}

/// A few characters that tell one text from another, the same in every build.
pub(crate) fn short_hash(text: &str) -> String {
    format!("{:08x}", crate::digest::fnv1a_128(text.as_bytes()) as u32)
}

/// One or many names of columns: `"a"`, `["a", "b"]`, a vector, or an `Iden`.
pub trait IntoIdentifiers {
    /// The names, in the order given.
    fn into_identifiers(self) -> Vec<Identifier>;
}

impl IntoIdentifiers for Identifier {
    fn into_identifiers(self) -> Vec<Identifier> {
        vec![self]
    }
}

impl<T: Into<Identifier>, const N: usize> IntoIdentifiers for [T; N] {
    fn into_identifiers(self) -> Vec<Identifier> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Identifier>> IntoIdentifiers for Vec<T> {
    fn into_identifiers(self) -> Vec<Identifier> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Identifier> + Clone> IntoIdentifiers for &[T] {
    fn into_identifiers(self) -> Vec<Identifier> {
        self.iter().cloned().map(Into::into).collect()
    }
}

/// One or many names with or without a schema: `"a"`, `("app", "a")`, `["a", "b"]`, a vector.
pub trait IntoNames {
    /// The names, in the order given.
    fn into_names(self) -> Vec<Name>;
}

macro_rules! single_names {
    ($($given:ty),*) => {$(
        impl IntoNames for $given {
            fn into_names(self) -> Vec<Name> {
                vec![self.into()]
            }
        }
    )*};
}
single_names!(Identifier, Name, &Name);

impl<S: Into<Identifier>, N: Into<Identifier>> IntoNames for (S, N) {
    fn into_names(self) -> Vec<Name> {
        vec![self.into()]
    }
}

impl<T: Into<Name>, const N: usize> IntoNames for [T; N] {
    fn into_names(self) -> Vec<Name> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Name>> IntoNames for Vec<T> {
    fn into_names(self) -> Vec<Name> {
        self.into_iter().map(Into::into).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_names_fit_and_stay_apart() {
        let long = "x".repeat(60);
        let (one, two) = (kept_name(&format!("{long}abc")), kept_name(&format!("{long}abd")));
        assert_eq!((one.problem(), one.as_str().len()), (None, 63));
        assert_ne!(one, two);
    }

    #[test]
    fn a_long_name_is_a_problem_and_the_cut_one_is_shown() {
        let name = Identifier::from("é".repeat(32));
        let problem = name.problem().unwrap();
        assert!(problem.contains("64 bytes"), "{problem}");
        assert!(problem.contains(&format!("`{}`", "é".repeat(31))), "{problem}");
        assert_eq!(Identifier::from("x".repeat(63)).problem(), None);
    }

    #[test]
    fn an_operator_is_its_characters_or_a_problem() {
        for operator in ["<", "===", "@-", "||/", "<->", "+", "-", "!="] {
            assert_eq!(operator_problem(operator), None, "{operator}");
            assert_eq!(Name::from(operator).as_operator(), operator);
        }
        assert_eq!(
            Name::from(("my \"app\"", "<")).as_operator(),
            r#""my ""app"""."#.to_owned() + "<"
        );
        for operator in ["", "a", "< b", "<--", "</*", "=-", "=>", "<;", "<\"", "é", "'"] {
            assert!(operator_problem(operator).is_some(), "{operator}");
            assert_eq!(Name::from(operator).as_operator(), Name::from(operator).quoted());
        }
        assert!(operator_problem(&"<".repeat(64)).is_some());
    }

    #[test]
    fn generated_names_fit_and_stay_apart() {
        let long = "a_rather_long_table_name_that_goes_on_and_on_for_a_while";
        let one = generated_name([long, "first_column", "idx"]);
        let two = generated_name([long, "second_column", "idx"]);
        assert_eq!(one.problem(), None);
        assert_ne!(one, two);
        assert!(one.as_str().ends_with("_idx"));
    }
}
