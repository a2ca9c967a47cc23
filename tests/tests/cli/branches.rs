//! A database that follows the checkout: `sync`, by hand and by git's hooks, in a real repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_tests::cli::program;
use migrate_tests::process::write_script;
use migrate_tests::{Catalog, Cli, TestDatabase};

const OURS: &[&str] = &[
    "public.migrations",
    "public.migrations_log",
    "public.migrations_journal",
    "public.migrations_settings",
];

const POSTS: &str = r#"use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.create_table("posts", |t| {
        t.id();
        t.text("title");
    });
    pgm.sql("INSERT INTO posts (title) VALUES ('first'), ('second')").down("DELETE FROM posts");
}
"#;

const TAGS: &str = r#"use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.create_table("tags", |t| {
        t.id();
        t.bigint("post_id").references("posts", "id").on_delete(Cascade);
    });
    pgm.create_index("tags", "post_id").concurrently();
}
"#;

const LIKES: &str = r#"use migrate_dsl::prelude::*;

pub fn up(pgm: &mut Pgm) {
    pgm.add_column("posts", |t| _ = t.integer("likes").not_null().default(0));
}
"#;

/// A repository with the branches `main`, `a` and `b`, on whose tip `a` it is.
///
/// `main` has posts with two rows; `a` has tags and bodies besides, `b` has likes.
struct Repository {
    cli: Cli,
}

impl Repository {
    fn new() -> Self {
        // The language is compiled once for all tests, and nothing is fetched.
        let target = program().ancestors().nth(2).unwrap().join("project-tests/target");
        let cli = Cli::new()
            .var("CARGO_TARGET_DIR", &target.display().to_string())
            .var("CARGO_NET_OFFLINE", "true")
            .var("GIT_CONFIG_GLOBAL", "/dev/null")
            .var("GIT_CONFIG_NOSYSTEM", "1")
            .var("GIT_AUTHOR_NAME", "ada")
            .var("GIT_AUTHOR_EMAIL", "ada@example.com")
            .var("GIT_COMMITTER_NAME", "ada")
            .var("GIT_COMMITTER_EMAIL", "ada@example.com");
        let repository = Self { cli };
        repository.git("init --quiet --initial-branch main");
        assert_eq!(repository.cli.run("init").code, Some(0));
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, repository.path("migrations/Cargo.lock")).unwrap();
        repository.migration("20260101000000_create_posts.rs", POSTS);
        // Cargo takes out of the lock file what this crate does not use.
        repository.run("plan");
        repository.commit("posts");
        repository.git("checkout --quiet -b b");
        repository.migration("20260104000000_add_likes.rs", LIKES);
        repository.commit("likes");
        repository.git("checkout --quiet -b a main");
        repository.migration("20260102000000_create_tags.rs", TAGS);
        repository.commit("tags");
        repository.migration("20260103000000_add_body.up.sql", "ALTER TABLE posts ADD body text;");
        repository.migration("20260103000000_add_body.down.sql", "ALTER TABLE posts DROP body;");
        repository.commit("bodies");
        repository
    }

    fn path(&self, file: &str) -> PathBuf {
        self.cli.folder.path().join(file)
    }

    fn migration(&self, file: &str, text: &str) {
        self.cli.write(&format!("migrations/src/{file}"), text);
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet -m {message}"));
    }

    /// Returns the output of git, and of the programs it calls.
    fn git(&self, arguments: &str) -> String {
        let mut git = Command::new("git");
        git.args(arguments.split(' ')).current_dir(self.cli.folder.path());
        let like = self.cli.command("");
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => git.env(name, value),
                None => git.env_remove(name),
            };
        }
        let output = git.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "git {arguments}: {said}");
        said
    }

    fn run(&self, arguments: &str) -> String {
        let said = self.cli.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments}: {}", said.stderr);
        said.stderr
    }

    /// The schema, as a database has it that never had anything but this checkout.
    fn described(&self) -> String {
        let database = TestDatabase::new();
        let mut up = self.cli.command("up");
        let said = up.env("DATABASE_URL", database.url()).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        Catalog::open(&database.url(), OURS, false).read().clone()
    }

    fn schema(&self) -> String {
        Catalog::open(&self.cli.database.url(), OURS, false).read().clone()
    }

    fn is_what_is_described(&self) {
        assert_eq!(self.schema(), self.described());
        self.run("status --check");
    }

    fn applied(&self) -> String {
        let sql =
            "SELECT coalesce(string_agg(substr(name, 7, 2), ',' ORDER BY id), '') FROM migrations";
        self.value(sql)
    }

    fn value(&self, sql: &str) -> String {
        self.cli.database.client().query_one(sql, &[]).unwrap().get(0)
    }
}

