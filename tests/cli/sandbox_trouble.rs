//! The sandbox with scripted trouble, its doors, and its answers beside recordings of the real
//! service; raw HTTP, as in [`crate::sandbox_wire`].

use crate::sandbox_wire::{
    BAP, EXPANDED, ask_as, follow, id_of, pages, read_environment, start_link, uat_id, with_policy,
};
use crate::tool::{FAST, Served, http};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn a_token_opens_only_the_service_it_is_for() {
    let served = Served::start("managed-hsm", "1");
    let arm = "https://management.azure.com";
    let (bap, org) = (
        "https://service.powerapps.com/",
        "https://contoso-uat.crm4.dynamics.com",
    );
    let policies = format!(
        "{arm}{}?api-version=2020-10-30",
        served.default_of("policy")
    );
    for (url, right, wrong) in [
        (
            format!("{BAP}/tenant?api-version=2021-04-01"),
            bap,
            "https://api.bap.microsoft.com",
        ),
        (
            format!("{arm}/subscriptions?api-version=2022-12-01"),
            arm,
            bap,
        ),
        (policies, arm, "https://vault.azure.net"),
        (
            "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso".to_owned(),
            "https://vault.azure.net",
            arm,
        ),
        (
            "https://hsm-contoso-cmk.managedhsm.azure.net/keys/cmk-contoso".to_owned(),
            "https://managedhsm.azure.net",
            "https://vault.azure.net",
        ),
        (
            format!("{org}/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails"),
            org,
            bap,
        ),
        (
            "https://api.powerplatform.com/environmentmanagement/environments/x".to_owned(),
            "https://api.powerplatform.com/",
            bap,
        ),
    ] {
        assert_ne!(
            served
                .ask(&served.token("admin", right), "GET", &url, "")
                .status,
            401,
            "{url}"
        );
        assert_eq!(
            served
                .ask(&served.token("admin", wrong), "GET", &url, "")
                .status,
            401,
            "{url}"
        );
        assert_eq!(served.ask("", "GET", &url, "").status, 401, "{url}");
        let foreign = served.ask("eyJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJl", "GET", &url, "");
        assert_eq!(foreign.status, 401, "{url}");
    }
    // A foreign token is noticed.
    assert_eq!(served.effects(), ["foreign-token"; 7]);
}

#[test]
fn time_is_stepped_for_the_sandbox_and_for_its_clients() {
    let served = Served::start("ready", "1");
    let (epoch, begun) = (served.cloud()["sandbox"]["epoch"].clone(), started(&served));
    let token = served.token("admin", "https://service.powerapps.com/");
    let url = format!("{BAP}/tenant?api-version=2021-04-01");
    let date = || {
        let answer = served.ask(&token, "GET", &url, "");
        jiff::fmt::rfc2822::parse(answer.header("date").unwrap())
            .unwrap()
            .timestamp()
    };
    let before = date();
    served.advance(90_000.0);
    let passed = date().duration_since(before).as_secs();
    assert!((90_000..90_600).contains(&passed), "{passed}");
    // Times from the epoch stay the same. A client calculates with an earlier start.
    assert_eq!(served.cloud()["sandbox"]["epoch"], epoch);
    assert_eq!(begun - started(&served), 90_000_000);
    for wrong in [
        "{}",
        r#"{"seconds":-1}"#,
        r#"{"seconds":"1"}"#,
        r#"{"seconds":1e9}"#,
    ] {
        assert_eq!(
            http(&served.url, "POST", "/_sandbox/advance", &[], wrong).status,
            400,
            "{wrong}"
        );
    }
}

fn started(served: &Served) -> i64 {
    served.cloud()["sandbox"]["started_unix_ms"]
        .as_i64()
        .unwrap()
}

