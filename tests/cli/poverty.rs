//! Every answer made poorer or odder, one thing at a time: no change that the untouched run does
//! not make, none twice, and no success that the tenant does not show.
//!
//! `CMKCTL_MATRIX=full cargo test --locked --test cli poverty -- --nocapture` tries all of them;
//! without it, each mutation of each kind of request is tried at one place at least.

use crate::arena::{Arena, End, Job, spread};
use crate::tenants::{
    closed_firewall, key_is, plain, policy_ready, short_waits, two_keys, uat_is, ungranted_policy,
    vault_is,
};
use crate::tool::overlaid;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Instant;

/// Sandbox seconds per real second.
const SPEED: f64 = 40_000.0;

/// Of one place of an answer.
const OF_A_PLACE: [&str; 4] = ["drop", "null", "retype", "rename"];
/// Of a whole answer to a read.
const OF_A_READ: [&str; 6] = ["404", "403", "401", "204", "200-empty", "200-error"];
/// Of an answer to a change that has taken effect.
const OF_A_CHANGE: [&str; 3] = ["401-after", "429-seconds-after", "503-seconds-after"];

/// A request of the clean run, by what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    method: String,
    host: String,
    path: String,
}

#[derive(Debug, Clone)]
struct Mutation {
    route: Route,
    how: &'static str,
    at: String,
}

/// A run whose right end is known: what it may do is what it does when nothing is changed.
struct Known {
    job: Job,
    code: i32,
}

struct Clean {
    end: End,
    answers: BTreeMap<Route, Value>,
}

const ADD: &[&str] = &["add-environment", "--yes", "--confirm", "Contoso UAT"];
const RETIRE: &[&str] = &[
    "retire-key",
    "--deleted-environments-checked",
    "--confirm",
    "cmk-contoso",
];
const WATCH: &[&str] = &["status", "--all", "--fail-on", "locked,drift,expiring"];

fn known(
    name: &'static str,
    arguments: &'static [&'static str],
    scenario: Value,
    code: i32,
) -> Known {
    let job = Job {
        name,
        arguments,
        scenario,
    };
    Known { job, code }
}

/// The base tenant with a policy that is created and granted, which has the environment.
fn linked(environment: Value) -> Value {
    let base = json!({ "settings": short_waits(),
        "environments": { "uat": { "policy": "ep-contoso-cmk" } } });
    policy_ready(overlaid(base, uat_is(environment)))
}

fn ready(patch: Value) -> Value {
    policy_ready(overlaid(json!({ "settings": short_waits() }), patch))
}

/// The runs whose right end is a change. One that waits for an end that is never told gives up
/// within a day.
fn changes() -> Vec<Known> {
    let settings = || json!({ "settings": short_waits() });
    vec![
        known(
            "add-environment",
            &[
                "add-environment",
                "--yes",
                "--confirm",
                "Contoso UAT",
                "--timeout",
                "1d",
            ],
            ready(json!({})),
            0,
        ),
        known(
            "create-policy",
            &["create-policy", "--yes"],
            plain(settings()),
            0,
        ),
        known(
            "enable",
            &[
                "enable",
                "--make-managed",
                "--yes",
                "--confirm",
                "Contoso UAT",
                "--timeout",
                "1d",
            ],
            plain(json!({
                "settings": short_waits(), "provider": "NotRegistered",
                "environments": { "uat": { "managed": false } },
            })),
            0,
        ),
        known(
            "swap-policy",
            &[
                "swap-policy",
                "--yes",
                "--confirm",
                "Contoso UAT",
                "--timeout",
                "1d",
            ],
            two_keys(),
            0,
        ),
        known(
            "remove-environment",
            &[
                "remove-environment",
                "--yes",
                "--confirm",
                "Contoso UAT",
                "--timeout",
                "1d",
            ],
            linked(json!({})),
            0,
        ),
        known(
            "unlock",
            &["unlock", "--yes"],
            linked(json!({ "runtime": "Disabled" })),
            0,
        ),
        known("rotate-key", &["rotate-key", "--yes"], linked(json!({})), 0),
    ]
}

