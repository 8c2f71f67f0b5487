//! Writes to the sandbox's Resource Manager besides vaults and policies: resource groups, locks,
//! Azure Policy, deployments, tags, registrations. Raw HTTP, no client types, as in
//! [`crate::sandbox_wire`].

use crate::sandbox_wire::{ask_as, with_policy};
use crate::tenants::plain;
use crate::tool::{Answer, Served, http};
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const ALLOWED_LOCATIONS: &str = "e56962a6-4747-49cd-b67b-bf8b01975c4c";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

struct Tenant {
    served: Served,
    vault: String,
    group: String,
    subscription: String,
}

/// Status and code of an error.
type Said = (u16, String);

fn said(answer: &Answer) -> Said {
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = value["error"]["code"].as_str().unwrap_or_default();
    (answer.status, code.to_owned())
}

fn ok(status: u16) -> Said {
    (status, String::new())
}

fn no(status: u16, code: &str) -> Said {
    (status, code.to_owned())
}

impl Tenant {
    fn new(served: Served) -> Self {
        let vault = served.default_of("vault");
        let part = |count| vault.split('/').take(count).collect::<Vec<_>>().join("/");
        Self {
            group: part(5),
            subscription: part(3),
            vault,
            served,
        }
    }

    fn ask(&self, user: &str, method: &str, path: &str, body: &str) -> Answer {
        let lower = path.to_ascii_lowercase();
        let version = [
            ("/tags/", "2021-04-01"),
            ("/locks", "2016-09-01"),
            ("/policyexemptions", "2026-01-01-preview"),
            ("/policy", "2025-11-01"),
            ("microsoft.authorization", "2022-04-01"),
            ("microsoft.powerplatform/", "2020-10-30-preview"),
            ("microsoft.keyvault/", "2026-02-01"),
            ("microsoft.resourcegraph", "2024-04-01"),
        ];
        let found = version.iter().find(|(part, _)| lower.contains(part));
        let found = found.filter(|_| !lower.ends_with("register"));
        let version = found.map_or("2021-04-01", |(_, version)| version);
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{ARM}{path}{mark}api-version={version}");
        ask_as(&self.served, user, method, &url, body)
    }

    fn arm(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.ask("admin", method, path, &body)
    }

    fn does(&self, method: &str, path: &str, body: &Value) -> Said {
        said(&self.arm(method, path, body))
    }

    fn policy(&self, name: &str) -> String {
        format!(
            "{}/providers/Microsoft.PowerPlatform/enterprisePolicies/{name}",
            self.group
        )
    }

    /// The body of a policy.
    fn wanted(&self) -> Value {
        json!({ "location": "europe", "kind": "Encryption",
            "identity": { "type": "SystemAssigned" },
            "properties": { "encryption": { "state": "Enabled", "keyVault": { "id": self.vault,
                "key": { "name": "cmk-contoso" } } } } })
    }

    /// A template with one policy, written by hand, in the form that the Azure CLI sends.
    fn template(&self, name: &str) -> String {
        let text = r#"{"properties": {"mode": "Incremental", "parameters": {"vault":
            {"value": "VAULT"}}, template:{
              // what holds the key
              "parameters": { "vault": { "type": "string" } },
              'variables': { 'place': 'europe' }, /* all
              there are */
              "resources": [
                { "type": "Microsoft.PowerPlatform/enterprisePolicies",
                  "apiVersion": "2020-10-30-preview", "name": "NAME",
                  "location": "[variables('place')]", "kind": "Encryption",
                  "identity": { "type": "SystemAssigned" },
                  "properties": { "encryption": { "state": "Enabled", "keyVault": {
                    "id": "[parameters('vault')]", "key": { "name": "cmk-contoso" } } } },
                } ] }}}"#;
        text.replace("VAULT", &self.vault).replace("NAME", name)
    }
}

/// The path of the URL in a header.
fn led_to(answer: &Answer, header: &str) -> String {
    let url = answer.header(header).unwrap();
    let path = url.strip_prefix(ARM).unwrap();
    path.split('?').next().unwrap().to_owned()
}

