//! Tests `doctor`: the failed checks, and who can fix them.

use crate::tenants::policy_ready;
use crate::tool::{Ran, Served, command, finish, overlaid, rehearse};
use serde_json::{Value, json};

/// Verdict, fix and person of a check.
fn verdict_of(ran: &Ran, name: &str) -> (String, Value) {
    let document = ran.json();
    let found = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"].as_str().unwrap().starts_with(name));
    let found = found.unwrap_or_else(|| panic!("{name}: {document:#}"));
    (found["verdict"].as_str().unwrap().to_owned(), found.clone())
}

#[test]
fn all_is_well_in_a_sandbox_at_any_speed() {
    for speed in ["1", "20000", "1000000"] {
        let ran =
            crate::tool::run(&["doctor", "--sandbox", "--speed", speed, "-o", "json"]).exits(0);
        assert_eq!(ran.json()["schema"], "cmkctl/doctor/v1");
        for one in ran.json()["checks"].as_array().unwrap() {
            assert_eq!(
                one["verdict"],
                if one["check"] == "role at the policy" {
                    "warn"
                } else {
                    "ok"
                },
                "{speed}: {one:#}"
            );
        }
    }
}

#[test]
fn a_missing_role_is_exit_5_and_says_whose_turn_it_is() {
    let ran = rehearse(&["doctor", "--sandbox-user", "unregistered", "-o", "json"]).exits(5);
    let (verdict, row) = verdict_of(&ran, "role in Power Platform");
    assert_eq!(verdict, "fail");
    assert!(
        row["fix"]
            .as_str()
            .unwrap()
            .contains("New-PowerAppManagementApp"),
        "{row:#}"
    );
    assert_eq!(row["who"], "Power Platform Administrator");
    let ran = rehearse(&["doctor", "--sandbox-user", "key-vault-admin", "-o", "json"]).exits(5);
    assert_eq!(verdict_of(&ran, "role in Power Platform").0, "fail");
    assert_eq!(verdict_of(&ran, "role at the vault").0, "ok");
}

#[test]
fn a_clock_that_is_off_and_a_sign_in_that_fails_are_exit_4() {
    let served = Served::start("ready", "1");
    let mut cloud: Value =
        serde_json::from_str(&std::fs::read_to_string(served.cloud_file()).unwrap()).unwrap();
    // For this machine, the sandbox started ten minutes earlier than it did.
    let started = cloud["sandbox"]["started_unix_ms"].as_i64().unwrap();
    cloud["sandbox"]["started_unix_ms"] = json!(started - 600_000);
    let skewed = served.folder().join("skewed.json");
    std::fs::write(&skewed, cloud.to_string()).unwrap();
    let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
    asked.arg(&skewed);
    let ran = finish(asked).exits(4);
    let (verdict, row) = verdict_of(&ran, "clock");
    assert_eq!(verdict, "fail");
    assert!(
        row["what"]
            .as_str()
            .unwrap()
            .contains("differs from the cloud's clock"),
        "{row:#}"
    );
    assert_eq!(row["who"], "you, the person who runs the command");
    cloud["sandbox"]["started_unix_ms"] = json!(started);
    cloud["tenant"] = json!("99999999-9999-9999-9999-999999999999");
    std::fs::write(&skewed, cloud.to_string()).unwrap();
    let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
    asked.arg(&skewed);
    let ran = finish(asked).exits(4);
    assert_eq!(verdict_of(&ran, "sign-in to").0, "fail");
}

