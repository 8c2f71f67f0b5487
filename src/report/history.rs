//! What happened to an environment.

use super::terminal::Out;
use crate::model::day::{day, moment, span};
use crate::model::environment::Environment;
use crate::model::history::{Episode, Estimate};
use crate::model::operation::{Requester, StageRun};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Version 1 of `history`.
#[derive(Serialize)]
struct HistoryV1<'a> {
    schema: &'static str,
    at: Timestamp,
    environment: &'a str,
    environment_name: &'a str,
    operations: Vec<EpisodeV1<'a>>,
}

#[derive(Serialize)]
struct EpisodeV1<'a> {
    id: &'a str,
    kind: &'a str,
    state: &'a str,
    requested_by: Option<RequesterV1<'a>>,
    created: Option<Timestamp>,
    last_action: Option<Timestamp>,
    /// `null` while the operation runs, and if the service does not give the time.
    seconds: Option<i64>,
    stages: Vec<StageV1<'a>>,
    failure: Option<&'a str>,
    /// What the operation meant for the key.
    key: &'static str,
    /// Backups need the key that the environment left until this time.
    key_needed_until: Option<Timestamp>,
}

#[derive(Serialize)]
struct RequesterV1<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    kind: Option<&'a str>,
}

#[derive(Serialize)]
struct StageV1<'a> {
    name: &'a str,
    state: &'a str,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
}

/// Every operation on an environment, newest first.
pub fn history(out: &mut Out, environment: &Environment, at: Timestamp, all: &[Episode<'_>]) {
    let document = HistoryV1 {
        schema: "cmkctl/history/v1",
        at,
        environment: &environment.id,
        environment_name: &environment.display_name,
        operations: all.iter().map(row).collect(),
    };
    let header = ["BEGAN", "OPERATION", "STATE", "TOOK", "BY", "KEY", "STAGES"];
    out.table(&document, &header, || all.iter().map(cells).collect());
    if all.is_empty() {
        out.say("The service lists no operation on this environment.");
    }
}

fn row<'a>(episode: &'a Episode<'_>) -> EpisodeV1<'a> {
    let operation = episode.operation;
    EpisodeV1 {
        id: &operation.id,
        kind: &operation.kind,
        state: operation.state.text().unwrap_or_default(),
        requested_by: operation.requested_by.as_ref().map(|by| RequesterV1 {
            id: by.id.as_deref(),
            name: by.name.as_deref(),
            kind: by.kind.as_deref(),
        }),
        created: operation.created.known().copied(),
        last_action: operation.last_action.known().copied().flatten(),
        seconds: episode.took.map(|took| took.as_secs()),
        stages: operation.stages.iter().map(stage).collect(),
        failure: operation
            .failure
            .as_ref()
            .map(|failure| failure.text.as_str()),
        key: episode.meant,
        key_needed_until: episode.needed_until,
    }
}

fn stage(stage: &StageRun) -> StageV1<'_> {
    StageV1 {
        name: &stage.name,
        state: &stage.state,
        began: stage.began,
        ended: stage.ended,
    }
}

fn cells(episode: &Episode<'_>) -> Vec<String> {
    let operation = episode.operation;
    let by = |by: &Requester| {
        let name = by
            .name
            .as_deref()
            .filter(|name| Some(*name) != by.kind.as_deref());
        name.or(by.id.as_deref()).unwrap_or("unknown").to_owned()
    };
    let until = episode
        .needed_until
        .map(|until| format!(", old key needed until {}", day(until)));
    let failure = operation
        .failure
        .as_ref()
        .map(|failure| format!(": {}", failure.text));
    let stages = operation.stages.iter().map(|stage| {
        let took = stage.began.zip(stage.ended).map(|(began, ended)| {
            let took = ended.duration_since(began);
            format!(" ({})", told(took))
        });
        format!("{} {}{}", stage.name, stage.state, took.unwrap_or_default())
    });
    vec![
        operation
            .created
            .known()
            .copied()
            .map_or("unknown".to_owned(), moment),
        operation.name().to_owned(),
        format!("{}{}", operation.state.shown(), failure.unwrap_or_default()),
        episode.took.map_or("-".to_owned(), told),
        operation
            .requested_by
            .as_ref()
            .map_or("unknown".to_owned(), by),
        format!("{}{}", episode.meant, until.unwrap_or_default()),
        stages.collect::<Vec<_>>().join(", "),
    ]
}

/// How long such operations took here, for scripts.
#[derive(Serialize)]
pub(super) struct EstimateV1 {
    count: usize,
    shortest_seconds: i64,
    longest_seconds: i64,
}

impl From<Estimate> for EstimateV1 {
    fn from(estimate: Estimate) -> Self {
        Self {
            count: estimate.count,
            shortest_seconds: estimate.shortest.as_secs(),
            longest_seconds: estimate.longest.as_secs(),
        }
    }
}

/// How long such operations took here, for people.
pub(super) fn estimate_words(estimate: &Estimate) -> String {
    let (shortest, longest) = (told(estimate.shortest), told(estimate.longest));
    if estimate.count == 1 {
        return format!("one earlier operation of this kind took {longest} in this tenant");
    }
    format!(
        "{} earlier operations of this kind took {shortest} to {longest} in this tenant",
        estimate.count
    )
}

fn told(took: SignedDuration) -> String {
    span(Duration::try_from(took).unwrap_or_default())
}
