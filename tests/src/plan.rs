//! Plans made in a test, the way a migrations crate makes them.

use migrate_core::plan::Plan;
use migrate_dsl::{Migration, Migrations, Pgm};

/// The plan of these migrations, through the JSON that the engine reads.
///
/// # Panics
///
/// If the engine cannot read what the language writes.
#[must_use]
pub fn plan(migrations: &[Migration]) -> Plan {
    let migrations = Migrations::new("", "", migrations.to_vec());
    let plan = Plan::of(&migrations);
    let json = plan.to_json();
    // Written by hand, without serde, and the same.
    assert_eq!(serde_json::to_string(&plan).expect("it is plain data"), json);
    let read = migrate_core::plan::from_json(&json).expect("the plan can be read");
    assert_eq!(read, plan);
    read
}

/// A migration whose inverse is inferred; `name` stands for its source, too.
#[must_use]
pub fn migration(name: &'static str, up: fn(&mut Pgm)) -> Migration {
    reversible(name, up, Pgm::infer_down)
}

/// A migration with a written `down`.
#[must_use]
pub fn reversible(name: &'static str, up: fn(&mut Pgm), down: fn(&mut Pgm)) -> Migration {
    Migration::rust(name, name, name, (1, 1), up, down)
}
