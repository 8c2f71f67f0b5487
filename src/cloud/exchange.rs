//! One request and its answer: what may be repeated, one renewal of the token on 401, and every
//! change written down.
//!
//! Reads are repeated until they are answered or clearly refused. A change is sent once, and
//! repeated here only when nothing was sent at all. Every other outcome may have had its effect,
//! 401, 429 and 503 too: the caller looks before it sends again.

use crate::audit::{Came, End, Entry, Intent};
use crate::cloud::answer::{Answer, Broken};
use crate::cloud::clouds::Service;
use crate::cloud::clues::claims_of;
use crate::cloud::credential::Secret;
use crate::cloud::fault::{Fault, Happened, Reply, passing_status};
use crate::cloud::request_id;
use crate::cloud::retry::{LONGEST_PAUSE, own_pause, retry_after};
use crate::cloud::session::Session;
use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;

/// How often a call is sent before its last answer counts.
const TRIES: u32 = 6;

/// What came of one attempt, with the id that it was given.
type Attempt = (String, Result<Answer, Broken>);

/// A change that was accepted, with its place in the audit log, if one is kept.
pub(super) type Taken = (Answer, Option<Entry>);

/// A request to one of the cloud's services, which can be sent with any token.
struct Request {
    service: Service,
    method: Method,
    url: Url,
    /// What its token must be for.
    scope: String,
    body: Option<Bytes>,
}

impl Session {
    /// `GET` of JSON, repeated while the trouble is of the passing kind.
    pub(crate) async fn read(&self, service: Service, url: &str) -> Reply<Answer> {
        let answer = self.read_as_is(service, url).await?;
        understood(service, &answer).map(|()| answer)
    }

    /// The same for whoever finds out by reading it whether it is JSON: a page of a large tenant
    /// takes its time.
    pub(super) async fn read_as_is(&self, service: Service, url: &str) -> Reply<Answer> {
        match &self.memo {
            // On the heap: every read of the program would carry it about otherwise.
            Some(memo) => {
                Box::pin(memo.once(url, self.repeated(service, Method::GET, url, None))).await
            }
            None => self.repeated(service, Method::GET, url, None).await,
        }
    }

    /// A `POST` that only asks and changes nothing, repeated like a read.
    pub(crate) async fn question(
        &self,
        service: Service,
        url: &str,
        body: &Value,
    ) -> Reply<Answer> {
        let body = Some(Bytes::from(body.to_string()));
        let answer = self.repeated(service, Method::POST, url, body).await?;
        understood(service, &answer).map(|()| answer)
    }

