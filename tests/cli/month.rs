//! A month of compressed time, watched as a scheduled job would: every danger that the tenant comes to is told, and nothing else is.

use crate::tenants::{granted_policy, guarded_vault, power_platform_environment, rsa_key};
use crate::tool::{Served, http, overlaid};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A day takes this many seconds.
const DAY: f64 = 1.1;
const DAYS: f64 = 31.0;
/// What changes within so many days of a look may be seen or not.
const UNSURE: f64 = 0.6;

/// What becomes of one environment: from which day on it is in which state. A danger that is over goes back to `encrypted`.
type Fate = (&'static str, &'static [(f64, &'static str)]);

/// Locked two days after its key was gone; a sandbox is deleted a week later.
const FATES: [Fate; 10] = [
    ("disabled", &[(0.0, "encrypted"), (3.0, "endangered"), (5.0, "locked")]),
    ("revoked", &[(0.0, "encrypted"), (6.0, "endangered"), (7.8, "encrypted")]),
    ("walled", &[(0.0, "encrypted"), (8.0, "endangered"), (10.0, "locked"), (17.0, "deleted")]),
    ("ageing", &[(0.0, "encrypted"), (2.0, "expiring")]),
    ("expired", &[(0.0, "expiring"), (20.0, "endangered"), (22.0, "locked")]),
    ("removed", &[(0.0, "encrypted"), (10.0, "removing"), (11.0, "not-encrypted")]),
    ("failed", &[(0.0, "encrypted"), (12.0, "failed")]),
    ("deleted-key", &[(0.0, "encrypted"), (14.0, "endangered"), (16.0, "locked")]),
    ("quiet", &[(0.0, "encrypted")]),
    ("also-quiet", &[(0.0, "encrypted")]),
];

fn troubled_month() -> Value {
    let mut environments = json!({});
    let others =
        ["uat", "production", "dev-a", "dev-b", "default", "trial", "initial", "cloud-hosted", "unified", "sales"];
    for other in others {
        environments[other] = Value::Null;
    }
    let (mut vaults, mut policies) = (json!({}), json!({}));
    for (name, _) in FATES {
        // Of the sandboxes only the walled one lives to see its deletion.
        let sku = if name == "walled" { "Sandbox" } else { "Production" };
        environments[name] = overlaid(
            power_platform_environment(name, sku, &format!("contoso-{name}")),
            json!({ "policy": format!("ep-{name}") }),
        );
        let expires = match name {
            "ageing" => json!(62),
            "expired" => json!(20),
            _ => Value::Null,
        };
        vaults[format!("kv-{name}")] =
            guarded_vault(json!({ "cmk": overlaid(rsa_key(), json!({ "expires_in_days": expires })) }));
        policies[format!("ep-{name}")] =
            overlaid(granted_policy(), json!({ "vault": format!("kv-{name}"), "key": "cmk" }));
    }
    json!({
        "summary": "A month of trouble.", "environments": environments, "vaults": vaults, "policies": policies,
        "settings": { "locks_after_seconds": 172_800, "link_seconds": 86_400 },
        "target": { "environment": "quiet", "vault": "kv-quiet", "key": "cmk", "policy": "ep-quiet" },
        "events": [
            { "after_days": 3, "do": "disable-key", "vault": "kv-disabled", "key": "cmk" },
            { "after_days": 5.5, "do": "enable-key", "vault": "kv-disabled", "key": "cmk" },
            { "after_days": 6, "do": "revoke-grant", "policy": "ep-revoked" },
            { "after_days": 7.7, "do": "grant", "policy": "ep-revoked" },
            { "after_days": 8, "do": "close-firewall", "vault": "kv-walled" },
            { "after_days": 10, "do": "unlink", "environment": "removed" },
            { "after_days": 12, "do": "fail", "environment": "failed" },
            { "after_days": 14, "do": "delete-key", "vault": "kv-deleted-key", "key": "cmk" },
        ],
    })
}

/// Every state that an environment is in at some time between two days.
fn states_between(fate: &Fate, from: f64, to: f64) -> BTreeSet<&'static str> {
    let steps = fate.1;
    let ends = |index: usize| steps.get(index + 1).map_or(f64::INFINITY, |(day, _)| *day);
    let at =
        |(index, (day, state)): (usize, &(f64, &'static str))| (*day <= to && ends(index) > from).then_some(*state);
    steps.iter().enumerate().filter_map(at).collect()
}

#[test]
fn a_scheduled_watch_tells_every_danger_and_no_other() {
    let served = Served::patched(&troubled_month(), &format!("{}", 86_400.0 / DAY));
    let url = served.url.clone();
    let over = AtomicBool::new(false);
    /// However the watch ends, the other thread ends, too.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let seen = std::thread::scope(|scope| {
        // Time has its effect when somebody looks; here somebody does all the time.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                http(&url, "GET", "/_sandbox/world", &[], "");
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let _over = Over(&over);
        watch(&served)
    });
    for (name, fate) in FATES {
        for (_, state) in fate {
            // What is deleted shows no more; the removal itself is no danger.
            let told = seen.get(name).is_some_and(|states| states.contains(*state));
            assert!(told || *state == "deleted", "{name} was never told to be {state}: {:?}", seen.get(name));
        }
    }
}

/// Looks again and again as a job does, until the month is over: by the exit code and by the document.
fn watch(served: &Served) -> BTreeMap<String, BTreeSet<String>> {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let epoch: jiff::Timestamp = served.cloud()["sandbox"]["epoch"].as_str().unwrap().parse().unwrap();
    let mut today = 0.0;
    let watch =
        ["status", "--all", "--fail-on", "drift,expiring,locked,unencrypted", "--expiring-within", "60d", "-o", "json"];
    while today < DAYS {
        let began = std::time::Instant::now();
        let ran = served.run(&watch);
        let took = began.elapsed().as_secs_f64() / DAY;
        let before = today;
        assert!(ran.code == 0 || ran.code == 3, "day {before:.1}: exit {}\n{}", ran.code, ran.stderr);
        let document = ran.json();
        // By the cloud's own clock: the look ended then, and began at most so long before.
        let at: jiff::Timestamp = document["at"].as_str().unwrap().parse().unwrap();
        today = at.duration_since(epoch).as_secs_f64() / 86_400.0;
        let (from, to) = (today - took - UNSURE, today + UNSURE);
        let mut alarms = 0;
        let mut shown = BTreeSet::new();
        for one in document["environments"].as_array().unwrap() {
            let (name, state) = (one["name"].as_str().unwrap(), one["state"].as_str().unwrap());
            let fate = FATES.iter().find(|(own, _)| *own == name);
            let Some(fate) = fate else { continue };
            let possible = states_between(fate, from, to);
            assert!(
                possible.contains(state),
                "day {before:.1}: `{name}` is told to be {state}, not {possible:?}: {one:#}"
            );
            alarms += u32::from(["locked", "endangered", "failed", "expiring", "not-encrypted"].contains(&state));
            seen.entry(name.to_owned()).or_default().insert(state.to_owned());
            shown.insert(name.to_owned());
        }
        for (name, _) in FATES.iter().filter(|fate| !shown.contains(fate.0)) {
            let possible = states_between(FATES.iter().find(|fate| fate.0 == *name).unwrap(), from, to);
            assert!(possible.contains("deleted"), "day {before:.1}: `{name}` is not shown");
        }
        assert_eq!(ran.code, if alarms > 0 { 3 } else { 0 }, "day {before:.1}: {alarms} alarms, {}", ran.stderr);
        std::thread::sleep(Duration::from_millis(120));
    }
    seen
}
