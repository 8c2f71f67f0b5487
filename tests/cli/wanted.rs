//! Many environments by one file: what differs is shown, waves are kept, a failure stops what has
//! not begun, and the same command goes on.

use crate::between::{Between, Deed};
use crate::tenants::{granted_policy, power_platform_environment, ungranted_policy};
use crate::tool::{FAST, Served, actions, finish, interrupt, overlaid, until};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Sandbox seconds of an encryption in `teams`.
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

/// The file: waves, one policy, and environments with their rings.
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

/// Starts of an encryption: environment and time.
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
    // One list, and by themselves only those that are to be changed: environment (twice, where no
    // policy is seen) and operations.
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
    // Each name must be typed.
    served.run(&["apply", &file, "--yes"]).exits(10);
    served.run(&apply(&file, &ALL[..3])).exits(10);
    assert!(start_times(&served).is_empty());
    let ran = served.run(&apply(&file, &ALL[..4])).exits(0);
    ran.says(&["done, shown by a re-read", "Team d", "encrypted now"]);
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
    // Two at a time were two at a time, and the second ring began after the first had ended.
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
    // A file with nobody behind the environments: the Key Vault administrator does the policies,
    // and is told what is missing.
    let half = served
        .run_as("key-vault-admin", &["apply", &file, "--yes"])
        .exits(5);
    half.says(&[
        "Create the enterprise policy `ep-contoso-cmk-two`",
        "are not visible to you",
    ]);
    let rest = served.run(&["plan", &file, "-o", "json"]).exits(0).json();
    assert_eq!(actions(&rest).len(), 3);
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(served.times("link-started"), 3);
}

#[test]
fn the_first_failure_starts_nothing_more() {
    let served = Served::patched(&teams(), FAST);
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1), ("Team d", 2)],
    );
    let a = served.ids_by_name()["Team a"].clone();
    served.faults(&json!([{ "match": { "method": "POST",
        "path": format!("{a}/enterprisePolicies") }, "do": "words", "to": "Nope", "times": 9 }]));
    let ran = served.run(&[&apply(&file, &ALL[..4])[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 5, "{} {}", ran.stdout, ran.stderr);
    let document = ran.json();
    let outcomes: Vec<&str> = document["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        ["failed", "done", "not-started", "not-started"],
        "{document:#}"
    );
    assert_eq!(document["outcome"], "failed");
    assert_eq!(start_times(&served).len(), 1);
    // The same command goes on, without what is done.
    served.faults(&json!([]));
    served.run(&apply(&file, &ALL[..4])).exits(0);
    let mut names: Vec<String> = start_times(&served)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_key_that_goes_between_two_rings_stops_the_second_one() {
    // Half an hour after the beginning: the first ring is under way then, and goes on; the second
    // one begins an hour later.
    let event = json!({ "events": [{ "after_days": 0.03, "do": "disable-key",
        "vault": "kv-contoso-cmk", "key": "cmk-contoso" }] });
    let served = Served::patched(&overlaid(teams(), event), "1500");
    let name = wanted_file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 2)]);
    let ran = served.run(&apply(&name, &["Team a", "Team b"])).exits(6);
    ran.says(&["`Team b` is not started", "CMK016", "--enabled true"]);
    assert_eq!(start_times(&served).len(), 1, "{}", ran.stderr);
}

#[test]
fn a_window_that_closes_while_everything_is_looked_at_once_more_stops_the_start() {
    // It is Monday, 08:00, and a second here is 50 minutes: the look directly before the start
    // takes longer than the window has left.
    let ends = |late: u64, code: i32| {
        let served = Served::patched(&teams(), "3000");
        let name = wanted_file(
            &served,
            "at-most = 1\nwindows = [\"mon 07:00-mon 09:40\"]",
            &[("Team a", 1)],
        );
        let slow = vec![("/scopes/admin/environments/", Deed::Late(late))];
        let ran = Between::after(&served, 2, slow).run_as(
            "admin",
            &[&apply(&name, &["Team a"])[..], &["--timeout", "12h"]].concat(),
        );
        assert_eq!(ran.code, code, "{}", ran.stderr);
        (ran, start_times(&served).len())
    };
    let (ran, started) = ends(2500, 8);
    ran.says(&[
        "`Team a` is not started: the change window is closed; the next one opens on Mon \
        2026-03-09 07:00 UTC.",
    ]);
    assert_eq!(started, 0);
    assert_eq!(ends(0, 0).1, 1);
}

