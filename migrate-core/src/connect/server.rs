//! The servers that a target names, one after the other.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::TargetError;
use super::parameters::Parameters;

/// Where PostgreSQL's packages have the socket, and where it is as it comes.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

pub(super) const DEFAULT_PORT: u16 = 5432;

/// A server, and how to reach it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) place: Place,
    pub(super) port: u16,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The folder of its socket.
    Socket(PathBuf),
    /// No host is named, and no socket was in any of the usual folders.
    Unnamed,
    /// Its name, and its address where that is not to be looked up.
    Host(String, Option<IpAddr>),
}

impl Server {
    /// The servers that `host`, `hostaddr` and `port` name: lists of equal length, or one port for
    /// all.
    pub(super) fn all(parameters: &Parameters) -> Result<Vec<Self>, TargetError> {
        let list = |name: &str| -> Vec<&str> {
            parameters
                .text(name)
                .map(|text| text.split(',').map(str::trim).collect())
                .unwrap_or_default()
        };
        let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
        let count = hosts.len().max(addresses.len()).max(1);
        if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
            let expected = match hosts.len() {
                1 => "one address for the one host".to_owned(),
                count => format!("one address for each of {count} hosts"),
            };
            return Err(parameters.wrong("hostaddr", &expected));
        }
        if ports.len() > 1 && ports.len() != count {
            let expected = match count {
                1 => "one port".to_owned(),
                count => format!("one port, or one for each of {count} hosts"),
            };
            return Err(parameters.wrong("port", &expected));
        }
        (0..count)
            .map(|index| {
                let port = ports.get(index).or(ports.first()).copied().unwrap_or_default();
                let port = match port {
                    "" => DEFAULT_PORT,
                    port => port
                        .parse()
                        .ok()
                        .filter(|port| *port > 0)
                        .ok_or_else(|| parameters.wrong("port", "a number from 1 to 65535"))?,
                };
                let nonempty = |text: &&str| !text.is_empty();
                let host = hosts.get(index).copied().filter(nonempty);
                let address = addresses.get(index).copied().filter(nonempty);
                let place = Place::new(host, address, port, parameters)?;
                Ok(Self { place, port })
            })
            .collect()
    }

    /// The name under which a password file knows it.
    pub(super) fn in_password_file(&self) -> String {
        match &self.place {
            Place::Socket(folder)
                if SOCKET_FOLDERS.iter().any(|usual| folder.as_os_str() == *usual) =>
            {
                "localhost".to_owned()
            }
            Place::Socket(folder) => folder.to_string_lossy().into_owned(),
            Place::Unnamed => "localhost".to_owned(),
            Place::Host(name, _) => name.clone(),
        }
    }

    /// Whether it is on this machine, behind a socket.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self.place, Place::Socket(_) | Place::Unnamed)
    }

    /// Whether it is on this machine, as far as its name tells.
    pub(super) fn is_on_this_machine(&self) -> bool {
        match &self.place {
            Place::Socket(_) | Place::Unnamed => true,
            Place::Host(_, Some(address)) => address.to_canonical().is_loopback(),
            Place::Host(name, None) => name.parse().map_or_else(
                |_| name.eq_ignore_ascii_case("localhost"),
                |address: IpAddr| address.to_canonical().is_loopback(),
            ),
        }
    }
}

impl Place {
    fn new(
        host: Option<&str>,
        address: Option<&str>,
        port: u16,
        parameters: &Parameters,
    ) -> Result<Self, TargetError> {
        let address: Option<IpAddr> = address
            .map(str::parse)
            .transpose()
            .map_err(|_| parameters.wrong("hostaddr", "an IP address"))?;
        match (host, address) {
            (Some(host), None) if host.starts_with('/') => Ok(Self::Socket(host.into())),
            (Some(host), _)
                if !host.chars().all(|c| c.is_alphanumeric() || ".-_:%".contains(c)) =>
            {
                Err(parameters
                    .wrong("host", "a name, an address, or a folder that begins with `/`"))
            }
            (Some(host), address) => Ok(Self::Host(host.to_owned(), address)),
            (None, Some(address)) => Ok(Self::Host(address.to_string(), Some(address))),
            (None, None) => Ok(Self::usual(port)),
        }
    }

    /// Returns where a client looks when no host is named.
    fn usual(port: u16) -> Self {
        usual_folder(&SOCKET_FOLDERS, port).map_or(Self::Unnamed, Self::Socket)
    }
}

/// The folder with the socket of a server for which no host is named, or why there is none: a
/// server may have come since it was first looked for.
pub(super) fn unnamed_folder(port: u16) -> Result<PathBuf, String> {
    usual_folder(&SOCKET_FOLDERS, port).ok_or_else(|| {
        let sockets = SOCKET_FOLDERS.map(|folder| format!("`{folder}/.s.PGSQL.{port}`"));
        format!("no host is named, and no server has its socket at {}", sockets.join(", "))
    })
}

fn usual_folder(folders: &[&str], port: u16) -> Option<PathBuf> {
    let mut folders = folders.iter().map(PathBuf::from);
    folders.find(|folder| folder.join(format!(".s.PGSQL.{port}")).exists())
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Socket(folder) if self.port == DEFAULT_PORT => write!(f, "{}", folder.display()),
            // Several servers may have their sockets in one folder.
            Place::Socket(folder) => write!(f, "{}:{}", folder.display(), self.port),
            Place::Unnamed => write!(f, "{}:{}", SOCKET_FOLDERS[0], self.port),
            Place::Host(name, _) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Place::Host(name, _) => write!(f, "{name}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn where_no_host_is_named_the_first_socket_counts() {
        let root = tempfile::tempdir().unwrap();
        let folders = ["a", "b"].map(|name| root.path().join(name));
        let folders = folders.each_ref().map(|folder| folder.to_str().unwrap());
        assert_eq!(usual_folder(&folders, 5432), None);
        fs::create_dir(folders[1]).unwrap();
        fs::write(root.path().join("b/.s.PGSQL.5432"), "").unwrap();
        assert_eq!(usual_folder(&folders, 5432), Some(folders[1].into()));
        assert_eq!(usual_folder(&folders, 5433), None);
        fs::create_dir(folders[0]).unwrap();
        fs::write(root.path().join("a/.s.PGSQL.5432"), "").unwrap();
        assert_eq!(usual_folder(&folders, 5432), Some(folders[0].into()));
    }
}
