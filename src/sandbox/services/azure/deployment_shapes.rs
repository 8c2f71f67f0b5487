//! The JSON of a deployment, its operations and its state.

use crate::tenant::azure_operations::{AzureOperation, Failing};
use crate::tenant::deployments::Deployment;
use crate::tenant::ids::guid;
use crate::tenant::parts::Policy;
use crate::tenant::world::World;
use serde_json::{Value, json};

const TYPE: &str = "Microsoft.PowerPlatform/enterprisePolicies";

fn operation<'a>(world: &'a World, deployment: &Deployment) -> Option<&'a AzureOperation> {
    let mut all = world.azure_operations.iter();
    all.find(|operation| operation.id == deployment.operation)
}

/// The state, and the failure if there is one.
fn state<'a>(world: &'a World, deployment: &Deployment) -> (&'static str, Option<&'a Failing>) {
    match operation(world, deployment) {
        Some(operation) if operation.ended.is_none() => ("Running", None),
        Some(operation) if operation.failing.is_some() => ("Failed", operation.failing.as_ref()),
        _ => ("Succeeded", None),
    }
}

fn duration(world: &World, deployment: &Deployment) -> String {
    let ended = operation(world, deployment).and_then(|operation| operation.ended);
    let end = ended.unwrap_or_else(|| world.clock.now());
    format!(
        "PT{:.3}S",
        end.duration_since(deployment.began).as_secs_f64()
    )
}

/// The failure, with the error of each resource.
fn error(failing: &Failing) -> Value {
    let details = failing.details.iter().map(
        |detail| json!({ "code": detail.code, "target": detail.target, "message": detail.message }),
    );
    let mut body = json!({ "code": failing.code, "message": failing.message });
    if !failing.details.is_empty() {
        body["details"] = Value::Array(details.collect());
    }
    body
}

/// The document behind `Azure-AsyncOperation`.
pub(super) fn status(world: &World, deployment: &Deployment) -> Value {
    let (state, failing) = state(world, deployment);
    let mut body = json!({ "status": state });
    if let Some(failing) = failing {
        body["error"] = error(failing);
    }
    body
}

fn base(world: &World, deployment: &Deployment, state: &str) -> Value {
    let number: u128 = deployment
        .digest
        .parse::<uuid::Uuid>()
        .map_or(0, |id| id.as_u128());
    let correlation = format!("deployment/{}/{}", deployment.id, deployment.operation);
    let resource_type = json!({
        "resourceType": "enterprisePolicies",
        "locations": locations(deployment),
    });
    json!({
        "id": deployment.id,
        "name": deployment.name,
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "templateHash": (number >> 64).to_string(),
            "parameters": deployment.parameters,
            "mode": "Incremental",
            "provisioningState": state,
            "timestamp": deployment.began.to_string(),
            "duration": duration(world, deployment),
            "correlationId": guid(&correlation),
            "providers": [
                {
                    "namespace": "Microsoft.PowerPlatform",
                    "resourceTypes": [resource_type],
                },
            ],
            "dependencies": [],
        },
    })
}

fn locations(deployment: &Deployment) -> Vec<&str> {
    let mut all: Vec<&str> = deployment
        .policies
        .iter()
        .map(|policy| &*policy.location)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn ids(policies: &[Policy]) -> Vec<Value> {
    policies
        .iter()
        .map(|policy| json!({ "id": policy.id }))
        .collect()
}

/// The answer to a validation. Since 2024-07-01 it has a name, id and type; up to 2022-09-01 it has
/// none (the models of azure-mgmt-resource). Inferred: 2024-03-01 is like the earlier versions.
pub(super) fn preview(world: &World, deployment: &Deployment, version: &str) -> Value {
    let mut body = base(world, deployment, "Succeeded");
    body["properties"]["validatedResources"] = Value::Array(ids(&deployment.policies));
    if version < "2024-07-01" {
        body = json!({ "properties": body["properties"] });
    }
    body
}

pub(super) fn shown(world: &World, deployment: &Deployment) -> Value {
    let (state, failing) = state(world, deployment);
    let mut body = base(world, deployment, state);
    if deployment.tags.is_object() {
        body["tags"] = deployment.tags.clone();
    }
    if let Some(failing) = failing {
        body["properties"]["error"] = error(failing);
    }
    if state == "Succeeded" {
        body["properties"]["outputs"] = deployment.outputs.clone();
        body["properties"]["outputResources"] = Value::Array(ids(&deployment.policies));
    }
    body
}

/// One operation for each resource.
pub(super) fn operation_bodies(world: &World, deployment: &Deployment) -> Vec<Value> {
    let (state, failing) = state(world, deployment);
    let operation_body = |policy: &Policy| {
        let id = guid(&format!(
            "deployment-operation/{}/{}",
            deployment.operation, policy.id
        ));
        let mut details = failing.into_iter().flat_map(|failing| &failing.details);
        let blocked = details.find(|detail| detail.target == policy.id);
        let failed = failing.is_some_and(|failing| failing.details.is_empty()) || blocked.is_some();
        let state = match (state, failed) {
            ("Running", _) => "Running",
            (_, true) => "Failed",
            _ => "Succeeded",
        };
        let mut properties = json!({
            "provisioningOperation": "Create",
            "provisioningState": state,
            "timestamp": deployment.began.to_string(),
            "duration": duration(world, deployment),
            "trackingId": guid(&format!("tracking/{id}")),
            "targetResource": {
                "id": policy.id,
                "resourceType": TYPE,
                "resourceName": policy.name,
            },
        });
        match (state, blocked.map(|detail| (&detail.code, &detail.message))) {
            ("Failed", cause) => {
                let cause =
                    cause.or_else(|| failing.map(|failing| (&failing.code, &failing.message)));
                let (code, message) = cause.unzip();
                properties["statusCode"] = json!("Conflict");
                properties["statusMessage"] =
                    json!({ "error": { "code": code, "message": message } });
            }
            ("Succeeded", _) => properties["statusCode"] = json!("Created"),
            _ => {}
        }
        json!({
            "id": format!("{}/operations/{id}", deployment.id),
            "operationId": id,
            "properties": properties,
        })
    };
    deployment.policies.iter().map(operation_body).collect()
}
