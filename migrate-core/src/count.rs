//! Words for a person.

/// `1 statement`, `2 statements`.
#[must_use]
pub fn count(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_has_no_plural() {
        assert_eq!(
            [0, 1, 2].map(|number| super::count(number, "row")),
            ["0 rows", "1 row", "2 rows"]
        );
    }
}
