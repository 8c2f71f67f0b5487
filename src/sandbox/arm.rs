//! Azure Resource Manager: subscriptions, the resource provider, enterprise policies (2020-10-30), imitated after the public specification of
//! `Microsoft.PowerPlatform` and Microsoft's own scripts for customer-managed keys.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::ids::{GROUP, guid};
use crate::sandbox::tenant::parts::{Policy, User};
use crate::sandbox::tenant::roles::allowed;
use crate::sandbox::tenant::world::World;
use crate::sandbox::{authorization, inventory, vaults};
use serde_json::{Value, json};

const PROVIDER: &str = "microsoft.powerplatform";

pub(super) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = world.caller(request, &["https://management.azure.com", "https://management.core.windows.net"])
    else {
        let challenge = format!(
            "Bearer authorization_uri=\"https://login.microsoftonline.com/{}\", error=\"invalid_token\", error_description=\"The access token is missing or invalid.\"",
            world.tenant
        );
        let code = if request.bearer.is_some() { "InvalidAuthenticationToken" } else { "AuthenticationFailed" };
        return Reply::error(401, code, "The access token is missing, has expired or is for another audience.")
            .header("www-authenticate", challenge);
    };
    dispatch(world, request, &user).header("x-ms-ratelimit-remaining-subscription-reads", "249")
}

fn dispatch(world: &mut World, request: &Request, user: &User) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    // What it is a provider of stands behind its name; the name alone is the provider itself.
    let authorization = |pair: &[String]| pair[0] == "providers" && pair[1] == "microsoft.authorization";
    if let Some(at) = route.windows(2).rposition(authorization).filter(|at| route.len() > at + 2) {
        let scope = format!("/{}", request.path[..at].join("/"));
        return authorization::handle(world, request, user, &scope, &route[at + 2..]);
    }
    match &segments[..] {
        ["tenants"] => inventory::tenants(world),
        ["subscriptions"] => Reply::json(200, &json!({ "value": [subscription(world)] })),
        ["subscriptions", id, ..] if *id != world.subscription => {
            let text = format!("The subscription '{id}' could not be found.");
            Reply::error(404, "SubscriptionNotFound", text)
        }
        ["subscriptions", _] => Reply::json(200, &subscription(world)),
        ["subscriptions", _, "providers", PROVIDER] => provider(world, request, user),
        ["subscriptions", _, "providers", PROVIDER, "register"] if request.method == "POST" => register(world, user),
        ["subscriptions", _, "providers", PROVIDER, "enterprisepolicies"] => list(world, user),
        // The only operation that there is: a policy, which is there when its `PUT` is answered.
        ["subscriptions", _, "providers", PROVIDER, "operations", id] if request.method == "GET" => {
            Reply::json(200, &json!({ "id": request.raw_path, "name": id, "status": "Succeeded" }))
        }
        ["subscriptions", _, "resourcegroups", group, ..] if *group != GROUP => {
            Reply::error(404, "ResourceGroupNotFound", format!("Resource group '{group}' could not be found."))
        }
        ["subscriptions", _, "resourcegroups", _] => Reply::json(200, &inventory::group(world)),
        ["subscriptions", _, "resourcegroups", _, "providers", PROVIDER, "enterprisepolicies"] => list(world, user),
        ["subscriptions", _, "resourcegroups", _, "providers", PROVIDER, "enterprisepolicies", _] => {
            policy(world, request, user, request.path.last().map_or("", String::as_str))
        }
        ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.resources", "deployments", _, "validate"] => {
            validate(world, request, user)
        }
        ["subscriptions", _, "providers", "microsoft.keyvault", _, ..]
        | ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.keyvault", ..] => {
            vaults::handle(world, request, user)
        }
        _ => inventory::handle(world, request, user),
    }
}

fn subscription(world: &World) -> Value {
    json!({ "id": format!("/subscriptions/{}", world.subscription), "subscriptionId": world.subscription, "tenantId": world.tenant, "displayName": "Contoso", "state": "Enabled",
        "authorizationSource": "RoleBased", "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off" } })
}

fn provider(world: &World, request: &Request, user: &User) -> Reply {
    let scope = format!("/subscriptions/{}", world.subscription);
    if let Some(refusal) =
        authorization::refusal(world, user, "Microsoft.Resources/subscriptions/providers/read", &scope)
    {
        return refusal;
    }
    if request.method != "GET" {
        return Reply::error(405, "MethodNotAllowed", "The requested resource does not support this method.");
    }
    Reply::json(200, &provider_body(world))
}

pub(super) fn provider_body(world: &World) -> Value {
    json!({
        "id": format!("/subscriptions/{}/providers/Microsoft.PowerPlatform", world.subscription),
        "namespace": "Microsoft.PowerPlatform",
        "registrationPolicy": "RegistrationRequired",
        "registrationState": world.provider,
        "resourceTypes": [
            { "resourceType": "operations", "locations": [], "apiVersions": ["2020-10-30"] },
            { "resourceType": "enterprisePolicies", "locations": world.provider_locations, "apiVersions": ["2020-10-30-preview", "2020-10-30"] },
        ],
    })
}

