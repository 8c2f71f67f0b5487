//! Names that match nothing, match two environments, or resemble another name.

use crate::tenants::{two_keys, uat_named};
use crate::tool::{FAST, Served};
use serde_json::json;

#[test]
fn a_name_that_is_another_ones_domain_is_not_unique() {
    let plain = Served::start("ready", FAST);
    plain.run(&["environment-name", "contoso-dev-a"]).exits(0);
    let patch = uat_named("contoso-dev-a");
    let served = Served::patched(&patch, FAST);
    let uat = served.ids_by_name()["contoso-dev-a"].clone();
    let ran = served.run(&["environment-name", "contoso-dev-a"]).exits(2);
    ran.says(&["is the name of 2 environments", &uat]);
    served
        .run(&[
            "add-environment",
            "contoso-dev-a",
            "--yes",
            "--confirm",
            "contoso-dev-a",
        ])
        .exits(2);
    assert!(served.effects().is_empty());
    // The id finds each of the two.
    served.run(&["environment-name", &uat]).exits(0);
}

#[test]
fn what_nobody_sees_in_a_name_is_not_in_it() {
    let patch = uat_named("Contoso\u{a0}\u{fe0f}UAT\u{34f}\u{e0101}");
    let served = Served::patched(&patch, FAST);
    let ran = served
        .run(&["environment-name", "Contoso UAT", "-o", "json"])
        .exits(0);
    assert_eq!(ran.json()["name"], "Contoso UAT", "{}", ran.stdout);
    // A name that was copied from an uncleaned source is the same name. Another name is not.
    served
        .run(&[
            "enable",
            "Contoso UAT",
            "--yes",
            "--confirm",
            "Contoso\u{a0}UA",
        ])
        .exits(2);
    assert!(served.effects().is_empty());
    served
        .run(&[
            "enable",
            "Contoso\u{a0}UAT",
            "--yes",
            "--confirm",
            "Contoso\u{a0}\u{fe0f}UAT",
        ])
        .exits(0);
    let file = served.folder().join("wanted.toml");
    served
        .run(&["adopt", "--out", file.to_str().unwrap()])
        .exits(0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"Contoso UAT\""), "{text}");
    for name in ["Contoso UAT", "Contoso\u{a0}\u{fe0f}UAT"] {
        std::fs::write(&file, text.replace("Contoso UAT", name)).unwrap();
        served.run(&["plan", file.to_str().unwrap()]).exits(0);
    }
    std::fs::write(&file, text.replace("Contoso UAT", "Contoso UAT 2")).unwrap();
    served.run(&["plan", file.to_str().unwrap()]).exits(6);
}

#[test]
fn a_confirmed_name_that_the_plan_does_not_ask_for_is_a_slip() {
    let served = Served::patched(&two_keys(), FAST);
    for wrong in [
        &["--confirm", "Contoso"][..],
        &["--confirm", "Contoso UAT", "--confirm", "Contoso Dev"],
        &["--confirm", ""],
    ] {
        let ran = served
            .run(&[&["remove-environment", "--yes"], wrong].concat())
            .exits(2);
        ran.says(&[
            "No changes were made.",
            "The plan requires these names: `Contoso UAT`.",
        ]);
    }
    served
        .run(&["remove-environment", "--yes", "--confirm", "Contoso UTA"])
        .exits(2)
        .says(&["Did you mean `Contoso UAT`?"]);
    assert!(served.effects().is_empty());
    served
        .run(&["remove-environment", "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    // The repeated command needs no consent. A wrong name is still a usage error.
    served
        .run(&["remove-environment", "--yes", "--confirm", "Contoso UAT"])
        .exits(0);
    served
        .run(&["remove-environment", "--yes", "--confirm", "anything"])
        .exits(2);
}

#[test]
fn a_filter_that_fits_nothing_in_the_tenant_is_a_slip() {
    let served = Served::start("expiring", FAST);
    let policy = served.default_of("policy");
    let name = policy.rsplit('/').next().unwrap().to_owned();
    for command in [&["status", "--all"][..], &["report"]] {
        let with = |more: &[&str]| served.run(&[command, more].concat());
        let ran = with(&["--policy", &format!("{name}x")]).exits(2);
        ran.says(&["matches nothing", &format!("Did you mean `{name}`?")]);
        with(&["--policy", ""])
            .exits(2)
            .says(&["matches nothing", &name]);
        with(&["--vault", "kv-nowhere"])
            .exits(2)
            .says(&["matches nothing", "Visible to you: "]);
        with(&["--sku", "Producton"])
            .exits(2)
            .says(&["Did you mean `Production`?"]);
        for right in [
            &["--policy", &name][..],
            &["--policy", &policy],
            &["--sku", "production"],
        ] {
            with(right).exits(0);
        }
        // Each filter matches something, but not together.
        with(&["--policy", &name, "--not-encrypted"])
            .exits(2)
            .says(&["matches all of the filters"]);
    }
    served
        .run(&["export", "bicep", "--policy", "nowhere"])
        .exits(2)
        .says(&["matches nothing", &name]);
    served.run(&["export", "bicep", "--policy", &name]).exits(0);
}

#[test]
fn names_that_look_alike_are_shown_with_their_ids_and_confirmed_with_them() {
    let patch = json!({ "summary": "A name with a Cyrillic letter, and one that is nobody else's.",
        "environments": { "sales": { "name": "Contoso \u{420}roduction" } } });
    let served = Served::patched(&patch, FAST);
    let all = served.run(&["status", "--all", "-o", "json"]).json();
    let ids: Vec<(String, String)> = all["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap().to_owned(),
                one["id"].as_str().unwrap().to_owned(),
            )
        })
        .filter(|(name, _)| name.ends_with("roduction") || name == "Contoso UAT")
        .collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    let mut wanted = served.policy_block();
    for (_, id) in &ids {
        wanted.push_str(&format!(
            "[[policies.environments]]\nid = \"{id}\"\npower-platform-only = true\n"
        ));
    }
    let file = served.folder().join("wanted.toml");
    std::fs::write(&file, wanted).unwrap();
    let plan = served.run(&["plan", file.to_str().unwrap()]);
    for (name, id) in &ids {
        let told = format!("Add the environment `{name} ({id})`");
        assert_eq!(
            plan.stdout.contains(&told),
            name != "Contoso UAT",
            "{told}\n{}",
            plan.stdout
        );
    }
}
