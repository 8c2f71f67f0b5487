//! Changes that Resource Manager answers with 202. Covers the sandbox's operations, and the client,
//! which polls them to their end and trusts only a re-read.

use crate::between::Between;
use crate::between::Deed::{self, Body};
use crate::sandbox_wire::ask_as;
use crate::tenants::{linked_uat, plain};
use crate::tool::{Answer, FAST, Ran, Served};
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";

/// A scenario in which policies change with 202, with these further settings.
fn slow(settings: &Value) -> Value {
    let mut patch = plain(json!({ "settings": { "policy_async": true } }));
    for (name, value) in settings.as_object().unwrap() {
        patch["settings"][name] = value.clone();
    }
    patch
}

fn body(served: &Served, key: &str) -> String {
    json!({
        "location": "europe", "kind": "Encryption", "identity": { "type": "SystemAssigned" },
        "properties": { "encryption": { "state": "Enabled", "keyVault": {
            "id": served.default_of("vault"), "key": { "name": key } } } },
    })
    .to_string()
}

fn ask(served: &Served, method: &str, body: &str) -> Answer {
    let policy = served.default_of("policy");
    let url = format!("{ARM}{policy}?api-version=2020-10-30");
    ask_as(served, "admin", method, &url, body)
}

fn poll(served: &Served, answer: &Answer, header: &str) -> Answer {
    let url = answer
        .header(header)
        .unwrap_or_else(|| panic!("{}", answer.head));
    assert!(url.starts_with(ARM), "{url}");
    ask_as(served, "admin", "GET", url, "")
}

#[test]
fn an_operation_begins_runs_and_ends_and_the_policy_shows_after_it() {
    let served = Served::patched(&slow(&json!({ "policy_seconds": 60 })), "1");
    let wanted = body(&served, "cmk-contoso");
    let accepted = ask(&served, "PUT", &wanted);
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""));
    assert_eq!(accepted.header("retry-after"), Some("5"));
    let status = |answer: &Answer| poll(&served, answer, "azure-asyncoperation").json();
    let running = status(&accepted);
    assert_eq!(running["status"], "Running");
    assert!(running["startTime"].is_string() && running["endTime"].is_null());
    assert_eq!(poll(&served, &accepted, "location").status, 202);
    assert_eq!(ask(&served, "GET", "").status, 404);
    // The same change returns the running operation. Another change is refused.
    let again = ask(&served, "PUT", &wanted);
    let address = "azure-asyncoperation";
    assert_eq!(
        (again.status, again.header(address)),
        (202, accepted.header(address))
    );
    let other = ask(&served, "PUT", &body(&served, "cmk-else"));
    assert_eq!(other.status, 409, "{}", other.body);
    served.advance(61.0);
    let ended = status(&accepted);
    assert_eq!(ended["status"], "Succeeded");
    assert!(
        ended["endTime"].is_string() && ended["error"].is_null(),
        "{ended}"
    );
    let result = poll(&served, &accepted, "location");
    let shown = ask(&served, "GET", "");
    assert_eq!((result.status, shown.status), (200, 200));
    assert_eq!(result.json(), shown.json());
    // An update and a deletion also show only after their end.
    let update = ask(&served, "PATCH", r#"{"tags":{"a":"b"}}"#);
    assert_eq!(
        (update.status, &ask(&served, "GET", "").json()["tags"]["a"]),
        (202, &Value::Null)
    );
    served.advance(61.0);
    assert_eq!(ask(&served, "GET", "").json()["tags"]["a"], "b");
    let deletion = ask(&served, "DELETE", "");
    assert_eq!(
        (deletion.status, ask(&served, "GET", "").status),
        (202, 200)
    );
    served.advance(61.0);
    assert_eq!(ask(&served, "GET", "").status, 404);
    assert_eq!(poll(&served, &deletion, "location").status, 204);
    assert_eq!(
        served.effects(),
        ["policy-created", "policy-updated", "policy-deleted"]
    );
    let unknown = accepted
        .header(address)
        .unwrap()
        .replace("/operations/", "/operations/0");
    let answer = ask_as(&served, "admin", "GET", &unknown, "");
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (404, &json!("OperationNotFound"))
    );
}

