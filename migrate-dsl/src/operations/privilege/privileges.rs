//! What may be done with an object.

use crate::Writer;

/// Privileges, as the migration names them; `ALL` for all that the object has.
#[derive(Debug, Clone)]
pub(crate) struct Privileges(Vec<String>);

impl Privileges {
    pub(super) fn new<P: AsRef<str>>(given: impl IntoIterator<Item = P>) -> Self {
        let words = given.into_iter();
        Self(words.map(|word| word.as_ref().trim().to_ascii_uppercase()).collect())
    }

    /// `SELECT, INSERT`; a word that is none of `known` is a problem and not SQL.
    pub(super) fn write(
        &self,
        sql: &mut Writer,
        object: &str,
        known: &[&str],
        write_rest: impl Fn(&mut Writer),
    ) {
        if self.0.is_empty() {
            sql.problem("no privilege is given: name some, or `ALL`");
        }
        sql.list(&self.0, |sql, word| {
            match known.iter().chain(&["ALL", "ALL PRIVILEGES"]).find(|known| *known == word) {
                Some(known) => _ = sql.text(known),
                None => {
                    sql.problem(format!(
                        "{object} has no privilege `{}`: it has {}",
                        word.escape_debug(),
                        list(known)
                    ));
                }
            }
            write_rest(sql);
        });
    }

    pub(super) fn has(&self, privilege: &str) -> bool {
        self.0.iter().any(|word| word == privilege)
    }

    /// `select, insert`, for a person.
    pub(super) fn told(&self) -> String {
        self.0.join(", ").to_ascii_lowercase()
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// One or many privileges: `"SELECT"`, or `["SELECT", "INSERT"]`.
pub trait IntoPrivileges {
    /// The words, in the order given.
    fn into_privileges(self) -> Vec<String>;
}

impl IntoPrivileges for &str {
    fn into_privileges(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl IntoPrivileges for String {
    fn into_privileges(self) -> Vec<String> {
        vec![self]
    }
}

impl<T: Into<String>, const N: usize> IntoPrivileges for [T; N] {
    fn into_privileges(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<String>> IntoPrivileges for Vec<T> {
    fn into_privileges(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}
