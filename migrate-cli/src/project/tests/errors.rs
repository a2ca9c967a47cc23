//! What is said when migrations do not compile.

use super::sandbox::{Sandbox, creates};

/// The message about a migration with this text.
fn error(name: &str, text: &str) -> String {
    let migration = format!("use migrate_dsl::prelude::*;\n\n{text}\n");
    let migrations =
        [("20250101000000_first.rs", creates("first")), ("20250102000000_second.rs", migration)];
    Sandbox::new(name, &migrations).error()
}

#[test]
fn an_error_of_the_compiler_stands_on_the_line_of_the_migration() {
    insta::assert_snapshot!(error("compile-error", "pub fn up(pgm: &mut Pgm) {\n    pgm.drop_tabel(\"x\");\n}"), @r#"
    error[E0599]: no method named `drop_tabel` found for mutable reference `&mut migrate_dsl::Pgm` in the current scope
     --> migrations/src/20250102000000_second.rs:4:9
      |
    4 |     pgm.drop_tabel("x");
      |         ^^^^^^^^^^
      |
    help: there is a method `drop_table` with a similar name
      |
    4 -     pgm.drop_tabel("x");
    4 +     pgm.drop_table("x");
      |
    error: the migrations do not compile
    "#);
}

#[test]
fn no_up() {
    insta::assert_snapshot!(error("no-up", "pub fn down(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}"), @r"
    error: the migration has no `up`
    --> migrations/src/20250102000000_second.rs:1:1
     = help: add `pub fn up(pgm: &mut Pgm) { … }`
    error: the migrations do not compile
    ");
}

#[test]
fn a_private_up() {
    insta::assert_snapshot!(error("private-up", "fn up(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}"), @r"
    error: `up` is private
     --> migrations/src/20250102000000_second.rs:3:4
      |
    3 | fn up(pgm: &mut Pgm) {
      |    ^^ only a `pub` function is part of the migration
      |
    help: write `pub fn up(pgm: &mut Pgm)`
      |
    3 | pub fn up(pgm: &mut Pgm) {
      | +++
    error: the migrations do not compile
    ");
}

#[test]
fn an_up_of_another_type() {
    insta::assert_snapshot!(error("mistyped-up", "pub async fn up(pgm: &mut Pgm) -> u32 {\n    pgm.drop_table(\"x\");\n    3\n}"), @r"
    error: `up` is not what a migration's `up` must be
     --> migrations/src/20250102000000_second.rs:3:5
      |
    3 | pub async fn up(pgm: &mut Pgm) -> u32 {
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `pub fn up(pgm: &mut Pgm)`
      |
      = note: it is a `fn(&mut Pgm) -> impl Future<Output = u32>`
    help: write `pub fn up(pgm: &mut Pgm)`
      |
    3 - pub async fn up(pgm: &mut Pgm) -> u32 {
    3 + pub fn up(pgm: &mut Pgm) {
      |
    error: the migrations do not compile
    ");
}

#[test]
fn a_down_of_another_type() {
    insta::assert_snapshot!(error("mistyped-down", "pub fn up(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}\n\npub fn down() {}"), @r"
    error: `down` is not what a migration's `down` must be
     --> migrations/src/20250102000000_second.rs:7:5
      |
    7 | pub fn down() {}
      |     ^^^^^^^^^ expected `pub fn down(pgm: &mut Pgm)`
      |
      = note: it is a `fn()`
    help: write `pub fn down(pgm: &mut Pgm)`
      |
    7 | pub fn down(pgm: &mut Pgm) {}
      |             +++++++++++++
    error: the migrations do not compile
    ");
}

#[test]
fn a_private_down() {
    insta::assert_snapshot!(error("private-down", "pub fn up(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}\n\nfn down(pgm: &mut Pgm) {\n    pgm.drop_table(\"y\");\n}"), @r"
    error: `down` is not `pub`, so it would be ignored
     --> migrations/src/20250102000000_second.rs:7:4
      |
    7 | fn down(pgm: &mut Pgm) {
      |    ^^^^ only a `pub` function is part of the migration
      |
    help: write `pub fn down(pgm: &mut Pgm)`
      |
    7 | pub fn down(pgm: &mut Pgm) {
      | +++
    error: the migrations do not compile
    ");
}

#[test]
fn a_misspelled_down() {
    insta::assert_snapshot!(error("misspelled-down", "pub fn up(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}\n\npub fn dwon(pgm: &mut Pgm) {\n    pgm.drop_table(\"y\");\n}"), @r"
    error: function `dwon` is never used
     --> migrations/src/20250102000000_second.rs:7:8
      |
    7 | pub fn dwon(pgm: &mut Pgm) {
      |        ^^^^ a migration is its `up` and its `down`, and what these use
      |
    help: did you mean `down`?
      |
    7 - pub fn dwon(pgm: &mut Pgm) {
    7 + pub fn down(pgm: &mut Pgm) {
      |
    error: the migrations do not compile
    ");
}

#[test]
fn something_unused() {
    insta::assert_snapshot!(error("unused", "pub fn up(pgm: &mut Pgm) {\n    pgm.drop_table(\"x\");\n}\n\nfn helper() {}"), @r"
    error: function `helper` is never used
     --> migrations/src/20250102000000_second.rs:7:4
      |
    7 | fn helper() {}
      |    ^^^^^^ a migration is its `up` and its `down`, and what these use
    error: the migrations do not compile
    ");
}

#[test]
fn a_manifest_that_cargo_refuses() {
    let project = Sandbox::new("refused", &[]);
    project.replace("migrations/Cargo.toml", "edition = \"2024\"", "edition = \"1871\"");
    insta::assert_snapshot!(project.error(), @r"
    error: failed to parse manifest at `<folder>/migrations/Cargo.toml`
    Caused by:
      failed to parse the `edition` key
    Caused by:
      supported edition values are `2015`, `2018`, `2021`, or `2024`, but `1871` is unknown
    error: cargo could not build the migrations
    ");
}

#[test]
fn no_cargo() {
    let mut project = Sandbox::new("no-cargo", &[]);
    project.environment.vars.remove("CARGO");
    project.environment.vars.insert("PATH".to_owned(), "/nowhere".to_owned());
    insta::assert_snapshot!(project.error(), @r"
    error: cargo was not found, and the migrations must be compiled
    help: install Rust (https://rustup.rs), or pass a plan built on another machine with `--plan FILE`
    ");
}

#[test]
fn bad_names_are_found_without_cargo() {
    let project = Sandbox::new("bad-names", &[("20250101000000.rs", creates("x"))]);
    insta::assert_snapshot!(project.error(), @r"
    error: `src/20250101000000.rs` is not named `<timestamp>_<words_in_snake_case>`
    help: rename it, for example to `20250101000000_what_it_does`
    ");
    project.write("migrations/src/20250101000000-x.sql", "");
    insta::assert_snapshot!(project.error(), @r"
    error: 2 files are not as they should be:
      `src/20250101000000-x.sql` is not named `<timestamp>_<words_in_snake_case>`; rename it, for example to `20250101000000_x`
      `src/20250101000000.rs` is not named `<timestamp>_<words_in_snake_case>`; rename it, for example to `20250101000000_what_it_does`
    ");
}

#[test]
fn a_program_that_ends_by_itself() {
    insta::assert_snapshot!(error("exits", "pub fn up(_: &mut Pgm) {\n    println!(\"bye\");\n    std::process::exit(7);\n}"), @r"
    error: the program that makes the plan failed (exit status: 7)
    help: a migration only records what is to be done; one that ends the program leaves no plan
    ");
}

#[test]
fn a_program_that_is_not_ours() {
    let project = Sandbox::new("not-ours", &[("20250101000000_x.rs", creates("x"))]);
    project.write("migrations/src/main.rs", "fn main() {}\n");
    insta::assert_snapshot!(project.error(), @r"
    error: the program was not built from the migrations as they are now
    help: `build.rs` must be `fn main() { migrate_dsl::discover::build(); }`, and `src/main.rs` must print the plan of `migrations::all()`
    ");
}

#[test]
fn a_panic_is_a_problem_of_the_plan() {
    let migrations = [
        ("20250101000000_first.rs", creates("first")),
        (
            "20250102000000_second.rs",
            "use migrate_dsl::prelude::*;\n\npub fn up(_: &mut Pgm) {\n    panic!(\"no way\");\n}\n".to_owned(),
        ),
    ];
    let plan = Sandbox::new("panic", &migrations).plan().plan();
    let problem = &plan.migrations[1].problems[0];
    assert_eq!(problem.message, "panicked: no way");
    assert_eq!(
        (problem.place.file.as_str(), problem.place.line),
        ("src/20250102000000_second.rs", 4)
    );
    assert_eq!(plan.migrations[0].problems, []);
}