#[test]
fn a_group_is_made_tagged_and_deleted_with_what_is_in_it() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let new = format!("{}/resourceGroups/rg-new", tenant.subscription);
    assert_eq!(tenant.arm("HEAD", &new, &Value::Null).status, 404);
    for (body, expected) in [
        (json!({}), no(400, "LocationRequired")),
        (json!({ "location": 7 }), no(400, "InvalidRequestContent")),
        (
            json!({ "location": "moon" }),
            no(400, "LocationNotAvailableForResourceGroup"),
        ),
        (
            json!({ "location": "westeurope", "tags": { "a": 1 } }),
            no(400, "InvalidRequestContent"),
        ),
        (
            json!({ "location": "West Europe", "tags": { "a": "b" } }),
            ok(201),
        ),
        (
            json!({ "location": "westeurope", "tags": { "c": "d" } }),
            ok(200),
        ),
        (
            json!({ "location": "uksouth" }),
            no(409, "InvalidResourceGroupLocation"),
        ),
    ] {
        assert_eq!(tenant.does("PUT", &new, &body), expected, "{body}");
    }
    assert_eq!(tenant.arm("HEAD", &new, &Value::Null).status, 204);
    let tags = |path: &str| tenant.arm("GET", path, &Value::Null).json()["tags"].clone();
    assert_eq!(tags(&new), json!({ "c": "d" }));
    assert_eq!(
        tenant.does("PATCH", &new, &json!({ "tags": { "e": "f" } })),
        ok(200)
    );
    assert_eq!(tags(&new), json!({ "e": "f" }));

    let asked = tenant.arm("DELETE", &tenant.group, &Value::Null);
    assert_eq!(asked.status, 202);
    let poll = led_to(&asked, "location");
    assert_eq!(tenant.does("GET", &poll, &Value::Null), ok(202));
    let state = tenant.arm("GET", &tenant.group, &Value::Null).json();
    assert_eq!(state["properties"]["provisioningState"], "Deleting");
    assert_eq!(
        tenant.does("PUT", &tenant.policy("other"), &tenant.wanted()),
        no(409, "ResourceGroupBeingDeleted")
    );
    tenant.served.advance(60.0);
    assert_eq!(tenant.does("GET", &poll, &Value::Null), ok(200));
    assert_eq!(
        tenant.does("GET", &tenant.vault, &Value::Null),
        no(404, "ResourceGroupNotFound")
    );
    let deleted = format!(
        "{}/providers/Microsoft.KeyVault/deletedVaults",
        tenant.subscription
    );
    let deleted = tenant.arm("GET", &deleted, &Value::Null).json();
    assert_eq!(
        deleted["value"][0]["properties"]["vaultId"],
        json!(tenant.vault)
    );
}

#[test]
fn a_group_with_a_linked_policy_stays() {
    let tenant = Tenant::new(Served::start("locked", "1"));
    let asked = tenant.arm("DELETE", &tenant.group, &Value::Null);
    let poll = led_to(&asked, "location");
    tenant.served.advance(60.0);
    let answer = tenant.arm("GET", &poll, &Value::Null);
    assert_eq!(said(&answer), no(409, "ResourceGroupDeletionBlocked"));
    let inner = answer.json()["error"]["details"][0]["message"].clone();
    assert!(
        inner
            .as_str()
            .unwrap()
            .contains("EnterprisePolicyDeleteNotAllowed"),
        "{inner}"
    );
    assert_eq!(tenant.does("GET", &tenant.group, &Value::Null), ok(200));
}

#[test]
fn locks_are_made_and_bite_until_they_are_gone() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let lock = |scope: &str| format!("{scope}/providers/Microsoft.Authorization/locks/l");
    let level = |level: &str| json!({ "properties": { "level": level, "notes": "why" } });
    let vault = &tenant.vault;
    for (scope, body, expected) in [
        (
            vault.clone(),
            level("Sometimes"),
            no(400, "InvalidRequestContent"),
        ),
        (
            format!("{vault}x"),
            level("ReadOnly"),
            no(404, "ResourceNotFound"),
        ),
        (vault.clone(), level("CanNotDelete"), ok(201)),
        (vault.clone(), level("ReadOnly"), ok(200)),
    ] {
        assert_eq!(
            tenant.does("PUT", &lock(&scope), &body),
            expected,
            "{scope} {body}"
        );
    }
    let shown = tenant.arm("GET", &lock(vault), &Value::Null).json();
    assert_eq!(shown["properties"], level("ReadOnly")["properties"]);
    let locked = no(409, "ScopeLocked");
    let protect = json!({ "properties": { "enablePurgeProtection": true } });
    assert_eq!(tenant.does("PATCH", vault, &protect), locked);
    assert_eq!(tenant.does("DELETE", &tenant.group, &Value::Null), locked);
    // A caller without the right gets that refusal first.
    let reader = tenant.ask("observer", "PATCH", vault, &protect.to_string());
    assert_eq!(said(&reader), no(403, "AuthorizationFailed"));
    assert_eq!(tenant.does("DELETE", &lock(vault), &Value::Null), ok(200));
    assert_eq!(tenant.does("DELETE", &lock(vault), &Value::Null), ok(204));
    assert_eq!(
        tenant.does("GET", &lock(vault), &Value::Null),
        no(404, "LockNotFound")
    );
    assert_eq!(tenant.does("PATCH", vault, &protect), ok(200));

    let above = lock(&tenant.subscription);
    assert_eq!(tenant.does("PUT", &above, &level("CanNotDelete")), ok(201));
    let policy = tenant.policy("ep-other");
    assert_eq!(tenant.does("PUT", &policy, &tenant.wanted()), ok(201));
    assert_eq!(tenant.does("DELETE", &policy, &Value::Null), locked);
    assert_eq!(tenant.does("DELETE", &above, &Value::Null), ok(200));
    assert_eq!(tenant.does("DELETE", &policy, &Value::Null), ok(200));
}

