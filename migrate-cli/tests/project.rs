//! `init`, `create`, `fmt` and `plan`, as someone types them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder in which commands are typed.
struct Desk(PathBuf);

impl Desk {
    /// The same folder at every run, so that cargo finds what it has built before; not below this
    /// workspace, whose member it would be.
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let checkout = env!("CARGO_MANIFEST_DIR").replace(['/', '\\'], "-");
        let folder = std::env::temp_dir().join(format!("migrate-command-tests{checkout}"));
        let folder = folder.join(name);
        _ = fs::remove_dir_all(&folder);
        let desk = Self(folder);
        fs::create_dir_all(&desk.0).unwrap();
        for (file, text) in files {
            desk.write(file, text);
        }
        desk
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    /// The versions that this workspace has, so that nothing is fetched.
    fn lock(&self, file: &str) {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        self.write(file, &fs::read_to_string(lock).unwrap());
    }

    /// What the command says: its exit code, stdout and stderr.
    fn migrate(&self, arguments: &str) -> String {
        self.migrate_with(arguments, &[])
    }

    fn migrate_with(&self, arguments: &str, variables: &[(&str, &str)]) -> String {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("target");
        let output = Command::new(env!("CARGO_BIN_EXE_migrate"))
            .args(arguments.split(' '))
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let text = text.replace(&self.0.display().to_string(), "<here>");
            let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            without_times(&text.replace(&checkout.display().to_string(), "<checkout>"))
        };
        format!(
            "{}\n--- stdout\n{}--- stderr\n{}",
            output.status.code().unwrap(),
            text(&output.stdout),
            text(&output.stderr)
        )
    }

    /// The migrations that there are, without their times.
    fn migrations(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("migrations/src")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with('2')).collect();
        names.sort();
        names.iter().map(|name| without_times(name)).collect()
    }
}

/// The text with each timestamp as `<time>`.
fn without_times(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        clean.push_str(&rest[..at]);
        let number = &rest[at..at + digits];
        clean.push_str(if digits == 14 { "<time>" } else { number });
        rest = &rest[at + digits..];
    }
    clean + rest
}

const APP: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

