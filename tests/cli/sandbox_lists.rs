//! The JSON and the options of lists: raw HTTP, no client types.

use crate::sandbox_wire::ask_as;
use crate::tenants::{plain, rsa_key};
use crate::tool::Served;
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const VAULT: &str = "https://kv-contoso-cmk.vault.azure.net";
const HSM: &str = "https://hsm-a.managedhsm.azure.net";

/// Two vaults, three HSM keys, locks and deny assignments above, at and below a vault.
fn tenant(settings: &Value) -> Served {
    let hsm_key = json!({ "kty": "RSA-HSM", "bits": 3072 });
    let keys = json!({ "one": hsm_key, "two": hsm_key, "three": hsm_key });
    let policy = json!({ "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe" });
    let lock = |scope: &str| json!({ "scope": scope, "level": "ReadOnly", "name": scope });
    let (vaults, locks) = (
        json!({
            "kv-contoso-cmk": { "keys": { "cmk-contoso": { "versions": 3 }, "more": rsa_key() } },
            "kv-other": { "properties": {}, "keys": {}, "location": "uksouth" },
            "hsm-a": { "hsm": true, "properties": {}, "keys": keys },
        }),
        json!([lock("@subscription"), lock("@vault"), lock("@policy")]),
    );
    Served::patched(
        &plain(json!({
            "settings": settings, "vaults": vaults, "policies": { "ep": policy }, "locks": locks,
        })),
        "1",
    )
}

fn get(served: &Served, url: &str) -> (u16, Value) {
    let answer = ask_as(served, "admin", "GET", url, "");
    let body = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, body)
}

fn length(body: &Value) -> usize {
    body["value"].as_array().map_or(0, Vec::len)
}

/// A supported option is applied, and any other is refused. A client that relies on an ignored
/// option would misread the answer.
#[test]
fn options_of_lists_are_honoured_or_refused() {
    let served = tenant(&json!({}));
    let vault = served.default_of("vault");
    let group = vault.split("/providers").next().unwrap().to_owned();
    let sub = group.split("/resourceGroups").next().unwrap().to_owned();
    let (resources, groups) = (
        format!("{ARM}{sub}/resources?api-version=2021-04-01"),
        format!("{ARM}{sub}/resourcegroups?api-version=2021-04-01"),
    );
    let authorization = |kind: &str, version: &str| {
        format!("{ARM}{vault}/providers/Microsoft.Authorization/{kind}?api-version={version}")
    };
    let locks = authorization("locks", "2020-05-01");
    let vaults = format!("{ARM}{sub}/providers/Microsoft.KeyVault/vaults?api-version=2026-02-01");
    for (url, option, expected) in [
        (&resources, "$filter=location%20eq%20'uksouth'", Ok(1)),
        (&resources, "$filter=resourceGroup%20eq%20'nothing'", Ok(0)),
        (
            &resources,
            "$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'%20and%20name%20eq%20'kv-other'",
            Ok(1),
        ),
        (
            &resources,
            "$filter=substringof('x',name)",
            Err("InvalidFilterInQueryString"),
        ),
        (
            &resources,
            "$filter=name%20ne%20'x'",
            Err("InvalidFilterInQueryString"),
        ),
        (&resources, "$expand=createdTime,provisioningState", Ok(4)),
        (&resources, "$expand=colour", Err("InvalidQueryParameter")),
        (
            &groups,
            "$filter=tagName%20eq%20'a'%20and%20tagValue%20eq%20'b'",
            Ok(0),
        ),
        (
            &groups,
            "$filter=name%20eq%20'a'",
            Err("InvalidFilterInQueryString"),
        ),
        (&locks, "$filter=atScope()", Ok(2)),
        (&locks, "$filter=atscope()", Ok(2)),
        (
            &locks,
            "$filter=level%20eq%20'ReadOnly'",
            Err("UnsupportedQuery"),
        ),
        (&vaults, "$top=0", Err("InvalidQueryParameter")),
        (&vaults, "$top=all", Err("InvalidQueryParameter")),
        (
            &vaults,
            "$filter=name%20eq%20'x'",
            Err("InvalidQueryParameter"),
        ),
    ] {
        let (status, body) = get(&served, &format!("{url}&{option}"));
        let found = match status {
            200 => Ok(length(&body)),
            400 => Err(body["error"]["code"].as_str().unwrap_or_default()),
            status => panic!("{option}: {status} {body}"),
        };
        assert_eq!(found, expected, "{url} {option}");
    }
    let (_, body) = get(
        &served,
        &format!("{resources}&$expand=createdTime,provisioningState"),
    );
    for item in body["value"].as_array().unwrap() {
        assert_eq!(item["provisioningState"], "Succeeded", "{item}");
        assert!(
            item["createdTime"].is_string() && item["changedTime"].is_null(),
            "{item}"
        );
    }
    let (definitions, permissions) = (
        authorization("roleDefinitions", "2022-04-01"),
        authorization("permissions", "2022-04-01"),
    );
    let locations = format!("{ARM}{sub}/locations?api-version=2022-12-01");
    let subscriptions = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let keys = format!("{VAULT}/keys?api-version=2025-07-01");
    let hsm_roles =
        format!("{HSM}/providers/Microsoft.Authorization/roleDefinitions?api-version=2025-07-01");
    for url in [
        &definitions,
        &permissions,
        &locations,
        &subscriptions,
        &keys,
        &hsm_roles,
    ] {
        for option in ["$top=1", "$skip=1", "$orderby=name", "$select=id"] {
            let (status, body) = get(&served, &format!("{url}&{option}"));
            assert_eq!(status, 400, "{url} {option}: {body}");
        }
    }
    let (status, body) = get(&served, &format!("{hsm_roles}&$filter=colour"));
    assert_eq!(status, 400, "{body}");
}

