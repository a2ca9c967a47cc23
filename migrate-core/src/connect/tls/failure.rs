//! Why there is no TLS, in words.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};
use thiserror::Error;

use super::TlsSettings;
use super::verifier::Outdated;

/// Why a connection could not begin.
#[derive(Debug, Error)]
pub(in super::super) enum Failure {
    /// The server does not speak TLS.
    #[error("the server does not speak TLS")]
    NotOffered,
    /// What was restored was no answer of PostgreSQL.
    #[error("what answers there is no PostgreSQL server")]
    NotPostgres,
    /// The connection was cut before it began.
    #[error("the connection was cut")]
    Asking(#[source] io::Error),
    /// TLS could not be agreed upon.
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
    /// The server has not said that it speaks PostgreSQL.
    #[error("the server that answers with TLS has not identified itself as PostgreSQL")]
    OtherProtocol,
    /// The host's name can be in no certificate.
    #[error("the name of the host can stand in no certificate")]
    HostName,
}

/// What failed, for a person, and what to do.
pub(in super::super) struct Told {
    pub(in super::super) reason: String,
    pub(in super::super) help: String,
}

/// Explains a failed connection by TLS; none where TLS is not the cause.
pub(in super::super) fn explain(
    error: &postgres::Error,
    settings: &TlsSettings,
    host: &str,
) -> Option<Told> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(of_rustls(error, settings, host));
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(of_rustls(error, settings, host));
        }
        if let Some(Failure::Handshake(_)) = error.downcast_ref()
            && settings.is_direct()
        {
            let reason = "the server does not begin with TLS at once".to_owned();
            return Some(Told { reason, help: help(&Failure::OtherProtocol, settings) });
        }
        // One whose cause is not rustls but the network is the network's matter.
        if let Some(failure) = error.downcast_ref::<Failure>()
            && !matches!(failure, Failure::Handshake(_) | Failure::Asking(_))
        {
            return Some(Told { reason: failure.to_string(), help: help(failure, settings) });
        }
        cause = error.source();
    }
    None
}

/// Whether an error is one of TLS: not of the network, not of the server.
pub(in super::super) fn concerns(error: &postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<Failure>() || is_of_rustls(error) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn is_of_rustls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>())
}

fn help(failure: &Failure, settings: &TlsSettings) -> String {
    match failure {
        Failure::NotOffered => format!(
            "turn it on in the server with `ssl = on`; only where clear text is what you want, \
             replace `sslmode={}` by `sslmode=disable` or `prefer`",
            settings.mode.word()
        ),
        Failure::OtherProtocol => {
            "leave out `sslnegotiation=direct`: PostgreSQL understands it from 17 on".to_owned()
        }
        Failure::HostName => "connect by the name that its certificate is for, or with \
                              `sslmode=verify-ca`, which does not look at names"
            .to_owned(),
        Failure::NotPostgres | Failure::Asking(_) | Failure::Handshake(_) => {
            "check the host and the port".to_owned()
        }
    }
}

fn of_rustls(error: &rustls::Error, settings: &TlsSettings, host: &str) -> Told {
    let (reason, help) = match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error, settings, host),
        rustls::Error::AlertReceived(alert) => of_alert(*alert, settings),
        rustls::Error::InvalidMessage(_) if settings.is_direct() => (
            "the server does not begin with TLS at once".to_owned(),
            help(&Failure::OtherProtocol, settings),
        ),
        rustls::Error::InvalidMessage(_) => (
            "what answers there speaks no TLS that can be understood".to_owned(),
            "check the host and the port".to_owned(),
        ),
        rustls::Error::PeerIncompatible(_) => (
            "the server has no version of TLS, or no cipher, that is allowed here".to_owned(),
            "TLS 1.2 and 1.3 are allowed unless `ssl_min_protocol_version` or \
             `ssl_max_protocol_version` restricts them"
                .to_owned(),
        ),
        other => (other.to_string(), "the server's log may say more".to_owned()),
    };
    Told { reason, help }
}

