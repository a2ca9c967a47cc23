//! Classes of the catalog, as `pg_depend` has them, and names in their place for what has no id.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A name of which there is one copy: ten thousand partitions have it some million times.
#[derive(Clone, Copy)]
pub(super) struct Class(&'static &'static str);

/// Classes of the catalog whose objects have ids.
pub(super) const WITH_IDS: &[&str] = &[
    "pg_am",
    "pg_attrdef",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_rel",
    "pg_rewrite",
    "pg_statistic_ext",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user_mapping",
    "pg_authid",
    "pg_database",
    "pg_tablespace",
];

/// Returns the class of a name sent by the server. There are few of them, so they are stored forever.
pub(super) fn class(name: &str) -> Class {
    static CLASSES: OnceLock<Mutex<HashMap<&'static str, Class>>> = OnceLock::new();
    let classes = CLASSES.get_or_init(Mutex::default);
    let mut classes = classes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(class) = classes.get(name) {
        return *class;
    }
    let name: &'static str = Box::leak(Box::from(name));
    let class = Class(Box::leak(Box::new(name)));
    classes.insert(name, class);
    class
}

impl Deref for Class {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Class {}

impl PartialEq<str> for Class {
    fn eq(&self, other: &str) -> bool {
        **self.0 == *other
    }
}

impl PartialEq<&str> for Class {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<Class> for str {
    fn eq(&self, other: &Class) -> bool {
        *self == **other
    }
}

impl PartialEq<Class> for &str {
    fn eq(&self, other: &Class) -> bool {
        **self == **other
    }
}

impl AsRef<str> for Class {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}
