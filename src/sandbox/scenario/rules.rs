//! Rules of scripted trouble: which requests, and what happens to them. What it looks like is the
//! door's to know.

use crate::sandbox::tenant::events::Change;
use serde::Deserialize;
use serde_json::Value;

/// Which requests, and what happens to them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Rule {
    #[serde(rename = "match", default)]
    pub(in crate::sandbox) matches: Match,
    #[serde(rename = "do")]
    pub(in crate::sandbox) name: String,
    /// How many matching requests it hits.
    #[serde(default = "once")]
    pub(in crate::sandbox) times: u64,
    /// Of silence, stall and closed door (real time), or of `Retry-After` (sandbox time).
    #[serde(default = "minute")]
    pub(in crate::sandbox) seconds: f64,
    /// Where redirects, links and challenges lead, or what is said.
    #[serde(default)]
    pub(in crate::sandbox) to: Option<String>,
    /// What changes meanwhile.
    #[serde(default)]
    pub(in crate::sandbox) change: Change,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Match {
    pub(in crate::sandbox) method: Option<String>,
    pub(in crate::sandbox) host: Option<String>,
    pub(in crate::sandbox) path: Option<String>,
    /// The N-th request that matches the rest, from 1.
    pub(in crate::sandbox) nth: Option<u64>,
    /// The N-th request of all, from 1.
    pub(in crate::sandbox) request: Option<u64>,
    /// One in so many requests that match the rest.
    pub(in crate::sandbox) every: Option<u64>,
    /// Only from this sandbox second on, counted from the beginning.
    pub(in crate::sandbox) from: Option<f64>,
    /// Only before this sandbox second.
    pub(in crate::sandbox) until: Option<f64>,
}

/// Nobody can connect: the one trouble that comes before a request, so its rule names the request
/// that would have been next.
pub(in crate::sandbox) const CLOSED: &str = "closed";

fn once() -> u64 {
    1
}

fn minute() -> f64 {
    60.0
}

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) enum Kind {
    ResetBefore,
    ResetAfter,
    /// No answer for some time.
    Silence {
        acts: bool,
    },
    /// The same, and `/_sandbox/stall` tells that it has come to that.
    Stall {
        acts: bool,
    },
    Cut,
    UnknownEnum,
    ForeignLink,
    Mischief(Mischief),
    /// One thing in the answer is less or other than it was; `to` is its JSON pointer.
    Poorer(Poorer),
    Answer {
        status: u16,
        form: Form,
        /// Does the request take effect all the same?
        acts: bool,
    },
}

/// How an answer of trouble looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::sandbox) enum Form {
    Json,
    Html,
    Empty,
    Garbage,
    RetrySeconds,
    RetryDate,
    Busy,
    SeeOther,
    /// `{}`.
    Nothing,
    /// An error in an answer that says 200.
    Inside,
}

/// What becomes of one place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Poorer {
    /// It is left out.
    Drop,
    /// It is `null`.
    Null,
    /// It is of another type.
    Retype,
    /// It has another name.
    Rename,
    /// Its name is spelled in the other case.
    Recase,
    /// A text is a word that nobody knows.
    Word,
    /// A list has no items.
    Empty,
    /// A list lacks its last item.
    Cut,
    /// The next page of a list is this one again.
    NextSelf,
    /// The same, in a spelling of OData that no page here has.
    NextSpelled,
    /// The next link is a number.
    NextNumber,
}

impl Poorer {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "drop" => Poorer::Drop,
            "null" => Poorer::Null,
            "retype" => Poorer::Retype,
            "rename" => Poorer::Rename,
            "recase" => Poorer::Recase,
            "word" => Poorer::Word,
            "empty-list" => Poorer::Empty,
            "cut-list" => Poorer::Cut,
            "next-self" => Poorer::NextSelf,
            "next-spelled" => Poorer::NextSpelled,
            "next-number" => Poorer::NextNumber,
            _ => return None,
        })
    }
}

