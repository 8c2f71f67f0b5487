//! Writes to vaults and managed HSMs of the sandbox, against the published interface: raw HTTP, no
//! client types, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::ask_as;
use crate::tool::{FAST, Served};
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const VERSION: &str = "2026-02-01";

/// An answer as (status, error code, whole body).
type Said = (u16, String, Value);

struct Tenant {
    served: Served,
    subscription: String,
    group: String,
    vault: String,
}

impl Tenant {
    fn new(scenario: &str) -> Self {
        Self::of(Served::start(scenario, "1"))
    }

    fn of(served: Served) -> Self {
        let vault = served.default_of("vault");
        let parts: Vec<&str> = vault.split('/').collect();
        Self {
            subscription: parts[..3].join("/"),
            group: parts[..5].join("/"),
            vault,
            served,
        }
    }

    /// A path without a version uses the newest one.
    fn arm_as(&self, user: &str, method: &str, path: &str, body: &Value) -> Said {
        let url = if path.contains('?') {
            format!("{ARM}{path}")
        } else {
            format!("{ARM}{path}?api-version={VERSION}")
        };
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = ask_as(&self.served, user, method, &url, &text);
        let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let code = value["error"]["code"].as_str().unwrap_or_default();
        (answer.status, code.to_owned(), value.clone())
    }

    fn arm(&self, method: &str, path: &str, body: &Value) -> Said {
        self.arm_as("admin", method, path, body)
    }

    fn named(&self, name: &str) -> String {
        format!("{}/providers/Microsoft.KeyVault/vaults/{name}", self.group)
    }

    /// The body of a vault with further properties.
    fn body(&self, more: &Value) -> Value {
        let mut properties = json!({ "tenantId": self.served.tenant_id(),
            "sku": { "family": "A", "name": "standard" } });
        for (name, value) in more.as_object().unwrap() {
            properties[name] = value.clone();
        }
        json!({ "location": "West Europe", "properties": properties })
    }

    fn properties(&self) -> Value {
        self.arm("GET", &self.vault, &Value::Null).2["properties"].clone()
    }

    /// The data plane's answer to a read of the key.
    fn look(&self) -> (u16, Value) {
        let url = "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso?api-version=7.6";
        let answer = ask_as(&self.served, "admin", "GET", url, "");
        (
            answer.status,
            answer.json()["error"]["innererror"]["code"].clone(),
        )
    }
}

