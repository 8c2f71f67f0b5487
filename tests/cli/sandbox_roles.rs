//! Roles in the sandbox against the published interface: definitions, assignments at every scope,
//! the right to assign, deny assignments, local roles of a managed HSM, and the claims of a token.
//! Raw HTTP, no client types, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::ask_as;
use crate::tenants::plain;
use crate::tool::{Answer, Served, http, overlaid};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CRYPTO_USER: &str = "12338af0-0e69-4776-bea7-57ae8d297424";
const AUTHORIZATION: &str = "providers/Microsoft.Authorization";

struct Tenant {
    served: Served,
    vault: String,
    key: String,
    policy: String,
    group: String,
    subscription: String,
}

impl Tenant {
    fn new(served: Served) -> Self {
        let (vault, policy) = (served.default_of("vault"), served.default_of("policy"));
        let part = |count: usize| vault.split('/').take(count).collect::<Vec<_>>().join("/");
        Self {
            key: format!("{vault}/keys/cmk-contoso"),
            group: part(5),
            subscription: part(3),
            vault,
            policy,
            served,
        }
    }

    fn patched(patch: Value) -> Self {
        Self::new(Served::patched(&plain(patch), "1"))
    }

    fn ask(&self, user: &str, method: &str, path: &str, body: &Value) -> Answer {
        let mark = if path.contains('?') { '&' } else { '?' };
        let version = match path {
            "/subscriptions" => "2022-12-01",
            _ => "2022-04-01",
        };
        let url = format!("https://management.azure.com{path}{mark}api-version={version}");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        ask_as(&self.served, user, method, &url, &body)
    }

    fn read(&self, user: &str, scope: &str, what: &str) -> Value {
        let answer = self.ask(
            user,
            "GET",
            &format!("{scope}/{AUTHORIZATION}/{what}"),
            &Value::Null,
        );
        assert_eq!(answer.status, 200, "{scope} {what}: {}", answer.body);
        answer.json()["value"].clone()
    }

    /// Status and error code.
    fn refused(&self, user: &str, scope: &str, what: &str) -> (u16, String) {
        said(&self.ask(
            user,
            "GET",
            &format!("{scope}/{AUTHORIZATION}/{what}"),
            &Value::Null,
        ))
    }

    fn put(&self, user: &str, scope: &str, name: &str, properties: &Value) -> Answer {
        let path = format!("{scope}/{AUTHORIZATION}/roleAssignments/{name}");
        self.ask(user, "PUT", &path, &json!({ "properties": properties }))
    }

    /// `user` assigns this role at this scope to the policy's identity.
    fn assign(&self, user: &str, scope: &str, number: u32, role: &str) -> (u16, String) {
        let properties = json!({
            "roleDefinitionId": format!("{}/{AUTHORIZATION}/roleDefinitions/{role}", self.subscription),
            "principalId": self.identity(),
            "principalType": "ServicePrincipal",
        });
        said(&self.put(user, scope, &name(number), &properties))
    }

    fn identity(&self) -> String {
        self.identity_of("ep-contoso-cmk")
    }

    fn identity_of(&self, policy: &str) -> String {
        let path = self.policy.replace("ep-contoso-cmk", policy);
        let url = format!("https://management.azure.com{path}?api-version=2020-10-30");
        let body = ask_as(&self.served, "admin", "GET", &url, "").json();
        body["identity"]["principalId"]
            .as_str()
            .unwrap_or_else(|| panic!("{body}"))
            .to_owned()
    }
}

fn said(answer: &Answer) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["error"]["code"].as_str().unwrap_or_default();
    (answer.status, code.to_owned())
}

fn name(number: u32) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

fn policy() -> Value {
    json!({ "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso",
        "location": "europe" } })
}

fn scopes(list: &Value) -> Vec<&str> {
    let mut scopes: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["properties"]["scope"].as_str().unwrap())
        .collect();
    scopes.sort_unstable();
    scopes
}

