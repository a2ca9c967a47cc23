//! `backup` and `restore`.

use std::fs;
use std::path::PathBuf;

use migrate_dsl::{Migration, Pgm};
use migrate_tests::process::write_script;
use migrate_tests::{Cli, migration};

fn story() -> Vec<Migration> {
    fn posts(pgm: &mut Pgm) {
        pgm.create_table("posts", |t| t.id());
    }
    fn tags(pgm: &mut Pgm) {
        pgm.create_table("tags", |t| t.id());
    }
    vec![migration("20260101000000_create_posts", posts), migration("20260102000000_tags", tags)]
}

fn backups(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(backups(path)) } else { found.push(path) }
    }
    found
}

#[test]
fn there_and_back() {
    let cli = Cli::with_plan(&story());
    _ = cli.run("up 1");
    let said = cli.run("backup before.dump");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout.trim_end(), cli.folder.path().join("before.dump").display().to_string());
    _ = cli.run("up");
    insta::assert_snapshot!(cli.session(&[
        "backup before.dump",
        "restore before.dump",
        "restore before.dump --clean",
        "status",
        "log 1",
        "restore before.dump --clean --json",
        "up",
    ]));
}

#[test]
fn wrong_files_and_folders() {
    let cli = Cli::with_plan(&story());
    cli.write("script.sql", "SELECT 1;\n");
    _ = cli.run("backup whole.dump");
    let whole = fs::read(cli.folder.path().join("whole.dump")).unwrap();
    fs::write(cli.folder.path().join("half.dump"), &whole[..whole.len() / 2]).unwrap();
    insta::assert_snapshot!(cli.session(&[
        "restore nothing.dump",
        "restore script.sql",
        "restore half.dump",
        "restore .",
        "restore",
        "backup no/folder/x.dump",
        "backup x.dump --keep 3",
        "backup --keep 0",
    ]));
}

#[test]
fn a_machine_without_the_programs() {
    let cli = Cli::with_plan(&story()).var("MIGRATE_PG_BINDIR", "/nowhere");
    let said = cli.run("backup x.dump");
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("error: no `pg_dump`, `pg_restore` and `psql` of"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("MIGRATE_PG_BINDIR"), "{}", said.stderr);
}

#[test]
fn before_up_where_the_variable_says_so() {
    let state = tempfile::tempdir().unwrap();
    let cli = Cli::with_plan(&story()).var("XDG_STATE_HOME", &state.path().display().to_string());
    for off in ["0", "", "false"] {
        let cli = cli.command("up --dry-run").env("BACKUP_BEFORE_MIGRATE", off).output().unwrap();
        assert_eq!(cli.status.code(), Some(0));
    }
    let cli = cli.var("BACKUP_BEFORE_MIGRATE", "1");
    let said = cli.run("up 1");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("backed up"), "{}", said.stderr);
    assert_eq!(backups(state.path().to_owned()).len(), 1);
    let cli = cli.var("BACKUP_BEFORE_MIGRATE", "kept here");
    let said = cli.run("up --json");
    assert!(said.stdout.contains(r#"{"format":1,"event":"backed_up","file":""#), "{}", said.stdout);
    _ = cli.run("up");
    assert_eq!(backups(cli.folder.path().join("kept here")).len(), 1);
    let said = cli.run("backup --keep 1 --json");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(backups(state.path().to_owned()).len(), 1);
}

#[test]
fn no_password_on_a_command_line() {
    let cli = Cli::with_plan(&story());
    let bindir = cli.folder.path().join("bin");
    let real = migrate_tests::server().bindir.clone();
    for name in ["pg_dump", "pg_restore", "psql"] {
        let text = format!(
            "#!/bin/sh\necho \"$0 $*\" >> {log}\n[ -n \"$PGPASSWORD\" ] && echo has it >> {log}\nexec {real}/{name} \"$@\"\n",
            log = cli.folder.path().join("log").display(),
            real = real.display(),
        );
        write_script(&bindir.join(name), &text);
    }
    let url = format!("{}&password=s3cret", cli.database.url());
    let cli = cli
        .var("DATABASE_URL", &url)
        .var("MIGRATE_PG_BINDIR", &bindir.display().to_string())
        .var("PGHOST", "elsewhere");
    for command in ["up", "backup x.dump", "restore x.dump --clean"] {
        let said = cli.run(command);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(!(said.stdout + &said.stderr).contains("s3cret"));
    }
    let log = fs::read_to_string(cli.folder.path().join("log")).unwrap();
    assert!(log.contains("has it") && !log.contains("s3cret"), "{log}");
}
