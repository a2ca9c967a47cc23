//! Rust functions of migrations, in the program of their crate.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use migrate_tests::Cli;

const FILL: &str = "migrations/src/20260101000000_fill.rs";

/// What the function does, the variable `CASE` says when it runs: the plan is the same for all.
const MIGRATION: &str = r#"use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.sql("CREATE TABLE words (word text UNIQUE)").down("DROP TABLE words");
    pgm.rust("fill", fill).down(|db| {
        println!("{} are reverted", db.execute("DELETE FROM words", &[])?);
        Ok(())
    });
}

fn fill(db: &mut Database<'_>) -> Result<(), BoxError> {
    db.execute("INSERT INTO words VALUES ($1)", &[&"Łódź 日本 \n\""])?;
    match std::env::var("CASE").unwrap_or_default().as_str() {
        "print" => {
            eprintln!("on stderr");
            // One pipe may be read before the other.
            std::thread::sleep(std::time::Duration::from_millis(200));
            println!("on stdout, {}", "x".repeat(3));
            print!("without an end");
            std::process::Command::new("cat").status()?;
            Ok(())
        }
        "many" => {
            db.batch("INSERT INTO words SELECT i::text FROM generate_series(1, 99999) i")?;
            let (mut each, mut bytes) = (0, 0);
            db.each("SELECT word FROM words", &[], |_, row| {
                each += 1;
                bytes += row.get::<String>("word")?.len();
                Ok(())
            })?;
            let all = db.query("SELECT word FROM words", &[])?.len();
            println!("{each} by the thousand, {all} at once, {bytes} bytes");
            let large = "SELECT repeat('x', 1000000) AS x FROM generate_series(1, 60)";
            let large: String = db.query(large, &[])?.remove(59).get("x")?;
            println!("{} bytes at the end", large.len());
            Ok(())
        }
        "savepoint" => {
            let again = db.transaction(|db| Ok(db.execute("INSERT INTO words SELECT * FROM words", &[])?));
            println!("handled: {}", again.unwrap_err());
            Ok(())
        }
        "query" => {
            db.execute("INSERT INTO words (nope) VALUES ($1)", &[&1])?;
            Ok(())
        }
        "error" => Err(std::fs::read("/nowhere/at/all").unwrap_err().into()),
        "type" => {
            let _: i64 = db.query("SELECT word FROM words", &[])?[0].get("word")?;
            Ok(())
        }
        "nul" => {
            db.execute("INSERT INTO words VALUES ($1)", &[&"a\0b"])?;
            Ok(())
        }
        "panic" => {
            let none: Option<i32> = None;
            none.expect("there is one");
            Ok(())
        }
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        "wait" => {
            println!("asleep");
            std::thread::sleep(std::time::Duration::from_secs(60));
            Ok(())
        }
        _ => Ok(()),
    }
}
"#;

/// A project with a crate of migrations.
fn project(migrations: &[(&str, &str)]) -> Cli {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    // The same at every run, so that the language is compiled once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("functions");
    let cli = Cli::new()
        .var("CARGO_TARGET_DIR", target.to_str().unwrap())
        .var("CARGO_NET_OFFLINE", "true");
    cli.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"migrations\"]\n\n\
         [workspace.metadata.migrate]\ndir = \"migrations\"\n",
    );
    let dsl = checkout.join("migrate-dsl");
    cli.write(
        "migrations/Cargo.toml",
        &format!(
            "[package]\nname = \"migrations\"\nedition = \"2024\"\n\n\
             [dependencies]\nmigrate-dsl = {{ path = {dsl:?} }}\n\n\
             [build-dependencies]\nmigrate-dsl = {{ path = {dsl:?} }}\n"
        ),
    );
    cli.write("Cargo.lock", &fs::read_to_string(checkout.join("Cargo.lock")).unwrap());
    cli.write("migrations/build.rs", "fn main() {\n    migrate_dsl::discover::build();\n}\n");
    cli.write("migrations/src/lib.rs", "migrate_dsl::migrations!();\n");
    cli.write(
        "migrations/src/main.rs",
        "fn main() -> std::process::ExitCode {\n    migrate_dsl::print_plan(migrations::all())\n}\n",
    );
    for (file, text) in migrations {
        cli.write(file, text);
    }
    cli
}

