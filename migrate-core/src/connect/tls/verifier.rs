//! Verifies the server: as strictly as `sslmode` requires.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use thiserror::Error;

use super::certificate::Certificate;

/// [What each mode promises](https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION).
///
/// In all of them the server has to prove that it has the key of the certificate that it shows.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The authorities for servers; none where any certificate is accepted.
    pub(super) authorities: Option<Authorities>,
    /// Whether the certificate has to be for the host's name.
    pub(super) name: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
pub(super) struct Authorities {
    /// Follows the signatures up to an authority, if there is any.
    pub(super) chain: Option<Arc<WebPkiServerVerifier>>,
    /// The same for authorities that are out of date.
    pub(super) outdated: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that may stand between a server's and an authority's.
    pub(super) between: Vec<CertificateDer<'static>>,
    /// Certificates that are trusted just as they are, a server's own too.
    pub(super) trusted: Vec<CertificateDer<'static>>,
}

/// The authority that signed a certificate is out of date itself.
#[derive(Debug, Error)]
#[error("the certificate of the authority is out of date")]
pub(super) struct Outdated;

impl Authorities {
    /// Follows the signatures; says where they lead to what is out of date.
    fn follow(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let between = [between, &self.between].concat();
        let unknown = Error::from(CertificateError::UnknownIssuer);
        let follow = |chain: &Option<Arc<WebPkiServerVerifier>>| match chain {
            Some(chain) => chain.verify_server_cert(shown, &between, name, ocsp, now),
            None => Err(unknown.clone()),
        };
        let verified = follow(&self.chain);
        if verified.as_ref().err() == Some(&unknown) {
            let outdated = follow(&self.outdated);
            if outdated.is_ok() || is_about_the_name(&outdated) {
                return Err(CertificateError::Other(OtherError(Arc::new(Outdated))).into());
            }
        }
        verified
    }
}

/// Whether nothing but the name is wrong.
fn is_about_the_name(verified: &Result<ServerCertVerified, Error>) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(
        verified,
        Err(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
    )
}

impl Verifier {
    /// A verifier for handshakes with algorithms of this provider.
    pub(super) fn new(
        provider: &CryptoProvider,
        authorities: Option<Authorities>,
        name: bool,
    ) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self { authorities, name, algorithms }
    }

    /// The name, with libpq's help for old certificates: one without alternative names is for its
    /// common name.
    fn check_name(&self, shown: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        if !self.name {
            return Ok(());
        }
        let checked = verify_server_name(&ParsedCertificate::try_from(shown)?, name);
        let Err(error) = checked else { return Ok(()) };
        match Certificate::read(shown) {
            Some(read) if !read.has_alternative_names() => {
                let common = read.common_name();
                let right = common.is_some_and(|common| is_for(common, &name.to_str()));
                if right { Ok(()) } else { Err(not_for(name, common)) }
            }
            _ => Err(error),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        if authorities.trusted.contains(shown) {
            // A server that signs for itself: webpki would not have an authority as a server.
            check_validity(shown, now)?;
            self.check_name(shown, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        let verified = authorities.follow(shown, between, name, ocsp, now);
        // The name is looked at last: the signatures, the dates and the purpose are right.
        if is_about_the_name(&verified) {
            self.check_name(shown, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // Where any certificate will do, so will one of a version that webpki does not read, such
        // as `openssl x509 -req` writes.
        match (&self.authorities, Certificate::read(shown)) {
            (None, Some(read)) => {
                let key = SubjectPublicKeyInfoDer::from(read.public_key);
                verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
            }
            _ => verify_tls13_signature(message, shown, signed, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Refuses a certificate before and after the time for which it was made.
pub(super) fn check_validity(shown: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let read = Certificate::read(shown).ok_or(CertificateError::BadEncoding)?;
    let (from, to) = read.validity();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < from {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > to {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

fn not_for(name: &ServerName<'_>, common: Option<&str>) -> Error {
    let expected = name.to_owned();
    let presented = common.map(str::to_owned).into_iter().collect();
    CertificateError::NotValidForNameContext { expected, presented }.into()
}

/// Whether a certificate's common name is a host's; `*` stands for one part of it, the first.
fn is_for(common: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match common.strip_prefix("*.") {
        Some(domain) if domain.contains('.') => host
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(domain)),
        _ => common.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names() {
        for (common, host, expected) in [
            ("db.example.com", "db.example.com", true),
            ("DB.example.com", "db.Example.com.", true),
            ("db", "db", true),
            ("*.example.com", "db.example.com", true),
            ("*.example.com", "a.db.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.com", "example.com", false),
            ("*", "db", false),
            ("d*.example.com", "db.example.com", false),
            ("", "db", false),
        ] {
            assert_eq!(is_for(common, host), expected, "{common} {host}");
        }
    }
}