#[test]
fn trouble_comes_when_it_is_scripted() {
    let served = with_policy(
        &json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } } }),
        "1",
    );
    let url = format!(
        "{BAP}/scopes/admin/environments/{}?{EXPANDED}",
        uat_id(&served)
    );
    let token = served.token("admin", "https://service.powerapps.com/");
    let hit = |kind: &str| {
        served.faults(&json!([{ "match": { "host": "bap" }, "do": kind, "seconds": 17 }]));
        let answer = served.ask(&token, "GET", &url, "");
        assert_eq!(
            served.ask(&token, "GET", &url, "").status,
            200,
            "{kind}: once is once"
        );
        answer
    };
    for status in [429, 503] {
        assert_eq!(
            hit(&format!("{status}-seconds")).header("retry-after"),
            Some("17")
        );
        let answer = hit(&format!("{status}-date"));
        let date = |name: &str| {
            jiff::fmt::rfc2822::parse(answer.header(name).unwrap())
                .unwrap()
                .timestamp()
        };
        let seconds = date("retry-after").duration_since(date("date")).as_secs();
        assert!((16..=17).contains(&seconds), "{status}: {}", answer.head);
    }
    let page = hit("html-502");
    assert!(
        page.status == 502
            && page.body.starts_with("<html>")
            && page.header("content-type") == Some("text/html")
    );
    for (kind, status) in [
        ("401", 401),
        ("403", 403),
        ("404", 404),
        ("500", 500),
        ("409", 409),
        ("409-empty", 409),
    ] {
        assert_eq!(hit(kind).status, status, "{kind}");
    }
    assert!(serde_json::from_str::<Value>(&hit("garbage").body).is_err());
    let cut = hit("cut");
    let promised: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert!(
        cut.status == 200 && !cut.body.is_empty() && cut.body.len() < promised,
        "{}",
        cut.body.len()
    );
    for kind in ["reset-before", "reset-after", "refuse"] {
        assert_eq!(hit(kind).status, 0, "{kind}");
    }
    let odd = hit("unknown-enum").json()["properties"].clone();
    for value in [
        &odd["environmentSku"],
        &odd["states"]["management"]["id"],
        &odd["states"]["runtime"]["id"],
        &odd["governanceConfiguration"]["protectionLevel"],
        &odd["enterprisePolicies"]["customerManagedKeys"]["linkStatus"],
    ] {
        assert_eq!(*value, "Wibble");
    }
    // A change without an answer has happened. A change that was cut off before has not.
    for (kind, effects) in [("reset-before", 0), ("reset-after", 1)] {
        let served = with_policy(&json!({}), "1");
        served.faults(&json!([{ "match": { "path": "/Encryption/link" }, "do": kind }]));
        assert_eq!(
            (
                start_link(&served, &uat_id(&served)).status,
                served.effects().len()
            ),
            (0, effects),
            "{kind}"
        );
    }
}

/// Every path of a document, with `[]` for arrays and `*` for keys that are data.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, inner)| {
            let name = if at.ends_with("permissions") {
                "*"
            } else {
                name
            };
            into.insert(format!("{at}.{name}"));
            paths(inner, &format!("{at}.{name}"), into);
        }),
        Value::Array(list) => list
            .iter()
            .for_each(|inner| paths(inner, &format!("{at}[]"), into)),
        _ => {}
    }
}

