//! Many environments by one file: what differs is shown, waves are kept, a failure stops what has not begun, and the same command goes on.

use crate::between::{Between, Deed};
use crate::tool::{FAST, Ran, Served, finish, merge};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Sandbox seconds of an encryption in `teams`.
const LINK: f64 = 5400.0;

/// Five environments without finance and operations, ready for a key.
fn teams() -> Value {
    let team = |name: &str| json!({ "name": format!("Team {name}"), "sku": "Production", "location": "europe", "region": "westeurope", "managed": true, "domain": format!("team-{name}") });
    json!({
        "summary": "Teams.",
        "environments": { "a": team("a"), "b": team("b"), "c": team("c"), "d": team("d"), "e": team("e") },
    })
}

fn with(mut patch: Value, more: Value) -> Value {
    merge(&mut patch, more);
    patch
}

/// Ids by name. Of two with the same name the last one counts.
fn ids(served: &Served) -> BTreeMap<String, String> {
    let all = served.run(&["status", "--all", "-o", "json"]).exits(0).json();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    all["environments"].as_array().unwrap().iter().map(|one| (text(one, "name"), text(one, "id"))).collect()
}

/// The file: waves, one policy, and environments with their rings.
fn file(served: &Served, waves: &str, environments: &[(&str, u32)]) -> String {
    let defaults = served.cloud()["defaults"].clone();
    let text = |name: &str| defaults[name].as_str().unwrap().to_owned();
    let ids = ids(served);
    let mut file = format!(
        "[waves]\n{waves}\n\n[[policies]]\nid = \"{}\"\nlocation = \"europe\"\nvault = \"{}\"\nkey = \"{}\"\n",
        text("policy"),
        text("vault"),
        text("key")
    );
    for (name, ring) in environments {
        let id = ids.get(*name).unwrap_or_else(|| panic!("{name}"));
        let _ = write!(
            file,
            "\n[[policies.environments]]\nid = \"{id}\"\nname = \"{name}\"\nring = {ring}\npower-platform-only = true\n"
        );
    }
    write(served, "wanted.toml", &file)
}

fn write(served: &Served, name: &str, text: &str) -> String {
    let path = served.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
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
fn starts(served: &Served) -> Vec<(String, jiff::Timestamp)> {
    let ledger = served.ledger();
    let effects = ledger["effects"].as_array().unwrap().iter();
    let links = effects.filter(|effect| effect["what"] == "link-started");
    links
        .map(|one| (one["subject"].as_str().unwrap().to_owned(), one["at"].as_str().unwrap().parse().unwrap()))
        .collect()
}

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word) || ran.stdout.contains(word), "{word}\n{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_file_is_shown_done_in_waves_and_done_once() {
    let served = Served::patched(
        &with(
            teams(),
            json!({ "environments": { "e": { "policy": "ep-contoso-cmk" } },
        "policies": { "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } } }),
        ),
        FAST,
    );
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1), ("Team c", 1), ("Team d", 2)]);
    served.reset();
    let planned = served.run(&["plan", &file]).exits(0);
    says(
        &planned,
        &[
            "4 environments",
            "Ring 1, at most 2 at a time:",
            "1. Add the environment `Team a`",
            "Ring 2",
            "`Team e`, linked to `ep-contoso-cmk`",
        ],
    );
    assert!(planned.stdout.starts_with("Plan of "), "{}", planned.stdout);
    // One list, and by themselves only those that are to be changed: environment (twice, where no policy is seen) and operations.
    let ledger = served.ledger();
    let log = ledger["log"].as_array().unwrap();
    let count = |part: &str| log.iter().filter(|one| one["path"].as_str().unwrap().contains(part)).count();
    assert_eq!(
        log.iter().filter(|one| one["path"].as_str().unwrap().ends_with("/scopes/admin/environments")).count(),
        3,
        "{log:?}"
    );
    assert_eq!((count("/scopes/admin/environments/"), count("lifecycleOperations")), (4, 4));
    assert_eq!(ledger["writes"], 0);
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(3);
    let document = served.run(&["apply", &file, "--dry-run", "-o", "json"]).exits(0).json();
    assert_eq!(
        (document["schema"].as_str(), document["outcome"].as_str()),
        (Some("cmkctl/wanted-plan/v1"), Some("planned"))
    );
    assert_eq!(document["unlisted"][0]["environments"][0]["name"], "Team e");
    // Each name must be typed.
    served.run(&["apply", &file, "--yes"]).exits(10);
    served.run(&apply(&file, &ALL[..3])).exits(10);
    assert!(starts(&served).is_empty());
    let ran = served.run(&apply(&file, &ALL[..4])).exits(0);
    says(&ran, &["done, shown by a re-read", "Team d", "encrypted now"]);
    let starts = starts(&served);
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
    assert!(starts[1].1.duration_since(starts[0].1).as_secs_f64() < LINK / 2.0, "{starts:?}");
    assert!(starts[3].1.duration_since(starts[2].1).as_secs_f64() > LINK - 60.0, "{starts:?}");
    let again = served.run(&["apply", &file, "-o", "json"]).exits(0).json();
    assert_eq!(again["outcome"], "unchanged");
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
    assert_eq!(served.effects().len(), 4);
}

