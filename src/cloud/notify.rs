//! Sends messages to a webhook. No other request goes to a host outside the cloud. The request
//! carries no token and no secret, follows no redirect, and nothing depends on its answer.

use crate::cloud::answer;
use crate::cloud::wire::{Wire, is_loopback};
use crate::error::{Error, Result};
use crate::model::notice::Shape;
use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use std::fmt;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;

/// Time limit for a complete answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The maximum number of attempts to send a message. `PAUSE` is the pause between two attempts.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// The webhook for messages. Anyone who knows the address can post to it, so cmkctl shows only the
/// host.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    url: Url,
    /// The format of the messages.
    pub shape: Shape,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host())
    }
}

/// Hosts of Slack's webhooks, and hosts of workflows that post to Teams.
const SLACK: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
const TEAMS: [&str; 5] = [
    ".logic.azure.com",
    ".logic.azure.us",
    ".webhook.office.com",
    ".api.powerplatform.com",
    ".api.powerautomate.com",
];

impl Webhook {
    /// Parses an address. A sandbox sends messages only to this machine. Outside a sandbox, plain
    /// http is not allowed.
    ///
    /// # Errors
    /// Usage: what is wrong with the address.
    pub fn parse(text: &str, shape: Option<Shape>, sandbox: bool) -> Result<Self> {
        let bad = |what: &str, fix: &str| Err(Error::usage(what).hint(fix));
        const EXAMPLE: &str = "Pass an https address without a user name and a password: \
            `--notify https://example.com/hook`.";
        let Ok(url) = Url::parse(text.trim()) else {
            return bad("The address for notifications is not a URL.", EXAMPLE);
        };
        if !url.username().is_empty() || url.password().is_some() {
            let what = "The address for notifications contains a user name or a password.";
            return bad(what, EXAMPLE);
        }
        if sandbox && !is_loopback(&url) {
            let what = "A sandbox sends notifications only to this machine.";
            return bad(
                what,
                "Pass an address of this machine, or leave out `--notify`.",
            );
        }
        if url.scheme() != "https" && !(sandbox && url.scheme() == "http") {
            let what = "The address for notifications does not begin with `https://`.";
            return bad(what, EXAMPLE);
        }
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let known = || {
            if SLACK.contains(&host.as_str()) {
                Shape::Slack
            } else if TEAMS.iter().any(|domain| host.ends_with(domain)) {
                Shape::Teams
            } else {
                Shape::Generic
            }
        };
        let shape = shape.unwrap_or_else(known);
        Ok(Self { url, shape })
    }

    /// Its host, for messages.
    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }
}

impl Wire {
    /// Clears the journal, so that a process that runs for weeks does not use ever more memory.
    pub fn forget(&self) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        *journal = Vec::new();
    }

    /// Posts a message, three times at most.
    ///
    /// # Errors
    /// A clause: why the message was not delivered.
    pub async fn notify(&self, webhook: &Webhook, body: &str) -> std::result::Result<(), String> {
        let mut tried = 1;
        loop {
            let (why, retry) = match self.post(webhook, body).await {
                Ok(status) if (200..300).contains(&status) => return Ok(()),
                Ok(status) if (300..400).contains(&status) => (
                    format!("the host answered {status}, and cmkctl does not follow redirects"),
                    false,
                ),
                Ok(status) => {
                    let later = matches!(status, 408 | 425 | 429 | 500..);
                    (format!("the host answered {status}"), later)
                }
                Err(why) => (why, true),
            };
            if !retry || tried == TRIES {
                return Err(why);
            }
            tried += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn post(&self, webhook: &Webhook, body: &str) -> std::result::Result<u16, String> {
        let request = self
            .http
            .post(webhook.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::copy_from_slice(body.as_bytes()));
        let answered = tokio::time::timeout(ANSWER, answer::read(request)).await;
        match answered {
            Ok(Ok(answer)) => Ok(answer.status),
            Ok(Err(broken)) => Err(broken.text().replace(webhook.url.as_str(), "its address")),
            Err(_) => Err(format!(
                "the host did not answer within {} seconds",
                ANSWER.as_secs()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_notified_and_its_shape_follows_from_its_host() {
        for (text, shape) in [
            ("https://hooks.slack.com/services/T/B/x", Some(Shape::Slack)),
            (
                "https://prod-1.westeurope.logic.azure.com:443/w?sig=x",
                Some(Shape::Teams),
            ),
            (
                "https://x.16.environment.api.powerplatform.com:443/x",
                Some(Shape::Teams),
            ),
            ("https://example.com/hook", Some(Shape::Generic)),
            (
                "https://hooks.slack.com.example.com/x",
                Some(Shape::Generic),
            ),
            ("http://example.com/hook", None),
            ("http://127.0.0.1/hook", None),
            ("https://user:password@example.com", None),
            ("ftp://example.com", None),
            ("example.com", None),
        ] {
            let found = Webhook::parse(text, None, false).ok();
            assert_eq!(found.map(|webhook| webhook.shape), shape, "{text}");
        }
        let asked = Webhook::parse("https://example.com", Some(Shape::Teams), false).unwrap();
        assert_eq!(asked.shape, Shape::Teams);
        assert_eq!(format!("{asked:?}"), "example.com");
        for (text, good) in [
            ("http://127.0.0.1:9/hook", true),
            ("https://localhost/hook", true),
            ("https://hooks.slack.com/x", false),
        ] {
            assert_eq!(Webhook::parse(text, None, true).is_ok(), good, "{text}");
        }
    }
}
