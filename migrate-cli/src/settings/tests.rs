use std::fs;

use super::*;

/// A folder with files; gives the settings for a folder in it.
fn settings(files: &[(&str, &str)], here: &str) -> Result<Settings, SettingsError> {
    settings_with(files, here, &[], &Overrides::default())
}

fn settings_with(
    files: &[(&str, &str)],
    here: &str,
    variables: &[(&str, &str)],
    overrides: &Overrides,
) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let current_dir = folder.path().join(here);
    fs::create_dir_all(&current_dir).unwrap();
    let environment = Environment {
        vars: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        account: None,
        home: None,
        current_dir,
    };
    let short = |path: &Path| match path.strip_prefix(folder.path()) {
        Ok(rest) => rest.to_owned(),
        Err(_) => path.to_owned(),
    };
    let loaded = Settings::load(&environment, overrides);
    loaded.map(|settings| Settings {
        root: short(&settings.root),
        dir: short(&settings.dir),
        ..settings
    })
}

/// Message and help without the folder of the test.
fn complaint(manifest: &str) -> String {
    let error = settings(&[("Cargo.toml", manifest)], "").unwrap_err();
    let text = error.to_string();
    let (_, text) = text.rsplit_once("Cargo.toml").unwrap();
    format!("Cargo.toml{text}; {}", error.help().unwrap_or_default())
}

const CRATE: &str = "[package]\nname = 'm'\n[dependencies]\nmigrate-dsl = '0.1'\n";

#[test]
fn the_nearest_manifest_with_metadata_decides() {
    let found = settings(
        &[
            (
                "Cargo.toml",
                "[workspace.metadata.migrate]\ndir = './db/../db/migrations'\ntable = 'changes'\nschema = 'ops'\ndatabase = 'private'",
            ),
            ("app/Cargo.toml", "[package]\nname = 'app'"),
            ("app/migrations/Cargo.toml", CRATE),
        ],
        "app/src",
    );
    let found = found.unwrap();
    assert_eq!(found.root, Path::new(""));
    assert_eq!(found.dir, Path::new("db/migrations"));
    assert_eq!(found.database, Some(Database::Private));
    assert_eq!(found.table.as_deref(), Some("changes"));
    assert_eq!(found.schema.as_deref(), Some("ops"));
}

#[test]
fn metadata_of_a_package_counts_too() {
    let files = [("a/Cargo.toml", "[package.metadata.migrate]\n")];
    assert_eq!(settings(&files, "a/b").unwrap().dir, Path::new("a/migrations"));
}

#[test]
fn without_metadata_a_crate_of_migrations_decides() {
    let files = [("x/migrations/Cargo.toml", CRATE)];
    for here in ["x", "x/src/deep", "x/migrations/src"] {
        let found = settings(&files, here).unwrap();
        assert_eq!(
            (found.root.to_str(), found.dir.to_str()),
            (Some("x"), Some("x/migrations")),
            "{here}"
        );
    }
}

#[test]
fn a_crate_that_stands_alone_has_its_own_metadata() {
    let manifest = format!("{CRATE}[workspace.metadata.migrate]\ndir = '.'\ntable = 'changes'");
    let files = [("x/migrations/Cargo.toml", manifest.as_str())];
    for here in ["x", "x/migrations/src"] {
        let found = settings(&files, here).unwrap();
        assert_eq!(found.dir, Path::new("x/migrations"), "{here}");
        assert_eq!(found.table.as_deref(), Some("changes"), "{here}");
    }
}

#[test]
fn outside_a_project() {
    let error = settings(&[("Cargo.toml", "[package]\nname = 'x'")], "src").unwrap_err();
    assert!(matches!(error, SettingsError::NoProject(_)));
    assert!(error.help().unwrap().contains("migrate init"));
}

#[test]
fn environment_and_flags_win() {
    let files = [("Cargo.toml", "[workspace.metadata.migrate]\ndatabase = 'private'\ntable = 'a'")];
    let url = |settings: Settings| match settings.database {
        Some(Database::Url(url)) => url,
        other => panic!("{other:?}"),
    };
    let variables = [("DB_URL", "postgres://b"), ("DATABASE_URL", "postgres://a")];
    let mut flags = Overrides::default();
    let found = settings_with(&files, "", &variables, &flags).unwrap();
    assert_eq!(url(found), "postgres://a");
    flags.database_url = Some("postgres://c".to_owned());
    flags.table = Some("b".to_owned());
    flags.dir = Some(PathBuf::from("other"));
    let found = settings_with(&files, "sub", &variables, &flags).unwrap();
    assert_eq!(found.table.as_deref(), Some("b"));
    assert_eq!(found.dir, Path::new("sub/other"));
    assert_eq!(url(found), "postgres://c");
    assert!(settings_with(&[], "", &[], &flags).is_ok());
}

#[test]
fn keys_and_values_that_mean_nothing() {
    let with = |lines: &str| complaint(&format!("[workspace.metadata.migrate]\n{lines}"));
    insta::assert_snapshot!(
        [
            with("dir = 'x'\nschem = 'x'"),
            with("colour = 'x'"),
            with("table = 3"),
            with("dir = ''"),
            with("database = 'privat'"),
            with("max_lock_wait = '30 s'"),
            with("statement_timeout = 0.5"),
            complaint("[workspace.metadata.migrate]\n[package.metadata.migrate]"),
        ]
        .join("\n"),
        @r#"
    Cargo.toml:3: unknown setting `schem`; did you mean `schema`?
    Cargo.toml:2: unknown setting `colour`; the settings are `database`, `dir`, `max_blocking`, `max_lock_wait`, `migration_timeout`, `schema`, `statement_timeout`, `table`
    Cargo.toml:2: `table` must be a string that is not empty; 
    Cargo.toml:2: `dir` must be a string that is not empty; 
    Cargo.toml:2: `database` must be "private" or a URL, `postgres://…`; 
    Cargo.toml:2: `max_lock_wait` must be a number of seconds; 
    Cargo.toml:2: `statement_timeout` must be a number of milliseconds; 
    Cargo.toml` has both `[workspace.metadata.migrate]` and `[package.metadata.migrate]`; keep one of the two
    "#
    );
}

#[test]
fn a_password_in_a_manifest_is_pointed_out() {
    let warnings = |url: &str| {
        let manifest = format!("[workspace.metadata.migrate]\ndatabase = '{url}'");
        let found = settings(&[("Cargo.toml", &manifest)], "").unwrap();
        found.warnings.len()
    };
    assert_eq!(warnings("postgres://ada:secret@db/x"), 1);
    assert_eq!(warnings("postgres://db/x?user=ada&password=secret"), 1);
    assert_eq!(warnings("postgres://ada@db:5432/x"), 0);
}

#[test]
fn how_long_things_may_take() {
    let found = settings(
        &[(
            "Cargo.toml",
            "[workspace.metadata.migrate]\nmax_lock_wait = 0.5\nmax_blocking = 2\nmigration_timeout = 600\nstatement_timeout = 30000",
        )],
        "",
    );
    let limits = found.unwrap().limits.limits();
    assert_eq!((limits.lock_wait.as_millis(), limits.blocking.as_secs()), (500, 2));
    let seconds = |limit: Option<std::time::Duration>| limit.map(|limit| limit.as_secs());
    assert_eq!((seconds(limits.whole), seconds(limits.statement)), (Some(600), Some(30)));
}
