//! The signing key with its certificate and issuers.

use super::fault::Fault;
use super::file::{Contents, Key};
use jiff::Timestamp;
use ring::rsa::KeyPair;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A key and its certificate, which is valid now.
pub(super) struct Pair {
    pub(super) key: KeyPair,
    /// DER: the key's certificate, then its issuers as far as the file has them.
    pub(super) chain: Vec<Vec<u8>>,
}

/// The key that has a certificate in the file. With several, the certificate that is valid longest.
pub(super) fn of(contents: &Contents, now: Timestamp) -> Result<Pair, Fault> {
    match (contents.keys.is_empty(), contents.certificates.is_empty()) {
        (true, true) => return Err(Fault::Neither),
        (true, false) => return Err(Fault::NoKey),
        (false, true) => return Err(Fault::NoCertificate),
        (false, false) => {}
    }
    let parsed = contents.certificates.iter().map(|der| {
        let parsed = X509Certificate::from_der(der).map_err(|_| Fault::Damaged);
        parsed.map(|(_, certificate)| (der, certificate))
    });
    let certificates: Vec<(&Vec<u8>, X509Certificate<'_>)> = parsed.collect::<Result<_, _>>()?;
    let (mut best, mut why): (Option<(Timestamp, Pair)>, _) = (None, None);
    for key in &contents.keys {
        let candidate = match usable(key) {
            Ok(key) => {
                let found = own_of(&key, &certificates, now);
                found.map(|(until, certificate)| {
                    let chain = chain(certificate, &certificates);
                    (until, Pair { key, chain })
                })
            }
            Err(fault) => Err(fault),
        };
        match candidate {
            Ok(candidate) if best.as_ref().is_none_or(|best| best.0 < candidate.0) => {
                best = Some(candidate)
            }
            Ok(_) => {}
            Err(fault) => why = why.or(Some(fault)),
        }
    }
    let best = best.map(|(_, pair)| pair);
    best.ok_or_else(|| why.unwrap_or(Fault::Strangers))
}

fn usable(key: &Key) -> Result<KeyPair, Fault> {
    let parsed = match key {
        Key::Pkcs8(der) => KeyPair::from_pkcs8(der),
        Key::Pkcs1(der) => KeyPair::from_der(der),
        Key::Other => return Err(Fault::NotRsa),
    };
    parsed.map_err(|rejected| match rejected.to_string().as_str() {
        "WrongAlgorithm" => Fault::NotRsa,
        "TooSmall" | "TooLarge" | "PrivateModulusLenNotMultipleOf512Bits" => Fault::Size,
        _ => Fault::Damaged,
    })
}

type Known<'a> = (&'a Vec<u8>, X509Certificate<'a>);

/// The certificate of the key that is valid longest, or the reason why none is usable.
fn own_of<'a>(
    key: &KeyPair,
    certificates: &'a [Known<'a>],
    now: Timestamp,
) -> Result<(Timestamp, &'a Known<'a>), Fault> {
    let (mut best, mut why) = (None, Fault::Strangers);
    for known in certificates {
        let (_, certificate) = known;
        if *certificate.public_key().subject_public_key.data != *key.public().as_ref() {
            continue;
        }
        let at = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        let validity = certificate.validity();
        let (from, until) = (
            at(validity.not_before.timestamp()),
            at(validity.not_after.timestamp()),
        );
        if now < from {
            why = Fault::Early(from);
        } else if now > until {
            why = Fault::Ended(until);
        } else if best.as_ref().is_none_or(|(other, _)| *other < until) {
            best = Some((until, known));
        }
    }
    best.ok_or(why)
}

/// The certificate and its issuers, up to the last issuer in the file.
fn chain(first: &Known<'_>, certificates: &[Known<'_>]) -> Vec<Vec<u8>> {
    let mut chain = vec![first.0.clone()];
    let mut last = first;
    while last.1.issuer().as_raw() != last.1.subject().as_raw()
        && let Some(next) = certificates.iter().find(|(der, certificate)| {
            certificate.subject().as_raw() == last.1.issuer().as_raw() && !chain.contains(der)
        })
    {
        chain.push(next.0.clone());
        last = next;
    }
    chain
}
