//! Creates a missing key with its group and vault. Each is created once, and only if it does not
//! exist.

use crate::tool::{FAST, Ran, Served, actions, run};
use serde_json::{Value, json};

const VAULT: &str = "kv-contoso-cmk";
const PLACE: [&str; 3] = ["create-key", "--azure-location", "westeurope"];
const CONSENT: [&str; 3] = ["--yes", "--confirm", VAULT];

fn create(served: &Served, more: &[&str]) -> Ran {
    served.run(&[&PLACE[..], &CONSENT[..], more].concat())
}

fn made(served: &Served) -> Vec<usize> {
    ["group-created", "vault-created", "key-version-created"]
        .iter()
        .map(|what| served.times(what))
        .collect()
}

/// Resource Manager's JSON of a resource below the default vault.
fn resource(served: &Served, below: &str) -> Value {
    let url = format!(
        "https://management.azure.com{}{below}?api-version=2026-02-01",
        served.default_of("vault")
    );
    crate::sandbox_wire::ask_as(served, "admin", "GET", &url, "").json()
}

#[test]
fn from_an_empty_subscription_to_a_key_that_does_and_only_once() {
    let served = Served::start("empty", FAST);
    create(
        &served,
        &[
            "--rotate-every",
            "1y",
            "--notify-before",
            "30d",
            "--tag",
            "owner=security",
            "-o",
            "json",
        ],
    )
    .exits(0);
    assert_eq!(made(&served), [1, 1, 1]);
    let vault = &resource(&served, "")["properties"];
    assert_eq!(vault["enablePurgeProtection"], true);
    assert_eq!(vault["enableRbacAuthorization"], true);
    assert_eq!(vault["softDeleteRetentionInDays"], 90);
    assert_eq!(vault["sku"]["name"], "standard");
    let key = resource(&served, "/keys/cmk-contoso");
    assert_eq!(key["properties"]["kty"], "RSA");
    assert_eq!(key["properties"]["keySize"], 3072);
    assert_eq!(key["tags"]["owner"], "security");
    let rotation = &key["properties"]["rotationPolicy"];
    assert_eq!(rotation["attributes"]["expiryTime"], "P2Y");
    // The second run sends nothing, with or without the flags.
    let before = served.effects().len();
    create(&served, &["--rotate-every", "1y", "--notify-before", "30d"]).exits(0);
    let again = served.run(&["create-key", "-o", "json"]).exits(0).json();
    assert_eq!(again["outcome"], "unchanged");
    assert_eq!(served.effects().len(), before);
    // Step 3 works with this key.
    served.run(&["create-policy", "--yes"]).exits(0);
}

#[test]
fn hardware_a_closed_network_and_an_end() {
    let served = Served::start("empty", FAST);
    let wish = [
        "--hsm-protected",
        "--size",
        "2048",
        "--network",
        "trusted-services",
        "--expires",
        "2y",
    ];
    create(&served, &wish).exits(0);
    let vault = &resource(&served, "")["properties"];
    assert_eq!(vault["sku"]["name"], "premium");
    assert_eq!(vault["networkAcls"]["defaultAction"], "Deny");
    assert_eq!(vault["networkAcls"]["bypass"], "AzureServices");
    let key = &resource(&served, "/keys/cmk-contoso")["properties"];
    assert_eq!(
        (&key["kty"], &key["keySize"]),
        (&json!("RSA-HSM"), &json!(2048))
    );
    assert!(key["attributes"]["exp"].is_i64(), "{key}");
}

#[test]
fn all_in_one_run_up_to_the_encrypted_environment() {
    for registered in ["NotRegistered", "Registered"] {
        let mut scenario = empty();
        scenario["subscriptions"][0]["provider"] = json!(registered);
        let served = Served::patched(&scenario, FAST);
        let enable = [
            "enable",
            "--create-key",
            "--azure-location",
            "westeurope",
            "--make-managed",
            "--yes",
            "--confirm",
            "Contoso UAT",
            "--confirm",
            VAULT,
        ];
        served.run(&enable).exits(0);
        assert_eq!(made(&served), [1, 1, 1]);
        let before = served.effects().len();
        served.run(&enable).exits(0);
        assert_eq!(served.effects().len(), before);
    }
    run(&["enable", "--sandbox", "--size", "2048"])
        .exits(2)
        .says_on_stderr(&["requires `--create-key`"]);
}

