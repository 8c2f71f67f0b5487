//! Checks the assertions that applications use instead of a secret. An assertion comes from a CI
//! job's runner, or the application has signed it with a registered certificate. The signature is
//! verified as publicly described (learn.microsoft.com,
//! `entra/identity-platform/certificate-credentials`).

use super::tokens::AUDIENCE;
use crate::tenant::parts::User;
use crate::tenant::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// Lifetime of a job's assertion, in sandbox seconds.
const JOB_SECONDS: f64 = 600.0;
/// The allowed difference between the clocks of a client and of Entra, in seconds. The number is
/// inferred.
const SKEW: f64 = 300.0;

/// A code of Entra and its text. The codes are those of the tables for client certificates and
/// client assertions in "Troubleshoot service principal authentication" of the Azure SDKs
/// (learn.microsoft.com, `azure/developer/java/sdk/troubleshooting-authentication-service-principal`).
pub(super) type Refusal = (&'static str, String);

/// The refusal of this assertion, if any.
pub(super) fn refusal(world: &World, user: &User, host: &str, assertion: &str) -> Option<Refusal> {
    let late = || {
        let text = "Client assertion is not within its valid time range.";
        Some(("AADSTS700024", text.to_owned()))
    };
    match Jwt::read(assertion).filter(Jwt::is_of_application) {
        Some(jwt) => jwt.refusal(world, user, host),
        None if assertion.starts_with("expired") || too_old(world, assertion) => late(),
        None => None,
    }
}

/// Is this an assertion of the sandbox's runner that has expired?
fn too_old(world: &World, assertion: &str) -> bool {
    let claims = Jwt::read(assertion).map(|jwt| jwt.claims);
    let claims = claims.unwrap_or_default();
    let issued: Option<Timestamp> = claims["sandbox_iat"]
        .as_str()
        .and_then(|time| time.parse().ok());
    issued
        .is_some_and(|issued| claims["aud"] != AUDIENCE || world.clock.since(issued) > JOB_SECONDS)
}

/// A JWT with header, claims and signature.
struct Jwt<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).unwrap_or_default(),
        })
    }

    /// The issuer of a job's token is a URL. An application is its own issuer.
    fn is_of_application(&self) -> bool {
        !self.claims["iss"]
            .as_str()
            .unwrap_or_default()
            .contains("://")
    }

    fn refusal(&self, world: &World, user: &User, host: &str) -> Option<Refusal> {
        let claims = &self.claims;
        if claims["iss"] != user.client_id || claims["sub"] != user.client_id {
            let text = "Client assertion application identifier doesn't match 'client_id' \
                parameter.";
            return Some(("AADSTS700021", text.to_owned()));
        }
        let audience = claims["aud"].as_str().unwrap_or_default();
        let base = format!("https://{host}/{}", world.tenant);
        // Older descriptions use the issuer as audience.
        if ![format!("{base}/oauth2/v2.0/token"), format!("{base}/v2.0")]
            .iter()
            .any(|accepted| accepted.eq_ignore_ascii_case(audience))
        {
            let text = "Client assertion audience claim does not match Realm issuer.";
            return Some(("AADSTS700023", text.to_owned()));
        }
        // Clients may write fractions of a second (RFC 7519, 2, `NumericDate`).
        let now = Timestamp::now().as_millisecond() as f64 / 1000.0;
        let until = claims["exp"].as_f64().unwrap_or_default();
        let from = claims["nbf"].as_f64().unwrap_or(now);
        if until + SKEW < now || from - SKEW > now {
            let text = format!(
                "Client assertion is not within its valid time range. Current time: {now}, \
                expiry time of assertion: {until}."
            );
            return Some(("AADSTS700024", text));
        }
        if claims["jti"].as_str().unwrap_or_default().is_empty() {
            // Entra's code for a missing `jti` is not known. This code is for a malformed token.
            return Some((
                "AADSTS50027",
                "Invalid JWT token. There is no 'jti'.".to_owned(),
            ));
        }
        self.signature_refusal(user)
    }

    fn signature_refusal(&self, user: &User) -> Option<Refusal> {
        let named = |name: &str, algorithm: &'static Algorithm| {
            let text = self.header[name].as_str()?;
            Some((
                URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?,
                algorithm,
            ))
        };
        let named = named("x5t#S256", &SHA256).or(named("x5t", &SHA1_FOR_LEGACY_USE_ONLY));
        let Some((thumbprint, algorithm)) = named else {
            let text = "Invalid JWT token. No certificate thumbprint specified in token header.";
            return Some(("AADSTS50027", text.to_owned()));
        };
        let invalid = |reason: &str| {
            let shown: String = thumbprint
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect();
            let text = format!(
                "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint \
                of key used by client: '{shown}'.]"
            );
            Some(("AADSTS700027", text))
        };
        let certificates = user.certificates.iter();
        let mut certificates =
            certificates.filter(|der| digest(algorithm, der).as_ref() == thumbprint);
        let Some((_, certificate)) = certificates
            .next()
            .and_then(|der| X509Certificate::from_der(der).ok())
        else {
            return invalid("The key was not found.");
        };
        if certificate.validity().not_after.timestamp() < Timestamp::now().as_second() {
            return invalid("The key used is expired.");
        }
        let method: &dyn VerificationAlgorithm = match self.header["alg"].as_str() {
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            _ => return invalid("The algorithm is not supported."),
        };
        let key = UnparsedPublicKey::new(method, &certificate.public_key().subject_public_key.data);
        match key.verify(self.signed.as_bytes(), &self.signature) {
            Ok(()) => None,
            Err(_) => {
                invalid("The key was found, but use of the key to verify the signature failed.")
            }
        }
    }
}

/// The certificates of a PEM text, to register with an application. A private key is refused.
pub(crate) fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let parsed = CertificateDer::pem_slice_iter(pem.as_bytes());
    let parsed: Result<Vec<_>, _> = parsed.map(|der| der.map(|der| der.to_vec())).collect();
    match parsed {
        Ok(ders) if !ders.is_empty() => {
            let whole = ders
                .iter()
                .all(|der| X509Certificate::from_der(der).is_ok());
            whole
                .then_some(ders)
                .ok_or_else(|| "a certificate is damaged".to_owned())
        }
        Ok(_) => Err("`certificate` must be a certificate in PEM".to_owned()),
        Err(error) => Err(format!("`certificate` can't be read: {error}")),
    }
}
