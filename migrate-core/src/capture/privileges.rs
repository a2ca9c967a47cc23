//! Privileges: exactly the grants that are missing, and the revocations of superfluous ones.

use std::collections::{BTreeMap, BTreeSet};

/// The privileges on one object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Privileges {
    /// `TABLE public.posts`.
    on: String,
    owner: String,
    /// `(title)`, for those on a column.
    column: String,
    /// `ALTER DEFAULT PRIVILEGES FOR ROLE ada`, for those of what does not exist yet.
    of_default: String,
    actual: BTreeSet<Entry>,
    /// The default privileges of an object of this kind.
    new: BTreeSet<Entry>,
}

/// One privilege of one role. The owner is an empty name here: the privileges of the owner change
/// hands with the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    grantee: String,
    grantor: String,
    grantable: bool,
    privilege: String,
}

/// The SQL of an array that [`Privileges::parse`] reads. `letter` is that of `acldefault`.
pub(super) fn sql(letter: char, on: &str, column: &str, acl: &str, owner: &str) -> String {
    sql_since(&format!("acldefault('{letter}', {owner})"), on, column, acl, owner)
}

/// The same, where a new object has these privileges.
pub(super) fn sql_since(new: &str, on: &str, column: &str, acl: &str, owner: &str) -> String {
    format!(
        "ARRAY[{on}, {owner}::regrole::text, {column}, ''] || ARRAY(
            SELECT concat_ws(chr(31), which,
                CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = {owner} THEN ''
                     ELSE grantee::regrole::text END,
                CASE WHEN grantor = {owner} THEN '' ELSE grantor::regrole::text END,
                is_grantable, privilege_type)
            FROM (SELECT 'actual' AS which, a.*
                  FROM aclexplode(COALESCE({acl}, {new})) a
                  UNION ALL
                  SELECT 'new', n.* FROM aclexplode({new}) n) AS entry)"
    )
}

