use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.timestamps();
        t.varchar("title", 120).not_null();
        t.double_precision("lat").check("lat BETWEEN -90 AND 90");
        t.double_precision("lng").check("lng BETWEEN -180 AND 180");
    });
}
