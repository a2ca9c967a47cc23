//! Connection strings in libpq's two forms, taken apart.
//!
//! See [Connection Strings](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING).
//! The driver's own parser knows fewer parameters, and repeats in its messages what it cannot read.

/// A parameter as it is written.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether it follows a password that has no quotes, and may be the rest of it.
    pub(super) after_open_password: bool,
}

/// Takes a URL or a `key=value` string apart, or says what is wrong without showing any of it.
pub(super) fn connection_string(text: &str) -> Result<Vec<Pair>, String> {
    let text = text.trim();
    if text.contains('\0') {
        return Err("there is a zero byte in it".to_owned());
    }
    let scheme = text.split_once("://").filter(|(scheme, _)| {
        scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.:".contains(c))
    });
    match scheme {
        Some(("postgres" | "postgresql", rest)) => url(rest),
        Some(_) => Err("it does not begin with `postgres://` or `postgresql://`".to_owned()),
        None if text.is_empty() || text.contains('=') => key_values(text),
        None => Err("it is neither a URL nor `key=value`".to_owned()),
    }
}

/// Parses the text after `postgresql://`.
fn url(text: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Pairs::default();
    // A user name and a password end at an `@` that no `/` comes before.
    let (credentials, rest) = match text.find(['@', '/']) {
        Some(at) if text.as_bytes()[at] == b'@' => (&text[..at], &text[at + 1..]),
        _ => ("", text),
    };
    if rest.contains('@') {
        return Err("a user name or a password in it has an `@` or a `/`".to_owned());
    }
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    pairs.say("user", user)?;
    pairs.say("password", password)?;

    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (hosts, ports) = endpoints(authority)?;
    pairs.say("host", &hosts)?;
    pairs.say("port", &ports)?;
    pairs.say("dbname", database)?;
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) =
            option.split_once('=').ok_or("a parameter in it has no `=` and no value")?;
        match (decode(name)?, decode(value)?) {
            // As JDBC has it; libpq knows it, too.
            (name, value) if name == "ssl" && value == "true" => {
                pairs.push("sslmode".to_owned(), "require".to_owned());
            }
            (name, value) => pairs.push(name, value),
        }
    }
    Ok(pairs.0)
}

/// The hosts and the ports of a URL, as lists.
fn endpoints(authority: &str) -> Result<(String, String), String> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for endpoint in authority.split(',') {
        let (host, rest) = match endpoint.strip_prefix('[') {
            Some(address) => address.split_once(']').ok_or("an IPv6 address in it has no `]`")?,
            None => endpoint.split_at(endpoint.find(':').unwrap_or(endpoint.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => port,
            None if rest.is_empty() => "",
            None => return Err("after a `]` in it there is no `:` and no port".to_owned()),
        };
        hosts.push(host);
        ports.push(port);
    }
    let list = |parts: Vec<&str>| {
        let given = parts.iter().any(|part| !part.is_empty());
        if given { parts.join(",") } else { String::new() }
    };
    Ok((list(hosts), list(ports)))
}

/// `key = value`, with quotes and backslashes.
fn key_values(text: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Pairs::default();
    let mut rest = text.trim_start();
    let mut open_password = false;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("a parameter in it has no `=`")?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err("a parameter in it has no `=`; a value with blanks needs quotes".to_owned());
        }
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let (value, after) = if quoted { in_quotes(&after[1..])? } else { bare(after) };
        pairs.push(name.to_owned(), value);
        if let Some(pair) = pairs.0.last_mut() {
            pair.after_open_password = open_password;
        }
        open_password |= name.contains("password") && !quoted;
        rest = after.trim_start();
    }
    Ok(pairs.0)
}

