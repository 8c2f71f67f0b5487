//! Judges an exchange by its specification.

use super::draft4::Side;
use super::exceptions;
use super::files::{Expected, Operation, Specs};
use super::schema::{Misfit, OTHER_SIDES, misfits};
use super::undescribed;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The results of several exchanges.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) judged: usize,
    pub(crate) undescribed: usize,
    pub(crate) deviations: BTreeSet<String>,
    /// Words that an open enumeration does not list.
    pub(crate) notes: BTreeSet<String>,
}

/// An exchange as the sandbox recorded it.
struct Exchange<'a> {
    all: &'a Value,
    status: u64,
    /// Only the client sends a request id.
    by_the_client: bool,
    by_the_sandbox: bool,
}

impl<'a> Exchange<'a> {
    fn of(all: &'a Value) -> Self {
        let status = all["status"].as_u64().unwrap_or_default();
        Self {
            all,
            status,
            by_the_client: all["client_request_id"] != "",
            by_the_sandbox: status != 0 && all["scripted"] != true,
        }
    }

    fn text(&self, name: &str) -> &'a str {
        self.all[name].as_str().unwrap_or_default()
    }

    /// Tests may send wrong requests, which are refused. Every other message must be correct.
    fn must_be_right(&self) -> bool {
        self.by_the_client || (self.by_the_sandbox && self.status < 400)
    }
}

impl Specs {
    pub(crate) fn judge(&self, exchange: &Value, figures: &mut Figures) {
        let exchange = Exchange::of(exchange);
        if !exchange.must_be_right() && !exchange.by_the_sandbox {
            return;
        }
        let [method, host, path] = ["method", "host", "path"].map(|name| exchange.text(name));
        let version = exchange.all["query"]["api-version"].as_str();
        let version = version.unwrap_or_default();
        let Some((operation, places)) = self.operation((method, version), host, path) else {
            if undescribed::is_listed(exchange.text("service"), method, path) {
                figures.undescribed += 1;
            } else if exchange.must_be_right() {
                let text = format!("{method} {host}{path}: neither described nor listed");
                figures.deviations.insert(text);
            }
            return;
        };
        figures.judged += 1;
        let mut found = Vec::new();
        if exchange.must_be_right() {
            found.extend(parameters(self, operation, (&exchange, &places)));
            found.extend(self.request(operation, version, &exchange));
        }
        if exchange.by_the_sandbox {
            found.extend(self.answered(operation, version, &exchange));
        }
        for (side, misfit) in found {
            if exceptions::excuses((host, &operation.path, version), side, &misfit) {
                continue;
            }
            let Misfit { place, what, note } = misfit;
            let text = format!(
                "{method} {} ({version}) {} {side:?} {place}: {what}",
                operation.path, exchange.status
            );
            let kind = if note {
                &mut figures.notes
            } else {
                &mut figures.deviations
            };
            kind.insert(text);
        }
    }

    fn request(
        &self,
        operation: &Operation,
        version: &str,
        exchange: &Exchange<'_>,
    ) -> Vec<(Side, Misfit)> {
        let body = &exchange.all["request"];
        let mut found = match (self.body(operation, version), body.get("json")) {
            (Some((validator, _)), Some(body)) => misfits(&validator, body),
            (Some((_, true)), None) if body == &json!({}) => misfit("has no body"),
            (None, Some(value)) if value != &json!({}) => misfit("has a body"),
            _ if body["other"] == true => misfit("is no JSON"),
            _ => Vec::new(),
        };
        // A service ignores its own read-only properties. The client must not send them.
        found.retain(|misfit| exchange.by_the_client || misfit.what != OTHER_SIDES);
        of(Side::Request, found)
    }

    fn answered(
        &self,
        operation: &Operation,
        version: &str,
        exchange: &Exchange<'_>,
    ) -> Vec<(Side, Misfit)> {
        let body = &exchange.all["answer"];
        let head = operation.method == "head";
        let found = match self.answer(operation, version, exchange.status) {
            Expected::Nothing => misfit(&format!("has no entry: {}", exchange.status)),
            Expected::Anything => Vec::new(),
            Expected::Schema(_) if head => Vec::new(),
            Expected::Schema(validator) => match body.get("json") {
                Some(body) => misfits(&validator, body),
                None if body["left_out"] == true => Vec::new(),
                None => misfit("is no JSON"),
            },
            Expected::NoBody if body.get("json").is_some() || body["other"] == true => {
                misfit("has a body")
            }
            Expected::NoBody => Vec::new(),
        };
        of(Side::Answer, found)
    }
}

fn of(side: Side, found: Vec<Misfit>) -> Vec<(Side, Misfit)> {
    found.into_iter().map(|misfit| (side, misfit)).collect()
}

fn misfit(what: &str) -> Vec<Misfit> {
    vec![Misfit {
        place: String::new(),
        what: what.to_owned(),
        note: false,
    }]
}

/// Checks the path and the query.
fn parameters(
    specs: &Specs,
    operation: &Operation,
    (exchange, places): (&Exchange<'_>, &BTreeMap<String, String>),
) -> Vec<(Side, Misfit)> {
    let query = &exchange.all["query"];
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let given = match parameter["in"].as_str() {
            Some("query") => {
                named.insert(name.to_ascii_lowercase());
                query[name.to_ascii_lowercase()].as_str()
            }
            Some("path") => places.get(name).map(String::as_str),
            _ => continue,
        };
        let Some(given) = given else {
            if parameter["required"] == true && parameter["in"] == "query" {
                found.extend(misfit(&format!("the parameter `{name}` is missing")));
            }
            continue;
        };
        let number = parameter["type"] == "integer";
        let given = match given.parse::<i64>() {
            Ok(value) if number => json!(value),
            _ => json!(given),
        };
        for mut misfit in misfits(&specs.parameter(parameter), &given) {
            misfit.place = format!("parameter `{name}`");
            found.push(misfit);
        }
    }
    // A service ignores unknown parameters. The client must not send them.
    for name in query.as_object().unwrap_or(&Map::new()).keys() {
        if exchange.by_the_client && !named.contains(name) {
            found.extend(misfit(&format!("no parameter is called `{name}`")));
        }
    }
    of(Side::Request, found)
}
