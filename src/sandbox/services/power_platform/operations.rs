//! Host api.bap.microsoft.com: the JSON of a lifecycle operation, after recorded ones.

use crate::tenant::lifecycle::STAGES;
use crate::tenant::operations::{Failure, Operation};
use crate::tenant::world::World;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// The share of the total time before an operation has started.
const NOT_STARTED: f64 = 0.02;

/// The JSON of an operation.
pub(super) fn body(world: &World, operation: &Operation) -> Value {
    let part = world.part(operation);
    let silent = matches!(
        world.settings.link_ends.as_str(),
        "failed-silently" | "failed-with-link"
    );
    let failed = operation.done && operation.fails.is_some_and(|fails| fails != Failure::No);
    let state = match (operation.done, failed) {
        (true, true) => "Failed",
        (true, false) if world.settings.link_ends == "unknown" => "Wibble",
        (true, false) => "Succeeded",
        (false, _) if part < NOT_STARTED => "NotStarted",
        (false, _) => "Running",
    };
    let environment = world
        .environments
        .get(&operation.environment)
        .map(|environment| environment.id.clone())
        .unwrap_or_default();
    let mut body = json!({
        "id": operation.id,
        "links": {
            "self": {
                "path": format!(
                    "/providers/Microsoft.BusinessAppPlatform/lifecycleOperations/{}",
                    operation.id
                ),
            },
            "environment": {
                "path": format!(
                    "/providers/Microsoft.BusinessAppPlatform/environments/{environment}"
                ),
            },
        },
        "type": { "id": operation.kind.name() },
        "typeDisplayName": operation.kind.name(),
        "state": { "id": state },
        "createdDateTime": operation.created.to_string(),
        "lastActionDateTime": operation.ended.unwrap_or_else(|| world.clock.now()).to_string(),
        "requestedBy": {
            "id": operation.requested_by,
            "displayName": "ServicePrincipal",
            "type": "ServicePrincipal",
            "tenantId": world.tenant,
        },
        "stages": stages(world, operation, failed && !silent),
    });
    if failed && !silent {
        // The service's error for a key that can't be reached is not on record. Code and text are
        // the sandbox's own.
        body["error"] = json!({
            "code": "SandboxKeyNotReachable",
            "message": "The identity of the enterprise policy could not wrap and unwrap with the \
            key.",
        });
    }
    body
}

/// The stages that have begun. A visible failure is in the first stage.
fn stages(world: &World, operation: &Operation, failed: bool) -> Vec<Value> {
    let part = world.part(operation);
    let mut stages = Vec::new();
    let mut begin: f64 = 0.0;
    for (name, end) in STAGES {
        let started = part >= begin.max(NOT_STARTED) || operation.done;
        let reached = if failed {
            if name == "Validate" { "Failed" } else { break }
        } else if operation.done || part >= end {
            "Succeeded"
        } else {
            "Running"
        };
        if started {
            stages.push(json!({
                "id": name,
                "name": name,
                "state": { "id": reached },
                "firstActionDateTime": at(world, operation, begin),
                "lastActionDateTime": at(world, operation, end.min(part)),
            }));
        }
        begin = end;
    }
    stages
}

fn at(world: &World, operation: &Operation, part: f64) -> String {
    let seconds = world.seconds(operation);
    (operation.created
        + SignedDuration::try_from_secs_f64(seconds * part).unwrap_or(SignedDuration::ZERO))
    .to_string()
}
