//! Host management.azure.com, provider `Microsoft.Resources`: deployments to a resource group
//! (2021-04-01 to 2025-04-01, with the same shapes). Imitated after the public REST reference.
//! [`template`] checks the template.

use super::deployment_shapes::{operation_bodies, preview, shown, status};
use super::errors::{disallowed, no_method, refusal};
use super::inventory::nothing;
use super::listing::{invalid_filter, listed};
use super::policies::{id_of, policy_of, unacceptable};
use super::policy_operations::poll;
use super::scope::Scope;
use super::template::{self, Deployable, Place};
use super::{jsonc, odata};
use crate::message::{Reply, Request};
use crate::tenant::azure_operations::Pending;
use crate::tenant::deployments::Deployment;
use crate::tenant::ids::guid;
use crate::tenant::parts::{Policy, User};
use crate::tenant::world::World;
use serde_json::{Value, json};

/// Answers for `…/deployments…`.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    let what = match (request.method.as_str(), rest) {
        ("GET", [] | [_]) => "read",
        ("PUT", [_]) => "write",
        ("DELETE", [_]) => "delete",
        ("POST", [_, "validate"]) => "validate/action",
        ("POST", [_, "whatif"]) => "whatIf/action",
        ("GET", [_, "operations"] | [_, "operations", _]) => "operations/read",
        ("GET", [_, "operationstatuses", _]) => "operationstatuses/read",
        (_, [] | [_] | [_, "validate" | "whatif"]) => return no_method(),
        _ => return nothing(request),
    };
    let action = format!("Microsoft.Resources/deployments/{what}");
    if let Some(refused) = refusal(world, user, &action, &scope.id) {
        return refused;
    }
    let Some((lower, below)) = rest.split_first() else {
        return list(world, request, scope);
    };
    let path = request.path.iter();
    let name = path
        .rev()
        .find(|segment| segment.eq_ignore_ascii_case(lower));
    let name = name.cloned().unwrap_or_default();
    let id = format!(
        "{}/providers/Microsoft.Resources/deployments/{name}",
        scope.id
    );
    match (request.method.as_str(), below) {
        ("PUT", []) => put(world, (request, user), scope, (&id, &name)),
        ("POST", ["validate"]) => validate(world, request, scope, (&id, &name)),
        ("POST", _) => no_preview(),
        ("DELETE", _) => delete(world, &id),
        _ => read(world, request, (&id, &name), below),
    }
}

/// The specified shape of a failed preview, because clients show its message.
fn no_preview() -> Reply {
    let error = json!({
        "code": "WhatIfNotSupported",
        "message": "The sandbox does not support what-if. Validate the deployment instead.",
    });
    Reply::json(200, &json!({ "status": "Failed", "error": error }))
}

fn read(world: &World, request: &Request, (id, name): (&str, &str), below: &[&str]) -> Reply {
    let Some(deployment) = world.deployments.get(&id.to_ascii_lowercase()) else {
        let text = format!("Deployment '{name}' could not be found.");
        return Reply::error(404, "DeploymentNotFound", text);
    };
    match below {
        [] => Reply::json(200, &shown(world, deployment)),
        ["operations"] => listed(
            world,
            request,
            &["$top"],
            operation_bodies(world, deployment),
        ),
        ["operations", wanted] => {
            let mut all = operation_bodies(world, deployment).into_iter();
            let found = all.find(|body| body["operationId"] == *wanted);
            found.map_or_else(
                || {
                    let text = format!("The operation '{wanted}' could not be found.");
                    Reply::error(404, "DeploymentOperationNotFound", text)
                },
                |body| Reply::json(200, &body),
            )
        }
        _ => poll(Reply::json(200, &status(world, deployment))),
    }
}

fn list(world: &World, request: &Request, scope: &Scope) -> Reply {
    let filter = request.query("$filter");
    let Some(wanted) = odata::comparisons(filter, &["provisioningState"]) else {
        return invalid_filter(filter);
    };
    let all = world
        .deployments
        .values()
        .filter(|deployment| scope.holds(&deployment.id));
    let all = all
        .map(|deployment| shown(world, deployment))
        .filter(|body| {
            wanted
                .iter()
                .all(|(field, value)| body["properties"][field] == *value)
        });
    listed(world, request, &["$filter", "$top"], all.collect())
}

/// Deletes the record of a deployment. The deployed resources stay.
fn delete(world: &mut World, id: &str) -> Reply {
    if world.azure_running(id).is_some() {
        return active(id);
    }
    if world.deployments.remove(&id.to_ascii_lowercase()).is_some() {
        world.effect("deployment-deleted", id);
    }
    Reply::empty(204)
}

fn active(id: &str) -> Reply {
    let name = id.rsplit('/').next().unwrap_or_default();
    let text = format!(
        "Unable to edit or replace deployment '{name}': previous deployment is still active. \
        Please see https://aka.ms/arm-deploy for usage details."
    );
    Reply::error(409, "DeploymentActive", text)
}