/// `$top` is the page length, in Key Vault's provider and in the list of resources.
#[test]
fn top_is_the_length_of_a_page() {
    let served = tenant(&json!({ "arm_page_size": 2 }));
    let vault = served.default_of("vault");
    let sub = vault.split("/resourceGroups").next().unwrap();
    for (path, version, whole) in [
        ("providers/Microsoft.KeyVault/vaults", "2026-02-01", 2),
        ("resources", "2021-04-01", 4),
    ] {
        let mut url = format!("{ARM}{sub}/{path}?api-version={version}&$top=1");
        let mut pages = 0;
        while !url.is_empty() {
            let (status, body) = get(&served, &url);
            assert_eq!((status, length(&body)), (200, 1), "{url}");
            pages += 1;
            body["nextLink"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut url);
        }
        assert_eq!(pages, whole, "{path}");
        let (_, body) = get(
            &served,
            &format!("{ARM}{sub}/{path}?api-version={version}&$top=9"),
        );
        assert_eq!(length(&body), 2, "{path}");
    }
}

/// Local roles of a managed HSM are paged too, and the last page has no link.
#[test]
fn lists_of_local_roles_have_pages() {
    let short = tenant(&json!({ "key_vault_page_size": 2 }));
    let roles = format!("{HSM}/providers/Microsoft.Authorization");
    let role = "33413926-3206-4cdd-b39a-83574fe37a17";
    for number in 0..3 {
        let name = format!("00000000-0000-4000-8000-00000000000{number}");
        let key = ["one", "two", "three"][number];
        let body = json!({ "properties": {
            "roleDefinitionId":
                format!("Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": short.object_id("observer"),
        } });
        let url = format!(
            "{HSM}/keys/{key}/providers/Microsoft.Authorization/roleAssignments/{name}\
            ?api-version=2025-07-01"
        );
        assert_eq!(
            ask_as(&short, "admin", "PUT", &url, &body.to_string()).status,
            201
        );
    }
    for (kind, whole) in [("roleAssignments", 3), ("roleDefinitions", 9)] {
        let mut url = format!("{roles}/{kind}?api-version=2025-07-01");
        let mut names: Vec<String> = Vec::new();
        loop {
            let (status, body) = get(&short, &url);
            assert_eq!(status, 200, "{url}");
            assert!((1..=2).contains(&length(&body)), "{url}: {body}");
            let items = body["value"].as_array().unwrap().iter();
            names.extend(items.map(|item| item["name"].as_str().unwrap().to_owned()));
            match body.get("nextLink") {
                Some(link) => link.as_str().unwrap().clone_into(&mut url),
                None => break,
            }
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), whole, "{kind}");
    }
}

