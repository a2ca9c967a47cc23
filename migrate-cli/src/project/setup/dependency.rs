//! Where a new crate gets the language from.

use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

/// Whether `migrate-dsl` is in the registry. The first release sets it; from then on a crate
/// depends on the version of the command line that wrote it.
const PUBLISHED: bool = false;
/// The source of this program at the time when it was built.
const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// The dependency on `migrate-dsl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Language {
    /// Whatever fits: the workspace's, the checkout that this program was built from, the
    /// registry's, the repository's.
    Fitting,
    /// That which the workspace names in `[workspace.dependencies]`.
    Workspace,
    /// A folder.
    Path(PathBuf),
    /// A repository.
    Git(String),
    /// A version in the registry.
    Version(String),
}

impl Language {
    /// With what fits settled for a crate in `folder`, in the workspace at `root`.
    #[must_use]
    pub fn for_workspace(self, manifest: &DocumentMut, root: &Path, folder: &Path) -> Self {
        let named = || {
            let dependencies = manifest.get("workspace")?.get("dependencies")?;
            dependencies.get("migrate-dsl")
        };
        match self {
            Self::Fitting if named().is_some() => Self::Workspace,
            Self::Fitting => match Self::of_this_program() {
                Self::Path(path) => Self::Path(path).for_workspace(manifest, root, folder),
                other => other,
            },
            // Within a workspace the relative path is the same in every checkout.
            Self::Path(path) if path.starts_with(root) => {
                let up = folder.strip_prefix(root).map_or(0, |way| way.components().count());
                let mut relative: PathBuf = std::iter::repeat_n("..", up).collect();
                relative.extend(path.strip_prefix(root));
                Self::Path(relative)
            }
            other => other,
        }
    }

    fn of_this_program() -> Self {
        let source = Path::new(SOURCE).with_file_name("migrate-dsl");
        // Cargo's own checkouts come and go.
        let is_lasting = !SOURCE.contains("/git/checkouts/");
        if is_lasting && source.join("Cargo.toml").is_file() {
            Self::Path(source)
        } else if PUBLISHED {
            Self::Version(env!("CARGO_PKG_VERSION").to_owned())
        } else {
            Self::Git(env!("CARGO_PKG_REPOSITORY").to_owned())
        }
    }

    /// Describes it, for the user who sets it up.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::Fitting => "migrate-dsl".to_owned(),
            Self::Workspace => "migrate-dsl as the workspace names it".to_owned(),
            Self::Path(path) => format!(
                "migrate-dsl from `{}`; others will need it there too, or name a repository with \
                 `--dsl-git URL`",
                path.display()
            ),
            Self::Git(url) => format!("migrate-dsl from {url}"),
            Self::Version(version) => format!("migrate-dsl {version}"),
        }
    }
}

impl fmt::Display for Language {
    /// As a manifest has it: `{ path = ".." }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        match self {
            Self::Fitting | Self::Workspace => f.write_str("{ workspace = true }"),
            Self::Path(path) => write!(f, "{{ path = {} }}", quoted(&path.display().to_string())),
            Self::Git(url) => write!(f, "{{ git = {} }}", quoted(url)),
            Self::Version(version) => f.write_str(&quoted(version)),
        }
    }
}