#[test]
fn azure_policy_forbids_what_is_not_exempt() {
    let tenant = Tenant::new(with_policy(&json!({ "azure_policy": "Only here" }), "1"));
    let kind =
        |scope: &str, kind: &str| format!("{scope}/providers/Microsoft.Authorization/{kind}");
    let list = kind(&tenant.subscription, "policyAssignments");
    let held = tenant.arm("GET", &list, &Value::Null).json()["value"].clone();
    assert_eq!(held[0]["properties"]["displayName"], "Only here");
    let id = held[0]["id"].as_str().unwrap().to_owned();
    let forbidden = no(403, "RequestDisallowedByPolicy");
    let policy = tenant.policy("ep-other");
    let make = || tenant.does("PUT", &policy, &tenant.wanted());
    let refused = tenant.arm("PUT", &policy, &tenant.wanted());
    assert_eq!(said(&refused), forbidden);
    let info = refused.json()["error"]["additionalInfo"][0]["info"].clone();
    assert_eq!(info["policyAssignmentId"], json!(id));

    let exemption = kind(&tenant.group, "policyExemptions/x");
    let wanted = |category: &str, of: &str| {
        let own = json!({ "policyAssignmentId": of, "exemptionCategory": category });
        json!({ "properties": own })
    };
    for (body, expected) in [
        (wanted("Maybe", &id), no(400, "InvalidRequestContent")),
        (wanted("Waiver", "/x"), no(404, "PolicyAssignmentNotFound")),
        (wanted("Waiver", &id), ok(201)),
    ] {
        assert_eq!(tenant.does("PUT", &exemption, &body), expected, "{body}");
    }
    assert_eq!(make(), ok(201));
    assert_eq!(tenant.does("DELETE", &exemption, &Value::Null), ok(200));
    assert_eq!(make(), forbidden);
    assert_eq!(tenant.does("DELETE", &id, &Value::Null), ok(200));
    assert_eq!(make(), ok(200));

    let own = kind(&tenant.group, "policyAssignments/mine");
    let definition =
        format!("/providers/Microsoft.Authorization/policyDefinitions/{ALLOWED_LOCATIONS}");
    let assign = |definition: &str, list: Value, mode: &str| {
        json!({ "properties": { "policyDefinitionId": definition, "enforcementMode": mode,
            "parameters": { "listOfAllowedLocations": { "value": list } } } })
    };
    for (body, expected, made) in [
        (
            assign("/other", json!(["x"]), "Default"),
            no(404, "PolicyDefinitionNotFound"),
            ok(200),
        ),
        (
            assign(&definition, json!([]), "Default"),
            no(400, "MissingPolicyParameter"),
            ok(200),
        ),
        (
            assign(&definition, json!(["x"]), "DoNotEnforce"),
            ok(201),
            ok(200),
        ),
        (
            assign(&definition, json!(["x"]), "Default"),
            ok(201),
            forbidden.clone(),
        ),
        (
            assign(&definition, json!(["Europe"]), "Default"),
            ok(201),
            ok(200),
        ),
    ] {
        assert_eq!(tenant.does("PUT", &own, &body), expected, "{body}");
        assert_eq!(make(), made, "{body}");
    }
    assert_eq!(tenant.does("GET", &definition, &Value::Null), ok(200));
}

