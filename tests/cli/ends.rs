//! Possible ends of an encryption, and their messages. The operation's state and the environment's
//! state may differ.

use crate::tenants::{link_ends, plain, policy_ready};
use crate::tool::{FAST, Served};
use serde_json::json;

/// Setting of the services; exit code of the wait; words in the output, and words that must not be
/// there.
const ENDS: [(&str, i32, &[&str], &[&str]); 9] = [
    ("", 0, &["(verified)"], &["! "]),
    (
        "succeeded-without-link",
        9,
        &[
            "does not show that the policy is applied. State: link `no policy`",
            "ended with `Succeeded`",
        ],
        &["the service gave no reason"],
    ),
    (
        "failed",
        9,
        &[
            "the link status is `Failed`",
            "SandboxKeyNotReachable",
            "Run the same add command again. Do not remove",
        ],
        &[],
    ),
    (
        "failed-silently",
        9,
        &[
            "the service gave no reason, and every stage succeeded",
            "Run the same add command again. Do not remove",
        ],
        &[],
    ),
    (
        "failed-with-link",
        0,
        &[
            "ended with `Failed`, but the environment shows that the policy is linked",
            "Check again tomorrow",
        ],
        &["error:"],
    ),
    (
        "vanished",
        0,
        &["no longer knows the operation. cmkctl now checks the environment"],
        &["error:"],
    ),
    (
        "vanished-without-link",
        9,
        &[
            "No operation runs on",
            "does not show that the policy is applied. State: link `no policy`",
        ],
        &[],
    ),
    (
        "early",
        0,
        &["The environment is online again, but the service still shows the operation"],
        &["error:"],
    ),
    (
        "unknown",
        0,
        &["unknown state `Wibble`", "The environment is online again"],
        &["error:"],
    ),
];

#[test]
fn every_end_has_its_verdict() {
    for (ends, code, said, unsaid) in ENDS {
        // Long enough for a read between the early return and the end.
        let seconds = if ends == "early" { 60_000 } else { 5400 };
        let settings = json!({ "link_ends": ends, "link_seconds": seconds });
        let served = Served::patched(&plain(json!({ "settings": settings })), FAST);
        let ran = served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
            .exits(code);
        for words in said {
            assert!(
                ran.stderr.contains(words) || ran.stdout.contains(words),
                "{ends}: {words}: {}{}",
                ran.stderr,
                ran.stdout
            );
        }
        for words in unsaid {
            assert!(
                !ran.stderr.contains(words),
                "{ends}: {words}: {}",
                ran.stderr
            );
        }
        assert_eq!(served.times("link-started"), 1, "{ends}");
    }
}

#[test]
fn whoever_waits_elsewhere_gets_the_same_verdict() {
    for (ends, code, ..) in ENDS {
        // The client polls once before the end, then waits for it.
        let served = Served::patched(&link_ends(ends), FAST);
        served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT", "--no-wait"])
            .exits(8);
        let ran = served.run(&["status", "--wait"]).exits(code);
        if code == 9 {
            assert!(
                ran.stderr.contains("add-environment")
                    || ran.stderr.contains("same add command again"),
                "{ends}: {}",
                ran.stderr
            );
        }
        assert_eq!(served.times("link-started"), 1, "{ends}");
    }
}

/// A start whose answer was lost, and which failed before the next read. It still counts as a
/// start.
#[test]
fn a_start_that_failed_at_once_is_not_sent_again() {
    for ends in ["failed", "succeeded-without-link"] {
        let served = Served::patched(
            &json!({ "summary": "x.", "settings": { "link_ends": ends, "link_seconds": 1 } }),
            FAST,
        );
        served.faults(&json!([{ "match": { "path": "/Encryption/link" }, "do": "reset-after" }]));
        let ran = served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
            .exits(9);
        assert!(ran.stderr.contains("ended with"), "{ends}: {}", ran.stderr);
        assert_eq!(served.times("link-started"), 1, "{ends}");
    }
}

/// A start is sent at most three times if it never shows. A 202 without an address proves no start.
#[test]
fn a_start_that_never_shows_is_given_up() {
    for (kind, code) in [
        ("html-502", 1),
        ("garbage", 1),
        ("reset-before", 1),
        ("409", 7),
        ("409-empty", 1),
    ] {
        let served = Served::start("ready", FAST);
        served.faults(
            &json!([{ "match": { "path": "/Encryption/link" }, "do": kind, "times": 1000 }]),
        );
        let ran = served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
            .exits(code);
        // A 409 never starts anything.
        let words = if kind.starts_with("409") {
            "could not be started"
        } else {
            "was requested, but no operation is visible"
        };
        assert!(ran.stderr.contains(words), "{kind}: {}", ran.stderr);
        let ledger = served.ledger();
        let sent = ledger["log"].as_array().unwrap().iter();
        let sent = sent
            .filter(|entry| entry["path"].as_str().unwrap().ends_with("/link"))
            .count();
        assert!(
            sent >= 3 && (sent == 3 || kind.starts_with("409")),
            "{kind}: {sent}"
        );
        served.faults(&json!([]));
        served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
            .exits(0);
        assert_eq!(served.times("link-started"), 1, "{kind}");
    }
}

/// A stale replica reports an existing policy as missing. The policy must not be written.
#[test]
fn a_policy_that_is_there_is_not_written() {
    let served = Served::start("ready", FAST);
    served.run(&["create-policy", "--yes"]).exits(0);
    served.faults(
        &json!([{ "match": { "path": "/enterprisePolicies/ep-contoso-cmk" }, "do": "404" }]),
    );
    served.run(&["create-policy", "--yes"]).exits(0);
    assert_eq!(served.effects(), ["policy-created", "role-assigned"]);
}

/// All changes succeeded, but the verifying read fails permanently. The run is not verified.
#[test]
fn what_can_not_be_shown_is_not_verified() {
    let served = Served::start("ready", FAST);
    // The first read of the environment is for the plan, the second one verifies.
    let late = json!([{ "match": { "path": "/scopes/admin/environments/", "nth": 2 }, "do": "500",
        "times": 1000 }]);
    served.faults(&late);
    let ran = served.run(&["create-policy", "--yes"]).exits(9);
    assert!(
        ran.stderr
            .contains("All steps ran, but cmkctl could not verify the result."),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("answered 500") && ran.stderr.contains("create-policy"),
        "{}",
        ran.stderr
    );
    served.faults(&json!([]));
    served.run(&["create-policy", "--yes"]).exits(0);
    assert_eq!(served.effects(), ["policy-created", "role-assigned"]);
}

/// If another caller already makes the environment managed, the run waits for it.
#[test]
fn a_managed_environment_in_the_making_is_waited_for() {
    let patch = policy_ready(json!({
        "settings": { "governance_seconds": 20_000 },
        "environments": { "uat": { "managed": false } },
    }));
    let served = Served::patched(&patch, FAST);
    let id = served.default_of("environment");
    let base = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform";
    let token = served.token("admin", "https://service.powerapps.com/");
    let url = format!("{base}/environments/{id}/governanceConfiguration?api-version=2021-04-01");
    assert_eq!(
        served
            .ask(&token, "POST", &url, r#"{"protectionLevel":"Standard"}"#)
            .status,
        202
    );
    served
        .run(&[
            "add-environment",
            "--make-managed",
            "--yes",
            "--confirm",
            "Contoso UAT",
        ])
        .exits(0);
    assert_eq!(served.effects(), ["governance-started", "link-started"]);
}