#[test]
fn an_operation_that_fails_changes_nothing_and_says_why() {
    let failing = json!({ "code": "QuotaExceeded", "message": "Too many policies." });
    let settings = json!({ "policy_seconds": 10, "policy_fails": failing });
    let served = Served::patched(&slow(&settings), "1");
    let accepted = ask(&served, "PUT", &body(&served, "cmk-contoso"));
    assert_eq!(
        poll(&served, &accepted, "azure-asyncoperation").json()["status"],
        "Running"
    );
    served.advance(11.0);
    let ended = poll(&served, &accepted, "azure-asyncoperation");
    assert_eq!(
        (ended.status, &ended.json()["status"]),
        (200, &json!("Failed"))
    );
    assert_eq!(ended.json()["error"], failing);
    let result = poll(&served, &accepted, "location");
    assert_eq!((result.status, &result.json()["error"]), (400, &failing));
    assert_eq!(
        (ask(&served, "GET", "").status, served.effects().len()),
        (404, 0)
    );
}

/// Runs `create-policy` with an audit log, and returns the log's lines.
fn created(served: &Served) -> (Ran, Vec<Value>) {
    let path = served.folder().join("audit.jsonl");
    let log = path.to_str().unwrap().to_owned();
    let ran = served.run(&["create-policy", "--yes", "--audit-log", &log]);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (ran, lines.collect())
}

/// The number of polls of policy operations.
fn polls(served: &Served) -> usize {
    let log = served.log();
    let path = |entry: &&Value| entry["path"].as_str().unwrap().contains("/operation");
    log.iter().filter(path).count()
}

#[test]
fn an_operation_is_polled_to_its_end() {
    for settings in [
        json!({}),
        json!({ "policy_told_by": "location" }),
        json!({ "policy_seconds": 600 }),
    ] {
        let served = Served::patched(&slow(&settings), FAST);
        let (ran, lines) = created(&served);
        ran.exits(0);
        assert!(polls(&served) >= 1, "{settings}");
        let puts: Vec<&Value> = lines
            .iter()
            .filter(|line| {
                line["url"]
                    .as_str()
                    .unwrap()
                    .contains("/enterprisePolicies/")
            })
            .filter(|line| !line["url"].as_str().unwrap().contains("Authorization"))
            .collect();
        let events: Vec<&str> = puts
            .iter()
            .filter_map(|line| line["event"].as_str())
            .collect();
        assert_eq!(events, ["intent", "outcome", "ended"], "{settings}");
        assert_eq!(puts[1]["status"], 202);
        assert_eq!(puts[2]["operation"], json!({ "state": "Succeeded" }));
        for field in ["id", "url", "method", "client_request_id", "who", "plan"] {
            assert_eq!(puts[0][field], puts[2][field], "{field}");
        }
        assert_eq!(served.times("policy-created"), 1);
    }
}

#[test]
fn trouble_while_it_is_polled_is_waited_out() {
    let served = Served::patched(&slow(&json!({ "policy_seconds": 600 })), "2000");
    served.faults(&json!([
        { "match": { "path": "/operations/" }, "do": "500" },
        { "match": { "path": "/operations/" }, "do": "reset-before" },
        { "match": { "path": "/operations/" }, "do": "429-seconds", "seconds": 20 },
        { "match": { "path": "/operations/" }, "do": "html-502" },
        { "match": { "path": "/operations/" }, "do": "garbage" },
        { "match": { "path": "/operations/" }, "do": "403" },
    ]));
    let (ran, lines) = created(&served);
    ran.exits(0);
    assert!(polls(&served) >= 7);
    assert_eq!(
        lines.iter().filter(|line| line["event"] == "ended").count(),
        1
    );
    assert_eq!(served.times("policy-created"), 1);
}

#[test]
fn an_operation_that_failed_ends_the_run_with_its_code_and_words() {
    for by in ["", "location"] {
        let settings = json!({ "policy_told_by": by, "policy_fails":
            { "code": "RequestDisallowedByPolicy", "message": "Not in this country." } });
        let served = Served::patched(&slow(&settings), FAST);
        let (ran, lines) = created(&served);
        let ran = ran.exits(9);
        ran.says_on_stderr(&[
            "can't be created",
            "RequestDisallowedByPolicy",
            "Not in this country.",
            "ended with `Failed`",
            "CMK009",
            "correlation id",
        ]);
        let last = lines.last().unwrap();
        assert_eq!(last["event"], "ended");
        assert_eq!(last["operation"]["state"], "Failed");
        assert_eq!(last["operation"]["code"], "RequestDisallowedByPolicy");
        assert_eq!(last["operation"]["message"], "Not in this country.");
        let id = last["client_request_id"].as_str().unwrap();
        assert!(
            ran.stderr.contains(&format!("client request id {id}")),
            "{}",
            ran.stderr
        );
        // Nothing was sent after the failure.
        assert!(served.effects().is_empty(), "{:?}", served.effects());
    }
}

