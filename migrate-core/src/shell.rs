//! Texts in commands that a message suggests.

/// A text as it can be pasted into a shell as one word.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Writes a script that can be run at once. Another process writes it: a file that this one has open
/// for writing may be inherited by what another thread starts meanwhile, and then cannot be run.
#[cfg(test)]
pub(crate) fn write_script(path: &std::path::Path, text: &str) {
    let source = path.with_extension("source");
    std::fs::write(&source, text).unwrap();
    let mut install = std::process::Command::new("install");
    assert!(install.args(["-m", "755"]).arg(&source).arg(path).status().unwrap().success());
    std::fs::remove_file(&source).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_part_or_run_is_quoted() {
        let words = ["production", "the shop", "it's", "$(id)", "größe", ""].map(word);
        assert_eq!(words.join(" "), r"production 'the shop' 'it'\''s' '$(id)' 'größe' ''");
    }
}
