use std::collections::BTreeMap;
use std::fs;

use super::*;

/// A project in a folder of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap()
    }

    fn setup(&self, here: &str, dir: Option<&str>) -> Result<Setup, SetupError> {
        let here = self.path().join(here);
        fs::create_dir_all(&here).unwrap();
        let language = Language::Version("1.0".to_owned());
        Setup::settle(&here, dir.map(Path::new), &language)
    }

    /// Returns the resulting manifests.
    fn manifests(&self, here: &str, dir: Option<&str>) -> String {
        let setup = self.setup(here, dir).unwrap();
        let writes: BTreeMap<_, _> = setup
            .writes
            .iter()
            .filter(|write| write.path.ends_with("Cargo.toml"))
            .map(|write| (write.path.strip_prefix(self.path()).unwrap(), &write.after))
            .collect();
        let texts = writes.iter().map(|(path, text)| format!("--- {}\n{text}", path.display()));
        format!("{:?}\n{}", setup.kind, texts.collect::<String>())
    }
}

const APP: &str = "[package]\nname = \"app\"\nedition = \"2024\"\n";

#[test]
fn a_virtual_workspace() {
    let folder = Folder::with(&[("shop/Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n")]);
    insta::assert_snapshot!(folder.manifests("shop", None), @r#"
    Workspace
    --- shop/Cargo.toml
    [workspace]
    members = ["crates/*", "migrations"]

    [workspace.metadata.migrate]
    dir = "migrations"
    database = "private"
    --- shop/migrations/Cargo.toml
    [package]
    name = "shop-migrations"
    version = "0.0.0"
    edition = "2024"
    publish = false

    [lib]
    name = "migrations"

    [[bin]]
    name = "migrations"
    path = "src/main.rs"

    [dependencies]
    migrate-dsl = "1.0"

    [build-dependencies]
    migrate-dsl = "1.0"
    "#);
}

#[test]
fn a_pattern_that_has_it_already() {
    let folder = Folder::with(&[("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n")]);
    let setup = folder.setup("", Some("crates/migrations")).unwrap();
    let manifest = setup.writes.last().unwrap();
    assert_eq!(manifest.path, folder.path().join("Cargo.toml"));
    assert!(manifest.after.contains("members = [\"crates/*\"]\n"));
    assert!(manifest.after.contains("dir = \"crates/migrations\""));
}

#[test]
fn a_member_of_a_workspace() {
    let folder = Folder::with(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n"),
        ("app/Cargo.toml", APP),
    ]);
    insta::assert_snapshot!(folder.manifests("app/src", None), @r#"
    Member
    --- Cargo.toml
    [workspace]
    members = ["app", "app/migrations"]
    --- app/Cargo.toml
    [package]
    name = "app"
    edition = "2024"

    [package.metadata.migrate]
    dir = "migrations"
    database = "private"
    --- app/migrations/Cargo.toml
    [package]
    name = "app-migrations"
    version = "0.0.0"
    edition = "2024"
    publish = false

    [lib]
    name = "migrations"

    [[bin]]
    name = "migrations"
    path = "src/main.rs"

    [dependencies]
    migrate-dsl = "1.0"

    [build-dependencies]
    migrate-dsl = "1.0"
    "#);
}

#[test]
fn a_package_by_itself() {
    let folder = Folder::with(&[("Cargo.toml", APP)]);
    insta::assert_snapshot!(folder.manifests("src", None), @r#"
    Package
    --- Cargo.toml
    [package]
    name = "app"
    edition = "2024"

    [workspace]
    members = ["migrations"]

    [workspace.metadata.migrate]
    dir = "migrations"
    database = "private"
    --- migrations/Cargo.toml
    [package]
    name = "app-migrations"
    version = "0.0.0"
    edition = "2024"
    publish = false

    [lib]
    name = "migrations"

    [[bin]]
    name = "migrations"
    path = "src/main.rs"

    [dependencies]
    migrate-dsl = "1.0"

    [build-dependencies]
    migrate-dsl = "1.0"
    "#);
}

#[test]
fn no_cargo_project() {
    let folder = Folder::with(&[("package.json", "{}")]);
    let text = folder.manifests("my app", None);
    insta::assert_snapshot!(text, @r#"
    Alone
    --- my app/migrations/Cargo.toml
    [package]
    name = "my-app-migrations"
    version = "0.0.0"
    edition = "2024"
    publish = false

    [lib]
    name = "migrations"

    [[bin]]
    name = "migrations"
    path = "src/main.rs"

    [dependencies]
    migrate-dsl = "1.0"

    [build-dependencies]
    migrate-dsl = "1.0"

    [workspace]

    [workspace.metadata.migrate]
    dir = "."
    database = "private"
    "#);
}

#[test]
fn a_folder_that_the_workspace_leaves_out() {
    let folder = Folder::with(&[("Cargo.toml", "[workspace]\nmembers = []\nexclude = [\"db\"]\n")]);
    let text = folder.manifests("", Some("db/migrations"));
    assert!(text.contains("migrate-dsl = \"1.0\"\n\n[workspace]\n"), "{text}");
    assert!(text.contains("members = []"), "{text}");
}

#[test]
fn what_is_in_the_way() {
    let folder = Folder::with(&[("Cargo.toml", APP), ("migrations/20240101000000_x.sql", "")]);
    let error = folder.setup("", None).unwrap_err();
    assert!(error.to_string().ends_with("has files named like migrations of sqlx"));
    assert!(folder.setup("", Some("db/migrations")).is_ok());
    let error = folder.setup("", Some("../elsewhere")).unwrap_err();
    assert!(matches!(error, SetupError::Outside { .. }), "{error}");
}

#[test]
fn twice_changes_nothing() {
    let folder = Folder::with(&[("Cargo.toml", APP)]);
    folder.setup("", None).unwrap().apply().unwrap();
    let again = folder.setup("", None).unwrap_err();
    let Occupant::Ours = (match again {
        SetupError::Occupied { occupant, .. } => occupant,
        other => panic!("{other}"),
    }) else {
        panic!("not ours");
    };
}

#[test]
fn where_the_language_comes_from() {
    let root = Path::new("/code/app");
    let folder = root.join("db/migrations");
    let of = |language: Language, manifest: &str| {
        let manifest = manifest.parse().unwrap();
        language.for_workspace(&manifest, root, &folder).to_string()
    };
    assert_eq!(
        of(Language::Fitting, "[workspace.dependencies]\nmigrate-dsl = \"1\""),
        "{ workspace = true }"
    );
    assert_eq!(
        of(Language::Path("/code/app/vendor/dsl".into()), ""),
        "{ path = \"../../vendor/dsl\" }"
    );
    assert_eq!(of(Language::Path("/src/dsl".into()), ""), "{ path = \"/src/dsl\" }");
    assert_eq!(of(Language::Git("https://x".into()), ""), "{ git = \"https://x\" }");
    assert_eq!(of(Language::Version("1.2".into()), ""), "\"1.2\"");
}

/// The files that are written compile, and the settings lead to them.
#[test]
fn a_new_project_works() {
    use crate::project::tests::sandbox::Sandbox;
    let sandbox = Sandbox::new("set-up", &[]);
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::remove_dir_all(sandbox.folder.join("migrations")).unwrap();
    sandbox.write("Cargo.toml", &format!("{APP}\n[dependencies]\n"));
    sandbox.write("src/lib.rs", "");
    let lock = fs::read_to_string(checkout.join("Cargo.lock")).unwrap();
    sandbox.write("Cargo.lock", &lock);
    let setup = Setup::settle(&sandbox.folder, None, &Language::Fitting).unwrap();
    assert!(setup.language.explanation().contains("migrate-dsl"));
    setup.apply().unwrap();
    let overrides = crate::settings::Overrides::default();
    let settings = crate::settings::Settings::load(&sandbox.environment, &overrides).unwrap();
    assert_eq!(settings.dir, sandbox.folder.join("migrations"));
    assert_eq!(settings.database, Some(crate::settings::Database::Private));
    assert_eq!(sandbox.plan().plan().migrations, []);
    let files = ["build.rs", "src/lib.rs", "src/main.rs"].map(|file| settings.dir.join(file));
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let unformatted =
        crate::project::rustfmt::unformatted(&settings.dir, &files, &sandbox.environment).unwrap();
    assert_eq!(unformatted, Vec::<PathBuf>::new());
}
