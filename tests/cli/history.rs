//! What happened to an environment is told as the service keeps it, and how long such operations
//! take is told from the tenant's own past.

use crate::tenants::{linked_uat, policy_ready};
use crate::tool::{CONSENT, FAST, START_ADD, Served};
use serde_json::{Value, json};

fn history(served: &Served) -> Vec<Value> {
    let document = served.run(&["history", "-o", "json"]).exits(0).json();
    document["operations"].as_array().unwrap().clone()
}

#[test]
fn an_add_and_a_removal_say_what_they_meant() {
    let served = Served::patched(&policy_ready(json!({})), FAST);
    assert!(history(&served).is_empty());
    served
        .run(&["history"])
        .exits(0)
        .says(&["lists no operation"]);
    served
        .run(&[&["add-environment"][..], &CONSENT].concat())
        .exits(0);
    let all = history(&served);
    let add = &all[0];
    assert_eq!(add["kind"], "NewCustomerManagedKey");
    assert_eq!(add["state"], "Succeeded");
    assert_eq!(add["key"], "encrypted with the key of the policy");
    assert!(add["seconds"].as_i64().unwrap() > 0, "{add:#}");
    assert!(add["requested_by"]["id"].is_string(), "{add:#}");
    assert!(!add["stages"].as_array().unwrap().is_empty(), "{add:#}");
    assert_eq!(add["key_needed_until"], Value::Null);
    served
        .run(&[&["remove-environment"][..], &CONSENT].concat())
        .exits(0);
    let all = history(&served);
    assert_eq!(all[0]["key"], "back on the Microsoft key");
    assert!(all[0]["key_needed_until"].is_string(), "{:#}", all[0]);
    assert!(all.len() >= 2);
    served
        .run(&["history"])
        .exits(0)
        .says(&["old key needed until", "RevertToMicrosoftKey"]);
    let lines = served.run(&["history", "-o", "jsonl"]).exits(0).stdout;
    assert_eq!(lines.lines().count(), all.len());
}

#[test]
fn a_running_add_is_estimated_by_those_before() {
    let served = Served::patched(&policy_ready(json!({})), "1");
    let estimate = || {
        let status = served.run(&["status", "-o", "json"]).exits(0).json();
        status["estimate"].clone()
    };
    // It ends, and then the reads show it, too.
    let ended = || {
        served.advance(86_400.0);
        served.run(&["status"]).exits(0);
        served.advance(7200.0);
    };
    // Nothing is known of this tenant yet.
    served.run(&START_ADD).exits(8);
    assert_eq!(estimate(), Value::Null);
    ended();
    assert_eq!(estimate(), Value::Null);
    let remove = ["remove-environment", "--no-wait"];
    served.run(&[&remove[..], &CONSENT].concat()).exits(8);
    ended();
    served.run(&START_ADD).exits(8);
    let found = estimate();
    assert_eq!(found["count"], 1, "{found}");
    assert_eq!(found["shortest_seconds"], found["longest_seconds"]);
    served
        .run(&["status"])
        .exits(0)
        .says(&["one earlier operation of this kind took"]);
}

#[test]
fn a_history_that_is_not_visible_is_said() {
    let served = Served::patched(&linked_uat(json!({})), FAST);
    let rule = json!([{ "match": { "method": "GET", "path": "/lifecycleOperations" }, "do": "403",
        "times": 99 }]);
    served.faults(&rule);
    served.run(&["history"]).exits(5).says(&["not visible"]);
    served.faults(&json!([]));
    served.run_as("observer", &["history"]).exits(5);
}
