//! Host api.bap.microsoft.com: the JSON of an environment. Names, nesting and neighbouring fields
//! are those of the recorded responses (github.com/microsoft/terraform-provider-power-platform,
//! test data).

use super::enforcement::enforcement;
use super::shape::{
    self, App, Capacity, ClientUris, Creator, Dataverse, Endpoints, Governance, Id, Ongoing,
    Properties, ProtectionStatus, Requester, Runtime, States,
};
use crate::tenant::ids::{lcs_id, organization};
use crate::tenant::operations::Kind;
use crate::tenant::parts::Environment;
use crate::tenant::world::World;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The parts of an environment that a read shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Is the route below `scopes/admin`?
    pub(super) admin: bool,
    pub(super) policies: Policies,
    /// Are permissions requested?
    pub(super) permissions: bool,
    /// May the caller manage protection keys?
    pub(super) manages_keys: bool,
}

/// The form of `enterprisePolicies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policies {
    Absent,
    /// The dotted spelling `properties.enterprisePolicies` in `$expand` gives `null`.
    Null,
    Shown,
}

/// Does this read still show the state before the operation ended? Each call uses up one such read.
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

/// The JSON of the environment with this key; `None` if it does not exist.
pub(super) fn environment<'a>(
    world: &'a World,
    key: &str,
    look: Look,
    lagging: bool,
) -> Option<shape::Environment<'a>> {
    let environment = world.environments.get(key)?;
    // The admin scope has its own route and type.
    let (scope, kind) = if look.admin {
        (
            "scopes/admin/",
            "Microsoft.BusinessAppPlatform/scopes/environments",
        )
    } else {
        ("", "Microsoft.BusinessAppPlatform/environments")
    };
    Some(shape::Environment {
        id: format!(
            "/providers/Microsoft.BusinessAppPlatform/{scope}environments/{}",
            environment.id
        ),
        kind,
        location: &environment.location,
        name: &environment.id,
        properties: properties(world, (key, environment), look, lagging),
    })
}

fn properties<'a>(
    world: &'a World,
    (key, environment): (&str, &'a Environment),
    look: Look,
    lagging: bool,
) -> Properties<'a> {
    let running = world.running(key);
    let governing = running
        .or_else(|| world.last_operation(key))
        .is_some_and(|operation| operation.kind == Kind::Govern);
    let busy = running.is_some_and(|operation| !operation.back) || lagging;
    let governed = environment.managed && !(lagging && governing);
    Properties {
        tenant_id: &world.tenant,
        azure_region: &environment.region,
        display_name: &environment.name,
        created_time: "2025-09-27T07:08:27.6057592Z",
        created_by: Creator {
            id: &world.creator,
            display_name: "admin",
            kind: "User",
            tenant_id: &world.tenant,
        },
        last_modified_time: modified(world, key, environment),
        provisioning_state: "Succeeded",
        creation_type: "User",
        environment_sku: &environment.sku,
        is_default: environment.is_default,
        capacity: CAPACITY,
        client_uris: admin_page(environment),
        runtime_endpoints: endpoints(&environment.location),
        database_type: match environment.domain {
            Some(_) => "CommonDataService",
            None => "None",
        },
        linked_environment_metadata: dataverse(key, environment),
        linked_app_metadata: app(key, environment),
        trial_scenario_type: "None",
        retention_period: "P7D",
        states: states(environment, busy, governing),
        update_cadence: Id { id: "Moderate" },
        protection_status: ProtectionStatus {
            key_managed_by: key_managed_by(environment, busy),
        },
        connected_groups: [],
        lifecycle_operations_enforcement: enforcement(environment),
        governance_configuration: Governance {
            protection_level: if governed { "Standard" } else { "Basic" },
        },
        ongoing_operation: running.map(|operation| Ongoing {
            id: &operation.id,
            kind: Id {
                id: operation.kind.name(),
            },
        }),
        permissions: look.permissions.then(|| permissions(look.manages_keys)),
        enterprise_policies: match look.policies {
            Policies::Absent => None,
            Policies::Null => Some(Value::Null),
            Policies::Shown => policies(world, environment, lagging),
        },
    }
}

/// An environment that is locked at the start was locked two days before.
fn modified(world: &World, key: &str, environment: &Environment) -> Cow<'static, str> {
    if environment.runtime != "Disabled" {
        return Cow::Borrowed("2025-11-01T20:13:20.5781436Z");
    }
    let before = world.clock.epoch - jiff::SignedDuration::from_hours(48);
    Cow::Owned(world.locked_since(key).unwrap_or(before).to_string())
}

fn admin_page(environment: &Environment) -> ClientUris {
    ClientUris {
        admin: format!(
            "https://admin.powerplatform.microsoft.com/environments/environment/{}/hub",
            environment.id
        ),
    }
}

const CAPACITY: [Capacity; 2] = [
    Capacity {
        capacity_type: "Database",
        actual_consumption: 931.8438,
        rated_consumption: 1024.0,
        capacity_unit: "MB",
    },
    Capacity {
        capacity_type: "FinOpsDatabase",
        actual_consumption: 0.0,
        rated_consumption: 0.0,
        capacity_unit: "MB",
    },
];

fn endpoints(location: &str) -> Endpoints {
    Endpoints {
        platform: format!("https://{location}.api.bap.microsoft.com"),
        apps: format!("https://{location}.api.powerapps.com"),
        flow: format!("https://{location}.api.flow.microsoft.com"),
    }
}

/// An operation takes the environment offline, unless it only makes a Managed Environment.
fn states(environment: &Environment, busy: bool, governing: bool) -> States<'_> {
    let ready = environment.management.as_deref().unwrap_or("Ready");
    States {
        management: Id {
            id: if busy { "Running" } else { ready },
        },
        runtime: Runtime {
            runtime_reason_code: "NotSpecified",
            requested_by: Requester {
                display_name: "SYSTEM",
                kind: "NotSpecified",
            },
            id: if busy && !governing {
                "Disabled"
            } else {
                &environment.runtime
            },
        },
    }
}

fn key_managed_by(environment: &Environment, busy: bool) -> &'static str {
    if environment.byok || (linked(environment) && !busy) {
        "Customer"
    } else {
        "Microsoft"
    }
}

fn dataverse<'a>(key: &str, environment: &'a Environment) -> Option<Dataverse<'a>> {
    let domain = environment.domain.as_ref()?;
    let organization = organization(key);
    let unique = organization.replace('-', "");
    Some(Dataverse {
        friendly_name: &environment.name,
        unique_name: format!("unq{}", unique.get(..20).unwrap_or_default()),
        resource_id: organization,
        domain_name: domain,
        version: "9.2.26021.00196",
        instance_url: format!("https://{domain}.crm4.dynamics.com/"),
        instance_api_url: format!("https://{domain}.api.crm4.dynamics.com"),
        base_language: 1033,
        instance_state: "Ready",
        background_operations_state: "Enabled",
        scale_group: "EURCRMLIVESG705",
        platform_sku: "Standard",
    })
}

fn app<'a>(key: &str, environment: &'a Environment) -> Option<App<'a>> {
    let (host, kind) = (
        environment.app_host.as_ref()?,
        environment.app_type.as_ref()?,
    );
    Some(App {
        // Lifecycle Services may write its ids without dashes.
        id: lcs_id(key).replace('-', ""),
        kind,
        url: format!("https://{host}"),
    })
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
