//! The procedure: every step alone, all steps at once, repeated, and by two administrators.

use crate::tenants::{granted_policy, policy_ready};
use crate::tool::{CONSENT, FAST, Served, create_policy_read_by};
use serde_json::json;

fn enable(more: &[&str]) -> Vec<&'static str> {
    let mut arguments = vec!["enable"];
    arguments.extend(CONSENT);
    arguments.extend(more.iter().map(|word| match *word {
        "--make-managed" => "--make-managed",
        other => panic!("{other}"),
    }));
    arguments
}

#[test]
fn one_command_enables_everything_in_every_scenario() {
    let expected = [
        (
            "ready",
            vec!["policy-created", "role-assigned", "link-started"],
        ),
        (
            "fresh",
            vec![
                "provider-registered",
                "policy-created",
                "role-assigned",
                "governance-started",
                "link-started",
            ],
        ),
        (
            "access-policy-vault",
            vec!["policy-created", "access-policy-added", "link-started"],
        ),
        (
            "managed-hsm",
            vec!["policy-created", "hsm-role-assigned", "link-started"],
        ),
    ];
    for (scenario, effects) in expected {
        let served = Served::start(scenario, FAST);
        let first = served.run(&enable(&["--make-managed"])).exits(0);
        assert!(
            first.stdout.contains("done and verified"),
            "{scenario}: {}",
            first.stdout
        );
        assert_eq!(served.effects(), effects, "{scenario}");
        let again = served.run(&enable(&["--make-managed"])).exits(0);
        assert!(
            again.stdout.contains("already in the desired state"),
            "{scenario}: {}",
            again.stdout
        );
        assert_eq!(
            served.effects(),
            effects,
            "{scenario}: the second run changed something"
        );
        let status = served.run(&["status", "-o", "json"]).exits(0).json();
        assert_eq!(status["state"], "encrypted", "{scenario}");
        assert_eq!(
            status["key_access"], "yes, the policy's identity may use the key",
            "{scenario}"
        );
    }
}

#[test]
fn the_verdict_of_every_kind_of_environment() {
    let expected = [
        ("Contoso UAT", "integrated", 0),
        (
            "https://contoso-unified.operations.dynamics.com",
            "unified",
            0,
        ),
        ("contoso-dev-a", "link-incomplete", 6),
        ("contoso-dev-b", "mismatch", 6),
        ("Contoso Test (initial)", "initial-environment-only", 6),
        ("Contoso Build", "cloud-hosted", 6),
        ("Contoso Sales", "not-finance-and-operations", 6),
    ];
    let served = Served::start("ready", FAST);
    for (environment, verdict, code) in expected {
        let ran = served
            .run(&["check-integration", environment, "-o", "json"])
            .exits(code);
        assert_eq!(ran.json()["verdict"], verdict, "{environment}");
    }
}

