//! A month of trouble: checked like a scheduled job, and watched through outages of days. Every
//! danger is reported, and nothing else.

use crate::hook::Hook;
use crate::tenants::{granted_policy, guarded_vault, power_platform_environment, rsa_key};
use crate::tool::{Served, overlaid};
use crate::watch::{OK, Watch, told};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// In sandbox seconds.
const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
/// The first check, and the time between checks. Events happen at multiples of eight hours, and
/// each check is halfway between two of them.
const FIRST: f64 = 4.0 * HOUR;
const APART: f64 = 8.0 * HOUR;
/// Three checks a day for 31 days.
const LOOKS: u32 = 3 * 31;
/// States for which the job fails.
const ALARMING: [&str; 5] = [
    "locked",
    "endangered",
    "failed",
    "expiring",
    "not-encrypted",
];

/// What becomes of one environment: from which day on it is in which state. A danger that is over
/// goes back to `encrypted`.
type Fate = (&'static str, &'static [(f64, &'static str)]);

/// Locked two days after its key was gone; a sandbox is deleted a week later.
const FATES: [Fate; 10] = [
    (
        "disabled",
        &[(0.0, "encrypted"), (3.0, "endangered"), (5.0, "locked")],
    ),
    (
        "revoked",
        &[
            (0.0, "encrypted"),
            (6.0, "endangered"),
            (23.0 / 3.0, "encrypted"),
        ],
    ),
    (
        "walled",
        &[
            (0.0, "encrypted"),
            (8.0, "endangered"),
            (10.0, "locked"),
            (17.0, "deleted"),
        ],
    ),
    ("ageing", &[(0.0, "encrypted"), (2.0, "expiring")]),
    (
        "expired",
        &[(0.0, "expiring"), (20.0, "endangered"), (22.0, "locked")],
    ),
    (
        "removed",
        &[
            (0.0, "encrypted"),
            (10.0, "removing"),
            (11.0, "not-encrypted"),
        ],
    ),
    ("failed", &[(0.0, "encrypted"), (12.0, "failed")]),
    (
        "deleted-key",
        &[(0.0, "encrypted"), (14.0, "endangered"), (16.0, "locked")],
    ),
    ("quiet", &[(0.0, "encrypted")]),
    ("also-quiet", &[(0.0, "encrypted")]),
];

fn troubled_month() -> Value {
    let mut environments = json!({});
    let others = [
        "uat",
        "production",
        "dev-a",
        "dev-b",
        "trial",
        "initial",
        "cloud-hosted",
        "unified",
        "sales",
    ];
    for other in others {
        environments[other] = Value::Null;
    }
    let (mut vaults, mut policies) = (json!({}), json!({}));
    for (name, _) in FATES {
        // Only `walled` is a sandbox, so only it is deleted within the month.
        let sku = if name == "walled" {
            "Sandbox"
        } else {
            "Production"
        };
        environments[name] = overlaid(
            power_platform_environment(name, sku, &format!("contoso-{name}")),
            json!({ "policy": format!("ep-{name}") }),
        );
        let expires = match name {
            "ageing" => json!(62),
            "expired" => json!(20),
            _ => Value::Null,
        };
        vaults[format!("kv-{name}")] = guarded_vault(
            json!({ "cmk": overlaid(rsa_key(), json!({ "expires_in_days": expires })) }),
        );
        policies[format!("ep-{name}")] = overlaid(
            granted_policy(),
            json!({ "vault": format!("kv-{name}"), "key": "cmk" }),
        );
    }
    json!({
        "summary": "A month of trouble.",
        "environments": environments, "vaults": vaults, "policies": policies,
        "settings": { "locks_after_seconds": 172_800, "link_seconds": 86_400 },
        "target": {
            "environment": "quiet", "vault": "kv-quiet", "key": "cmk", "policy": "ep-quiet",
        },
        "events": [
            { "after_days": 3, "do": "disable-key", "vault": "kv-disabled", "key": "cmk" },
            { "after_days": 5.5, "do": "enable-key", "vault": "kv-disabled", "key": "cmk" },
            { "after_days": 6, "do": "revoke-grant", "policy": "ep-revoked" },
            { "after_days": 23.0 / 3.0, "do": "grant", "policy": "ep-revoked" },
            { "after_days": 8, "do": "close-firewall", "vault": "kv-walled" },
            { "after_days": 10, "do": "unlink", "environment": "removed" },
            { "after_days": 12, "do": "fail", "environment": "failed" },
            { "after_days": 14, "do": "delete-key", "vault": "kv-deleted-key", "key": "cmk" },
        ],
    })
}

/// The state of an environment on this day.
fn state_on(fate: &Fate, day: f64) -> &'static str {
    fate.1
        .iter()
        .rev()
        .find(|(from, _)| *from <= day)
        .unwrap()
        .1
}

#[test]
fn a_scheduled_watch_tells_every_danger_and_no_other() {
    // At real speed, so that the time stays within seconds of the step.
    let served = Served::patched(&troubled_month(), "1");
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    served.advance(FIRST);
    for look in 0_u32..LOOKS {
        let day = (FIRST + f64::from(look) * APART) / DAY;
        for (name, state) in shown_on(&served, day) {
            seen.entry(name).or_default().insert(state);
        }
        served.advance(APART);
    }
    for (name, fate) in FATES {
        for (_, state) in fate {
            // A deleted environment is no longer shown, and its deletion is no danger.
            let told = seen.get(name).is_some_and(|states| states.contains(*state));
            assert!(
                told || *state == "deleted",
                "{name} was never told to be {state}: {:?}",
                seen.get(name)
            );
        }
    }
}

/// Checks once like a job, by exit code and by JSON, and compares every state with the expected
/// one.
fn shown_on(served: &Served, day: f64) -> BTreeMap<String, String> {
    let watch = [
        "status",
        "--all",
        "--fail-on",
        "drift,expiring,locked,unencrypted",
        "--expiring-within",
        "60d",
        "-o",
        "json",
    ];
    let ran = served.run(&watch);
    assert!(
        ran.code == 0 || ran.code == 3,
        "day {day:.2}: exit {}\n{}",
        ran.code,
        ran.stderr
    );
    let document = ran.json();
    let mut shown = BTreeMap::new();
    for one in document["environments"].as_array().unwrap() {
        let (name, state) = (
            one["name"].as_str().unwrap(),
            one["state"].as_str().unwrap(),
        );
        if let Some(fate) = FATES.iter().find(|(own, _)| *own == name) {
            assert_eq!(state, state_on(fate, day), "day {day:.2}: {one:#}");
            shown.insert(name.to_owned(), state.to_owned());
        }
    }
    for fate in FATES.iter().filter(|fate| !shown.contains_key(fate.0)) {
        assert_eq!(
            state_on(fate, day),
            "deleted",
            "day {day:.2}: `{}` is not shown",
            fate.0
        );
    }
    let alarming = |state: &&String| ALARMING.contains(&state.as_str());
    let alarms = shown.values().filter(alarming).count();
    assert_eq!(
        ran.code,
        if alarms > 0 { 3 } else { 0 },
        "day {day:.2}: {alarms} alarms, {}",
        ran.stderr
    );
    shown
}

/// Every danger of the month, once each, and which of them are over.
fn expected() -> BTreeMap<String, usize> {
    let mut lines = Vec::new();
    for (name, fate) in FATES {
        for (_, state) in fate.iter().filter(|(_, state)| ALARMING.contains(state)) {
            lines.push(format!("+{state} {name}"));
        }
    }
    // A grant that came back, a key that was enabled again while the lock stays, and a deletion.
    for over in ["endangered revoked", "endangered walled", "locked walled"] {
        lines.push(format!("-{over}"));
    }
    // Outages of two days, and a role that was lost for a day.
    for blind in ["no-answer", "not-visible"] {
        lines.push(format!("+{blind} the tenant"));
        lines.push(format!("-{blind} the tenant"));
    }
    let mut all = BTreeMap::new();
    for line in lines {
        *all.entry(line).or_default() += 1;
    }
    for line in ["+no-answer the tenant", "-no-answer the tenant"] {
        all.insert(line.to_owned(), 4);
    }
    all
}

#[test]
fn a_month_is_told_danger_by_danger_also_through_outages() {
    const SPEED: f64 = 45_000.0;
    let settings = json!({ "settings": { "token_seconds": 10.0 * DAY } });
    let served = Served::patched(&overlaid(troubled_month(), settings), &SPEED.to_string());
    let (began, hook) = (Instant::now(), Hook::start(OK));
    let outage = |host: &str, day: f64, what: &str| {
        json!({ "match": { "host": host, "from": day * DAY, "until": (day + 2.0) * DAY },
            "do": what, "times": 1_000_000 })
    };
    let lost = json!({ "match": { "path": "/vaults/kv-quiet", "from": 29.0 * DAY,
        "until": 30.0 * DAY }, "do": "403", "times": 1_000_000 });
    served.faults(&json!([
        // The tokens end within this outage, on the tenth day.
        outage("login.microsoftonline.com", 9.5, "500"),
        // A look asks Resource Manager for keys, so an outage of the vaults hides nothing.
        outage("vault.azure.net", 22.0, "reset-before"),
        outage("management.azure.com", 18.0, "500"),
        outage("api.bap", 24.0, "reset-before"),
        outage("management.azure.com", 26.5, "reset-before"),
        lost,
    ]));
    let asked = [
        "--every",
        "1h",
        "--notify",
        &hook.url,
        "--fail-on",
        "locked,drift,expiring,unencrypted",
    ];
    let watch = Watch::start(&served, "admin", &asked);
    let wait_for = |day: f64| {
        let real = Duration::from_secs_f64(day * DAY / SPEED);
        std::thread::sleep(real.saturating_sub(began.elapsed()));
    };
    wait_for(2.0);
    let before = watch.resident();
    wait_for(31.0);
    let after = watch.resident();
    let (code, stdout, stderr) = watch.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(told(&hook.documents()), expected(), "{stdout}\n{stderr}");
    assert!(after * 100 <= before * 105, "{before} pages, then {after}");
}