fn register(world: &mut World, user: &User) -> Reply {
    let scope = format!("/subscriptions/{}", world.subscription);
    if let Some(refusal) = authorization::refusal(world, user, "Microsoft.PowerPlatform/register/action", &scope) {
        return refusal;
    }
    if world.provider == "NotRegistered" {
        world.provider = "Registering".to_owned();
        world.provider_since = Some(world.clock.now());
        world.effect("provider-registered", scope);
    }
    Reply::json(200, &provider_body(world))
}

pub(super) fn body(policy: &Policy) -> Value {
    let mut key = json!({ "name": policy.key });
    if let Some(version) = &policy.version {
        key["version"] = json!(version);
    }
    let mut identity = json!({ "type": "SystemAssigned" });
    if !policy.no_identity {
        // The published specification says the longer name, Microsoft's own scripts read the shorter one.
        identity["principalId"] = json!(policy.principal());
        identity["systemAssignedIdentityPrincipalId"] = json!(policy.principal());
        identity["tenantId"] = json!(guid("tenant"));
    }
    json!({
        "id": policy.id, "name": policy.name, "type": "Microsoft.PowerPlatform/enterprisePolicies", "location": policy.location, "kind": policy.kind,
        "identity": identity, "tags": if policy.tags.is_object() { policy.tags.clone() } else { json!({}) },
        "properties": {
            "systemId": policy.system_id(), "healthStatus": "Undetermined",
            "encryption": { "state": "Enabled", "keyVault": { "id": policy.vault_id, "key": key } },
        },
    })
}

fn list(world: &World, user: &User) -> Reply {
    let readable = |policy: &&Policy| {
        allowed(world, &user.object_id, "Microsoft.PowerPlatform/enterprisePolicies/read", &policy.id, false)
    };
    let value: Vec<Value> = world.policies.values().filter(readable).map(body).collect();
    Reply::json(200, &json!({ "value": value }))
}

fn policy(world: &mut World, request: &Request, user: &User, name: &str) -> Reply {
    let version = request.query("api-version");
    if !["2020-10-30", "2020-10-30-preview"].contains(&version) {
        let text =
            format!("No registered resource provider found for API version '{version}' for type 'enterprisePolicies'.");
        return Reply::error(400, "NoRegisteredProviderFound", text);
    }
    let id = world.policy_id(name);
    let key = id.to_ascii_lowercase();
    let verb = match request.method.as_str() {
        "GET" => "read",
        "DELETE" => "delete",
        _ => "write",
    };
    if let Some(refusal) =
        authorization::refusal(world, user, &format!("Microsoft.PowerPlatform/enterprisePolicies/{verb}"), &id)
    {
        return refusal;
    }
    let linked = world
        .environments
        .values()
        .any(|environment| environment.link.as_ref().is_some_and(|(own, _)| own.eq_ignore_ascii_case(&id)));
    let existing = world.policies.get(&key).cloned();
    match (request.method.as_str(), existing) {
        ("GET", Some(policy)) => Reply::json(200, &body(&policy)),
        ("GET" | "PATCH", None) => {
            let text = format!(
                "The Resource 'Microsoft.PowerPlatform/enterprisePolicies/{name}' under resource group '{GROUP}' was not found."
            );
            Reply::error(404, "ResourceNotFound", text)
        }
        ("PUT" | "PATCH", Some(_)) if linked => {
            let text = format!("The enterprise policy '{name}' is linked to environments and can't be updated.");
            Reply::error(409, "EnterprisePolicyUpdateNotAllowed", text)
        }
        ("DELETE", Some(_)) if linked => {
            let text = format!("The enterprise policy '{name}' is linked to environments and can't be deleted.");
            Reply::error(409, "EnterprisePolicyDeleteNotAllowed", text)
        }
        ("DELETE", None) => Reply::empty(204),
        ("DELETE", Some(_)) => {
            world.policies.remove(&key);
            world.effect("policy-deleted", id);
            Reply::empty(200)
        }
        ("PATCH", Some(policy)) => patch(world, &request.json(), policy),
        ("PUT", existing) => put(world, &request.json(), &id, name, existing),
        _ => Reply::error(405, "MethodNotAllowed", "The requested resource does not support this method."),
    }
}

/// The words of Azure Policy, as they stand in a refused request and, one level deeper, in a refused validation.
fn disallowed(world: &World, name: &str) -> Option<Value> {
    let assignment = world.azure_policy.as_ref()?;
    let id = guid("azure-policy");
    Some(json!({
        "code": "RequestDisallowedByPolicy", "target": name,
        "message": format!("Resource '{name}' was disallowed by policy. Policy identifiers: '[{{\"policyAssignment\":{{\"name\":\"{assignment}\"}}}}]'."),
        "additionalInfo": [{ "type": "PolicyViolation", "info": {
            "policyDefinitionDisplayName": "Allowed locations", "policyDefinitionEffect": "deny",
            "policyAssignmentDisplayName": assignment, "policyAssignmentName": id, "policyAssignmentScope": world.group_id(),
        } }],
    }))
}

