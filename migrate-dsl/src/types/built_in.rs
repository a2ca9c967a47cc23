//! The types that PostgreSQL brings, each in one line.

use super::DataType;

/// Digits in all and behind the point, for `numeric`.
pub type Precision = (u16, i16);

/// Defines the built-in types once: each becomes a constructor of [`DataType`], a method of
/// [`Table`](crate::Table), and names under which a plain string means it.
macro_rules! built_in_types {
    ($(
        $(#[doc = $doc:expr])*
        $method:ident ($($argument:ident: $type:ty)?) => $render:expr, [$($alias:literal),* $(,)?];
    )*) => {
        pub(super) const BUILT_IN_NAMES: &[&str] = &[$($($alias),*),*];

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
    /// `(digits in all, digits behind the point)` or `None` for any; from PostgreSQL 15 fewer than
    /// none behind the point, or more than there are in all.
    numeric(precision: Precision) => with_modifier("numeric", precision.map(|(all, behind)| format!("{all}, {behind}"))), ["numeric", "decimal"];
    /// [floating point of 4 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    real() => "real", ["real", "float4"];
    /// [floating point of 8 bytes](https://www.postgresql.org/docs/current/datatype-numeric.html).
    double_precision() => "double precision", ["double precision", "float8", "float"];
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
    /// [the name of a type](https://www.postgresql.org/docs/current/datatype-oid.html).
    regtype() => "regtype", ["regtype"];
    /// [the name of a function](https://www.postgresql.org/docs/current/datatype-oid.html).
    regproc() => "regproc", ["regproc"];
    /// [a function with the types of its arguments](https://www.postgresql.org/docs/current/datatype-oid.html).
    regprocedure() => "regprocedure", ["regprocedure"];
    /// [the name of an operator](https://www.postgresql.org/docs/current/datatype-oid.html).
    regoper() => "regoper", ["regoper"];
    /// [an operator with the types of its arguments](https://www.postgresql.org/docs/current/datatype-oid.html).
    regoperator() => "regoperator", ["regoperator"];
    /// [the name of a role](https://www.postgresql.org/docs/current/datatype-oid.html).
    regrole() => "regrole", ["regrole"];
    /// [the name of a schema](https://www.postgresql.org/docs/current/datatype-oid.html).
    regnamespace() => "regnamespace", ["regnamespace"];
    /// [the name of a collation](https://www.postgresql.org/docs/current/datatype-oid.html).
    regcollation() => "regcollation", ["regcollation"];
    /// [the name of a text search configuration](https://www.postgresql.org/docs/current/datatype-oid.html).
    regconfig() => "regconfig", ["regconfig"];
    /// [the name of a text search dictionary](https://www.postgresql.org/docs/current/datatype-oid.html).
    regdictionary() => "regdictionary", ["regdictionary"];
    /// [the place of a row in its table](https://www.postgresql.org/docs/current/datatype-oid.html).
    tid() => "tid", ["tid"];
    /// [the number of a transaction](https://www.postgresql.org/docs/current/datatype-oid.html), which comes again.
    xid() => "xid", ["xid"];
    /// [the number of a transaction](https://www.postgresql.org/docs/current/datatype-oid.html), which never comes again.
    xid8() => "xid8", ["xid8"];
    /// [the number of a command in its transaction](https://www.postgresql.org/docs/current/datatype-oid.html).
    cid() => "cid", ["cid"];
    /// [which transactions are seen](https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT).
    pg_snapshot() => "pg_snapshot", ["pg_snapshot"];
    /// [a place in the write-ahead log](https://www.postgresql.org/docs/current/datatype-pg-lsn.html).
    pg_lsn() => "pg_lsn", ["pg_lsn"];
    /// [text without regard to case](https://www.postgresql.org/docs/current/citext.html), of the extension `citext`.
    citext() => "citext", ["citext"];
}
