use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.rename_column("comments", "contents", "body");
}
