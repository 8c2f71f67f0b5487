//! Tenants of tests, as patches over the sandbox's base tenant.

use crate::tool::overlaid;
use serde_json::{Value, json};

/// The sandbox's target policy without a grant.
pub(crate) fn ungranted_policy() -> Value {
    json!({ "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe" })
}

/// The sandbox's target policy with a grant.
pub(crate) fn granted_policy() -> Value {
    overlaid(ungranted_policy(), json!({ "granted": true }))
}

/// A key that the services accept.
pub(crate) fn rsa_key() -> Value {
    json!({ "kty": "RSA", "bits": 3072 })
}

/// A vault with RBAC and purge protection, and its keys.
pub(crate) fn guarded_vault(keys: Value) -> Value {
    let properties = json!({
        "enableRbacAuthorization": true, "enablePurgeProtection": true,
        "softDeleteRetentionInDays": 90,
    });
    json!({ "properties": properties, "keys": keys })
}

/// The properties of a vault that admits no client and no trusted service.
pub(crate) fn closed_firewall() -> Value {
    json!({ "networkAcls": { "defaultAction": "Deny", "bypass": "None" } })
}

/// Patches the base tenant's environment.
pub(crate) fn uat_is(environment: Value) -> Value {
    json!({ "environments": { "uat": environment } })
}

/// Patches the base tenant's vault.
pub(crate) fn vault_is(vault: Value) -> Value {
    json!({ "vaults": { "kv-contoso-cmk": vault } })
}

/// Patches the base tenant's key.
pub(crate) fn key_is(key: Value) -> Value {
    vault_is(json!({ "keys": { "cmk-contoso": key } }))
}

/// Patches the policy.
pub(crate) fn policy_is(policy: Value) -> Value {
    json!({ "policies": { "ep-contoso-cmk": policy } })
}

/// Renames the environment.
pub(crate) fn uat_named(name: &str) -> Value {
    plain(uat_is(json!({ "name": name })))
}

/// The base tenant with this patch.
pub(crate) fn plain(patch: Value) -> Value {
    overlaid(json!({ "summary": "x." }), patch)
}

/// A tenant with a granted policy and without blockers, and `patch` over it.
pub(crate) fn policy_ready(patch: Value) -> Value {
    overlaid(
        overlaid(
            json!({ "summary": "All is well." }),
            policy_is(granted_policy()),
        ),
        patch,
    )
}

/// A tenant whose environment is encrypted with the policy, and `patch` over it.
pub(crate) fn linked_uat(patch: Value) -> Value {
    overlaid(
        policy_ready(uat_is(json!({ "policy": "ep-contoso-cmk" }))),
        patch,
    )
}

/// Sets how link operations end.
pub(crate) fn link_ends(how: &str) -> Value {
    plain(json!({ "settings": { "link_ends": how } }))
}

/// A generated tenant, the same each time.
pub(crate) fn generated(environments: u32) -> Value {
    plain(json!({
        "settings": { "page_size": 250 },
        "generate": { "seed": 7, "environments": environments, "policies": 40, "vaults": 12 },
    }))
}

/// An environment without finance and operations, ready for a key.
pub(crate) fn power_platform_environment(name: &str, sku: &str, domain: &str) -> Value {
    json!({
        "name": name, "sku": sku, "location": "europe", "region": "westeurope", "managed": true,
        "domain": domain,
    })
}

/// Two environments are offline, and `key` patches the state of the key.
pub(crate) fn locked(key: &Value, granted: bool) -> Value {
    let offline = json!({ "policy": "ep-contoso-cmk", "runtime": "Disabled" });
    let environments = json!({ "environments": { "uat": offline, "production": offline } });
    let policy = policy_is(json!({ "granted": granted }));
    policy_ready(overlaid(
        overlaid(environments, policy),
        key_is(key.clone()),
    ))
}

/// Short waits, so that thousands of runs take minutes. Their order stays the same.
pub(crate) fn short_waits() -> Value {
    json!({
        "link_seconds": 120, "provider_seconds": 20, "governance_seconds": 40,
        "identity_seconds": 15, "role_seconds": 30,
    })
}

/// An environment with an old key, and a policy for another key with grants at both. A swap is then
/// a removal and an add.
pub(crate) fn two_keys() -> Value {
    let old = json!({ "vault": "kv-old", "key": "cmk-old", "location": "europe", "granted": true });
    json!({
        "summary": "The environment is on the old key, and everything is ready for the new one.",
        "settings": short_waits(),
        "environments": { "uat": { "policy": "ep-old" } },
        "vaults": { "kv-old": guarded_vault(json!({ "cmk-old": rsa_key() })) },
        "policies": {
            "ep-old": old,
            "ep-contoso-cmk": overlaid(granted_policy(), json!({ "granted_at": ["kv-old"] })),
        },
    })
}
