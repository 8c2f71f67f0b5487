//! A saved plan.

use super::*;

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
    // A changed file, another cloud, and half a file.
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
        .says(&["is for the cloud `public`, but this command uses `sandbox`"]);
    let half = served.write("half.json", &text[..text.len() / 2]);
    served
        .run(&apply(&half, &ALL[..2]))
        .exits(2)
        .says(&["can't be understood", "line"]);
    assert!(served.effects().is_empty());
    // The plan is run, even if the wanted file has changed meanwhile. A step that is already done
    // is skipped.
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
    // If an environment was removed meanwhile, it would be added again as planned. A policy with
    // another key makes another plan.
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
    // Right after the first read of the list, the environment is renamed and no longer managed.
    let change = json!({ "name": "Contoso Production 2", "managed": false });
    served.faults(
        &json!([{ "match": { "host": "bap", "path": "/scopes/admin/environments",
        "nth": 1 }, "do": "meanwhile", "change": change }]),
    );
    served.run(&["status", "--all"]).exits(0);
    let ran = served.run(&apply(&plan, &["Contoso UAT"])).exits(10);
    ran.says(&[
        "The current state has changed",
        "was: nothing / is: Make `Contoso Production 2` a Managed Environment",
        "was: Add the environment `Contoso UAT` to",
        "Create a new plan",
    ]);
    assert!(served.effects().is_empty());
    let document = served
        .run(&[&apply(&plan, &["Contoso UAT"])[..], &["-o", "json"]].concat())
        .exits(10)
        .json();
    assert_eq!(document["outcome"], "refused");
}
