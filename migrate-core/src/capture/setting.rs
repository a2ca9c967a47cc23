//! What takes a setting from one value to another.

use super::State;
use super::form::{Change, Setting};

impl Setting {
    /// Whether there is anything to be set of a new object.
    pub(super) fn is_set_of_new(&self) -> bool {
        let is_set = self.value.is_some() || matches!(self.change, Change::Privileges(_));
        self.when.created && is_set
    }

    /// Whether it says of a column that it has no nulls.
    pub(super) fn denies_nulls(&self) -> bool {
        match self.name.as_str() {
            "change not null" | "set not null" => self.value.is_some(),
            "change inherited not null" => self.value.as_deref() == Some("true"),
            _ => false,
        }
    }

    pub(super) fn of_new(&self, before: &State) -> Vec<String> {
        match &self.change {
            Change::Privileges(privileges) => {
                let defaults = before.defaults.get(&self.name).map_or(&[][..], Vec::as_slice);
                privileges.of_new(defaults)
            }
            _ if self.value.is_none() => Vec::new(),
            Change::Statements(statements) => statements.clone(),
            Change::Options { alter, style, options } => style.set(alter, &[], options),
        }
    }

    pub(super) fn back_from(&self, after: Option<&Self>) -> Vec<String> {
        if after.is_some_and(|after| self.value == after.value) {
            return Vec::new();
        }
        match (&self.change, after.map(|after| &after.change)) {
            (Change::Privileges(privileges), Some(Change::Privileges(found))) => {
                privileges.back_from(found)
            }
            (
                Change::Options { alter, style, options },
                Some(Change::Options { options: found, .. }),
            ) => style.set(alter, found, options),
            (Change::Options { alter, style, options }, None) => style.set(alter, &[], options),
            (Change::Statements(statements), Some(_)) => statements.clone(),
            _ => Vec::new(),
        }
    }

    /// As [`back_from`](Self::back_from), of a column of whose table something is revoked.
    pub(super) fn again(&self, after: &Self) -> Vec<String> {
        match (&self.change, &after.change) {
            (Change::Privileges(privileges), Change::Privileges(found)) => privileges.again(found),
            _ => self.back_from(Some(after)),
        }
    }

    /// Takes away what is set here, where it was not set before.
    pub(super) fn undo(&self) -> Vec<String> {
        match &self.change {
            Change::Options { alter, style, options } => style.set(alter, options, &[]),
            Change::Privileges(privileges) => privileges.revoked(),
            Change::Statements(_) => Vec::new(),
        }
    }
}