/// Connects to the public cloud over https and a proxy; the sandbox plays it.
#[cfg(target_os = "linux")]
#[test]
fn in_earnest_it_goes_through_the_proxy_and_names_are_kept_for_completion() {
    let net = crate::internet::Internet::over(Served::start("ready", "1"), |_, _| None);
    let cloud = net.served.cloud();
    let cache = tempfile::tempdir().unwrap();
    let earnest = |arguments: &[&str], secret: &str| {
        let mut asked = net.command(arguments);
        asked
            .env("AZURE_TENANT_ID", cloud["tenant"].as_str().unwrap())
            .env("AZURE_CLIENT_SECRET", secret);
        asked.env(
            "AZURE_CLIENT_ID",
            cloud["users"][0]["client_id"].as_str().unwrap(),
        );
        finish({
            asked.env("XDG_CACHE_HOME", cache.path());
            asked
        })
    };
    let ran = earnest(&["doctor", "-o", "json"], "sandbox");
    for name in [
        "reach sign-in",
        "reach Power Platform",
        "sign-in to Azure",
        "role in Power Platform",
    ] {
        assert_eq!(verdict_of(&ran, name).0, "ok", "{name}");
    }
    assert!(
        verdict_of(&ran, "proxy").1["what"]
            .as_str()
            .unwrap()
            .contains("from variable"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        verdict_of(&ran, "dns").1["what"],
        "not checked: the proxy resolves the host names"
    );
    // The sandbox has its own date, but this process uses the real clock.
    assert_eq!(
        (verdict_of(&ran, "clock").0.as_str(), ran.code),
        ("fail", 4)
    );
    let refused = earnest(&["doctor", "-o", "json"], "hunter2").exits(4);
    assert_eq!(verdict_of(&refused, "sign-in to Azure").0, "fail");
    assert!(!refused.stdout.contains("hunter2"));
    // A list stores its names. If the folder can't be written, cmkctl stores nothing and reports
    // nothing.
    assert!(!cache.path().join("cmkctl").exists());
    earnest(&["status", "--all"], "sandbox").exits(0);
    let kept = std::fs::read_to_string(cache.path().join("cmkctl/names.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert!(
        kept["environments"]
            .as_array()
            .unwrap()
            .contains(&json!("Contoso UAT")),
        "{kept:#}"
    );
    // Another list adds what it read, and takes nothing away.
    earnest(&["list", "subscriptions"], "sandbox").exits(0);
    let kept = std::fs::read_to_string(cache.path().join("cmkctl/names.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    for kind in ["environments", "subscriptions"] {
        let names = kept[kind].as_array().unwrap();
        assert!(!names.is_empty(), "{kind}: {kept:#}");
    }
    std::fs::remove_dir_all(cache.path()).unwrap();
    std::fs::write(cache.path(), "in the way").unwrap();
    assert!(
        !earnest(&["status", "--all"], "sandbox")
            .exits(0)
            .stderr
            .contains("names")
    );
    std::fs::remove_file(cache.path()).unwrap();
}

#[test]
fn a_service_that_can_not_be_reached_is_exit_5() {
    let served = Served::start("ready", "1");
    drop_keeping(served, |dead| {
        let mut asked = command(&["doctor", "-o", "json", "--cloud"]);
        asked.arg(dead);
        let ran = finish(asked).exits(5);
        assert!(ran.stdout.contains("has stopped"), "{}", ran.stdout);
        let (verdict, row) = verdict_of(&ran, "reach sign-in");
        assert_eq!(
            (verdict.as_str(), row["who"].as_str()),
            ("fail", Some("network administrator"))
        );
    });
}

/// Stops the sandbox, but keeps a copy of its cloud file.
pub(crate) fn drop_keeping(served: Served, look: impl FnOnce(&std::path::Path)) {
    let kept = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::copy(served.cloud_file(), kept.path()).unwrap();
    drop(served);
    look(kept.path());
}

#[test]
fn each_administrator_is_green_with_what_their_half_requires() {
    let granted = overlaid(
        policy_ready(json!({})),
        json!({ "assignments": [
            { "who": "power-platform-admin", "role": "Reader", "scope": "@policy" },
        ] }),
    );
    let served = Served::patched(&granted, "20000");
    for (user, part) in [
        ("admin", "all"),
        ("key-vault-admin", "key-vault"),
        ("power-platform-admin", "power-platform"),
    ] {
        let ran = served.run_as(user, &["doctor", "--part", part, "-o", "json"]);
        assert_eq!(ran.code, 0, "{user}: {}", ran.stdout);
        assert!(!ran.stdout.contains("\"warn\""), "{user}: {}", ran.stdout);
    }
    // The requirements of the other part are missing, and are not checked.
    for (user, part) in [
        ("key-vault-admin", "power-platform"),
        ("power-platform-admin", "key-vault"),
    ] {
        served.run_as(user, &["doctor", "--part", part]).exits(5);
    }
    let whole = served.run(&["doctor"]).exits(0);
    assert!(
        whole.stdout.contains("sees 10 environments"),
        "{}",
        whole.stdout
    );
}
