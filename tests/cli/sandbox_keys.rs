//! Keys in the sandbox's Key Vault data plane against the published interface: raw HTTP, no client
//! types, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::{ask_as, with_policy};
use crate::tool::Served;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

struct Vault(Served);

impl Vault {
    fn ask_as(&self, user: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("https://kv-contoso-cmk.vault.azure.net{path}?api-version=2025-07-01");
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = ask_as(&self.0, user, method, &url, &text);
        let body = serde_json::from_str(&answer.body).unwrap_or_default();
        (answer.status, body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask_as("admin", method, path, body)
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The creation time of a version, in the sandbox's time.
    fn made(&self, path: &str) -> i64 {
        self.get(path)["attributes"]["created"].as_i64().unwrap()
    }
}

#[test]
fn a_key_is_made_as_it_was_wished() {
    let vault = Vault(Served::start("ready", "1"));
    let create =
        |name: &str, body: Value| vault.ask("POST", &format!("/keys/{name}/create"), &body);
    let (status, made) = create(
        "one",
        json!({ "kty": "RSA-HSM", "key_size": 4096, "key_ops": ["wrapKey", "unwrapKey"],
            "attributes": { "enabled": false, "nbf": 1_700_000_000, "exp": 1_900_000_000 },
            "tags": { "cost": "7" } }),
    );
    assert_eq!(status, 200, "{made}");
    let attributes = &made["attributes"];
    assert_eq!(
        (
            &attributes["enabled"],
            &attributes["nbf"],
            &attributes["exp"]
        ),
        (&json!(false), &json!(1_700_000_000), &json!(1_900_000_000))
    );
    assert_eq!(made["key"]["key_ops"], json!(["wrapKey", "unwrapKey"]));
    assert_eq!(made["key"]["n"].as_str().unwrap().len(), 683);
    assert_eq!(made["tags"], json!({ "cost": "7" }));
    assert_eq!(vault.get("/keys/one"), made);
    let curved = create("two", json!({ "kty": "EC", "crv": "P-521" })).1;
    assert_eq!(
        (&curved["key"]["crv"], &curved["key"]["key_ops"]),
        (&json!("P-521"), &json!(["sign", "verify"]))
    );
    // The next version has default settings.
    let next = create("one", json!({ "kty": "RSA" })).1;
    assert_eq!(
        (&next["tags"], next["attributes"].get("exp")),
        (&json!({}), None)
    );
    assert_eq!(next["attributes"]["enabled"], true);
    let listed = vault.get("/keys/one/versions")["value"].clone();
    assert_eq!(listed[0]["tags"], json!({ "cost": "7" }));
    assert_eq!(listed[0]["attributes"], made["attributes"]);
}

#[test]
fn what_no_key_takes_is_refused_and_changes_nothing() {
    let vault = Vault(Served::start("ready", "1"));
    let before = (vault.0.world(), vault.0.effects());
    for (method, path, body) in [
        ("POST", "/keys/n_4/create", json!({ "kty": "RSA" })),
        ("POST", "/keys/n/create", json!({ "kty": "DSA" })),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "key_size": 1024 }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "EC", "crv": "P-1" }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "key_ops": ["fly"] }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "attributes": { "exp": "soon" } }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "attributes": { "exportable": true } }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "release_policy": { "data": "" } }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "tags": ["a"] }),
        ),
        (
            "POST",
            "/keys/n/create",
            json!({ "kty": "RSA", "colour": "red" }),
        ),
        ("POST", "/keys/n/create", Value::Null),
        (
            "PATCH",
            "/keys/cmk-contoso",
            json!({ "attributes": { "enabled": "no" } }),
        ),
        ("PATCH", "/keys/cmk-contoso", json!({ "key_ops": "sign" })),
        (
            "PATCH",
            "/keys/cmk-contoso",
            json!({ "attributes": { "nbf": 9_000_000_000_i64 } }),
        ),
        ("PATCH", "/keys/cmk-contoso", json!({ "kty": "EC" })),
        ("PUT", "/keys/n", json!({ "key": {} })),
        ("POST", "/keys/cmk-contoso/backup", Value::Null),
        ("POST", "/keys/cmk-contoso/wrapkey", json!({})),
        (
            "PUT",
            "/keys/cmk-contoso/rotationpolicy",
            json!({ "attributes": { "expiryTime": "P7D" } }),
        ),
        ("PUT", "/keys/cmk-contoso/rotationpolicy", Value::Null),
    ] {
        let (status, said) = vault.ask(method, path, &body);
        assert_eq!(
            (status, &said["error"]["code"]),
            (400, &json!("BadParameter")),
            "{path} {body}"
        );
    }
    assert_eq!((vault.0.world(), vault.0.effects()), before);
}

#[test]
fn an_update_changes_what_it_names() {
    let vault = Vault(Served::start("ready", "1"));
    let before = vault.get("/keys/cmk-contoso");
    let patch = |body: Value| {
        let (status, after) = vault.ask("PATCH", "/keys/cmk-contoso", &body);
        assert_eq!(status, 200, "{after}");
        after
    };
    // A patch without fields changes nothing.
    assert_eq!(patch(json!({ "attributes": {} })), before);
    let after = patch(
        json!({ "key_ops": ["sign"], "attributes": { "exp": 1_900_000_000 },
        "tags": { "a": "b" } }),
    );
    assert_eq!(after["key"]["key_ops"], json!(["sign"]));
    assert_eq!(after["attributes"]["exp"], 1_900_000_000);
    assert_eq!(
        after["attributes"]["created"],
        before["attributes"]["created"]
    );
    assert!(after["attributes"]["updated"].as_i64() > before["attributes"]["updated"].as_i64());
    let after = patch(json!({ "attributes": { "enabled": false } }));
    assert_eq!(
        (&after["tags"], &after["attributes"]["enabled"]),
        (&json!({ "a": "b" }), &json!(false))
    );
    assert_eq!(patch(json!({ "tags": {} }))["tags"], json!({}));
}

