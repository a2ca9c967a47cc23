//! What is known of one object.

use postgres::types::Oid;

/// Where the catalog has an object: as in `pg_depend`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address {
    /// The table of the catalog.
    pub(super) class: String,
    pub(super) object: Oid,
    /// The number of a column, 0 for the whole; of what has no id of its own, the second id.
    pub(super) part: i64,
}

/// What an object is called: its kind and its full name, as `pg_identify_object` gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: String,
    pub(super) identity: String,
}

/// An object, how it is made, and how it goes.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) address: Address,
    /// None where it comes with another and cannot be made by itself.
    pub(super) create: Vec<String>,
    /// As `create`, where it depends on rows, in a table that stayed.
    pub(super) among_rows: Vec<String>,
    /// Whether those do without it where rows do not allow it.
    pub(super) may_be_left_off: bool,
    /// What cannot be changed in place: where it differs, the object is made anew.
    pub(super) definition: Option<String>,
    pub(super) drop: Vec<String>,
    /// Of what is renamed in its own way: its name, and what stands before the old one, before the new
    /// one and, if anything, after that.
    pub(super) name: Option<(String, Vec<String>)>,
    pub(super) needs: Vec<Need>,
    /// Creating one of these creates this too.
    pub(super) comes_with: Vec<Address>,
    pub(super) settings: Vec<Setting>,
    /// What cannot be done again, by the setting or, for the object itself, `create`; and why.
    pub(super) limits: Vec<(String, String)>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) on: Address,
    /// Whether it is part of that, and so goes without being asked for.
    pub(super) belongs: bool,
}

/// Something of an object that can be set by itself.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) when: When,
    /// None for what a new object has.
    pub(super) value: Option<String>,
    pub(super) change: Change,
}

/// Whether a setting matters for an object that is made, one that is changed, or both; and
/// whether it has to wait until everything else is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    pub(super) created: bool,
    pub(super) changed: bool,
    pub(super) phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    InOrder,
    Late,
    Owner,
    Privileges,
}

/// What sets a setting.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Statements(Vec<String>),
    Options { alter: String, style: Style, options: Vec<String> },
    Privileges(super::privileges::Privileges),
}

/// How options are set, each of them `name=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `SET (a = 'b')`, `RESET (c)`.
    Parameters,
    /// `OPTIONS (ADD a 'b', DROP c)`.
    Foreign,
    /// `SET a TO b`, a statement each.
    Variables,
    /// `(a = b, c)`, with values as they are written.
    Definition,
}

impl Style {
    /// The style of a setting of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.split(' ').next()? {
            "options" => Self::Parameters,
            "foreign" => Self::Foreign,
            "variables" => Self::Variables,
            "definition" => Self::Definition,
            _ => return None,
        })
    }
}

impl Address {
    /// What this is a part of.
    pub(super) fn whole(&self) -> Self {
        Self { part: 0, ..self.clone() }
    }
}

impl Key {
    /// The words for the kind, as statements have them.
    pub(super) fn words(&self) -> String {
        match self.kind.as_str() {
            "table constraint" => "CONSTRAINT".to_owned(),
            "statistics object" => "STATISTICS".to_owned(),
            "foreign-data wrapper" => "FOREIGN DATA WRAPPER".to_owned(),
            kind if kind.ends_with(" column") => "COLUMN".to_owned(),
            kind => kind.to_uppercase(),
        }
    }
}

impl Fact {
    pub(super) fn new(address: Address, needs: Vec<Need>) -> Self {
        Self {
            address,
            create: Vec::new(),
            among_rows: Vec::new(),
            may_be_left_off: false,
            definition: None,
            drop: Vec::new(),
            name: None,
            needs,
            comes_with: Vec::new(),
            settings: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Whether it is a constraint that a partition has from its parent.
    pub(super) fn is_inherited_constraint(&self) -> bool {
        self.address.class == "pg_constraint" && self.comes_from_parent()
    }

    /// Whether a partition has it from its parent.
    pub(super) fn comes_from_parent(&self) -> bool {
        let classes = ["pg_constraint", "pg_trigger"];
        classes.contains(&self.address.class.as_str())
            && self.create.is_empty()
            && self.comes_with.is_empty()
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.setting("change persistence").is_some()
    }

    /// Why a setting, or the object itself, cannot be made again.
    pub(super) fn limits_of(&self, name: &str) -> impl Iterator<Item = String> {
        let limits = self.limits.iter().filter(move |(limited, _)| limited == name);
        limits.map(|(_, reason)| reason.clone())
    }

    pub(super) fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

impl When {
    /// `set`, `change`, `once`; `late`, `owner`, and `acl` and `last` by their place in the order.
    pub(super) fn parse(word: &str) -> Self {
        let phase = match word {
            "late" | "late-change" | "late-once" => Phase::Late,
            "owner" => Phase::Owner,
            "acl" | "last" => Phase::Privileges,
            _ => Phase::InOrder,
        };
        Self { created: !word.ends_with("change"), changed: !word.ends_with("once"), phase }
    }
}
