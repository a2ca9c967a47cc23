//! The files of TLS: authorities, revoked certificates, our own certificate and its key.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use migrate_dsl::discover::plain_file;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use thiserror::Error;

use super::certificate::Certificate;
use super::verifier::{Authorities, check_validity};
use super::{File, Mode, Root, TlsSettings};

/// Why a file cannot be used.
#[derive(Debug, Error)]
#[error("cannot use {what}: {reason}")]
pub(in super::super) struct FileError {
    /// The parameter, and the file.
    what: String,
    reason: String,
    pub(in super::super) help: String,
}

impl FileError {
    fn new(parameter: &str, path: &Path, reason: impl Into<String>, help: &str) -> Self {
        let what = format!("`{}` as `{parameter}`", path.display());
        Self { what, reason: reason.into(), help: help.to_owned() }
    }

    fn read(parameter: &str, path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(
                parameter,
                path,
                "it is not there",
                &format!("put it there, or name another with `{parameter}`"),
            ),
            io::ErrorKind::InvalidInput => {
                Self::new(parameter, path, error.to_string(), "name a file")
            }
            _ => Self::new(parameter, path, error.to_string(), "make it readable to this user"),
        }
    }

    pub(super) fn key_of_another(certificate: &Path, error: &rustls::Error) -> Self {
        let reason = match error {
            rustls::Error::InconsistentKeys(_) => "the key in `sslkey` is not its own".to_owned(),
            other => format!("the key in `sslkey` cannot be used with it: {other}"),
        };
        Self::new("sslcert", certificate, reason, "name the two that belong together")
    }

    pub(super) fn unexpected(error: rustls::Error) -> Self {
        let what = "these settings of TLS".to_owned();
        Self { what, reason: error.to_string(), help: "leave out what is unusual".to_owned() }
    }
}

