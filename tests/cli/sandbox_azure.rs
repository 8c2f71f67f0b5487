//! The sandbox against the published interfaces of Resource Manager, Key Vault and Entra: raw HTTP,
//! no client types, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::{ask_as, with_policy};
use crate::tenants::plain;
use crate::tool::{Served, http};
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

struct Tenant {
    served: Served,
    subscription: String,
    policy: String,
    vault: String,
}

/// An answer as (status, error code, whole body).
type Said = (u16, String, Value);

/// A valid version for the type in a path.
fn version_of(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    let last = lower.rsplit("/providers/").next().unwrap_or_default();
    match last.split('/').collect::<Vec<_>>()[..] {
        ["microsoft.authorization", "locks", ..] => "2020-05-01",
        ["microsoft.authorization", _, ..] => "2022-04-01",
        ["microsoft.powerplatform", kind, ..] if kind != "register" => "2020-10-30",
        ["microsoft.keyvault", _, ..] => "2026-02-01",
        _ => "2021-04-01",
    }
}

impl Tenant {
    fn new(served: Served) -> Self {
        let defaults = served.cloud()["defaults"].clone();
        let text = |name: &str| defaults[name].as_str().unwrap().to_owned();
        let policy = text("policy");
        let subscription = policy.split('/').take(3).collect::<Vec<_>>().join("/");
        Self {
            policy,
            vault: text("vault"),
            subscription,
            served,
        }
    }

    fn arm_as(&self, user: &str, method: &str, path: &str, body: &Value) -> Said {
        let version = version_of(path);
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{ARM}{path}{mark}api-version={version}");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = ask_as(&self.served, user, method, &url, &body);
        let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        (
            answer.status,
            value["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            value,
        )
    }

    fn arm(&self, method: &str, path: &str, body: &Value) -> Said {
        self.arm_as("admin", method, path, body)
    }

    /// The body of a policy.
    fn wanted(&self, location: &str) -> Value {
        json!({ "location": location, "kind": "Encryption",
            "identity": { "type": "SystemAssigned" },
            "properties": { "encryption": { "state": "Enabled", "keyVault": { "id": self.vault,
                "key": { "name": "cmk-contoso" } } } } })
    }

    fn assign(&self, scope: &str, name: u32, role: &str, principal: &str) -> Said {
        let path = format!(
            "{scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-{name:012}"
        );
        let definition = format!(
            "{}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            self.subscription
        );
        // Without `principalType`, the service looks the principal up.
        let body =
            json!({ "properties": { "roleDefinitionId": definition, "principalId": principal } });
        self.arm("PUT", &path, &body)
    }
}

#[test]
fn what_is_not_there_is_a_404_of_its_own_kind() {
    let tenant = Tenant::new(Served::start("ready", "1"));
    let elsewhere = tenant
        .subscription
        .replace(|ch: char| ch.is_ascii_digit(), "0");
    let group = format!(
        "{}/resourceGroups/rg-other/providers/Microsoft.KeyVault/vaults/x",
        tenant.subscription
    );
    let version = format!(
        "{}/keys/cmk-contoso/versions/{}",
        tenant.vault,
        "0".repeat(32)
    );
    for (path, code) in [
        (elsewhere, "SubscriptionNotFound"),
        (group, "ResourceGroupNotFound"),
        (tenant.policy.clone(), "ResourceNotFound"),
        (format!("{}x", tenant.vault), "ResourceNotFound"),
        (
            tenant.vault.replace("vaults", "managedHSMs"),
            "ResourceNotFound",
        ),
        (format!("{}/keys/none", tenant.vault), "KeyNotFound"),
        (version, "KeyNotFound"),
        (
            format!("{}/providers/Microsoft.Nothing", tenant.subscription),
            "InvalidResourceNamespace",
        ),
        (
            format!(
                "{}/providers/Microsoft.Nothing/things/x",
                tenant.subscription
            ),
            "InvalidResourceType",
        ),
    ] {
        let (status, said, body) = tenant.arm("GET", &path, &Value::Null);
        assert_eq!((status, said.as_str()), (404, code), "{path}: {body}");
    }
    assert_eq!(tenant.arm("DELETE", &tenant.policy, &Value::Null).0, 204);
    let (status, code, body) = tenant.arm_as("observer", "GET", &tenant.vault, &Value::Null);
    assert_eq!(
        (status, code.as_str()),
        (403, "AuthorizationFailed"),
        "{body}"
    );
}

#[test]
fn a_policy_is_created_once_and_kept_while_it_is_linked() {
    let tenant = Tenant::new(Served::start("ready", "1"));
    let put = |location: &str| tenant.arm("PUT", &tenant.policy, &tenant.wanted(location));
    let (status, code, body) = put("mars");
    assert_eq!(
        (status, code.as_str()),
        (400, "LocationNotAvailableForResourceType")
    );
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("europe"),
        "{body}"
    );
    let (status, _, made) = put("europe");
    assert_eq!(status, 201, "{made}");
    assert!(
        made["properties"]["systemId"]
            .as_str()
            .unwrap()
            .starts_with("/regions/europe/"),
        "{made}"
    );
    assert!(
        made["identity"]["principalId"].is_string()
            && made["properties"]["provisioningState"].is_null()
    );
    assert_eq!(
        (
            put("europe").0,
            tenant
                .arm("GET", &tenant.policy.to_uppercase(), &Value::Null)
                .2
        ),
        (200, made)
    );
    assert_eq!(tenant.arm("DELETE", &tenant.policy, &Value::Null).0, 200);
    let version = format!("{ARM}{}?api-version=2019-01-01", tenant.policy);
    assert_eq!(
        ask_as(&tenant.served, "admin", "GET", &version, "").json()["error"]["code"],
        "NoRegisteredProviderFound"
    );

