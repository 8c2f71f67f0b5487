//! What stands between this machine and a service: no network, a certificate that nobody vouches
//! for, a proxy that answers in the service's place.

use crate::cloud::answer::{Answer, Broken};
use serde::de::IgnoredAny;

/// What helps where a proxy or a firewall answered.
pub(super) const PAGE: &str = "A page answered in the place of the service: ask the network \
    administrator whether a proxy or a firewall lets this address pass.";

/// What helps where a proxy wants a sign-in of its own.
pub(super) const PROXY: &str = "The proxy wants its own user and password: put them into \
    `HTTPS_PROXY`, or ask the network administrator to let this address pass.";

/// What helps where nobody vouches for the certificate.
pub(super) const CERTIFICATE: &str = "A proxy may replace the certificate. Pass its certificate \
    authority: `--ca-bundle FILE`.";

/// What helps where a sandbox has stopped.
pub(super) const SANDBOX: &str = "Start another sandbox: `cmkctl sandbox`.";

/// What helps where nothing answers.
pub(super) const SILENCE: &str = "Ask the network administrator whether this machine may reach \
    this address. Where a proxy is needed, set `HTTPS_PROXY`.";

/// Why a question that is always answered in JSON was not answered by its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// What happened.
    pub(super) words: String,
    /// What helps.
    pub(super) remedy: &'static str,
}

impl Obstacle {
    /// The obstacle in an outcome, if it holds one.
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
