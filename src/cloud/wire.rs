//! The only way out of this process. Every request of cmkctl and of the Azure crates passes here.
//!
//! This file guarantees three things. A request with a bearer token goes only to a host of the
//! chosen cloud, over https. Redirects are not followed. In a sandbox, every request goes to
//! loopback, whichever host its URL names.

use crate::cloud::answer::{self, Answer, Broken, top_line};
use crate::cloud::bundle::bundled;
use crate::cloud::clock::{Clock, SET_CLOCK};
use crate::cloud::clouds::Cloud;
use crate::cloud::request_id;
use crate::error::{Error, Result};
use crate::model::change_id::ChangeId;
use crate::model::day::span;
use crate::model::estate::RequestRecord;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// The header that tells the sandbox the host of a request.
const SANDBOX_HOST: &str = "x-cmkctl-host";

/// The host of the sandbox's CI runner. Requests to it also go to loopback.
const SANDBOX_RUNNER: &str = "token.actions.githubusercontent.com";

/// Network settings.
#[derive(Debug, Clone)]
pub struct Network {
    /// Additional certificate authorities (`--ca-bundle`): PEM text, or one as DER.
    pub ca_bundle: Option<Vec<u8>>,
    /// The change ticket that the requests belong to: the services keep it in their logs.
    pub change: Option<ChangeId>,
    /// Time to establish a connection.
    pub connect_timeout: Duration,
    /// Time limit of an answer, from sending to the last byte. After it, the answer counts as lost.
    pub answer_timeout: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            ca_bundle: None,
            change: None,
            connect_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(60),
        }
    }
}

/// The HTTP client, limited to the hosts of a cloud.
#[derive(Debug)]
pub struct Wire {
    pub(super) http: reqwest::Client,
    /// The client for endpoints of this machine. They use plain http and secrets of their own, so
    /// no proxy may see these requests. cmkctl creates it for the first such request.
    direct: OnceLock<reqwest::Client>,
    network: Network,
    cloud: Cloud,
    clock: Clock,
    /// The requests to the cloud's services so far, as evidence for a report.
    pub(super) journal: Mutex<Vec<RequestRecord>>,
}

/// Limit of the journal. A wait of days sends some thousand requests.
const JOURNAL_LIMIT: usize = 20_000;

impl Wire {
    /// A client for `cloud`.
    ///
    /// # Errors
    /// A CA bundle without a certificate is a usage error.
    pub fn new(cloud: Cloud, network: &Network) -> Result<Self> {
        // The first call installs the provider. A second call fails harmlessly.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut builder = client(network);
        if cloud.sandbox.is_some() {
            // Plain http to this machine: no proxy may see it, and no certificate is needed.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        if let Some(bundle) = &network.ca_bundle {
            builder = builder.tls_certs_merge(bundled(bundle)?);
        }
        let http = builder.build().map_err(|error| {
            Error::new(
                crate::error::Kind::Unexpected,
                "cmkctl can't create its HTTP client.",
            )
            .detail(top_line(&error))
        })?;
        let clock = Clock::of(&cloud);
        Ok(Self {
            http,
            direct: OnceLock::new(),
            network: network.clone(),
            cloud,
            clock,
            journal: Mutex::default(),
        })
    }

    /// The client for a URL outside the sandbox.
    fn http_for(&self, url: &Url) -> std::result::Result<&reqwest::Client, Broken> {
        if url.scheme() == "https" {
            return Ok(&self.http);
        }
        if let Some(direct) = self.direct.get() {
            return Ok(direct);
        }
        let built = client(&self.network).no_proxy().tls_certs_only([]).build();
        let built = built.map_err(|error| Broken::NotSent(top_line(&error)))?;
        Ok(self.direct.get_or_init(|| built))
    }