/// A policy that rotates some days before the expiry.
fn rotating() -> Value {
    json!({ "attributes": { "expiryTime": "P90D" }, "lifetimeActions": [
        { "trigger": { "timeBeforeExpiry": "P30D" }, "action": { "type": "Rotate" } },
        { "trigger": { "timeBeforeExpiry": "P20D" }, "action": { "type": "Notify" } }] })
}

#[test]
fn a_rotated_key_lasts_as_long_as_its_policy_says() {
    let vault = Vault(Served::start("ready", "1"));
    let rotate = || {
        vault
            .ask("POST", "/keys/cmk-contoso/rotate", &Value::Null)
            .1
    };
    assert_eq!(rotate()["attributes"].get("exp"), None);
    let path = "/keys/cmk-contoso/rotationpolicy";
    assert_eq!(vault.get(path)["attributes"], json!({}));
    let (status, policy) = vault.ask("PUT", path, &rotating());
    assert_eq!(status, 200, "{policy}");
    assert_eq!(policy["lifetimeActions"], rotating()["lifetimeActions"]);
    assert_eq!(policy["attributes"]["expiryTime"], "P90D");
    assert_eq!(vault.get(path), policy);
    let attributes = rotate()["attributes"].clone();
    let time = |name: &str| attributes[name].as_i64().unwrap();
    assert_eq!(time("exp") - time("created"), 90 * DAY);

    // From now on, the key rotates automatically.
    let versions = || {
        vault.get("/keys/cmk-contoso/versions")["value"]
            .as_array()
            .unwrap()
            .len()
    };
    let (before, made) = (versions(), vault.made("/keys/cmk-contoso"));
    vault.0.advance(59.0 * 86_400.0);
    assert_eq!(versions(), before);
    vault.0.advance(2.0 * 86_400.0);
    assert_eq!(
        (versions(), vault.made("/keys/cmk-contoso") - made),
        (before + 1, 60 * DAY)
    );
    vault.0.advance(120.0 * 86_400.0);
    assert_eq!(versions(), before + 3);
}

#[test]
fn a_rotation_policy_has_rights_of_its_own() {
    let vault = Vault(Served::start("access-policy-vault", "1"));
    let path = "/keys/cmk-contoso/rotationpolicy";
    assert_eq!(vault.ask("GET", path, &Value::Null).0, 200);
    let (status, said) = vault.ask("PUT", path, &rotating());
    assert_eq!(status, 403);
    let text = said["error"]["message"].as_str().unwrap();
    assert!(text.contains("setrotationpolicy"), "{text}");
    let reader = json!({ "users": { "user": { "about": "uses keys",
        "azure": ["Key Vault Crypto User"] } } });
    let vault = Vault(Served::patched(&reader, "1"));
    for (method, path, status) in [
        ("GET", "/keys/cmk-contoso", 200),
        ("GET", path, 403),
        ("PUT", path, 403),
        ("POST", "/keys/cmk-contoso/create", 403),
        ("POST", "/keys/cmk-contoso/rotate", 403),
        ("DELETE", "/keys/cmk-contoso", 403),
    ] {
        assert_eq!(
            vault.ask_as("user", method, path, &json!({})).0,
            status,
            "{method} {path}"
        );
    }
}

/// A change of the key or the vault affects its environments.
#[test]
fn an_environment_is_locked_by_what_was_written() {
    const ARM: &str = "https://management.azure.com";
    let key = "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso?api-version=7.6";
    let linked = || {
        with_policy(
            &json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } },
                "settings": { "locks_after_seconds": 60 } }),
            "1",
        )
    };
    let vault =
        |served: &Served| format!("{ARM}{}?api-version=2026-02-01", served.default_of("vault"));
    let closed = json!({ "networkAcls": { "defaultAction": "Deny", "bypass": "None" } });
    let trusting = json!({ "networkAcls": { "defaultAction": "Deny", "bypass": "AzureServices" } });
    for (method, data, body, locked) in [
        (
            "PATCH",
            true,
            json!({ "attributes": { "enabled": false } }),
            true,
        ),
        (
            "PATCH",
            true,
            json!({ "attributes": { "exp": 1_700_000_000 } }),
            true,
        ),
        (
            "PATCH",
            true,
            json!({ "attributes": { "nbf": 1_790_000_000, "exp": 1_890_000_000 } }),
            true,
        ),
        (
            "PATCH",
            true,
            json!({ "key_ops": ["sign", "verify"] }),
            true,
        ),
        ("PATCH", true, json!({ "tags": { "a": "b" } }), false),
        ("DELETE", true, Value::Null, true),
        ("DELETE", false, Value::Null, true),
        ("PATCH", false, json!({ "properties": closed }), true),
        ("PATCH", false, json!({ "properties": trusting }), false),
        (
            "PATCH",
            false,
            json!({ "properties": { "enableRbacAuthorization": false } }),
            true,
        ),
        ("PATCH", false, json!({ "tags": { "a": "b" } }), false),
    ] {
        let served = linked();
        let url = if data { key.to_owned() } else { vault(&served) };
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = ask_as(&served, "admin", method, &url, &text);
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
        assert_eq!(served.world()["environments"]["uat"]["runtime"], "Enabled");
        served.advance(61.0);
        let runtime = served.world()["environments"]["uat"]["runtime"].clone();
        assert_eq!(runtime == "Disabled", locked, "{method} {body}");
    }
}
