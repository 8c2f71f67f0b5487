//! The one way out of this process: every request of ours and of the Azure crates passes here.
//!
//! Three promises are kept in this file, whatever the callers do: a request with a bearer token
//! goes only to a host of the chosen cloud, over https; redirects are not followed; and in sandbox
//! mode every request goes to loopback, whichever host its URL names.

use crate::cloud::answer::{self, Answer, Broken, top_line};
use crate::cloud::clock::{Clock, SET_CLOCK};
use crate::cloud::clouds::Cloud;
use crate::cloud::request_id;
use crate::error::{Error, Result};
use crate::model::change_id::ChangeId;
use crate::model::estate::Asked;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// The header that tells the sandbox which host a request was meant for.
const SANDBOX_HOST: &str = "x-cmkctl-host";

/// The runner that a sandbox plays; as every request of a sandbox, one to it goes to loopback.
const SANDBOX_RUNNER: &str = "token.actions.githubusercontent.com";

/// How the network is reached.
#[derive(Debug, Clone)]
pub struct Network {
    /// PEM text with additional certificate authorities (`--ca-bundle`).
    pub ca_bundle: Option<Vec<u8>>,
    /// The change ticket that the requests belong to: the services keep it in their logs.
    pub change: Option<ChangeId>,
    /// Time to establish a connection.
    pub connect_timeout: Duration,
    /// Time for one whole answer, from sending to the last byte, before it counts as lost.
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

/// The HTTP client with the cloud's fence around it.
#[derive(Debug)]
pub struct Wire {
    pub(super) http: reqwest::Client,
    /// For endpoints of this machine, whose plain http and own secrets are no proxy's business;
    /// made when the first one is asked.
    direct: OnceLock<reqwest::Client>,
    network: Network,
    cloud: Cloud,
    clock: Clock,
    /// What was asked of the cloud's services so far: evidence for a report.
    pub(super) journal: Mutex<Vec<Asked>>,
}

/// A wait of days asks some thousand times; beyond that the journal says no more.
const JOURNAL_LIMIT: usize = 20_000;

impl Wire {
    /// A client for `cloud`.
    ///
    /// # Errors
    /// A CA bundle that holds no certificate is a usage error.
    pub fn new(cloud: Cloud, network: &Network) -> Result<Self> {
        // The first caller wins; a second install is harmless.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut builder = client(network);
        if cloud.sandbox.is_some() {
            // No proxy may see it, and no certificate is worth loading: it is plain http to this
            // machine.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        if let Some(pem) = &network.ca_bundle {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(Error::usage("The CA bundle holds no certificate.")
                    .hint("Give a PEM file with one or more `BEGIN CERTIFICATE` blocks."));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| {
            Error::new(
                crate::error::Kind::Unexpected,
                "The HTTP client can't be built.",
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

    /// What was asked so far, sign-in left out, in the order of the answers.
    pub fn journal(&self) -> Vec<Asked> {
        self.journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, method: &Method, url: &Url, answer: &Answer) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.len() < JOURNAL_LIMIT && self.cloud.service_of(url).is_some() {
            journal.push(Asked {
                at: self.clock.now(),
                method: method.to_string(),
                url: unsigned(url),
                status: answer.status,
                correlation: answer.correlation().map(crate::cloud::json::clean),
            });
        }
    }

    /// The cloud behind the fence.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The cloud's clock, which hears the `Date` of every answer.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Hears what time it is at a service.
    fn hear(&self, url: &Url, answer: &Answer, asked: Timestamp) {
        let told = answer
            .header("date")
            .and_then(|date| self.clock.hear(date, asked, self.clock.now()));
        if let Some(skew) = told {
            tracing::warn!(
                "The clocks of this machine and of {} are {} minutes apart. A change window \
                counts as open, and a timeout as over, only by both. {SET_CLOCK}",
                shown(url),
                skew.abs() / 60
            );
        }
    }

    /// Sends one request, once, with an id of its own; one that is among the headers already stays.
    ///
    /// # Errors
    /// [`Broken`] tells whether anything can have had an effect.
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

    /// Sends one request to the runner or the machine this process runs on (the federated-token
    /// endpoint of a CI system): the address and its own token come from the environment, not from
    /// an answer, and neither is a token of the cloud.
    ///
    /// # Errors
    /// To plain http other than loopback, and in a sandbox to anybody but its own runner, nothing
    /// is sent.
    pub async fn send_to_runner(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> std::result::Result<Answer, Broken> {
        if self.cloud.sandbox.is_some() && url.host_str() != Some(SANDBOX_RUNNER) {
            return Err(Broken::Foreign(
                "a sandbox reaches nothing but itself".to_owned(),
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

    /// Endpoints of a managed identity: the link-local metadata service, or a local agent. Never in
    /// a sandbox.
    fn is_machine(&self, url: &Url) -> bool {
        self.cloud.sandbox.is_none()
            && url.scheme() == "http"
            && (matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_link_local())
                || is_loopback(url))
    }

    /// The request as it goes out: to the host itself, or to the sandbox that plays it.
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
            // An empty POST or PUT says so: some gateways answer 411 otherwise.
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
        if let (Some(sandbox), Err(Broken::NotSent(words))) = (&self.cloud.sandbox, &outcome) {
            let words = format!("the sandbox at {} has stopped ({words})", sandbox.url);
            outcome = Err(Broken::SandboxGone(words));
        }
        let taken = began.elapsed().as_millis();
        if let Ok(answer) = &mut outcome {
            // Not every service says it again.
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
                broken.words()
            ),
        }
        outcome
    }
}

/// Names of parameters that open what the address leads to (shared access signatures, sign-in).
const SIGNATURES: [&str; 6] = ["sig", "signature", "code", "token", "access_token", "key"];

/// The address as it may be shown: without what lets its holder in.
fn unsigned(url: &Url) -> String {
    let opens = |name: &str| SIGNATURES.iter().any(|own| name.eq_ignore_ascii_case(own));
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
        // reqwest would send again by itself after GOAWAY and REFUSED_STREAM (HTTP/2). What is sent
        // again, and when, is decided above.
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
