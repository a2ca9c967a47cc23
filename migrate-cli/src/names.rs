//! Which migration a person means.

use thiserror::Error;

/// Why a name means nothing, or too much.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// No migration has that name.
    #[error("there is no migration `{asked}`")]
    Unknown {
        /// The requested name.
        asked: String,
        /// The most similar name.
        nearest: Option<String>,
    },
    /// Several have.
    #[error("`{asked}` could be {}", .candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// The requested name.
        asked: String,
        /// The names that fit.
        candidates: Vec<String>,
    },
}

impl NameError {
    /// Returns the remedy.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::Unknown { nearest: None, .. } => "`migrate status` lists them".to_owned(),
            Self::Ambiguous { .. } => "give the timestamp too".to_owned(),
        }
    }
}

/// The migration that is meant by its whole name, its timestamp (or the start of it), or its
/// words.
pub fn resolve(asked: &str, known: &[String]) -> Result<String, NameError> {
    if known.iter().any(|name| name == asked) {
        return Ok(asked.to_owned());
    }
    let file = asked.rsplit('/').next().unwrap_or(asked);
    let asked = file.split('.').next().unwrap_or(file);
    let digits = asked.len() >= 4 && asked.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |name: &&String| {
        **name == asked || words(name) == asked || (digits && name.starts_with(asked))
    };
    let candidates: Vec<_> = known.iter().filter(fits).cloned().collect();
    match candidates.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(NameError::Unknown { asked: asked.to_owned(), nearest: nearest(asked, known) }),
        _ => Err(NameError::Ambiguous { asked: asked.to_owned(), candidates }),
    }
}

fn words(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, words)| words)
}

fn nearest(asked: &str, known: &[String]) -> Option<String> {
    let likeness = |name: &String| {
        let whole = strsim::jaro_winkler(asked, name);
        whole.max(strsim::jaro_winkler(asked, words(name)))
    };
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.7).then(|| best.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_whole_name_timestamp_words_or_file() {
        let known =
            ["20260101000000_a_b", "20260102000000_c", "20270101000000_c"].map(str::to_owned);
        let found =
            |asked| resolve(asked, &known).map_err(|error| format!("{error}; {}", error.help()));
        let first = Ok("20260101000000_a_b".to_owned());
        assert_eq!(found("20260101000000_a_b"), first);
        assert_eq!(found("20260101"), first);
        assert_eq!(found("a_b"), first);
        assert_eq!(found("migrations/src/20260101000000_a_b.rs"), first);
        assert_eq!(found("2027"), Ok("20270101000000_c".to_owned()));
        assert_eq!(
            found("c").unwrap_err(),
            "`c` could be `20260102000000_c` or `20270101000000_c`; give the timestamp too"
        );
        assert_eq!(
            found("a_c").unwrap_err(),
            "there is no migration `a_c`; did you mean `20260101000000_a_b`?"
        );
        assert_eq!(
            found("zzz").unwrap_err(),
            "there is no migration `zzz`; `migrate status` lists them"
        );
    }
}
