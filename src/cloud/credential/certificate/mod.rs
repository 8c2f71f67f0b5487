//! Signs an application in with its certificate.
//!
//! The Azure crate supports this only with OpenSSL. So cmkctl makes the assertion itself, as
//! Microsoft describes it (learn.microsoft.com, `entra/identity-platform/certificate-credentials`).

mod fault;
mod file;
mod pair;

use super::source::CertificateFile;
use crate::error::Result;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fault::Fault;
use jiff::Timestamp;
use pair::Pair;
use ring::rand::SystemRandom;
use ring::signature::RSA_PSS_SHA256;
use serde_json::{Value, json};
use std::fmt;
use uuid::Uuid;

/// Lifetime of an assertion in seconds. Microsoft advises 5 to 10 minutes.
const LIFETIME: i64 = 600;

/// An application that signs its own assertions.
pub(super) struct Signed {
    pair: Pair,
    client: String,
    /// The token endpoint.
    audience: String,
    /// Sends the whole chain, for an application that trusts a subject name and an issuer.
    with_chain: bool,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signed")
    }
}

impl Signed {
    /// Reads the file and checks that it can sign in. Sends nothing.
    pub(super) fn read(
        certificate: &CertificateFile,
        client: &str,
        audience: String,
    ) -> Result<Self> {
        let pair =
            read(certificate, Timestamp::now()).map_err(|fault| fault.error(&certificate.path))?;
        Ok(Self {
            pair,
            client: client.to_owned(),
            audience,
            with_chain: certificate.with_chain,
        })
    }

    fn jwt(&self, now: Timestamp) -> azure_core::Result<String> {
        let thumbprint = |der: &Vec<u8>| ring::digest::digest(&ring::digest::SHA256, der);
        let mut header = json!({ "typ": "JWT", "alg": "PS256" });
        if let Some(certificate) = self.pair.chain.first() {
            header["x5t#S256"] = json!(URL_SAFE_NO_PAD.encode(thumbprint(certificate)));
        }
        if self.with_chain {
            let chain = self.pair.chain.iter().map(|der| STANDARD.encode(der));
            header["x5c"] = chain.collect();
        }
        let now = now.as_second();
        let claims = json!({
            "aud": self.audience,
            "iss": self.client,
            "sub": self.client,
            "jti": Uuid::new_v4().to_string(),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.pair.key.public().modulus_len()];
        let random = SystemRandom::new();
        let key = &self.pair.key;
        key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| {
                let why = "cmkctl could not sign with the private key";
                azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, why)
            })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Signed {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.jwt(Timestamp::now())
    }
}

fn read(certificate: &CertificateFile, now: Timestamp) -> std::result::Result<Pair, Fault> {
    let bytes =
        std::fs::read(&certificate.path).map_err(|error| Fault::Unreadable(error.to_string()))?;
    let password = certificate
        .password
        .as_ref()
        .map(|password| password.secret());
    pair::of(&file::read(&bytes, password)?, now)
}
