//! Plans that travel.

use std::fs;

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};

fn story() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
    }
    vec![migration("20260101000000_create_posts", posts)]
}

#[test]
fn a_bundle_is_a_plan_with_a_digest() {
    let cli = Cli::with_plan(&story());
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ntable = \"changes\"\n");
    insta::assert_snapshot!(
        "bundle",
        cli.session(&["bundle", "bundle other.json --json", "bundle no/where"])
    );
    let folder = cli.folder.path();
    fs::rename(folder.join("migrations-bundle.json"), folder.join("plan.json")).unwrap();
    fs::remove_file(folder.join("Cargo.toml")).unwrap();
    insta::assert_snapshot!(cli.session(&[
        "up",
        "status --json",
        "up --table migrations",
        "log 1"
    ]));
    assert!(
        !fs::read_dir(folder)
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().contains("partial") })
    );
}

#[test]
fn the_log_has_the_commit_of_the_bundle() {
    let cli = Cli::with_plan(&story());
    let check_out = |commit: &str| {
        cli.write(".git/HEAD", "ref: refs/heads/main\n");
        cli.write(".git/refs/heads/main", commit);
    };
    // Plans alone are of no commit that is known, whatever is checked out around them.
    check_out("bbbb");
    assert_eq!(cli.run("up --dry-run").code, Some(0));
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\n");
    let text = cli.run("bundle bundle.json --json").stderr;
    let bundle = fs::read_to_string(cli.folder.path().join("bundle.json")).expect(&text);
    let with_commit = bundle.replace("\"git_commit\":null", "\"git_commit\":\"aaaa\"");
    assert_ne!(bundle, with_commit);
    cli.write("plan.json", &with_commit);
    assert_eq!(cli.run("up").code, Some(0));
    let row = cli.database.client().query_one("SELECT git_commit FROM migrations_log", &[]);
    assert_eq!(row.unwrap().get::<_, Option<String>>(0).as_deref(), Some("aaaa"));
}

#[test]
fn a_bundle_that_was_cut_or_changed_is_refused() {
    let cli = Cli::with_plan(&story());
    _ = cli.run("bundle bundle.json");
    let text = fs::read_to_string(cli.folder.path().join("bundle.json")).unwrap();
    cli.write("plan.json", &text[..text.len() / 2]);
    insta::assert_snapshot!("a_bundle_cut", cli.session(&["up", "log"]));
    cli.write("plan.json", &text.replace("CREATE TABLE", "DROP TABLE"));
    insta::assert_snapshot!("a_bundle_changed", cli.session(&["up", "up --json"]));
    for trailing in ["x", "{}", "\n<<<<<<< HEAD\n", &text] {
        cli.write("plan.json", &format!("{text}{trailing}"));
        let said = cli.run("up");
        assert_eq!(said.code, Some(1), "{}", said.stderr);
        assert!(said.stderr.contains("text after the end of the bundle"), "{}", said.stderr);
        assert!(said.stderr.contains("plan.json") && said.stderr.contains("fetch it again"));
    }
    cli.write("plan.json", &text.replace("{\"bundle\":1", "{\"bundle\":7"));
    insta::assert_snapshot!("a_bundle_of_another_format", cli.session(&["up"]));
}

#[test]
fn a_plan_with_problems_makes_no_bundle() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", |pgm| _ = pgm.sql("COMMIT"))]);
    let said = cli.run("bundle");
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""), "{}", said.stderr);
    assert!(!cli.folder.path().join("migrations-bundle.json").exists());
}
