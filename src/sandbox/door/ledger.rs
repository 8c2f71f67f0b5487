//! Counts and logs the requests and their effects, for tests and users.

use crate::message::Request;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// The largest number of log entries.
const LOG: usize = 10_000;

/// Limit of the stored bodies in bytes. A body beyond it is left out.
const BODIES: usize = 64 << 20;

#[derive(Debug)]
struct Entry {
    number: u64,
    service: &'static str,
    method: String,
    host: String,
    path: String,
    status: u16,
    user: String,
    client_request: String,
    began: Instant,
    ended: Instant,
    /// Query and bodies, if answers are kept.
    contents: Option<Said>,
}

/// The content of a request and of its answer.
#[derive(Debug)]
struct Said {
    query: Value,
    request: Option<Bytes>,
    answer: Option<Bytes>,
    /// Did scripted trouble make or change the answer?
    scripted: bool,
}

/// Describes a body: `json` for JSON, `other` for anything else, empty without a body.
fn body(bytes: Option<&Bytes>) -> Value {
    match bytes {
        None => json!({ "left_out": true }),
        Some(bytes) if bytes.is_empty() => json!({}),
        Some(bytes) => match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => json!({ "json": value }),
            Err(_) => json!({ "other": true }),
        },
    }
}

/// The answer to a request, for the log.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) number: u64,
    pub(super) service: &'static str,
    /// HTTP status; 0 without an answer.
    pub(super) status: u16,
    /// The caller's name, as far as it is known.
    pub(super) user: String,
    pub(super) began: Instant,
    /// The answer's body, if answers are kept.
    pub(super) body: Bytes,
    /// Did scripted trouble make or change the answer?
    pub(super) scripted: bool,
}

/// Sign-in requests are counted separately.
fn signs_in(service: &str) -> bool {
    matches!(service, "entra" | "runner")
}

/// The counts and the log.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    last: u64,
    by_service: BTreeMap<&'static str, u64>,
    writes: u64,
    effects: Vec<Value>,
    /// Hosts that were requested although the sandbox does not play them.
    foreign: Vec<String>,
    log: VecDeque<Entry>,
    /// Are queries and bodies kept?
    answers: bool,
    /// Size of the stored bodies in bytes.
    bodies: usize,
}

impl Ledger {
    /// An empty ledger. With `answers`, it keeps queries and bodies.
    pub(super) fn new(answers: bool) -> Self {
        Self {
            answers,
            ..Self::default()
        }
    }

    /// Are queries and bodies kept?
    pub(super) fn keeps_answers(&self) -> bool {
        self.answers
    }

    /// Counts a new request, and returns its number.
    pub(super) fn begin(&mut self, service: &'static str) -> u64 {
        self.last += 1;
        *self.by_service.entry(service).or_default() += 1;
        self.last
    }

    pub(super) fn end(&mut self, request: &Request, answered: Answered) {
        let Answered {
            number,
            service,
            status,
            user,
            began,
            body,
            scripted,
        } = answered;
        // Validation of a deployment changes nothing.
        let asks = request.raw_path.ends_with("/validate");
        if !signs_in(service) && request.method != "GET" && !asks {
            self.writes += 1;
        }
        let contents = self.answers.then(|| Said {
            query: json!(request.query),
            // Sign-in requests carry secrets, so their bodies are not kept.
            request: self.kept(&request.body).filter(|_| !signs_in(service)),
            answer: self.kept(&body).filter(|_| !signs_in(service)),
            scripted,
        });
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(Entry {
            number,
            service,
            method: request.method.clone(),
            host: request.host.clone(),
            path: request.raw_path.clone(),
            status,
            user,
            client_request: request.client_request.0.clone(),
            began,
            ended: Instant::now(),
            contents,
        });
    }

    /// The body, if it fits within `BODIES`.
    fn kept(&mut self, body: &Bytes) -> Option<Bytes> {
        let bodies = self.bodies.saturating_add(body.len());
        (bodies <= BODIES).then(|| {
            self.bodies = bodies;
            body.clone()
        })
    }

    pub(super) fn foreign(&mut self, host: &str) {
        self.foreign.push(host.to_owned());
    }

    pub(super) fn effects(
        &mut self,
        number: u64,
        at: &str,
        user: &str,
        effects: Vec<(&'static str, String)>,
    ) {
        let entry = |(what, subject)| {
            json!({
                "n": number,
                "at": at,
                "what": what,
                "subject": subject,
                "user": user,
            })
        };
        self.effects.extend(effects.into_iter().map(entry));
    }

    /// Clears the counts and the log, but not the tenant. With `answers`, queries and bodies are
    /// kept from now on.
    pub(super) fn reset(&mut self, answers: bool) {
        *self = Self {
            last: self.last,
            answers: self.answers || answers,
            ..Self::default()
        };
    }

    /// The logged requests with their bodies, if these are kept.
    pub(super) fn exchanges(&self) -> Value {
        let exchange = |entry: &Entry| {
            let contents = entry.contents.as_ref()?;
            Some(json!({
                "service": entry.service,
                "method": entry.method,
                "host": entry.host,
                "path": entry.path,
                "query": contents.query,
                "request": body(contents.request.as_ref()),
                "status": entry.status,
                "answer": body(contents.answer.as_ref()),
                "scripted": contents.scripted,
                "client_request_id": entry.client_request,
            }))
        };
        self.log.iter().filter_map(exchange).collect()
    }

    pub(crate) fn document(&self) -> Value {
        let count = |service: &str| self.by_service.get(service).copied().unwrap_or_default();
        let requests: u64 = self
            .by_service
            .iter()
            .filter(|(service, _)| !signs_in(service))
            .map(|(_, count)| count)
            .sum();
        let log: Vec<Value> = self
            .log
            .iter()
            .map(|entry| {
                json!({
                    "n": entry.number,
                    "service": entry.service,
                    "method": entry.method,
                    "host": entry.host,
                    "path": entry.path,
                    "status": entry.status,
                    "user": entry.user,
                    "client_request_id": entry.client_request,
                    "ms": entry.ended.duration_since(entry.began).as_millis() as u64,
                })
            })
            .collect();
        json!({
            "requests": requests,
            "writes": self.writes,
            "sign_ins": count("entra"),
            "last": self.last,
            "chain": self.chain(),
            "by_service": {
                "arm": count("arm"),
                "graph": count("graph"),
                "log_analytics": count("log_analytics"),
                "bap": count("bap"),
                "keyvault": count("keyvault"),
                "dataverse": count("dataverse"),
                "power_platform": count("power_platform"),
            },
            "effects": self.effects,
            "foreign": self.foreign,
            "log": log,
        })
    }

    /// The number of dependent round trips: the longest chain of requests, without sign-in, in
    /// which each starts after the previous one ended.
    fn chain(&self) -> u64 {
        let mut entries: Vec<&Entry> = self
            .log
            .iter()
            .filter(|entry| !signs_in(entry.service))
            .collect();
        // Always taking the interval that ends first gives the longest chain without overlap.
        entries.sort_by_key(|entry| entry.ended);
        let mut last: Option<Instant> = None;
        let mut length = 0;
        for entry in entries {
            if last.is_none_or(|last| entry.began >= last) {
                length += 1;
                last = Some(entry.ended);
            }
        }
        length
    }
}