#[test]
fn definitions_are_those_that_microsoft_documents() {
    let tenant = Tenant::patched(json!({ "role_definitions": { "Contoso Key Wrapper": {
        "data_actions": ["Microsoft.KeyVault/vaults/keys/*"],
        "not_data_actions": ["Microsoft.KeyVault/vaults/keys/purge/action"] } },
        "assignments": [{ "who": "observer", "role": "Reader", "scope": "/" }] }));
    let found = |filter: &str| {
        let what = format!("roleDefinitions?$filter={}", filter.replace(' ', "%20"));
        tenant.read("admin", &tenant.vault, &what)
    };
    let contributor = found("roleName eq 'contributor'")[0].clone();
    let properties = &contributor["properties"];
    assert_eq!(
        (
            &properties["roleName"],
            &properties["type"],
            &properties["assignableScopes"]
        ),
        (&json!("Contributor"), &json!("BuiltInRole"), &json!(["/"]))
    );
    let not_actions = properties["permissions"][0]["notActions"]
        .as_array()
        .unwrap();
    assert!(
        not_actions.len() == 11 && not_actions.contains(&json!("Microsoft.Authorization/*/Delete")),
        "{not_actions:?}"
    );
    let administrator = found("roleName eq 'Key Vault Data Access Administrator'");
    let permission = administrator[0]["properties"]["permissions"][0].clone();
    assert_eq!(permission["conditionVersion"], "2.0");
    assert!(
        permission["condition"]
            .as_str()
            .unwrap()
            .contains(ENCRYPTION_USER)
    );

    let custom = found("type eq 'CustomRole'");
    let own = &custom[0]["properties"];
    assert_eq!(custom.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &own["roleName"],
            &own["assignableScopes"],
            &own["permissions"][0]["notDataActions"]
        ),
        (
            &json!("Contoso Key Wrapper"),
            &json!([tenant.subscription]),
            &json!(["Microsoft.KeyVault/vaults/keys/purge/action"])
        )
    );
    let every = found("");
    assert_eq!(found("atScope()"), every);
    assert_eq!(every.as_array().unwrap().len(), 21);

    // By id in any case. The returned id belongs to the requested scope.
    let path = |scope: &str, id: &str| format!("{scope}/{AUTHORIZATION}/roleDefinitions/{id}");
    let upper = ENCRYPTION_USER.to_ascii_uppercase();
    let one = tenant.ask("admin", "GET", &path(&tenant.key, &upper), &Value::Null);
    assert_eq!(
        one.json()["id"],
        path(&tenant.subscription, ENCRYPTION_USER)
    );
    let one = tenant.ask("observer", "GET", &path("", ENCRYPTION_USER), &Value::Null);
    assert_eq!(one.json()["id"], path("", ENCRYPTION_USER));
    let at_top = tenant.read("observer", "", "roleDefinitions?$filter=atScope()");
    assert_eq!(
        at_top.as_array().unwrap().len(),
        20,
        "without the custom role"
    );
    for (user, scope, what, expected) in [
        (
            "admin",
            tenant.vault.as_str(),
            "roleDefinitions/none",
            (404, "RoleDefinitionDoesNotExist"),
        ),
        (
            "admin",
            &tenant.vault,
            "roleDefinitions?$filter=x",
            (400, "UnsupportedQuery"),
        ),
        ("admin", "", "roleDefinitions", (403, "AuthorizationFailed")),
        (
            "power-platform-admin",
            &tenant.vault,
            "roleDefinitions",
            (403, "AuthorizationFailed"),
        ),
    ] {
        let (status, code) = tenant.refused(user, scope, what);
        assert_eq!((status, code.as_str()), expected, "{user} {scope} {what}");
    }
}