#[test]
fn the_database_becomes_what_the_checkout_describes() {
    let repository = Repository::new();
    repository.run("up");
    repository.cli.database.execute("UPDATE posts SET title = 'mine' WHERE id = 1");
    repository.git("checkout --quiet b");
    let said = repository.run("sync");
    assert!(said.contains("2 reverted, 1 applied"), "{said}");
    repository.is_what_is_described();
    assert_eq!(repository.applied(), "01,04");
    repository.git("checkout --quiet a");
    repository.run("sync");
    repository.is_what_is_described();
    assert_eq!(repository.applied(), "01,02,03");
    let said = repository.run("sync");
    assert!(said.contains("nothing to do: the database matches"), "{said}");

    // A clone that never had the files.
    let clone = tempfile::tempdir().unwrap();
    let into = clone.path().join("clone").display().to_string();
    repository.git(&format!("clone --quiet --single-branch --branch b . {into}"));
    let mut sync = repository.cli.command("sync");
    let said = sync.current_dir(&into).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    repository.git("checkout --quiet b");
    repository.is_what_is_described();
    let titles = "SELECT string_agg(title, ',' ORDER BY id) FROM posts";
    assert_eq!(repository.value(titles), "mine,second");
}

#[test]
fn the_database_follows_by_itself_once_the_hook_is_installed() {
    let repository = Repository::new();
    repository.run("up");
    repository.run("hook install");
    assert_eq!(repository.git("checkout --quiet -b c"), "");
    assert_eq!(repository.git("checkout --quiet a -- migrations"), "");
    let said = repository.git("checkout --quiet b");
    assert!(said.contains("2 reverted, 1 applied"), "{said}");
    repository.is_what_is_described();
    // From another folder, and a branch without any migrations.
    repository.git("checkout --quiet --orphan empty");
    repository.git("rm -r --quiet --force .");
    repository.git("commit --quiet --allow-empty -m empty");
    assert_eq!(repository.applied(), "01,04");
    repository.git("switch --quiet a");
    repository.is_what_is_described();

    // A merge brings other migrations, too: an older one that comes before those that are newer.
    repository.git("checkout --quiet b");
    let said = repository.git("merge --quiet --no-edit a");
    assert!(said.contains("1 reverted, 3 applied"), "{said}");
    repository.is_what_is_described();
    assert_eq!(repository.applied(), "01,02,03,04");

    // Nothing happens in a rebase, however many checkouts it makes, nor in a new worktree.
    repository.git("checkout --quiet a");
    let log = "SELECT count(*)::text FROM migrations_log";
    let lines = repository.value(log);
    for rebase in ["--force-rebase main", "--apply --force-rebase main"] {
        let said = repository.git(&format!("rebase {rebase}"));
        assert!(said.contains("rebase"), "{said}");
        assert!(!said.contains("target"), "{said}");
    }
    assert_eq!(repository.value(log), lines);
    let tree = tempfile::tempdir().unwrap();
    let said = repository.git(&format!("worktree add {} main", tree.path().join("t").display()));
    assert!(!said.contains("target"), "{said}");
    assert_eq!(repository.value(log), lines);
    // But in that one, too, a checkout is one.
    let tree = tree.path().join("t");
    let said = repository.git(&format!("-C {} checkout --quiet --detach b", tree.display()));
    assert!(said.contains("the database matches this checkout"), "{said}");
}

