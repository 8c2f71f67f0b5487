//! Why a certificate can't be used for signing in, and the remedies.

use crate::error::{Error, Kind};
use crate::model::cause::Cause;
use crate::model::system::quoted;
use jiff::Timestamp;
use std::path::Path;

/// Why a certificate can't be used. No request was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The system can't read the file. Holds the system's message.
    Unreadable(String),
    /// The file is neither PEM nor PFX.
    Neither,
    /// A block of the file can't be decoded.
    Damaged,
    /// The file has a certificate but no private key.
    NoKey,
    /// The file has a private key but no certificate.
    NoCertificate,
    /// The key does not match any certificate.
    Strangers,
    /// The certificate is not valid before this time.
    Early(Timestamp),
    /// The certificate is not valid after this time.
    Ended(Timestamp),
    /// The key is encrypted, and there is no password.
    PasswordMissing,
    /// The key is encrypted, and this password does not open it.
    PasswordWrong,
    /// A PEM key with an unsupported encryption.
    OldPem,
    /// A PFX with an unsupported encryption.
    OldPfx,
    /// The key is not an RSA key.
    NotRsa,
    /// An RSA key with an unsupported size.
    Size,
}

impl Fault {
    /// The error of the sign-in with `file`.
    pub(super) fn error(&self, file: &Path) -> Error {
        let what = "Sign-in with `environment` failed.";
        let mut error = Error::new(Kind::SignIn, what).detail(self.sentence(file));
        error.cause = Some(Cause::SignIn);
        error.explained = true;
        self.remedies(file).into_iter().fold(error, Error::hint)
    }

    fn sentence(&self, file: &Path) -> String {
        let file = format!("`{}`", file.display());
        match self {
            Fault::Unreadable(why) => format!("The certificate file {file} can't be read: {why}."),
            Fault::Neither => format!("The certificate file {file} is neither PEM nor PFX."),
            Fault::Damaged => format!("The certificate file {file} is damaged."),
            Fault::NoKey => format!("The file {file} contains a certificate but no private key."),
            Fault::NoCertificate => {
                format!("The file {file} contains a private key but no certificate.")
            }
            Fault::Strangers => {
                format!("No certificate in {file} matches the private key in this file.")
            }
            Fault::Early(time) => format!("The certificate in {file} is not valid before {time}."),
            Fault::Ended(time) => format!("The certificate in {file} expired on {time}."),
            Fault::PasswordMissing => {
                format!("The private key in {file} is encrypted, and no password is set.")
            }
            Fault::PasswordWrong => {
                format!(
                    "The file {file} can't be decrypted: the password is wrong, or the file is \
                    damaged."
                )
            }
            Fault::OldPem | Fault::OldPfx => {
                format!("cmkctl does not support the encryption of {file}.")
            }
            Fault::NotRsa => format!("The private key in {file} is not an RSA key."),
            Fault::Size => {
                format!("The private key in {file} is not an RSA key of 2048 to 4096 bits.")
            }
        }
    }

    fn remedies(&self, file: &Path) -> Vec<String> {
        let single = |text: &str| vec![text.to_owned()];
        let file = quoted(&file.display().to_string());
        let now = |name: &str| format!("Then set AZURE_CLIENT_CERTIFICATE_PATH to `{name}`.");
        match self {
            Fault::Unreadable(_) => single(
                "Check AZURE_CLIENT_CERTIFICATE_PATH, and that your account can read the file.",
            ),
            Fault::Neither | Fault::Damaged => single(
                "Export the certificate with its private key again, as PEM or PFX, and set \
                AZURE_CLIENT_CERTIFICATE_PATH to that file.",
            ),
            Fault::NoKey => single(
                "Export the certificate with its private key as PFX, or put both into one PEM \
                file.",
            ),
            Fault::NoCertificate | Fault::Strangers => {
                single("Put the certificate of this private key into the same file.")
            }
            Fault::Early(_) => {
                single("Check this machine's clock, or use a certificate that is valid now.")
            }
            Fault::Ended(_) => single(
                "Add a new certificate to the application in Microsoft Entra, and set \
                AZURE_CLIENT_CERTIFICATE_PATH to its file.",
            ),
            Fault::PasswordMissing => single("Set AZURE_CLIENT_CERTIFICATE_PASSWORD."),
            Fault::PasswordWrong => single("Check AZURE_CLIENT_CERTIFICATE_PASSWORD."),
            Fault::OldPem => vec![
                format!("openssl pkcs8 -topk8 -v2 aes-256-cbc -in {file} -out converted.pem"),
                format!("openssl x509 -in {file} >> converted.pem"),
                now("converted.pem"),
            ],
            Fault::OldPfx => vec![
                format!("openssl pkcs12 -legacy -in {file} -out converted.pem"),
                now("converted.pem"),
            ],
            Fault::NotRsa | Fault::Size => {
                single("Use a certificate with an RSA key of 2048 to 4096 bits.")
            }
        }
    }
}
