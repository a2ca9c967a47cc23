//! Types of columns, see [Data Types](https://www.postgresql.org/docs/current/datatype.html).

use crate::{Expression, Name};

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
    Raw(String),
}

impl DataType {
    fn built_in(sql: impl Into<String>) -> Self {
        Self {
            kind: Kind::BuiltIn(sql.into()),
            precision: None,
            array_dimensions: 0,
        }
    }

    /// A type of the database's own: an enum, a domain, a composite type, a type of an extension.
    /// The name is quoted, so it is matched to the letter.
    pub fn named(name: impl Into<Name>) -> Self {
        Self {
            kind: Kind::Named(name.into()),
            precision: None,
            array_dimensions: 0,
        }
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
            Kind::BuiltIn(sql) | Kind::Raw(sql) => sql.clone(),
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
        let name = match &self.kind {
            Kind::Named(name) => problems_of_name(name),
            Kind::BuiltIn(_) | Kind::Raw(_) => Vec::new(),
        };
        self.problem_of_precision()
            .into_iter()
            .chain(name)
            .collect()
    }

    fn problem_of_precision(&self) -> Option<String> {
        let digits = self.precision?;
        let keeps_time = matches!(&self.kind, Kind::BuiltIn(sql)
            if sql.starts_with("time") || sql == "interval");
        if !keeps_time {
            return Some(format!(
                "`precision` is for times, timestamps and intervals, not for `{}`",
                Self {
                    precision: None,
                    ..self.clone()
                }
                .sql()
            ));
        }
        (digits > 6).then(|| format!("PostgreSQL keeps 6 digits behind the second, not {digits}"))
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
        Self {
            kind: Kind::Raw(expression.sql().to_owned()),
            precision: None,
            array_dimensions: 0,
        }
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
        if BUILT_IN_NAMES.contains(&lower.as_str()) {
            Self::built_in(lower)
        } else {
            Self::named(name)
        }
    }
}