#[test]
fn two_administrators_each_with_their_own_half() {
    let served = Served::start("fresh", FAST);
    let reader = served.object_id("power-platform-admin");

    // Without the policy, no environment can be added. The Power Platform administrator may not
    // create the policy.
    served
        .run_as("power-platform-admin", &["add-environment"])
        .exits(6);
    let refused = served.run_as("power-platform-admin", &["create-policy", "--yes"]);
    assert_eq!(refused.code, 5, "{}", refused.stderr);
    assert!(served.effects().is_empty());

    // The Key Vault administrator sees no environment, and needs none.
    served
        .run_as("key-vault-admin", &["create-policy", "--yes"])
        .exits(5);
    served
        .run_as("key-vault-admin", &create_policy_read_by(&reader))
        .exits(0);
    let half = served
        .run_as("key-vault-admin", &["status", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (half["state"].as_str(), half["key"]["kind"].as_str()),
        (Some("not-visible"), Some("RSA"))
    );

    // The Power Platform administrator's only right in Azure is Reader on the policy.
    let mut add = vec!["add-environment", "--make-managed"];
    add.extend(CONSENT);
    served.run_as("power-platform-admin", &add).exits(0);
    let status = served
        .run_as("power-platform-admin", &["status", "-o", "json"])
        .exits(0)
        .json();
    // Only a caller who sees every fact gets `encrypted`.
    assert_eq!(status["state"], "not-visible");
    assert_eq!(
        served.run(&["status", "-o", "json"]).exits(0).json()["state"],
        "encrypted"
    );
    assert!(
        status["not_visible"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["what"] == "vault"),
        "{status:#}"
    );

    let users: Vec<_> = served.ledger()["effects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|effect| {
            (
                effect["what"].as_str().unwrap().to_owned(),
                effect["user"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert!(
        users.iter().all(|(what, user)| {
            let power_platform = what == "link-started" || what == "governance-started";
            user == if power_platform {
                "power-platform-admin"
            } else {
                "key-vault-admin"
            }
        }),
        "{users:?}"
    );
}

#[test]
fn without_reader_the_add_is_refused_before_it_starts() {
    let served = Served::start("ready", FAST);
    served
        .run_as(
            "key-vault-admin",
            &["create-policy", "--location", "europe", "--yes"],
        )
        .exits(0);
    served
        .run_as(
            "power-platform-admin",
            &["add-environment", "--confirm", "Contoso UAT"],
        )
        .exits(5);
    assert!(!served.effects().contains(&"link-started".to_owned()));
}

#[test]
fn an_encryption_that_runs_is_waited_for_and_not_repeated() {
    let served = Served::start("ready", "2000");
    served.run(&["create-policy", "--yes"]).exits(0);
    served
        .run(&["add-environment", "--confirm", "Contoso UAT", "--no-wait"])
        .exits(8);
    let status = served.run(&["status", "-o", "json"]).exits(0).json();
    assert_eq!(status["state"], "encrypting");
    assert_eq!(status["operation"]["kind"], "NewCustomerManagedKey");
    // On another machine without consent: nothing starts, so none is needed.
    served.run(&["add-environment"]).exits(0);
    assert_eq!(served.times("link-started"), 1);
}

#[test]
fn a_policy_that_is_there_is_never_written() {
    let patch = policy_ready(json!({
        "environments": { "production": { "policy": "ep-contoso-cmk" } },
        "vaults": { "kv-contoso-cmk": { "keys": { "another": { "kty": "RSA", "bits": 2048 } } } },
    }));
    let served = Served::patched(&patch, FAST);
    served.run(&["enable", "--confirm", "Contoso UAT"]).exits(0);
    assert_eq!(served.effects(), ["link-started"]);
    served
        .run(&["create-policy", "--key", "another", "--yes"])
        .exits(6);
    let writes = served
        .log()
        .iter()
        .filter(|entry| entry["method"] == "PUT")
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn another_policy_is_not_replaced() {
    let patch = json!({
        "summary": "The environment is linked to another policy.",
        "policies": { "ep-old": granted_policy() },
        "environments": { "uat": { "policy": "ep-old" } },
        "settings": { "odd_case": true },
    });
    let served = Served::patched(&patch, FAST);
    served.run(&enable(&[])).exits(6);
    assert!(served.effects().is_empty());
}

#[test]
fn status_takes_three_round_trips_and_says_so() {
    let served = Served::with("ready", FAST, &["--latency", "250ms"]);
    let id = served.default_of("environment");
    // Before encryption: the environment, its operations and the named policy; then its plain read
    // and Dataverse.
    served.run(&["status", &id]).exits(0);
    let ledger = served.ledger();
    assert!(ledger["chain"].as_u64().unwrap() <= 3, "{ledger:#}");
    assert_eq!(ledger["requests"], 5, "{ledger:#}");
    served.run(&enable(&[])).exits(0);
    served.reset();
    // After encryption: the environment, then its policy and Dataverse together, then vault, key,
    // grant and denials together.
    served.run(&["status", &id]).exits(0);
    let ledger = served.ledger();
    assert!(ledger["chain"].as_u64().unwrap() <= 3, "{ledger:#}");
    assert_eq!(ledger["requests"], 8, "{ledger:#}");
    assert_eq!(ledger["writes"], 0);
}

#[test]
fn a_dry_run_writes_nothing() {
    for command in ["create-policy", "add-environment", "enable"] {
        let served = Served::start("fresh", FAST);
        let ran = served.run(&[command, "--dry-run"]);
        assert!([0, 6].contains(&ran.code), "{command}: {}", ran.stderr);
        assert!(ran.stdout.contains("Plan of"), "{command}: {}", ran.stdout);
        assert_eq!(served.ledger()["writes"], 0, "{command}");
    }
}
