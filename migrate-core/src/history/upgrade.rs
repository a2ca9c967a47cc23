//! Tables of an older version, and how they are brought up to date.

use migrate_dsl::quote_literal as literal;
use postgres::Client;

use super::schema::{WITHOUT_SETTINGS, in_transaction};
use super::{History, HistoryError, Settings};

impl History {
    /// Upgrades tables of an older version, and runs `also` with that: all or nothing.
    ///
    /// # Errors
    ///
    /// When another object has a name that is needed, the role lacks a privilege, or a query fails.
    pub(crate) fn upgrade(
        &self,
        client: &mut Client,
        from: &Settings,
        also: String,
    ) -> Result<(), HistoryError> {
        self.new_names_are_free(client, from)?;
        let settings = from.has_table.then(|| self.settings_table());
        let steps = self.steps_to_upgrade(from.version, settings.as_ref());
        in_transaction(client, steps.chain([also]).collect())
    }

    /// Refuses to upgrade tables where something else has the names of what the newer ones have besides.
    fn new_names_are_free(
        &self,
        client: &mut Client,
        settings: &Settings,
    ) -> Result<(), HistoryError> {
        if settings.version > WITHOUT_SETTINGS {
            return Ok(());
        }
        if !settings.has_table {
            let name = literal(self.settings_table().name.as_str());
            let by: Vec<_> =
                self.occupants(client, &name)?.into_iter().map(|(what, _)| what).collect();
            if !by.is_empty() {
                return Err(self.occupied_by(by, "upgraded", false));
            }
        }
        self.function_is_free(client, "upgraded")
    }
}
