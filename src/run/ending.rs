//! What is said at the end of a changing command: how to go on, and what to keep in mind.

use super::{Context, Job};
use crate::apply::going_on;
use crate::error::{Error, Kind};
use crate::model::day::day;
use crate::model::observed::Observed;
use crate::model::target::Target;
use crate::steps::lifecycle::KEPT_AFTER_REMOVAL;

/// The command that goes on, whole enough to be pasted.
pub(super) fn again(
    context: &Context,
    job: Job,
    target: &Target,
    environment: Option<&str>,
) -> String {
    let mut command = format!("{} {}", context.program(), job.command());
    let policy = target.policy.as_ref().map(ToString::to_string);
    let vault = target
        .vault
        .as_ref()
        .filter(|_| job.of_key())
        .map(ToString::to_string);
    let key = target
        .key
        .as_ref()
        .filter(|_| job.of_key())
        .map(ToString::to_string);
    command.extend(environment.map(|id| format!(" {id}")));
    for (flag, value) in [("--policy", policy), ("--vault", vault), ("--key", key)] {
        command.extend(value.map(|value| format!(" {flag} {value}")));
    }
    command
}

/// An interruption with the command that goes on, unless it is said already.
pub(super) fn resumed(error: Error, started: bool, resume: &str, again: &str) -> Error {
    if !error.kind.is_interruption() || error.hints.iter().any(|hint| hint.contains(resume)) {
        return error;
    }
    let mut error = Error {
        hints: Vec::new(),
        ..error
    };
    if started {
        error
            .message
            .push_str(" What was started goes on at the service.");
        error = error.hint(going_on(resume));
    }
    error.hint(format!(
        "Go on from there: `{again}` (nothing is done a second time)."
    ))
}

/// Everything was done, and then the look that proves it failed: that is no failure to run, but a
/// proof that is missing.
pub(super) fn unread(error: Error, again: &str) -> Error {
    let why = error.to_string();
    Error::new(
        Kind::Unverified,
        "Everything was done, but the re-read that shows it failed.",
    )
    .detail(why)
    .hint(format!(
        "Run the same command again; it sends only what is missing: `{again}`."
    ))
}

/// What the other administrator needs, and what to keep in mind.
pub(super) fn next(
    context: &Context,
    job: Job,
    target: &Target,
    observed: &Observed,
    changed: bool,
) -> Vec<String> {
    let policy = target
        .policy
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut next = Vec::new();
    if job == Job::CreatePolicy {
        let environment = observed
            .environment
            .present()
            .map_or("ENVIRONMENT", |environment| environment.id.as_str());
        next.push(format!(
            "The Power Platform administrator goes on with: {} add-environment {environment} \
            --policy {policy}",
            context.program()
        ));
        if target.readers.is_empty() {
            next.push(
                "They must be able to read the policy: run this again with `--reader OBJECT_ID` \
                if they can't."
                    .to_owned(),
            );
        }
        if changed {
            next.push("A new grant takes up to 5 minutes to be effective.".to_owned());
        }
    }
    if job == Job::RemoveEnvironment && changed {
        let until = day(observed
            .at
            .checked_add(KEPT_AFTER_REMOVAL)
            .unwrap_or(observed.at));
        next.push(format!(
            "Keep the key, its vault and the policy's access until {until}: backups are encrypted \
            with them."
        ));
    }
    if job.adds() {
        next.push(
            "Keep the key, its vault and the policy's access: without them the environment goes \
            offline at once."
                .to_owned(),
        );
        let expires = observed.key.present().and_then(|key| key.validity.end());
        if let Some(expires) = expires {
            next.push(format!(
                "Rotate the key before it expires on {}.",
                day(expires)
            ));
        }
    }
    next
}