/// The runs whose right end is a refusal, or a finding.
fn refusals() -> Vec<Known> {
    let left = json!({ "settings": short_waits(), "history": [
        { "environment": "uat", "kind": "NewCustomerManagedKey", "days_ago": 90 },
        { "environment": "uat", "kind": "RevertToMicrosoftKey", "days_ago": 10 },
    ] });
    let policies = json!({ "ep-contoso-cmk": ungranted_policy() });
    let ungranted = json!({ "settings": short_waits(), "policies": policies });
    vec![
        known("key in use", RETIRE, linked(json!({})), 6),
        known("key left days ago", RETIRE, policy_ready(left), 6),
        known("no grant", ADD, plain(ungranted), 6),
        known("another policy", ADD, two_keys(), 6),
        known(
            "unmanaged",
            ADD,
            ready(uat_is(json!({ "managed": false }))),
            6,
        ),
        known(
            "closed firewall",
            ADD,
            ready(vault_is(json!({ "properties": closed_firewall() }))),
            6,
        ),
        known(
            "disabled key",
            ADD,
            ready(key_is(json!({ "enabled": false }))),
            6,
        ),
        known("locked", WATCH, linked(json!({ "runtime": "Disabled" })), 3),
        known("expiring key", WATCH, json!("expiring"), 3),
    ]
}

/// Left out, or as good as that.
const GONE: [&str; 3] = ["drop", "null", "rename"];

/// Places whose mutation makes another valid answer, each with its reason.
const OTHER_ANSWERS: [(&[&str], &str); 5] = [
    // A list without a next link is at its end (Microsoft REST API guidelines, collections).
    (&GONE, "/nextLink"),
    // A key without an end never expires (Key Vault REST, key attributes).
    (&GONE, "/properties/attributes/exp"),
    // Without rules there is none; `bypass` is `AzureServices` where it is not said (specification
    // of Microsoft.KeyVault, 2023-07-01).
    (&GONE, "/properties/networkAcls"),
    (&GONE, "/properties/networkAcls/bypass"),
    // The word is the name of another key, and nothing else tells which one the policy has.
    (&["word"], "/properties/encryption/keyVault/key/name"),
];

/// Runs whose end is another one where the vault or what lies below it is refused: that is the
/// other administrator's to know, and the plan lists it as hidden.
const HIDDEN: [&str; 3] = ["no grant", "closed firewall", "disabled key"];

fn is_excused(known: &Known, mutation: &Mutation) -> bool {
    let Mutation { route, how, at } = mutation;
    let other = |(hows, place): &(&[&str], &str)| hows.contains(how) && at == place;
    let hidden = HIDDEN.contains(&known.job.name)
        && *how == "403"
        && route.path.contains("/vaults/kv-contoso-cmk");
    hidden || OTHER_ANSWERS.iter().any(other)
}

fn clean(arena: &Arena, known: &Known) -> Clean {
    let Known { job, code } = known;
    arena.begin_with_answers(&job.scenario, SPEED);
    arena.run(job.arguments).exits(*code);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut answers = BTreeMap::new();
    for entry in arena.ledger()["log"].as_array().unwrap() {
        let route = Route {
            method: text(&entry["method"]),
            host: text(&entry["host"]),
            path: text(&entry["path"]),
        };
        // Sign-in has tests of its own.
        if entry["service"] != "entra" {
            answers
                .entry(route)
                .or_insert_with(|| entry["answer"].clone());
        }
    }
    Clean {
        end: arena.end(),
        answers,
    }
}