#[test]
fn an_assignment_is_found_by_scope_and_by_principal() {
    let tenant = Tenant::new(Served::start("inherited-grants", "1"));
    let management = "/providers/Microsoft.Management/managementGroups/mg-contoso";
    let list = |scope: &str, filter: &str| {
        let what = format!("roleAssignments?$filter={}", filter.replace(' ', "%20"));
        tenant.read("key-vault-admin", scope, &what)
    };
    let to = |policy: &str| format!("assignedTo('{}')", tenant.identity_of(policy));
    for (policy, expected) in [
        ("ep-contoso-cmk", management),
        ("ep-contoso-key", tenant.key.as_str()),
        ("ep-contoso-custom", &tenant.subscription),
        ("ep-contoso-condition", &tenant.vault),
    ] {
        assert_eq!(
            scopes(&list(&tenant.key, &to(policy))),
            [expected],
            "{policy}"
        );
    }
    // Through nested groups. `principalId` matches only the principal itself.
    let id = tenant.identity_of("ep-contoso-cmk");
    assert_eq!(
        list(&tenant.key, &format!("principalId eq '{id}'")),
        json!([])
    );
    let inherited = &list(&tenant.key, &to("ep-contoso-cmk"))[0];
    assert_eq!(
        (
            &inherited["properties"]["principalType"],
            &inherited["properties"]["roleDefinitionId"]
        ),
        (
            &json!("Group"),
            &json!(format!("/{AUTHORIZATION}/roleDefinitions/{CRYPTO_USER}"))
        )
    );
    assert!(inherited["id"].as_str().unwrap().starts_with(management));
    // `atScope()` omits assignments below the scope.
    let by_key = to("ep-contoso-key");
    assert_eq!(scopes(&list(&tenant.vault, &by_key)), [tenant.key.as_str()]);
    assert_eq!(
        list(&tenant.vault, &format!("atScope() and {by_key}")),
        json!([])
    );
    assert_eq!(list(&tenant.policy, &by_key), json!([]));

    let with = &list(&tenant.vault, &to("ep-contoso-condition"))[0]["properties"];
    let condition = with["condition"].as_str().unwrap();
    assert!(
        condition.starts_with("@Resource[Microsoft.KeyVault") && with["conditionVersion"] == "2.0"
    );
    // The fields of RoleAssignmentProperties (2022-04-01), each with a value or `null`.
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let plain = &list(&tenant.key, &by_key)[0]["properties"];
    let fields = [
        "condition",
        "conditionVersion",
        "createdBy",
        "createdOn",
        "delegatedManagedIdentityResourceId",
        "description",
        "principalId",
        "principalType",
        "roleDefinitionId",
        "scope",
        "updatedBy",
        "updatedOn",
    ];
    assert_eq!((names(plain), names(with)), {
        let all: BTreeSet<String> = fields.map(str::to_owned).into();
        (all.clone(), all)
    });
    assert!(plain["condition"].is_null() && plain["description"].is_null());
    assert_eq!(plain["createdOn"], "2026-01-31T08:00:00Z");
    for filter in [
        format!("atScope() and principalId eq '{id}'"),
        "scope eq '/'".to_owned(),
    ] {
        let what = format!("roleAssignments?$filter={}", filter.replace(' ', "%20"));
        let (status, code) = tenant.refused("key-vault-admin", &tenant.key, &what);
        assert_eq!(
            (status, code.as_str()),
            (400, "UnsupportedQuery"),
            "{filter}"
        );
    }
}

#[test]
fn a_data_access_administrator_assigns_key_vault_roles_and_no_others() {
    let tenant = Tenant::new(Served::start("inherited-grants", "1"));
    let refused = (403, "AuthorizationFailed".to_owned());
    let made = (201, String::new());
    let user = "key-vault-admin";
    assert_eq!(tenant.assign(user, &tenant.key, 1, ENCRYPTION_USER), made);
    assert_eq!(tenant.assign(user, &tenant.key, 1, ENCRYPTION_USER).0, 200);
    assert_eq!(tenant.assign(user, &tenant.vault, 2, CRYPTO_USER), made);
    assert_eq!(tenant.assign(user, &tenant.vault, 3, READER), refused);
    assert_eq!(tenant.assign(user, &tenant.policy, 4, READER), refused);
    assert_eq!(
        tenant.assign(user, &tenant.group, 5, ENCRYPTION_USER),
        refused
    );
    assert_eq!(tenant.assign("admin", &tenant.vault, 3, READER), made);
    assert_eq!(
        tenant.assign("power-platform-admin", &tenant.key, 6, ENCRYPTION_USER),
        refused
    );

    let remove = |user: &str, scope: &str, number: u32| {
        let path = format!("{scope}/{AUTHORIZATION}/roleAssignments/{}", name(number));
        said(&tenant.ask(user, "DELETE", &path, &Value::Null))
    };
    assert_eq!(remove(user, &tenant.vault, 3), refused);
    assert_eq!(remove(user, &tenant.vault, 2), (200, String::new()));
    // No assignment of this name exists at another scope.
    assert_eq!(remove("admin", &tenant.vault, 1), (204, String::new()));
    assert_eq!(remove("admin", &tenant.key, 1), (200, String::new()));
    assert_eq!(remove("admin", &tenant.key, 1), (204, String::new()));
    assert_eq!(
        tenant.refused(
            "admin",
            &tenant.key,
            &format!("roleAssignments/{}", name(1))
        ),
        (404, "RoleAssignmentNotFound".to_owned())
    );
    let effects = tenant.served.effects();
    assert!(
        effects.iter().any(|effect| effect.contains("role-removed")),
        "{effects:?}"
    );
}

