//! Words for a person.

/// `1 statement`, `2 statements`.
#[must_use]
pub fn count(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// `` `a`, `b` and `c` ``.
#[must_use]
pub fn all_of(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_of_several_comes_after_an_and() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let texts: Vec<_> = (0..=3).map(|count| super::all_of(&names[..count])).collect();
        assert_eq!(texts, ["", "`a`", "`a` and `b`", "`a`, `b` and `c`"]);
    }

    #[test]
    fn one_has_no_plural() {
        assert_eq!(
            [0, 1, 2].map(|number| super::count(number, "row")),
            ["0 rows", "1 row", "2 rows"]
        );
    }
}
