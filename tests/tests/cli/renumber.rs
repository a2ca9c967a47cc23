//! Late migrations, renamed.

use std::fs;

use migrate_tests::Cli;

const A: &str = "20260101000000_a";

/// A project whose files are never compiled.
fn project(files: &[&str]) -> Cli {
    let cli = Cli::new();
    cli.write("Cargo.toml", "[workspace]\n[workspace.metadata.migrate]\ndir = \"m\"\n");
    for file in files {
        cli.write(&format!("m/src/{file}"), file);
    }
    cli
}

fn files(cli: &Cli) -> Vec<String> {
    let folder = fs::read_dir(cli.folder.path().join("m/src")).unwrap();
    let mut names: Vec<_> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn all_files_of_a_migration_move_behind_the_newest() {
    let cli = project(&[
        "lib.rs",
        "20200101000000_a.up.sql",
        "20200101000000_a.down.sql",
        "20200102000000_b.rs",
    ]);
    let said = cli.run("renumber a");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let now = files(&cli);
    assert_eq!(now.len(), 4);
    assert_eq!(now[0], "20200102000000_b.rs");
    assert!(now[1].ends_with("_a.down.sql") && now[1] > now[0], "{now:?}");
    assert!(now[2].ends_with("_a.up.sql"), "{now:?}");
    let printed: Vec<_> = said.stdout.lines().map(str::to_owned).collect();
    let mut expected = vec![format!("m/src/{}", now[1]), format!("m/src/{}", now[2])];
    expected.sort();
    assert_eq!(
        {
            let mut printed = printed;
            printed.sort();
            printed
        },
        expected
    );
    let moved = cli.folder.path().join("m/src").join(&now[1]);
    assert_eq!(fs::read_to_string(moved).unwrap(), "20200101000000_a.down.sql");

    let again = cli.run("renumber a --json");
    assert_eq!((again.code, files(&cli)), (Some(0), now), "{}", again.stderr);
    assert!(again.stderr.contains("is the newest"), "{}", again.stderr);
}

#[test]
fn one_that_is_still_to_come_is_brought_back_to_now() {
    let cli = project(&["20260101000000_a.rs", "29990101000000_b.sql"]);
    let said = cli.run("renumber 2999");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let now = files(&cli);
    assert!(now[1].ends_with("_b.sql") && !now[1].starts_with("2999"), "{now:?}");
}

#[test]
fn of_two_with_one_timestamp_one_can_be_moved() {
    let cli = project(&["20260101000000_a.rs", "20260101000000_b.rs"]);
    assert_eq!(cli.run("renumber 20260101000000").code, Some(2));
    assert_eq!(cli.run("renumber b").code, Some(0));
    assert_eq!(files(&cli)[0], "20260101000000_a.rs");
}

#[test]
fn one_that_the_database_has_stays() {
    let cli = project(&["20260101000000_a.rs", "20260102000000_b.rs"]);
    cli.write("plan.json", "");
    cli.write_plan(&[migrate_tests::migration(A, |_| {})]);
    assert_eq!(cli.run("up").code, Some(0));
    fs::remove_file(cli.folder.path().join("plan.json")).unwrap();
    insta::assert_snapshot!(cli.session(&["renumber a", "renumber zzz", "renumber"]));
    assert_eq!(files(&cli), ["20260101000000_a.rs", "20260102000000_b.rs"]);
}

#[test]
fn what_the_database_has_counts_though_its_file_is_gone() {
    let cli = project(&["20260101000000_a.rs"]);
    // Later than now, as only a wrong clock makes it.
    cli.write_plan(&[migrate_tests::migration("20260201000000_b", |_| {})]);
    assert_eq!(cli.run("up").code, Some(0));
    fs::remove_file(cli.folder.path().join("plan.json")).unwrap();
    assert_eq!(cli.run("renumber a").code, Some(0));
    assert!(files(&cli)[0].as_str() > "20260201000000", "{:?}", files(&cli));
}

#[test]
fn renumber_skips_applied_check_without_database() {
    let cli = project(&["20260101000000_a.rs", "20260102000000_b.rs"]).without("DATABASE_URL");
    let said = cli.run("renumber a");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("no database is configured"), "{}", said.stderr);
    // One that does not answer might have it.
    let cli = project(&["20260101000000_a.rs", "20260102000000_b.rs"]);
    let cli = cli.var("DATABASE_URL", "postgres://ada@127.0.0.1:1/shop");
    assert_eq!(cli.run("renumber a").code, Some(1));
    assert_eq!(files(&cli)[0], "20260101000000_a.rs");
}
