migrate_dsl::migrations!();
