use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.sql("ALTER TABLE comments RENAME COLUMN contents TO body")
        .down("ALTER TABLE comments RENAME COLUMN body TO contents");
}
