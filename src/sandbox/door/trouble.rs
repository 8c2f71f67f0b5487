//! Scripted trouble: failures of networks, gateways and services at chosen requests.

use super::mischief::ELSEWHERE;
use crate::message::{Reply, Request};
use crate::scenario::rules::{CLOSED, Form, Kind, Rule, kind};
use crate::tenant::events::Change;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A rule that applies to the current request.
#[derive(Debug)]
pub(super) struct Fired {
    pub(super) kind: Kind,
    pub(super) seconds: f64,
    pub(super) to: Option<String>,
    pub(super) change: Change,
}

/// The rules, each with the number of its matches and hits.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    rules: Vec<(Rule, u64, u64)>,
    hits: u64,
}

impl Trouble {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules: rules.into_iter().map(|rule| (rule, 0, 0)).collect(),
            hits: 0,
        }
    }

    /// The number of requests that were hit.
    pub(super) fn hits(&self) -> u64 {
        self.hits
    }

    /// How long the door closes after this request, if a rule says so.
    pub(super) fn closes_after(&mut self, number: u64) -> Option<std::time::Duration> {
        let mut closing = self
            .rules
            .iter_mut()
            .filter(|(rule, _, fired)| rule.name == CLOSED && *fired < rule.times);
        let (rule, _, fired) =
            closing.find(|(rule, ..)| rule.matches.request == Some(number + 1))?;
        *fired += 1;
        self.hits += 1;
        std::time::Duration::try_from_secs_f64(rule.seconds).ok()
    }

    /// The rule that hits this request, if any. `passed` is the sandbox time since the start in
    /// seconds.
    pub(super) fn next(&mut self, request: &Request, number: u64, passed: f64) -> Option<Fired> {
        for (rule, matched, fired) in &mut self.rules {
            let wanted = &rule.matches;
            let hit = wanted
                .method
                .as_ref()
                .is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
                && wanted
                    .host
                    .as_ref()
                    .is_none_or(|host| request.host.contains(host))
                && wanted
                    .path
                    .as_ref()
                    .is_none_or(|path| request.raw_path.contains(path))
                && wanted.request.is_none_or(|wanted| wanted == number)
                && wanted.from.is_none_or(|from| passed >= from)
                && wanted.until.is_none_or(|until| passed < until);
            if !hit || rule.name == CLOSED {
                continue;
            }
            *matched += 1;
            let turn = wanted.nth.is_none_or(|nth| *matched >= nth)
                && wanted
                    .every
                    .is_none_or(|every| *matched % every.max(1) == 0);
            if turn && *fired < rule.times {
                *fired += 1;
                self.hits += 1;
                return kind(&rule.name).map(|kind| Fired {
                    kind,
                    seconds: rule.seconds,
                    to: rule.to.clone(),
                    change: rule.change.clone(),
                });
            }
        }
        None
    }
}

/// An error answer, in a recorded shape.
pub(super) fn reply(status: u16, form: Form, now: Timestamp, seconds: f64) -> Reply {
    let whole = Duration::seconds(seconds);
    match form {
        Form::Empty => Reply::empty(status),
        Form::Html => Reply::html(status, "502 Bad Gateway"),
        Form::Garbage => Reply {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: b"{\"value\": [".to_vec(),
        },
        Form::Busy => Reply::error(
            status,
            "OperationNotStartable",
            "This operation cannot be performed because there is an active lifecycle operation on \
            the environment.",
        ),
        Form::RetrySeconds => Reply::error(status, "TooManyRequests", "Scripted: come back later.")
            .header("retry-after", whole.as_secs().to_string()),
        Form::RetryDate => {
            let date = (now + whole)
                .strftime("%a, %d %b %Y %H:%M:%S GMT")
                .to_string();
            Reply::error(status, "TooManyRequests", "Scripted: come back later.")
                .header("retry-after", date)
        }
        Form::SeeOther => Reply::empty(status).header("location", ELSEWHERE),
        Form::Nothing => Reply::json(status, &json!({})),
        Form::Inside => Reply::json(
            status,
            &json!({ "error": { "code": "Scripted", "message": "Scripted trouble." } }),
        ),
        Form::Json => Reply::error(
            status,
            "Scripted",
            format!("Scripted trouble with status {status}."),
        ),
    }
}

struct Duration;

impl Duration {
    fn seconds(seconds: f64) -> SignedDuration {
        SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO)
    }
}

/// Replaces every state in an answer by an unknown word.
pub(super) fn wibble(mut reply: Reply, word: Option<&str>) -> Reply {
    if let Ok(mut value) = serde_json::from_slice::<Value>(&reply.body) {
        replace(&mut value, "", word.unwrap_or("Wibble"));
        reply.body = value.to_string().into_bytes();
    }
    reply
}

/// Moves every link of the answer, in headers and next links, to a foreign host. Every list gets a
/// next link. With `to`, the addresses of vaults and organizations move too.
pub(super) fn lead_away(mut reply: Reply, to: Option<&str>) -> Reply {
    let elsewhere = to.unwrap_or(ELSEWHERE);
    for (name, value) in &mut reply.headers {
        if matches!(
            *name,
            "operation-location" | "location" | "azure-asyncoperation"
        ) {
            elsewhere.clone_into(value);
        }
    }
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) {
        if let Some(map) = body.as_object_mut().filter(|map| map.contains_key("value")) {
            map.insert("nextLink".to_owned(), Value::from(elsewhere));
        }
        for place in [
            "/properties/vaultUri",
            "/properties/hsmUri",
            "/properties/linkedEnvironmentMetadata/instanceUrl",
        ] {
            if let (Some(value), Some(to)) = (body.pointer_mut(place), to) {
                *value = Value::from(to);
            }
        }
        reply.body = body.to_string().into_bytes();
    }
    reply
}

fn replace(value: &mut Value, parent: &str, word: &str) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                let state = matches!(
                    name.as_str(),
                    "linkStatus" | "environmentSku" | "protectionLevel" | "registrationState"
                ) || (name == "id"
                    && matches!(parent, "state" | "management" | "runtime"));
                if state && inner.is_string() {
                    *inner = Value::from(word);
                } else {
                    replace(inner, name, word);
                }
            }
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|inner| replace(inner, parent, word)),
        _ => {}
    }
}