#[test]
fn a_deployment_makes_its_policy() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let at = |rest: &str| {
        format!(
            "{}/providers/Microsoft.Resources/deployments/d{rest}",
            tenant.group
        )
    };
    let template = tenant.template("ep-deployed");
    let send = |method: &str, path: &str, text: &str| tenant.ask("admin", method, path, text);
    let valid = send("POST", &at("/validate"), &template).json();
    let made = json!([{ "id": tenant.policy("ep-deployed") }]);
    assert_eq!(valid["properties"]["validatedResources"], made);
    let preview = send("POST", &at("/whatIf"), &template).json();
    assert_eq!(preview["status"], "Failed");
    let wrong = template.replace("variables('place')", "reference('place')");
    let vault = template.replace("PowerPlatform/enterprisePolicies", "KeyVault/vaults");
    let elsewhere = template.replace("'europe'", "'moon'");
    let complete = template.replace("Incremental", "Complete");
    for (text, code) in [
        ("{", "InvalidRequestContent"),
        (&*wrong, "InvalidTemplate"),
        (&*vault, "InvalidTemplate"),
        (&*complete, "InvalidTemplate"),
        (&*elsewhere, "InvalidTemplateDeployment"),
    ] {
        assert_eq!(said(&send("PUT", &at(""), text)), no(400, code), "{text}");
        assert_eq!(
            said(&send("POST", &at("/validate"), text)),
            no(400, code),
            "{text}"
        );
    }
    let refused = tenant.ask("observer", "PUT", &at(""), &template);
    assert_eq!(said(&refused), no(403, "AuthorizationFailed"));

    let begun = send("PUT", &at(""), &template);
    assert_eq!(begun.status, 201, "{}", begun.body);
    let poll = led_to(&begun, "azure-asyncoperation");
    let get = |path: &str| tenant.arm("GET", path, &Value::Null);
    assert_eq!(get(&poll).json()["status"], "Running");
    assert_eq!(
        said(&send("PUT", &at(""), &template)),
        no(409, "DeploymentActive")
    );
    assert_eq!(get(&tenant.policy("ep-deployed")).status, 404);
    tenant.served.advance(60.0);
    assert_eq!(get(&poll).json()["status"], "Succeeded");
    assert_eq!(get(&tenant.policy("ep-deployed")).status, 200);
    let shown = get(&at("")).json();
    assert_eq!(shown["properties"]["provisioningState"], "Succeeded");
    assert_eq!(shown["properties"]["outputResources"], made);
    let operations = get(&at("/operations")).json()["value"].clone();
    assert_eq!(operations[0]["properties"]["statusCode"], "Created");
    assert_eq!(get(&tenant.group.clone()).status, 200);
    let all = format!("{}/providers/Microsoft.Resources/deployments", tenant.group);
    assert_eq!(get(&all).json()["value"].as_array().unwrap().len(), 1);
    assert_eq!(tenant.does("HEAD", &at(""), &Value::Null), ok(204));
    assert_eq!(tenant.does("DELETE", &at(""), &Value::Null), ok(204));
    assert_eq!(
        tenant.does("GET", &at(""), &Value::Null),
        no(404, "DeploymentNotFound")
    );
    assert_eq!(get(&tenant.policy("ep-deployed")).status, 200);
}

/// Older versions have no name in their specification.
#[test]
fn a_validated_deployment_has_a_name_since_a_version() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let id = format!(
        "{}/providers/Microsoft.Resources/deployments/d",
        tenant.group
    );
    let fields = |version: &str| {
        let url = format!("{ARM}{id}/validate?api-version={version}");
        let template = tenant.template("ep-deployed");
        let body = ask_as(&tenant.served, "admin", "POST", &url, &template).json();
        let fields = body.as_object().unwrap().keys().cloned();
        fields.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(fields("2022-09-01"), "properties");
    assert_eq!(fields("2024-07-01"), "id name type properties");
}

#[test]
fn a_deployment_of_a_linked_policy_fails() {
    let tenant = Tenant::new(Served::start("locked", "1"));
    let policy = tenant.served.default_of("policy");
    let name = policy.rsplit('/').next().unwrap();
    let at = format!(
        "{}/providers/Microsoft.Resources/deployments/d",
        tenant.group
    );
    let begun = tenant.ask("admin", "PUT", &at, &tenant.template(name));
    assert_eq!(begun.status, 201, "{}", begun.body);
    tenant.served.advance(60.0);
    let poll = led_to(&begun, "azure-asyncoperation");
    let ended = tenant.arm("GET", &poll, &Value::Null).json();
    assert_eq!(ended["status"], "Failed");
    let inner = &ended["error"]["details"][0];
    assert_eq!(inner["code"], "EnterprisePolicyUpdateNotAllowed");
}