#[test]
fn a_vault_is_created_changed_deleted_recovered_and_purged() {
    let tenant = Tenant::new("ready");
    let id = tenant.named("kv-new");
    let put = |more: Value| tenant.arm("PUT", &id, &tenant.body(&more));
    let (status, _, made) = put(json!({}));
    assert_eq!(status, 201, "{made}");
    let own = &made["properties"];
    assert_eq!(
        (
            &own["enableRbacAuthorization"],
            &own["softDeleteRetentionInDays"],
            &own["vaultUri"]
        ),
        (
            &json!(true),
            &json!(90),
            &json!("https://kv-new.vault.azure.net/")
        )
    );
    assert_eq!(own["enablePurgeProtection"], Value::Null);
    assert_eq!(tenant.arm("GET", &id, &Value::Null).2, made);
    // Before 2026-02-01, a new vault uses access policies, which the request must include.
    let older = |body: &Value| {
        let path = format!("{}?api-version=2023-07-01", tenant.named("kv-old"));
        tenant.arm("PUT", &path, body)
    };
    assert_eq!(older(&tenant.body(&json!({}))).0, 400);
    let (status, _, old) = older(&tenant.body(&json!({ "accessPolicies": [] })));
    let model = &old["properties"]["enableRbacAuthorization"];
    assert_eq!((status, model), (201, &json!(false)));

    let (status, _, again) = put(json!({ "networkAcls": { "defaultAction": "deny",
        "ipRules": [{ "value": "198.51.100.4" }] } }));
    assert_eq!(status, 200, "{again}");
    let rules = json!({ "bypass": "AzureServices", "defaultAction": "Deny",
        "ipRules": [{ "value": "198.51.100.4/32" }], "virtualNetworkRules": [] });
    assert_eq!(again["properties"]["networkAcls"], rules);
    let tags =
        json!({ "tags": { "cost": "7" }, "properties": { "networkAcls": { "bypass": "None" } } });
    let (status, _, tagged) = tenant.arm("PATCH", &id, &tags);
    let rules = &tagged["properties"]["networkAcls"];
    assert_eq!((status, &tagged["tags"]), (200, &json!({ "cost": "7" })));
    assert_eq!(
        (&rules["bypass"], &rules["defaultAction"]),
        (&json!("None"), &json!("Deny"))
    );

    assert_eq!(tenant.arm("DELETE", &id, &Value::Null).0, 200);
    assert_eq!(tenant.arm("DELETE", &id, &Value::Null).0, 204);
    assert_eq!(tenant.arm("GET", &id, &Value::Null).0, 404);
    let soon = json!({ "softDeleteRetentionInDays": 7 });
    assert_eq!(put(soon).1, "ConflictError");
    let place = format!("{}/providers/Microsoft.KeyVault", tenant.subscription);
    let gone = format!("{place}/locations/westeurope/deletedVaults/kv-new");
    let shown = tenant.arm("GET", &gone, &Value::Null).2;
    assert_eq!(shown["properties"]["vaultId"], json!(id));
    assert_eq!(shown["properties"]["tags"], json!({ "cost": "7" }));
    let listed = tenant
        .arm("GET", &format!("{place}/deletedVaults"), &Value::Null)
        .2;
    assert_eq!(listed["value"], json!([shown]));

    let mut recover = tenant.body(&json!({ "createMode": "recover" }));
    assert_eq!(
        tenant.arm("PUT", &id, &recover),
        (200, String::new(), tagged)
    );
    // Recovering an existing vault is an ordinary write. A vault that was never deleted can't be
    // recovered.
    assert_eq!(tenant.arm("PUT", &id, &recover).0, 200);
    let other = tenant.arm("PUT", &tenant.named("kv-none"), &recover);
    assert_eq!((other.0, other.1.as_str()), (404, "DeletedVaultNotFound"));
    tenant.arm("DELETE", &id, &Value::Null);
    recover["location"] = json!("uksouth");
    assert_eq!(
        tenant.arm("PUT", &id, &recover).1,
        "InvalidResourceLocation"
    );
    assert_eq!(
        tenant.arm("POST", &format!("{gone}/purge"), &Value::Null).0,
        202
    );
    assert_eq!(tenant.arm("GET", &gone, &Value::Null).0, 404);
    assert_eq!(put(json!({})).0, 201);
}

#[test]
fn purge_protection_keeps_a_vault_and_stays() {
    let tenant = Tenant::new("ready");
    let protect = |value: Value| {
        tenant.arm(
            "PATCH",
            &tenant.vault,
            &json!({ "properties": { "enablePurgeProtection": value } }),
        )
    };
    assert_eq!(protect(json!(false)).1, "BadRequest");
    assert_eq!(protect(json!(true)).0, 200);
    // An omitted `enablePurgeProtection` stays on.
    let whole = tenant.arm("PUT", &tenant.vault, &tenant.body(&json!({})));
    assert_eq!(whole.2["properties"]["enablePurgeProtection"], json!(true));
    assert_eq!(tenant.arm("DELETE", &tenant.vault, &Value::Null).0, 200);
    let purge = format!(
        "{}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-contoso-cmk/purge",
        tenant.subscription
    );
    let (status, code, _) = tenant.arm("POST", &purge, &Value::Null);
    assert_eq!((status, code.as_str()), (403, "MethodNotAllowed"));
    // At the end of its retention, the vault is purged automatically.
    let gone = purge.trim_end_matches("/purge");
    assert_eq!(tenant.arm("GET", gone, &Value::Null).0, 200);
    tenant.served.advance(90.0 * 86_400.0);
    assert_eq!(tenant.arm("GET", gone, &Value::Null).0, 404);
}

