//! The matrix removes the fields that the decoders read. A field that is in no answer of any run
//! would never be tested.

use super::mutations::{answers, places};
use super::runs::{Run, changes, refusals};
use super::{SPEED, begun};
use crate::arena::Arena;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;

/// Fields that no answer of any run has, each with the reason.
const NEVER_THERE: [(&str, &str); 15] = [
    ("app_displayname", TOKEN),
    ("appid", TOKEN),
    ("idtyp", TOKEN),
    ("oid", TOKEN),
    ("tid", TOKEN),
    ("unique_name", TOKEN),
    ("upn", TOKEN),
    ("wids", TOKEN),
    ("applicationId", COMPOUND),
    ("additionalInfo", WORDS),
    ("details", WORDS),
    ("errorDetail", WORDS),
    ("errors", WORDS),
    ("fieldErrors", WORDS),
    ("innererror", WORDS),
];
const TOKEN: &str = "a claim of the caller's own token, which no answer holds";
const COMPOUND: &str = "an access policy without it is for its principal alone, by documentation";
const WORDS: &str = "only shown, with an error of a service";

/// The fields that the decoders of this run read, in lower case, and the fields that the answers
/// have.
fn looked_for(arena: &Arena, run: &Run) -> (BTreeSet<String>, BTreeSet<String>) {
    arena.begin_with_answers(&run.scenario, SPEED);
    let log = arena.served.folder().join("log");
    let mut command = begun(arena, run);
    let status = command
        .arg("-vvv")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .status();
    assert_eq!(status.unwrap().code(), Some(run.code), "{}", run.name);
    let log = std::fs::read_to_string(log).unwrap();
    let sought = log.lines().filter_map(|line| {
        let (_, name) = line.split_once("looks for the field `")?;
        Some(name.trim_end_matches('`').to_ascii_lowercase())
    });
    let mut there = BTreeSet::new();
    for (answer, _) in answers(&arena.exchanges()).into_values() {
        there.extend(names(&answer));
    }
    (sought.collect(), there)
}

fn names(answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(answer, "", &mut found);
    let name = |place: String| place.rsplit('/').next().map(str::to_ascii_lowercase);
    found.into_iter().filter_map(name).collect()
}

#[test]
fn what_is_looked_for_is_taken_away() {
    let arena = Arena::open();
    let (mut sought, mut there) = (BTreeSet::new(), BTreeSet::new());
    for run in changes(&arena).into_iter().chain(refusals(&arena)) {
        let (of_run, in_run) = looked_for(&arena, &run);
        sought.extend(of_run);
        there.extend(in_run);
    }
    assert!(
        sought.contains("linkstatus") && sought.len() > 50,
        "{sought:?}"
    );
    let listed = NEVER_THERE.map(|(name, _)| name.to_ascii_lowercase());
    let missing: BTreeSet<String> = sought.difference(&there).cloned().collect();
    assert_eq!(missing, BTreeSet::from(listed));
}
