//! `title:varchar(120)!` on the command line.

use std::str::FromStr;

use thiserror::Error;

use super::types;

/// A column as it is specified on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// The call on `t` that adds it, without `t.` and `;`.
    pub call: String,
}

/// Why a text is no column.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ColumnError(&'static str);

impl FromStr for ColumnSpec {
    type Err = ColumnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, kind) = text.split_once(':').unwrap_or((text, "text"));
        let (name, kind) = (name.trim(), kind.trim());
        if name.is_empty() {
            return Err(ColumnError("it has no name"));
        }
        if kind.ends_with('?') {
            return Err(ColumnError(
                "a column may be null unless it ends in `!`, so `?` is not needed",
            ));
        }
        let (kind, not_null) = match kind.strip_suffix('!') {
            Some(kind) => (kind, true),
            None => (kind, false),
        };
        let element = kind.trim_end_matches("[]");
        let dimensions = (kind.len() - element.len()) / 2;
        if element.is_empty() {
            return Err(ColumnError("it has no type"));
        }
        let (kind, modifier) = modifier(element).ok_or(ColumnError("a `)` is missing"))?;
        let (name, mut call) = if kind == "references" {
            reference(name, modifier)
        } else {
            (name.to_owned(), types::call(name, kind, modifier))
        };
        for _ in 0..dimensions {
            call.push_str(".array()");
        }
        if not_null {
            call.push_str(".not_null()");
        }
        Ok(Self { name, call })
    }
}

/// `varchar(120)`, or `varchar:120`, which needs no quotes in a shell.
fn modifier(kind: &str) -> Option<(&str, Option<&str>)> {
    if let Some((kind, rest)) = kind.split_once('(') {
        return Some((kind.trim(), Some(rest.strip_suffix(')')?)));
    }
    Some(match kind.split_once(':') {
        Some((kind, modifier)) => (kind, Some(modifier)),
        None => (kind, None),
    })
}

/// `post:references` is `post_id:references(posts)`.
fn reference(name: &str, table: Option<&str>) -> (String, String) {
    let thing = name.strip_suffix("_id").unwrap_or(name);
    let column = format!("{thing}_id");
    let table = table.map_or_else(|| plural(thing), str::to_owned);
    let call = format!("bigint({column:?}).references({table:?}, \"id\")");
    (column, call)
}

/// The usual form for names of tables; other names are given explicitly.
fn plural(thing: &str) -> String {
    let vowel_before_y = ["ay", "ey", "oy", "uy"];
    if let Some(stem) = thing.strip_suffix('y')
        && !vowel_before_y.iter().any(|end| thing.ends_with(end))
    {
        return format!("{stem}ies");
    }
    let hisses = ["s", "x", "z", "ch", "sh"];
    let end = if hisses.iter().any(|end| thing.ends_with(end)) { "es" } else { "s" };
    format!("{thing}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> String {
        match text.parse::<ColumnSpec>() {
            Ok(column) => format!("{text} = {}: {}", column.name, column.call),
            Err(error) => format!("{text}: {error}"),
        }
    }

    #[test]
    fn columns_of_the_command_line() {
        let columns = [
            "title",
            "title:varchar(120)!",
            "title:varchar:120",
            "price:numeric:10,2",
            "tags:text[]!",
            "grid:int[][]",
            "post:references!",
            "post_id:references",
            "author:references(users)",
            "category:references",
            "title:text?",
            ":text",
            "x:",
            "x:varchar(3",
            "a \"b\":mood",
        ];
        insta::assert_snapshot!(columns.map(column).join("\n"), @r#"
        title = title: text("title")
        title:varchar(120)! = title: varchar("title", 120).not_null()
        title:varchar:120 = title: varchar("title", 120)
        price:numeric:10,2 = price: numeric("price", (10, 2))
        tags:text[]! = tags: text("tags").array().not_null()
        grid:int[][] = grid: integer("grid").array().array()
        post:references! = post_id: bigint("post_id").references("posts", "id").not_null()
        post_id:references = post_id: bigint("post_id").references("posts", "id")
        author:references(users) = author_id: bigint("author_id").references("users", "id")
        category:references = category_id: bigint("category_id").references("categories", "id")
        title:text?: a column may be null unless it ends in `!`, so `?` is not needed
        :text: it has no name
        x:: it has no type
        x:varchar(3: a `)` is missing
        a "b":mood = a "b": column("a \"b\"", "mood")
        "#);
    }
}
