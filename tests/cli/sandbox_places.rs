//! Subscriptions, resource groups and paged lists: raw HTTP, no client types.

use crate::sandbox_wire::ask_as;
use crate::tenants::{plain, rsa_key};
use crate::tool::Served;
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const DATA: &str = "22222222-0000-4000-8000-000000000002";
const VAULT: &str = "https://kv-contoso-cmk.vault.azure.net";

/// Two subscriptions. The second one has two groups, two vaults, and a policy with the same name as
/// in the first.
fn two_subscriptions() -> Value {
    let keys = json!({ "subscription": "Data", "group": "rg-keys" });
    let policies = json!({ "subscription": "Data", "group": "RG-Policies" });
    plain(json!({
        "subscriptions": [
            { "name": "Platform" },
            {
                "name": "Data", "id": DATA, "groups": ["rg-keys", "rg-policies"],
                "provider": "NotRegistered",
            },
        ],
        "vaults": { "kv-data": { "place": keys, "properties": {}, "keys": { "cmk": rsa_key() } } },
        "policies": {
            "here": {
                "name": "ep", "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe",
            },
            "there": {
                "name": "ep", "place": policies, "vault": "kv-data", "key": "cmk",
                "location": "europe",
            },
        },
        "locks": [{ "scope": format!("/subscriptions/{DATA}"), "level": "ReadOnly", "name": "l" }],
    }))
}

fn version(path: &str) -> &'static str {
    let lower = path.to_ascii_lowercase();
    if lower.contains("microsoft.authorization/locks") {
        "2020-05-01"
    } else if lower.contains("microsoft.authorization") {
        "2022-04-01"
    } else if lower.contains("microsoft.keyvault") {
        "2026-02-01"
    } else if lower.contains("enterprisepolicies") {
        "2020-10-30"
    } else if lower.starts_with("/tenants") || lower.matches('/').count() < 3 {
        "2022-12-01"
    } else {
        "2021-04-01"
    }
}

fn arm(served: &Served, user: &str, path: &str) -> (u16, Value) {
    let url = format!("{ARM}{path}?api-version={}", version(path));
    let answer = ask_as(served, user, "GET", &url, "");
    let body = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, body)
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

/// The field `name` of each item in a list.
fn each<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let items = list["value"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[name].as_str().unwrap())
        .collect()
}

/// Every page of a list by the service's links, and the link of the last page.
fn all_pages(served: &Served, first: &str) -> (Vec<usize>, Vec<Value>, Option<Value>) {
    let (mut sizes, mut items, mut next) = (Vec::new(), Vec::new(), first.to_owned());
    loop {
        let page = ask_as(served, "admin", "GET", &next, "").json();
        let value = page["value"]
            .as_array()
            .unwrap_or_else(|| panic!("{next}: {page}"));
        sizes.push(value.len());
        items.extend(value.clone());
        match page.get("nextLink") {
            Some(Value::String(link)) if !link.is_empty() => next.clone_from(link),
            end => return (sizes, items, end.cloned()),
        }
    }
}

