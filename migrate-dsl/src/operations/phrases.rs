//! Statements that read the same for many objects: only the word for the object differs.

use crate::{Identifier, Name, Object, Statement, Writer};

/// `DROP VIEW IF EXISTS "a" CASCADE`.
pub(crate) fn drop(object: &str, name: &Name, if_exists: bool, cascade: bool) -> Statement {
    Writer::statement(|sql| {
        sql.text("DROP").text(object).flag(if_exists, "IF EXISTS");
        sql.name(name).flag(cascade, "CASCADE")
    })
}

/// Drops what only the session that made it has; another one does not have it any more.
pub(crate) fn drop_temporary(object: &str, name: &Name) -> Statement {
    drop(object, &("pg_temp", name.name.clone()).into(), true, false)
}

/// `DROP TRIGGER IF EXISTS "a" ON "b" CASCADE`.
pub(crate) fn drop_object(object: &Object, if_exists: bool, cascade: bool) -> Statement {
    Writer::statement(|sql| {
        sql.text("DROP").text(object.kind()).flag(if_exists, "IF EXISTS");
        object.write_name(sql);
        sql.flag(cascade, "CASCADE")
    })
}

/// `ALTER TRIGGER "a" ON "b" RENAME TO "c"`.
pub(crate) fn rename_object(object: &Object, to: &Identifier) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER");
        object.write(sql);
        sql.text("RENAME TO").identifier(to)
    })
}

/// What creates an object, and its comment where it has one: a statement of its own.
pub(crate) fn commented(
    create: Statement,
    object: &Object,
    comment: Option<&str>,
) -> Vec<Statement> {
    let comment = comment.map(|comment| {
        Writer::statement(|sql| {
            sql.text("COMMENT ON");
            object.write(sql);
            sql.text("IS").literal(comment)
        })
    });
    [create].into_iter().chain(comment).collect()
}

/// `ALTER VIEW "a"."b" RENAME TO "c"`: the new name has no schema, since renaming moves nothing.
pub(crate) fn rename(object: &str, from: &Name, to: &Identifier) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER").text(object).name(from);
        sql.text("RENAME TO").identifier(to)
    })
}

/// The inverse of [`rename`].
pub(crate) fn rename_back(object: &str, from: &Name, to: &Identifier) -> Statement {
    rename(object, &from.sibling(to), &from.name)
}

/// `ALTER TABLE "a" RENAME COLUMN "b" TO "c"`.
pub(crate) fn rename_part(
    table: &Name,
    part: &str,
    from: &Identifier,
    to: &Identifier,
) -> Statement {
    Writer::statement(|sql| {
        sql.text("ALTER TABLE").name(table).text("RENAME").text(part);
        sql.identifier(from).text("TO").identifier(to)
    })
}

/// What creates an object, and its comment where it has one: a statement of its own.
pub(crate) fn with_comment(
    create: Statement,
    object: &str,
    name: &Name,
    comment: Option<&str>,
) -> Vec<Statement> {
    let comment = comment.map(|comment| {
        Writer::statement(|sql| {
            sql.text("COMMENT ON").text(object).name(name);
            sql.text("IS").literal(comment)
        })
    });
    [create].into_iter().chain(comment).collect()
}

/// `SET "search_path" TO 'app', 'public'`.
pub(crate) fn set(sql: &mut Writer, setting: &Identifier, values: &[String]) {
    if values.is_empty() {
        sql.problem(format!("`set` gives `{setting}` no value"));
    }
    sql.text("SET").identifier(setting).text("TO");
    sql.list(values, |sql, value| _ = sql.literal(value));
}