#[test]
fn a_condition_on_an_assignment_constrains_its_holder() {
    let tenant = Tenant::patched(json!({ "policies": policy(), "assignments": [
        { "who": "observer", "role": "Role Based Access Control Administrator", "scope": "@group",
            "condition": format!("((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'\
                }})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
                ForAnyOfAnyValues:GuidEquals{{{READER}}}))") },
    ] }));
    assert_eq!(tenant.assign("observer", &tenant.policy, 1, READER).0, 201);
    assert_eq!(
        tenant
            .assign("observer", &tenant.policy, 2, ENCRYPTION_USER)
            .0,
        403
    );
    let permissions = tenant.read("observer", &tenant.policy, "permissions");
    let condition = permissions[0]["condition"].as_str().unwrap();
    assert!(condition.contains(READER), "{permissions}");
}

#[test]
fn an_assignment_needs_a_guid_and_a_principal_that_is_known_or_typed() {
    let tenant = Tenant::patched(json!({}));
    // The identity of a new policy stays unknown during this test, which runs at real speed.
    let body = json!({ "location": "europe", "kind": "Encryption",
        "identity": { "type": "SystemAssigned" },
        "properties": { "encryption": { "state": "Enabled", "keyVault": { "id": tenant.vault,
            "key": { "name": "cmk-contoso" } } } } });
    let url = format!(
        "https://management.azure.com{}?api-version=2020-10-30",
        tenant.policy
    );
    let made = ask_as(&tenant.served, "admin", "PUT", &url, &body.to_string());
    assert_eq!(made.status, 201, "{}", made.body);

    let mut wanted = json!({
        "roleDefinitionId": format!("/{AUTHORIZATION}/roleDefinitions/{ENCRYPTION_USER}"),
        "principalId": tenant.identity(),
    });
    let put = |name: &str, wanted: &Value| tenant.put("admin", &tenant.key, name, wanted);
    assert_eq!(
        said(&put("seven", &wanted)),
        (400, "InvalidRoleAssignmentId".to_owned())
    );
    assert_eq!(
        said(&put(&name(1), &json!({}))),
        (400, "InvalidRequestContent".to_owned())
    );
    assert_eq!(
        said(&put(&name(1), &wanted)),
        (400, "PrincipalNotFound".to_owned())
    );
    wanted["principalType"] = json!("ServicePrincipal");
    wanted["condition"] = json!("@Resource[a:b] StringEquals 'c'");
    let made = put(&name(1), &wanted);
    assert_eq!(made.status, 201, "{}", made.body);
    let properties = made.json()["properties"].clone();
    assert_eq!(
        (
            &properties["condition"],
            &properties["conditionVersion"],
            &properties["createdBy"]
        ),
        (
            &wanted["condition"],
            &json!("2.0"),
            &json!(tenant.served.object_id("admin"))
        )
    );
    wanted["condition"] = Value::Null;
    wanted["description"] = json!("for the key");
    let again = put(&name(1), &wanted);
    assert_eq!(
        (again.status, &again.json()["properties"]["description"]),
        (200, &wanted["description"])
    );
    assert_eq!(
        said(&put(&name(2), &wanted)),
        (409, "RoleAssignmentExists".to_owned())
    );
    let path = format!("{}/{AUTHORIZATION}/roleAssignments/{}", tenant.key, name(1));
    let kept = tenant.ask("admin", "GET", &path, &Value::Null);
    assert_eq!(kept.json(), again.json());
    assert!(kept.json()["properties"]["condition"].is_null());
}