#[test]
fn policies_come_first_and_vaults_are_asked_once() {
    let served = Served::patched(&with(teams(), json!({ "provider": "NotRegistered" })), FAST);
    let one = std::fs::read_to_string(file(&served, "at-most = 5", &[("Team a", 1), ("Team b", 1)])).unwrap();
    let policy = served.cloud()["defaults"]["policy"].as_str().unwrap().to_owned();
    let reader = served.object_id("power-platform-admin");
    let ids = ids(&served);
    let second = one.split("[[policies]]").nth(1).unwrap().split("[[policies.environments]]").next().unwrap();
    let second = second.replace(&policy, &format!("{policy}-two"));
    let file = write(
        &served,
        "two.toml",
        &format!(
            "{one}\n[[policies]]{second}readers = [\"{reader}\"]\n[[policies.environments]]\nid = \"{}\"\npower-platform-only = true\n",
            ids["Team c"]
        ),
    );
    served.reset();
    let planned = served.run(&["plan", &file, "-o", "json"]).exits(0).json();
    let actions: Vec<&str> =
        planned["plan"]["actions"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
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
    let vault = |one: &&Value| one["path"].as_str().unwrap().ends_with("/vaults/kv-contoso-cmk");
    assert_eq!(ledger["log"].as_array().unwrap().iter().filter(vault).count(), 1);
    // A file with nobody behind the environments: the Key Vault administrator does the policies, and is told what is missing.
    let half = served.run_as("key-vault-admin", &["apply", &file, "--yes"]).exits(5);
    says(&half, &["Create the enterprise policy `ep-contoso-cmk-two`", "are not visible to you"]);
    let rest = served.run(&["plan", &file, "-o", "json"]).exits(0).json();
    assert_eq!(rest["plan"]["actions"].as_array().unwrap().len(), 3);
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(served.effects().iter().filter(|what| *what == "link-started").count(), 3);
}

#[test]
fn the_first_failure_starts_nothing_more() {
    let served = Served::patched(&teams(), FAST);
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1), ("Team c", 1), ("Team d", 2)]);
    let a = ids(&served)["Team a"].clone();
    served.faults(&json!([{ "match": { "method": "POST", "path": format!("{a}/enterprisePolicies") }, "do": "words", "to": "Nope", "times": 9 }]));
    let ran = served.run(&[&apply(&file, &ALL[..4])[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 5, "{} {}", ran.stdout, ran.stderr);
    let document = ran.json();
    let outcomes: Vec<&str> =
        document["environments"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["failed", "done", "not-started", "not-started"], "{document:#}");
    assert_eq!(document["outcome"], "failed");
    assert_eq!(starts(&served).len(), 1);
    // The same command goes on, without what is done.
    served.faults(&json!([]));
    served.run(&apply(&file, &ALL[..4])).exits(0);
    let mut names: Vec<String> = starts(&served).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_key_that_goes_between_two_rings_stops_the_second_one() {
    // Half an hour after the beginning: the first ring is under way then, and goes on; the second one begins an hour later.
    let event = json!({ "events": [{ "after_days": 0.03, "do": "disable-key", "vault": "kv-contoso-cmk", "key": "cmk-contoso" }] });
    let served = Served::patched(&with(teams(), event), "1500");
    let name = file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 2)]);
    let ran = served.run(&apply(&name, &["Team a", "Team b"])).exits(6);
    says(&ran, &["`Team b` is not started", "CMK016", "--enabled true"]);
    assert_eq!(starts(&served).len(), 1, "{}", ran.stderr);
}