    let linked = with_policy(
        &json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } } }),
        "1",
    );
    let linked = Tenant::new(linked);
    for (method, code) in [
        ("PUT", "EnterprisePolicyUpdateNotAllowed"),
        ("DELETE", "EnterprisePolicyDeleteNotAllowed"),
    ] {
        let (_, said, _) = linked.arm(method, &linked.policy, &linked.wanted("europe"));
        assert_eq!(said, code);
    }
}

#[test]
fn a_provider_must_be_registered_first() {
    let tenant = Tenant::new(Served::start("fresh", "2000"));
    let provider = format!("{}/providers/Microsoft.PowerPlatform", tenant.subscription);
    let state = || {
        tenant.arm("GET", &provider, &Value::Null).2["registrationState"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(state(), "NotRegistered");
    let (status, code, _) = tenant.arm("PUT", &tenant.policy, &tenant.wanted("europe"));
    assert_eq!(
        (status, code.as_str()),
        (409, "MissingSubscriptionRegistration")
    );
    let (status, _, body) = tenant.arm("POST", &format!("{provider}/register"), &Value::Null);
    assert_eq!(
        (status, &body["registrationState"]),
        (200, &json!("Registering"))
    );
    let kinds = body["resourceTypes"].as_array().unwrap();
    let policies = kinds
        .iter()
        .find(|kind| kind["resourceType"] == "enterprisePolicies")
        .unwrap();
    assert!(
        policies["locations"]
            .as_array()
            .unwrap()
            .contains(&json!("europe"))
    );
    while state() != "Registered" {}
    assert_eq!(
        tenant
            .arm("PUT", &tenant.policy, &tenant.wanted("europe"))
            .0,
        201
    );
}

#[test]
fn a_role_is_assigned_once_to_somebody_who_is_known_already() {
    // At real speed, a new identity stays unknown during this test.
    let tenant = Tenant::new(Served::start("ready", "1"));
    let identity = tenant
        .arm("PUT", &tenant.policy, &tenant.wanted("europe"))
        .2["identity"]["principalId"]
        .clone();
    let identity = identity.as_str().unwrap();
    let (status, code, _) = tenant.assign(&tenant.vault, 1, ENCRYPTION_USER, identity);
    assert_eq!((status, code.as_str()), (400, "PrincipalNotFound"));
    let user = tenant.served.object_id("power-platform-admin");
    let scopes = [
        tenant.subscription.clone(),
        tenant.vault.clone(),
        format!("{}/keys/cmk-contoso", tenant.vault),
    ];
    for (number, scope) in (10..).zip(&scopes) {
        let (status, _, made) = tenant.assign(scope, number, READER, &user);
        assert_eq!(
            (status, &made["properties"]["principalId"]),
            (201, &json!(user)),
            "{made}"
        );
        assert_eq!(tenant.assign(scope, number, READER, &user).0, 200);
        // Ids are compared without case.
        assert_eq!(
            tenant
                .assign(&scope.to_uppercase(), number, READER, &user.to_uppercase())
                .0,
            200
        );
        let (status, code, _) = tenant.assign(scope, number + 10, READER, &user);
        assert_eq!((status, code.as_str()), (409, "RoleAssignmentExists"));
    }
    assert_eq!(
        tenant.assign(&tenant.vault, 11, ENCRYPTION_USER, &user).1,
        "RoleAssignmentUpdateNotPermitted"
    );
    assert_eq!(
        tenant
            .assign(
                &tenant.vault,
                30,
                "11111111-1111-1111-1111-111111111111",
                &user
            )
            .1,
        "RoleDefinitionDoesNotExist"
    );

    // At, above and below the scope, but not beside it.
    let filter = format!("?$filter=principalId%20eq%20'{user}'");
    let list = |scope: &str| {
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments{filter}");
        let value = tenant.arm("GET", &path, &Value::Null).2["value"].clone();
        let mut scopes: Vec<_> = value
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["properties"]["scope"].clone())
            .collect();
        scopes.sort_by_key(|scope| scope.as_str().unwrap().len());
        scopes
    };
    assert_eq!(list(&tenant.vault), scopes);
    assert_eq!(list(&tenant.policy), scopes[..1]);
    let everybody = format!(
        "{}/providers/Microsoft.Authorization/roleAssignments",
        tenant.policy
    );
    assert!(
        tenant.arm("GET", &everybody, &Value::Null).2["value"]
            .as_array()
            .unwrap()
            .len()
            > 1
    );
    let path = format!(
        "{}/providers/Microsoft.Authorization/permissions",
        tenant.vault
    );
    assert_eq!(
        tenant.arm("GET", &path, &Value::Null).2["value"][0]["actions"],
        json!(["*"])
    );
}

#[test]
fn a_vault_shows_what_is_set_and_hides_what_is_not() {
    let tenant = Tenant::new(Served::start("access-policy-vault", "1"));
    let properties =
        |tenant: &Tenant| tenant.arm("GET", &tenant.vault, &Value::Null).2["properties"].clone();
    let before = properties(&tenant);
    assert_eq!(
        (
            before.get("enableRbacAuthorization"),
            &before["enablePurgeProtection"]
        ),
        (None, &json!(true))
    );
    assert_eq!(
        before["vaultUri"],
        "https://kv-contoso-cmk.vault.azure.net/"
    );
    let user = tenant.served.object_id("observer");
    let add = |keys: Value| {
        let entry = json!({ "tenantId": before["tenantId"], "objectId": user,
            "permissions": { "keys": keys } });
        let body = json!({ "properties": { "accessPolicies": [entry] } });
        assert_eq!(
            tenant
                .arm(
                    "PUT",
                    &format!("{}/accessPolicies/add", tenant.vault),
                    &body
                )
                .0,
            200
        );
    };
    add(json!(["get"]));
    add(json!(["get", "wrapKey", "unwrapKey"]));
    let after = properties(&tenant)["accessPolicies"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(after.len(), 3);
    assert_eq!(
        after[2]["permissions"]["keys"],
        json!(["get", "wrapKey", "unwrapKey"])
    );
    let key = tenant
        .arm(
            "GET",
            &format!("{}/keys/CMK-Contoso", tenant.vault),
            &Value::Null,
        )
        .2["properties"]
        .clone();
    assert_eq!(
        (&key["kty"], &key["keySize"], &key["attributes"]["enabled"]),
        (&json!("RSA"), &json!(3072), &json!(true))
    );
}

#[test]
fn the_data_plane_asks_for_a_token_and_says_which() {
    let served = Served::start("managed-hsm", "1");
    let tenant = served.tenant_id();
    for host in [
        "kv-contoso-cmk.vault.azure.net",
        "hsm-contoso-cmk.managedhsm.azure.net",
    ] {
        let resource = format!("https://{}", host.split_once('.').unwrap().1);
        let answer = served.ask(
            "",
            "GET",
            &format!("https://{host}/keys/cmk-contoso/?api-version=2025-07-01"),
            "",
        );
        let challenge = format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{tenant}\", \
            resource=\"{resource}\""
        );
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some(challenge.as_str()))
        );
        let get = |path: &str| {
            ask_as(
                &served,
                "admin",
                "GET",
                &format!("https://{host}{path}?api-version=2025-07-01"),
                "",
            )
        };
        let latest = get("/keys/cmk-contoso/").json();
        assert_eq!(
            (&latest["attributes"]["recoveryLevel"], &latest["key"]["e"]),
            (&json!("Recoverable"), &json!("AQAB"))
        );
        // 3072 bits are 384 bytes, which are 512 letters in base64.
        assert_eq!(latest["key"]["n"].as_str().unwrap().len(), 512);
        let version = latest["key"]["kid"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned();
        for path in [
            "/keys/cmk-contoso",
            "//keys//cmk-contoso",
            "/keys/CMK-contoso/",
            &format!("/keys/cmk-contoso/{version}"),
        ] {
            assert_eq!(get(path).json(), latest, "{path}");
        }
        let listed = get("/keys/cmk-contoso/versions").json()["value"][0].clone();
        assert!(
            listed["kid"].as_str().unwrap().ends_with(&version) && listed.get("key").is_none(),
            "{listed}"
        );
        assert_eq!(get("/keys/none/").json()["error"]["code"], "KeyNotFound");
        assert!(get("/keys/cmk-contoso/rotationpolicy").json()["lifetimeActions"].is_array());
    }
    // Local roles of an HSM.
    let base = "https://hsm-contoso-cmk.managedhsm.azure.net/keys/cmk-contoso/providers/Microsoft.Authorization/roleAssignments";
    let principal = served.object_id("admin");
    let put = |number: u32| {
        let url = format!("{base}/00000000-0000-0000-0000-{number:012}?api-version=2025-07-01");
        let role = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/33413926-3206-4cdd-b39a-83574fe37a17";
        let body = json!({ "properties": { "roleDefinitionId": role, "principalId": principal } });
        ask_as(&served, "admin", "PUT", &url, &body.to_string())
    };
    assert_eq!(
        (put(1).status, put(2).json()["error"]["code"].clone()),
        (201, json!("RoleAssignmentExists"))
    );
    let list = ask_as(
        &served,
        "admin",
        "GET",
        &format!("{base}?api-version=2025-07-01"),
        "",
    )
    .json();
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
}

