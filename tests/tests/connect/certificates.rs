//! Certificates of every kind, made for one test.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// An authority.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A certificate that is to be made: `Certificate::of("db.test")`.
pub(crate) struct Certificate {
    parameters: CertificateParams,
}

impl Certificate {
    /// For a name, today.
    pub(crate) fn of(name: &str) -> Self {
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.serial_number = Some(SerialNumber::from_slice(name.as_bytes()));
        Self { parameters }
    }

    /// For a name in the way of old: without alternative names.
    pub(crate) fn of_common_name(name: &str) -> Self {
        let mut certificate = Self::of(name);
        certificate.parameters.subject_alt_names.clear();
        certificate
    }

    pub(crate) fn expired(mut self) -> Self {
        self.parameters.not_before = date_time_ymd(2001, 1, 1);
        self.parameters.not_after = date_time_ymd(2002, 1, 1);
        self
    }

    pub(crate) fn signed_by(self, authority: &Authority) -> Certified {
        let key = KeyPair::generate().unwrap();
        let certificate = self.parameters.signed_by(&key, &authority.issuer).unwrap();
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// One that signs itself, as `openssl req -x509` makes it: an authority's.
    pub(crate) fn signed_by_itself(mut self) -> Certified {
        let key = KeyPair::generate().unwrap();
        self.parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = self.parameters.self_signed(&key).unwrap();
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(Self::parameters(name), key).unwrap() }
    }

    /// One whose own certificate is of yesterday.
    pub(crate) fn expired(name: &str) -> Self {
        let mut parameters = Self::parameters(name);
        parameters.not_before = date_time_ymd(2001, 1, 1);
        parameters.not_after = date_time_ymd(2002, 1, 1);
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(parameters, key).unwrap() }
    }

    /// One that another has signed.
    pub(crate) fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(Self::parameters(name), key, &self.issuer);
        Self { issuer: issuer.unwrap() }
    }

    fn parameters(name: &str) -> CertificateParams {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        parameters
    }

    pub(crate) fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// The list of what it has revoked: the certificate of a name.
    pub(crate) fn list_revoking(&self, name: &str) -> String {
        self.list_until(4024, name)
    }

    /// The same, to be replaced by a newer one in this year.
    pub(crate) fn list_until(&self, year: i32, name: &str) -> String {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from_slice(name.as_bytes()),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let parameters = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(year, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        parameters.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}