fn of_certificate(
    error: &CertificateError,
    settings: &TlsSettings,
    host: &str,
) -> (String, String) {
    use CertificateError as E;
    let authorities = settings.root.shown();
    let renew = || "have the server's certificate renewed; check the clock of this machine".into();
    match error {
        E::UnknownIssuer | E::BadSignature => (
            format!("the server's certificate is signed by no authority in {authorities}"),
            "have the certificate of the authority that signed it put there, or name the file \
             that has it with `sslrootcert`"
                .to_owned(),
        ),
        E::Expired | E::ExpiredContext { .. } => {
            ("the server's certificate has expired".to_owned(), renew())
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            ("the server's certificate is not valid yet".to_owned(), renew())
        }
        E::NotValidForName => not_for(host, &[]),
        E::NotValidForNameContext { presented, .. } => not_for(host, presented),
        E::Revoked => (
            "the server's certificate has been revoked".to_owned(),
            "another server may impersonate it; ask its administrator".to_owned(),
        ),
        E::UnknownRevocationStatus => (
            "`sslcrl` has no list of the authority that signed the server's certificate".to_owned(),
            "add the lists of all authorities up to the root".to_owned(),
        ),
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            ("the list in `sslcrl` has expired".to_owned(), "have it renewed".to_owned())
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => (
            "the server's certificate is not for a server".to_owned(),
            "have it issued for `serverAuth`".to_owned(),
        ),
        E::Other(other) if other.0.is::<Outdated>() => (
            format!(
                "the server's certificate is signed by an authority whose own one in {authorities} \
                 has expired, or is not valid yet"
            ),
            "put the authority's new certificate there; check the clock of this machine".to_owned(),
        ),
        E::Other(other) if other.0.to_string() == "CaUsedAsEndEntity" => (
            "the server's certificate is an authority's, which signed itself".to_owned(),
            format!("put this very certificate into {authorities} to trust it"),
        ),
        E::Other(other) if other.0.to_string() == "UnsupportedCertVersion" => (
            "the server's certificate is of version 1 of X.509, which cannot be checked".to_owned(),
            "have it recreated with `subjectAltName`, which makes it one of version 3".to_owned(),
        ),
        other => (
            format!("the server's certificate is not to be trusted: {other}"),
            format!("the authorities are those in {authorities}"),
        ),
    }
}

fn not_for(host: &str, presented: &[String]) -> (String, String) {
    let names: Vec<_> = presented
        .iter()
        .map(|name| {
            let inner = name.strip_suffix("\")").and_then(|name| name.split_once("(\""));
            format!("`{}`", inner.map_or(name.as_str(), |(_, name)| name))
        })
        .collect();
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    (
        format!("the server's certificate is for {names}, not for `{host}`"),
        "connect by a name that it is for (with `hostaddr` for the address, if need be), or with \
         `sslmode=verify-ca`, which does not look at names"
            .to_owned(),
    )
}

fn of_alert(alert: AlertDescription, settings: &TlsSettings) -> (String, String) {
    use AlertDescription as A;
    let own = settings.certificate.as_ref().map(|file| format!("`{}`", file.path.display()));
    match (alert, own) {
        (A::CertificateRequired | A::HandshakeFailure, None) => (
            "the server wants a certificate of the client".to_owned(),
            "name it with `sslcert`, and its key with `sslkey`".to_owned(),
        ),
        (A::UnknownCA | A::DecryptError, Some(own)) => (
            format!("the server does not know the authority that signed the certificate {own}"),
            "have it signed by an authority in the server's `ssl_ca_file`".to_owned(),
        ),
        (A::CertificateExpired, Some(own)) => (
            format!("the server says that the certificate {own} has expired"),
            "have it renewed".to_owned(),
        ),
        (A::CertificateRevoked, Some(own)) => (
            format!("the server says that the certificate {own} has been revoked"),
            "obtain a new certificate".to_owned(),
        ),
        (
            A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateUnknown
            | A::AccessDenied
            | A::HandshakeFailure,
            Some(own),
        ) => (
            format!("the server does not accept the certificate {own}"),
            "its log says why".to_owned(),
        ),
        (A::ProtocolVersion, _) => (
            "the server supports no TLS version that is allowed here".to_owned(),
            "TLS 1.2 and 1.3 are allowed unless `ssl_min_protocol_version` or \
             `ssl_max_protocol_version` restricts them"
                .to_owned(),
        ),
        (A::NoApplicationProtocol, _) => (
            "what answers there with TLS is not PostgreSQL".to_owned(),
            "check the host and the port".to_owned(),
        ),
        (alert, _) => {
            (format!("the server ended TLS: {alert:?}"), "its log may say why".to_owned())
        }
    }
}
