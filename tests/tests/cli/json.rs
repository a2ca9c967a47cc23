//! What every command prints with `--json`: scripts read it.

use std::collections::BTreeSet;
use std::process::Command;

use migrate_dsl::{Migration, Pgm};
use migrate_tests::{Cli, migration};
use serde_json::{Map, Value};

const A: &str = "20260101000000_create_posts";
const B: &str = "20260102000000_posts_by_title";

fn posts(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title");
    });
}

fn by_title(pgm: &mut Pgm) {
    pgm.create_index("posts", "title").concurrently();
}

fn story() -> Vec<Migration> {
    vec![migration(A, posts), migration(B, by_title)]
}

/// The commands, and for each of them its own.
fn all_commands() -> BTreeSet<String> {
    let of = |command: &str| {
        let help = Cli::new().run(&format!("{command} --help")).stdout;
        let list = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next();
        let lines = list.unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>();
        let names = lines.iter().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut all = BTreeSet::new();
    for command in of("") {
        match of(&command) {
            own if own.is_empty() => _ = all.insert(command),
            own => all.extend(own.iter().map(|own| format!("{command} {own}"))),
        }
    }
    all
}

#[test]
fn every_command_prints_json() {
    let mut run = BTreeSet::new();
    let mut shown = |cli: &Cli, commands: &[&str]| {
        let with_json: Vec<_> =
            commands.iter().map(|command| format!("{command} --json")).collect();
        for command in commands {
            let words: Vec<_> = command.split_whitespace().take(2).collect();
            run.extend([words[0].to_owned(), words.join(" ")]);
        }
        let said = cli.session(&with_json.iter().map(String::as_str).collect::<Vec<_>>());
        for line in said.lines().filter(|line| line.starts_with('{')) {
            let line: Map<String, Value> = serde_json::from_str(line).unwrap();
            let is_plan = line.contains_key("generator");
            assert_eq!(line["format"], 1);
            assert!(line.contains_key("event") || is_plan, "{line:?}");
        }
        // What is said to a person is in other tests.
        said.lines()
            .filter(|line| !line.starts_with("| "))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };

    let cli = Cli::with_plan(&story());
    insta::assert_snapshot!(
        "applying",
        shown(
            &cli,
            &[
                "plan",
                "status",
                "verify",
                "up 1 --dry-run",
                "up",
                "up",
                "status",
                "log",
                "down --dry-run",
                "down",
                "redo",
                "goto posts_by_title --dry-run",
                "goto posts_by_title",
                "mark posts_by_title --pending",
                "mark posts_by_title",
                "sync --dry-run",
                "watch --once",
                "bundle",
            ]
        )
    );
    cli.write_plan(&[
        migration(A, posts),
        migration(B, |pgm| {
            pgm.create_index("posts", "title").named("by_title");
        }),
    ]);
    insta::assert_snapshot!(
        "changed_files",
        shown(
            &cli,
            &["status", "verify", "sync --dry-run", "sync", "up --no-such-flag", "mark nothing",]
        )
    );
    cli.write_plan(&story());
    insta::assert_snapshot!(
        "safety",
        shown(
            &cli,
            &[
                "accept posts_by_title --reason same",
                "protect production",
                "down",
                "protect production --off",
                "backup x.dump",
                "restore x.dump --clean",
            ]
        )
    );
    let name = cli.database.name().to_owned();
    insta::assert_snapshot!(
        "database",
        shown(
            &cli,
            &[
                "db url",
                "db wait",
                "db create",
                &format!("db reset --confirm {name}"),
                &format!("db drop --confirm {name}"),
                "db create",
            ]
        )
        .replace(&name, "<database>")
    );

    let project = Cli::new();
    Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(project.folder.path())
        .status()
        .unwrap();
    project.write("Cargo.toml", "[workspace]\n");
    let project_said =
        shown(&project, &["init", "create add_posts", "fmt", "hook install", "hook uninstall"]);
    let (_, created) = project_said.split_once("\"name\":\"").unwrap();
    let project_said = project_said.replace(&created[..14], "<moment>");
    insta::assert_snapshot!("project", project_said);
    project.write("migrations/src/20260101000000_late.rs", "pub fn up(_: &mut Pgm) {}");
    let state = project.folder.path().display().to_string();
    let private = Cli::new().without("DATABASE_URL").var("XDG_STATE_HOME", &state);
    private.write("Cargo.toml", "[workspace.metadata.migrate]\ndatabase = \"private\"\n");
    for (cli, command, keys) in [
        (&project, "renumber late", ["name", "was", "files"].as_slice()),
        (&project, "completions bash", &["shell", "script"]),
        (&private, "db start", &["version", "pid", "port"]),
        (&private, "db stop", &["stopped"]),
    ] {
        let said = shown(cli, &[command]);
        let json: Map<String, Value> =
            serde_json::from_str(said.lines().nth(1).unwrap_or_default())
                .unwrap_or_else(|error| panic!("{error}: {said}"));
        let own = json.keys().filter(|key| !["format", "event"].contains(&key.as_str()));
        assert_eq!(own.collect::<Vec<_>>(), keys, "{said}");
    }

    let left: Vec<_> = all_commands()
        .into_iter()
        .filter(|command| !run.contains(command) && !command.ends_with("help"))
        .collect();
    // A download has a test of its own; a shell is for a person.
    assert_eq!(left, ["db install", "db shell"]);
}
