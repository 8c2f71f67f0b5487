//! Consent applies to the shown plan, requires the shown name, and covers no later change.

use crate::tenants::{key_is, plain, policy_ready};
use crate::tool::{ENABLE, FAST, Served, create_policy_read_by, overlaid};
use serde_json::{Value, json};

/// The first sign-in is slower than the time for which a snapshot counts as fresh.
fn slow() -> Value {
    json!({ "match": { "path": "/oauth2/", "nth": 1 }, "do": "silence", "seconds": 3.2 })
}

/// The tenant changes right after the first matching request.
fn meanwhile(host: &str, path: &str, change: &Value) -> Served {
    after_answer(1, host, path, change)
}

/// The tenant changes right after the `nth` matching request.
fn after_answer(nth: u32, host: &str, path: &str, change: &Value) -> Served {
    let rule = json!({ "match": { "host": host, "path": path, "nth": nth }, "do": "meanwhile",
        "change": change });
    Served::patched(&plain(json!({ "faults": [rule, slow()] })), FAST)
}

const ENVIRONMENT: (&str, &str) = ("bap", "/scopes/admin/environments/");

#[test]
fn a_plan_that_no_longer_fits_is_refused_with_what_moved() {
    let (vault, key) = (
        ("management", "/vaults/kv-contoso-cmk"),
        ("vault.azure.net", "/keys/cmk-contoso"),
    );
    let cases = [
        (
            ENVIRONMENT,
            json!({ "managed": false }),
            &["CMK006, was: nothing / is: `Contoso UAT` is not a Managed Environment."][..],
        ),
        (
            ENVIRONMENT,
            json!({ "name": "Contoso Production" }),
            &[
                "step 3, was: Add the environment `Contoso UAT` to",
                "/ is: Add the environment `Contoso Production` to",
            ],
        ),
        (
            vault,
            json!({ "retention_days": 20 }),
            &["was: nothing / is: The vault `kv-contoso-cmk` keeps deleted keys for 20"],
        ),
        (
            key,
            json!({ "key_enabled": false }),
            &["CMK016, was: nothing / is: The key `cmk-contoso` is disabled."],
        ),
    ];
    // Each case waits for a slow service, so they run at the same time.
    std::thread::scope(|scope| {
        for (place, change, words) in cases {
            scope.spawn(move || {
                // The vault and the permissions on it are asked for at the same time, and the data
                // plane's first answer is a challenge. All is read after the second answer.
                let nth = if place == ENVIRONMENT { 1 } else { 2 };
                let served = after_answer(nth, place.0, place.1, &change);
                let ran = served.run(&ENABLE).exits(10);
                assert!(
                    ran.stderr
                        .contains("The current state has changed since the plan"),
                    "{}",
                    ran.stderr
                );
                for words in words {
                    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
                }
                assert!(
                    ran.stderr.contains("Run the same command again"),
                    "{}",
                    ran.stderr
                );
                assert_eq!(
                    (served.effects().len(), served.ledger()["writes"].as_u64()),
                    (0, Some(0)),
                    "{change}"
                );
            });
        }
    });
    // The JSON output says the same.
    let served = meanwhile(ENVIRONMENT.0, ENVIRONMENT.1, &json!({ "managed": false }));
    let document = served
        .run(&[&ENABLE[..], &["-o", "json"]].concat())
        .exits(10)
        .json();
    assert_eq!(document["outcome"], "refused");
}

#[test]
fn what_does_not_matter_to_the_plan_may_change() {
    // Neither change concerns the plan: another retention of deleted keys, and days that pass.
    let elsewhere = || {
        let served = after_answer(
            2,
            "management",
            "/vaults/kv-contoso-cmk",
            &json!({ "retention_days": 60 }),
        );
        served.run(&ENABLE).exits(0);
    };
    std::thread::scope(|scope| {
        scope.spawn(elsewhere);
        scope.spawn(days_that_pass);
    });
}

fn days_that_pass() {
    // At this speed, the key has fewer days left at the second read than at the first.
    let patch = overlaid(
        plain(key_is(json!({ "expires_in_days": 29 }))),
        json!({ "faults": [slow()] }),
    );
    let served = Served::patched(&patch, "100000");
    let ran = served.run(&["create-policy", "--yes"]).exits(0);
    assert!(ran.stderr.contains("CMK016"), "{}", ran.stderr);
}

