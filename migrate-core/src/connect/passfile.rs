//! Passwords in a file: `~/.pgpass`.
//!
//! See [The Password File](https://www.postgresql.org/docs/current/libpq-pgpass.html).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// The login that a password is for.
#[derive(Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// What a password file has to say.
pub(super) enum Found {
    /// A password.
    Password(String),
    /// None for this login, or there is no file.
    Nothing,
    /// It is not read, and why.
    PassedOver(String),
}

/// Looks a password up. A file that others can read is ignored: a user who could write it could have
/// the password of another server sent to their own.
pub(super) fn look_up(file: &PathBuf, login: Login<'_>) -> Found {
    let shown = file.display();
    let Ok(metadata) = fs::metadata(file) else { return Found::Nothing };
    if !metadata.is_file() {
        return Found::PassedOver(format!("`{shown}` is ignored: it is not a plain file"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Found::PassedOver(format!(
            "`{shown}` is ignored: it has group or world access; run `chmod 600 {shown}`"
        ));
    }
    match fs::read(file) {
        Ok(bytes) => password_in(&String::from_utf8_lossy(&bytes), login)
            .map_or(Found::Nothing, Found::Password),
        Err(error) => Found::PassedOver(format!("`{shown}` is passed over: {error}")),
    }
}

/// The password on the first line that fits.
fn password_in(text: &str, login: Login<'_>) -> Option<String> {
    let port = login.port.to_string();
    let wanted = [login.host, &port, login.database, login.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut rest = line;
        for value in wanted {
            let (raw, field, after) = field(rest)?;
            if raw != "*" && field != value {
                return None;
            }
            rest = after?;
        }
        let (_, password, _) = field(rest)?;
        // An empty one counts as none: psql then prompts for it.
        Some(password).filter(|password| !password.is_empty())
    })
}

/// A field as it is written and as it is meant, and what follows its colon.
fn field(text: &str) -> Option<(&str, String, Option<&str>)> {
    let mut meant = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => return Some((&text[..at], meant, Some(&text[at + 1..]))),
            '\\' => meant.extend(characters.next().map(|(_, escaped)| escaped)),
            other => meant.push(other),
        }
    }
    Some((text, meant, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let login = Login { host: "db", port: 5432, database: "shop", user: "ada" };
        let in_socket = Login { host: "localhost", port: 1, database: "a:b", user: r"c\d" };
        for (text, login, expected) in [
            ("db:5432:shop:ada:secret", login, Some("secret")),
            ("*:*:*:*:secret", login, Some("secret")),
            ("db:5433:shop:ada:no\n*:*:shop:*:yes\n*:*:*:*:late", login, Some("yes")),
            ("#db:5432:shop:ada:no\n\ndb:5432:shop:ada:yes\r\n", login, Some("yes")),
            (r"db:5432:shop:ada:a\:b\\c", login, Some(r"a:b\c")),
            ("db:5432:shop:ada:a:b", login, Some("a")),
            (r"\*:5432:shop:ada:no", login, None),
            (r"localhost:1:a\:b:c\\d:yes", in_socket, Some("yes")),
            ("db:5432:shop:ada", login, None),
            ("db:5432:shop:ada:", login, None),
            ("DB:5432:shop:ada:no", login, None),
            ("", login, None),
            (r"db:5432:shop:ada:ends\", login, Some("ends")),
        ] {
            assert_eq!(password_in(text, login).as_deref(), expected, "{text}");
        }
    }
}