#[test]
fn a_deny_assignment_is_listed_and_wins() {
    let none = Tenant::patched(json!({}));
    assert_eq!(
        none.read("admin", &none.vault, "denyAssignments"),
        json!([])
    );
    assert_eq!(
        none.refused("observer", &none.vault, "denyAssignments").0,
        403
    );

    let tenant = Tenant::patched(json!({
        "groups": { "guests": { "members": ["admin"] } },
        "denials": [
            { "name": "No keys for guests", "who": ["group:guests"], "scope": "@vault",
                "data_actions": ["Microsoft.KeyVault/vaults/keys/*"] },
            { "name": "No new keys", "who": ["everyone"], "except": ["admin"], "scope": "@key",
                "data_actions": ["Microsoft.KeyVault/vaults/keys/rotate/action"] },
        ],
    }));
    let list = |scope: &str, filter: &str| {
        tenant.read("admin", scope, &format!("denyAssignments?{filter}"))
    };
    let at_vault = list(&tenant.vault, "$filter=atScope()");
    let properties = &at_vault[0]["properties"];
    assert_eq!(
        (
            at_vault.as_array().unwrap().len(),
            &properties["denyAssignmentName"]
        ),
        (1, &json!("No keys for guests"))
    );
    assert_eq!(
        (
            &properties["principals"][0]["type"],
            &properties["permissions"][0]["dataActions"]
        ),
        (
            &json!("Group"),
            &json!(["Microsoft.KeyVault/vaults/keys/*"])
        )
    );
    assert_eq!(
        scopes(&list(&tenant.vault, "")),
        [&tenant.vault, &tenant.key]
    );
    let below = list(&tenant.key, "$filter=atScope()");
    assert_eq!(
        (
            &below[1]["properties"]["principals"],
            &below[1]["properties"]["excludePrincipals"]
        ),
        (
            &json!([{ "id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined" }]),
            &json!([{ "id": tenant.served.object_id("admin"), "type": "User" }])
        )
    );
    assert_eq!(
        tenant
            .refused("admin", &tenant.vault, "denyAssignments?$filter=x")
            .1,
        "UnsupportedQuery"
    );
    let key = |user: &str, method: &str, path: &str| {
        let url = format!("https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso{path}");
        ask_as(
            &tenant.served,
            user,
            method,
            &format!("{url}?api-version=2025-07-01"),
            "",
        )
        .status
    };
    assert_eq!(
        (key("admin", "GET", ""), key("key-vault-admin", "GET", "")),
        (403, 200)
    );
    assert_eq!(key("key-vault-admin", "POST", "/rotate"), 403);
}

#[test]
fn rights_at_one_key_are_rights_at_that_key() {
    let tenant = Tenant::patched(json!({
        "groups": { "users": { "members": ["observer"] } },
        "assignments": [{ "who": "group:users", "role": "Key Vault Crypto User", "scope": "@key" }],
    }));
    let get = |path: &str| {
        let url = format!("https://kv-contoso-cmk.vault.azure.net/{path}?api-version=2025-07-01");
        ask_as(&tenant.served, "observer", "GET", &url, "").status
    };
    assert_eq!(
        (get("keys/cmk-contoso"), get("keys"), get("keys/other")),
        (200, 403, 403)
    );
    let permissions = tenant.read("observer", &tenant.key, "permissions");
    let data = permissions[0]["dataActions"].as_array().unwrap();
    assert!(
        data.contains(&json!("Microsoft.KeyVault/vaults/keys/wrap/action")),
        "{data:?}"
    );
    assert_eq!(
        tenant.read("observer", &tenant.vault, "permissions"),
        json!([])
    );

    // Only principals with a role in it or above it see a subscription.
    let seen = |user: &str| {
        let body = tenant
            .ask(user, "GET", "/subscriptions", &Value::Null)
            .json();
        body["value"].as_array().unwrap().len()
    };
    assert_eq!(
        (
            seen("admin"),
            seen("observer"),
            seen("power-platform-admin")
        ),
        (1, 1, 0)
    );
}

