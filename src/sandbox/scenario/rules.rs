//! Rules of scripted trouble: which requests they hit, and what happens. The door turns them into
//! answers.

use crate::tenant::events::Change;
use serde::Deserialize;
use serde_json::Value;

/// A rule: which requests it hits, and what happens to them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(rename = "match", default)]
    pub(crate) matches: Match,
    #[serde(rename = "do")]
    pub(crate) name: String,
    /// The largest number of requests that it hits.
    #[serde(default = "once")]
    pub(crate) times: u64,
    /// Length of a silence, stall or closed door (real time), or the `Retry-After` value (sandbox
    /// time).
    #[serde(default = "minute")]
    pub(crate) seconds: f64,
    /// Target of redirects, links and challenges, or the text of a refusal.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// The change of the tenant for `Meanwhile`.
    #[serde(default)]
    pub(crate) change: Change,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    pub(crate) method: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) path: Option<String>,
    /// The first request that it hits is the N-th that matches the other fields, from 1.
    pub(crate) nth: Option<u64>,
    /// Hits only the N-th of all requests, from 1.
    pub(crate) request: Option<u64>,
    /// Hits every N-th request that matches the other fields.
    pub(crate) every: Option<u64>,
    /// Hits only from this sandbox second on, since the start.
    pub(crate) from: Option<f64>,
    /// Hits only before this sandbox second.
    pub(crate) until: Option<f64>,
}

/// No client can connect. This trouble comes before a request, so its rule names the number of the
/// next request.
pub(crate) const CLOSED: &str = "closed";

fn once() -> u64 {
    1
}

fn minute() -> f64 {
    60.0
}

/// The kind of trouble.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    ResetBefore,
    ResetAfter,
    /// No answer for some time.
    Silence {
        acts: bool,
    },
    /// Like `Silence`, and `/_sandbox/stall` reports it.
    Stall {
        acts: bool,
    },
    Cut,
    UnknownEnum,
    ForeignLink,
    Mischief(Mischief),
    /// One part of the answer is changed. `to` is its JSON pointer.
    Poorer(Poorer),
    Answer {
        status: u16,
        form: Form,
        /// Does the request take effect anyway?
        acts: bool,
    },
}

/// The shape of an error answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Json,
    Html,
    Empty,
    Garbage,
    RetrySeconds,
    RetryDate,
    Busy,
    SeeOther,
    /// The body is `{}`.
    Nothing,
    /// Status 200 with an error in the body.
    Inside,
}

/// The change of one part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poorer {
    /// The part is removed.
    Drop,
    /// The part is `null`.
    Null,
    /// The part has another type.
    Retype,
    /// The part has another name.
    Rename,
    /// The first letter of its name has the other case.
    Recase,
    /// A text becomes an unknown word.
    Word,
    /// A list has no items.
    Empty,
    /// A list lacks its last item.
    Cut,
    /// The next link of a list leads to the same page.
    NextSelf,
    /// Like `NextSelf`, in an OData spelling that no page here uses.
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

/// The kind of malice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mischief {
    /// A redirect with this status.
    Redirect(u16),
    /// A body over every limit.
    Huge,
    /// Like `Huge`, but a few kilobytes in gzip.
    HugeGzip,
    /// The true answer, compressed in two gzip members.
    GzipParts,
    /// Deeply nested JSON.
    Deep,
    /// A challenge for a token of another service.
    Challenge,
    /// A refusal that quotes the token.
    Echo,
    /// A refusal with this text.
    Words,
    /// A list in which every page has a next link.
    Endless,
    /// The true answer. The tenant changes right after it.
    Meanwhile,
}

impl Mischief {
    pub(crate) fn named(name: &str) -> Option<Self> {
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

/// Reads rules from JSON.
pub(crate) fn parse(value: &Value) -> Result<Vec<Rule>, String> {
    let rules: Vec<Rule> = Vec::deserialize(value).map_err(|error| error.to_string())?;
    if let Some(rule) = rules
        .iter()
        .find(|rule| rule.name != CLOSED && kind(&rule.name).is_none())
    {
        return Err(format!("`{}` is not a known kind of trouble", rule.name));
    }
    if rules
        .iter()
        .any(|rule| rule.name == CLOSED && rule.matches.request.is_none())
    {
        return Err(
            "`closed` requires `match.request`, the number of the first request that can't connect"
                .to_owned(),
        );
    }
    match rules
        .iter()
        .find(|rule| !(0.0..=3e9).contains(&rule.seconds))
    {
        Some(rule) => Err(format!(
            "{} seconds are not within the range from 0 to a hundred years",
            rule.seconds
        )),
        None => Ok(rules),
    }
}

pub(crate) fn kind(name: &str) -> Option<Kind> {
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
        // With `-after`, a gateway writes the same answer after the service has acted.
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