    /// The requests so far in the order of their answers, without sign-in requests.
    pub fn journal(&self) -> Vec<RequestRecord> {
        self.journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, method: &Method, url: &Url, answer: &Answer) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.len() < JOURNAL_LIMIT && self.cloud.service_of(url).is_some() {
            journal.push(RequestRecord {
                at: self.clock.now(),
                method: method.to_string(),
                url: unsigned(url),
                status: answer.status,
                correlation: answer.correlation().map(crate::cloud::json::clean),
            });
        }
    }

    /// The cloud of this client.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The cloud's clock, which learns from the `Date` of every answer.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Passes the `Date` of an answer to the clock, and warns once about a large difference.
    fn hear(&self, url: &Url, answer: &Answer, asked: Timestamp) {
        let told = answer
            .header("date")
            .and_then(|date| self.clock.hear(date, asked, self.clock.now()));
        if let Some(skew) = told {
            tracing::warn!(
                "The clocks of this machine and of {} are {} apart. A change window counts as \
                open, and a timeout as passed, only if both clocks say so. {SET_CLOCK}",
                shown(url),
                span(Duration::from_secs(skew.unsigned_abs()))
            );
        }
    }

    /// Sends one request once. It adds a request id, unless the headers already have one.
    ///
    /// # Errors
    /// [`Broken`] tells whether the request can have had an effect.
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> std::result::Result<Answer, Broken> {
        let bearer = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        self.fence(url, bearer)?;
        let asked = self.clock.now();
        let outcome = self.dispatch(method, url, headers, body).await;
        if let Ok(answer) = &outcome
            && !self.is_machine(url)
        {
            self.hear(url, answer, asked);
        }
        outcome
    }

    /// Sends one request to the CI runner or to this machine (for example a federated-token
    /// endpoint). The address and its token come from the environment, never from an answer.
    /// Neither is a token of the cloud.
    ///
    /// # Errors
    /// The URL is plain http to another machine, or the sandbox is asked for a host other than its
    /// own runner. Nothing is sent.
    pub async fn send_to_runner(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> std::result::Result<Answer, Broken> {
        if self.cloud.sandbox.is_some() && url.host_str() != Some(SANDBOX_RUNNER) {
            return Err(Broken::Foreign(
                "a sandbox can't reach other hosts".to_owned(),
            ));
        }
        if url.scheme() != "https" && !is_loopback(url) {
            return Err(Broken::Foreign(format!(
                "{} is neither https nor loopback",
                shown(url)
            )));
        }
        self.dispatch(method, url, headers, body).await
    }

    fn fence(&self, url: &Url, bearer: bool) -> std::result::Result<(), Broken> {
        let ours = self.cloud.service_of(url).is_some();
        let allowed = if bearer {
            ours
        } else {
            ours || self.cloud.is_login(url) || self.is_machine(url)
        };
        if allowed {
            return Ok(());
        }
        Err(Broken::Foreign(format!(
            "{} is not a host of the cloud `{}`",
            shown(url),
            self.cloud.name
        )))
    }

    /// Is this an endpoint for managed identities: the link-local metadata service or a local
    /// agent? Never in a sandbox.
    fn is_machine(&self, url: &Url) -> bool {
        self.cloud.sandbox.is_none()
            && url.scheme() == "http"
            && (matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_link_local())
                || is_loopback(url))
    }

    /// Builds the request to the host, or to the sandbox that plays the host.
    fn request(
        &self,
        method: &Method,
        url: &Url,
        (headers, id): (&[(&str, &str)], &str),
        body: Option<Bytes>,
    ) -> std::result::Result<reqwest::RequestBuilder, Broken> {
        let mut request = match &self.cloud.sandbox {
            None => self.http_for(url)?.request(method.clone(), url.clone()),
            Some(sandbox) => {
                let mut local = sandbox.url.clone();
                local.set_path(url.path());
                local.set_query(url.query());
                self.http
                    .request(method.clone(), local)
                    .header(SANDBOX_HOST, url.host_str().unwrap_or_default())
            }
        };
        request = request
            .header(request_id::HEADER, id)
            .header(ACCEPT_ENCODING, "gzip");
        for (name, value) in headers {
            if name.eq_ignore_ascii_case(request_id::HEADER) {
                continue;
            }
            request = match HeaderValue::from_str(value) {
                Ok(mut secret) if name.eq_ignore_ascii_case("authorization") => {
                    secret.set_sensitive(true);
                    request.header(*name, secret)
                }
                _ => request.header(*name, *value),
            };
        }
        match body {
            Some(body) => request = request.body(body),
            // An empty POST or PUT needs `content-length: 0`. Some gateways answer 411 without it.
            None if *method == Method::POST || *method == Method::PUT => {
                request = request.header("content-length", "0")
            }
            None => {}
        }
        Ok(request)
    }

    async fn dispatch(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> std::result::Result<Answer, Broken> {
        let given = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(request_id::HEADER));
        let id = given.map_or_else(request_id::fresh, |(_, id)| (*id).to_owned());
        let request = self.request(&method, url, (headers, &id), body)?;
        let began = Instant::now();
        let time = self.network.answer_timeout;
        let mut outcome = tokio::time::timeout(time, answer::read(request))
            .await
            .unwrap_or_else(|_| {
                Err(Broken::Lost(format!(
                    "the answer was not complete within {} s",
                    time.as_secs_f64()
                )))
            });
        if let (Some(sandbox), Err(Broken::NotSent(cause))) = (&self.cloud.sandbox, &outcome) {
            let cause = format!("the sandbox at {} has stopped ({cause})", sandbox.url);
            outcome = Err(Broken::SandboxGone(cause));
        }
        let taken = began.elapsed().as_millis();
        if let Ok(answer) = &mut outcome {
            // Not every service returns the request's id.
            if let Ok(id) = HeaderValue::from_str(&id) {
                answer.headers.insert(request_id::HEADER, id);
            }
            self.note(&method, url, answer);
        }
        match &outcome {
            Ok(answer) => tracing::debug!(
                "{method} {} -> {} in {taken} ms, {} bytes{}, client request id {id}",
                unsigned(url),
                answer.status,
                answer.body.len(),
                answer
                    .correlation()
                    .map(|id| format!(", correlation id {id}"))
                    .unwrap_or_default()
            ),
            Err(broken) => tracing::debug!(
                "{method} {} -> no answer after {taken} ms: {}, client request id {id}",
                unsigned(url),
                broken.text()
            ),
        }
        outcome
    }
}