#[test]
fn operations_that_fail_are_all_said() {
    let served = Served::patched(
        &overlaid(teams(), json!({ "settings": { "link_ends": "failed" } })),
        FAST,
    );
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1)],
    );
    let ran = served.run(&apply(&file, &ALL[..3])).exits(9);
    ran.says(&[
        "failed, and nothing more was started",
        "a re-read of `Team a`",
        "a re-read of `Team b`",
        "not started",
    ]);
    assert_eq!(start_times(&served).len(), 2);
}

#[test]
fn the_same_command_goes_on_after_a_kill() {
    let served = Served::patched(&teams(), "2000");
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 2)],
    );
    let mut child = served
        .command("admin", &apply(&file, &ALL[..3]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("two starts", || start_times(&served).len() == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let planned = served.run(&["plan", &file]).exits(0);
    planned.says(&[
        "Wait until `Team a` is encrypted",
        "Add the environment `Team c`",
    ]);
    // All names are given again, and those that are done are no strangers.
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(start_times(&served).len(), 3);
}

#[test]
fn interrupted_it_says_how_to_go_on() {
    let served = Served::patched(&teams(), "60");
    let file = wanted_file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 1)]);
    let child = served
        .command("admin", &apply(&file, &ALL[..2]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("a start", || !start_times(&served).is_empty());
    std::thread::sleep(Duration::from_millis(200));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("goes on at the service")
            && text.contains("Go on with the same command: `cmkctl --cloud"),
        "{text}"
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("runs at the service") && shown.contains("not started"),
        "{shown}"
    );
}

#[test]
fn without_waiting_one_wave_is_started_at_a_time() {
    let served = Served::patched(&teams(), "600");
    let file = wanted_file(
        &served,
        "at-most = 2",
        &[("Team a", 1), ("Team b", 1), ("Team c", 1)],
    );
    let mut arguments = apply(&file, &ALL[..3]);
    arguments.push("--no-wait");
    let ran = served.run(&arguments).exits(8);
    ran.says(&[
        "runs at the service",
        "not started",
        "Go on with the same command",
    ]);
    assert_eq!(start_times(&served).len(), 2);
    // What runs takes its place: nothing more is started.
    served.run(&arguments).exits(8);
    assert_eq!(start_times(&served).len(), 2);
    // A limit of time is one for everything.
    arguments.pop();
    arguments.extend(["--timeout", "30m"]);
    let late = served.run(&arguments).exits(8);
    late.says(&["goes on at the service"]);
    assert_eq!(start_times(&served).len(), 2);
}