#[test]
fn tags_are_replaced_joined_and_taken_away() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let policy = tenant.served.default_of("policy");
    for scope in [&tenant.subscription, &tenant.group, &policy] {
        let path = format!("{scope}/providers/Microsoft.Resources/tags/default");
        let body = |operation: &str, tags: Value| {
            let tags = json!({ "tags": tags });
            json!({ "operation": operation, "properties": tags })
        };
        for (method, body, expected) in [
            ("PUT", body("", json!({ "a": "1" })), json!({ "a": "1" })),
            (
                "PATCH",
                body("Merge", json!({ "b": "2" })),
                json!({ "a": "1", "b": "2" }),
            ),
            (
                "PATCH",
                body("Delete", json!({ "a": "1" })),
                json!({ "b": "2" }),
            ),
            (
                "PATCH",
                body("Replace", json!({ "c": "3" })),
                json!({ "c": "3" }),
            ),
        ] {
            let answer = tenant.arm(method, &path, &body);
            assert_eq!(
                answer.json()["properties"]["tags"],
                expected,
                "{method} {body}"
            );
        }
        for (method, body) in [
            ("PATCH", body("Sometimes", json!({ "c": "3" }))),
            ("PUT", body("", json!({ "c": 3 }))),
            ("PUT", json!({})),
        ] {
            let expected = no(400, "InvalidRequestContent");
            assert_eq!(
                tenant.does(method, &path, &body),
                expected,
                "{method} {body}"
            );
        }
    }
    let shown = tenant.arm("GET", &policy, &Value::Null).json();
    assert_eq!(shown["tags"], json!({ "c": "3" }));
}

