//! Every request of a run meets every kind of trouble. The run ends in the desired state, or it
//! reports what happened and the repeated command continues. Nothing takes effect twice.
//!
//! `CMKCTL_MATRIX=full cargo test --locked --test cli matrix -- --nocapture` runs every combination
//! of every command. By default, each trouble hits only the first request of each kind. Troubles
//! that look the same to a read take turns. In most commands they hit only changes, because their
//! reads are those of `add-environment` and `enable`.

use crate::arena::{Arena, End, Job, job, jobs, spread};
use crate::tool::Ran;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::time::Instant;

/// Sandbox seconds per real second.
const SPEED: f64 = 40_000.0;
/// While the door is closed, the wait must be longer than a client's start, and the client's
/// patience longer still.
const SLOW: f64 = 6000.0;

/// The faults. Those of a row look the same to a read, so by default they take turns there.
const FAULTS: [&[&str]; 12] = [
    &["closed", "reset-before", "reset-after", "cut"],
    &["html-502", "500"],
    &["503-seconds", "503-date"],
    &["429-seconds", "429-date"],
    &["401"],
    &["403"],
    &["404"],
    &["409", "409-empty"],
    &["silence", "silence-after"],
    &["garbage"],
    &["unknown-enum"],
    &["foreign-link"],
];

/// A request of a clean run, from the ledger.
#[derive(Debug, Clone)]
struct Asked {
    number: u64,
    method: String,
    host: String,
    path: String,
    /// It is the N-th request of this method to this place, from 1.
    nth: u64,
}

impl Asked {
    fn is_change(&self) -> bool {
        let posted = self.method == "POST" && !self.path.contains("/token");
        self.method == "PUT" || posted
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.method, &self.host) == (&other.method, &other.host)
            && other.path.contains(&self.path)
    }

    /// Hits this request. Its number may differ in another run, because some requests are sent at
    /// the same time. Only a closed door has no request to aim at.
    fn aimed(&self, closed: bool) -> Value {
        if closed {
            return json!({ "request": self.number });
        }
        json!({ "method": self.method, "host": self.host, "path": self.path, "nth": self.nth })
    }

    /// The faults that hit this request: all, or for a read one of each row.
    fn faults(&self, all: bool) -> Vec<&'static str> {
        let every = all || self.is_change();
        let turn = usize::try_from(self.number).unwrap();
        let of_row = |row: &'static [&'static str]| match every {
            true => row.to_vec(),
            false => vec![row[turn % row.len()]],
        };
        FAULTS.into_iter().flat_map(of_row).collect()
    }
}

/// A clean run: its requests and its end state.
struct Clean {
    asked: Vec<Asked>,
    end: End,
}

fn clean_run(arena: &Arena, job: &Job) -> Clean {
    arena.begin(&job.scenario, &json!([]), SPEED);
    arena.run(job.arguments).exits(0);
    let ledger = arena.ledger();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut asked: Vec<Asked> = ledger["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| Asked {
            number: entry["n"].as_u64().unwrap(),
            method: text(&entry["method"]),
            host: text(&entry["host"]),
            path: text(&entry["path"]),
            nth: 0,
        })
        .collect();
    asked.sort_by_key(|asked| asked.number);
    for at in 0..asked.len() {
        let earlier = asked[..=at].iter().filter(|other| asked[at].is_like(other));
        asked[at].nth = earlier.count() as u64;
    }
    Clean {
        asked,
        end: arena.end(),
    }
}

/// Checks that the exit code fits, and that the message says what happened.
fn honest(fault: &str, ran: &Ran, end: &End) -> Result<(), String> {
    let words = &ran.stderr;
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    let fits = match ran.code {
        1 => says(&[
            "answered ",
            "did not answer",
            "can't be reached",
            "can't be understood",
            "address does not belong to the cloud",
        ]),
        4 => says(&["Sign-in", "sign-in"]),
        // An unreadable fact is unknown. A plan that needs it does not start, or stops before the
        // environment goes offline.
        5 => {
            ["401", "403"].contains(&fault)
                || (fault == "404" && says(&["self-elevate"]))
                || (says(&["unknown (CMK", "could not be read"]) && stands(end, words))
        }
        6 => {
            (says(&["blocker"]) && stands(end, words))
                // The service reports at the change what the refused read did not show.
                || (fault == "403" && says(&["MissingSubscriptionRegistration"]))
        }
        // In an unknown state, nothing is started.
        7 => fault.starts_with("409") || (fault == "unknown-enum" && says(&["CMK023"])),
        9 => says(&["same command again"]),
        _ => false,
    };
    if !fits || !words.contains("error: ") || words.contains("panicked") {
        return Err(format!("exit {} is not honest", ran.code));
    }
    Ok(())
}