#[test]
fn everything_is_where_its_id_says() {
    let served = Served::patched(&two_subscriptions(), "1");
    let data = format!("/subscriptions/{DATA}");
    let group = format!("{data}/resourceGroups/RG-KEYS");
    let vaults = "providers/Microsoft.KeyVault/vaults";
    let policies = "providers/Microsoft.PowerPlatform/enterprisePolicies";
    let world = served.world();
    assert_eq!(
        world["vaults"]["kv-data"]["id"],
        format!("{data}/resourceGroups/rg-keys/{vaults}/kv-data")
    );
    // The same name in two subscriptions means two policies.
    let ids: Vec<&String> = world["policies"].as_object().unwrap().keys().collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(ids.iter().all(|id| id.ends_with("/ep")), "{ids:?}");
    // A scenario without places means the first subscription.
    let first = served.default_of("vault");
    let first = first.split("/resourceGroups").next().unwrap();
    assert_eq!(arm(&served, "admin", first).1["displayName"], "Platform");
    for (path, expected) in [
        (group.clone(), (403, "AuthorizationFailed")),
        (
            format!("{data}/resourceGroups/rg-none"),
            (404, "ResourceGroupNotFound"),
        ),
        (
            format!("{first}/resourceGroups/rg-keys"),
            (404, "ResourceGroupNotFound"),
        ),
        (
            format!("/subscriptions/{}", DATA.replace('2', "3")),
            (404, "SubscriptionNotFound"),
        ),
        (
            format!("{first}/resourceGroups/rg-contoso-cmk/{vaults}/kv-data"),
            (404, "ResourceNotFound"),
        ),
        (
            format!("{group}/{vaults}/kv-data"),
            (403, "AuthorizationFailed"),
        ),
        (
            format!("{group}/{policies}/ep"),
            (403, "AuthorizationFailed"),
        ),
    ] {
        assert_eq!(code(&arm(&served, "admin", &path)), expected, "{path}");
    }
}

/// A caller without a role in a subscription sees neither it nor its resources.
#[test]
fn without_a_role_a_subscription_is_not_seen() {
    let served = Served::patched(&two_subscriptions(), "1");
    let (_, list) = arm(&served, "key-vault-admin", "/subscriptions");
    assert_eq!(each(&list, "displayName"), ["Platform"]);
    assert_eq!(list["nextLink"], "");
    let (_, list) = arm(&served, "observer", "/subscriptions");
    assert!(each(&list, "displayName").is_empty(), "{list}");
    let path = format!("/subscriptions/{DATA}");
    let answer = arm(&served, "key-vault-admin", &path);
    assert_eq!(code(&answer), (403, "AuthorizationFailed"));
    for below in [
        "resources",
        "resourcegroups",
        "providers/Microsoft.KeyVault/vaults",
        "providers/Microsoft.PowerPlatform/enterprisePolicies",
    ] {
        let (status, list) = arm(&served, "key-vault-admin", &format!("{path}/{below}"));
        assert_eq!(
            (status, list["value"].as_array().map(Vec::len)),
            (200, Some(0)),
            "{below}"
        );
    }
}

#[test]
fn a_registration_is_one_subscriptions_own() {
    let served = Served::patched(&two_subscriptions(), "1");
    let world = served.world();
    let of = |id: &str| world["subscriptions"][id]["provider"].clone();
    let first = served.default_of("vault");
    let first = first.split('/').nth(2).unwrap();
    assert_eq!(
        (of(first), of(DATA)),
        (json!("Registered"), json!("NotRegistered"))
    );
}

#[test]
fn a_place_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.json");
    for (place, words) in [
        (
            json!({ "subscription": "Nowhere" }),
            "there is no subscription `Nowhere`",
        ),
        (
            json!({ "group": "rg-none" }),
            "there is no resource group `rg-none`",
        ),
        (json!({ "region": "x" }), "unknown field `region`"),
    ] {
        let vault = json!({ "place": place, "properties": {}, "keys": {} });
        let scenario = plain(json!({ "vaults": { "kv-data": vault } }));
        std::fs::write(&file, scenario.to_string()).unwrap();
        let ran = crate::tool::run(&["sandbox", "--scenario", file.to_str().unwrap()]).exits(2);
        ran.says_on_stderr(&[words]);
    }
}