    async fn repeated(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Answer> {
        let mut attempt = 0;
        loop {
            let reply = self.once(service, method.clone(), url, body.clone()).await;
            attempt += 1;
            let Err(fault) = reply else { return reply };
            // Too much once is too much again.
            if attempt >= TRIES || !passes(&fault) || fault.happened == Happened::Shape {
                return Err(fault);
            }
            self.pause(attempt, &fault).await;
        }
    }

    /// `GET`, sent once: for the loop that waits for operations, which has its own patience. Brings
    /// `Retry-After` with either outcome.
    pub(crate) async fn poll(
        &self,
        service: Service,
        url: &str,
    ) -> (Reply<Answer>, Option<Duration>) {
        let reply = self.once(service, Method::GET, url, None).await;
        let pause = match &reply {
            Ok(answer) => self.retry_after(answer),
            Err(fault) => fault.retry_after,
        };
        (reply, pause)
    }

    /// `GET` of a JSON object.
    pub(crate) async fn json(&self, service: Service, url: &str) -> Reply<Value> {
        let answer = self.read(service, url).await?;
        parse(service, &answer)
    }

    /// Sends a change once. It is repeated here only while nothing was sent. A 401 makes the next
    /// request use a new token.
    pub(crate) async fn change(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Reply<Answer> {
        let taken = self.sent(service, method, url, body).await;
        taken.map(|(answer, _)| answer)
    }

    /// The same, with the change's place in the audit log: for what may go on after its answer.
    pub(crate) async fn sent(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Reply<Taken> {
        let request = self.request(
            service,
            method,
            url,
            body.map(|body| Bytes::from(body.to_string())),
        )?;
        let mut attempt = 0;
        loop {
            let token = self.token(&request).await?;
            let (made, entry) = self.written_down(&request, &token).await?;
            if let Ok(answer) = &made.1
                && answer.status == 401
            {
                let claims = claims_of(answer);
                let answered = self.tokens.answer(&request.scope, claims.as_deref()).await;
                // The change was refused, and its fault says what helps.
                if let Err(error) = answered {
                    tracing::info!("{error}");
                }
            }
            let fault = match self.judged(&request, &token, made) {
                // A success that can't be understood need not be the service's: the caller looks
                // whether it happened.
                Ok(answer) if !answer.body.is_empty() => {
                    return understood(service, &answer).map(|()| (answer, entry));
                }
                Ok(answer) => return Ok((answer, entry)),
                Err(fault) => fault,
            };
            attempt += 1;
            // A sandbox whose door is shut may open it again, as any service.
            let unsent = matches!(fault.happened, Happened::NotSent | Happened::SandboxGone);
            if attempt >= TRIES || !unsent {
                return Err(fault);
            }
            self.pause(attempt, &fault).await;
        }
    }

    /// A read with its token, and a second one with a new token when the first is refused with 401.
    async fn once(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Answer> {
        let request = self.request(service, method, url, body)?;
        let token = self.token(&request).await?;
        let attempt = self.attempt(&request, &token).await;
        let claims = match &attempt.1 {
            Ok(answer) if answer.status == 401 => claims_of(answer),
            _ => return self.judged(&request, &token, attempt),
        };
        let renewed = self.tokens.renew(&request.scope, &token, claims.as_deref());
        let renewed = renewed.await;
        let renewed = renewed.map_err(|error| Fault::sign_in(service, error))?;
        let again = self.attempt(&request, &renewed).await;
        if matches!(&again.1, Ok(answer) if answer.status == 401) {
            self.tokens.void(&request.scope, &renewed).await;
        }
        self.judged(&request, &renewed, again)
    }

    /// A request of the cloud's own; an address of anybody else is a fault.
    fn request(
        &self,
        service: Service,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> Reply<Request> {
        let ours = Url::parse(url)
            .ok()
            .filter(|url| self.cloud().service_of(url) == Some(service));
        let Some(url) = ours else {
            let words = format!(
                "{} is not an address of {}",
                super::json::clean(url),
                service.name()
            );
            return Err(Fault::broken(service, &Broken::Foreign(words)));
        };
        let scope = self.cloud().scope(service, &url);
        Ok(Request {
            service,
            method,
            url,
            scope,
            body,
        })
    }

    async fn token(&self, request: &Request) -> Reply<Secret> {
        self.tokens
            .token(&request.scope)
            .await
            .map_err(|error| Fault::sign_in(request.service, error))
    }

    /// Sends a request once, under an id of its own.
    async fn attempt(&self, request: &Request, token: &Secret) -> Attempt {
        let id = request_id::fresh();
        let outcome = self.deliver(request, token, &id).await;
        (id, outcome)
    }

    /// Sends a request once, with this token and under this id.
    async fn deliver(&self, request: &Request, token: &Secret, id: &str) -> Result<Answer, Broken> {
        let bearer = format!("Bearer {}", token.secret());
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("accept", "application/json"),
            (request_id::HEADER, id),
        ];
        if request.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.wire
            .send(
                request.method.clone(),
                &request.url,
                &headers,
                request.body.clone(),
            )
            .await
    }

    /// Sends a change once, with a line of the audit trail before it and one after it.
    async fn written_down(
        &self,
        request: &Request,
        token: &Secret,
    ) -> Reply<(Attempt, Option<Entry>)> {
        if !self.trail.is_kept() {
            return Ok((self.attempt(request, token).await, None));
        }
        let sent_as = request_id::fresh();
        let intent = Intent {
            who: self.tokens.who(token),
            method: request.method.as_str(),
            url: request.url.as_str(),
            client_request: &sent_as,
            body: request
                .body
                .as_ref()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default(),
        };
        let written = self.trail.intent(&intent, self.clock.now());
        let id = written.map_err(|error| Fault::unwritten(request.service, error))?;
        let outcome = self.deliver(request, token, &sent_as).await;
        let (came, ids) = came(&outcome);
        let written = self
            .trail
            .outcome(&id, &intent, self.clock.now(), (&came, &ids));
        self.missed(written);
        let entry = intent.entry(id);
        Ok(((sent_as, outcome), Some(entry)))
    }

    /// Writes down how the operation ended that a change was accepted as.
    pub(super) fn ended(&self, entry: &Entry, end: &End, ids: &[(String, String)]) {
        let written = self.trail.ended(entry, self.clock.now(), (end, ids));
        self.missed(written);
    }

    /// Remembers that a line about a change is missing.
    fn missed(&self, written: crate::error::Result<()>) {
        let Err(error) = written else { return };
        // At once, because the run may go on for hours; and its end says it again, and is no
        // success.
        tracing::error!("{} No other change follows.", error.message);
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }

    /// Success or fault, which knows how its caller has signed in.
    fn judged(&self, request: &Request, token: &Secret, (id, outcome): Attempt) -> Reply<Answer> {
        let service = request.service;
        let answer = outcome.map_err(|broken| Fault::broken(service, &broken).sent_as(id))?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let mut fault = Fault::answered(service, &answer);
        fault.retry_after = self.retry_after(&answer);
        fault.clues.method = self.tokens.chosen();
        fault.clues.home = self.tokens.who(token).tenant;
        Err(fault)
    }

    /// `Retry-After` of an answer, against the cloud's clock.
    pub(crate) fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        retry_after(answer.header("retry-after")?, self.clock.now())
    }

    async fn pause(&self, attempt: u32, fault: &Fault) {
        let pause = fault
            .retry_after
            .unwrap_or_else(|| own_pause(attempt))
            .min(LONGEST_PAUSE);
        tracing::info!("{}. Trying again in {} s.", fault.clause(), pause.as_secs());
        self.clock.sleep(pause).await;
    }
}

/// What an audit line says of an outcome: status or what is known instead, and every id that the
/// service gave.
fn came(outcome: &Result<Answer, Broken>) -> (Came, Vec<(String, String)>) {
    let words = |broken: &Broken| super::json::clean(broken.words());
    match outcome {
        Ok(answer) => (Came::Status(answer.status), answer.ids()),
        Err(broken @ (Broken::Lost(_) | Broken::Unusable(_))) => {
            (Came::Unknown(words(broken)), Vec::new())
        }
        Err(broken) => (Came::NotSent(words(broken)), Vec::new()),
    }
}

/// Trouble that passes by itself.
pub(crate) fn passes(fault: &Fault) -> bool {
    match fault.happened {
        Happened::Status(status) => passing_status(status),
        Happened::NotSent | Happened::SandboxGone | Happened::Lost | Happened::Shape => true,
        Happened::Untrusted | Happened::Foreign | Happened::SignIn(_) | Happened::Unwritten(_) => {
            false
        }
    }
}

/// Is the body JSON at all?
fn understood(service: Service, answer: &Answer) -> Reply<()> {
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body);
    read.map(|_| ())
        .map_err(|error| Fault::shape(service, answer, error.to_string()))
}

/// The body of an answer as JSON.
pub(crate) fn parse(service: Service, answer: &Answer) -> Reply<Value> {
    let value: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| Fault::shape(service, answer, error.to_string()))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Fault::shape(service, answer, "it is not a JSON object"))
    }
}
