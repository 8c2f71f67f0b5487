//! Many environments in one file: differences are shown, waves are kept, a failure stops the rest,
//! and the repeated command continues.

mod ends;
mod files;
mod new_key;
mod saved;
mod windows;

use crate::between::{Between, Deed};
use crate::hook::{Hook, Says};
use crate::tenants::{granted_policy, power_platform_environment, ungranted_policy};
use crate::tool::{FAST, Served, actions, finish, overlaid, until};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

/// Duration of an encryption in `teams`, in sandbox seconds.
const LINK: f64 = 5400.0;

/// Five environments without finance and operations, ready for a key.
fn teams() -> Value {
    let team = |name: &str| {
        power_platform_environment(
            &format!("Team {name}"),
            "Production",
            &format!("team-{name}"),
        )
    };
    json!({
        "summary": "Teams.",
        "environments": { "a": team("a"), "b": team("b"), "c": team("c"), "d": team("d"),
            "e": team("e") },
    })
}

/// A wanted file: waves, one policy, and environments with their rings.
fn wanted_file(served: &Served, waves: &str, environments: &[(&str, u32)]) -> String {
    let ids = served.ids_by_name();
    let mut file = format!("[waves]\n{waves}\n\n{}", served.policy_block());
    for (name, ring) in environments {
        let id = ids.get(*name).unwrap_or_else(|| panic!("{name}"));
        let _ = write!(
            file,
            "\n[[policies.environments]]\nid = \"{id}\"\nname = \"{name}\"\nring = \
            {ring}\npower-platform-only = true\n"
        );
    }
    served.write("wanted.toml", &file)
}

fn apply<'a>(file: &'a str, names: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["apply", file, "--yes"];
    for name in names {
        arguments.extend(["--confirm", name]);
    }
    arguments
}

const ALL: [&str; 5] = ["Team a", "Team b", "Team c", "Team d", "Team e"];