/// Deployments, validated only (2021-04-01): enough of them for one enterprise policy.
fn validate(world: &World, request: &Request, user: &User) -> Reply {
    let group = world.group_id();
    if let Some(refusal) =
        authorization::refusal(world, user, "Microsoft.Resources/deployments/validate/action", &group)
    {
        return refusal;
    }
    if request.method != "POST" {
        return Reply::error(405, "MethodNotAllowed", "The requested resource does not support this method.");
    }
    let body = request.json();
    let resource = &body["properties"]["template"]["resources"][0];
    let (Some(name), Some(location)) = (resource["name"].as_str(), resource["location"].as_str()) else {
        return Reply::error(
            400,
            "InvalidTemplate",
            "Deployment template validation failed: a resource has no name or location.",
        );
    };
    let inner = disallowed(world, name).or_else(|| {
        let text = format!("The provided location '{location}' is not available for resource type 'Microsoft.PowerPlatform/enterprisePolicies'.");
        let known = world.provider_locations.iter().any(|own| own == location);
        (!known).then(|| json!({ "code": "LocationNotAvailableForResourceType", "message": text }))
    });
    match inner {
        None => Reply::json(
            200,
            &json!({ "id": format!("{group}/providers/Microsoft.Resources/deployments/{name}"), "properties": { "provisioningState": "Succeeded" } }),
        ),
        Some(inner) => Reply::json(
            400,
            &json!({ "error": {
            "code": "InvalidTemplateDeployment", "message": "The template deployment failed because of policy violation. Please see details for more information.",
            "details": [inner],
        } }),
        ),
    }
}

/// What is named is changed, everything else stays.
fn patch(world: &mut World, wanted: &Value, mut policy: Policy) -> Reply {
    if wanted["tags"].is_object() {
        policy.tags = wanted["tags"].clone();
    }
    let vault = &wanted["properties"]["encryption"]["keyVault"];
    if let Some(id) = vault["id"].as_str() {
        id.clone_into(&mut policy.vault_id);
    }
    if let Some(name) = vault["key"]["name"].as_str() {
        name.clone_into(&mut policy.key);
        policy.version = vault["key"]["version"].as_str().filter(|version| !version.is_empty()).map(str::to_owned);
    }
    world.effect("policy-updated", &policy.id);
    let answer = Reply::json(200, &body(&policy));
    world.policies.insert(policy.id.to_ascii_lowercase(), policy);
    answer
}

fn put(world: &mut World, wanted: &Value, id: &str, name: &str, existing: Option<Policy>) -> Reply {
    if let Some(error) = disallowed(world, name) {
        return Reply::json(403, &json!({ "error": error }));
    }
    if world.provider != "Registered" {
        let text = format!(
            "The subscription is not registered to use namespace 'Microsoft.PowerPlatform'. See https://aka.ms/rps-not-found. ({})",
            world.provider
        );
        return Reply::error(409, "MissingSubscriptionRegistration", text);
    }
    let location = wanted["location"].as_str().unwrap_or_default().to_ascii_lowercase();
    if !world.provider_locations.contains(&location) {
        let text = format!(
            "The provided location '{location}' is not available for resource type 'Microsoft.PowerPlatform/enterprisePolicies'. List of available regions for the resource type is '{}'.",
            world.provider_locations.join(",")
        );
        return Reply::error(400, "LocationNotAvailableForResourceType", text);
    }
    let vault = &wanted["properties"]["encryption"]["keyVault"];
    let vault_id = vault["id"].as_str().unwrap_or_default();
    let known = world.vaults.keys().any(|own| world.vault_id(own).eq_ignore_ascii_case(vault_id));
    let shape = wanted["kind"] == "Encryption"
        && wanted["identity"]["type"] == "SystemAssigned"
        && vault["key"]["name"].is_string();
    if !known || !shape {
        return Reply::error(
            400,
            "InvalidRequestContent",
            "The request content was invalid: kind, identity, vault and key are needed.",
        );
    }
    let policy = Policy {
        id: id.to_owned(),
        name: name.to_owned(),
        location,
        kind: "Encryption".to_owned(),
        vault_id: vault_id.to_owned(),
        key: vault["key"]["name"].as_str().unwrap_or_default().to_owned(),
        version: vault["key"]["version"].as_str().filter(|version| !version.is_empty()).map(str::to_owned),
        no_identity: false,
        tags: wanted["tags"].clone(),
        created: existing.as_ref().map_or_else(|| world.clock.now(), |policy| policy.created),
    };
    world.effect(if existing.is_some() { "policy-updated" } else { "policy-created" }, id);
    let answer = match (existing.is_some(), world.settings.policy_async) {
        (_, true) => {
            let operation = format!(
                "https://management.azure.com/subscriptions/{}/providers/Microsoft.PowerPlatform/operations/1?api-version=2020-10-30",
                world.subscription
            );
            Reply::empty(202).header("azure-asyncoperation", operation).header("retry-after", "5")
        }
        (true, false) => Reply::json(200, &body(&policy)),
        (false, false) => Reply::json(201, &body(&policy)),
    };
    world.policies.insert(id.to_ascii_lowercase(), policy);
    answer
}
