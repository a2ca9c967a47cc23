//! Where a crate of migrations keeps what, as cargo would find it, without calling cargo: asking
//! it takes longer than everything else that has to be done when nothing has changed.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_core::Environment;
use migrate_core::discover::plain_file;
use toml_edit::{DocumentMut, Item};

use super::ProjectError;
use super::hash::ContentHash;

/// Where things are.
#[derive(Debug)]
pub(super) struct Layout {
    /// The crate, without symbolic links.
    pub(super) folder: PathBuf,
    /// The name of the package.
    pub(super) package: String,
    /// The binary target that prints the plan.
    pub(super) binary: String,
    /// A cargo target folder of our own, so that we and an editor do not undo each other's work.
    pub(super) target: PathBuf,
    /// Whether cargo is configured to compile for another machine: then we could not run the program.
    pub(super) cross: bool,
    /// Where cargo stores its settings for this user.
    pub(super) cargo_home: Option<PathBuf>,
    /// The lock file of the workspace.
    pub(super) lock_file: PathBuf,
}

impl Layout {
    pub(super) fn read(folder: &Path, environment: &Environment) -> Result<Self, ProjectError> {
        let no_crate = || ProjectError::NoCrate(folder.to_owned());
        let folder = fs::canonicalize(folder).map_err(|_| no_crate())?;
        let path = folder.join("Cargo.toml");
        let text = plain_file::read_to_string(&path).map_err(|_| no_crate())?;
        let wrong = |what: String| ProjectError::Manifest { path: path.clone(), what };
        let manifest: DocumentMut =
            text.parse().map_err(|error| wrong(format!("is not valid TOML: {error}")))?;
        let root = workspace_root(&folder, &manifest);
        let cargo_home = match (environment.var("CARGO_HOME"), &environment.home) {
            (Some(home), _) => Some(PathBuf::from(home)),
            (None, home) => home.as_ref().map(|home| home.join(".cargo")),
        };
        let configs = Configs::read(&folder, cargo_home.as_deref());
        let target = environment
            .var("CARGO_TARGET_DIR")
            .or_else(|| environment.var("CARGO_BUILD_TARGET_DIR"))
            .map(|target| environment.current_dir.join(target))
            .or_else(|| configs.target_dir())
            .unwrap_or_else(|| root.join("target"));
        let package = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Item::as_str)
            .ok_or_else(|| wrong("is not the manifest of a package".to_owned()))?;
        Ok(Self {
            package: package.to_owned(),
            binary: binary(&folder, &manifest, package).map_err(wrong)?,
            target: target.join("migrate"),
            cross: environment.var("CARGO_BUILD_TARGET").is_some() || configs.sets("target"),
            lock_file: root.join("Cargo.lock"),
            cargo_home,
            folder,
        })
    }

    /// The file with what is known of this crate. Several may share a target folder.
    pub(super) fn state_file(&self) -> PathBuf {
        let crate_hash = ContentHash::of(self.folder.as_os_str().as_encoded_bytes());
        self.target.join(format!("plans/{crate_hash}.state"))
    }
}

/// The name of the program that prints the plan.
fn binary(folder: &Path, manifest: &DocumentMut, package: &str) -> Result<String, String> {
    let binaries = manifest
        .get("bin")
        .and_then(Item::as_array_of_tables)
        .map(|binaries| binaries.iter().collect::<Vec<_>>())
        .unwrap_or_default();
    let text = |table: &toml_edit::Table, key| {
        let text = table.get(key).and_then(Item::as_str);
        text.map(str::to_owned)
    };
    let main =
        binaries.iter().find(|binary| text(binary, "path").as_deref() == Some("src/main.rs"));
    if let Some(name) = main.or(binaries.first()).and_then(|main| text(main, "name")) {
        return Ok(name);
    }
    if folder.join("src/main.rs").is_file() {
        return Ok(package.to_owned());
    }
    Err("has no binary target, and `src/main.rs` is missing: it prints the plan".to_owned())
}

/// The edition of the crate in `folder`, as far as its manifest and its workspace's tell.
pub(super) fn edition(folder: &Path) -> String {
    let manifest = |folder: &Path| -> Option<DocumentMut> {
        let text = plain_file::read_to_string(&folder.join("Cargo.toml")).ok()?;
        text.parse().ok()
    };
    let own = manifest(folder).unwrap_or_default();
    let edition = own.get("package").and_then(|package| package.get("edition"));
    let inherited = || {
        let root = manifest(&workspace_root(folder, &own))?;
        let package = root.get("workspace")?.get("package")?;
        Some(package.get("edition")?.as_str()?.to_owned())
    };
    match edition.map(Item::as_str) {
        Some(Some(edition)) => edition.to_owned(),
        Some(None) => inherited().unwrap_or_else(|| "2024".to_owned()),
        // Without one, cargo takes the first.
        None => "2015".to_owned(),
    }
}

