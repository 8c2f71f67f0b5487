//! Obstacles between this machine and a service: no network, an untrusted certificate, or a proxy
//! that answers instead of the service.

use crate::cloud::answer::{Answer, Broken};
use serde::de::IgnoredAny;

/// The remedy if a proxy or a firewall answered.
pub(super) const PAGE: &str = "A web page answered instead of the service: ask the network \
    administrator whether a proxy or a firewall blocks this address.";

/// The remedy if the proxy requires its own sign-in.
pub(super) const PROXY: &str = "The proxy requires a user name and a password. Put both into \
    `HTTPS_PROXY`, or ask the network administrator to allow this address without them.";

/// The remedy for a refused certificate, by the words of the refusal (rustls).
pub(super) fn certificate(refusal: &str) -> &'static str {
    let has = |part| refusal.contains(part);
    if has("certificate expired") || has("not valid yet") || has("Expired") || has("NotValidYet") {
        OUT_OF_TIME
    } else if has("not valid for name") || has("NotValidForName") {
        OTHER_NAME
    } else if has("Revoked") {
        REVOKED
    } else {
        CERTIFICATE
    }
}

/// The remedy if a certificate has expired or is not valid yet.
const OUT_OF_TIME: &str = "Check this machine's clock. If the clock is right, the \
    certificate of the service or of a proxy has expired or is not valid yet. In that case, ask \
    the network administrator.";

/// The remedy if another server answers.
const OTHER_NAME: &str = "The certificate belongs to another server. Check `--endpoint`, \
    `HTTPS_PROXY` and the DNS settings of this machine.";

/// The remedy if a certificate was revoked.
const REVOKED: &str = "The certificate authority has revoked this certificate. Ask the network \
    administrator whether a proxy uses this certificate.";

/// The remedy if the certificate does not come from a trusted certificate authority.
const CERTIFICATE: &str = "A proxy may have replaced the certificate. Pass the proxy's \
    certificate authority: `--ca-bundle FILE`.";

/// The remedy if the sandbox has stopped.
pub(super) const SANDBOX: &str = "Start another sandbox: `cmkctl sandbox`.";

/// The remedy if no answer came.
pub(super) const SILENCE: &str = "Ask the network administrator whether this machine can reach \
    this address. If a proxy is required, set `HTTPS_PROXY`.";

/// Why a service that always answers in JSON did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// What happened, as a clause.
    pub(super) clause: String,
    /// The remedy.
    pub(super) remedy: &'static str,
}

impl Obstacle {
    /// The obstacle that an outcome shows, if any.
    pub(super) fn of(outcome: &Result<Answer, Broken>, host: &str) -> Option<Self> {
        let (clause, remedy) = match outcome {
            Ok(answer) if answer.status == 407 => (
                format!("a proxy between this machine and {host} answered 407"),
                PROXY,
            ),
            Ok(answer) if serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok() => {
                return None;
            }
            Ok(answer) if answer.is_page() => (
                format!("{host} answered {} with a web page", answer.status),
                PAGE,
            ),
            Ok(answer) => {
                let status = answer.status;
                (format!("{host} answered {status}, but not with JSON"), PAGE)
            }
            Err(Broken::Untrusted(cause)) => (format!("{host}: {cause}"), certificate(cause)),
            Err(Broken::NotSent(cause) | Broken::Lost(cause)) => {
                (format!("{host}: {cause}"), SILENCE)
            }
            Err(Broken::SandboxGone(cause)) => (cause.clone(), SANDBOX),
            Err(Broken::Unusable(_) | Broken::Foreign(_)) => return None,
        };
        Some(Self { clause, remedy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError::{self, *};
    use rustls::Error;
    use rustls::pki_types::{ServerName, UnixTime};
    use std::time::Duration;

    /// The words are those of the library, in both forms that it has.
    #[test]
    fn each_refusal_of_a_certificate_has_a_remedy_of_its_own() {
        let moment = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let all: [(CertificateError, &str); 9] = [
            (Expired, OUT_OF_TIME),
            (
                ExpiredContext {
                    time: moment(2),
                    not_after: moment(1),
                },
                OUT_OF_TIME,
            ),
            (NotValidYet, OUT_OF_TIME),
            (
                NotValidYetContext {
                    time: moment(1),
                    not_before: moment(2),
                },
                OUT_OF_TIME,
            ),
            (NotValidForName, OTHER_NAME),
            (
                NotValidForNameContext {
                    expected: ServerName::try_from("a.example").unwrap(),
                    presented: vec!["b.example".to_owned()],
                },
                OTHER_NAME,
            ),
            (Revoked, REVOKED),
            (UnknownIssuer, CERTIFICATE),
            (BadSignature, CERTIFICATE),
        ];
        for (why, remedy) in all {
            let refusal = Error::InvalidCertificate(why).to_string();
            assert!(refusal.starts_with("invalid peer certificate"), "{refusal}");
            assert_eq!(certificate(&refusal), remedy, "{refusal}");
        }
    }
}
