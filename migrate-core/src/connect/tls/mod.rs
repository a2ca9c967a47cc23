//! TLS as in libpq: trusted authorities, the client's certificate, and what is allowed.
//!
//! See [SSL Support](https://www.postgresql.org/docs/current/libpq-ssl.html).

mod certificate;
mod failure;
mod files;
mod keepalive;
mod stream;
mod verifier;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::{ClientConfig, SupportedProtocolVersion, version};

pub(super) use failure::{Told, concerns, explain};
pub(super) use files::FileError;
pub(super) use stream::{Connector, TlsRequest};

use super::TargetError;
use super::parameters::Parameters;
use crate::environment::Environment;
use verifier::Verifier;

/// What TLS connections to PostgreSQL are [registered](https://www.iana.org/assignments/tls-extensiontype-values/)
/// under.
const PROTOCOL: &[u8] = b"postgresql";

/// The required security of a connection: `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    const WORDS: [(&str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }
}

/// A file that is named, or that is looked for in its usual place.
#[derive(Clone)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Whether it was named: then it has to be there.
    named: bool,
}

/// Where the authorities are that sign for servers.
#[derive(Clone)]
pub(super) enum Root {
    /// In a file; without a home folder, and without a name, there is none.
    File(Option<File>),
    /// With the system; the file and the folder that OpenSSL's variables name for it.
    System(Option<PathBuf>, Option<PathBuf>),
}

impl Root {
    fn shown(&self) -> String {
        match self {
            Self::File(Some(file)) => format!("`{}`", file.path.display()),
            Self::File(None) => "`sslrootcert`".to_owned(),
            Self::System(..) => "the system's list".to_owned(),
        }
    }
}

/// All that was said of TLS.
#[derive(Clone)]
pub(super) struct TlsSettings {
    pub(super) mode: Mode,
    direct: bool,
    root: Root,
    certificate: Option<File>,
    key: Option<File>,
    revoked: Option<File>,
    versions: (Version, Version),
    /// Whether the host name is sent to the server (SNI).
    name_is_told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    Below12,
    Tls12,
    Tls13,
}

const VERSIONS: [(&str, Version); 4] = [
    ("TLSv1", Version::Below12),
    ("TLSv1.1", Version::Below12),
    ("TLSv1.2", Version::Tls12),
    ("TLSv1.3", Version::Tls13),
];

impl TlsSettings {
    /// Reads the parameters; the defaults are libpq's.
    pub(super) fn new(
        parameters: &Parameters,
        environment: &Environment,
    ) -> Result<Self, TargetError> {
        let file = |name: &str, usual: &str| {
            let named = parameters.path(name, environment).map(|path| File { path, named: true });
            let home = environment.home.as_ref();
            let usual = || Some(File { path: home?.join(".postgresql").join(usual), named: false });
            named.or_else(usual)
        };
        let mode = parameters.word("sslmode", &Mode::WORDS)?;
        let variable = |name: &str| environment.var(name).map(PathBuf::from);
        let (root, mode) = match parameters.text("sslrootcert") {
            Some("system") => {
                let root = Root::System(variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"));
                (root, mode.unwrap_or(Mode::VerifyFull))
            }
            _ => (Root::File(file("sslrootcert", "root.crt")), mode.unwrap_or(Mode::Prefer)),
        };
        if matches!(root, Root::System(..)) && mode != Mode::VerifyFull {
            // Any server can have a certificate of one of the system's authorities.
            let expected = "`verify-full`, since `sslrootcert` is `system`";
            return Err(parameters.wrong("sslmode", expected));
        }
        let negotiations = [("postgres", false), ("direct", true)];
        let direct = parameters.word("sslnegotiation", &negotiations)?.unwrap_or(false);
        if direct && mode < Mode::Require {
            let expected = "`postgres`, unless `sslmode` is `require` or stronger";
            return Err(parameters.wrong("sslnegotiation", expected));
        }
        let version = |name, otherwise| {
            parameters.word(name, &VERSIONS).map(|version| version.unwrap_or(otherwise))
        };
        let min = version("ssl_min_protocol_version", Version::Tls12)?;
        let max = version("ssl_max_protocol_version", Version::Tls13)?;
        if max < min || max == Version::Below12 {
            let expected = "`TLSv1.2` or `TLSv1.3`, and not below `ssl_min_protocol_version`";
            return Err(parameters.wrong("ssl_max_protocol_version", expected));
        }
        let shows_own = parameters.text("sslcertmode") != Some("disable");
        let certificate = file("sslcert", "postgresql.crt").filter(|_| shows_own);
        let name_is_told = parameters.word("sslsni", &[("0", false), ("1", true)])?.unwrap_or(true);
        Ok(Self {
            mode,
            direct,
            root,
            certificate,
            key: file("sslkey", "postgresql.key"),
            revoked: file("sslcrl", "root.crl"),
            versions: (min, max),
            name_is_told,
        })
    }

    pub(super) fn is_direct(&self) -> bool {
        self.direct
    }

    /// The ways to connect to a server over the network, the first one first: where one is
    /// refused, the next is tried.
    pub(super) fn connectors(
        &self,
        keepalive: Option<Duration>,
    ) -> Result<Vec<Connector>, FileError> {
        let wishes = match self.mode {
            Mode::Disable => vec![TlsRequest::Clear],
            Mode::Allow => vec![TlsRequest::Clear, TlsRequest::Tls(self.config()?)],
            Mode::Prefer => vec![TlsRequest::TlsOrClear(self.config()?), TlsRequest::Clear],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull if self.direct => {
                vec![TlsRequest::Direct(self.config()?)]
            }
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => {
                vec![TlsRequest::Tls(self.config()?)]
            }
        };
        let name_counts = self.mode == Mode::VerifyFull;
        let connector = |wish| Connector::new(wish, name_counts, keepalive);
        Ok(wishes.into_iter().map(connector).collect())
    }

    /// Reads the files.
    fn config(&self) -> Result<Arc<ClientConfig>, FileError> {
        let provider = Arc::new(ring::default_provider());
        let authorities = self.authorities(&provider)?;
        let verifier = Verifier::new(&provider, authorities, self.mode == Mode::VerifyFull);
        let mut versions: Vec<&SupportedProtocolVersion> = Vec::new();
        for (number, version) in
            [(Version::Tls12, &version::TLS12), (Version::Tls13, &version::TLS13)]
        {
            if (self.versions.0..=self.versions.1).contains(&number) {
                versions.push(version);
            }
        }
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(FileError::unexpected)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.identity()? {
            Some((chain, key, file)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| FileError::key_of_another(&file, &error))?,
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = self.name_is_told;
        if self.direct {
            config.alpn_protocols = vec![PROTOCOL.to_vec()];
        }
        Ok(Arc::new(config))
    }
}
