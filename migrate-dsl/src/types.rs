//! Types of columns, see [Data Types](https://www.postgresql.org/docs/current/datatype.html).

use crate::{Expression, Name};

mod built_in;

use built_in::BUILT_IN_NAMES;
pub use built_in::Precision;

/// A type, as it stands behind a column's name.
///
/// Built-in types have a constructor each (and a method of the same name on
/// [`Table`](crate::Table)); [`DataType::named`] is any type that the database itself has, such as
/// an enum; [`expr`](crate::expr) takes what is left, such as `geometry(Point, 4326)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataType {
    kind: Kind,
    precision: Option<u8>,
    array_dimensions: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    BuiltIn(String),
    Named(Name),
    Raw(Box<Expression>),
}

impl DataType {
    fn built_in(sql: impl Into<String>) -> Self {
        Self { kind: Kind::BuiltIn(sql.into()), precision: None, array_dimensions: 0 }
    }

    /// A type of the database's own: an enum, a domain, a composite type, a type of an extension.
    /// The name is quoted, so it is matched to the letter.
    pub fn named(name: impl Into<Name>) -> Self {
        Self { kind: Kind::Named(name.into()), precision: None, array_dimensions: 0 }
    }

    /// How many digits behind the second a time, a timestamp or an interval keeps, 0 to 6.
    #[must_use]
    pub fn precision(mut self, digits: u8) -> Self {
        self.precision = Some(digits);
        self
    }

    /// An array of this type; an array of an array has one dimension more.
    #[must_use]
    pub fn array(mut self) -> Self {
        self.array_dimensions += 1;
        self
    }

    /// The type as SQL.
    #[must_use]
    pub fn sql(&self) -> String {
        let mut sql = match &self.kind {
            Kind::BuiltIn(sql) => sql.clone(),
            Kind::Raw(expression) => expression.sql().to_owned(),
            Kind::Named(name) => name.quoted(),
        };
        if let Some(digits) = self.precision {
            // Behind the first word: `timestamp(3) with time zone`.
            let end = sql.find(' ').unwrap_or(sql.len());
            sql.insert_str(end, &format!("({digits})"));
        }
        sql + &"[]".repeat(self.array_dimensions)
    }

    /// Why the server would not take the type as it is written.
    pub(crate) fn problems(&self) -> Vec<String> {
        let of_kind = match &self.kind {
            Kind::Named(name) => problems_of_name(name),
            Kind::Raw(expression) => expression.problems.clone(),
            Kind::BuiltIn(_) => Vec::new(),
        };
        self.problem_of_precision().into_iter().chain(of_kind).collect()
    }

    /// The first major version that has it, where that is not all of those that we know.
    pub(crate) fn since(&self) -> Option<u32> {
        let Kind::BuiltIn(sql) = &self.kind else {
            return None;
        };
        let modifiers = sql.strip_prefix("numeric(").and_then(|rest| rest.strip_suffix(")"));
        let digits = modifiers.and_then(|modifiers| modifiers.split_once(", "));
        let digits =
            digits.and_then(|(all, behind)| Some((all.parse().ok()?, behind.parse().ok()?)));
        if digits.is_some_and(|(all, behind): (i32, i32)| behind < 0 || behind > all) {
            return Some(15);
        }
        sql.ends_with("multirange").then_some(14)
    }

    fn problem_of_precision(&self) -> Option<String> {
        let digits = self.precision?;
        let keeps_time = matches!(&self.kind, Kind::BuiltIn(sql)
            if sql.starts_with("time") || sql == "interval");
        if !keeps_time {
            return Some(format!(
                "`precision` is for times, timestamps and intervals, not for `{}`",
                Self { precision: None, ..self.clone() }.sql()
            ));
        }
        (digits > 6).then(|| format!("a precision of {digits} exceeds the maximum of 6"))
    }
}

fn problems_of_name(name: &Name) -> Vec<String> {
    let text = name.name.as_str();
    if name.schema.is_none() && text.contains(['(', '[', ' ']) {
        return vec![format!(
            "the type `{text}` is taken for a name as a whole: \
             write `expr({text:?})` for a type with modifiers"
        )];
    }
    name.problems().collect()
}

impl From<Expression> for DataType {
    fn from(expression: Expression) -> Self {
        Self { kind: Kind::Raw(Box::new(expression)), precision: None, array_dimensions: 0 }
    }
}

impl From<Name> for DataType {
    fn from(name: Name) -> Self {
        Self::named(name)
    }
}

impl From<(&str, &str)> for DataType {
    fn from(name: (&str, &str)) -> Self {
        Self::named(name)
    }
}

impl From<crate::Identifier> for DataType {
    fn from(name: crate::Identifier) -> Self {
        Self::named(name)
    }
}

impl From<&str> for DataType {
    /// A built-in type by its name or alias (`int`, `timestamptz`), else a type of the database's
    /// own: quoted, `int` would not be found.
    fn from(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            // PostgreSQL knows it by both words only.
            "double" => Self::double_precision(),
            known if BUILT_IN_NAMES.contains(&known) => Self::built_in(known),
            _ => Self::named(name),
        }
    }
}

impl From<String> for DataType {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_as_sql() {
        assert_eq!(DataType::varchar(240).sql(), "varchar(240)");
        assert_eq!(DataType::varchar(None).sql(), "varchar");
        assert_eq!(DataType::numeric((10, 2)).array().array().sql(), "numeric(10, 2)[][]");
        assert_eq!(DataType::from("INT").sql(), "int");
        assert_eq!(DataType::from("double").sql(), "double precision");
        assert_eq!(DataType::from("Mood").sql(), r#""Mood""#);
        assert_eq!(DataType::from(("app", "mood")).array().sql(), r#""app"."mood"[]"#);
        assert_eq!(
            DataType::from(crate::expr("geometry(Point, 4326)")).sql(),
            "geometry(Point, 4326)"
        );
    }

    #[test]
    fn what_older_servers_do_not_have() {
        assert_eq!(DataType::numeric((10, 2)).since(), None);
        assert_eq!(DataType::numeric((3, -2)).since(), Some(15));
        assert_eq!(DataType::numeric((3, 5)).since(), Some(15));
        assert_eq!(DataType::datemultirange().since(), Some(14));
    }

    #[test]
    fn precision_of_times() {
        assert_eq!(DataType::timestamptz().precision(0).sql(), "timestamptz(0)");
        assert_eq!(
            DataType::from("timestamp with time zone").precision(3).array().sql(),
            "timestamp(3) with time zone[]"
        );
        assert_eq!(DataType::interval().precision(6).problems(), [""; 0]);
        insta::assert_snapshot!(
            DataType::interval().precision(7).problems()[0],
            @"a precision of 7 exceeds the maximum of 6"
        );
        insta::assert_snapshot!(
            DataType::date().precision(0).problems()[0],
            @"`precision` is for times, timestamps and intervals, not for `date`"
        );
    }

    #[test]
    fn a_type_with_modifiers_in_a_plain_string_is_pointed_out() {
        assert!(DataType::from("varchar(10)").problems()[0].contains(r#"expr("varchar(10)")"#));
        assert_eq!(DataType::from("mood").problems(), [""; 0]);
    }
}
