//! Reads certificate files: PEM (RFC 7468) and PFX (RFC 7292). The content decides the format,
//! never the file's name.

use super::fault::Fault;
use crate::model::encoding::decoded;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{Pkcs12Archive, error::Error as PfxError};
use pkcs8::{EncryptedPrivateKeyInfoRef, pkcs5};
use std::borrow::Cow;

/// A private key from the file. It has no `Debug`, so that it can't be printed.
pub(super) enum Key {
    /// PKCS#8, any algorithm.
    Pkcs8(Vec<u8>),
    /// PKCS#1, always RSA.
    Pkcs1(Vec<u8>),
    /// SEC 1 and other formats that are not RSA.
    Other,
}

/// The keys and certificates of a file.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<Key>,
    /// DER, in the file's order.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// Reads the keys and certificates of a file.
pub(super) fn read(bytes: &[u8], password: Option<&str>) -> Result<Contents, Fault> {
    // Names in bag attributes may be in any encoding.
    let text = decoded(bytes.to_vec());
    let text = text.map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Owned);
    if text.contains(BEGIN) {
        pem(&text, password)
    } else if bytes.first() == Some(&SEQUENCE) {
        der(bytes, password)
    } else {
        Err(Fault::Neither)
    }
}

const BEGIN: &str = "-----BEGIN ";

fn pem(text: &str, password: Option<&str>) -> Result<Contents, Fault> {
    let mut contents = Contents::default();
    let mut rest = text;
    while let Some((_, block)) = rest.split_once(BEGIN) {
        let (label, body) = block.split_once("-----").ok_or(Fault::Damaged)?;
        let (body, after) = body
            .split_once(&format!("-----END {label}-----"))
            .ok_or(Fault::Damaged)?;
        rest = after;
        let plain = || {
            let letters: String = body.split_whitespace().collect();
            STANDARD.decode(letters).map_err(|_| Fault::Damaged)
        };
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" => contents.certificates.push(plain()?),
            "PRIVATE KEY" => contents.keys.push(Key::Pkcs8(plain()?)),
            "ENCRYPTED PRIVATE KEY" => contents.keys.push(decrypted(&plain()?, password)?),
            // OpenSSL's encryption before PKCS#8 (RFC 1421, 4.6.1.1).
            "RSA PRIVATE KEY" if body.contains("ENCRYPTED") => return Err(Fault::OldPem),
            "RSA PRIVATE KEY" => contents.keys.push(Key::Pkcs1(plain()?)),
            "EC PRIVATE KEY" | "DSA PRIVATE KEY" => contents.keys.push(Key::Other),
            _ => {}
        }
    }
    Ok(contents)
}

const SEQUENCE: u8 = 0x30;

fn der(bytes: &[u8], password: Option<&str>) -> Result<Contents, Fault> {
    // The length has one byte, plus as many more as its low bits say.
    let length = bytes.get(1).copied().unwrap_or_default();
    let more = if length < 0x80 { 0 } else { length & 0x7f };
    let members = bytes.get(2 + usize::from(more)..).unwrap_or_default();
    if members.starts_with(&[2, 1, 3]) {
        return pfx(bytes, password);
    }
    let mut contents = Contents::default();
    match members {
        // After the version of a private key comes its algorithm or its modulus.
        [2, 1, 0 | 1, SEQUENCE, ..] => contents.keys.push(Key::Pkcs8(bytes.to_vec())),
        [2, 1, 0, 2, ..] => contents.keys.push(Key::Pkcs1(bytes.to_vec())),
        _ if EncryptedPrivateKeyInfoRef::try_from(bytes).is_ok() => contents.keys.push(Key::Other),
        _ if x509_parser::parse_x509_certificate(bytes).is_ok() => {
            contents.certificates.push(bytes.to_vec());
        }
        _ => return Err(Fault::Neither),
    }
    Ok(contents)
}

/// The fault for a failed decryption, with or without a password.
fn closed(password: Option<&str>) -> Fault {
    if password.is_some() {
        Fault::PasswordWrong
    } else {
        Fault::PasswordMissing
    }
}

/// Decrypts PBES2 (RFC 8018). Older schemes are not supported.
fn decrypted(bytes: &[u8], password: Option<&str>) -> Result<Key, Fault> {
    /// 1.2.840.113549.1.5.13
    const PBES2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
    if !bytes.windows(PBES2.len()).any(|part| part == PBES2) {
        return Err(Fault::OldPem);
    }
    let sealed = EncryptedPrivateKeyInfoRef::try_from(bytes).map_err(|_| Fault::OldPem)?;
    let password = password.ok_or(Fault::PasswordMissing)?;
    match sealed.decrypt(password) {
        Ok(document) => Ok(Key::Pkcs8(document.as_bytes().to_vec())),
        Err(pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. }
            | pkcs5::Error::NoPbes1CryptSupport,
        )) => Err(Fault::OldPem),
        Err(_) => Err(Fault::PasswordWrong),
    }
}

fn pfx(bytes: &[u8], password: Option<&str>) -> Result<Contents, Fault> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password.unwrap_or_default());
    let archive = archive.map_err(|error| match error {
        PfxError::UnsupportedEncryptionScheme
        | PfxError::UnsupportedMacAlgorithm
        | PfxError::UnsupportedContentType => Fault::OldPfx,
        PfxError::MacError(_) | PfxError::Pkcs5Error(_) | PfxError::UnpadError => closed(password),
        _ => Fault::Damaged,
    })?;
    let keys = archive.keys.into_iter();
    let certificates = archive.certs.into_iter();
    Ok(Contents {
        keys: keys
            .map(|bag| Key::Pkcs8(bag.key.as_der().to_vec()))
            .collect(),
        certificates: certificates.map(|bag| bag.cert.as_der().to_vec()).collect(),
    })
}