/// Names of query parameters that grant access (shared access signatures, sign-in).
const SIGNATURES: [&str; 6] = ["sig", "signature", "code", "token", "access_token", "key"];

/// The URL for logs, without the parameters that grant access.
fn unsigned(url: &Url) -> String {
    let opens = |name: &str| {
        SIGNATURES
            .iter()
            .any(|signature| name.eq_ignore_ascii_case(signature))
    };
    if !url.query_pairs().any(|(name, _)| opens(&name)) {
        return url.to_string();
    }
    let mut shown = url.clone();
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            let value = if opens(&name) { "hidden".into() } else { value };
            (name.into_owned(), value.into_owned())
        })
        .collect();
    shown.query_pairs_mut().clear().extend_pairs(pairs);
    shown.to_string()
}

fn client(network: &Network) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // By default, reqwest repeats a request after GOAWAY or REFUSED_STREAM (HTTP/2). Only
        // cmkctl decides on retries.
        .retry(reqwest::retry::never())
        .connect_timeout(network.connect_timeout)
        .user_agent(request_id::agent(network.change.as_ref()))
}

fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_its_holder_in_is_not_shown() {
        for (address, shown) in [
            ("https://x/a?api-version=1", "https://x/a?api-version=1"),
            ("https://x/a?se=1&SIG=abc%2B", "https://x/a?se=1&SIG=hidden"),
            ("https://x/a?token=abc", "https://x/a?token=hidden"),
        ] {
            assert_eq!(unsigned(&Url::parse(address).unwrap()), shown);
        }
    }
}
