//! Services: parameters under a name, in a file of the user or of the system.
//!
//! See [The Connection Service File](https://www.postgresql.org/docs/current/libpq-pgservice.html).

use std::path::{Path, PathBuf};

use migrate_dsl::discover::plain_file;

use super::TargetError;
use super::parameters::Parameters;
use super::parse::Pair;
use crate::environment::Environment;

/// Where packages of PostgreSQL have their settings, if `PGSYSCONFDIR` does not say.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/etc"];

/// Adds what the service says that the parameters or `PGSERVICE` name, if they name one.
pub(super) fn add(
    parameters: &mut Parameters,
    environment: &Environment,
) -> Result<(), TargetError> {
    let name = parameters.text("service").or_else(|| environment.var("PGSERVICE"));
    let Some(name) = name.map(str::to_owned) else { return Ok(()) };
    let files = files(parameters, environment);
    for file in &files {
        let text = match plain_file::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(wrong(file, None, &format!("it cannot be read: {error}"))),
        };
        if let Some(pairs) = section(&text, &name).map_err(|(line, why)| wrong(file, line, why))? {
            let origin = format!("the service `{name}` in `{}`", file.display());
            return parameters.add(pairs, &origin);
        }
    }
    Err(TargetError::NoService { name, files })
}

/// The files to look into, the user's own first.
fn files(parameters: &Parameters, environment: &Environment) -> Vec<PathBuf> {
    let here = |path: &str| environment.current_dir.join(path);
    let own = parameters
        .path("servicefile", environment)
        .or_else(|| environment.var("PGSERVICEFILE").map(here))
        .or_else(|| environment.home.as_ref().map(|home| home.join(".pg_service.conf")));
    let system = match environment.var("PGSYSCONFDIR") {
        Some(folder) => vec![here(folder)],
        None => SYSTEM.map(PathBuf::from).to_vec(),
    };
    own.into_iter().chain(system.iter().map(|folder| folder.join("pg_service.conf"))).collect()
}

/// Reads a file's section on a service; a line that cannot be read is named by its number.
fn section(text: &str, name: &str) -> Result<Option<Vec<Pair>>, (Option<usize>, &'static str)> {
    let mut pairs = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            if pairs.is_some() {
                break;
            }
            pairs = (title == name).then(Vec::new);
            continue;
        }
        let Some(pairs) = &mut pairs else { continue };
        let number = Some(number + 1);
        if line.starts_with("ldap://") {
            return Err((number, "services in LDAP are not supported"));
        }
        let (key, value) = line.split_once('=').ok_or((number, "it is not `name=value`"))?;
        let (name, value) = (key.trim().to_owned(), value.trim().to_owned());
        if name == "service" || name == "servicefile" {
            return Err((number, "a service cannot name another"));
        }
        pairs.push(Pair { name, value, after_open_password: false });
    }
    Ok(pairs)
}

fn wrong(file: &Path, line: Option<usize>, why: &str) -> TargetError {
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    TargetError::ServiceFile { place: format!("{}{line}", file.display()), reason: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# comment\nstray = 1\n[one]\nhost=db1\n port = 6000 \n\n[two]\npassword=a=b\nnonsense\n[three]\nldap://x\n[one]\nhost=never\n[four]\nservice=one";

    #[test]
    fn sections() {
        let shown = |name: &str| {
            let pairs = section(FILE, name).map_err(|(line, why)| format!("{line:?} {why}"))?;
            let pairs = pairs.into_iter().flatten();
            Ok(pairs.map(|Pair { name, value, .. }| format!("{name}={value}")).collect())
        };
        let one = vec!["host=db1".to_owned(), "port=6000".to_owned()];
        assert_eq!(shown("one"), Ok(one));
        assert_eq!(shown("two"), Err("Some(9) it is not `name=value`".to_owned()));
        assert_eq!(shown("three"), Err("Some(11) services in LDAP are not supported".to_owned()));
        assert_eq!(shown("four"), Err("Some(15) a service cannot name another".to_owned()));
        assert!(section(FILE, "five").unwrap().is_none());
    }
}
