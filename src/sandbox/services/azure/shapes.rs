//! Host management.azure.com: the JSON of a provider, an enterprise policy and a vault, for their
//! providers and for the resource list.

use super::scope::Scope;
use super::versions::{self, POWER_PLATFORM};
use crate::tenant::ids::guid;
use crate::tenant::keys::{resolve, uri};
use crate::tenant::parts::{Policy, User};
use crate::tenant::roles::allowed;
use crate::tenant::vaults::Vault;
use crate::tenant::world::World;
use serde_json::{Value, json};

pub(super) fn provider_body(world: &World, scope: &Scope) -> Value {
    let locations: Vec<&str> = world
        .provider_locations
        .iter()
        .map(String::as_str)
        .collect();
    let types = versions::provider(POWER_PLATFORM)
        .map(|provider| provider.types(&locations, world.clock.now()))
        .unwrap_or_default();
    let subscription = world.subscription(&scope.subscription);
    json!({
        "id": format!("{}/providers/{POWER_PLATFORM}", scope.subscription_id()),
        "namespace": POWER_PLATFORM,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": subscription.map(|subscription| &subscription.provider),
        "resourceTypes": types,
    })
}

pub(super) fn policy_body(policy: &Policy) -> Value {
    let mut key = json!({ "name": policy.key });
    if let Some(version) = &policy.version {
        key["version"] = json!(version);
    }
    let mut identity = json!({ "type": "SystemAssigned" });
    if !policy.no_identity {
        // The published specification uses the longer name, and Microsoft's own scripts read the
        // shorter one.
        identity["principalId"] = json!(policy.principal());
        identity["systemAssignedIdentityPrincipalId"] = json!(policy.principal());
        identity["tenantId"] = json!(guid("tenant"));
    }
    json!({
        "id": policy.id,
        "name": policy.name,
        "type": "Microsoft.PowerPlatform/enterprisePolicies",
        "location": policy.location,
        "kind": policy.kind,
        "identity": identity,
        "tags": if policy.tags.is_object() { policy.tags.clone() } else { json!({}) },
        "properties": {
            "systemId": policy.system_id(),
            "healthStatus": policy.health,
            "encryption": {
                "state": policy.state,
                "keyVault": { "id": policy.vault_id, "key": key },
            },
        },
    })
}

/// May the user read this vault in Resource Manager?
pub(super) fn readable(world: &World, user: &User, name: &str) -> bool {
    let kind = world.vaults.get(name).map_or("vaults", Vault::kind);
    let action = format!("Microsoft.KeyVault/{kind}/read");
    allowed(
        world,
        &user.object_id,
        &action,
        &world.vault_id(name),
        false,
    )
}

pub(super) fn vault_body(world: &World, name: &str) -> Value {
    let vault = world.vaults.get(name);
    vault.map_or(Value::Null, |vault| vault_of(world, name, vault))
}

/// The JSON of a vault, deleted or not.
pub(super) fn vault_of(world: &World, name: &str, vault: &Vault) -> Value {
    let mut properties = resolve(world, &vault.properties);
    // A scenario can put a vault into another tenant.
    if properties["tenantId"].is_null() {
        properties["tenantId"] = json!(world.tenant);
    }
    properties["provisioningState"] = json!("Succeeded");
    properties[if vault.hsm { "hsmUri" } else { "vaultUri" }] = json!(uri(name, vault));
    let sku = &mut properties["sku"];
    if sku.is_null() && !vault.hsm {
        *sku = json!({ "family": "A", "name": "premium" });
    }
    let mut body = json!({
        "id": world.vault_id(name),
        "name": name,
        "type": format!("Microsoft.KeyVault/{}", vault.kind()),
        "location": vault.location,
        "tags": vault.tags,
        "properties": properties,
    });
    if vault.hsm {
        body["sku"] = json!({ "family": "B", "name": "Standard_B1" });
        if let Some(properties) = body["properties"].as_object_mut() {
            properties.shift_remove("sku");
        }
    }
    body
}