#[test]
fn a_window_that_closes_while_everything_is_looked_at_once_more_stops_the_start() {
    // It is Monday, 08:00, and a second here is 50 minutes: the look directly before the start takes longer than the window has left.
    let ends = |late: u64, code: i32| {
        let served = Served::patched(&teams(), "3000");
        let name = file(&served, "at-most = 1\nwindows = [\"mon 07:00-mon 09:40\"]", &[("Team a", 1)]);
        let slow = vec![("/scopes/admin/environments/", Deed::Late(late))];
        let ran = Between::after(&served, 2, slow)
            .run_as("admin", &[&apply(&name, &["Team a"])[..], &["--timeout", "12h"]].concat());
        assert_eq!(ran.code, code, "{}", ran.stderr);
        (ran, starts(&served).len())
    };
    let (ran, started) = ends(2500, 8);
    says(
        &ran,
        &["`Team a` is not started: the change window is closed; the next one opens on Mon 2026-03-09 07:00 UTC."],
    );
    assert_eq!(started, 0);
    assert_eq!(ends(0, 0).1, 1);
}

#[test]
fn operations_that_fail_are_all_said() {
    let served = Served::patched(&with(teams(), json!({ "settings": { "link_ends": "failed" } })), FAST);
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1), ("Team c", 1)]);
    let ran = served.run(&apply(&file, &ALL[..3])).exits(9);
    says(
        &ran,
        &["failed, and nothing more was started", "a re-read of `Team a`", "a re-read of `Team b`", "not started"],
    );
    assert_eq!(starts(&served).len(), 2);
}

#[test]
fn the_same_command_goes_on_after_a_kill() {
    let served = Served::patched(&teams(), "2000");
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1), ("Team c", 2)]);
    let mut child =
        served.command("admin", &apply(&file, &ALL[..3])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while starts(&served).len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let planned = served.run(&["plan", &file]).exits(0);
    says(&planned, &["Wait until `Team a` is encrypted", "Add the environment `Team c`"]);
    // All names are given again, and those that are done are no strangers.
    served.run(&apply(&file, &ALL[..3])).exits(0);
    assert_eq!(starts(&served).len(), 3);
}

#[test]
fn interrupted_it_says_how_to_go_on() {
    let served = Served::patched(&teams(), "60");
    let file = file(&served, "at-most = 1", &[("Team a", 1), ("Team b", 1)]);
    let child = served
        .command("admin", &apply(&file, &ALL[..2]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while starts(&served).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("goes on at the service") && text.contains("Go on with the same command: `cmkctl --cloud"),
        "{text}"
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("runs at the service") && shown.contains("not started"), "{shown}");
}

#[test]
fn without_waiting_one_wave_is_started_at_a_time() {
    let served = Served::patched(&teams(), "600");
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1), ("Team c", 1)]);
    let mut arguments = apply(&file, &ALL[..3]);
    arguments.push("--no-wait");
    let ran = served.run(&arguments).exits(8);
    says(&ran, &["runs at the service", "not started", "Go on with the same command"]);
    assert_eq!(starts(&served).len(), 2);
    // What runs takes its place: nothing more is started.
    served.run(&arguments).exits(8);
    assert_eq!(starts(&served).len(), 2);
    // A limit of time is one for everything.
    arguments.pop();
    arguments.extend(["--timeout", "30m"]);
    let late = served.run(&arguments).exits(8);
    says(&late, &["goes on at the service"]);
    assert_eq!(starts(&served).len(), 2);
}