fn crowded(settings: &Value) -> Served {
    let mut deleted = rsa_key();
    deleted["deleted"] = json!(true);
    let mut keys = json!({ "cmk-contoso": { "versions": 5 } });
    for number in 0..4 {
        keys[format!("cmk-{number}")] = rsa_key();
        keys[format!("old-{number}")] = deleted.clone();
    }
    let gone = json!({ "properties": {}, "keys": {}, "deleted": true });
    let lock = |name: &str| json!({ "scope": "@vault", "level": "CanNotDelete", "name": name });
    let policy = json!({ "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe" });
    Served::patched(
        &plain(json!({
            "settings": settings,
            "vaults": {
                "kv-contoso-cmk": { "keys": keys },
                "kv-1": { "properties": {}, "keys": {} }, "kv-2": { "properties": {}, "keys": {} },
                "gone-1": gone, "gone-2": gone, "gone-3": gone,
            },
            "locks": [lock("a"), lock("b"), lock("c")],
            "policies": { "ep-1": policy, "ep-2": policy, "ep-3": policy },
        })),
        "1",
    )
}

/// Every list of Azure has pages of the configured length. Its links give the same items as a
/// single long page.
#[test]
fn every_list_of_azure_has_pages() {
    let long = crowded(&json!({}));
    let short = crowded(&json!({ "arm_page_size": 2, "key_vault_page_size": 2 }));
    let vault = long.default_of("vault");
    let group = vault.split("/providers").next().unwrap();
    let subscription = group.split("/resourceGroups").next().unwrap();
    let under_vault = |rest: &str| format!("{vault}/{rest}");
    let under = |rest: &str| format!("{subscription}/{rest}");
    let lists = [
        (under("providers"), 4),
        (under("resources"), 6),
        (format!("{group}/resources"), 6),
        (under("providers/Microsoft.KeyVault/vaults"), 3),
        (under("providers/Microsoft.KeyVault/deletedVaults"), 3),
        (
            under("providers/Microsoft.PowerPlatform/enterprisePolicies"),
            3,
        ),
        (under_vault("keys"), 5),
        (under_vault("keys/cmk-contoso/versions"), 5),
        (under_vault("providers/Microsoft.Authorization/locks"), 3),
        (
            under_vault("providers/Microsoft.Authorization/roleAssignments"),
            4,
        ),
        (
            under_vault("providers/Microsoft.Authorization/roleDefinitions"),
            6,
        ),
    ];
    let arm_urls =
        lists.map(|(path, least)| (format!("{ARM}{path}?api-version={}", version(&path)), least));
    let keys = [
        ("keys", 5),
        ("deletedkeys", 4),
        ("keys/cmk-contoso/versions", 5),
    ]
    .map(|(path, least)| (format!("{VAULT}/{path}?api-version=2025-07-01"), least));
    for (url, least) in arm_urls.into_iter().chain(keys) {
        let (one, whole, _) = all_pages(&long, &url);
        assert_eq!(one.len(), 1, "{url}");
        let (sizes, items, end) = all_pages(&short, &url);
        assert!(items.len() >= least, "{url}: {}", items.len());
        assert_eq!(items, whole, "{url}");
        let (last, full) = sizes.split_last().unwrap();
        assert!(
            full.iter().all(|size| *size == 2) && (1..=2).contains(last),
            "{url}: {sizes:?}"
        );
        let wanted = url.starts_with(VAULT).then_some(Value::Null);
        assert_eq!(end, wanted, "{url}");
    }
}

#[test]
fn pages_break_repeat_and_lose_their_ids_where_a_scenario_says_so() {
    let pages = |troubles: Value| {
        crowded(&json!({ "arm_page_size": 2, "key_vault_page_size": 2, "page_troubles": troubles }))
    };
    let url = format!("{VAULT}/keys?api-version=2025-07-01");
    let first = |served: &Served| ask_as(served, "admin", "GET", &url, "").json();
    let served = pages(json!({ "breaks_after": 1 }));
    let link = first(&served)["nextLink"].as_str().unwrap().to_owned();
    assert_eq!(ask_as(&served, "admin", "GET", &link, "").status, 503);
    let served = pages(json!({ "repeats_link": true }));
    let link = first(&served)["nextLink"].as_str().unwrap().to_owned();
    assert_eq!(
        ask_as(&served, "admin", "GET", &link, "").json()["nextLink"],
        link
    );
    let served = pages(json!({ "items_without_id": true }));
    assert!(first(&served)["value"][0]["kid"].is_null());
    let served = pages(json!({ "path": "/locks", "breaks_after": 0 }));
    assert_eq!(first(&served)["value"].as_array().unwrap().len(), 2);
}