#[test]
fn nothing_is_read_twice_when_no_time_has_passed() {
    let looks = |faults: Value| {
        let served = Served::patched(&policy_ready(json!({ "faults": faults })), FAST);
        let reader = served.object_id("power-platform-admin");
        served.run(&create_policy_read_by(&reader)).exits(0);
        let log = served.log();
        let change = log
            .iter()
            .position(|entry| entry["method"] == "PUT")
            .unwrap();
        let vault = |entry: &&Value| {
            entry["path"]
                .as_str()
                .unwrap()
                .ends_with("/vaults/kv-contoso-cmk")
        };
        log[..change].iter().filter(vault).count()
    };
    // No one was asked for consent, and the snapshot is still fresh.
    assert_eq!((looks(json!([])), looks(json!([slow()]))), (1, 2));
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use super::*;
    use crate::tenants::uat_named;
    use crate::terminal::Typing;

    const QUESTION: &str = "Type the name to continue";

    #[test]
    fn the_name_is_typed_and_anything_else_stops() {
        let served = Served::start("ready", FAST);
        for answer in ["yes", "", "contoso uat", "Contoso UAT."] {
            let mut typing = Typing::at(served.command("admin", &["enable"]));
            typing.sees(QUESTION);
            typing.types(answer);
            if !answer.is_empty() {
                typing.sees(&format!("`{answer}` is not the name"));
                typing.types("");
            }
            let ran = typing.ends().exits(10);
            assert!(
                ran.stderr.contains("No changes were made.") && ran.stderr.contains("exactly"),
                "{}",
                ran.stderr
            );
            assert!(served.effects().is_empty(), "{answer}");
        }
        // A typing error can be corrected. The prompt appears with `-q` too.
        let mut typing = Typing::at(served.command("admin", &["enable", "-q"]));
        typing.sees("Plan of enable");
        typing.sees(QUESTION);
        typing.types("Contoso UAP");
        typing.sees("is not the name");
        typing.types("Contoso UAT");
        typing.ends().exits(0);
        assert!(served.effects().contains(&"link-started".to_owned()));
    }

    #[test]
    fn what_changed_while_somebody_thought_about_it_is_told() {
        // At real speed, only the prompt makes the snapshot old.
        let served = Served::start("ready", "1");
        let mut typing = Typing::at(served.command("admin", &["enable"]));
        typing.sees(QUESTION);
        let policy = served.default_of("policy");
        let vault = served.default_of("vault");
        let token = served.token("admin", "https://management.azure.com");
        let body = json!({ "location": "europe", "kind": "Encryption",
            "identity": { "type": "SystemAssigned" },
            "properties": { "encryption": { "state": "Enabled", "keyVault": { "id": vault,
                "key": { "name": "cmk-contoso" } } } } });
        let url = format!("https://management.azure.com{policy}?api-version=2020-10-30");
        assert!([200, 201].contains(&served.ask(&token, "PUT", &url, &body.to_string()).status));
        typing.types("Contoso UAT");
        let ran = typing.ends().exits(10);
        assert!(
            ran.stderr
                .contains("step 1, was: Create the enterprise policy"),
            "{}",
            ran.stderr
        );
        assert_eq!(served.effects(), ["policy-created"]);
    }

    #[test]
    fn a_name_can_not_be_mistaken_for_another() {
        // The shown name must be typed. Invisible characters do not count.
        let name = "\u{202e}TAU osotnoC\u{202c}\u{200b} \u{1b}[2J\u{1b}]0;x\u{7}Con\ntoso";
        let served = Served::patched(&uat_named(name), FAST);
        let mut typing = Typing::at(served.command("admin", &["enable"]));
        let cleaned = "TAU osotnoC [2J]0;xCon toso";
        typing.sees(&format!("{QUESTION} (`{cleaned}`)"));
        assert!(
            !typing.screen().contains(['\u{202e}', '\u{1b}', '\u{7}']),
            "{:?}",
            typing.screen()
        );
        typing.types(cleaned);
        typing.ends().exits(0);
        // If no character of the name is visible, the id is shown instead. An empty answer is no
        // consent.
        let served = Served::patched(&uat_named("\u{200b}\u{1b}\n \u{202e}"), FAST);
        let id = served.default_of("environment");
        served.run(&["enable", "--yes", "--confirm", ""]).exits(2);
        let mut typing = Typing::at(served.command("admin", &["enable"]));
        typing.sees(&format!("{QUESTION} (`{id}`)"));
        typing.types("");
        typing.ends().exits(10);
        assert!(served.effects().is_empty());
        served.run(&["enable", "--yes", "--confirm", &id]).exits(0);
    }
}
