//! The certificates of a CA bundle.

use crate::error::{Error, Result};
use reqwest::Certificate;
use rustls::RootCertStore;

/// Reads PEM text with any number of certificates, or one certificate in DER format, which is the
/// default export format of Windows.
///
/// # Errors
/// Usage: the bundle contains no certificate.
pub(super) fn bundled(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let certificates = if is_der(bytes) {
        let whole = RootCertStore::empty().add(bytes.into()).is_ok();
        let certificate = Certificate::from_der(bytes).ok().filter(|_| whole);
        certificate.into_iter().collect()
    } else {
        Certificate::from_pem_bundle(bytes).unwrap_or_default()
    };
    if certificates.is_empty() {
        return Err(Error::usage("The CA bundle contains no certificate.").hint(
            "Pass a PEM file with one or more `BEGIN CERTIFICATE` blocks, or one certificate in \
            DER format.",
        ));
    }
    Ok(certificates)
}

/// Does it begin like every certificate: a sequence whose length takes two bytes? No text begins
/// with these bytes.
fn is_der(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x82])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;

    #[test]
    fn a_certificate_comes_in_two_forms() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let made = made.self_signed(&key).unwrap();
        let der = made.der().to_vec();
        let letters = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{letters}\n-----END CERTIFICATE-----\n");
        assert_eq!(bundled(&der).unwrap().len(), 1);
        assert_eq!(bundled((pem.clone() + &pem).as_bytes()).unwrap().len(), 2);
        for bad in [&der[..der.len() / 2], b"", b"no certificate", &[0x30, 0x82]] {
            assert!(bundled(bad).is_err());
        }
    }
}
