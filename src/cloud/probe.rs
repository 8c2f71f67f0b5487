//! Contacts a host without a token, to see whether it answers and what time it has.

use crate::cloud::answer::Broken;
use crate::cloud::clock::{http_date, skew};
use crate::cloud::session::Reader;
use reqwest::Method;
use std::net::IpAddr;
use url::Url;

/// The host's answer. Any answer proves that name, network and certificate work, whatever its
/// status.
#[derive(Debug, Clone)]
pub struct Contact {
    /// HTTP status.
    pub status: u16,
    /// The least difference between the host's clock and this machine's, in seconds; `None` without
    /// a `Date` header.
    pub skew: Option<i64>,
}

impl Reader {
    /// Sends one request without a token.
    ///
    /// # Errors
    /// No answer came.
    pub async fn contact(&self, url: &str) -> Result<Contact, Broken> {
        let url = Url::parse(url).map_err(|error| Broken::NotSent(error.to_string()))?;
        let clock = self.session.clock();
        let asked = clock.now();
        let answer = self
            .session
            .wire()
            .send(Method::GET, &url, &[("accept", "application/json")], None)
            .await?;
        let answered = clock.now();
        let date = answer.header("date").and_then(http_date);
        let skew = date.map(|date| skew(date, asked, answered).abs());
        Ok(Contact {
            status: answer.status,
            skew,
        })
    }
}

/// The addresses to which this machine resolves a name.
///
/// # Errors
/// The system's message.
pub async fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    let found = tokio::net::lookup_host((host, 443))
        .await
        .map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip()).collect())
}