#[test]
fn from_nothing_to_a_plan() {
    let desk = Desk::new("from-nothing", &[("Cargo.toml", APP), ("src/lib.rs", "")]);
    desk.lock("Cargo.lock");
    insta::assert_snapshot!(desk.migrate("plan"), @r"
    2
    --- stdout
    --- stderr
    error: `<here>` is not inside a project with migrations
     |
     = help: `migrate init` sets one up here; in a project, `[workspace.metadata.migrate]` of its `Cargo.toml` says where the migrations are
    ");
    insta::assert_snapshot!(desk.migrate("init"), @r#"
    0
    --- stdout
    --- stderr
         created migrations/Cargo.toml
         created migrations/build.rs
         created migrations/src/lib.rs
         created migrations/src/main.rs
         changed Cargo.toml

    `Cargo.toml` is a workspace now, with `migrations` as its member; building the package builds no more than before
    it depends on migrate-dsl from `<checkout>/migrate-dsl`; others will need it there too, or name a repository with `--dsl-git URL`

    next: `migrate create create_posts title:varchar:120!`, then `migrate up`
    without a `DATABASE_URL`, a PostgreSQL of the project's own is used (`database = "private"`)
    "#);
    let manifest = desk.read("Cargo.toml");
    insta::assert_snapshot!(desk.migrate("init"), @r"
    0
    --- stdout
    --- stderr
       Unchanged `migrations` has migrations already; `--dir` names another folder
    ");
    assert_eq!(desk.read("Cargo.toml"), manifest);
    insta::assert_snapshot!(desk.migrate("create CreatePosts title:varchar:120! author:references:users"), @r"
    0
    --- stdout
    migrations/src/<time>_create_posts.rs
    --- stderr
    ");
    insta::assert_snapshot!(desk.migrate("create --json add_location_to_posts location:point"), @r#"
    0
    --- stdout
    {"format":1,"event":"summary","name":"<time>_add_location_to_posts","files":["migrations/src/<time>_add_location_to_posts.rs"]}
    --- stderr
    "#);
    insta::assert_snapshot!(desk.migrate("create --sql create_posts"), @r"
    0
    --- stdout
    migrations/src/<time>_create_posts.up.sql
    migrations/src/<time>_create_posts.down.sql
    --- stderr
    warning: `migrations/src/<time>_create_posts.rs` has the same name but for the time
    ");
    assert_eq!(
        desk.migrations(),
        [
            "<time>_create_posts.rs",
            "<time>_add_location_to_posts.rs",
            "<time>_create_posts.down.sql",
            "<time>_create_posts.up.sql"
        ]
    );
    // As `create` leaves it, a file of SQL has no statement yet, and that is a problem.
    let empty = desk.migrate("plan");
    assert!(empty.contains("error[migration]: `sql` has no statement in it"), "{empty}");
    for entry in fs::read_dir(desk.0.join("migrations/src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            fs::write(path, "SELECT 1").unwrap();
        }
    }
    let plan = desk.migrate("plan");
    assert!(plan.starts_with("0\n"), "{plan}");
    assert!(plan.contains("ALTER TABLE \"posts\" ADD COLUMN \"location\" point;"), "{plan}");
    // Nothing has changed: no word on stderr.
    let again = desk.migrate("plan");
    assert!(again.ends_with("--- stderr\n"), "{again}");
    // What does not compile is told in JSON, too.
    desk.write(
        "migrations/src/20250101000000_typo.rs",
        "use migrate_dsl::prelude::*;\n\npub fn up(pgm: &mut Pgm) {\n    pgm.drop_tabel(\"x\");\n}\n",
    );
    let said = desk.migrate("plan --json");
    assert!(said.starts_with("1\n"), "{said}");
    assert!(said.contains(r#"{"code":null,"message":"the migrations do not compile","#), "{said}");
    assert!(said.contains(r#"{"code":"E0599","message":"no method named `drop_tabel` "#), "{said}");
    let place = r#""file":"migrations/src/<time>_typo.rs","line":4,"column":9,"#;
    assert!(said.contains(place), "{said}");
}

#[test]
fn names_that_cannot_be() {
    let desk = Desk::new("names", &[("Cargo.toml", APP), ("src/lib.rs", "")]);
    desk.migrate("init");
    insta::assert_snapshot!(desk.migrate("create …"), @r"
    2
    --- stdout
    --- stderr
    error: `…` has no letters or digits to name a file by
     |
     = help: say what the migration does: `migrate create add_location_to_posts`
    ");
    insta::assert_snapshot!(desk.migrate("create tidy_up title:text"), @r"
    2
    --- stdout
    --- stderr
    error: `tidy_up` does not say what the columns are for
     |
     = help: name it `create_<table>`, `add_<columns>_to_<table>` or `create_index_on_<table>`
    ");
    insta::assert_snapshot!(desk.migrate("create create_posts title:text?"), @r"
    2
    --- stdout
    --- stderr
    error: invalid value 'title:text?' for '[COLUMN[:TYPE]]...': a column may be null unless it ends in `!`, so `?` is not needed

    For more information, try '--help'.
    ");
    assert_eq!(desk.migrations(), [""; 0]);
}

#[test]
fn formatting() {
    let desk = Desk::new("formatting", &[("Cargo.toml", APP), ("src/lib.rs", "")]);
    desk.migrate("init");
    let file = "migrations/src/20250101000000_x.rs";
    let ugly =
        "use migrate_dsl::prelude::*;\npub fn up(pgm: &mut Pgm) { pgm.drop_table(\"x\"); }\n";
    desk.write(file, ugly);
    insta::assert_snapshot!(desk.migrate("fmt --check"), @r"
    3
    --- stdout
    migrations/src/<time>_x.rs
    --- stderr
    ");
    assert_eq!(desk.read(file), ugly);
    insta::assert_snapshot!(desk.migrate_with("fmt", &[("PATH", "/nowhere")]), @r"
    1
    --- stdout
    --- stderr
    error: rustfmt was not found
     |
     = help: `rustup component add rustfmt` installs it
    ");
    insta::assert_snapshot!(desk.migrate("fmt"), @r"
    0
    --- stdout
    migrations/src/<time>_x.rs
    --- stderr
    ");
    assert!(desk.read(file).contains("{\n    pgm.drop_table(\"x\");\n}"));
    insta::assert_snapshot!(desk.migrate("fmt --check --json"), @r#"
    0
    --- stdout
    {"format":1,"event":"summary","files":[]}
    --- stderr
    "#);
    desk.write(file, "pub fn up(");
    insta::assert_snapshot!(desk.migrate("fmt"), @r"
    1
    --- stdout
    --- stderr
    error: this file contains an unclosed delimiter
     --> <here>/migrations/src/<time>_x.rs:1:11
      |
    1 | pub fn up(
      |          -^
      |          |
      |          unclosed delimiter
    error: rustfmt failed
    ");
}

#[test]
fn a_folder_that_is_taken() {
    let desk = Desk::new("taken", &[("Cargo.toml", APP), ("migrations/20240101000000_x.sql", "")]);
    insta::assert_snapshot!(desk.migrate("init"), @r"
    2
    --- stdout
    --- stderr
    error: `migrations` has files named like migrations of sqlx
     |
     = help: choose another folder, as in `migrate init --dir db/migrations`
    ");
    assert_eq!(desk.read("Cargo.toml"), APP);
    insta::assert_snapshot!(desk.migrate("init --dir db/migrations --dsl-version 0.1"), @r#"
    0
    --- stdout
    --- stderr
         created db/migrations/Cargo.toml
         created db/migrations/build.rs
         created db/migrations/src/lib.rs
         created db/migrations/src/main.rs
         changed Cargo.toml

    `Cargo.toml` is a workspace now, with `db/migrations` as its member; building the package builds no more than before
    it depends on migrate-dsl 0.1

    next: `migrate create create_posts title:varchar:120!`, then `migrate up`
    without a `DATABASE_URL`, a PostgreSQL of the project's own is used (`database = "private"`)
    "#);
}

#[test]
fn a_project_of_another_language() {
    let desk = Desk::new("other-language", &[("package.json", "{}")]);
    insta::assert_snapshot!(desk.migrate("init --dir db/schema"), @r#"
    0
    --- stdout
    --- stderr
         created db/schema/Cargo.toml
         created db/schema/build.rs
         created db/schema/src/lib.rs
         created db/schema/src/main.rs
         created db/schema/.gitignore

    `db/schema` is a crate by itself, with the settings in `db/schema/Cargo.toml`
    it depends on migrate-dsl from `<checkout>/migrate-dsl`; others will need it there too, or name a repository with `--dsl-git URL`
    run `migrate` inside `db/schema`, or with `--dir db/schema`: without a `Cargo.toml` here, nothing else says where it is

    next: `migrate create create_posts title:varchar:120!`, then `migrate up`
    without a `DATABASE_URL`, a PostgreSQL of the project's own is used (`database = "private"`)
    "#);
    insta::assert_snapshot!(desk.migrate("create create_posts"), @r"
    2
    --- stdout
    --- stderr
    error: `<here>` is not inside a project with migrations
     |
     = help: `migrate init` sets one up here; in a project, `[workspace.metadata.migrate]` of its `Cargo.toml` says where the migrations are
    ");
    let in_folder = Desk(desk.0.join("db/schema"));
    insta::assert_snapshot!(in_folder.migrate("create create_posts"), @r"
    0
    --- stdout
    src/<time>_create_posts.rs
    --- stderr
    ");
    in_folder.lock("Cargo.lock");
    let plan = in_folder.migrate("plan");
    assert!(plan.contains("CREATE TABLE \"posts\""), "{plan}");
}
