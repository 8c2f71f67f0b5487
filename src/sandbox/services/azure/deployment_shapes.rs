//! The JSON of a deployment, its operations and its state.

use crate::sandbox::tenant::azure_operations::{AzureOperation, Failing};
use crate::sandbox::tenant::deployments::Deployment;
use crate::sandbox::tenant::ids::guid;
use crate::sandbox::tenant::parts::Policy;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

const TYPE: &str = "Microsoft.PowerPlatform/enterprisePolicies";

fn operation<'a>(world: &'a World, own: &Deployment) -> Option<&'a AzureOperation> {
    let mut all = world.azure_operations.iter();
    all.find(|one| one.id == own.operation)
}

/// The state, and the failure if there is one.
fn state<'a>(world: &'a World, own: &Deployment) -> (&'static str, Option<&'a Failing>) {
    match operation(world, own) {
        Some(one) if one.ended.is_none() => ("Running", None),
        Some(one) if one.failing.is_some() => ("Failed", one.failing.as_ref()),
        _ => ("Succeeded", None),
    }
}

fn duration(world: &World, own: &Deployment) -> String {
    let ended = operation(world, own).and_then(|one| one.ended);
    let end = ended.unwrap_or_else(|| world.clock.now());
    format!("PT{:.3}S", end.duration_since(own.began).as_secs_f64())
}

/// The failure, with the error of each resource.
fn error(failing: &Failing) -> Value {
    let details = failing
        .details
        .iter()
        .map(|own| json!({ "code": own.code, "target": own.target, "message": own.message }));
    let mut body = json!({ "code": failing.code, "message": failing.message });
    if !failing.details.is_empty() {
        body["details"] = Value::Array(details.collect());
    }
    body
}

/// The document behind `Azure-AsyncOperation`.
pub(super) fn status(world: &World, own: &Deployment) -> Value {
    let (state, failing) = state(world, own);
    let mut body = json!({ "status": state });
    if let Some(failing) = failing {
        body["error"] = error(failing);
    }
    body
}

fn base(world: &World, own: &Deployment, state: &str) -> Value {
    let number: u128 = own
        .digest
        .parse::<uuid::Uuid>()
        .map_or(0, |id| id.as_u128());
    json!({
        "id": own.id,
        "name": own.name,
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "templateHash": (number >> 64).to_string(),
            "parameters": own.parameters,
            "mode": "Incremental",
            "provisioningState": state,
            "timestamp": own.began.to_string(),
            "duration": duration(world, own),
            "correlationId": guid(&format!("deployment/{}/{}", own.id, own.operation)),
            "providers": [
                {
                    "namespace": "Microsoft.PowerPlatform",
                    "resourceTypes": [
                        { "resourceType": "enterprisePolicies", "locations": locations(own) },
                    ],
                },
            ],
            "dependencies": [],
        },
    })
}

fn locations(own: &Deployment) -> Vec<&str> {
    let mut all: Vec<&str> = own.policies.iter().map(|one| &*one.location).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn ids(policies: &[Policy]) -> Vec<Value> {
    policies.iter().map(|own| json!({ "id": own.id })).collect()
}

/// The answer to a validation. Since 2024-07-01 it has a name, id and type; up to 2022-09-01 it has
/// none (the models of azure-mgmt-resource). Inferred: 2024-03-01 is like the earlier versions.
pub(super) fn preview(world: &World, own: &Deployment, version: &str) -> Value {
    let mut body = base(world, own, "Succeeded");
    body["properties"]["validatedResources"] = Value::Array(ids(&own.policies));
    if version < "2024-07-01" {
        body = json!({ "properties": body["properties"] });
    }
    body
}

pub(super) fn shown(world: &World, own: &Deployment) -> Value {
    let (state, failing) = state(world, own);
    let mut body = base(world, own, state);
    if own.tags.is_object() {
        body["tags"] = own.tags.clone();
    }
    if let Some(failing) = failing {
        body["properties"]["error"] = error(failing);
    }
    if state == "Succeeded" {
        body["properties"]["outputs"] = own.outputs.clone();
        body["properties"]["outputResources"] = Value::Array(ids(&own.policies));
    }
    body
}

/// One operation for each resource.
pub(super) fn operation_bodies(world: &World, own: &Deployment) -> Vec<Value> {
    let (state, failing) = state(world, own);
    let one = |policy: &Policy| {
        let id = guid(&format!(
            "deployment-operation/{}/{}",
            own.operation, policy.id
        ));
        let mut details = failing.into_iter().flat_map(|own| &own.details);
        let blocked = details.find(|own| own.target == policy.id);
        let failed = failing.is_some_and(|own| own.details.is_empty()) || blocked.is_some();
        let state = match (state, failed) {
            ("Running", _) => "Running",
            (_, true) => "Failed",
            _ => "Succeeded",
        };
        let mut properties = json!({
            "provisioningOperation": "Create",
            "provisioningState": state,
            "timestamp": own.began.to_string(),
            "duration": duration(world, own),
            "trackingId": guid(&format!("tracking/{id}")),
            "targetResource": {
                "id": policy.id,
                "resourceType": TYPE,
                "resourceName": policy.name,
            },
        });
        match (state, blocked.map(|own| (&own.code, &own.message))) {
            ("Failed", said) => {
                let said = said.or_else(|| failing.map(|own| (&own.code, &own.message)));
                let (code, message) = said.unzip();
                properties["statusCode"] = json!("Conflict");
                properties["statusMessage"] =
                    json!({ "error": { "code": code, "message": message } });
            }
            ("Succeeded", _) => properties["statusCode"] = json!("Created"),
            _ => {}
        }
        json!({
            "id": format!("{}/operations/{id}", own.id),
            "operationId": id,
            "properties": properties,
        })
    };
    own.policies.iter().map(one).collect()
}