#[test]
fn a_database_on_another_machine_follows_where_that_was_asked_for() {
    let mut repository = Repository::new();
    repository.run("up");
    repository.run("hook install");
    // What is not all of this machine may be in earnest, wherever the first server is.
    let database = repository.cli.database.url().replace("&port=", ",db.invalid&port=");
    assert!(database.contains("db.invalid"), "{database}");
    repository.cli = repository.cli.var("DATABASE_URL", &database);
    let said = repository.git("checkout --quiet b");
    assert!(said.starts_with("     skipped the database is not on this machine: "), "{said}");
    assert!(
        said.ends_with("`migrate hook install --follow-remote` has it follow, too\n"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(repository.applied(), "01,02,03");
    repository.git("checkout --quiet a");
    repository.run("hook install --follow-remote");
    let said = repository.git("checkout --quiet b");
    assert!(said.contains("2 reverted, 1 applied"), "{said}");
    assert_eq!(repository.applied(), "01,04");
    // Installing it once more without the option reverts that.
    repository.run("hook install");
    let said = repository.git("checkout --quiet a");
    assert!(said.contains("skipped"), "{said}");
    assert_eq!(repository.applied(), "01,04");
}

#[test]
fn git_succeeds_when_hook_sync_fails() {
    let repository = Repository::new();
    repository.run("up");
    repository.run("hook install");
    repository.cli.database.execute("INSERT INTO tags (post_id) VALUES (1), (2)");
    let said = repository.git("checkout --quiet b");
    assert!(said.contains("error[rows_lost]: this would lose 2 rows of `tags`"), "{said}");
    assert!(said.contains("the database has not followed; `migrate sync` tries again"), "{said}");
    assert_eq!(repository.applied(), "01,02,03");
    assert_eq!(repository.cli.run("sync").code, Some(5));
    repository.run("sync --discard-rows");
    repository.is_what_is_described();

    repository.run("protect production");
    let said = repository.git("checkout --quiet main");
    assert!(said.contains("the database is protected as `production`, so it stays"), "{said}");
    assert_eq!(repository.applied(), "01,04");
    assert_eq!(repository.cli.run("sync").code, Some(5));
    repository.run("sync --allow production");
    repository.is_what_is_described();
    repository.run("protect production --off");

    // A migration that does not compile.
    repository.git("checkout --quiet -b broken");
    repository.migration("20260105000000_broken.rs", "pub fn up() {");
    repository.commit("broken");
    repository.git("checkout --quiet main");
    let said = repository.git("checkout --quiet broken");
    assert!(said.contains("the database has not followed"), "{said}");
    assert_eq!(repository.applied(), "01");
}

#[test]
fn what_is_partially_applied_goes_with_the_checkout() {
    let repository = Repository::new();
    repository.git("checkout --quiet -b half main");
    let half = TAGS.replace(
        "pgm.create_index",
        "pgm.sql(\"VACUUM go\").outside_transaction().down(\"\");\n    pgm.create_index",
    );
    repository.migration("20260102000000_create_tags.rs", &half);
    repository.commit("half");
    assert_eq!(repository.cli.run("up").code, Some(1));
    // The other branch has a file of that name that begins with the same, and another end.
    repository.git("checkout --quiet a");
    repository.run("sync");
    repository.is_what_is_described();
}

#[test]
fn hooks_of_others_are_left_alone() {
    let cli = Cli::new().var("GIT_CONFIG_GLOBAL", "/dev/null");
    assert_eq!(cli.run("hook uninstall").code, Some(2));
    cli.write("Cargo.toml", "[workspace.metadata.migrate]\ndir = \"m\"\n");
    let said = cli.run("hook install");
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let git = |arguments: &str| {
        let mut git = Command::new("git");
        git.args(arguments.split(' ')).current_dir(cli.folder.path());
        assert!(git.env("GIT_CONFIG_GLOBAL", "/dev/null").status().unwrap().success());
    };
    git("init --quiet");
    let hook = |name: &str| cli.folder.path().join(".git/hooks").join(name);
    let shown = |text: String| text.replace(&program().display().to_string(), "<migrate>");
    let theirs = "#!/bin/sh\necho theirs \"$@\"\nexit 3\n";
    cli.write(".git/hooks/post-merge", theirs);
    insta::assert_snapshot!("hooks_refused", shown(cli.session(&["hook install"])));
    assert!(!hook("post-checkout").exists());
    insta::assert_snapshot!(
        "hooks",
        shown(cli.session(&[
            "hook install --force",
            "hook install",
            "hook install --json",
            "hook uninstall",
            "hook uninstall",
            "hook uninstall --json",
        ]))
    );
    assert_eq!(fs::read_to_string(hook("post-merge")).unwrap(), theirs);
    assert!(!hook("post-checkout").exists() && !hook("post-merge.before-migrate").exists());
}

#[test]
fn the_hook_as_it_is_written() {
    let cli = Cli::new().var("GIT_CONFIG_GLOBAL", "/dev/null");
    let git = |arguments: &str| {
        let mut git = Command::new("git");
        git.args(arguments.split(' ')).current_dir(cli.folder.path());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap()
    };
    git("init --quiet");
    // A project below the root, in a folder with a name that a shell would take apart.
    cli.write("it's \"mine\"/Cargo.toml", "[workspace.metadata.migrate]\ndir = \"m\"\n");
    let mut install = cli.command("hook install");
    let install = install.current_dir(cli.folder.path().join("it's \"mine\"")).output().unwrap();
    assert!(install.status.success());
    let file = cli.folder.path().join(".git/hooks/post-checkout");
    let script = fs::read_to_string(&file).unwrap();
    insta::assert_snapshot!(script.replace(&program().display().to_string(), "<migrate>"));

    // The program is missing, and is not on PATH either.
    fs::write(&file, script.replace(&program().display().to_string(), "/nowhere/migrate")).unwrap();
    let mut hook = Command::new("/bin/sh");
    let said = hook.arg(&file).args(["x", "y", "1"]).env("PATH", "/usr/bin:/bin").output().unwrap();
    assert!(said.status.success());
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.ends_with("not on PATH: the database has not followed\n"), "{said}");

    // Whose exit code was there before counts.
    fs::write(&file, &script).unwrap();
    let before = cli.folder.path().join(".git/hooks/post-checkout.before-migrate");
    write_script(&before, "#!/bin/sh\necho theirs \"$@\"\nexit 3\n");
    let mut hook = Command::new(&file);
    let said = hook.args(["x", "y", "1"]).current_dir(cli.folder.path()).output().unwrap();
    assert_eq!(said.status.code(), Some(3));
    assert!(said.stdout.starts_with(b"theirs x y 1\n"));

    // A folder that other repositories have, too.
    let elsewhere = tempfile::tempdir().unwrap();
    git(&format!("config core.hooksPath {}", elsewhere.path().display()));
    let mut install = cli.command("hook install --force");
    let said = install.current_dir(cli.folder.path().join("it's \"mine\"")).output().unwrap();
    assert_eq!(said.status.code(), Some(5));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    git("config core.hooksPath .hooks");
    let mut install = cli.command("hook install");
    let said = install.current_dir(cli.folder.path().join("it's \"mine\"")).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(cli.folder.path().join(".hooks/post-checkout").exists());
}