#[test]
fn key_vault_gives_as_many_as_it_is_asked_for_and_25_at_most() {
    let served = crowded(&json!({}));
    for (asked, status, length) in [
        ("1", 200, Some(1)),
        ("25", 200, Some(5)),
        ("26", 400, None),
        ("0", 400, None),
        ("x", 400, None),
    ] {
        let url = format!("{VAULT}/keys?api-version=2025-07-01&maxresults={asked}");
        let answer = ask_as(&served, "admin", "GET", &url, "");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, body["value"].as_array().map(Vec::len)),
            (status, length),
            "{asked}"
        );
    }
}

/// Names stay taken, a deleted vault is read by its location, and purge protection prevents
/// purging.
#[test]
fn what_was_deleted_is_read_recovered_and_purged_as_there() {
    let free = json!({ "properties": {}, "keys": {}, "deleted": true });
    let mut kept = free.clone();
    kept["properties"]["enablePurgeProtection"] = json!(true);
    let mut hsm = free.clone();
    hsm["hsm"] = json!(true);
    let served = Served::patched(
        &plain(json!({ "vaults": { "kv-free": free, "kv-kept": kept, "hsm-gone": hsm } })),
        "1",
    );
    let vault = served.default_of("vault");
    let subscription = vault.split("/resourceGroups").next().unwrap();
    let provider = format!("{subscription}/providers/Microsoft.KeyVault");
    let (_, list) = arm(&served, "admin", &format!("{provider}/deletedVaults"));
    for item in list["value"].as_array().unwrap() {
        let (status, one) = arm(&served, "admin", item["id"].as_str().unwrap());
        assert_eq!((status, &one), (200, item));
    }
    let (_, list) = arm(&served, "admin", &format!("{provider}/deletedManagedHSMs"));
    let properties = &list["value"][0]["properties"];
    assert!(
        properties["mhsmId"].is_string() && properties["vaultId"].is_null(),
        "{list}"
    );
    let purge = |name: &str| {
        let url = format!(
            "{ARM}{provider}/locations/westeurope/deletedVaults/{name}/purge?api-version=2026-02-01"
        );
        ask_as(&served, "admin", "POST", &url, "").status
    };
    assert_eq!(
        (purge("kv-kept"), purge("kv-none"), purge("kv-free")),
        (403, 404, 202)
    );
    assert!(served.world()["vaults"]["kv-free"].is_null());
    let key = |method: &str, path: &str| {
        let url = format!("{VAULT}/{path}?api-version=2025-07-01");
        ask_as(&served, "admin", method, &url, "")
    };
    let gone = key("DELETE", "keys/cmk-contoso").json();
    let (deleted, created) = (&gone["deletedDate"], &gone["attributes"]["created"]);
    assert!(deleted.as_i64() > created.as_i64(), "{gone}");
    let refused = key("DELETE", "deletedkeys/cmk-contoso");
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json()["error"]["innererror"]["code"],
        "ForbiddenByPolicy"
    );
    let policy = key("GET", "keys/cmk-contoso/rotationpolicy");
    assert_eq!(policy.status, 404);
}

#[test]
fn an_hsm_key_has_no_place_of_its_own() {
    let served = Served::start("managed-hsm", "1");
    let key = format!(
        "{}/keys/{}",
        served.default_of("vault"),
        served.default_of("key")
    );
    let (status, body) = arm(&served, "admin", &key);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["type"], "Microsoft.KeyVault/managedHSMs/keys");
    assert!(body["location"].is_null(), "{body}");
}
