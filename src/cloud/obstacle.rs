//! Obstacles between this machine and a service: no network, an untrusted certificate, or a proxy
//! that answers instead of the service.

use crate::cloud::answer::{Answer, Broken};
use serde::de::IgnoredAny;

/// The remedy if a proxy or a firewall answered.
pub(super) const PAGE: &str = "A page answered in the place of the service: ask the network \
    administrator whether a proxy or a firewall lets this address pass.";

/// The remedy if the proxy requires its own sign-in.
pub(super) const PROXY: &str = "The proxy wants its own user and password: put them into \
    `HTTPS_PROXY`, or ask the network administrator to let this address pass.";

/// The remedy if the certificate is not trusted.
pub(super) const CERTIFICATE: &str = "A proxy may replace the certificate. Pass its certificate \
    authority: `--ca-bundle FILE`.";

/// The remedy if the sandbox has stopped.
pub(super) const SANDBOX: &str = "Start another sandbox: `cmkctl sandbox`.";

/// The remedy if no answer came.
pub(super) const SILENCE: &str = "Ask the network administrator whether this machine may reach \
    this address. Where a proxy is needed, set `HTTPS_PROXY`.";

/// Why a service that always answers in JSON did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// What happened, as a clause.
    pub(super) words: String,
    /// The remedy.
    pub(super) remedy: &'static str,
}

impl Obstacle {
    /// The obstacle that an outcome shows, if any.
    pub(super) fn of(outcome: &Result<Answer, Broken>, host: &str) -> Option<Self> {
        let (words, remedy) = match outcome {
            Ok(answer) if answer.status == 407 => {
                (format!("a proxy before {host} answered 407"), PROXY)
            }
            Ok(answer) if serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok() => {
                return None;
            }
            Ok(answer) if answer.is_page() => (
                format!("{host} answered {} with a page", answer.status),
                PAGE,
            ),
            Ok(answer) => {
                let status = answer.status;
                (format!("{host} answered {status} without JSON"), PAGE)
            }
            Err(Broken::Untrusted(words)) => (format!("{host}: {words}"), CERTIFICATE),
            Err(Broken::NotSent(words) | Broken::Lost(words)) => {
                (format!("{host}: {words}"), SILENCE)
            }
            Err(Broken::SandboxGone(words)) => (words.clone(), SANDBOX),
            Err(Broken::Unusable(_) | Broken::Foreign(_)) => return None,
        };
        Some(Self { words, remedy })
    }
}