#[test]
fn an_environment_is_started_inside_a_window_only() {
    // The sandbox begins on Monday, 2026-03-02, 08:00.
    let served = Served::patched(&teams(), "3600");
    let name = file(
        &served,
        "at-most = 1\nwindows = [\"mon 20:00-mon 21:00\", \"tue 02:00-tue 03:00\"]",
        &[("Team a", 1), ("Team b", 1)],
    );
    let mut soon = apply(&name, &ALL[..2]);
    soon.push("--no-wait");
    let ran = served.run(&soon).exits(8);
    says(&ran, &["The next change window opens on Mon 2026-03-02 20:00 UTC", "not started"]);
    let ran = served.run(&[&apply(&name, &ALL[..2])[..], &["--timeout", "2h"]].concat()).exits(8);
    says(&ran, &["opens on Mon 2026-03-02 20:00 UTC"]);
    assert!(starts(&served).is_empty());
    let ran = served.run(&apply(&name, &ALL[..2])).exits(0);
    says(
        &ran,
        &[
            "Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC",
            "Waiting for the change window that opens on Tue 2026-03-03 02:00 UTC",
        ],
    );
    // An hour of this clock is a second: the request arrives a moment after the window was found open.
    let days: Vec<String> = starts(&served).iter().map(|(_, at)| at.strftime("%a %H").to_string()).collect();
    assert!(["Mon 20", "Mon 21", "Mon 22"].contains(&days[0].as_str()), "{days:?}");
    assert!(["Tue 02", "Tue 03", "Tue 04"].contains(&days[1].as_str()), "{days:?}");
    assert_eq!(days.len(), 2);
}

#[test]
fn a_saved_plan_runs_exactly_and_is_refused_when_the_world_moved() {
    let ready = json!({ "policies": { "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } } });
    let served = Served::patched(&with(teams(), ready), FAST);
    let file = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1)]);
    let plan = served.folder().join("plan.json").to_str().unwrap().to_owned();
    let saved = served.run(&["plan", &file, "--out", &plan]).exits(0);
    says(&saved, &["Run exactly this: `cmkctl --cloud"]);
    let text = std::fs::read_to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["schema"], "cmkctl/plan/v1");
    served.run(&["plan", &plan]).exits(2);
    // A slip of an editor, another cloud, and half a file.
    let slip = write(&served, "slip.json", &text.replace("\"at-most\": 2", "\"at-most\": 20"));
    says(&served.run(&apply(&slip, &ALL[..2])).exits(10), &["its fingerprint differs"]);
    let other = write(&served, "other.json", &text.replace("\"cloud\": \"sandbox\"", "\"cloud\": \"public\""));
    says(&served.run(&apply(&other, &ALL[..2])).exits(2), &["is for the cloud `public`, and this is `sandbox`"]);
    let half = write(&served, "half.json", &text[..text.len() / 2]);
    says(&served.run(&apply(&half, &ALL[..2])).exits(2), &["can't be understood", "line"]);
    assert!(served.effects().is_empty());
    // The file may say something else by now: the plan is what is run. And what was done meanwhile is done no more.
    std::fs::remove_file(&file).unwrap();
    let ids = ids(&served);
    served.run(&["add-environment", &ids["Team a"], "--power-platform-only", "--yes", "--confirm", "Team a"]).exits(0);
    served.run(&apply(&plan, &ALL[1..2])).exits(0);
    assert_eq!(starts(&served).len(), 2);
    // Somebody takes one off its policy again: then it would be added again, as planned. But another policy's key is another plan.
    let document = served.run(&[&apply(&plan, &[])[..], &["-o", "json"]].concat()).exits(0).json();
    assert_eq!(document["outcome"], "unchanged");
}

#[test]
fn what_moved_is_named() {
    let served = Served::patched(&teams(), FAST);
    let name = file(&served, "at-most = 2", &[("Contoso UAT", 1)]);
    let text = std::fs::read_to_string(&name).unwrap().replace("name = \"Contoso UAT\"\n", "make-managed = true\n");
    let name = write(&served, "unnamed.toml", &text);
    let plan = served.folder().join("plan.json").to_str().unwrap().to_owned();
    served.run(&["plan", &name, "--out", &plan]).exits(0);
    // Right after the list was read once, the environment has another name and is no Managed Environment any more.
    let change = json!({ "name": "Contoso Production 2", "managed": false });
    served.faults(&json!([{ "match": { "host": "bap", "path": "/scopes/admin/environments", "nth": 1 }, "do": "meanwhile", "change": change }]));
    served.run(&["status", "--all"]).exits(0);
    let ran = served.run(&apply(&plan, &["Contoso UAT"])).exits(10);
    says(
        &ran,
        &[
            "What is there has changed",
            "was: nothing / is: Make `Contoso Production 2` a Managed Environment",
            "was: Add the environment `Contoso UAT` to",
            "Make a new plan",
        ],
    );
    assert!(served.effects().is_empty());
    let document = served.run(&[&apply(&plan, &["Contoso UAT"])[..], &["-o", "json"]].concat()).exits(10).json();
    assert_eq!(document["outcome"], "refused");
}