/// A value up to its closing quote, and what follows.
fn in_quotes(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Ok((value, &text[at + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    Err("a quote in it is not closed".to_owned())
}

/// A value up to a blank, and what follows.
fn bare(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            blank if blank.is_whitespace() => return (value, &text[at..]),
            other => value.push(other),
        }
    }
    (value, "")
}

#[derive(Default)]
struct Pairs(Vec<Pair>);

impl Pairs {
    /// Keeps a part of a URL, unless it is empty.
    fn say(&mut self, name: &str, encoded: &str) -> Result<(), String> {
        if !encoded.is_empty() {
            self.push(name.to_owned(), decode(encoded)?);
        }
        Ok(())
    }

    fn push(&mut self, name: String, value: String) {
        self.0.push(Pair { name, value, after_open_password: false });
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| {
            digit
                .and_then(|digit| char::from(digit).to_digit(16))
                .and_then(|d| u8::try_from(d).ok())
        });
        match digits {
            [Some(high), Some(low)] if high + low > 0 => bytes.push(high * 16 + low),
            [Some(_), Some(_)] => return Err("there is a zero byte in it".to_owned()),
            _ => return Err("in it, `%` must be followed by two hexadecimal digits".to_owned()),
        }
    }
    String::from_utf8(bytes).map_err(|_| "its percent-encoded text is not valid UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        let pairs = match connection_string(text) {
            Ok(pairs) => pairs,
            Err(reason) => return format!("error: {reason}"),
        };
        let pairs = pairs.iter().map(|Pair { name, value, .. }| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn urls() {
        for (url, expected) in [
            ("postgres://", ""),
            ("postgresql://db", "host=db"),
            ("postgresql://db:1", "host=db | port=1"),
            ("postgresql://db/shop", "host=db | dbname=shop"),
            ("postgresql://ada@db", "user=ada | host=db"),
            ("postgresql://ada:s@db/a/b", "user=ada | password=s | host=db | dbname=a/b"),
            ("postgresql://ada:s:t?u@db", "user=ada | password=s:t?u | host=db"),
            ("postgresql://a%40b:%2f%25@db", "user=a@b | password=/% | host=db"),
            ("postgresql://:s@db", "password=s | host=db"),
            ("postgresql://a,b:1,[::1]:2/x", "host=a,b,::1 | port=,1,2 | dbname=x"),
            ("postgresql://%2Ftmp:6/x", "host=/tmp | port=6 | dbname=x"),
            ("postgresql:///x?host=/tmp&port=6", "dbname=x | host=/tmp | port=6"),
            ("postgres://db?options=-c%20a%3Db&sslmode=", "host=db | options=-c a=b | sslmode="),
            ("postgres://db/?ssl=true", "host=db | sslmode=require"),
            ("postgres://db/%C3%A4", "host=db | dbname=ä"),
            ("  postgres://db  ", "host=db"),
        ] {
            assert_eq!(parsed(url), expected, "{url}");
        }
    }

    #[test]
    fn key_values() {
        for (text, expected) in [
            ("", ""),
            ("host=db", "host=db"),
            ("host = db  port\t=\n 5 ", "host=db | port=5"),
            (r"password='it\'s", "error: a quote in it is not closed"),
            (r"password='it\'s \\' user=a", r"password=it's \ | user=a"),
            (r"user=a\ b", "user=a b"),
            ("user='' host=x", "user= | host=x"),
            ("user=a'b", "user=a'b"),
            ("options='-c a=b'", "options=-c a=b"),
            (r"user=a\", "user=a"),
            ("password=a://b", "password=a://b"),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, expected) in [
            ("shop", "it is neither a URL nor `key=value`"),
            ("mysql://a:b@c/d?e=f", "it does not begin with `postgres://` or `postgresql://`"),
            ("jdbc:postgresql://a", "it does not begin with `postgres://` or `postgresql://`"),
            ("postgres://a:b@c@d", "a user name or a password in it has an `@` or a `/`"),
            ("postgres://a:b/c@d", "a user name or a password in it has an `@` or a `/`"),
            ("postgres://[::1/x", "an IPv6 address in it has no `]`"),
            ("postgres://[::1]5/x", "after a `]` in it there is no `:` and no port"),
            ("postgres://d/x?y", "a parameter in it has no `=` and no value"),
            ("postgres://d/%zz", "in it, `%` must be followed by two hexadecimal digits"),
            ("postgres://d/%1", "in it, `%` must be followed by two hexadecimal digits"),
            ("postgres://d/%00", "there is a zero byte in it"),
            ("postgres://d/%ff", "its percent-encoded text is not valid UTF-8"),
            ("host=db port", "a parameter in it has no `=`"),
            ("host=db a b=c", "a parameter in it has no `=`; a value with blanks needs quotes"),
            ("=db", "a parameter in it has no `=`; a value with blanks needs quotes"),
        ] {
            assert_eq!(parsed(text), format!("error: {expected}"), "{text}");
        }
    }
}