/// Reads the requested deployment.
fn wanted(
    world: &World,
    request: &Request,
    scope: &Scope,
    name: &str,
) -> Result<(Value, Deployable), Reply> {
    let Some(body) = jsonc::read(&request.body) else {
        let text = "The request content was invalid and could not be deserialized.";
        return Err(Reply::error(400, "InvalidRequestContent", text));
    };
    let group = world
        .subscription(&scope.subscription)
        .and_then(|subscription| subscription.group(scope.group.as_deref()?));
    let place = Place {
        tenant: world.tenant.clone(),
        subscription: scope.subscription.clone(),
        group: scope.id.clone(),
        location: group.map_or_else(String::new, |group| group.location.clone()),
        deployment: name.to_owned(),
    };
    match template::read(&body["properties"], &place) {
        Ok(made) => Ok((body, made)),
        Err(why) => {
            let text = format!("Deployment template validation failed: '{why}'.");
            Err(Reply::error(400, "InvalidTemplate", text))
        }
    }
}

/// The error for a resource that Azure Policy or the provider's locations forbid, if any.
fn inadmissible(world: &World, scope: &Scope, resource: &Value) -> Option<Value> {
    let text = |field: &str| resource[field].as_str().unwrap_or_default();
    let location = text("location");
    disallowed(world, &id_of(scope, text("name")), location).or_else(|| {
        let known = &world.provider_locations;
        (!known.iter().any(|listed| listed == location)).then(|| {
            let text = format!(
                "The provided location '{location}' is not available for resource type \
                'Microsoft.PowerPlatform/enterprisePolicies'."
            );
            json!({ "code": "LocationNotAvailableForResourceType", "message": text })
        })
    })
}

fn refused(inner: Vec<Value>) -> Reply {
    let error = json!({
        "code": "InvalidTemplateDeployment",
        "message": "The template deployment failed because of policy violation. \
            Please see details for more information.",
        "details": inner,
    });
    Reply::json(400, &json!({ "error": error }))
}

fn validate(world: &World, request: &Request, scope: &Scope, at: (&str, &str)) -> Reply {
    let (body, made) = match wanted(world, request, scope, at.1) {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let all = made.resources.iter();
    let inner: Vec<Value> = all
        .filter_map(|resource| inadmissible(world, scope, resource))
        .collect();
    if !inner.is_empty() {
        return refused(inner);
    }
    let deployment = deployment(world, &body, scope, (at, made));
    let body = preview(world, &deployment, request.query("api-version"));
    Reply::json(200, &body)
}

fn deployment(
    world: &World,
    body: &Value,
    scope: &Scope,
    ((id, name), made): ((&str, &str), Deployable),
) -> Deployment {
    let policy = |resource: &Value| {
        let name = resource["name"].as_str().unwrap_or_default();
        policy_of(world, resource, (scope, name))
    };
    let template = body["properties"]["template"].to_string();
    Deployment {
        id: id.to_owned(),
        name: name.to_owned(),
        began: world.clock.now(),
        operation: String::new(),
        parameters: made.parameters,
        outputs: made.outputs,
        tags: body["tags"].clone(),
        digest: guid(&format!("template/{template}")),
        policies: made.resources.iter().map(policy).collect(),
    }
}

/// Accepts a deployment: 201, or 200 if the name exists, and an operation.
fn put(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    at: (&str, &str),
) -> Reply {
    let (body, made) = match wanted(world, request, scope, at.1) {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    if world.azure_running(at.0).is_some() {
        return active(at.0);
    }
    if let Some(refused) = unwelcome(world, user, scope, &made.resources) {
        return refused;
    }
    let mut deployment = deployment(world, &body, scope, (at, made));
    let policies: Vec<Policy> = deployment.policies.clone();
    deployment.operation = world
        .begin_azure(Pending::Deploy(deployment.id.clone(), policies))
        .id;
    let address = format!(
        "https://management.azure.com{}/operationStatuses/{}?api-version={}",
        deployment.id,
        deployment.operation,
        request.query("api-version")
    );
    let before = world
        .deployments
        .insert(deployment.id.to_ascii_lowercase(), deployment.clone());
    world.effect("deployment-started", &deployment.id);
    let status = if before.is_some() { 200 } else { 201 };
    let reply = Reply::json(status, &shown(world, &deployment));
    poll(reply.header("azure-asyncoperation", address))
}

/// Checks the resources before the deployment is accepted: the caller's rights, the validation, and
/// the provider. The provider is asked at once, and not when the deployment runs (inferred).
fn unwelcome(world: &World, user: &User, scope: &Scope, resources: &[Value]) -> Option<Reply> {
    let action = "Microsoft.PowerPlatform/enterprisePolicies/write";
    let mut inner = Vec::new();
    for resource in resources {
        let name = resource["name"].as_str().unwrap_or_default();
        let id = id_of(scope, name);
        if refusal(world, user, action, &id).is_some() {
            let text = format!(
                "Deployment failed with multiple errors: 'Authorization failed for template \
                resource '{name}' of type 'Microsoft.PowerPlatform/enterprisePolicies'. The \
                client '{}' with object id '{}' does not have permission to perform action \
                '{action}' at scope '{id}'.'",
                user.client_id, user.object_id
            );
            return Some(Reply::error(403, "InvalidTemplateDeployment", text));
        }
        if let Some(found) = inadmissible(world, scope, resource) {
            inner.push(found);
            continue;
        }
        let Some(reply) = unacceptable(world, resource, (scope, name)) else {
            continue;
        };
        if reply.status == 409 {
            return Some(reply);
        }
        let error: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        inner.push(error["error"].clone());
    }
    (!inner.is_empty()).then(|| refused(inner))
}