#[test]
fn a_tenant_has_room_for_so_many() {
    let crowd = |size: u32| {
        with(
            teams(),
            json!({ "crowd": { "size": size, "policy": "ep-contoso-cmk" },
            "policies": { "ep-contoso-cmk": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } } }),
        )
    };
    let served = Served::patched(&crowd(24), FAST);
    let name = file(&served, "at-most = 2", &[("Team a", 1), ("Team b", 1)]);
    let ran = served.run(&apply(&name, &ALL[..2])).exits(6);
    says(
        &ran,
        &[
            "CMK031 BLOCK",
            "24 environments have a customer-managed key, and with this file 26 would; a tenant may have 25",
            "`limit`",
        ],
    );
    assert!(served.effects().is_empty());
    let higher = write(
        &served,
        "higher.toml",
        &std::fs::read_to_string(&name).unwrap().replace("at-most = 2", "at-most = 2\nlimit = 26"),
    );
    let ran = served.run(&["plan", &higher]).exits(0);
    says(&ran, &["CMK031 WARN"]);
}

#[test]
fn a_blocker_on_one_blocks_all() {
    let second = json!({
        "environments": { "b": { "policy": "ep-old" }, "c": { "managed": false }, "d": { "name": "Team a" } },
        "policies": { "ep-old": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe", "granted": true } },
    });
    let served = Served::patched(&with(teams(), second), FAST);
    let all = [("Team b", 1), ("Team c", 1), ("Team e", 1)];
    let name = file(&served, "at-most = 2", &all);
    let ran = served.run(&apply(&name, &ALL)).exits(6);
    says(&ran, &["CMK025 BLOCK", "cmkctl swap-policy ", "CMK006 BLOCK", "Write `make-managed = true` below its id"]);
    assert!(served.effects().is_empty());
    // A name is a check: another one is another environment.
    let text = std::fs::read_to_string(file(&served, "at-most = 2", &[("Team e", 1)])).unwrap();
    let wrong = write(&served, "wrong.toml", &text.replace("Team e", "Team E"));
    says(
        &served.run(&["plan", &wrong]).exits(6),
        &["CMK002 BLOCK", "is called `Team e`, but the file calls it `Team E`"],
    );
    let ids = ids(&served);
    let gone = write(&served, "gone.toml", &text.replace(&ids["Team e"], "00000000-0000-0000-0000-0000000000aa"));
    says(&served.run(&["plan", &gone]).exits(6), &["CMK020 BLOCK"]);
    // Two of the same name are told apart by their ids.
    let all = served.run(&["status", "--all", "-o", "json"]).exits(0).json();
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
        format!("\n[[policies.environments]]\nid = \"{id}\"\nname = \"Team a\"\npower-platform-only = true\n")
    };
    let head = text.split("\n[[policies.environments]]").next().unwrap();
    let twins = write(&served, "twins.toml", &format!("{head}{}{}", block(&both[0]), block(&both[1])));
    let refused = served.run(&apply(&twins, &["Team a"])).exits(2);
    says(&refused, &[&format!("Team a ({})", both[0])]);
    assert!(served.effects().is_empty());
    let names: Vec<String> = both.iter().map(|id| format!("Team a ({id})")).collect();
    served.run(&apply(&twins, &[&names[0], &names[1]])).exits(0);
    assert_eq!(starts(&served).len(), 2);
}

