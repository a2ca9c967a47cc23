//! The engine's own SQL calls nothing of a user's.

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::Pgm;
use migrate_tests::traps::{Kinds, Traps};
use migrate_tests::{Engine, migration, tell};

fn tables(pgm: &mut Pgm) {
    pgm.sql("CREATE TABLE public.a (b integer)").down("DROP TABLE public.a");
}

#[test]
fn up_and_down_call_no_trap() {
    let (database, traps) = Traps::database(Kinds::All);
    let engine = Engine { database };
    tell(&format!("{} traps", traps.count));
    let all = [migration("20260101000000_tables", tables)];
    let migrator = engine.migrator(&all);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut |_: Event| {}).unwrap();
    migrator.status(&mut engine.session()).unwrap();
    migrator.down(&mut engine.session(), &DownTo::Count(1), &mut |_: Event| {}).unwrap();
    assert_eq!(traps.called(), []);
}