/// Did the plan's main change not start, and does the message say so?
fn stands(end: &End, words: &str) -> bool {
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    let offline = end
        .effects
        .iter()
        .any(|effect| effect.contains("link-started"));
    (end.effects.is_empty() && says(&["No changes were made"]))
        || (!offline && says(&["was not started", "Nothing was started"]))
}

/// Runs one case. Returns whether the trouble occurred. A run may need fewer polls than the clean
/// one, or may not connect while the door is closed.
fn survives(
    arena: &Arena,
    job: &Job,
    clean: &Clean,
    fault: &str,
    asked: &Asked,
) -> Result<bool, String> {
    let closed = fault == "closed";
    let seconds = if closed { 0.01 } else { 20.0 };
    let rule = json!([{ "match": asked.aimed(closed), "do": fault, "seconds": seconds }]);
    arena.begin(&job.scenario, &rule, if closed { SLOW } else { SPEED });
    let first = arena.run(job.arguments);
    let met = arena.hits() > 0;
    let mut end = arena.end();
    let told = |why: String, ran: &Ran| {
        Err(format!(
            "{} {fault} at {asked:?}: {why}\nexit {}\n{}",
            job.name, ran.code, ran.stderr
        ))
    };
    if !met && !closed && asked.nth == 1 {
        return told("it did not meet its fault".to_owned(), &first);
    }
    if first.code != 0 {
        if let Err(why) = honest(fault, &first, &end) {
            return told(why, &first);
        }
        arena.faults(&json!([]));
        let second = arena.run(job.arguments);
        if second.code != 0 {
            return told(
                format!(
                    "then the same command again failed:\n{}\nThe first was:",
                    second.stderr
                ),
                &first,
            );
        }
        end = arena.end();
    }
    if end.effects != clean.end.effects {
        return told(
            format!(
                "other effects: {:#?} instead of {:#?}",
                end.effects, clean.end.effects
            ),
            &first,
        );
    }
    if end != clean.end {
        return told(
            format!(
                "another end: {:#} instead of {:#}",
                end.world, clean.end.world
            ),
            &first,
        );
    }
    Ok(met)
}

/// The requests to hit: all, or the first of each kind. For a command that shares its reads with
/// others, only its changes.
fn chosen<'a>(asked: &'a [Asked], job: &str, all: bool) -> Vec<&'a Asked> {
    let mut seen = HashSet::new();
    let shared = !["add-environment", "enable"].contains(&job);
    let worth = |asked: &&'a Asked| {
        let route = (&asked.method, &asked.host, &asked.path);
        all || (seen.insert(route) && (!shared || asked.is_change()))
    };
    asked.iter().filter(worth).collect()
}

/// Runs every trouble at every chosen request of this job.
#[track_caller]
fn every_trouble(name: &str) {
    let full = std::env::var("CMKCTL_MATRIX").is_ok_and(|value| value == "full");
    let job = job(name);
    let clean = clean_run(&Arena::open(), &job);
    let requests = chosen(&clean.asked, name, full);
    let cases: Vec<(&str, &Asked)> = requests
        .iter()
        .flat_map(|asked| asked.faults(full).into_iter().map(|fault| (fault, *asked)))
        .collect();
    let began = Instant::now();
    let outcomes = spread(&cases, |arena, (fault, asked)| {
        survives(arena, &job, &clean, fault, asked)
    });
    let met = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(true)))
        .count();
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    let survived = cases.len() - failures.len();
    let _ = writeln!(
        std::io::stdout(),
        "{name}: {} faults at {} requests: {survived} survived, {met} of them met their fault \
         ({:.0?})",
        cases.len(),
        requests.len(),
        began.elapsed()
    );
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

#[test]
fn add_environment_survives_every_trouble() {
    every_trouble("add-environment");
}

#[test]
fn create_policy_survives_every_trouble() {
    every_trouble("create-policy");
}

#[test]
fn a_vault_with_access_policies_survives_every_trouble() {
    every_trouble("access policies");
}

#[test]
fn a_managed_hsm_survives_every_trouble() {
    every_trouble("managed HSM");
}

#[test]
fn enable_survives_every_trouble() {
    every_trouble("enable");
}

#[test]
fn swap_policy_survives_every_trouble() {
    every_trouble("swap-policy");
}

#[test]
fn rotation_policy_survives_every_trouble() {
    every_trouble("rotation-policy");
}

#[test]
fn create_key_survives_every_trouble() {
    every_trouble("create-key");
}

#[test]
fn every_job_is_in_the_matrix() {
    let names: Vec<&str> = jobs().iter().map(|job| job.name).collect();
    assert_eq!(
        names,
        [
            "add-environment",
            "create-policy",
            "create-key",
            "access policies",
            "managed HSM",
            "enable",
            "rotation-policy",
            "swap-policy"
        ]
    );
}
