//! The little that has to be read out of a certificate, which rustls does not tell.
//!
//! See [RFC 5280](https://www.rfc-editor.org/rfc/rfc5280#section-4.1). Nothing here decides by
//! itself whether a certificate is to be trusted.

use sha2::{Digest, Sha256, Sha384, Sha512};

/// The parts of a certificate.
pub(super) struct Certificate<'a> {
    /// The algorithm of its signature, with its parameters.
    algorithm: &'a [u8],
    /// From when to when it holds, in seconds since 1970.
    validity: (i64, i64),
    /// The issuer.
    issuer: &'a [u8],
    /// The subject.
    subject: &'a [u8],
    /// The public key, as it stands there.
    pub(super) public_key: &'a [u8],
    extensions: Option<&'a [u8]>,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, in which the version stands; `[3]`, in which the extensions do.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// `1.2.840.113549.1.1`, with RSA's signatures below it.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// `1.2.840.10045.4`, with ECDSA's signatures below it.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
/// `2.16.840.1.101.3.4.2`, with the SHA-2 digests below it.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

impl<'a> Certificate<'a> {
    /// Reads a certificate in DER.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(Reader(der).expect(SEQUENCE)?);
        let mut body = Reader(outer.expect(SEQUENCE)?);
        let algorithm = outer.expect(SEQUENCE)?;
        if body.peek() == Some(VERSION) {
            body.next()?;
        }
        let _serial_number = body.next()?;
        let _algorithm = body.expect(SEQUENCE)?;
        let issuer = body.expect(SEQUENCE)?;
        let mut times = Reader(body.expect(SEQUENCE)?);
        let validity = (times.time()?, times.time()?);
        let subject = body.expect(SEQUENCE)?;
        let public_key = body.next()?.whole;
        let mut extensions = None;
        while let Some(element) = body.next() {
            if element.tag == EXTENSIONS {
                extensions = Some(Reader(element.content).expect(SEQUENCE)?);
            }
        }
        Some(Self { algorithm, validity, issuer, subject, public_key, extensions })
    }

    /// From when to when it holds, in seconds since 1970.
    pub(super) fn validity(&self) -> (i64, i64) {
        self.validity
    }

    /// Whether it is self-issued: its issuer is its subject.
    pub(super) fn is_its_own(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether it has subject alternative names, so that the common name is not used.
    pub(super) fn has_alternative_names(&self) -> bool {
        let mut extensions = Reader(self.extensions.unwrap_or_default());
        std::iter::from_fn(|| extensions.expect(SEQUENCE))
            .any(|extension| Reader(extension).expect(OBJECT_IDENTIFIER) == Some(ALTERNATIVE_NAMES))
    }

    /// The common name, in the way of old: the last one, which is the most particular.
    pub(super) fn common_name(&self) -> Option<&'a str> {
        let mut parts = Reader(self.subject);
        let names = std::iter::from_fn(|| parts.expect(SET)).filter_map(|part| {
            let mut pair = Reader(Reader(part).expect(SEQUENCE)?);
            (pair.expect(OBJECT_IDENTIFIER)? == COMMON_NAME).then_some(())?;
            std::str::from_utf8(pair.next()?.content).ok()
        });
        // A zero byte in a name has been used to hide the rest of it.
        names.last().filter(|name| !name.contains('\0'))
    }

    /// The digest of `der`, this certificate, that SCRAM binds itself to, see
    /// [RFC 5929](https://www.rfc-editor.org/rfc/rfc5929#section-4.1): with the digest of its
    /// signature, or SHA-256 in the place of weaker ones. Signatures without one have none.
    pub(super) fn binding(&self, der: &[u8]) -> Option<Vec<u8>> {
        let mut algorithm = Reader(self.algorithm);
        let name = algorithm.expect(OBJECT_IDENTIFIER)?;
        let digest = match (name.strip_prefix(RSA), name.strip_prefix(ECDSA)) {
            (Some([4 | 5 | 11]), _) | (_, Some([1 | 3, 2] | [1])) => 256,
            (Some([12]), _) | (_, Some([3, 3])) => 384,
            (Some([13]), _) | (_, Some([3, 4])) => 512,
            // RSA-PSS has it among its parameters, and SHA-1 where it does not.
            (Some([10]), _) => match pss_digest(algorithm.expect(SEQUENCE)?) {
                None | Some([1]) => 256,
                Some([2]) => 384,
                Some([3]) => 512,
                Some(_) => return None,
            },
            _ => return None,
        };
        Some(match digest {
            256 => Sha256::digest(der).to_vec(),
            384 => Sha384::digest(der).to_vec(),
            _ => Sha512::digest(der).to_vec(),
        })
    }
}

/// Which SHA-2 digest the parameters of RSA-PSS name.
fn pss_digest(parameters: &[u8]) -> Option<&[u8]> {
    const HASH: u8 = 0xa0;
    let mut algorithm = Reader(Reader(Reader(parameters).expect(HASH)?).expect(SEQUENCE)?);
    algorithm.expect(OBJECT_IDENTIFIER)?.strip_prefix(SHA2)
}

/// Elements of DER, one after the other.
struct Reader<'a>(&'a [u8]);

struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// With its tag and its length.
    whole: &'a [u8],
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            short @ 0..=0x7f => (usize::from(short), rest),
            // A certificate is shorter than 16 MB.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Element { tag, content, whole })
    }

    /// The content of the next element, if it is of this kind.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// The next element, which is a moment, in seconds since 1970.
    fn time(&mut self) -> Option<i64> {
        let element = self.next()?;
        let text = std::str::from_utf8(element.content).ok()?;
        let full = match element.tag {
            // Two digits of the year: up to 49 they are of this century.
            UTC_TIME if text < "50" => format!("20{text}"),
            UTC_TIME => format!("19{text}"),
            GENERALIZED_TIME => text.to_owned(),
            _ => return None,
        };
        let moment = chrono::NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ").ok()?;
        Some(moment.and_utc().timestamp())
    }
}