/// Every place of an answer; of a list its first item stands for all.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
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
            if let Some(first) = items.first() {
                let place = format!("{at}/0");
                into.push(place.clone());
                places(first, &place, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn mutations(answers: &BTreeMap<Route, Value>) -> Vec<Mutation> {
    let mut all = Vec::new();
    for (route, answer) in answers {
        let mut push = |how, at: &str| {
            all.push(Mutation {
                route: route.clone(),
                how,
                at: at.to_owned(),
            });
        };
        let whole: &[&'static str] = if route.method == "GET" {
            &OF_A_READ
        } else {
            &OF_A_CHANGE
        };
        whole.iter().for_each(|how| push(how, ""));
        let mut found = Vec::new();
        places(answer, "", &mut found);
        for at in &found {
            OF_A_PLACE.iter().for_each(|how| push(how, at));
            match answer.pointer(at) {
                Some(Value::String(_)) => push("word", at),
                Some(Value::Array(items)) if !items.is_empty() => {
                    push("empty-list", at);
                    push("cut-list", at);
                }
                _ => {}
            }
        }
    }
    all
}

/// All of them, or so many that each mutation of each route of each run is among them once.
fn chosen(all: Vec<(usize, Mutation)>, full: bool) -> Vec<(usize, Mutation)> {
    let mut seen = BTreeSet::new();
    all.into_iter()
        .filter(|(at, one)| full || seen.insert((*at, one.route.clone(), one.how)))
        .collect()
}

/// Is each of these among those, as often?
fn within(effects: &[String], allowed: &[String]) -> bool {
    let mut left = allowed.to_vec();
    effects.iter().all(|effect| {
        let at = left.iter().position(|other| other == effect);
        at.map(|at| left.remove(at)).is_some()
    })
}

/// Why the end of a run under a mutation is not safe, if it is not.
fn unsafe_end(known: &Known, clean: &End, (code, end): (i32, &End)) -> Option<String> {
    if !within(&end.effects, &clean.effects) {
        return Some(format!(
            "effects {:?}, allowed {:?}",
            end.effects, clean.effects
        ));
    }
    if code == 0 && (known.code != 0 || end.world != clean.world) {
        return Some("success that the tenant does not show".to_owned());
    }
    (code < 0 || code == 101).then(|| format!("it ended with {code}"))
}

/// Is it safe as it stands? `Ok(false)`: another end is right under this mutation.
fn tried(arena: &Arena, known: &Known, clean: &Clean, mutation: &Mutation) -> Result<bool, String> {
    let Mutation { route, how, at } = mutation;
    let rule = json!([{
        "match": { "method": route.method, "host": route.host, "path": route.path },
        "do": how, "to": at, "times": 1_000_000, "seconds": 20.0,
    }]);
    arena.begin(&known.job.scenario, &rule, SPEED);
    let ran = arena.run(known.job.arguments);
    let end = arena.end();
    unsafe_end(known, &clean.end, (ran.code, &end)).map_or(Ok(true), |why| {
        if is_excused(known, mutation) {
            return Ok(false);
        }
        let asked = format!("{} {}{}", route.method, route.host, route.path);
        Err(format!(
            "{}: {how} {at} of {asked}: exit {}: {why}\n{}{}",
            known.job.name, ran.code, ran.stdout, ran.stderr
        ))
    })
}

#[track_caller]
fn every_mutation(all: &[Known]) {
    let full = std::env::var("CMKCTL_MATRIX").is_ok_and(|value| value == "full");
    let began = Instant::now();
    let arena = Arena::open();
    let cleans: Vec<Clean> = all.iter().map(|known| clean(&arena, known)).collect();
    let cases = cleans.iter().enumerate().flat_map(|(at, clean)| {
        let own = mutations(&clean.answers).into_iter();
        own.map(move |one| (at, one))
    });
    let cases = chosen(cases.collect(), full);
    let outcomes = spread(&cases, |arena, (at, mutation)| {
        tried(arena, &all[*at], &cleans[*at], mutation)
    });
    let excused = outcomes.iter().filter(|one| **one == Ok(false)).count();
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    let _ = writeln!(
        std::io::stdout(),
        "{} mutations: {} safe, {excused} of them another valid answer ({:.0?})",
        cases.len(),
        cases.len() - failures.len(),
        began.elapsed()
    );
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

#[test]
fn no_poorer_answer_starts_what_the_true_one_does_not() {
    every_mutation(&changes());
}

#[test]
fn no_poorer_answer_undoes_a_refusal() {
    every_mutation(&refusals());
}