fn empty() -> Value {
    serde_json::from_str(include_str!("../../src/sandbox/scenarios/empty.json")).unwrap()
}

#[test]
fn purge_protection_takes_the_name_and_a_plan_takes_nothing() {
    let served = Served::start("empty", FAST);
    let dry = [&PLACE[..], &["--dry-run", "-o", "json"]].concat();
    let plan = served.run(&dry).exits(0).json();
    assert_eq!(
        actions(&plan),
        ["create-group", "create-vault", "create-key"]
    );
    for consent in [&[][..], &["--yes"]] {
        served
            .run(&[&PLACE[..], consent].concat())
            .exits(10)
            .says_on_stderr(&["can never be turned off again", "--confirm"]);
    }
    let other = [&PLACE[..], &["--yes", "--confirm", "kv-other"]].concat();
    served.run(&other).exits(2);
    assert!(served.effects().is_empty());
    // Without a region, the vault has no location.
    served
        .run(&["create-key", "--yes"])
        .exits(6)
        .says_on_stderr(&["CMK050"]);
}

#[test]
fn a_new_vault_is_named_by_its_name_and_its_group() {
    let served = Served::start("empty", FAST);
    let named = ["create-key", "--vault", "kv-new", "--key", "cmk", "--yes"];
    served
        .run(&named)
        .exits(2)
        .says_on_stderr(&["--resource-group"]);
    let whole = [
        &named[..],
        &[
            "--resource-group",
            "rg-new",
            "--azure-location",
            "West Europe",
            "--confirm",
            "kv-new",
        ],
    ]
    .concat();
    served.run(&whole).exits(0);
    // The vault now exists. Its name, its address and the key's identifier all find it.
    served.run(&named).exits(0);
    for (vault, key) in [
        ("https://kv-new.vault.azure.net/", "cmk"),
        ("kv-new", "https://kv-new.vault.azure.net/keys/cmk"),
    ] {
        served
            .run(&["create-key", "--vault", vault, "--key", key])
            .exits(0);
    }
    served
        .run(&[&named[..], &["--resource-group", "rg-other"]].concat())
        .exits(2)
        .says_on_stderr(&["is in another resource group or subscription"]);
    served
        .run(&["create-key", "--vault", "a_b", "--key", "cmk"])
        .exits(2);
    assert_eq!(made(&served), [1, 1, 1]);
}

#[test]
fn several_subscriptions_are_listed_and_one_is_named() {
    let served = Served::start("many-subscriptions", FAST);
    let new = [
        "create-key",
        "--vault",
        "kv-new",
        "--key",
        "cmk",
        "--resource-group",
        "rg-contoso-sales",
        "--yes",
        "--confirm",
        "kv-new",
    ];
    served
        .run(&new)
        .exits(2)
        .says_on_stderr(&["--subscription ID", "Contoso Sales"]);
    let named = |name| [&new[..], &["--subscription", name]].concat();
    served.run(&named("Contoso Nobody")).exits(2);
    // The group exists and gives the region.
    served.run(&named("contoso sales")).exits(0);
    assert_eq!(made(&served), [0, 1, 1]);
}

#[test]
fn a_name_that_is_taken_or_deleted_is_said_and_nothing_is_sent() {
    let mut scenario = empty();
    scenario["subscriptions"][0]["groups"] = json!(["rg-contoso-cmk", "rg-other"]);
    let theirs = json!({ "place": { "group": "rg-other" }, "keys": { "cmk-contoso": {} },
        "properties": {} });
    for (deleted, code, words) in [
        (false, "CMK049", "Choose another name"),
        (true, "CMK046", "az keyvault recover --name kv-contoso-cmk"),
    ] {
        scenario["vaults"][VAULT] = theirs.clone();
        scenario["vaults"][VAULT]["deleted"] = json!(deleted);
        let served = Served::patched(&scenario, FAST);
        let id = served
            .default_of("vault")
            .replace("rg-other", "rg-contoso-cmk");
        create(&served, &["--vault", &id])
            .exits(6)
            .says_on_stderr(&[code, words]);
        assert!(served.effects().is_empty());
    }
}