#[test]
fn what_no_vault_takes_is_refused_and_changes_nothing() {
    let tenant = Tenant::new("ready");
    let before = tenant.served.world();
    let elsewhere = "00000000-0000-0000-0000-000000000001";
    for properties in [
        json!({ "enablePurgeProtection": "yes" }),
        json!({ "enableSoftDelete": false }),
        json!({ "softDeleteRetentionInDays": 7 }),
        json!({ "softDeleteRetentionInDays": 91 }),
        json!({ "sku": { "family": "A", "name": "gold" } }),
        json!({ "networkAcls": { "bypass": "Everybody" } }),
        json!({ "networkAcls": { "ipRules": ["198.51.100.4"] } }),
        json!({ "publicNetworkAccess": "On" }),
        json!({ "tenantId": elsewhere }),
        json!({ "accessPolicies": [{ "tenantId": elsewhere, "objectId": elsewhere,
            "permissions": {} }] }),
        json!({ "colour": "red" }),
        json!("properties"),
    ] {
        let body = json!({ "properties": properties });
        let (status, code, said) = tenant.arm("PATCH", &tenant.vault, &body);
        assert_eq!(
            (status, code.as_str()),
            (400, "BadRequest"),
            "{properties}: {said}"
        );
    }
    for body in [
        json!({ "tags": { "cost": 7 } }),
        json!({ "sku": {} }),
        json!([]),
    ] {
        assert_eq!(tenant.arm("PATCH", &tenant.vault, &body).0, 400, "{body}");
    }
    let new = |name: &str, body: Value| tenant.arm("PUT", &tenant.named(name), &body).1;
    assert_eq!(new("k--v", tenant.body(&json!({}))), "VaultNameNotValid");
    let mut far = tenant.body(&json!({}));
    far["location"] = json!("atlantis");
    assert_eq!(new("kv-far", far), "LocationNotAvailableForResourceType");
    assert_eq!(
        new("kv-new", tenant.body(&json!({ "sku": null }))),
        "BadRequest"
    );
    assert_eq!(
        new("kv-new", tenant.body(&json!({ "tenantId": null }))),
        "BadRequest"
    );
    assert_eq!(
        new("kv-new", json!({ "location": "westeurope" })),
        "BadRequest"
    );
    assert_eq!(tenant.served.world(), before);
}

#[test]
fn a_name_is_taken_once_in_the_whole_cloud() {
    let tenant = Tenant::of(Served::start("many-subscriptions", "1"));
    let path = format!(
        "{}/providers/Microsoft.KeyVault/checkNameAvailability",
        tenant.subscription
    );
    let ask = |name: &str| {
        let body = json!({ "name": name, "type": "Microsoft.KeyVault/vaults" });
        let said = tenant.arm("POST", &path, &body).2;
        (said["nameAvailable"].clone(), said["reason"].clone())
    };
    assert_eq!(ask("kv-free"), (json!(true), Value::Null));
    assert_eq!(
        ask("KV-Contoso-CMK"),
        (json!(false), json!("AlreadyExists"))
    );
    assert_eq!(ask("kv_x"), (json!(false), json!("AccountNameInvalid")));
    let other = json!({ "name": "kv-free", "type": "Microsoft.Storage/storageAccounts" });
    assert_eq!(tenant.arm("POST", &path, &other).0, 400);

    // Including a subscription that the caller owns.
    let world = tenant.served.world();
    let own = |id: &&Value| !id.as_str().unwrap().starts_with(&tenant.subscription);
    let groups = world["subscriptions"].as_object().unwrap().values();
    let groups = groups.flat_map(|own| own["groups"].as_array().unwrap());
    let codes: Vec<String> = groups
        .filter(own)
        .map(|id| {
            let id = id.as_str().unwrap();
            let far = format!("{id}/providers/Microsoft.KeyVault/vaults/kv-contoso-cmk");
            tenant.arm("PUT", &far, &tenant.body(&json!({}))).1
        })
        .filter(|code| code != "AuthorizationFailed")
        .collect();
    assert!(
        !codes.is_empty() && codes.iter().all(|code| code == "VaultAlreadyExists"),
        "{codes:?}"
    );
}

#[test]
fn a_grant_is_revoked_and_given_again_by_access_policy_too() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/sandbox/scenarios/access-policy-vault.json");
    let mut scenario: Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    scenario["events"] = json!([
        { "after_days": 100, "do": "revoke-grant", "policy": "ep-contoso-cmk" },
        { "after_days": 200, "do": "grant", "policy": "ep-contoso-cmk" },
    ]);
    let tenant = Tenant::of(Served::patched(&scenario, FAST));
    let granted = || {
        let all = tenant.properties()["accessPolicies"].clone();
        let mut own = all.as_array().unwrap().iter();
        own.any(|own| own["permissions"]["keys"] == json!(["get", "wrapKey", "unwrapKey"]))
    };
    assert!(!granted());
    tenant.served.run(&["create-policy", "--yes"]).exits(0);
    assert!(granted());
    for granted_then in [false, true] {
        tenant.served.advance(101.0 * 86_400.0);
        assert_eq!(granted(), granted_then);
    }
}

