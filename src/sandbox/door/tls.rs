//! The sandbox's certificate authority, and its certificates for the played hosts. Clients that are
//! not part of cmkctl require them. The key is new at every start and never leaves the process. The
//! authority's name constraints limit its trust to the played names (RFC 5280, 4.2.1.10).

use crate::services::hosts::RUNNER;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SerialNumber,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::io::{Error, Result};
use std::sync::Arc;
use std::time::Duration;

/// The first line of the certificate file. The sandbox only overwrites a file that starts with it.
pub(crate) const MARK: &str = "# The authority of a cmkctl sandbox: trust it in rehearsals only.";

/// Every played host is one of these names, or a subdomain.
const NAMES: [&str; 10] = [
    "login.microsoftonline.com",
    "management.azure.com",
    "graph.microsoft.com",
    "api.loganalytics.azure.com",
    "vault.azure.net",
    "managedhsm.azure.net",
    "api.bap.microsoft.com",
    "api.powerplatform.com",
    "dynamics.com",
    RUNNER,
];
const DAY: Duration = Duration::from_hours(24);
/// Validity, from the day before the start. A rehearsal is shorter.
const VALID: Duration = Duration::from_hours(32 * 24);

/// The certificate authority of the played hosts.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// One key serves every host, because all of them are this process.
    key: KeyPair,
    certificate: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let mut params = described("cmkctl sandbox");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: NAMES
                .iter()
                .map(|name| GeneralSubtree::DnsName((*name).to_owned()))
                .collect(),
            excluded_subtrees: Vec::new(),
        });
        let issuer =
            CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(Error::other)?);
        let issuer = issuer.map_err(Error::other)?;
        let certificate = pem(issuer.der());
        Ok(Self {
            issuer,
            key: KeyPair::generate().map_err(Error::other)?,
            certificate,
        })
    }

    /// The certificate as PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The TLS configuration for this host.
    pub(super) fn server(&self, host: &str) -> Result<Arc<ServerConfig>> {
        let mut params = described(host);
        let name = host.to_owned().try_into().map_err(Error::other)?;
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Newer Python versions require it.
        params.use_authority_key_identifier_extension = true;
        let leaf = params
            .signed_by(&self.key, &self.issuer)
            .map_err(Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let server = builder.map_err(Error::other)?.with_no_client_auth();
        let mut server = server
            .with_single_cert(vec![leaf.der().clone()], key.into())
            .map_err(Error::other)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(server))
    }
}

/// A certificate that is valid now by this machine's clock, which its clients use instead of the
/// sandbox's.
fn described(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let month = today.month().unsigned_abs();
    params.not_before =
        rcgen::date_time_ymd(today.year().into(), month, today.day().unsigned_abs()) - DAY;
    params.not_after = params.not_before + VALID;
    params.serial_number = Some(SerialNumber::from(serial(name)));
    params
}

/// Every certificate needs a unique serial number (RFC 5280, 4.1.2.2), and each tunnel gets a
/// certificate.
fn serial(name: &str) -> Vec<u8> {
    let unique = format!("{name} {}", Timestamp::now().as_nanosecond());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, unique.as_bytes())
        .as_bytes()
        .to_vec()
}

/// PEM (RFC 7468), with a first line that says what it is.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned());
    let lines: Vec<String> = lines.collect();
    format!(
        "{MARK}\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