#[test]
fn what_is_there_is_never_changed() {
    let sku = json!({ "family": "A", "name": "standard" });
    let vault = json!({ "vaults": { VAULT: { "properties": { "sku": sku } } } });
    let served = Served::patched(&vault, FAST);
    served.run(&["create-key"]).exits(0);
    for more in [
        &["--size", "2048"][..],
        &["--hsm-protected"],
        &["--rotate-every", "1y"],
    ] {
        served
            .run(&[&["create-key", "--yes"], more].concat())
            .exits(6)
            .says_on_stderr(&["CMK051"]);
    }
    // A vault with the standard SKU can't create hardware keys.
    served
        .run(&["create-key", "--key", "cmk-hsm", "--hsm-protected", "--yes"])
        .exits(6)
        .says_on_stderr(&["CMK051"]);
    assert!(served.effects().is_empty());
    served
        .run(&["create-key", "--key", "cmk-new", "--yes"])
        .exits(0);
    assert_eq!(made(&served), [0, 0, 1]);
}

#[test]
fn a_managed_hsm_is_used_and_never_made() {
    let served = Served::start("managed-hsm", FAST);
    served
        .run(&["create-key", "--key", "cmk-new", "--yes"])
        .exits(0);
    let key = &resource(&served, "/keys/cmk-new")["properties"];
    assert_eq!(key["kty"], "RSA-HSM");
    let other = served.default_of("vault") + "x";
    create(&served, &["--vault", &other])
        .exits(6)
        .says_on_stderr(&["CMK046"]);
}

#[test]
fn who_lacks_the_right_is_told_which_before_anything_is_sent() {
    let served = Served::start("empty", FAST);
    for user in ["power-platform-admin", "observer"] {
        let ran = served.run_as(user, &[&PLACE[..], &CONSENT[..]].concat());
        assert!([5, 6].contains(&ran.code), "{user}: {}", ran.stderr);
    }
    let mut scenario = empty();
    scenario["users"] = json!({ "admin": { "about": "reads only", "azure": ["Reader"] } });
    let served_reader = Served::patched(&scenario, FAST);
    create(&served_reader, &[])
        .exits(6)
        .says_on_stderr(&["CMK045", "Contributor"]);
    assert!(served.effects().is_empty() && served_reader.effects().is_empty());
}

#[test]
fn a_lost_answer_makes_nothing_twice() {
    for part in [
        "/resourceGroups/rg-contoso-cmk",
        "/vaults/kv-contoso-cmk",
        "/keys/cmk-contoso",
    ] {
        for trouble in [
            "reset-after",
            "reset-before",
            "500-after",
            "503-seconds",
            "cut",
        ] {
            let served = Served::start("empty", "3000");
            served.faults(
                &json!([{ "match": { "method": "PUT", "path": part }, "do": trouble,
                "seconds": 1 }]),
            );
            create(&served, &[]).exits(0);
            assert_eq!(made(&served), [1, 1, 1], "{part} {trouble}");
        }
    }
}

#[test]
fn whoever_can_not_ask_for_the_name_makes_nothing() {
    for trouble in ["403", "500", "garbage"] {
        let served = Served::start("empty", "3000");
        served.faults(
            &json!([{ "match": { "path": "/checkNameAvailability" }, "do": trouble,
            "times": 99 }]),
        );
        let ran = create(&served, &[]);
        assert!(
            [5, 1].contains(&ran.code),
            "{trouble}: {} {}",
            ran.code,
            ran.stderr
        );
        assert!(served.effects().is_empty(), "{trouble}");
    }
}

#[test]
fn it_says_what_comes_next_and_writes_down_what_it_did() {
    let served = Served::start("empty", FAST);
    let log = served.write("audit.jsonl", "");
    create(&served, &["Contoso UAT", "--audit-log", &log])
        .exits(0)
        .says(&["create-policy", "--key cmk-contoso"]);
    let lines = std::fs::read_to_string(&log).unwrap();
    for part in [
        "resourceGroups",
        "vaults/kv-contoso-cmk",
        "keys/cmk-contoso",
    ] {
        assert!(lines.contains(part), "{part}: {lines}");
    }
}
