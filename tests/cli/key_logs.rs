//! `retire-key --evidence`: the logs of the vault speak against retiring a key, and never for it.

use crate::retire::old_keys;
use crate::tool::{FAST, Ran, Served, overlaid};
use serde_json::{Value, json};

const WORKSPACE: &str = "aaaaaaaa-2222-3333-4444-555555555555";

/// A tenant whose free key may be retired, with a workspace.
fn tenant(workspace: Value) -> Value {
    let own = overlaid(json!({ "id": WORKSPACE }), workspace);
    overlaid(
        old_keys(31.0),
        json!({ "workspaces": { "log-contoso": own } }),
    )
}

fn used(version: u32, days_ago: f64) -> Value {
    json!({ "vault": "kv-contoso-cmk", "key": "cmk-free", "version": version,
        "policy": "ep-contoso-cmk", "days_ago": days_ago })
}

fn retire(served: &Served, workspace: &str) -> Ran {
    served.run(&[
        "retire-key",
        "--key",
        "cmk-free",
        "--deleted-environments-checked",
        "--confirm",
        "cmk-free",
        "--evidence",
        workspace,
    ])
}

fn queries(served: &Served) -> u64 {
    served.ledger()["by_service"]["log_analytics"]
        .as_u64()
        .unwrap()
}

#[test]
fn a_use_after_its_days_refuses_in_both_tables() {
    for table in ["AZKVAuditLogs", "AzureDiagnostics"] {
        let served = Served::patched(
            &tenant(json!({ "vaults": ["kv-contoso-cmk"], "table": table,
                "uses": [used(2, 3.0), used(1, 80.0)] })),
            FAST,
        );
        let ran = retire(&served, WORKSPACE).exits(6);
        for words in [
            "CMK033 BLOCK: The last KeyUnwrap with the key version ",
            " by the identity of the policy `ep-contoso-cmk` at 20",
            "should have stopped using this version by ",
        ] {
            assert!(ran.stderr.contains(words), "{}", ran.stderr);
        }
        assert!(served.effects().is_empty());
        // The override of dates does not cover it.
        let log = served.folder().join("audit.log");
        let log = log.to_str().unwrap();
        let overridden = ["--override-dates", "--audit-log", log, "--yes"];
        let all = ["retire-key", "--key", "cmk-free", "--confirm", "cmk-free"];
        let more = ["--deleted-environments-checked", "--evidence", WORKSPACE];
        served
            .run(&[&all[..], &more, &overridden].concat())
            .exits(6);
        assert!(served.effects().is_empty());
    }
}

#[test]
fn earlier_uses_are_shown_and_asked_for_again_before_each_change() {
    let served = Served::patched(
        &tenant(json!({ "vaults": ["kv-contoso-cmk"], "days": 365,
            "uses": [used(1, 80.0), used(2, 40.0)] })),
        FAST,
    );
    let dry = served.run(&[
        "retire-key",
        "--key",
        "cmk-free",
        "--deleted-environments-checked",
        "--evidence",
        WORKSPACE,
        "--dry-run",
        "-o",
        "json",
    ]);
    let document = dry.exits(0).json();
    let found = document["plan"]["findings"].as_array().unwrap();
    let shown = |one: &&Value| {
        let message = one["message"].as_str().unwrap_or_default();
        message.starts_with("The last KeyUnwrap with the key version ")
            && one["severity"] == "acknowledge"
    };
    assert_eq!(found.iter().filter(shown).count(), 2, "{document:#}");
    assert_eq!(queries(&served), 1);
    retire(&served, WORKSPACE).exits(0);
    // Before the plan, directly before each of two changes, and after them.
    assert_eq!(queries(&served), 5);
}

#[test]
fn without_the_flag_no_log_is_read() {
    let served = Served::patched(&tenant(json!({ "vaults": [] })), FAST);
    served.run(&crate::tool::RETIRE_FREE).exits(0);
    assert_eq!(queries(&served), 0);
}

#[test]
fn logs_that_can_not_tell_refuse_with_a_way_out() {
    let no_logs = json!({ "vaults": [] });
    let partial = json!({ "vaults": ["kv-contoso-cmk"], "partial": true });
    for (workspace, why) in [
        (no_logs, "has no log of the vault"),
        (
            partial,
            "Log Analytics sent only a part of the result (PartialError)",
        ),
    ] {
        let served = Served::patched(&tenant(workspace), FAST);
        let ran = retire(&served, WORKSPACE).exits(5);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("without `--evidence`"),
            "{}",
            ran.stderr
        );
        assert!(served.effects().is_empty());
    }
    let served = Served::patched(&tenant(json!({ "vaults": ["kv-contoso-cmk"] })), FAST);
    for fault in ["403", "garbage"] {
        served.faults(&json!([{ "match": { "host": "loganalytics" }, "do": fault, "times": 99 }]));
        retire(&served, WORKSPACE).exits(5);
    }
    assert!(served.effects().is_empty());
}

#[test]
fn a_workspace_that_is_not_there_is_a_mistake_of_the_command() {
    let served = Served::patched(&tenant(json!({ "vaults": ["kv-contoso-cmk"] })), FAST);
    let ran = retire(&served, "bbbbbbbb-2222-3333-4444-555555555555").exits(2);
    assert!(
        ran.stderr
            .contains("There is no Log Analytics workspace bbbbbbbb-"),
        "{}",
        ran.stderr
    );
    let ran = retire(&served, "log-contoso").exits(2);
    assert!(
        ran.stderr
            .contains("`log-contoso` is not the id of a Log Analytics workspace."),
        "{}",
        ran.stderr
    );
    assert!(served.effects().is_empty());
    // The ARM id names the same workspace.
    let group = "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110/resourceGroups/rg-contoso-cmk";
    let id = format!("{group}/providers/Microsoft.OperationalInsights/workspaces/log-contoso");
    retire(&served, &id).exits(0);
}