#[test]
fn an_environment_is_started_inside_a_window_only() {
    // The sandbox begins on Monday, 2026-03-02, 08:00.
    let served = Served::patched(&teams(), "3600");
    let name = wanted_file(
        &served,
        "at-most = 1\nwindows = [\"mon 20:00-mon 21:00\", \"tue 00:00-tue 01:00\"]",
        &[("Team a", 1), ("Team b", 1)],
    );
    let mut soon = apply(&name, &ALL[..2]);
    soon.push("--no-wait");
    let ran = served.run(&soon).exits(8);
    ran.says(&[
        "The next change window opens on Mon 2026-03-02 20:00 UTC",
        "not started",
    ]);
    let ran = served
        .run(&[&apply(&name, &ALL[..2])[..], &["--timeout", "2h"]].concat())
        .exits(8);
    ran.says(&["opens on Mon 2026-03-02 20:00 UTC"]);
    assert!(start_times(&served).is_empty());
    // By now it is ten o'clock or later: the evening comes sooner.
    served.advance(8.0 * 3600.0);
    let ran = served.run(&apply(&name, &ALL[..2])).exits(0);
    ran.says(&[
        "Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC",
        "Waiting for the change window that opens on Tue 2026-03-03 00:00 UTC",
    ]);
    // An hour of this clock is a second: the request arrives a moment after the window was found
    // open.
    let days: Vec<String> = start_times(&served)
        .iter()
        .map(|(_, at)| at.strftime("%a %H").to_string())
        .collect();
    assert!(
        ["Mon 20", "Mon 21", "Mon 22"].contains(&days[0].as_str()),
        "{days:?}"
    );
    assert!(
        ["Tue 00", "Tue 01", "Tue 02"].contains(&days[1].as_str()),
        "{days:?}"
    );
    assert_eq!(days.len(), 2);
}

#[test]
fn a_saved_plan_runs_exactly_and_is_refused_when_the_world_moved() {
    let ready = json!({ "policies": { "ep-contoso-cmk": granted_policy() } });
    let served = Served::patched(&overlaid(teams(), ready), FAST);
    let file = wanted_file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1)]);
    let plan = served
        .folder()
        .join("plan.json")
        .to_str()
        .unwrap()
        .to_owned();
    served.run(&["plan", &file, "--out", &plan]).exits(0);
    let text = std::fs::read_to_string(&plan).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap()["schema"],
        "cmkctl/plan/v1"
    );
    served.run(&["plan", &plan]).exits(2);
    // A slip of an editor, another cloud, and half a file.
    let slip = served.write(
        "slip.json",
        &text.replace("\"at-most\": 2", "\"at-most\": 20"),
    );
    served
        .run(&apply(&slip, &ALL[..2]))
        .exits(10)
        .says(&["its fingerprint differs"]);
    let other = served.write(
        "other.json",
        &text.replace("\"cloud\": \"sandbox\"", "\"cloud\": \"public\""),
    );
    served
        .run(&apply(&other, &ALL[..2]))
        .exits(2)
        .says(&["is for the cloud `public`, and this is `sandbox`"]);
    let half = served.write("half.json", &text[..text.len() / 2]);
    served
        .run(&apply(&half, &ALL[..2]))
        .exits(2)
        .says(&["can't be understood", "line"]);
    assert!(served.effects().is_empty());
    // The file may say something else by now: the plan is what is run. And what was done meanwhile
    // is done no more.
    std::fs::remove_file(&file).unwrap();
    let ids = served.ids_by_name();
    served
        .run(&[
            "add-environment",
            &ids["Team a"],
            "--power-platform-only",
            "--yes",
            "--confirm",
            "Team a",
        ])
        .exits(0);
    served.run(&apply(&plan, &ALL[1..2])).exits(0);
    assert_eq!(start_times(&served).len(), 2);
    // Somebody takes one off its policy again: then it would be added again, as planned. But
    // another policy's key is another plan.
    let document = served
        .run(&[&apply(&plan, &[])[..], &["-o", "json"]].concat())
        .exits(0)
        .json();
    assert_eq!(document["outcome"], "unchanged");
}