#[test]
fn access_policies_are_added_replaced_and_removed() {
    let tenant = Tenant::new("access-policy-vault");
    let whom = tenant.served.object_id("observer");
    let ask = |operation: &str, permissions: Value| {
        let entry = json!({ "tenantId": tenant.served.tenant_id(), "objectId": whom,
            "permissions": permissions });
        let body = json!({ "properties": { "accessPolicies": [entry] } });
        tenant.arm(
            "PUT",
            &format!("{}/accessPolicies/{operation}", tenant.vault),
            &body,
        )
    };
    let held = || {
        let all = tenant.properties()["accessPolicies"].clone();
        let own = all.as_array().unwrap().iter();
        let mut own = own.filter(|own| own["objectId"] == json!(whom));
        own.next().map(|own| own["permissions"].clone())
    };
    assert_eq!(ask("add", json!({ "keys": ["GET", "wrapkey"] })).0, 200);
    assert_eq!(held(), Some(json!({ "keys": ["get", "wrapKey"] })));
    ask(
        "replace",
        json!({ "keys": ["list", "get"], "secrets": ["get"] }),
    );
    ask("remove", json!({ "keys": ["list"] }));
    assert_eq!(held(), Some(json!({ "keys": ["get"], "secrets": ["get"] })));
    for (operation, permissions) in [
        ("add", json!({ "keys": ["fly"] })),
        ("add", json!({ "keys": "get" })),
        ("add", json!({ "doors": ["get"] })),
        ("drop", json!({ "keys": ["get"] })),
    ] {
        assert_eq!(
            ask(operation, permissions.clone()).0,
            400,
            "{operation} {permissions}"
        );
    }
    ask("remove", json!({ "keys": ["get"], "secrets": ["get"] }));
    assert_eq!(held(), None);
}

#[test]
fn the_network_and_the_permission_model_let_in_whom_they_say() {
    let tenant = Tenant::new("ready");
    let patch = |properties: Value| {
        let said = tenant.arm("PATCH", &tenant.vault, &json!({ "properties": properties }));
        assert_eq!(said.0, 200, "{said:?}");
    };
    assert_eq!(tenant.look().0, 200);
    patch(json!({ "networkAcls": { "defaultAction": "Deny" } }));
    assert_eq!(tenant.look(), (403, json!("ForbiddenByFirewall")));
    patch(json!({ "networkAcls": { "ipRules": [{ "value": "203.0.113.0/24" }] } }));
    assert_eq!(tenant.look().0, 200);
    patch(json!({ "publicNetworkAccess": "disabled" }));
    assert_eq!(tenant.look(), (403, json!("ForbiddenByConnection")));
    patch(json!({ "publicNetworkAccess": "Enabled", "enableRbacAuthorization": false }));
    assert_eq!(tenant.look(), (403, json!("ForbiddenByPolicy")));
}

#[test]
fn whoever_may_not_assign_roles_does_not_change_the_permission_model() {
    let contributor =
        json!({ "users": { "builder": { "about": "builds", "azure": ["Contributor"] } } });
    let tenant = Tenant::of(Served::patched(&contributor, "1"));
    let patch = |user: &str, properties: Value| {
        let body = json!({ "properties": properties });
        let said = tenant.arm_as(user, "PATCH", &tenant.vault, &body);
        (said.0, said.1)
    };
    let switch = json!({ "enableRbacAuthorization": false });
    let refused = (403, "InsufficientPermissions".to_owned());
    assert_eq!(patch("builder", switch.clone()), refused);
    assert_eq!(
        patch("builder", json!({ "enableRbacAuthorization": true })).0,
        200
    );
    assert_eq!(
        patch("observer", switch.clone()),
        (403, "AuthorizationFailed".to_owned())
    );
    assert_eq!(patch("admin", switch).0, 200);
}

#[test]
fn each_write_of_a_vault_asks_for_its_own_right() {
    let tenant = Tenant::new("ready");
    let new = tenant.named("kv-new");
    let deleted = format!(
        "{}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/x/purge",
        tenant.subscription
    );
    for (method, path, action) in [
        ("PUT", new.as_str(), "vaults/write"),
        ("PATCH", &tenant.vault, "vaults/write"),
        ("DELETE", &tenant.vault, "vaults/delete"),
        (
            "PUT",
            &format!("{}/accessPolicies/add", tenant.vault),
            "accessPolicies/write",
        ),
        (
            "PUT",
            &format!("{}/keys/k", tenant.vault),
            "vaults/keys/write",
        ),
        ("POST", &deleted, "deletedVaults/purge/action"),
    ] {
        let said = tenant.arm_as("observer", method, path, &json!({}));
        let text = said.2["error"]["message"].as_str().unwrap();
        assert_eq!(said.0, 403, "{method} {path}");
        assert!(text.contains(action), "{text}");
    }
}

