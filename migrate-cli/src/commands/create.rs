//! `migrate create`

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use migrate_core::discover::{Timestamp, snake_case};
use serde::Serialize;

use crate::context::Context;
use crate::exit_code::Exit;
use crate::project::{ProjectError, rustfmt, shown};
use crate::settings::Settings;
use crate::templates::{ColumnSpec, Shape, files, rust};
use crate::usage::UsageError;

/// So many bytes of words leave room for the rest of a file's name.
const LONGEST_NAME: usize = 200;

/// What to create.
///
/// The name tells what the migration is to do: `create_posts`, `add_location_to_posts`,
/// `remove_lat_from_posts`, `drop_posts`, `rename_contents_to_body_in_comments`,
/// `rename_posts_to_articles`, `index_title_on_posts`, `drop_index_posts_title_idx`. Any other
/// name gives an empty one.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What the migration does, in a few words: `create_posts`, `add_location_to_posts`
    #[arg(value_name = "NAME")]
    name: String,
    /// Columns, as `name:type`: `title:varchar:120!`, `location:point`, `tags:text[]`,
    /// `price:numeric:10,2`, `post:references`, `author_id:references:users`. With `!` a column
    /// is not null. Without a type it is text
    #[arg(value_name = "COLUMN[:TYPE]")]
    columns: Vec<ColumnSpec>,
    /// Write SQL instead of Rust: a file for each direction
    #[arg(long, conflicts_with = "columns")]
    sql: bool,
}

/// What `create` has written.
#[derive(Serialize)]
struct Summary<'a> {
    /// The migration.
    name: &'a str,
    /// Its files.
    files: &'a [String],
}

/// Writes a new migration, and prints its path: with `--sql` two paths, a line each.
pub fn run(args: &CreateArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = Settings::load(&context.environment, &context.global.overrides)?;
    let source = settings.dir.join("src");
    if !source.is_dir() {
        return Err(ProjectError::NoCrate(settings.dir).into());
    }
    let words = words(&args.name)?;
    let others = others(&source).with_context(|| format!("cannot read `{}`", source.display()))?;
    if let Some(twin) = others.iter().find(|other| other.words == words) {
        let twin = shown(&twin.path, &context.environment.current_dir);
        context.printer.warning(&format!("`{twin}` has the same name but for the time"));
    }
    let timestamp = next(others.iter().map(|other| other.timestamp), Timestamp::now());
    let stem = format!("{timestamp}_{words}");
    let files = if args.sql {
        vec![
            (format!("{stem}.up.sql"), files::SQL_UP.to_owned()),
            (format!("{stem}.down.sql"), files::SQL_DOWN.to_owned()),
        ]
    } else {
        let shape = Shape::of(&words, &args.columns);
        if !args.columns.is_empty() && !shape.takes_columns() {
            return Err(no_place_for_columns(&words).into());
        }
        vec![(format!("{stem}.rs"), rust(&shape, &args.columns))]
    };
    let files: Vec<_> = files.into_iter().map(|(file, text)| (source.join(file), text)).collect();
    for (path, text) in &files {
        write_new(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if !args.sql {
        // What is written is formatted, but for long names and a taste of one's own.
        let paths: Vec<_> = files.iter().map(|(path, _)| path.as_path()).collect();
        _ = rustfmt::format(&settings.dir, &paths, &context.environment);
    }
    let here = &context.environment.current_dir;
    let paths: Vec<_> = files.iter().map(|(path, _)| shown(path, here)).collect();
    context.printer.data(&paths.join("\n"));
    context.printer.summary(&Summary { name: &stem, files: &paths });
    Ok(Exit::Done)
}

/// The words of the name, as they become part of a file's name.
fn words(name: &str) -> Result<String, UsageError> {
    let words = snake_case(name);
    let wrong = |message: String, help: &str| UsageError { message, help: help.to_owned() };
    let mut foreign: Vec<_> =
        name.chars().filter(|it| it.is_alphanumeric() && !it.is_ascii()).collect();
    foreign.dedup();
    if !foreign.is_empty() {
        let foreign: Vec<_> = foreign.into_iter().map(|letter| format!("`{letter}`")).collect();
        return Err(wrong(
            format!(
                "`{name}` has letters that a migration cannot be named by: {}",
                foreign.join(", ")
            ),
            "use the letters a to z, digits and `_`",
        ));
    }
    if words.is_empty() {
        return Err(wrong(
            format!("`{name}` has no letters or digits to name a file by"),
            "say what the migration does: `migrate create add_location_to_posts`",
        ));
    }
    if words.len() > LONGEST_NAME {
        let message = format!(
            "the name has {} characters; a file's name has no room for more than {LONGEST_NAME}",
            words.len()
        );
        return Err(wrong(message, "a few words are enough"));
    }
    Ok(words)
}

fn no_place_for_columns(words: &str) -> UsageError {
    UsageError {
        message: format!("`{words}` does not say what the columns are for"),
        help: "name it `create_<table>`, `add_<columns>_to_<table>` or `create_index_on_<table>`"
            .to_owned(),
    }
}

/// A migration that is there, by its file.
pub struct Other {
    /// What stands in front of its name.
    pub timestamp: Timestamp,
    /// What stands behind that.
    pub words: String,
    /// The file.
    pub path: PathBuf,
}

/// Returns the existing migrations. Files with other names are ignored.
pub fn others(source: &Path) -> io::Result<Vec<Other>> {
    let mut others = Vec::new();
    for entry in fs::read_dir(source)? {
        let path = entry?.path();
        let file = path.file_name().and_then(|name| name.to_str());
        let Some((stem, _)) = file.and_then(|file| file.split_once('.')) else {
            continue;
        };
        let (digits, words) = stem.split_once('_').unwrap_or((stem, ""));
        if let Some(timestamp) = Timestamp::parse(digits) {
            others.push(Other { timestamp, words: words.to_owned(), path });
        }
    }
    Ok(others)
}

/// Now, or the second after the last one. One that is still to come is an error of its own, and
/// no reason to make another.
pub fn next(others: impl Iterator<Item = Timestamp>, now: Timestamp) -> Timestamp {
    let last = others.filter(|other| !other.is_future()).max();
    last.map_or(now, |last| now.max(last.next()))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        assert_eq!(words("Add Location-to posts").unwrap(), "add_location_to_posts");
        assert_eq!(
            words("füße_an").unwrap_err().message,
            "`füße_an` has letters that a migration cannot be named by: `ü`, `ß`"
        );
        assert!(words("…").unwrap_err().message.contains("no letters"));
        assert!(words(&"x".repeat(300)).unwrap_err().message.contains("300"));
    }

    #[test]
    fn a_second_after_the_last() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("20260101000000");
        assert_eq!(next([].into_iter(), now), now);
        assert_eq!(next([at("20250101000000")].into_iter(), now), now);
        assert_eq!(next([now].into_iter(), now), at("20260101000001"));
        assert_eq!(next([at("29990101000000")].into_iter(), now), now);
    }
}