impl TlsSettings {
    /// Returns the authorities for servers, if they are to be checked: where `sslmode` requires it, and,
    /// as with libpq, wherever the file exists.
    pub(super) fn authorities(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Authorities>, FileError> {
        let (trusted, place) = match &self.root {
            Root::System(file, folder) => {
                let found = match (file, folder) {
                    (None, None) => rustls_native_certs::load_native_certs(),
                    (file, folder) => rustls_native_certs::load_certs_from_paths(
                        file.as_deref(),
                        folder.as_deref(),
                    ),
                };
                (found.certs, PathBuf::from("system"))
            }
            Root::File(Some(file)) => match read(file, "sslrootcert")? {
                Some(bytes) => (all(&bytes, "sslrootcert", &file.path)?, file.path.clone()),
                None if self.mode < Mode::VerifyCa => return Ok(None),
                None => return Err(self.no_authorities(&file.path)),
            },
            Root::File(None) if self.mode < Mode::VerifyCa => return Ok(None),
            Root::File(None) => {
                return Err(self.no_authorities(Path::new("~/.postgresql/root.crt")));
            }
        };
        let Roots { store, outdated, between } = Roots::of(&trusted, &self.root);
        if store.is_empty() && outdated.is_empty() {
            let (reason, help) = match between.is_empty() {
                true => (
                    "no certificate is in it",
                    "it should have the authorities' certificates, in PEM",
                ),
                false => (
                    "no certificate in it has signed itself",
                    "add the root authority's, up to which the signatures lead",
                ),
            };
            return Err(FileError::new("sslrootcert", &place, reason, help));
        }
        let revoked = self.revoked()?;
        // A certificate that is trusted directly would bypass the revocation lists.
        let trusted = if revoked.is_empty() { trusted } else { Vec::new() };
        let trusted = trusted.into_iter().filter(is_its_own).collect();
        let chain = |store: RootCertStore, revoked| {
            if store.is_empty() {
                return Ok(None);
            }
            let provider = Arc::clone(provider);
            let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .with_crls(revoked)
                .enforce_revocation_expiration();
            chain.build().map(Some).map_err(|error| {
                let path = self.revoked.as_ref().map_or(place.as_path(), |file| &file.path);
                FileError::new("sslcrl", path, error.to_string(), "have the list recreated")
            })
        };
        let (chain, outdated) = (chain(store, revoked)?, chain(outdated, Vec::new())?);
        Ok(Some(Authorities { chain, outdated, between, trusted }))
    }

    fn no_authorities(&self, usual: &Path) -> FileError {
        let reason = format!("it is not there, and `sslmode={}` needs it", self.mode.word());
        let help = "put the authority's certificate there, name another file with `sslrootcert`, \
                    or trust the system's with `sslrootcert=system`; `sslmode=require` encrypts \
                    without a look at who answers";
        FileError::new("sslrootcert", usual, reason, help)
    }

    fn revoked(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, FileError> {
        let Some(file) = &self.revoked else { return Ok(Vec::new()) };
        match read(file, "sslcrl")? {
            Some(bytes) => all(&bytes, "sslcrl", &file.path),
            None => Ok(Vec::new()),
        }
    }

    /// Our own certificate, those between it and its authority, its key, and its file's name.
    pub(super) fn identity(
        &self,
    ) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, PathBuf)>, FileError>
    {
        let Some(certificate) = &self.certificate else { return Ok(None) };
        let Some(bytes) = read(certificate, "sslcert")? else { return Ok(None) };
        let chain = all(&bytes, "sslcert", &certificate.path)?;
        let Some(key) = &self.key else {
            let reason = "there is no `sslkey` for it";
            let help = "name the file of its key";
            return Err(FileError::new("sslcert", &certificate.path, reason, help));
        };
        Ok(Some((chain, private_key(&key.path)?, certificate.path.clone())))
    }
}

/// The certificates of a file, by what they are good for. The rules are OpenSSL's: a signature is
/// followed up to a certificate that signed itself, and none on the way may be out of date.
struct Roots {
    store: RootCertStore,
    /// Authorities that cannot be trusted any more, or not yet.
    outdated: RootCertStore,
    /// Those that others have signed.
    between: Vec<CertificateDer<'static>>,
}

impl Roots {
    fn of(trusted: &[CertificateDer<'static>], root: &Root) -> Self {
        let (store, outdated) = (RootCertStore::empty(), RootCertStore::empty());
        let mut roots = Self { store, outdated, between: Vec::new() };
        for certificate in trusted {
            // What the system trusts, it has chosen with more care.
            if matches!(root, Root::File(_)) && !is_its_own(certificate) {
                roots.between.push(certificate.clone());
                continue;
            }
            let is_valid = check_validity(certificate, UnixTime::now()).is_ok();
            let store = if is_valid { &mut roots.store } else { &mut roots.outdated };
            // What cannot be read as an authority's may still be a server's own.
            store.add_parsable_certificates([certificate.clone()]);
        }
        roots
    }
}

fn is_its_own(certificate: &CertificateDer<'_>) -> bool {
    Certificate::read(certificate).is_some_and(|read| read.is_its_own())
}

/// Reads a file; none if it was not named and does not exist.
fn read(file: &File, parameter: &str) -> Result<Option<Vec<u8>>, FileError> {
    match plain_file::read(&file.path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if !file.named && is_absent(&error) => Ok(None),
        Err(error) => Err(FileError::read(parameter, &file.path, &error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Everything of a kind in a PEM file; an error where there is nothing of it.
fn all<T: PemObject>(bytes: &[u8], parameter: &str, path: &Path) -> Result<Vec<T>, FileError> {
    let found: Result<Vec<T>, _> = T::pem_slice_iter(bytes).collect();
    let help = "it should begin with `-----BEGIN`";
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => {
            let what = if parameter == "sslcrl" { "list" } else { "certificate" };
            Err(FileError::new(parameter, path, format!("no {what} is in it"), help))
        }
        Err(_) => Err(FileError::new(parameter, path, "it is not in PEM", help)),
    }
}

/// Reads the key, unless other users could have read it: the rules are libpq's.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    let metadata =
        std::fs::metadata(path).map_err(|error| FileError::read("sslkey", path, &error))?;
    if !metadata.is_file() {
        return Err(FileError::new("sslkey", path, "it is no plain file", "name one that is"));
    }
    let forbidden = match metadata.uid() {
        // What belongs to the system may be lent to a group.
        0 => 0o037,
        _ => 0o077,
    };
    let mode = metadata.mode() & 0o777;
    if mode & forbidden != 0 {
        let help = format!("shut them out: `chmod 600 {}`", path.display());
        let reason = format!("it has group or world access (mode {mode:04o})");
        return Err(FileError::new("sslkey", path, reason, &help));
    }
    let bytes = std::fs::read(path).map_err(|error| FileError::read("sslkey", path, &error))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        let encrypted = bytes.windows(9).any(|window| window == b"ENCRYPTED");
        let (reason, help) = match error {
            _ if encrypted => (
                "it is under a passphrase",
                "take it off: `openssl pkey -in KEY -out PLAIN`, and shut others out of PLAIN",
            ),
            pem::Error::NoItemsFound => {
                ("it contains no private key", "it should have one, in PEM")
            }
            _ => ("it is not in PEM", "it should begin with `-----BEGIN`"),
        };
        FileError::new("sslkey", path, reason, help)
    })
}