#[test]
fn only_the_policy_under_a_condition_loses_its_key() {
    let text = include_str!("../../src/sandbox/scenarios/inherited-grants.json");
    let scenario: Value = serde_json::from_str(text).unwrap();
    let patch = json!({ "settings": { "locks_after_seconds": 60 } });
    let served = Served::patched(&overlaid(scenario, patch), "1");
    served.world();
    served.advance(600.0);
    let world = served.world();
    let state = |environment: &str| world["environments"][environment]["runtime"].clone();
    for environment in ["uat", "production", "unified"] {
        assert_eq!(state(environment), "Enabled", "{environment}");
    }
    assert_eq!(state("sales"), "Disabled");
}

#[test]
fn a_managed_hsm_has_roles_of_its_own() {
    let scenario = json!({
        "vaults": { "hsm-contoso-cmk": { "hsm": true, "properties": {}, "keys":
            { "cmk-contoso": { "kty": "RSA-HSM", "bits": 3072 } } } },
        "target": { "vault": "hsm-contoso-cmk" },
        "groups": { "auditors": { "members": ["observer"] } },
        "assignments": [
            { "who": "group:auditors", "role": "Managed HSM Crypto Auditor", "scope": "@key" },
            { "who": "unregistered", "role": "Managed HSM Administrator", "scope": "@vault" },
        ],
    });
    let tenant = Tenant::patched(scenario);
    let ask = |user: &str, method: &str, path: &str, body: &str| {
        let mark = if path.contains('?') { '&' } else { '?' };
        let host = "https://hsm-contoso-cmk.managedhsm.azure.net";
        let url = format!("{host}/{path}{mark}api-version=2025-07-01");
        ask_as(&tenant.served, user, method, &url, body)
    };
    let get = |user: &str, path: &str| {
        let answer = ask(user, "GET", path, "");
        (
            answer.status,
            serde_json::from_str::<Value>(&answer.body).unwrap_or_default(),
        )
    };
    let definitions = get("admin", &format!("{AUTHORIZATION}/roleDefinitions")).1["value"].clone();
    assert_eq!(definitions.as_array().unwrap().len(), 9);
    let one = get(
        "admin",
        &format!("{AUTHORIZATION}/roleDefinitions/33413926-3206-4cdd-b39a-83574fe37a17"),
    );
    assert_eq!(
        (
            &one.1["properties"]["type"],
            &one.1["properties"]["permissions"][0]["dataActions"][1]
        ),
        (
            &json!("AKVBuiltInRole"),
            &json!("Microsoft.KeyVault/managedHsm/keys/wrap/action")
        )
    );
    assert_eq!(
        get("admin", &format!("{AUTHORIZATION}/roleDefinitions/none")).0,
        404
    );

    // At, above and below the scope, or only at and above it.
    let list = |scope: &str, filter: &str| {
        let (_, body) = get(
            "admin",
            &format!("{scope}{AUTHORIZATION}/roleAssignments{filter}"),
        );
        scopes(&body["value"])
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(list("", ""), ["/", "/keys/cmk-contoso"]);
    assert_eq!(list("", "?$filter=atScope()"), ["/"]);
    assert_eq!(list("keys/cmk-contoso/", ""), ["/", "/keys/cmk-contoso"]);
    let administrator = tenant.served.object_id("unregistered");
    let mine = format!("?$filter=principalId%20eq%20{administrator}");
    assert_eq!(list("keys/", &mine), ["/"]);

    // The rights: an auditor reads a key and its roles, an administrator assigns roles.
    let key = "keys/cmk-contoso";
    let rights = |user: &str| {
        let roles = get(user, &format!("{key}/{AUTHORIZATION}/roleAssignments")).0;
        (
            get(user, key).0,
            roles,
            ask(user, "POST", &format!("{key}/rotate"), "").status,
        )
    };
    assert_eq!(rights("observer"), (200, 200, 403));
    assert_eq!(rights("unregistered"), (403, 200, 403));
    assert_eq!(rights("power-platform-admin"), (403, 403, 403));
    assert_eq!(rights("admin"), (200, 200, 200));
    let crypto_user = "21dbd100-6940-42c2-9190-5d6cb909625b";
    let role = |number: u32, role: &str| {
        let body = json!({ "properties": { "principalId": administrator,
            "roleDefinitionId": format!("Microsoft.KeyVault/{AUTHORIZATION}/roleDefinitions/{role}") } });
        let path = format!("keys/{AUTHORIZATION}/roleAssignments/{}", name(number));
        (path, body.to_string())
    };
    let (path, body) = role(1, crypto_user);
    assert_eq!(ask("observer", "PUT", &path, &body).status, 403);
    let made = ask("unregistered", "PUT", &path, &body);
    assert_eq!(
        (
            made.status,
            &made.json()["properties"]["scope"],
            &made.json()["id"]
        ),
        (201, &json!("/keys"), &json!(format!("/{path}")))
    );
    assert_eq!(get("unregistered", &path).1, made.json());
    assert_eq!(rights("unregistered"), (200, 200, 200));
    let (second, body) = role(2, CRYPTO_USER);
    assert_eq!(
        said(&ask("unregistered", "PUT", &second, &body)).1,
        "RoleDefinitionNotFound"
    );
    assert_eq!(ask("unregistered", "DELETE", &path, "").status, 200);
    let again = ask("unregistered", "DELETE", &path, "");
    assert_eq!(said(&again), (404, "RoleAssignmentNotFound".to_owned()));
    assert_eq!(rights("unregistered").0, 403);
}

/// The payload of a token.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_token_says_whose_it_is() {
    let tenant = Tenant::patched(json!({}));
    let served = &tenant.served;
    let app = claims(&served.token("key-vault-admin", "https://management.azure.com"));
    assert_eq!(
        (
            &app["idtyp"],
            &app["app_displayname"],
            &app["appid"],
            &app["ver"]
        ),
        (
            &json!("app"),
            &json!("key-vault-admin"),
            &json!(served.client_id("key-vault-admin")),
            &json!("1.0")
        )
    );
    assert!(
        ["upn", "scp", "roles"]
            .iter()
            .all(|name| app[*name].is_null())
            && app["uti"].is_string()
    );
    // An application without a directory role, and one with a role.
    let application = json!("0997a1d0-0d1d-4acb-b408-d5ca73121e90");
    assert_eq!(app["wids"], json!([application]));
    let admin = claims(&served.token("admin", "https://management.azure.com"));
    let role = json!("11648597-926c-4cf3-9c36-bcebb0ba8dcc");
    assert_eq!(admin["wids"], json!([role, application]));

    let post = |path: &str, form: &str| {
        let path = format!("/{}/oauth2/v2.0/{path}", served.tenant_id());
        let host = [("x-cmkctl-host", "login.microsoftonline.com")];
        http(&served.url, "POST", &path, &host, form).json()
    };
    let signed_in = |scope: &str| {
        let asked = post("devicecode", &format!("client_id=cli&scope={scope}"));
        let form = format!(
            "client_id=cli&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={}",
            asked["device_code"].as_str().unwrap()
        );
        loop {
            let answer = post("token", &form);
            if answer["error"] != "authorization_pending" {
                // A code is redeemed once.
                let again = post("token", &form);
                assert_eq!(again["error"], "invalid_grant", "{again}");
                assert!(again["access_token"].is_null(), "{again}");
                return answer;
            }
        }
    };
    let answer = signed_in("https://management.azure.com/.default%20openid%20offline_access");
    let person = claims(answer["access_token"].as_str().unwrap());
    let everybody = json!("b79fbf4d-3ef9-4689-8143-76b194e85509");
    assert_eq!(person["wids"], json!([role, everybody]));
    assert_eq!(
        (
            &person["idtyp"],
            &person["upn"],
            &person["unique_name"],
            &person["scp"]
        ),
        (
            &json!("user"),
            &json!("admin@contoso.onmicrosoft.com"),
            &json!("admin@contoso.onmicrosoft.com"),
            &json!("user_impersonation")
        )
    );
    assert!(person["app_displayname"].is_null() && person["appid"] == "cli");
    let id = claims(answer["id_token"].as_str().unwrap());
    assert_eq!(
        (
            &id["aud"],
            &id["preferred_username"],
            &id["oid"],
            &id["tid"],
            &id["name"]
        ),
        (
            &json!("cli"),
            &person["upn"],
            &json!(served.object_id("admin")),
            &json!(served.tenant_id()),
            &json!("admin")
        )
    );
    let without = signed_in("https://management.azure.com/.default%20offline_access");
    assert!(without["id_token"].is_null() && without["refresh_token"].is_string());
}