#[test]
fn what_is_adopted_is_what_is_there() {
    for scenario in ["ready", "expiring", "locked"] {
        let served = Served::start(scenario, FAST);
        let name = served.folder().join("adopted.toml").to_str().unwrap().to_owned();
        let ran = served.run(&["adopt"]).exits(0);
        served.run(&["adopt", "--out", &name]).exits(0);
        let stays = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(stays(&std::fs::read_to_string(&name).unwrap()), stays(&ran.stdout));
        says(&served.run(&["adopt", "--out", &name]).exits(2), &["never overwritten"]);
        let planned = served.run(&["plan", &name, "--detailed-exitcode", "-o", "json"]).exits(0).json();
        assert_eq!(planned["plan"]["actions"].as_array().unwrap().len(), 0, "{scenario}: {planned:#}");
        assert_eq!(served.run(&["apply", &name, "-o", "json"]).exits(0).json()["outcome"], "unchanged");
        assert_eq!(served.ledger()["writes"], 0);
        if scenario == "locked" {
            says(&served.run(&["plan", &name]).exits(0), &["CMK035 WARN", "cmkctl unlock "]);
        }
    }
    // Readers, a pinned version, and what is not visible.
    let served = Served::start("expiring", FAST);
    let reader = served.object_id("power-platform-admin");
    let blind = served.run_as("power-platform-admin", &["adopt"]).exits(5);
    says(&blind, &["# The policy /subscriptions/", "is left out with its 2 environments: it is not visible to you"]);
    served.run(&["create-policy", "--location", "europe", "--reader", &reader, "--yes"]).exits(0);
    let name = write(&served, "readers.toml", &served.run(&["adopt"]).exits(0).stdout);
    says(&served.run(&["adopt", "-o", "json"]).exits(0), &[&reader, "cmkctl/adopted/v1"]);
    served.run(&["plan", &name, "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_large_tenant_is_adopted_and_planned_at_once() {
    let served = Served::start("estate", "1");
    let name = served.folder().join("estate.toml").to_str().unwrap().to_owned();
    served.run(&["adopt", "--out", &name]).exits(0);
    served.reset();
    let ran = served.run(&["plan", &name, "--detailed-exitcode", "-o", "json"]).exits(0);
    let planned = ran.json();
    assert_eq!(planned["plan"]["actions"].as_array().unwrap().len(), 0);
    assert!(planned["environments"].as_array().unwrap().len() > 3000);
    let ledger = served.ledger();
    // 41 pages of the list; the rest grows with policies and vaults alone.
    assert!(ledger["requests"].as_u64().unwrap() < 41 + 40 * 5 + 12 * 4, "{}", ledger["requests"]);
    assert_eq!(ledger["writes"], 0);
}

#[test]
fn a_file_that_can_t_be_right_says_where() {
    let good = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/wanted.toml")).unwrap();
    let served = Served::start("ready", FAST);
    // The example is one of the rehearsal tenant, and goes all the way when its window is tonight.
    let example = write(&served, "example.toml", &good.replace("sat 22:00-sun 06:00", "mon 20:00-sun 06:00"));
    let names = ["Contoso UAT", "Contoso Production", "Contoso Sales"];
    let ran = served.run(&apply(&example, &names)).exits(0);
    says(&ran, &["Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC", "done, shown by a re-read"]);
    assert_eq!(starts(&served).len(), 3);
    served.run(&["plan", &example, "--detailed-exitcode"]).exits(0);
    served.reset();
    let line = |part: &str| good.lines().position(|line| line.contains(part)).unwrap() + 1;
    for (old, new, words) in [
        ("at-most = 2", "at-most = two", format!("Line {}: ", line("at-most"))),
        ("at-most = 2", "at-most = 0", "`at-most` of `waves` is 0".to_owned()),
        ("at-most = 2", "at_most = 2", format!("Line {}: unknown field `at_most`", line("at-most"))),
        (
            "sat 22:00-sun 06:00",
            "sat 22:00-sun 25:00",
            format!("Line {}: `sat 22:00-sun 25:00` is not a change window", line("windows")),
        ),
        (
            "key = \"cmk-contoso\"",
            "key = \"c/mk\"",
            format!("Line {}: `c/mk` is not the name of a key", line("key = ")),
        ),
        ("vaults/kv-contoso-cmk", "secrets/kv-contoso-cmk", format!("Line {}: ", line("vaults/kv-contoso-cmk"))),
        (
            "enterprisePolicies/ep-europe",
            "enterprisePolicies",
            format!("Line {}: ", line("enterprisePolicies/ep-europe")),
        ),
        (
            "\"europe\"",
            "\"West Europe\"",
            format!("Line {}: `West Europe` is not a location", line("location = \"europe\"")),
        ),
        (
            "193e4dc2-2922-5505-aaa6-80f4c40dd75d",
            "Contoso UAT",
            format!("Line {}: `Contoso UAT` is not the id of an environment", line("193e4dc2")),
        ),
        ("a83de4fa-c8a0-549d-b75a-f0e7ef809d9b", "me", format!("Line {}: `me` is not an object id", line("a83de4fa"))),
        ("ring = 1 ", "ring = -1 ", format!("Line {}: ", line("ring = 1"))),
        ("location = \"europe\"", "", format!("Line {}: missing field `location`", line("[[policies]]"))),
        (
            "959e88e0-8062-5920-a19f-235f60eb1aa0",
            "193E4DC2-2922-5505-aaa6-80f4c40dd75d",
            "is written twice: as number 1 of policy 1 and as number 2 of policy 1".to_owned(),
        ),
    ] {
        assert!(good.contains(old), "{old}");
        let bad = write(&served, "bad.toml", &good.replace(old, new));
        let ran = served.run(&["plan", &bad]).exits(2);
        says(&ran, &[&words]);
        served.run(&["apply", &bad, "--yes"]).exits(2);
    }
    let policy = good.split("[[policies]]").nth(1).unwrap();
    let twice = write(
        &served,
        "twice.toml",
        &format!("{good}\n[[policies]]{}", policy.split("[[policies.environments]]").next().unwrap()),
    );
    says(&served.run(&["plan", &twice]).exits(2), &["The policies 1 and 3 are the same one"]);
    says(&served.run(&["plan", "/nonexistent/file.toml"]).exits(2), &["can't be read"]);
    assert_eq!(served.ledger()["writes"], 0);
}

/// Every kind of document that files take part in, for whoever compares them with their schemas.
pub(crate) fn documents(fits: &mut dyn FnMut(&Value)) {
    let served = Served::patched(
        &with(
            teams(),
            json!({ "environments": { "e": { "policy": "ep-old" } },
        "policies": { "ep-old": { "vault": "kv-contoso-cmk", "key": "cmk-contoso", "location": "europe" } } }),
        ),
        FAST,
    );
    let windows = "at-most = 2\nwindows = [\"wed 02:00-wed 02:30\"]";
    let name = file(&served, windows, &[("Team a", 1), ("Team b", 1), ("Contoso UAT", 2)]);
    let (plan, json) = (served.folder().join("plan.json"), ["-o", "json"]);
    fits(&served.run(&["plan", &name, "--out", plan.to_str().unwrap(), "-o", "json"]).exits(0).json());
    fits(&serde_json::from_str(&std::fs::read_to_string(&plan).unwrap()).unwrap());
    fits(&served.run(&[&apply(&name, &[])[..], &json[..]].concat()).exits(10).json());
    let names = ["Team a", "Team b", "Contoso UAT"];
    fits(&served.run(&[&apply(&name, &names)[..], &["--no-wait"], &json[..]].concat()).exits(8).json());
    let name = file(&served, "", &[("Team a", 1), ("Team b", 1), ("Contoso UAT", 2)]);
    fits(&served.run(&[&apply(&name, &names)[..], &["--no-wait"], &json[..]].concat()).exits(8).json());
    fits(&served.run(&[&apply(&name, &names)[..], &json[..]].concat()).exits(0).json());
    fits(&served.run(&["adopt", "-o", "json"]).exits(0).json());
    let other = file(&served, "", &[("Team e", 1), ("Contoso Sales", 1)]);
    fits(&served.run(&["plan", &other, "-o", "json"]).exits(6).json());
}

#[test]
fn nothing_at_all_is_a_file_too() {
    let served = Served::start("ready", FAST);
    let empty = write(&served, "empty.toml", "policies = []\n");
    assert_eq!(
        finish(served.command("admin", &["apply", &empty, "-o", "json"])).exits(0).json()["outcome"],
        "unchanged"
    );
}
