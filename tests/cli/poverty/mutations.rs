//! The possible mutations of a clean run's answers, one part at a time.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Mutations of one place in an answer.
const OF_A_PLACE: [&str; 5] = ["drop", "null", "retype", "rename", "recase"];
/// Mutations of a whole answer to a read.
const OF_A_READ: [&str; 6] = ["404", "403", "401", "204", "200-empty", "200-error"];
/// Mutations of a whole answer that is a list.
const OF_A_LIST: [&str; 3] = ["next-self", "next-spelled", "next-number"];
/// Mutations of the answer to a change that took effect.
const OF_A_CHANGE: [&str; 3] = ["401-after", "429-seconds-after", "503-seconds-after"];

/// A request of the clean run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mutation {
    pub(super) route: Route,
    pub(super) how: &'static str,
    /// A JSON pointer; empty for the whole answer.
    pub(super) at: String,
    /// The first request of this route that is mutated, from 1.
    pub(super) from: u64,
}

/// The answers of a clean run by request: the first answer, and the number of requests.
pub(super) type Answers = BTreeMap<Route, (Value, u64)>;

/// The answers in the exchanges. Sign-in has tests of its own.
pub(super) fn answers(exchanges: &Value) -> Answers {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut answers = Answers::new();
    for entry in exchanges.as_array().unwrap() {
        let route = Route {
            method: text(&entry["method"]),
            host: text(&entry["host"]),
            path: text(&entry["path"]),
        };
        if entry["service"] != "entra" {
            let first = || (entry["answer"]["json"].clone(), 0);
            answers.entry(route).or_insert_with(first).1 += 1;
        }
    }
    answers
}

/// The environments of the runs.
const SUBJECTS: [&str; 2] = ["Contoso UAT", "Team a"];

/// Every place in an answer. In a list, every item counts. The places inside an item count for the
/// first item, for the runs' environments, and for items with a new field.
pub(super) fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                let place = format!("{at}/{name}");
                into.push(place.clone());
                places(inner, &place, into);
            }
        }
        Value::Array(items) => {
            let mut seen = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                let place = format!("{at}/{index}");
                into.push(place.clone());
                let text = item.to_string();
                let before = seen.len();
                fields(item, &mut seen);
                if seen.len() > before || SUBJECTS.iter().any(|name| text.contains(name)) {
                    places(item, &place, into);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names of all fields of a value, at any depth.
fn fields<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(own) => {
            for (name, inner) in own {
                into.insert(name);
                fields(inner, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every mutation of every answer, from its first request on, and from the second on if it is
/// requested again.
pub(super) fn all(answers: &Answers) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (route, (answer, times)) in answers {
        for from in 1..=(*times).min(2) {
            let one = |(how, at)| Mutation {
                route: route.clone(),
                how,
                at,
                from,
            };
            all.extend(of_an_answer(&route.method, answer).into_iter().map(one));
        }
    }
    all
}

fn of_an_answer(method: &str, answer: &Value) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let whole = |how: &&'static str| (*how, String::new());
    if method == "GET" {
        all.extend(OF_A_READ.iter().map(whole));
    } else {
        all.extend(OF_A_CHANGE.iter().map(whole));
    }
    if answer["value"].is_array() {
        all.extend(OF_A_LIST.iter().map(whole));
    }
    let mut found = Vec::new();
    places(answer, "", &mut found);
    for at in found {
        let is_item = at
            .rsplit('/')
            .next()
            .is_some_and(|name| name.parse::<usize>().is_ok());
        // A list item has no name to change.
        let hows = if is_item {
            &OF_A_PLACE[..3]
        } else {
            &OF_A_PLACE
        };
        all.extend(hows.iter().map(|how| (*how, at.clone())));
        match answer.pointer(&at) {
            Some(Value::String(_)) => all.push(("word", at)),
            Some(Value::Array(items)) if !items.is_empty() => {
                all.push(("empty-list", at.clone()));
                all.push(("cut-list", at));
            }
            _ => {}
        }
    }
    all
}

/// All mutations, or a selection that covers every mutation of every route and of every run. It
/// also keeps every mutation of a place that decides the run's result. The other places take turns.
pub(super) fn chosen(
    of_runs: Vec<(Vec<Mutation>, &'static [&'static str])>,
    full: bool,
) -> Vec<(usize, Mutation)> {
    let (mut routes, mut turns) = (BTreeSet::new(), BTreeMap::<_, usize>::new());
    let mut chosen = Vec::new();
    for (run, (mutations, decides)) in of_runs.into_iter().enumerate() {
        let mut groups = BTreeMap::<_, Vec<Mutation>>::new();
        let mut hows = BTreeSet::new();
        for one in mutations {
            if full || (one.from == 1 && decides.iter().any(|part| one.at.contains(part))) {
                chosen.push((run, one));
            } else {
                let key = (one.route.clone(), one.how);
                groups.entry(key).or_default().push(one);
            }
        }
        for ((route, how), places) in groups {
            let new = routes.insert((route, how)) | hows.insert(how);
            if new {
                let turn = turns.entry(how).or_default();
                *turn += 1;
                let place = places[*turn * 5 % places.len()].clone();
                chosen.push((run, place));
            }
        }
    }
    chosen
}
