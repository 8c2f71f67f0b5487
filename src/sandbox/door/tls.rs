//! An authority of the sandbox's own, and certificates for the host names it plays: what clients
//! that nobody here wrote want to see before they send anything. The key is made anew at every
//! start and never leaves the process; whoever trusts the certificate trusts it for the played
//! names only, because it says so itself (RFC 5280, 4.2.1.10).

use crate::sandbox::services::hosts::RUNNER;
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

/// The first line of its file: by it the sandbox knows a file that it may write over.
pub(in crate::sandbox) const MARK: &str =
    "# The authority of a cmkctl sandbox: trust it in rehearsals only.";

/// Every name that is played is one of these, or below it.
const NAMES: [&str; 9] = [
    "login.microsoftonline.com",
    "management.azure.com",
    "graph.microsoft.com",
    "vault.azure.net",
    "managedhsm.azure.net",
    "api.bap.microsoft.com",
    "api.powerplatform.com",
    "dynamics.com",
    RUNNER,
];
const DAY: Duration = Duration::from_hours(24);
/// From the day before its start; a rehearsal is over long before.
const VALID: Duration = Duration::from_hours(32 * 24);

/// Who vouches for the played hosts.
pub(in crate::sandbox) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// One key for every host: all of them are this process.
    key: KeyPair,
    certificate: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    pub(in crate::sandbox) fn new() -> Result<Self> {
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

    /// As PEM.
    pub(in crate::sandbox) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What a client of this host is shown.
    pub(super) fn server(&self, host: &str) -> Result<Arc<ServerConfig>> {
        let mut params = described(host);
        let name = host.to_owned().try_into().map_err(Error::other)?;
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Newer versions of Python insist on it.
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

/// A certificate for now, by the clock of this machine: its clients go by that, and not by the
/// sandbox's time.
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

/// No two certificates of one authority have the same (RFC 5280, 4.1.2.2), and there is one for
/// every tunnel.
fn serial(name: &str) -> Vec<u8> {
    let unique = format!("{name} {}", Timestamp::now().as_nanosecond());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, unique.as_bytes())
        .as_bytes()
        .to_vec()
}

/// RFC 7468, with a line before it that says what it is.
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
