//! Host api.bap.microsoft.com: how an environment is shown. Names, nesting and company are those of
//! the recorded responses (github.com/microsoft/terraform-provider-power-platform, test data).

use super::enforcement::enforcement;
use super::operations;
use crate::sandbox::tenant::ids::{guid, lcs_id, organization};
use crate::sandbox::tenant::operations::{Kind, Operation};
use crate::sandbox::tenant::parts::Environment;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// Which parts were asked for with `$expand`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expand {
    pub(super) policies: Policies,
    pub(super) permissions: bool,
    /// Is the caller one who manages protection keys?
    pub(super) manages_keys: bool,
}

/// What stands in the place of an environment's policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policies {
    Absent,
    /// `properties.enterprisePolicies` with a dot brings a null.
    Null,
    Shown,
}

/// Does this read still show the state of an operation that has ended? Uses one such read up.
pub(super) fn lags(world: &mut World, key: &str) -> bool {
    let running = world.occupied(key);
    match world.environments.get_mut(key) {
        Some(environment) if !running && environment.lag > 0 => {
            environment.lag -= 1;
            true
        }
        _ => false,
    }
}

pub(super) fn environment(
    world: &World,
    key: &str,
    admin: bool,
    expand: Expand,
    lagging: bool,
) -> Value {
    let Some(environment) = world.environments.get(key) else {
        return Value::Null;
    };
    let running = world.running(key);
    let last = world
        .operations
        .iter()
        .rfind(|operation| operation.environment == key);
    let governing = running
        .or(last)
        .is_some_and(|operation| operation.kind == Kind::Govern);
    let busy = world.occupied(key) || lagging;
    let governed = environment.managed && !(lagging && governing);
    let protection = if governed { "Standard" } else { "Basic" };
    let mut properties = json!({
        "tenantId": world.tenant,
        "azureRegion": environment.region,
        "displayName": environment.name,
        "createdTime": "2025-09-27T07:08:27.6057592Z",
        "createdBy": {
            "id": guid("user/admin"),
            "displayName": "admin",
            "type": "User",
            "tenantId": world.tenant,
        },
        "lastModifiedTime": modified(world, key, environment),
        "provisioningState": "Succeeded",
        "creationType": "User",
        "environmentSku": environment.sku,
        "isDefault": environment.is_default,
        "capacity": null,
        "clientUris": { "admin": admin_page(environment) },
        "runtimeEndpoints": null,
        "databaseType": if environment.domain.is_some() { "CommonDataService" } else { "None" },
        "linkedEnvironmentMetadata": null,
        "linkedAppMetadata": null,
        "trialScenarioType": "None",
        "retentionPeriod": "P7D",
        "states": null,
        "updateCadence": { "id": "Moderate" },
        "protectionStatus": { "keyManagedBy": key_managed_by(environment, busy) },
        "connectedGroups": [],
        "lifecycleOperationsEnforcement": null,
        "governanceConfiguration": { "protectionLevel": protection },
    });
    // `json!` copies a value that it is given; these are large and are moved to their place
    // instead.
    properties["capacity"] = capacity();
    properties["runtimeEndpoints"] = endpoints(&environment.location);
    properties["linkedEnvironmentMetadata"] = dataverse(key, environment);
    properties["linkedAppMetadata"] = app(key, environment);
    properties["states"] = states(environment, busy, governing);
    properties["lifecycleOperationsEnforcement"] = enforcement(environment);
    if let Some(operation) = running {
        properties["ongoingOperation"] = ongoing(world, operation);
    }
    add_expanded(&mut properties, world, environment, expand, lagging);
    whole(environment, admin, properties)
}

fn ongoing(world: &World, operation: &Operation) -> Value {
    let body = operations::body(world, operation);
    json!({ "id": operation.id, "type": body["type"] })
}

/// What is there only where it was asked for.
fn add_expanded(
    properties: &mut Value,
    world: &World,
    environment: &Environment,
    expand: Expand,
    lagging: bool,
) {
    if expand.permissions {
        properties["permissions"] = permissions(expand.manages_keys);
    }
    match expand.policies {
        Policies::Absent => {}
        Policies::Null => properties["enterprisePolicies"] = Value::Null,
        Policies::Shown => {
            if let Some(block) = policies(world, environment, lagging) {
                properties["enterprisePolicies"] = block;
            }
        }
    }
}

/// The admin scope has a route and a type of its own.
fn whole(environment: &Environment, admin: bool, properties: Value) -> Value {
    let (scope, kind) = if admin {
        ("scopes/admin/", "scopes/environments")
    } else {
        ("", "environments")
    };
    let mut whole = json!({
        "id": format!(
            "/providers/Microsoft.BusinessAppPlatform/{scope}environments/{}",
            environment.id
        ),
        "type": format!("Microsoft.BusinessAppPlatform/{kind}"),
        "location": environment.location,
        "name": environment.id,
    });
    whole["properties"] = properties;
    whole
}

