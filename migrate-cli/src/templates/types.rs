//! How a type is said in a migration.

/// What a method for a type takes besides the name of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modifier {
    None,
    Length,
    Precision,
}

use Modifier::{Length, None as Plain, Precision};

/// The methods of `t` that are not called as PostgreSQL calls the type, and those that take more
/// than a name.
const SPECIAL: &[(&[&str], &str, Modifier)] = &[
    (&["int", "int4"], "integer", Plain),
    (&["int2"], "smallint", Plain),
    (&["int8"], "bigint", Plain),
    (&["numeric", "decimal"], "numeric", Precision),
    (&["float4"], "real", Plain),
    (&["double precision", "double", "float8", "float"], "double_precision", Plain),
    (&["varchar", "character varying"], "varchar", Length),
    (&["char", "character", "bpchar"], "char", Length),
    (&["bool"], "boolean", Plain),
    (&["bit"], "bit", Length),
    (&["varbit", "bit varying"], "varbit", Length),
    (&["box"], "box_", Plain),
    // What other tools call them; PostgreSQL has no such types.
    (&["string"], "text", Plain),
    (&["datetime"], "timestamptz", Plain),
];

/// The methods that are called as PostgreSQL calls the type.
pub(super) const PLAIN: &[&str] = &[
    "bigint",
    "bigserial",
    "boolean",
    "bytea",
    "cidr",
    "circle",
    "citext",
    "date",
    "daterange",
    "double_precision",
    "inet",
    "int4range",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "numrange",
    "path",
    "point",
    "polygon",
    "real",
    "serial",
    "smallint",
    "smallserial",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsquery",
    "tsrange",
    "tstzrange",
    "tsvector",
    "uuid",
    "xml",
];

/// The call that adds a column of the type: `varchar("title", 120)`. A type that has no method of
/// its own is taken by name.
pub(super) fn call(column: &str, name: &str, modifier: Option<&str>) -> String {
    let lower = name.to_ascii_lowercase();
    let special = SPECIAL
        .iter()
        .find(|(names, ..)| names.contains(&lower.as_str()))
        .map(|(_, method, takes)| (*method, *takes));
    let plain = || {
        let method = PLAIN.iter().find(|method| **method == lower);
        method.map(|method| (*method, Plain))
    };
    let arguments = special.or_else(plain).and_then(|(method, takes)| {
        let arguments = match (takes, modifier) {
            (Plain, None) => String::new(),
            (Length | Precision, None) => ", None".to_owned(),
            (Length, Some(length)) => format!(", {}", length.trim().parse::<u32>().ok()?),
            (Precision, Some(modifier)) => {
                let (all, behind) = modifier.split_once(',').unwrap_or((modifier, "0"));
                let all: u16 = all.trim().parse().ok()?;
                let behind: i16 = behind.trim().parse().ok()?;
                format!(", ({all}, {behind})")
            }
            (Plain, Some(_)) => return None,
        };
        Some(format!("{method}({column:?}{arguments})"))
    });
    arguments.unwrap_or_else(|| match (modifier, name.split_once('.')) {
        (Some(modifier), _) => {
            let sql = format!("{name}({modifier})");
            format!("column({column:?}, expr({sql:?}))")
        }
        (None, Some((schema, name))) => format!("column({column:?}, ({schema:?}, {name:?}))"),
        (None, None) => format!("column({column:?}, {name:?})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_as_calls() {
        let calls = [
            call("title", "varchar", Some("120")),
            call("title", "VARCHAR", None),
            call("price", "numeric", Some("10, 2")),
            call("price", "decimal", Some("10")),
            call("n", "int", None),
            call("b", "box", None),
            call("at", "timestamptz", None),
            call("at", "timestamptz", Some("3")),
            call("x", "double precision", None),
            call("mood", "Mood", None),
            call("mood", "app.mood", None),
            call("shape", "geometry", Some("Point, 4326")),
        ];
        insta::assert_snapshot!(calls.join("\n"), @r#"
        varchar("title", 120)
        varchar("title", None)
        numeric("price", (10, 2))
        numeric("price", (10, 0))
        integer("n")
        box_("b")
        timestamptz("at")
        column("at", expr("timestamptz(3)"))
        double_precision("x")
        column("mood", "Mood")
        column("mood", ("app", "mood"))
        column("shape", expr("geometry(Point, 4326)"))
        "#);
    }
}
