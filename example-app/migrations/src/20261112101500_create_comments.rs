use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.create_table("comments", |t| {
        t.id();
        t.timestamps();
        t.varchar("contents", 240).not_null();
    });
}