/// What is locked from the beginning was locked two days before.
fn modified(world: &World, key: &str, environment: &Environment) -> String {
    if environment.runtime != "Disabled" {
        return "2025-11-01T20:13:20.5781436Z".to_owned();
    }
    let before = world.clock.epoch - jiff::SignedDuration::from_hours(48);
    world.locked_since(key).unwrap_or(before).to_string()
}

fn admin_page(environment: &Environment) -> String {
    format!(
        "https://admin.powerplatform.microsoft.com/environments/environment/{}/hub",
        environment.id
    )
}

fn capacity() -> Value {
    json!([
        {
            "capacityType": "Database",
            "actualConsumption": 931.8438,
            "ratedConsumption": 1024.0,
            "capacityUnit": "MB",
        },
        {
            "capacityType": "FinOpsDatabase",
            "actualConsumption": 0.0,
            "ratedConsumption": 0.0,
            "capacityUnit": "MB",
        },
    ])
}

fn endpoints(location: &str) -> Value {
    json!({
        "microsoft.BusinessAppPlatform": format!(
            "https://{location}.api.bap.microsoft.com"
        ),
        "microsoft.PowerApps": format!("https://{location}.api.powerapps.com"),
        "microsoft.Flow": format!("https://{location}.api.flow.microsoft.com"),
    })
}

/// An operation has the environment offline, unless it only makes it a Managed Environment.
fn states(environment: &Environment, busy: bool, governing: bool) -> Value {
    let ready = environment.management.as_deref().unwrap_or("Ready");
    json!({
        "management": { "id": if busy { "Running" } else { ready } },
        "runtime": {
            "runtimeReasonCode": "NotSpecified",
            "requestedBy": { "displayName": "SYSTEM", "type": "NotSpecified" },
            "id": if busy && !governing { "Disabled" } else { &environment.runtime },
        },
    })
}

fn key_managed_by(environment: &Environment, busy: bool) -> &'static str {
    if environment.byok || (linked(environment) && !busy) {
        "Customer"
    } else {
        "Microsoft"
    }
}

fn dataverse(key: &str, environment: &Environment) -> Value {
    let Some(domain) = &environment.domain else {
        return Value::Null;
    };
    json!({
        "resourceId": organization(key),
        "friendlyName": environment.name,
        "uniqueName": format!(
            "unq{}",
            organization(key).replace('-', "").get(..20).unwrap_or_default()
        ),
        "domainName": domain,
        "version": "9.2.26021.00196",
        "instanceUrl": format!("https://{domain}.crm4.dynamics.com/"),
        "instanceApiUrl": format!("https://{domain}.api.crm4.dynamics.com"),
        "baseLanguage": 1033,
        "instanceState": "Ready",
        "backgroundOperationsState": "Enabled",
        "scaleGroup": "EURCRMLIVESG705",
        "platformSku": "Standard",
    })
}

fn app(key: &str, environment: &Environment) -> Value {
    match (&environment.app_host, &environment.app_type) {
        // Lifecycle Services may write its ids without dashes.
        (Some(host), Some(kind)) => {
            json!({
                "id": lcs_id(key).replace('-', ""),
                "type": kind,
                "url": format!("https://{host}"),
            })
        }
        _ => Value::Null,
    }
}

fn linked(environment: &Environment) -> bool {
    environment
        .link
        .as_ref()
        .is_some_and(|(_, status)| status == "Linked")
}

fn policies(world: &World, environment: &Environment, lagging: bool) -> Option<Value> {
    let (id, status) = environment.link.as_ref()?;
    let policy = world.policies.get(&id.to_ascii_lowercase())?;
    let name = if world.settings.odd_case {
        "CustomerManagedKeys"
    } else {
        "customerManagedKeys"
    };
    let status = if lagging { "Linking" } else { status };
    Some(json!({
        name: {
            "policyId": policy.guid(),
            "location": policy.location,
            "id": policy.id,
            "systemId": policy.system_id(),
            "linkStatus": status,
        },
    }))
}

fn permissions(manages_keys: bool) -> Value {
    let granted = json!({ "displayName": "", "permission": true });
    let names = [
        "ReadEnvironment",
        "UpdateEnvironment",
        "DeleteEnvironment",
        "ManageProtectionKeys",
        "ListAnyApp",
        "ManageDatabaseUsers",
    ];
    Value::Object(
        names
            .iter()
            .filter(|name| manages_keys || **name != "ManageProtectionKeys")
            .map(|name| ((*name).to_owned(), granted.clone()))
            .collect(),
    )
}