/// The same for default privileges: of a `word`, as a row of `pg_default_acl` has them.
pub(super) fn sql_of_defaults() -> String {
    "ARRAY[word, objid::regrole::text, '',
           concat('ALTER DEFAULT PRIVILEGES FOR ROLE ', objid::regrole,
                  ' IN SCHEMA ' || NULLIF(part, 0)::oid::regnamespace, ' ')] || ARRAY(
        SELECT concat_ws(chr(31), 'actual',
            CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = objid THEN ''
                 ELSE grantee::regrole::text END, '', is_grantable, privilege_type)
        FROM aclexplode(COALESCE(defaclacl, CASE part WHEN 0 THEN acldefault(letter::\"char\", objid) END)))"
        .to_owned()
}

impl Privileges {
    /// Reads the array that [`sql`] makes.
    pub(super) fn parse(texts: &[String]) -> Self {
        let text = |index: usize| texts.get(index).cloned().unwrap_or_default();
        let (mut actual, mut new) = (BTreeSet::new(), BTreeSet::new());
        for entry in texts.iter().skip(4) {
            let mut fields = entry.split('\u{1f}').map(str::to_owned);
            let which = fields.next().unwrap_or_default();
            let mut field = || fields.next().unwrap_or_default();
            let (grantee, grantor, grantable) = (field(), field(), field() == "t");
            let entry = Entry { grantee, grantor, grantable, privilege: field() };
            let set = if which == "new" { &mut new } else { &mut actual };
            set.insert(entry);
        }
        Self { on: text(0), owner: text(1), column: text(2), of_default: text(3), actual, new }
    }

    /// Returns the object that they are on.
    pub(super) fn on(&self) -> &String {
        &self.on
    }

    /// The same with another text for what they are on.
    pub(super) fn map(&self, text: &impl Fn(&str) -> String) -> Self {
        Self { on: text(&self.on), ..self.clone() }
    }

    /// Returns a value that is equal for two objects with the same privileges.
    pub(super) fn value(&self) -> String {
        format!("{:?}", self.actual)
    }

    /// From those of `after` to these.
    pub(super) fn back_from(&self, after: &Self) -> Vec<String> {
        // It has its owner again by then, whose own privileges took in what was granted to that role.
        let own = |role: &str| if role == self.owner { String::new() } else { role.to_owned() };
        let found = after.actual.iter().map(|entry| Entry {
            grantee: own(&entry.grantee),
            grantor: own(&entry.grantor),
            ..entry.clone()
        });
        self.difference(&found.collect())
    }

    /// None of these any more.
    pub(super) fn revoked(&self) -> Vec<String> {
        Self { actual: BTreeSet::new(), ..self.clone() }.back_from(self)
    }

    /// All of them again, after privileges on the whole table were revoked: that takes those on
    /// columns along.
    pub(super) fn again(&self, after: &Self) -> Vec<String> {
        let lost = after.actual.difference(&self.actual).cloned().collect();
        self.difference(&lost)
    }

    /// From those of a new object to these. `defaults` are the roles that get something by default
    /// privileges.
    pub(super) fn of_new(&self, defaults: &[String]) -> Vec<String> {
        if defaults.is_empty() {
            return self.difference(&self.new);
        }
        let revoke = defaults
            .iter()
            .map(|role| format!("REVOKE ALL{} ON {} FROM {role}", self.columns(), self.on));
        let owner =
            format!("REVOKE ALL{} ON {} FROM PUBLIC, {}", self.columns(), self.on, self.owner);
        revoke.chain([owner]).chain(self.difference(&BTreeSet::new())).collect()
    }

    fn columns(&self) -> String {
        if self.column.is_empty() { String::new() } else { format!(" {}", self.column) }
    }

    fn difference(&self, found: &BTreeSet<Entry>) -> Vec<String> {
        // A role that has a privilege from another grants it later, and loses it earlier, than that one.
        let (given, taken) = (layers(&self.actual), layers(found));
        let revoke = found.difference(&self.actual);
        let revoke = revoke.map(|entry| (entry, "REVOKE", usize::MAX - taken[entry]));
        let grant = self.actual.difference(found).map(|entry| (entry, "GRANT", given[entry]));
        // The statements of one role and grantor are one statement.
        let mut statements: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for (entry, verb, place) in revoke.chain(grant) {
            let key = (verb == "GRANT", place, &entry.grantor, &entry.grantee, entry.grantable);
            statements.entry(key).or_default().push(&entry.privilege);
        }
        let mut sql = Vec::new();
        for ((grant, _, grantor, grantee, grantable), privileges) in statements {
            let columns = self.columns();
            let privileges: Vec<_> =
                privileges.iter().map(|privilege| format!("{privilege}{columns}")).collect();
            let privileges = privileges.join(", ");
            let role = if grantee.is_empty() { &self.owner } else { grantee };
            let on = &self.on;
            let statement = match (grant, grantable) {
                (true, true) => format!("GRANT {privileges} ON {on} TO {role} WITH GRANT OPTION"),
                (true, false) => format!("GRANT {privileges} ON {on} TO {role}"),
                (false, _) => format!("REVOKE {privileges} ON {on} FROM {role}"),
            };
            if grantor.is_empty() {
                sql.push(format!("{}{statement}", self.of_default));
            } else {
                // The grantor is recorded, and only that role, or one that is a member of it, can grant.
                // Afterwards the previous role is set again.
                sql.extend([
                    "SELECT pg_catalog.set_config('migrate.role', pg_catalog.current_setting('role'), true)".to_owned(),
                    format!("SET LOCAL ROLE {grantor}"),
                    statement,
                    "SELECT pg_catalog.set_config('role', pg_catalog.current_setting('migrate.role'), true)".to_owned(),
                ]);
            }
        }
        sql
    }
}

impl Entry {
    /// Whether it lets the grantor of another grant that.
    fn allows(&self, other: &Self) -> bool {
        self.grantable && self.grantee == other.grantor && self.privilege == other.privilege
    }
}

/// Returns through how many grantors each privilege was passed.
fn layers(entries: &BTreeSet<Entry>) -> BTreeMap<&Entry, usize> {
    let mut layers: BTreeMap<&Entry, usize> = BTreeMap::new();
    let mut rest: Vec<&Entry> = entries.iter().collect();
    for layer in 0.. {
        let is_ready = |entry: &&Entry| {
            entry.grantor.is_empty()
                || layers.keys().any(|giver| giver.allows(entry))
                || !entries.iter().any(|giver| giver.allows(entry))
        };
        let (ready, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_ready);
        if ready.is_empty() {
            // The server does not allow circular grants.
            layers.extend(later.into_iter().map(|entry| (entry, layer)));
            break;
        }
        layers.extend(ready.into_iter().map(|entry| (entry, layer)));
        rest = later;
    }
    layers
}