/// The starts of encryptions: environment and time.
fn start_times(served: &Served) -> Vec<(String, jiff::Timestamp)> {
    let ledger = served.ledger();
    let effects = ledger["effects"].as_array().unwrap().iter();
    let links = effects.filter(|effect| effect["what"] == "link-started");
    links
        .map(|one| {
            (
                one["subject"].as_str().unwrap().to_owned(),
                one["at"].as_str().unwrap().parse().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_file_is_shown_done_in_waves_and_done_once() {
    let served = Served::patched(
        &overlaid(
            teams(),
            json!({ "environments": { "e": { "policy": "ep-contoso-cmk" } },
        "policies": { "ep-contoso-cmk": granted_policy() } }),
        ),
        FAST,
    );
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1), ("Team d", 2)],
    );
    served.reset();
    let planned = served.run(&["plan", &file]).exits(0);
    planned.says(&[
        "4 environments",
        "Ring 1, at most 2 at a time:",
        "1. Add the environment `Team a`",
        "Ring 2",
        "`Team e`, linked to `ep-contoso-cmk`",
    ]);
    assert!(planned.stdout.starts_with("Plan of "), "{}", planned.stdout);
    // One list, and single reads only of environments to change: the environment (twice if no
    // policy is visible) and its operations.
    let ledger = served.ledger();
    let log = ledger["log"].as_array().unwrap();
    let count = |part: &str| {
        log.iter()
            .filter(|one| one["path"].as_str().unwrap().contains(part))
            .count()
    };
    assert_eq!(
        log.iter()
            .filter(|one| one["path"]
                .as_str()
                .unwrap()
                .ends_with("/scopes/admin/environments"))
            .count(),
        3,
        "{log:?}"
    );
    assert_eq!(
        (
            count("/scopes/admin/environments/"),
            count("lifecycleOperations")
        ),
        (4, 4)
    );
    assert_eq!(ledger["writes"], 0);
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(3);
    let document = served
        .run(&["apply", &file, "--dry-run", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (document["schema"].as_str(), document["outcome"].as_str()),
        (Some("cmkctl/wanted-plan/v1"), Some("planned"))
    );
    assert_eq!(document["unlisted"][0]["environments"][0]["name"], "Team e");
    // Each name must be confirmed.
    served.run(&["apply", &file, "--yes"]).exits(10);
    served.run(&apply(&file, &ALL[..3])).exits(10);
    assert!(start_times(&served).is_empty());
    let ran = served.run(&apply(&file, &ALL[..4])).exits(0);
    ran.says(&["done and verified", "Team d", "encrypted now"]);
    let starts = start_times(&served);
    assert_eq!(starts.len(), 4, "{starts:?}");
    assert_eq!(starts[3].0, "d", "the second ring comes last: {starts:?}");
    for (name, start) in &starts {
        let running = starts.iter().filter(|(_, other)| {
            let since = start.duration_since(*other).as_secs_f64();
            (0.0..LINK - 60.0).contains(&since)
        });
        assert!(running.count() <= 2, "{name}: {starts:?}");
    }
    // Two ran at a time, and the second ring started after the end of the first.
    assert!(
        starts[1].1.duration_since(starts[0].1).as_secs_f64() < LINK / 2.0,
        "{starts:?}"
    );
    assert!(
        starts[3].1.duration_since(starts[2].1).as_secs_f64() > LINK - 60.0,
        "{starts:?}"
    );
    let again = served.run(&["apply", &file, "-o", "json"]).exits(0).json();
    assert_eq!(again["outcome"], "unchanged");
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
    assert_eq!(served.effects().len(), 4);
}

#[test]
fn policies_come_first_and_vaults_are_asked_once() {
    let served = Served::patched(
        &overlaid(teams(), json!({ "provider": "NotRegistered" })),
        FAST,
    );
    let one = std::fs::read_to_string(wanted_file(
        &served,
        "at-most = 5",
        &[("Team a", 1), ("Team b", 1)],
    ))
    .unwrap();
    let policy = served.default_of("policy");
    let reader = served.object_id("power-platform-admin");
    let ids = served.ids_by_name();
    let second = one
        .split("[[policies]]")
        .nth(1)
        .unwrap()
        .split("[[policies.environments]]")
        .next()
        .unwrap();
    let second = second.replace(&policy, &format!("{policy}-two"));
    let file = served.write(
        "two.toml",
        &format!(
            "{one}\n[[policies]]{second}readers = [\"{reader}\"]\n[[policies.environments]]\nid = \
            \"{}\"\npower-platform-only = true\n",
            ids["Team c"]
        ),
    );
    served.reset();
    let planned = served.run(&["plan", &file, "-o", "json"]).exits(0).json();
    assert_eq!(
        actions(&planned),
        [
            "register-provider",
            "create-policy",
            "grant-key-by-role",
            "create-policy",
            "grant-key-by-role",
            "grant-reader",
            "add-environment",
            "add-environment",
            "add-environment"
        ]
    );
    let ledger = served.ledger();
    let vault = |one: &&Value| {
        one["path"]
            .as_str()
            .unwrap()
            .ends_with("/vaults/kv-contoso-cmk")
    };
    assert_eq!(
        ledger["log"]
            .as_array()
            .unwrap()
            .iter()
            .filter(vault)
            .count(),
        1
    );
    // The Key Vault administrator sees no environment of the file, creates the policies, and is
    // told what is missing.
    let half = served
        .run_as("key-vault-admin", &["apply", &file, "--yes"])
        .exits(5);
    half.says(&[
        "Create the enterprise policy `ep-contoso-cmk-two`",
        "You can't see",
    ]);
    let rest = served.run(&["plan", &file, "-o", "json"]).exits(0).json();
    assert_eq!(actions(&rest).len(), 3);
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(served.times("link-started"), 3);
}

/// Every kind of JSON document from files, for the test of their schemas.
pub(crate) fn documents(fits: &mut dyn FnMut(&Value)) {
    let served = Served::patched(
        &overlaid(
            teams(),
            json!({ "environments": { "e": { "policy": "ep-old" } },
        "policies": { "ep-old": ungranted_policy() } }),
        ),
        FAST,
    );
    let windows = "at-most = 2\nwindows = [\"wed 02:00-wed 02:30\"]";
    let name = wanted_file(
        &served,
        windows,
        &[("Team a", 1), ("Team b", 1), ("Contoso UAT", 2)],
    );
    let (plan, json) = (served.folder().join("plan.json"), ["-o", "json"]);
    fits(
        &served
            .run(&["plan", &name, "--out", plan.to_str().unwrap(), "-o", "json"])
            .exits(0)
            .json(),
    );
    fits(&serde_json::from_str(&std::fs::read_to_string(&plan).unwrap()).unwrap());
    fits(
        &served
            .run(&[&apply(&name, &[])[..], &json[..]].concat())
            .exits(10)
            .json(),
    );
    let names = ["Team a", "Team b", "Contoso UAT"];
    fits(
        &served
            .run(&[&apply(&name, &names)[..], &["--no-wait"], &json[..]].concat())
            .exits(8)
            .json(),
    );
    let name = wanted_file(
        &served,
        "",
        &[("Team a", 1), ("Team b", 1), ("Contoso UAT", 2)],
    );
    fits(
        &served
            .run(&[&apply(&name, &names)[..], &["--no-wait"], &json[..]].concat())
            .exits(8)
            .json(),
    );
    fits(
        &served
            .run(&[&apply(&name, &names)[..], &json[..]].concat())
            .exits(0)
            .json(),
    );
    fits(&served.run(&["adopt", "-o", "json"]).exits(0).json());
    let other = wanted_file(&served, "", &[("Team e", 1), ("Contoso Sales", 1)]);
    fits(&served.run(&["plan", &other, "-o", "json"]).exits(6).json());
}
