//! Names of files, timestamps, words, and SQL to be split.

use std::fs;
use std::path::Path;

use migrate_core::discover::{Timestamp, snake_case, sources};

use crate::Tried;
use crate::mutate::{Random, nasty_texts, text};

#[test]
fn names_of_files() {
    let mut tried = Tried::new("names of files");
    let mut random = Random::of("names");
    let mut names: Vec<String> = [
        "20260101000000.rs",
        "20260101000000_.rs",
        "_20260101000000_a.rs",
        "99999999999999_a.rs",
        "00000000000000_a.rs",
        "20260230000000_a.rs",
        "20260101000000_a.RS",
        "20260101000000_Ä.rs",
        "2026010100000a_a.rs",
        "20260101000000_a.b.rs",
        "20260101000000_a.down.sql",
        ".sql",
        "-.rs",
        "20260101000000_a.up.down.sql",
        "éééééééééééééé_a.rs",
        "２０２６０１０１００００００_a.rs",
        "20260101000000_a b.rs",
        "20260101000000_fn.rs",
        "mod.rs",
        "20260101000000_a\n.rs",
        "é.rs",
        "99991231235959_a.rs",
        "18446744073709551616_a.rs",
        "20260101000000_a.up.sql.rs",
    ]
    .map(str::to_owned)
    .into();
    for valid in ["20260101000000_create_posts.rs", "20260101000000_a.up.sql"] {
        names.extend((0..60).map(|_| text(valid, &mut random)));
        names.extend(nasty_texts().iter().map(|nasty| valid.replacen("_", nasty, 1)));
    }
    for name in &names {
        let name: String = name.replace(['/', '\0'], "").chars().take(80).collect();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("20260102000000_b.up.sql"), "SELECT 1").unwrap();
        if name.is_empty() || fs::write(folder.path().join(&name), "").is_err() {
            continue;
        }
        tried.input(&name, || {
            let told = |problems: Vec<_>| {
                let told = problems.iter().map(ToString::to_string);
                told.collect::<Vec<_>>().join("\n")
            };
            sources(folder.path()).map(drop).map_err(told)
        });
        let words = snake_case(&name);
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(words.bytes().all(fits), "{name:?} became {words:?}");
        _ = Timestamp::parse(&name).map(Timestamp::next);
    }
    tried.input(&"no folder", || sources(Path::new("/nowhere")).map_err(|all| all[0].to_string()));
}

#[test]
fn an_ending_in_capitals_is_named() {
    for (file, ending) in [("UP.SQL", "up.sql"), ("RS", "rs"), ("sql", "sql"), ("Rs", "rs")] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("20260101000000_a.{file}")), "").unwrap();
        match sources(folder.path()) {
            Ok(found) => assert_eq!((file, found.len()), (ending, 1)),
            Err(problems) => {
                let told = problems[0].to_string();
                assert!(told.contains(&format!("`src/20260101000000_a.{file}` has")), "{told}");
                assert!(told.ends_with(&format!("to `20260101000000_a.{ending}`")), "{told}");
            }
        }
    }
}

#[test]
fn sql_to_be_split() {
    let mut tried = Tried::new("SQL");
    let mut random = Random::of("sql");
    let valid = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT 1; END;\n\
                 /* a /* b */ */ DO $é$ BEGIN RAISE 'x;y'; END $é$; SELECT E'a\\'b', \"c;d\";\n\
                 COPY t FROM STDIN; -- ende\nSELECT U&'\\0041' UESCAPE '!'; \\connect x\n";
    let mut inputs = nasty_texts();
    inputs.extend((0..250).map(|_| text(valid, &mut random)));
    inputs.extend(
        ["/*", "$a$", "'", "\"", "BEGIN ATOMIC ", "CASE ", ";", "("]
            .map(|piece| piece.repeat(50_000)),
    );
    for input in &inputs {
        tried.input(input, || {
            for piece in migrate_dsl::split(input) {
                assert!(input.contains(piece.sql), "{input:?}");
            }
            let problems = migrate_dsl::plan_problems({
                let input = input.clone();
                move |pgm| _ = pgm.sql(input.clone()).down("")
            });
            if problems.is_empty() { Ok(()) } else { Err(problems) }
        });
    }
}

#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("20260101000000_pipe.rs");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    fs::write(folder.path().join("20260102000000_b.up.sql"), "SELECT 1").unwrap();
    std::os::unix::fs::symlink(
        "20260102000000_b.up.sql",
        folder.path().join("20260103000000_c.sql"),
    )
    .unwrap();
    let problems = sources(folder.path()).unwrap_err();
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @"`src/20260101000000_pipe.rs` is neither a file nor a link to one; remove it, or put the file in its place");
    fs::remove_file(pipe).unwrap();
    assert_eq!(sources(folder.path()).unwrap().len(), 2);
}

#[test]
fn a_step_does_not_wait_for_a_named_pipe() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let pipe = folder.path().join("src/rows");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let all = vec![migrate_tests::migration("20260101000000_a", |pgm| {
        pgm.sql_file("rows");
        pgm.copy_from("a", "rows");
    })];
    let root = folder.path().to_str().unwrap().to_owned();
    let plan = migrate_dsl::Plan::of(&migrate_dsl::Migrations::new(root.leak(), "", all));
    let problems = plan.migrations[0].problems.iter().map(|problem| problem.message.clone());
    assert_eq!(
        problems.collect::<Vec<_>>(),
        ["cannot read `src/rows`: it is neither a file nor a link to one"; 2]
    );
}