#[test]
fn an_operation_that_takes_too_long_goes_on_and_is_not_sent_again() {
    let served = Served::patched(&slow(&json!({ "policy_seconds": 40_000 })), FAST);
    let (ran, lines) = created(&served);
    ran.exits(8)
        .says_on_stderr(&["still working on the change", "Run the same command again"]);
    assert!(lines.iter().all(|line| line["event"] != "ended"));
    let log = served.log();
    let sent = log.iter().filter(|entry| entry["method"] == "PUT").count();
    assert_eq!(sent, 1, "{log:?}");
}

#[test]
fn an_operation_that_can_not_be_read_is_not_said_to_go_on() {
    for (trouble, words) in [
        ("500", "500"),
        ("429-seconds", "429"),
        ("garbage", "understood"),
    ] {
        let served = Served::patched(&slow(&json!({ "policy_seconds": 40_000 })), FAST);
        served.faults(&json!([
            { "match": { "path": "/operations/" }, "do": trouble, "times": 1000, "seconds": 20 },
        ]));
        let (ran, lines) = created(&served);
        let ran = ran.exits(9);
        ran.says_on_stderr(&[
            "accepted the change",
            "Its state is unknown after",
            words,
            "Run the same command again",
        ]);
        assert!(
            !ran.stderr.contains("continues at the service"),
            "{}",
            ran.stderr
        );
        assert!(lines.iter().all(|line| line["event"] != "ended"));
        let log = served.log();
        let sent = log.iter().filter(|entry| entry["method"] == "PUT").count();
        assert_eq!(sent, 1, "{log:?}");
    }
}

#[test]
fn an_operation_elsewhere_is_not_asked_and_a_re_read_decides() {
    let served = Served::patched(&slow(&json!({})), FAST);
    served.faults(&json!([
        { "match": { "method": "PUT", "path": "/enterprisePolicies/" }, "do": "foreign-link",
            "to": "https://evil.example/operations/1", "times": 1 },
    ]));
    let (ran, _) = created(&served);
    ran.exits(0)
        .says_on_stderr(&["can't follow the operation", "checks the result instead"]);
    assert_eq!(polls(&served), 0);
    assert_eq!(served.ledger()["foreign"], json!([]));
    assert_eq!(served.times("policy-created"), 1);
}

#[test]
fn a_policy_whose_own_state_is_not_done_is_not_used() {
    const POLICY: &str = "/enterprisePolicies/ep-contoso-cmk?";
    fn state_is(value: &mut Value, state: Value) {
        if value["properties"].is_object() {
            value["properties"]["provisioningState"] = state;
        }
    }
    let states: [(Deed, &str); 3] = [
        (
            Body(|v| state_is(v, json!("Failed"))),
            "state of the policy is Failed",
        ),
        (
            Body(|v| state_is(v, json!("Updating"))),
            "state of the policy is Updating",
        ),
        (
            Body(|v| state_is(v, json!(5))),
            "can be used: `provisioningState` is `5`, which can't be understood.",
        ),
    ];
    for (deed, words) in states {
        let served = Served::patched(&linked_uat(json!({})), FAST);
        let between = Between::new(&served, vec![(POLICY, deed)]);
        let ran = between.run_as("admin", &["check"]).exits(5);
        ran.says(&["CMK014 UNKNOWN", words]);
        let all = ["status", "--all", "--fail-on", "drift"];
        let ran = between.run_as("admin", &all).exits(5);
        ran.says(&["can't tell whether the policy can be used"]);
        // A new policy gets no grant either.
        let served = Served::patched(&slow(&json!({ "policy_seconds": 1 })), FAST);
        let between = Between::new(&served, vec![(POLICY, deed)]);
        between
            .run_as("admin", &["create-policy", "--yes"])
            .exits(9);
        assert_eq!(served.times("policy-created"), 1);
        assert_eq!(served.effects().len(), 1, "{:?}", served.effects());
    }
    let served = Served::patched(&linked_uat(json!({})), FAST);
    for done in [
        Body(|v| state_is(v, json!("succeeded"))),
        Body(|v| state_is(v, Value::Null)),
    ] {
        let between = Between::new(&served, vec![(POLICY, done)]);
        between.run_as("admin", &["check"]).exits(0);
    }
}