/// The root of the workspace that the crate is a member of; the crate itself where there is none.
pub(super) fn workspace_root(folder: &Path, manifest: &DocumentMut) -> PathBuf {
    if manifest.contains_key("workspace") {
        return folder.to_owned();
    }
    let named =
        manifest.get("package").and_then(|package| package.get("workspace")).and_then(Item::as_str);
    if let Some(root) = named {
        return fs::canonicalize(folder.join(root)).unwrap_or_else(|_| folder.join(root));
    }
    for above in folder.ancestors().skip(1) {
        let text = plain_file::read_to_string(&above.join("Cargo.toml")).unwrap_or_default();
        let Some(workspace) = text
            .parse::<DocumentMut>()
            .ok()
            .and_then(|manifest| manifest.get("workspace").cloned())
        else {
            continue;
        };
        let excluded = workspace.get("exclude").and_then(Item::as_array).is_some_and(|paths| {
            let mut paths = paths.iter().filter_map(|path| path.as_str());
            paths.any(|path| folder.starts_with(above.join(path)))
        });
        return if excluded { folder } else { above }.to_owned();
    }
    folder.to_owned()
}

/// The `[build]` tables of cargo's configuration, the nearest first, each with the folder against
/// which its paths are read.
struct Configs(Vec<(PathBuf, Item)>);

impl Configs {
    fn read(folder: &Path, cargo_home: Option<&Path>) -> Self {
        let above = folder.ancestors().map(|above| above.join(".cargo"));
        let places = above.chain(cargo_home.map(Path::to_owned));
        let found = places.filter_map(|place| {
            let text = ["config.toml", "config"]
                .iter()
                .find_map(|file| plain_file::read_to_string(&place.join(file)).ok())?;
            let build = text.parse::<DocumentMut>().ok()?.get("build")?.clone();
            Some((place.parent().unwrap_or(&place).to_owned(), build))
        });
        Self(found.collect())
    }

    fn target_dir(&self) -> Option<PathBuf> {
        self.0.iter().find_map(|(folder, build)| {
            let target = build.get("target-dir")?.as_str()?;
            Some(folder.join(target))
        })
    }

    fn sets(&self, key: &str) -> bool {
        self.0.iter().any(|(_, build)| build.get(key).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Layout, String> {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let environment = Environment {
            vars: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            account: None,
            home: None,
            current_dir: root.clone(),
        };
        let layout = Layout::read(&root.join("app/migrations"), &environment);
        let mut layout = layout.map_err(|error| error.to_string())?;
        layout.target = layout.target.strip_prefix(&root).unwrap().to_owned();
        Ok(layout)
    }

    const CRATE: (&str, &str) = (
        "app/migrations/Cargo.toml",
        "[package]\nname = 'm'\n[[bin]]\nname = 'other'\npath = 'x.rs'\n[[bin]]\nname = 'plan'\npath = 'src/main.rs'",
    );

    #[test]
    fn the_target_folder_is_where_cargo_has_it() {
        let target = |files: &[(&str, &str)], variables: &[(&str, &str)]| {
            let files = [&[CARGO_TOML_OF_ROOT, CRATE], files].concat();
            layout(&files, variables).unwrap().target.display().to_string()
        };
        const CARGO_TOML_OF_ROOT: (&str, &str) = ("Cargo.toml", "[workspace]\nexclude = ['old']");
        assert_eq!(target(&[], &[]), "target/migrate");
        assert_eq!(target(&[], &[("CARGO_TARGET_DIR", "t")]), "t/migrate");
        let config = ("app/.cargo/config.toml", "[build]\ntarget-dir = 'out'");
        assert_eq!(target(&[config], &[]), "app/out/migrate");
        let excluded = ("Cargo.toml", "[workspace]\nexclude = ['app/migrations']");
        assert_eq!(target(&[excluded], &[]), "app/migrations/target/migrate");
    }

    #[test]
    fn the_program_by_its_real_name() {
        assert_eq!(layout(&[CRATE], &[]).unwrap().binary, "plan");
        let plain = ("app/migrations/Cargo.toml", "[package]\nname = 'm'");
        let main = ("app/migrations/src/main.rs", "");
        assert_eq!(layout(&[plain, main], &[]).unwrap().binary, "m");
        assert!(layout(&[plain], &[]).unwrap_err().contains("`src/main.rs` is missing"));
    }

    #[test]
    fn compiling_for_another_machine_is_seen() {
        assert!(!layout(&[CRATE], &[]).unwrap().cross);
        assert!(
            layout(&[CRATE], &[("CARGO_BUILD_TARGET", "wasm32-unknown-unknown")]).unwrap().cross
        );
        let config = ("app/migrations/.cargo/config.toml", "[build]\ntarget = 'x'");
        assert!(layout(&[CRATE, config], &[]).unwrap().cross);
    }

    #[test]
    fn no_crate_there() {
        assert!(layout(&[], &[]).unwrap_err().starts_with("there is no crate of migrations in"));
    }
}
