//! Statements that read the same for many objects: only the word for the object differs.

use crate::{Identifier, Inverse, Name, Object, Statement, Writer};

/// `DROP VIEW "a"`.
pub(crate) fn drop(object: &Object) -> Statement {
    drop_object(object, false, false)
}

/// The inverse of what created an object: drops it, unless it was there before.
pub(crate) fn drop_created(object: Object, if_not_exists: bool) -> Inverse {
    match if_not_exists {
        true => Inverse::capture([object]),
        false => Inverse::by(drop(&object)),
    }
}

/// Drops what only the session that made it has; another one does not have it any more.
pub(crate) fn drop_temporary(object: fn(Name) -> Object, name: &Name) -> Statement {
    drop_object(&object(("pg_temp", &name.name).into()), true, false)
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

/// `SET "search_path" TO 'app', 'public'`.
pub(crate) fn set(sql: &mut Writer, setting: &Identifier, values: &[String]) {
    if values.is_empty() {
        sql.problem(format!("`set` gives `{setting}` no value"));
    }
    sql.text("SET").identifier(setting).text("TO");
    sql.list(values, |sql, value| _ = sql.literal(value));
}
