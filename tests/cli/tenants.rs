//! Tenants of tests: patches over the sandbox's base tenant, by names of what they make.

use crate::tool::overlaid;
use serde_json::{Value, json};

/// The policy of the sandbox's target, which may not use its key yet.
pub(crate) fn ungranted_policy() -> Value {
    json!({ "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe" })
}

/// The policy of the sandbox's target, with everything it needs.
pub(crate) fn granted_policy() -> Value {
    overlaid(ungranted_policy(), json!({ "granted": true }))
}

/// A key that the services take.
pub(crate) fn rsa_key() -> Value {
    json!({ "kty": "RSA", "bits": 3072 })
}

/// A vault with RBAC that nobody can purge, and its keys.
pub(crate) fn guarded_vault(keys: Value) -> Value {
    let properties = json!({
        "enableRbacAuthorization": true, "enablePurgeProtection": true,
        "softDeleteRetentionInDays": 90,
    });
    json!({ "properties": properties, "keys": keys })
}

/// Properties of a vault that lets nobody in, not even the trusted services.
pub(crate) fn closed_firewall() -> Value {
    json!({ "networkAcls": { "defaultAction": "Deny", "bypass": "None" } })
}

/// Only the base tenant's environment is different.
pub(crate) fn uat_is(environment: Value) -> Value {
    json!({ "environments": { "uat": environment } })
}

/// Only the base tenant's vault is different.
pub(crate) fn vault_is(vault: Value) -> Value {
    json!({ "vaults": { "kv-contoso-cmk": vault } })
}

/// Only the base tenant's key is different.
pub(crate) fn key_is(key: Value) -> Value {
    vault_is(json!({ "keys": { "cmk-contoso": key } }))
}

/// Only the policy is different.
pub(crate) fn policy_is(policy: Value) -> Value {
    json!({ "policies": { "ep-contoso-cmk": policy } })
}

/// The environment is called this.
pub(crate) fn uat_named(name: &str) -> Value {
    plain(uat_is(json!({ "name": name })))
}

/// The base tenant with nothing but this changed.
pub(crate) fn plain(patch: Value) -> Value {
    overlaid(json!({ "summary": "x." }), patch)
}

/// The policy is there and granted: nothing stands in the way. The patch is on top.
pub(crate) fn policy_ready(patch: Value) -> Value {
    overlaid(
        overlaid(
            json!({ "summary": "All is well." }),
            policy_is(granted_policy()),
        ),
        patch,
    )
}

/// The environment is encrypted with the policy. The patch is on top.
pub(crate) fn linked_uat(patch: Value) -> Value {
    overlaid(
        policy_ready(uat_is(json!({ "policy": "ep-contoso-cmk" }))),
        patch,
    )
}

/// Encryptions end in this way.
pub(crate) fn link_ends(how: &str) -> Value {
    plain(json!({ "settings": { "link_ends": how } }))
}

/// A tenant of some size, the same every time.
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

/// Two environments are offline, and the key is in the state that `key` says.
pub(crate) fn locked(key: &Value, granted: bool) -> Value {
    let offline = json!({ "policy": "ep-contoso-cmk", "runtime": "Disabled" });
    let environments = json!({ "environments": { "uat": offline, "production": offline } });
    let policy = policy_is(json!({ "granted": granted }));
    policy_ready(overlaid(
        overlaid(environments, policy),
        key_is(key.clone()),
    ))
}

/// Short waits, so that thousands of runs take minutes; what is waited for stays in its order.
pub(crate) fn short_waits() -> Value {
    json!({
        "link_seconds": 120, "provider_seconds": 20, "governance_seconds": 40,
        "identity_seconds": 15, "role_seconds": 30,
    })
}

/// An environment on one key, and the policy of another one that may use both: a move is a removal
/// and an add.
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