#[test]
fn the_data_plane_refuses_for_three_reasons() {
    let firewall = plain(json!({ "vaults": { "kv-contoso-cmk": { "firewall": true } } }));
    for (served, user, inner) in [
        (Served::start("ready", "1"), "observer", "ForbiddenByRbac"),
        (
            Served::start("access-policy-vault", "1"),
            "observer",
            "ForbiddenByPolicy",
        ),
        (
            Served::patched(&firewall, "1"),
            "admin",
            "ForbiddenByFirewall",
        ),
    ] {
        let answer = ask_as(
            &served,
            user,
            "GET",
            "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/?api-version=7.6",
            "",
        );
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status, &error["code"], &error["innererror"]["code"]),
            (403, &json!("Forbidden"), &json!(inner))
        );
    }
}

#[test]
fn the_sign_in_refuses_as_entra_does() {
    let served = Served::start("ready", "1");
    let tenant = served.tenant_id();
    let client = served.cloud()["users"][0]["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let post = |tenant: &str, form: &str| {
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        let answer = http(
            &served.url,
            "POST",
            &format!("/{tenant}/oauth2/v2.0/token"),
            &host,
            form,
        );
        (
            answer.status,
            answer.json()["error_description"]
                .as_str()
                .unwrap_or("token")
                .split(':')
                .next()
                .unwrap()
                .to_owned(),
        )
    };
    let base = format!(
        "client_id={client}&scope=https://management.azure.com/.default&grant_type=client_credentials"
    );
    for (tenant, form, status, code) in [
        (
            tenant.as_str(),
            format!("{base}&client_secret=sandbox"),
            200,
            "token",
        ),
        (
            &tenant,
            format!("{base}&client_secret=other"),
            401,
            "AADSTS7000215",
        ),
        (
            &tenant,
            format!("{base}&client_assertion=a.b.c"),
            200,
            "token",
        ),
        (
            &tenant,
            format!("{base}&client_assertion=expired"),
            401,
            "AADSTS700024",
        ),
        (
            &tenant,
            base.replace(&client, "nobody"),
            400,
            "AADSTS700016",
        ),
        (&tenant, base.replace(".default", ""), 400, "AADSTS70011"),
        ("nowhere", base.clone(), 400, "AADSTS90002"),
    ] {
        assert_eq!(post(tenant, &form), (status, code.to_owned()), "{form}");
    }
}
