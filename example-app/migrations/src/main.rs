fn main() -> std::process::ExitCode {
    migrate_dsl::print_plan(migrations::all())
}