#[test]
fn what_moved_is_named() {
    let served = Served::patched(&teams(), FAST);
    let name = wanted_file(&served, "at-most = 2", &[("Contoso UAT", 1)]);
    let text = std::fs::read_to_string(&name)
        .unwrap()
        .replace("name = \"Contoso UAT\"\n", "make-managed = true\n");
    let name = served.write("unnamed.toml", &text);
    let plan = served
        .folder()
        .join("plan.json")
        .to_str()
        .unwrap()
        .to_owned();
    served.run(&["plan", &name, "--out", &plan]).exits(0);
    // Right after the list was read once, the environment has another name and is no Managed
    // Environment any more.
    let change = json!({ "name": "Contoso Production 2", "managed": false });
    served.faults(
        &json!([{ "match": { "host": "bap", "path": "/scopes/admin/environments",
        "nth": 1 }, "do": "meanwhile", "change": change }]),
    );
    served.run(&["status", "--all"]).exits(0);
    let ran = served.run(&apply(&plan, &["Contoso UAT"])).exits(10);
    ran.says(&[
        "What is there has changed",
        "was: nothing / is: Make `Contoso Production 2` a Managed Environment",
        "was: Add the environment `Contoso UAT` to",
        "Make a new plan",
    ]);
    assert!(served.effects().is_empty());
    let document = served
        .run(&[&apply(&plan, &["Contoso UAT"])[..], &["-o", "json"]].concat())
        .exits(10)
        .json();
    assert_eq!(document["outcome"], "refused");
}

#[test]
fn a_tenant_has_room_for_so_many() {
    let crowd = |size: u32| {
        overlaid(
            teams(),
            json!({ "crowd": { "size": size, "policy": "ep-contoso-cmk" },
            "policies": { "ep-contoso-cmk": granted_policy() } }),
        )
    };
    let served = Served::patched(&crowd(24), FAST);
    let name = wanted_file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1)]);
    let ran = served.run(&apply(&name, &ALL[..2])).exits(6);
    ran.says(&[
        "CMK031 BLOCK",
        "24 environments have a customer-managed key, and with this file 26 would; a tenant may \
        have 25",
        "`limit`",
    ]);
    assert!(served.effects().is_empty());
    let higher = served.write(
        "higher.toml",
        &std::fs::read_to_string(&name)
            .unwrap()
            .replace("at-most = 2", "at-most = 2\nlimit = 26"),
    );
    let ran = served.run(&["plan", &higher]).exits(0);
    ran.says(&["CMK031 WARN"]);
}