/// The sandbox sends only fields that a real service has sent. They are compared with recordings if
/// `CMKCTL_RECORDED` is set.
#[test]
fn the_sandbox_sends_nothing_that_was_never_recorded() {
    // Documented but not recorded: paths that start with these are allowed.
    const DOCUMENTED: [(&str, &str); 4] = [
        (
            "environment.properties.linkedAppMetadata",
            "the recordings are of environments without finance and operations",
        ),
        (
            "environment.properties.ongoingOperation",
            "the recordings are of environments at rest",
        ),
        (
            "environment.properties.permissions",
            "the recordings are not expanded by it",
        ),
        (
            "operation.error",
            "the recorded failures have none; that there may be one is documented",
        ),
    ];
    let Some(folder) = std::env::var_os("CMKCTL_RECORDED") else {
        return;
    };
    let recorded = |start: &str| {
        let mut all = BTreeSet::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with(start) && name.ends_with(".json") {
                let value: Value =
                    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let one = name
                    .starts_with("environments")
                    .then(|| value["value"].as_array().unwrap().clone());
                one.unwrap_or_else(|| vec![value])
                    .iter()
                    .for_each(|value| paths(value, "", &mut all));
            }
        }
        assert!(!all.is_empty(), "{start}");
        all
    };
    let patch = json!({ "environments": { "production": { "policy": "ep-contoso-cmk" } },
        "settings": { "link_ends": "failed" } });
    let (served, slow) = (with_policy(&patch, FAST), with_policy(&json!({}), "1"));
    assert_eq!(start_link(&slow, &uat_id(&slow)).status, 202);
    let operation = start_link(&served, &uat_id(&served))
        .header("operation-location")
        .unwrap()
        .to_owned();
    let tenant = |path: &str| ask_as(&served, "admin", "GET", &format!("{BAP}/{path}"), "").json();
    let mut environments = pages(&served, "admin").concat();
    environments.extend([
        read_environment(&served, &id_of(&served, "Contoso Production")),
        read_environment(&slow, &uat_id(&slow)),
    ]);
    let errors = vec![
        tenant("scopes/admin/environments/x"),
        start_link(&slow, &uat_id(&slow)).json(),
    ];
    let mut never = Vec::new();
    for (kind, sent) in [
        ("environment", environments),
        ("operation", vec![follow(&served, &operation).1.json()]),
        ("error", errors),
        ("tenant", vec![tenant("tenant?api-version=2021-04-01")]),
        (
            "locations",
            vec![tenant("locations?api-version=2023-06-01")],
        ),
    ] {
        let known = recorded(kind);
        let mut own = BTreeSet::new();
        sent.iter().for_each(|value| paths(value, "", &mut own));
        never.extend(own.difference(&known).map(|path| format!("{kind}{path}")));
    }
    never.retain(|path| !DOCUMENTED.iter().any(|(start, _)| path.starts_with(start)));
    assert!(never.is_empty(), "{never:#?}");
}

/// A part of an answer, or the whole answer, is changed. The request takes its normal effect.
#[test]
fn an_answer_can_be_poorer_at_one_place() {
    let served = with_policy(&json!({}), "1");
    let id = uat_id(&served);
    let hit = |how: &str, at: &str| {
        served.faults(&json!([{ "match": { "path": id }, "do": how, "to": at }]));
        let url = format!("{BAP}/scopes/admin/environments/{id}?{EXPANDED}");
        ask_as(&served, "admin", "GET", &url, "")
    };
    let whole = hit("drop", "/nothing").json();
    let runtime = "/properties/states/runtime/id";
    assert_eq!(whole.pointer(runtime), Some(&json!("Enabled")));
    for (how, at, expected) in [
        ("drop", runtime, None),
        ("null", runtime, Some(Value::Null)),
        ("word", runtime, Some(json!("Wibble"))),
        ("retype", runtime, Some(json!(7))),
        ("rename", runtime, None),
        ("recase", "/properties/states", None),
    ] {
        let poorer = hit(how, at).json();
        assert_eq!(poorer.pointer(runtime), expected.as_ref(), "{how}");
        assert_eq!(poorer["name"], whole["name"], "{how}");
    }
    assert_eq!(hit("204", "").status, 204);
    assert_eq!(hit("200-empty", "").json(), json!({}));
    assert!(hit("200-error", "").json()["error"]["code"].is_string());
    served.faults(&json!([{ "match": { "path": "/Encryption/link" }, "do": "401-after" }]));
    assert_eq!(start_link(&served, &id).status, 401);
    assert_eq!(served.effects().len(), 1);
}