impl From<String> for DataType {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

/// Digits in all and behind the point, for `numeric`.
pub type Precision = (u16, i16);

/// Defines the built-in types once: each becomes a constructor of [`DataType`], a method of
/// [`Table`](crate::Table), and names under which a plain string means it.
macro_rules! built_in_types {
    ($(
        $(#[doc = $doc:expr])*
        $method:ident ($($argument:ident: $type:ty)?) => $render:expr, [$($alias:literal),* $(,)?];
    )*) => {
        const BUILT_IN_NAMES: &[&str] = &[$($($alias),*),*];

        impl DataType {
            $(
                $(#[doc = $doc])*
                pub fn $method($($argument: impl Into<Option<$type>>)?) -> Self {
                    $(let $argument: Option<$type> = $argument.into();)?
                    Self::built_in($render)
                }
            )*
        }

        impl crate::Table {
            $(
                #[doc = concat!("Adds a column of the type ", stringify!($method), ":")]
                $(#[doc = $doc])*
                pub fn $method(
                    &mut self,
                    name: impl Into<crate::Identifier>
                    $(, $argument: impl Into<Option<$type>>)?
                ) -> crate::Column {
                    self.column(name, DataType::$method($($argument)?))
                }
            )*
        }
    };
}

/// `name(argument)`, or `name` alone.
fn with_modifier<T: std::fmt::Display>(name: &str, modifier: Option<T>) -> String {
    modifier.map_or_else(|| name.to_owned(), |modifier| format!("{name}({modifier})"))
}

built_in_types! {
    /// [whole numbers of 2 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    smallint() => "smallint", ["smallint", "int2"];
    /// [whole numbers of 4 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    integer() => "integer", ["integer", "int", "int4"];
    /// [whole numbers of 8 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    bigint() => "bigint", ["bigint", "int8"];
    /// [exact numbers](https://www.postgresql.org/docs/current/datatype-numeric.html), with
    /// `(digits in all, digits behind the point)` or `None` for any.
    numeric(precision: Precision) => with_modifier("numeric", precision.map(|(all, behind)| format!("{all}, {behind}"))), ["numeric", "decimal"];
    /// [floating point of 4 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    real() => "real", ["real", "float4"];
    /// [floating point of 8 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    double_precision() => "double precision", ["double precision", "double", "float8", "float"];
    /// [an amount of money](https://www.postgresql.org/docs/current/datatype-money.html) in the
    /// server's currency.
    money() => "money", ["money"];
    /// [a 2-byte number that counts up by itself](https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL);
    /// an identity column is the better one today.
    smallserial() => "smallserial", ["smallserial", "serial2"];
    /// [a 4-byte number that counts up by itself](https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL);
    /// an identity column is the better one today.
    serial() => "serial", ["serial", "serial4"];
    /// [an 8-byte number that counts up by itself](https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL);
    /// an identity column is the better one today.
    bigserial() => "bigserial", ["bigserial", "serial8"];
    /// [text of any length](https://www.postgresql.org/docs/current/datatype-character.html).
    text() => "text", ["text"];
    /// [text of at most so many characters](https://www.postgresql.org/docs/current/datatype-character.html),
    /// or `None` for any length.
    varchar(length: u32) => with_modifier("varchar", length), ["varchar", "character varying"];
    /// [text of just so many characters, padded with blanks](https://www.postgresql.org/docs/current/datatype-character.html).
    char(length: u32) => with_modifier("char", length), ["char", "character", "bpchar"];
    /// [bytes](https://www.postgresql.org/docs/current/datatype-binary.html).
    bytea() => "bytea", ["bytea"];
    /// [true or false](https://www.postgresql.org/docs/current/datatype-boolean.html).
    boolean() => "boolean", ["boolean", "bool"];
    /// [a day](https://www.postgresql.org/docs/current/datatype-datetime.html).
    date() => "date", ["date"];
    /// [a time of day](https://www.postgresql.org/docs/current/datatype-datetime.html).
    time() => "time", ["time", "time without time zone"];
    /// [a time of day with an offset](https://www.postgresql.org/docs/current/datatype-datetime.html);
    /// its own page advises against it.
    timetz() => "timetz", ["timetz", "time with time zone"];
    /// [day and time on an unnamed clock](https://www.postgresql.org/docs/current/datatype-datetime.html);
    /// for a moment, take `timestamptz`.
    timestamp() => "timestamp", ["timestamp", "timestamp without time zone"];
    /// [a moment](https://www.postgresql.org/docs/current/datatype-datetime.html), shown in the
    /// session's time zone.
    timestamptz() => "timestamptz", ["timestamptz", "timestamp with time zone"];
    /// [a span of time](https://www.postgresql.org/docs/current/datatype-datetime.html).
    interval() => "interval", ["interval"];
    /// [a UUID](https://www.postgresql.org/docs/current/datatype-uuid.html).
    uuid() => "uuid", ["uuid"];
    /// [JSON as the text it came in](https://www.postgresql.org/docs/current/datatype-json.html).
    json() => "json", ["json"];
    /// [JSON, parsed; can be indexed](https://www.postgresql.org/docs/current/datatype-json.html).
    jsonb() => "jsonb", ["jsonb"];
    /// [a path into JSON](https://www.postgresql.org/docs/current/datatype-json.html#DATATYPE-JSONPATH).
    jsonpath() => "jsonpath", ["jsonpath"];
    /// [XML](https://www.postgresql.org/docs/current/datatype-xml.html).
    xml() => "xml", ["xml"];
    /// [just so many bits](https://www.postgresql.org/docs/current/datatype-bit.html).
    bit(length: u32) => with_modifier("bit", length), ["bit"];
    /// [at most so many bits](https://www.postgresql.org/docs/current/datatype-bit.html).
    varbit(length: u32) => with_modifier("varbit", length), ["varbit", "bit varying"];
    /// [an address of a host or a network](https://www.postgresql.org/docs/current/datatype-net-types.html).
    inet() => "inet", ["inet"];
    /// [a network](https://www.postgresql.org/docs/current/datatype-net-types.html).
    cidr() => "cidr", ["cidr"];
    /// [a hardware address](https://www.postgresql.org/docs/current/datatype-net-types.html).
    macaddr() => "macaddr", ["macaddr"];
    /// [a hardware address of 8 bytes](https://www.postgresql.org/docs/current/datatype-net-types.html).
    macaddr8() => "macaddr8", ["macaddr8"];
    /// [a point on a plane](https://www.postgresql.org/docs/current/datatype-geometric.html).
    point() => "point", ["point"];
    /// [an infinite line](https://www.postgresql.org/docs/current/datatype-geometric.html).
    line() => "line", ["line"];
    /// [a line segment](https://www.postgresql.org/docs/current/datatype-geometric.html).
    lseg() => "lseg", ["lseg"];
    /// [a rectangle](https://www.postgresql.org/docs/current/datatype-geometric.html), `box` in
    /// PostgreSQL, which is a word of Rust.
    box_() => "box", ["box"];
    /// [a path](https://www.postgresql.org/docs/current/datatype-geometric.html).
    path() => "path", ["path"];
    /// [a polygon](https://www.postgresql.org/docs/current/datatype-geometric.html).
    polygon() => "polygon", ["polygon"];
    /// [a circle](https://www.postgresql.org/docs/current/datatype-geometric.html).
    circle() => "circle", ["circle"];
    /// [a document for text search](https://www.postgresql.org/docs/current/datatype-textsearch.html).
    tsvector() => "tsvector", ["tsvector"];
    /// [a query for text search](https://www.postgresql.org/docs/current/datatype-textsearch.html).
    tsquery() => "tsquery", ["tsquery"];
    /// [a range of integers](https://www.postgresql.org/docs/current/rangetypes.html).
    int4range() => "int4range", ["int4range"];
    /// [a range of bigints](https://www.postgresql.org/docs/current/rangetypes.html).
    int8range() => "int8range", ["int8range"];
    /// [a range of numerics](https://www.postgresql.org/docs/current/rangetypes.html).
    numrange() => "numrange", ["numrange"];
    /// [a range of timestamps](https://www.postgresql.org/docs/current/rangetypes.html).
    tsrange() => "tsrange", ["tsrange"];
    /// [a range of moments](https://www.postgresql.org/docs/current/rangetypes.html).
    tstzrange() => "tstzrange", ["tstzrange"];
    /// [a range of days](https://www.postgresql.org/docs/current/rangetypes.html).
    daterange() => "daterange", ["daterange"];
    /// [several ranges of integers](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    int4multirange() => "int4multirange", ["int4multirange"];
    /// [several ranges of bigints](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    int8multirange() => "int8multirange", ["int8multirange"];
    /// [several ranges of numerics](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    nummultirange() => "nummultirange", ["nummultirange"];
    /// [several ranges of timestamps](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    tsmultirange() => "tsmultirange", ["tsmultirange"];
    /// [several ranges of moments](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    tstzmultirange() => "tstzmultirange", ["tstzmultirange"];
    /// [several ranges of days](https://www.postgresql.org/docs/current/rangetypes.html), from PostgreSQL 14.
    datemultirange() => "datemultirange", ["datemultirange"];
    /// [the identity of an object](https://www.postgresql.org/docs/current/datatype-oid.html).
    oid() => "oid", ["oid"];
    /// [the name of a relation](https://www.postgresql.org/docs/current/datatype-oid.html).
    regclass() => "regclass", ["regclass"];
    /// [a place in the write-ahead log](https://www.postgresql.org/docs/current/datatype-pg-lsn.html).
    pg_lsn() => "pg_lsn", ["pg_lsn"];
    /// [text without regard to case](https://www.postgresql.org/docs/current/citext.html), of the extension `citext`.
    citext() => "citext", ["citext"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_as_sql() {
        assert_eq!(DataType::varchar(240).sql(), "varchar(240)");
        assert_eq!(DataType::varchar(None).sql(), "varchar");
        assert_eq!(
            DataType::numeric((10, 2)).array().array().sql(),
            "numeric(10, 2)[][]"
        );
        assert_eq!(DataType::from("INT").sql(), "int");
        assert_eq!(DataType::from("Mood").sql(), r#""Mood""#);
        assert_eq!(
            DataType::from(("app", "mood")).array().sql(),
            r#""app"."mood"[]"#
        );
        assert_eq!(
            DataType::from(crate::expr("geometry(Point, 4326)")).sql(),
            "geometry(Point, 4326)"
        );
    }

    #[test]
    fn precision_of_times() {
        assert_eq!(DataType::timestamptz().precision(0).sql(), "timestamptz(0)");
        assert_eq!(
            DataType::from("timestamp with time zone")
                .precision(3)
                .array()
                .sql(),
            "timestamp(3) with time zone[]"
        );
        assert_eq!(DataType::interval().precision(6).problems(), [""; 0]);
        insta::assert_snapshot!(
            DataType::interval().precision(7).problems()[0],
            @"PostgreSQL keeps 6 digits behind the second, not 7"
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