/// Returns the output of commands, except for the build's, and how long a migration took.
fn said(cli: &Cli, commands: &[&str]) -> String {
    let text = cli.session(commands);
    let building = [" compiled the migrations, in", " waiting another "];
    let lines = text.lines().filter(|line| !building.iter().any(|word| line.contains(word)));
    let lines = lines.map(|line| match line.rsplit_once(" (") {
        Some((line, time)) if time.ends_with("s)") => line,
        _ => line.trim_end(),
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_plan_with_a_function() {
    let cli = project(&[(FILL, MIGRATION)]);
    insta::assert_snapshot!(said(&cli, &["plan", "plan --down", "up --dry-run", "bundle"]), @r#"
$ migrate plan  # 0
-- 20260101000000_fill
-- line 4: run `CREATE TABLE words (word text UNIQUE)`
CREATE TABLE words (word text UNIQUE);
-- inverse, declared:
--   DROP TABLE words;
-- line 5: run the Rust function `fill`
-- inverse, declared:
--   the Rust function `fill`, when it is reverted
$ migrate plan --down  # 0
-- 20260101000000_fill
-- line 5: revert: run the Rust function `fill`
-- line 4: revert: run `CREATE TABLE words (word text UNIQUE)`
DROP TABLE words;
$ migrate up --dry-run  # 0
-- 20260101000000_fill
-- line 4: run `CREATE TABLE words (word text UNIQUE)`
CREATE TABLE words (word text UNIQUE);
-- inverse, declared:
--   DROP TABLE words;
-- line 5: run the Rust function `fill`
-- inverse, declared:
--   the Rust function `fill`, when it is reverted
|       target <database> on postgres@<socket> (`DATABASE_URL`)
$ migrate bundle  # 5
| error: `20260101000000_fill` runs the Rust function `fill`, which a bundle cannot carry
|  |
|  = help: apply it where the crate of the migrations is, or from an application that links it (`Migrator::embedded`)
"#);
}

#[test]
fn what_a_function_does_and_says() {
    let mut cli = project(&[(FILL, MIGRATION)]);
    for (case, commands) in [
        ("print", &["up", "down"][..]),
        ("print", &["up --json", "verify", "redo"]),
        ("many", &["redo"]),
        ("savepoint", &["redo"]),
    ] {
        cli = cli.var("CASE", case);
        let told = said(&cli, commands);
        let name = format!("functions_{case}_{}", commands.len());
        insta::assert_snapshot!(name, told);
    }
}

#[test]
fn how_a_function_fails() {
    let mut cli = project(&[(FILL, MIGRATION)]);
    for case in ["query", "error", "type", "nul", "panic", "exit", "abort"] {
        cli = cli.var("CASE", case);
        insta::assert_snapshot!(format!("functions_fail_{case}"), said(&cli, &["up"]));
    }
    let left = "SELECT to_regclass('words') IS NULL AND (SELECT count(*) = 0 FROM migrations)";
    let mut client = cli.database.client();
    assert!(client.query_one(left, &[]).unwrap().get::<_, bool>(0));
    let outcomes = "SELECT string_agg(DISTINCT outcome, '') FROM migrations_log";
    assert_eq!(client.query_one(outcomes, &[]).unwrap().get::<_, String>(0), "failed");
}

#[test]
fn a_function_does_not_outlive_those_who_wait_for_it() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let cli = project(&[(FILL, MIGRATION)]).var("CASE", "wait");
    for (signal, code) in [(Signal::SIGINT, Some(130)), (Signal::SIGKILL, None)] {
        let mut up = cli.command("up");
        let output = cli.folder.path().join("output");
        up.stderr(fs::File::create(&output).unwrap());
        let mut up = up.spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(600);
        while !fs::read_to_string(&output).unwrap().contains("asleep") {
            assert!(Instant::now() < until, "{}", fs::read_to_string(&output).unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
        let function = children(up.id());
        assert_eq!(function.len(), 1, "{function:?}");
        kill(Pid::from_raw(up.id().cast_signed()), signal).unwrap();
        assert_eq!(up.wait().unwrap().code(), code);
        let until = Instant::now() + Duration::from_secs(10);
        while Path::new(&format!("/proc/{}/exe", function[0])).exists() {
            assert!(Instant::now() < until, "the function runs on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let cli = cli.var("CASE", "wait");
    let told = said(&cli, &["up --migration-timeout 1"]);
    insta::assert_snapshot!(told, @r#"
    $ migrate up --migration-timeout 1  # 1
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | asleep
    | error: stopped after 1 s, the time that was given
    |  |
    |  = note: `20260101000000_fill`: the transaction was rolled back: nothing of this migration was done
    |  = help: run `migrate up` again
    "#);
    let cli = cli.var("CASE", "");
    insta::assert_snapshot!(said(&cli, &["up"]), @r#"
    $ migrate up  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |      applied 20260101000000_fill
    |         done 1 migration applied
    "#);
}

/// The processes that a process has started and that are still there.
fn children(of: u32) -> Vec<u32> {
    let found = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let parent: u32 = rest.split_whitespace().nth(1)?.parse().ok()?;
        (parent == of).then_some(pid)
    });
    found.collect()
}

#[test]
fn without_its_file_a_function_takes_nothing_back() {
    let cli = project(&[(FILL, MIGRATION)]);
    let mut told = said(&cli, &["up", "plan --json"]);
    told.truncate(told.find("$ migrate plan").unwrap());
    let plan = cli.run("plan --json").stdout;
    fs::remove_file(cli.folder.path().join(FILL)).unwrap();
    told += &said(&cli, &["down", "status"]);
    cli.write(FILL, &MIGRATION.replace("\"fill\"", "\"filled\""));
    told += &said(&cli, &["down", "down --dry-run"]);
    // A plan in a file has the names of its functions, and no more.
    cli.write("plan.json", &plan);
    told += &said(&cli, &["down", "mark 20260101000000 --pending", "up"]);
    insta::assert_snapshot!(told, @r#"
    $ migrate up  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |      created history table `public.migrations`
    |      applied 20260101000000_fill
    |         done 1 migration applied
    $ migrate down  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: `20260101000000_fill` is reverted by the Rust function `fill`, and there is no file of it at hand
    |  |
    |  = help: nothing was changed; a function is part of the program: bring its file back, or switch to the branch that has it, run `migrate down` there, and switch again
    $ migrate status  # 0
    missing  20260101000000_fill  <moment>
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    $ migrate down  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: `20260101000000_fill` is reverted by the Rust function `fill`, and its file does not have that any more
    |  |
    |  = help: nothing was changed; a function is part of the program: bring its file back, or switch to the branch that has it, run `migrate down` there, and switch again
    $ migrate down --dry-run  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: `20260101000000_fill` is reverted by the Rust function `fill`, and its file does not have that any more
    |  |
    |  = help: nothing was changed; a function is part of the program: bring its file back, or switch to the branch that has it, run `migrate down` there, and switch again
    $ migrate down  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: `20260101000000_fill` is reverted by the Rust function `fill`, and a plan file contains no Rust functions
    |  |
    |  = help: nothing was changed; run this from the migrations crate, or from an application that links it
    $ migrate mark 20260101000000 --pending  # 0
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    |       marked 20260101000000_fill as pending; nothing was run
    $ migrate up  # 5
    |       target <database> on postgres@<socket> (`DATABASE_URL`)
    | error: `20260101000000_fill` runs the Rust function `fill`, and a plan file contains no Rust functions
    |  |
    |  = help: nothing was changed; run this from the migrations crate, or from an application that links it
    "#);
}