#[test]
fn a_blocker_on_one_blocks_all() {
    let second = json!({
        "environments": { "b": { "policy": "ep-old" }, "c": { "managed": false },
            "d": { "name": "Team a" } },
        "policies": { "ep-old": granted_policy() },
    });
    let served = Served::patched(&overlaid(teams(), second), FAST);
    let all = [("Team b", 1), ("Team c", 1), ("Team e", 1)];
    let name = wanted_file(&served, "at-most = 2", &all);
    let ran = served.run(&apply(&name, &ALL)).exits(6);
    ran.says(&[
        "CMK025 BLOCK",
        "cmkctl swap-policy ",
        "CMK006 BLOCK",
        "Write `make-managed = true` below its id",
    ]);
    assert!(served.effects().is_empty());
    // A name is a check: another one is another environment.
    let text =
        std::fs::read_to_string(wanted_file(&served, "at-most = 2", &[("Team e", 1)])).unwrap();
    let wrong = served.write("wrong.toml", &text.replace("Team e", "Team E"));
    served.run(&["plan", &wrong]).exits(6).says(&[
        "CMK002 BLOCK",
        "is called `Team e`, but the file calls it `Team E`",
    ]);
    let ids = served.ids_by_name();
    let gone = served.write(
        "gone.toml",
        &text.replace(&ids["Team e"], "00000000-0000-0000-0000-0000000000aa"),
    );
    served
        .run(&["plan", &gone])
        .exits(6)
        .says(&["CMK020 BLOCK"]);
    // Two of the same name are told apart by their ids.
    let all = served
        .run(&["status", "--all", "-o", "json"])
        .exits(0)
        .json();
    let same = |one: &&Value| one["name"] == "Team a";
    let both: Vec<String> = all["environments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(same)
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(both.len(), 2);
    let block = |id: &str| {
        format!(
            "\n[[policies.environments]]\nid = \"{id}\"\nname = \"Team a\"\npower-platform-only = \
            true\n"
        )
    };
    let head = text.split("\n[[policies.environments]]").next().unwrap();
    let twins = served.write(
        "twins.toml",
        &format!("{head}{}{}", block(&both[0]), block(&both[1])),
    );
    let refused = served.run(&apply(&twins, &["Team a"])).exits(2);
    refused.says(&[&format!("Team a ({})", both[0])]);
    assert!(served.effects().is_empty());
    let names: Vec<String> = both.iter().map(|id| format!("Team a ({id})")).collect();
    served.run(&apply(&twins, &[&names[0], &names[1]])).exits(0);
    assert_eq!(start_times(&served).len(), 2);
}

#[test]
fn what_is_adopted_is_what_is_there() {
    for scenario in ["ready", "expiring", "locked"] {
        let served = Served::start(scenario, FAST);
        let name = served
            .folder()
            .join("adopted.toml")
            .to_str()
            .unwrap()
            .to_owned();
        let ran = served.run(&["adopt"]).exits(0);
        served.run(&["adopt", "--out", &name]).exits(0);
        let stays = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            stays(&std::fs::read_to_string(&name).unwrap()),
            stays(&ran.stdout)
        );
        served.run(&["adopt", "--out", &name]).exits(2);
        let planned = served
            .run(&["plan", &name, "--detailed-exitcode", "-o", "json"])
            .exits(0)
            .json();
        assert_eq!(actions(&planned).len(), 0, "{scenario}: {planned:#}");
        assert_eq!(
            served.run(&["apply", &name, "-o", "json"]).exits(0).json()["outcome"],
            "unchanged"
        );
        assert_eq!(served.ledger()["writes"], 0);
        if scenario == "locked" {
            served
                .run(&["plan", &name])
                .exits(0)
                .says(&["CMK035 WARN", "cmkctl unlock "]);
        }
    }
    // Readers, a pinned version, and what is not visible.
    let served = Served::start("expiring", FAST);
    let reader = served.object_id("power-platform-admin");
    served.run_as("power-platform-admin", &["adopt"]).exits(5);
    served
        .run(&[
            "create-policy",
            "--location",
            "europe",
            "--reader",
            &reader,
            "--yes",
        ])
        .exits(0);
    let name = served.write("readers.toml", &served.run(&["adopt"]).exits(0).stdout);
    served
        .run(&["adopt", "-o", "json"])
        .exits(0)
        .says(&[&reader, "cmkctl/adopted/v1"]);
    served.run(&["plan", &name, "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_large_tenant_is_adopted_and_planned_at_once() {
    let served = Served::start("estate", "1");
    let name = served
        .folder()
        .join("estate.toml")
        .to_str()
        .unwrap()
        .to_owned();
    served.run(&["adopt", "--out", &name]).exits(0);
    served.reset();
    let ran = served
        .run(&["plan", &name, "--detailed-exitcode", "-o", "json"])
        .exits(0);
    let planned = ran.json();
    assert_eq!(actions(&planned).len(), 0);
    assert!(planned["environments"].as_array().unwrap().len() > 3000);
    let ledger = served.ledger();
    // 41 pages of the list; the rest grows with policies and vaults alone.
    assert!(
        ledger["requests"].as_u64().unwrap() < 41 + 40 * 5 + 12 * 4,
        "{}",
        ledger["requests"]
    );
    assert_eq!(ledger["writes"], 0);
}

#[test]
fn a_file_that_can_t_be_right_says_where() {
    let good =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/wanted.toml"))
            .unwrap();
    let served = Served::start("ready", FAST);
    // The example is one of the rehearsal tenant, and goes all the way when its window is tonight.
    let example = served.write(
        "example.toml",
        &good.replace("sat 22:00-sun 06:00", "mon 20:00-sun 06:00"),
    );
    let names = ["Contoso UAT", "Contoso Production", "Contoso Sales"];
    let ran = served.run(&apply(&example, &names)).exits(0);
    ran.says(&[
        "Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC",
        "done, shown by a re-read",
    ]);
    assert_eq!(start_times(&served).len(), 3);
    served
        .run(&["plan", &example, "--detailed-exitcode"])
        .exits(0);
    served.reset();
    let line = |part: &str| good.lines().position(|line| line.contains(part)).unwrap() + 1;
    for (old, new, words) in [
        (
            "at-most = 2",
            "at-most = two",
            format!("Line {}: ", line("at-most")),
        ),
        (
            "at-most = 2",
            "at-most = 0",
            "`at-most` of `waves` is 0".to_owned(),
        ),
        (
            "at-most = 2",
            "at_most = 2",
            format!("Line {}: unknown field `at_most`", line("at-most")),
        ),
        (
            "sat 22:00-sun 06:00",
            "sat 22:00-sun 25:00",
            format!(
                "Line {}: `sat 22:00-sun 25:00` is not a change window",
                line("windows")
            ),
        ),
        (
            "key = \"cmk-contoso\"",
            "key = \"c/mk\"",
            format!("Line {}: `c/mk` is not the name of a key", line("key = ")),
        ),
        (
            "vaults/kv-contoso-cmk",
            "secrets/kv-contoso-cmk",
            format!("Line {}: ", line("vaults/kv-contoso-cmk")),
        ),
        (
            "enterprisePolicies/ep-europe",
            "enterprisePolicies",
            format!("Line {}: ", line("enterprisePolicies/ep-europe")),
        ),
        (
            "\"europe\"",
            "\"West Europe\"",
            format!(
                "Line {}: `West Europe` is not a location",
                line("location = \"europe\"")
            ),
        ),
        (
            "193e4dc2-2922-5505-aaa6-80f4c40dd75d",
            "Contoso UAT",
            format!(
                "Line {}: `Contoso UAT` is not the id of an environment",
                line("193e4dc2")
            ),
        ),
        (
            "a83de4fa-c8a0-549d-b75a-f0e7ef809d9b",
            "me",
            format!("Line {}: `me` is not an object id", line("a83de4fa")),
        ),
        (
            "ring = 1 ",
            "ring = -1 ",
            format!("Line {}: ", line("ring = 1")),
        ),
        (
            "location = \"europe\"",
            "",
            format!("Line {}: missing field `location`", line("[[policies]]")),
        ),
        (
            "959e88e0-8062-5920-a19f-235f60eb1aa0",
            "193E4DC2-2922-5505-aaa6-80f4c40dd75d",
            "is written twice: as number 1 of policy 1 and as number 2 of policy 1".to_owned(),
        ),
    ] {
        assert!(good.contains(old), "{old}");
        let bad = served.write("bad.toml", &good.replace(old, new));
        let ran = served.run(&["plan", &bad]).exits(2);
        ran.says(&[&words]);
        served.run(&["apply", &bad, "--yes"]).exits(2);
    }
    let policy = good.split("[[policies]]").nth(1).unwrap();
    let twice = served.write(
        "twice.toml",
        &format!(
            "{good}\n[[policies]]{}",
            policy.split("[[policies.environments]]").next().unwrap()
        ),
    );
    served
        .run(&["plan", &twice])
        .exits(2)
        .says(&["The policies 1 and 3 are the same one"]);
    served
        .run(&["plan", "/nonexistent/file.toml"])
        .exits(2)
        .says(&["can't be read"]);
    assert_eq!(served.ledger()["writes"], 0);
}

/// Every kind of document that files take part in, for whoever compares them with their schemas.
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

#[test]
fn nothing_at_all_is_a_file_too() {
    let served = Served::start("ready", FAST);
    let empty = served.write("empty.toml", "policies = []\n");
    assert_eq!(
        finish(served.command("admin", &["apply", &empty, "-o", "json"]))
            .exits(0)
            .json()["outcome"],
        "unchanged"
    );
}
