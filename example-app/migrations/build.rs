fn main() {
    migrate_dsl::discover::build();
}