/// What is done to an answer.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) enum Mischief {
    /// The answer is somewhere else, with this status.
    Redirect(u16),
    /// More than anybody can want to read.
    Huge,
    /// The same, in a few kilobytes on the wire.
    HugeGzip,
    /// The answer is true, and compressed in two members.
    GzipParts,
    /// JSON in JSON in JSON.
    Deep,
    /// A challenge for a token of another service.
    Challenge,
    /// A refusal that quotes the token.
    Echo,
    /// A refusal in these words.
    Words,
    /// A list whose every page names another one.
    Endless,
    /// The answer is true; a moment later it is not.
    Meanwhile,
}

impl Mischief {
    pub(in crate::sandbox) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "redirect" | "redirect-302" => Mischief::Redirect(302),
            "redirect-307" => Mischief::Redirect(307),
            "redirect-308" => Mischief::Redirect(308),
            "huge" => Mischief::Huge,
            "huge-gzip" => Mischief::HugeGzip,
            "gzip-parts" => Mischief::GzipParts,
            "deep" => Mischief::Deep,
            "challenge" => Mischief::Challenge,
            "echo" => Mischief::Echo,
            "words" => Mischief::Words,
            "endless" => Mischief::Endless,
            "meanwhile" => Mischief::Meanwhile,
            _ => return None,
        })
    }
}

/// Rules out of JSON.
pub(in crate::sandbox) fn parse(value: &Value) -> Result<Vec<Rule>, String> {
    let rules: Vec<Rule> = Vec::deserialize(value).map_err(|error| error.to_string())?;
    if let Some(rule) = rules
        .iter()
        .find(|rule| rule.name != CLOSED && kind(&rule.name).is_none())
    {
        return Err(format!("`{}` is no trouble that is known", rule.name));
    }
    if rules
        .iter()
        .any(|rule| rule.name == CLOSED && rule.matches.request.is_none())
    {
        return Err(
            "a closed door needs the number of the first request that finds it closed".to_owned(),
        );
    }
    match rules
        .iter()
        .find(|rule| !(0.0..=3e9).contains(&rule.seconds))
    {
        Some(rule) => Err(format!(
            "{} seconds are not a time from 0 to a hundred years",
            rule.seconds
        )),
        None => Ok(rules),
    }
}

pub(in crate::sandbox) fn kind(name: &str) -> Option<Kind> {
    let answer = |status, form| Kind::Answer {
        status,
        form,
        acts: false,
    };
    Some(match name {
        "reset-before" | "refuse" => Kind::ResetBefore,
        "reset-after" => Kind::ResetAfter,
        "silence" => Kind::Silence { acts: false },
        "silence-after" => Kind::Silence { acts: true },
        "stall-before" => Kind::Stall { acts: false },
        "stall-after" => Kind::Stall { acts: true },
        "cut" => Kind::Cut,
        "unknown-enum" => Kind::UnknownEnum,
        "foreign-link" => Kind::ForeignLink,
        "garbage" => answer(200, Form::Garbage),
        "html-502" => answer(502, Form::Html),
        "html-404" => answer(404, Form::Html),
        "500" => answer(500, Form::Json),
        "503-seconds" => answer(503, Form::RetrySeconds),
        "503-date" => answer(503, Form::RetryDate),
        "429-seconds" => answer(429, Form::RetrySeconds),
        "429-date" => answer(429, Form::RetryDate),
        "401" => answer(401, Form::Json),
        "403" => answer(403, Form::Json),
        "404" => answer(404, Form::Json),
        "409" => answer(409, Form::Busy),
        "409-empty" => answer(409, Form::Empty),
        "303" => answer(303, Form::SeeOther),
        "204" => answer(204, Form::Empty),
        "200-empty" => answer(200, Form::Nothing),
        "200-error" => answer(200, Form::Inside),
        // The same answers, written by something in between after the service has acted.
        name if let Some(Kind::Answer { status, form, .. }) =
            name.strip_suffix("-after").and_then(kind) =>
        {
            Kind::Answer {
                status,
                form,
                acts: true,
            }
        }
        name => match Poorer::named(name) {
            Some(poorer) => Kind::Poorer(poorer),
            None => Kind::Mischief(Mischief::named(name)?),
        },
    })
}