/// The specification of 2022-12-01 has no next link for locations, so clients expect none.
#[test]
fn locations_come_in_one_piece() {
    let served = tenant(&json!({ "arm_page_size": 1 }));
    let vault = served.default_of("vault");
    let sub = vault.split("/resourceGroups").next().unwrap();
    let (_, body) = get(
        &served,
        &format!("{ARM}{sub}/locations?api-version=2022-12-01"),
    );
    assert_eq!((length(&body), body.get("nextLink")), (3, None), "{body}");
}

/// As in the specification's examples, a version has its own id, name and type. Lists show neither
/// the type nor the size of a key.
#[test]
fn keys_at_the_control_plane_look_as_they_do_there() {
    let served = tenant(&json!({}));
    let key = format!("{}/keys/cmk-contoso", served.default_of("vault"));
    let at = |path: &str| get(&served, &format!("{ARM}{path}?api-version=2026-02-01")).1;
    let latest = at(&key);
    assert_eq!(
        latest["properties"]["attributes"]["recoveryLevel"],
        "Recoverable"
    );
    let list = at(&format!("{key}/versions"));
    assert_eq!(length(&list), 3);
    for item in list["value"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        let name = item["name"].as_str().unwrap();
        assert_eq!(id, format!("{key}/versions/{name}"));
        assert_eq!(item["type"], "Microsoft.KeyVault/vaults/keys/versions");
        let (shown, one) = (&item["properties"], at(id));
        let uri = shown["keyUriWithVersion"].as_str().unwrap();
        assert!(uri.ends_with(&format!("/keys/cmk-contoso/{name}")), "{uri}");
        assert!(
            shown["kty"].is_null() && shown["keySize"].is_null(),
            "{item}"
        );
        assert_eq!(
            (&one["id"], &one["name"], &one["type"]),
            (&item["id"], &item["name"], &item["type"])
        );
        assert_eq!(
            one["properties"]["keySize"],
            latest["properties"]["keySize"]
        );
    }
    let list = at(key.strip_suffix("/cmk-contoso").unwrap());
    let item = &list["value"][0];
    assert_eq!(
        (&item["id"], &item["type"]),
        (&latest["id"], &latest["type"])
    );
    let shown = item["properties"].as_object().unwrap();
    let names: Vec<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(names, ["attributes", "keyUri"], "{item}");
}

/// The list of resources shows the common fields of an identity, and an HSM has the properties of
/// its type.
#[test]
fn what_is_listed_has_the_properties_of_its_type() {
    let served = Served::start("estate", "1");
    let vault = served.default_of("vault");
    let sub = vault.split("/resourceGroups").next().unwrap();
    let url = format!(
        "{ARM}{sub}/resources?api-version=2021-04-01&$filter=resourceType%20eq%20\
        'Microsoft.PowerPlatform/enterprisePolicies'"
    );
    let (_, body) = get(&served, &url);
    let identity = body["value"][0]["identity"].as_object().unwrap();
    let names: Vec<&str> = identity.keys().map(String::as_str).collect();
    assert_eq!(names, ["type", "principalId", "tenantId"]);
    let provider = format!("{ARM}{sub}/providers/Microsoft.KeyVault");
    let (_, hsms) = get(
        &served,
        &format!("{provider}/managedHSMs?api-version=2026-02-01"),
    );
    let (_, vaults) = get(
        &served,
        &format!("{provider}/vaults?api-version=2026-02-01"),
    );
    assert!(length(&hsms) > 0 && length(&vaults) > 0);
    for hsm in hsms["value"].as_array().unwrap() {
        let properties = &hsm["properties"];
        assert!(properties.get("enableRbacAuthorization").is_none(), "{hsm}");
        assert!(properties.get("accessPolicies").is_none(), "{hsm}");
    }
    // A property that is off is missing, as in the service.
    for vault in vaults["value"].as_array().unwrap() {
        let protection = vault["properties"].get("enablePurgeProtection");
        assert!(protection.is_none_or(Value::is_boolean), "{vault}");
    }
}
