//! The content of a wanted file, and the limit of a tenant.

use super::*;
use crate::tool::create_policy_read_by;

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
        "The tenant has 24 environments with a customer-managed key. This file would raise the \
        number to 26. cmkctl counts with a limit of 25",
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
        "Write `make-managed = true` below the environment's id",
    ]);
    assert!(served.effects().is_empty());
    // The name is checked: a wrong name means another environment.
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
    // Ids distinguish two environments with the same name.
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
    // Readers, a pinned version, and invisible facts.
    let served = Served::start("expiring", FAST);
    let reader = served.object_id("power-platform-admin");
    served.run_as("power-platform-admin", &["adopt"]).exits(5);
    served.run(&create_policy_read_by(&reader)).exits(0);
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
    // 41 pages of the list. The rest depends only on policies and vaults.
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
    // The example uses the rehearsal tenant, and succeeds if its window is tonight.
    let example = served.write(
        "example.toml",
        &good.replace("sat 22:00-sun 06:00", "mon 20:00-sun 06:00"),
    );
    let names = ["Contoso UAT", "Contoso Production", "Contoso Sales"];
    let ran = served.run(&apply(&example, &names)).exits(0);
    ran.says(&[
        "Waiting for the change window that opens on Mon 2026-03-02 20:00 UTC",
        "done and verified",
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
            "is listed twice: as number 1 of policy 1 and as number 2 of policy 1".to_owned(),
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
        .says(&["The policies 1 and 3 have the same id"]);
    served
        .run(&["plan", "/nonexistent/file.toml"])
        .exits(2)
        .says(&["can't be read"]);
    assert_eq!(served.ledger()["writes"], 0);
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