#[test]
fn a_provider_is_unregistered_when_nothing_uses_it() {
    let tenant = Tenant::new(Served::patched(&plain(json!({})), "1"));
    let path = |rest: &str| {
        format!(
            "{}/providers/Microsoft.PowerPlatform{rest}",
            tenant.subscription
        )
    };
    let state = || {
        let shown = tenant.arm("GET", &path(""), &Value::Null).json();
        shown["registrationState"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        tenant.does("POST", &path("/register"), &Value::Null),
        ok(200)
    );
    tenant.served.advance(3600.0);
    assert_eq!(state(), "Registered");
    assert_eq!(
        tenant.does("POST", &path("/unregister"), &Value::Null),
        ok(200)
    );
    assert_eq!(state(), "Unregistering");
    tenant.served.advance(3600.0);
    assert_eq!(state(), "Unregistered");
    assert_eq!(
        tenant.does("POST", &path("/register"), &Value::Null),
        ok(200)
    );
    tenant.served.advance(3600.0);
    assert_eq!(
        tenant.does("PUT", &tenant.policy("ep"), &tenant.wanted()),
        ok(201)
    );
    assert_eq!(
        tenant.does("POST", &path("/unregister"), &Value::Null),
        no(409, "ResourceProviderInUse")
    );
    let vaults = format!(
        "{}/providers/Microsoft.KeyVault/unregister",
        tenant.subscription
    );
    assert_eq!(
        tenant.does("POST", &vaults, &Value::Null),
        no(409, "ResourceProviderInUse")
    );
}

#[test]
fn what_a_policy_or_an_assignment_can_not_hold_is_refused() {
    let tenant = Tenant::new(with_policy(&json!({}), "1"));
    let policy = tenant.policy("ep-other");
    let bad = no(400, "InvalidRequestContent");
    for (at, value) in [
        ("/properties/encryption/state", json!("On")),
        ("/properties/encryption/keyVault/key/name", json!(7)),
        ("/properties/encryption/keyVault/id", json!(["x"])),
        ("/kind", json!("Secrecy")),
        ("/identity/type", json!("None")),
        ("/location", json!(true)),
    ] {
        let mut body = tenant.wanted();
        *body.pointer_mut(at).unwrap() = value;
        let said = tenant.does("PUT", &policy, &body);
        assert_eq!(said.0, 400, "{body}");
        if at != "/location" {
            assert_eq!(said, bad, "{body}");
        }
    }
    assert_eq!(tenant.does("PUT", &policy, &tenant.wanted()), ok(201));
    let state = |word: &str| json!({ "properties": { "encryption": { "state": word } } });
    assert_eq!(tenant.does("PATCH", &policy, &state("On")), bad);
    assert_eq!(tenant.does("PATCH", &policy, &state("disabled")), ok(200));
    let shown = tenant.arm("GET", &policy, &Value::Null).json();
    assert_eq!(shown["properties"]["encryption"]["state"], "Disabled");

    let principal = tenant.served.object_id("observer");
    let assign = |scope: &str, name: &str, field: &str, value: Value| {
        let id = format!(
            "{}/providers/Microsoft.Authorization/roleDefinitions/{READER}",
            tenant.subscription
        );
        let mut body = json!({ "properties": { "roleDefinitionId": id, "principalId": principal,
            "principalType": "User" } });
        body["properties"][field] = value;
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        tenant.does("PUT", &path, &body)
    };
    let guid = "00000000-0000-0000-0000-000000000001";
    let user = json!("User");
    for (scope, name, field, value, expected) in [
        (
            &tenant.vault,
            "mine",
            "principalType",
            user.clone(),
            no(400, "InvalidRoleAssignmentId"),
        ),
        (
            &tenant.vault,
            guid,
            "principalType",
            json!("Robot"),
            bad.clone(),
        ),
        (
            &tenant.vault,
            guid,
            "principalType",
            json!("Group"),
            no(400, "UnmatchedPrincipalType"),
        ),
        (
            &tenant.vault,
            guid,
            "principalId",
            json!("me"),
            no(400, "InvalidPrincipalId"),
        ),
        (&tenant.vault, guid, "principalId", json!(7), bad.clone()),
        (&tenant.vault, guid, "description", json!(7), bad.clone()),
        (
            &format!("{}x", tenant.vault),
            guid,
            "principalType",
            user.clone(),
            no(404, "ResourceNotFound"),
        ),
        (&tenant.vault, guid, "principalType", user.clone(), ok(201)),
    ] {
        assert_eq!(
            assign(scope, name, field, value),
            expected,
            "{scope} {name} {field}"
        );
    }
}

#[test]
fn resource_graph_follows_a_little_later() {
    let tenant = Tenant::new(with_policy(
        &json!({ "settings": { "arm_page_size": 1 } }),
        "1",
    ));
    let ask = |query: &str, options: Value| {
        let body = json!({ "query": query, "options": options });
        tenant.arm(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources",
            &body,
        )
    };
    let policies = "Resources | where type =~ 'Microsoft.PowerPlatform/enterprisePolicies' \
        | project id, name | order by name asc";
    let count = || {
        ask(policies, json!({})).json()["totalRecords"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(count(), 1);
    assert_eq!(
        tenant.does("PUT", &tenant.policy("ep-other"), &tenant.wanted()),
        ok(201)
    );
    assert_eq!(count(), 1);
    tenant.served.advance(60.0);
    assert_eq!(count(), 2);
    let first = ask(policies, json!({})).json();
    assert_eq!(
        (&first["count"], &first["resultTruncated"]),
        (&json!(1), &json!("false"))
    );
    let rest = ask(policies, json!({ "$skipToken": first["$skipToken"] })).json();
    assert_eq!(rest["data"][0]["name"], "ep-other");
    assert!(rest["$skipToken"].is_null());
    assert_eq!(
        said(&ask("Resources | summarize count()", json!({}))),
        no(400, "BadRequest")
    );
    assert_eq!(
        tenant.does("DELETE", &tenant.policy("ep-other"), &Value::Null),
        ok(200)
    );
    assert_eq!(count(), 2);
    tenant.served.advance(60.0);
    assert_eq!(count(), 1);
}

#[test]
fn the_addresses_of_the_cloud_are_told_without_a_token() {
    let served = Served::start("ready", "1");
    let ask = |version: &str| {
        let path = format!("/metadata/endpoints?api-version={version}");
        http(
            &served.url,
            "GET",
            &path,
            &[("x-cmkctl-host", "management.azure.com")],
            "",
        )
    };
    let arm = "https://management.azure.com/";
    assert_eq!(ask("2022-09-01").json()["resourceManager"], arm);
    assert_eq!(ask("2019-05-01").json()[0]["resourceManager"], arm);
    let oldest = ask("2015-01-01").json();
    assert_eq!(oldest["authentication"]["audiences"][1], arm);
    assert_eq!(
        said(&ask("2001-01-01")),
        no(400, "InvalidApiVersionParameter")
    );
}
