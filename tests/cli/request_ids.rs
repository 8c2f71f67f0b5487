//! `x-ms-client-request-id`: on every request, different each time, returned where the services do
//! so, and shown for a failed request.

use crate::sandbox_wire::BAP;
use crate::tool::{Answer, FAST, Served, http};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const OURS: &str = "x-ms-client-request-id";

fn ids(log: &[Value]) -> Vec<&str> {
    log.iter()
        .map(|entry| entry["client_request_id"].as_str().unwrap())
        .collect()
}

#[test]
fn every_request_of_a_run_has_an_id_of_its_own() {
    let served = Served::start("fresh", FAST);
    // Each retry is a request of its own.
    served.faults(&json!([
        { "match": { "method": "GET", "path": "/vaults/", "nth": 1 }, "do": "500" },
        { "match": { "method": "PUT", "path": "/enterprisePolicies/" }, "do": "reset-after" },
        { "match": { "host": "vault.azure.net", "nth": 2 }, "do": "500" },
    ]));
    served
        .run(&[
            "enable",
            "--yes",
            "--confirm",
            "Contoso UAT",
            "--make-managed",
        ])
        .exits(0);
    let log = served.log();
    let services: BTreeSet<&str> = log
        .iter()
        .filter_map(|one| one["service"].as_str())
        .collect();
    for service in ["arm", "bap", "dataverse", "entra", "keyvault"] {
        assert!(services.contains(service), "{services:?}");
    }
    let all = ids(&log);
    assert!(all.len() > 40, "{}", all.len());
    for (id, entry) in all.iter().zip(&log) {
        let parsed = Uuid::parse_str(id).unwrap_or_else(|error| panic!("{error}: {entry}"));
        assert_eq!(
            (parsed.get_version_num(), parsed.to_string()),
            (4, (*id).to_owned())
        );
    }
    let different: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn a_failed_request_is_told_with_its_id() {
    for (rule, command) in [
        // Key Vault's official client loses the id if the connection breaks.
        (json!({ "host": "vault.azure.net" }), "create-policy"),
        (json!({ "path": "/scopes/admin/environments" }), "status"),
    ] {
        let served = Served::start("ready", FAST);
        served.faults(&json!([{ "match": rule, "do": "reset-before", "times": 1000 }]));
        let ran = served.run(&["-vv", command]);
        let log = served.log();
        let lost: Vec<&Value> = log.iter().filter(|entry| entry["status"] == 0).collect();
        assert!(!lost.is_empty(), "{command}");
        for entry in lost {
            let id = entry["client_request_id"].as_str().unwrap();
            assert!(
                ran.stderr.contains(&format!("client request id {id}")),
                "{}",
                ran.stderr
            );
        }
    }
    let served = Served::start("ready", FAST);
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "reset-before", "times": 1000 }]));
    let ran = served.run(&["status", "-o", "json"]).exits(1);
    let error: Value = serde_json::from_str(&ran.stdout).unwrap();
    let told = error["client_request_id"].as_str().unwrap();
    assert!(ids(&served.log()).contains(&told), "{error}");
    assert!(error["correlation_id"].is_null(), "{error}");
}

/// Sends a request with this id.
fn sent(served: &Served, token: &str, url: &str, more: &[(&str, &str)]) -> Answer {
    let (host, path) = url
        .strip_prefix("https://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let bearer = format!("Bearer {token}");
    let own = [
        ("x-cmkctl-host", host),
        ("authorization", &bearer),
        (OURS, "an-id"),
    ];
    http(
        &served.url,
        "GET",
        &format!("/{path}"),
        &[&own[..], more].concat(),
        "",
    )
}

#[test]
fn services_say_an_id_again_as_they_do() {
    let served = Served::start("ready", "1");
    let arm = "https://management.azure.com";
    let vault = "https://vault.azure.net";
    let list = format!("{arm}/subscriptions?api-version=2022-12-01");
    let key = "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso?api-version=7.6";
    let tenant = format!("{BAP}/tenant?api-version=2021-04-01");
    let wanted = [("x-ms-return-client-request-id", "true")];
    for (audience, url, more, again) in [
        (arm, list.as_str(), &wanted[..], Some("an-id")),
        (arm, &list, &[], None),
        (
            arm,
            &list,
            &[("x-ms-return-client-request-id", "false")],
            None,
        ),
        (vault, key, &[], Some("an-id")),
        ("https://service.powerapps.com/", &tenant, &wanted, None),
    ] {
        let token = served.token("admin", audience);
        let answer = sent(&served, &token, url, more);
        assert_eq!(
            (answer.status, answer.header(OURS)),
            (200, again),
            "{url} {more:?}"
        );
        // The challenge has it too.
        let stranger = sent(&served, "x", url, more);
        assert_eq!(
            (stranger.status, stranger.header(OURS)),
            (401, again),
            "{url}"
        );
    }
    assert!(ids(&served.log()).contains(&"an-id"));
}
