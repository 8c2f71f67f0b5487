//! One look at a host without a token: does anybody answer, and what time is it there?

use crate::cloud::answer::Broken;
use crate::cloud::clock::{http_date, skew};
use crate::cloud::session::Reader;
use reqwest::Method;
use std::net::IpAddr;
use url::Url;

/// What came back. That anything did proves name, network and certificate; what it says does not
/// matter.
#[derive(Debug, Clone)]
pub struct Contact {
    /// HTTP status.
    pub status: u16,
    /// How far this machine's clock is from the host's, in seconds, at least; `None` when the host
    /// gave no date.
    pub skew: Option<i64>,
}

impl Reader {
    /// Asks once, without a token.
    ///
    /// # Errors
    /// Nobody answered.
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

/// The addresses of a name, as this machine resolves it.
///
/// # Errors
/// The system's words.
pub async fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    let found = tokio::net::lookup_host((host, 443))
        .await
        .map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip()).collect())
}
