//! Changes existing objects back, setting by setting.

use super::super::doubt::if_there;
use super::super::fact::Fact;
use super::super::form::Setting;
use super::Script;
use super::restoration::Restoration;

/// Settings that name an index, which may have been omitted.
const NAME_AN_INDEX: [&str; 4] = [
    "late-change cluster",
    "late-change clustered",
    "late-change replica identity",
    "late-change replica identity index",
];

impl<'a> Restoration<'_, 'a> {
    pub(super) fn change_back(&mut self, fact: &'a Fact, found: &'a Fact, script: &mut Script) {
        let before = self.comparison.before;
        let is_revoked = self.revoked.contains(&fact.address.whole());
        // To let a column have nulls lets those of its heirs: from 18 on, where they have a
        // NOT NULL of their own, no longer.
        let is_nullable = before.version < 180_000
            && fact.needs.iter().any(|need| self.nullable.contains(&need.on));
        if fact.is_same(found) && !is_revoked && !is_nullable {
            return;
        }
        script.withheld.extend(before.withheld_of(fact, Some(found)));
        let is_joined_again = fact.needs.iter().any(|need| self.joined.contains(&need.on.object));
        for setting in fact.settings(|setting| setting.when.changed) {
            // What is joined to its parent again tells that itself.
            if setting.name == "late-change local" && is_joined_again {
                continue;
            }
            let after = found.setting(&setting.name);
            let back = match &after {
                Some(_) if is_nullable && setting.denies_nulls() => {
                    setting.back_from(Some(&Setting { value: None, ..setting.clone() }))
                }
                Some(after) if is_revoked => setting.again(after),
                after => setting.back_from(after.as_ref()),
            };
            if back.iter().any(|sql| sql.starts_with("REVOKE")) {
                self.revoked.insert(fact.address.clone());
            }
            if back.last().is_some_and(|sql| sql.ends_with("DROP NOT NULL")) {
                self.nullable.insert(&fact.address);
            }
            let back = match NAME_AN_INDEX.contains(&setting.name.as_str()) {
                true if !self.unsure.is_empty() => if_there(&back),
                _ => back,
            };
            if !back.is_empty() {
                script.limits.extend(fact.limits_of(&setting.name, &self.last));
                let code = before.code_of_setting(&fact.address, &setting);
                script.code.extend(code.cloned());
            }
            self.comparison.extend(script, setting.when.phase, fact, back);
        }
        for setting in found.settings(|setting| !fact.has_setting(&setting.name)) {
            self.comparison.extend(script, setting.when.phase, fact, setting.undo());
        }
    }
}