#[test]
fn a_key_of_the_control_plane_is_made_once() {
    let tenant = Tenant::new("ready");
    let id = format!("{}/keys/new", tenant.vault);
    let body = json!({ "tags": { "a": "b" }, "properties": { "kty": "RSA", "keySize": 4096,
        "keyOps": ["wrapKey", "unwrapKey"], "attributes": { "exp": 1_900_000_000 },
        "rotationPolicy": { "attributes": { "expiryTime": "P1Y" }, "lifetimeActions": [
            { "trigger": { "timeAfterCreate": "P6M" }, "action": { "type": "rotate" } }] } } });
    let (status, _, made) = tenant.arm("PUT", &id, &body);
    assert_eq!(status, 200, "{made}");
    let own = &made["properties"];
    assert_eq!(
        (&own["keySize"], &own["attributes"]["exp"]),
        (&json!(4096), &json!(1_900_000_000))
    );
    assert_eq!(
        own["rotationPolicy"]["lifetimeActions"][0]["action"]["type"],
        "rotate"
    );
    assert_eq!(made["tags"], json!({ "a": "b" }));
    let other = json!({ "properties": { "kty": "EC" } });
    assert_eq!(tenant.arm("PUT", &id, &other), (200, String::new(), made));
    for properties in [
        json!({ "kty": "RSA", "keySize": 1 }),
        json!({ "kty": "RSA", "keyOps": ["fly"] }),
        json!({ "kty": "RSA", "rotationPolicy": { "attributes": { "expiryTime": "P1D" } } }),
        json!({}),
    ] {
        let body = json!({ "properties": properties });
        let path = format!("{}/keys/other", tenant.vault);
        assert_eq!(
            tenant.arm("PUT", &path, &body).1,
            "BadRequest",
            "{properties}"
        );
    }
    let misnamed = format!("{}/keys/n_4", tenant.vault);
    assert_eq!(tenant.arm("PUT", &misnamed, &body).1, "BadRequest");
}

#[test]
fn a_managed_hsm_takes_tags_and_rules_but_no_access_policies() {
    let tenant = Tenant::new("managed-hsm");
    let hsm = format!(
        "{}/providers/Microsoft.KeyVault/managedHSMs/hsm-contoso-cmk",
        tenant.group
    );
    let patch = |body: Value| tenant.arm("PATCH", &hsm, &body);
    let (status, _, after) = patch(json!({ "tags": { "a": "b" },
        "properties": { "networkAcls": { "defaultAction": "Deny", "bypass": "None" } } }));
    assert_eq!((status, &after["tags"]), (200, &json!({ "a": "b" })));
    assert_eq!(
        after["sku"],
        json!({ "family": "B", "name": "Standard_B1" })
    );
    assert_eq!(after["properties"]["networkAcls"]["bypass"], "None");
    assert_eq!(
        patch(json!({ "properties": { "accessPolicies": [] } })).0,
        400
    );
    let add = format!("{hsm}/accessPolicies/add");
    assert_eq!(tenant.arm("PUT", &add, &json!({})).0, 400);
    // A body that was read can be written back.
    assert_eq!(tenant.arm("PUT", &hsm, &after).2, after);
    let new = hsm.replace("hsm-contoso-cmk", "hsm-new");
    assert_eq!(tenant.arm("PUT", &new, &after).0, 400);
    assert_eq!(tenant.arm("DELETE", &hsm, &Value::Null).0, 200);
    let mut recover = after.clone();
    recover["properties"] = json!({ "tenantId": tenant.served.tenant_id(),
        "createMode": "recover" });
    assert_eq!(tenant.arm("PUT", &hsm, &recover).2, after);
    let names = format!(
        "{}/providers/Microsoft.KeyVault/checkMhsmNameAvailability",
        tenant.subscription
    );
    let said = tenant
        .arm("POST", &names, &json!({ "name": "hsm-contoso-cmk" }))
        .2;
    assert_eq!(said["reason"], "AlreadyExists");
}
