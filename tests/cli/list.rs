//! `list` shows and judges visible resources, reports unread ones, and keeps its columns.

use crate::tenants::{generated, key_is, plain, policy_ready};
#[cfg(target_os = "linux")]
use crate::terminal::shown_at;
use crate::tool::{FAST, Ran, Served, run};
use serde_json::{Value, json};

/// Each list with its columns, in the order that scripts use.
const LISTS: [(&str, &str); 5] = [
    (
        "environments",
        "name, id, type, state, managed, finance_and_operations, policy, link, geography, fits, \
        why",
    ),
    (
        "policies",
        "name, id, subscription, group, location, vault, key, key_version, encrypts, identity, \
        fits, why",
    ),
    (
        "vaults",
        "name, id, kind, subscription, group, region, authorization, purge_protection, \
        soft_delete, network, tenant, fits, why",
    ),
    (
        "keys",
        "name, vault, vault_id, type, size, enabled, expires, identifier, fits, why",
    ),
    (
        "subscriptions",
        "name, id, state, tenant, registered, quota, fits, why",
    ),
];

fn json_of(served: &Served, user: &str, arguments: &[&str], code: i32) -> Value {
    let all = [&["list"], arguments, &["-o", "json"]].concat();
    served.run_as(user, &all).exits(code).json()
}

/// A field of each row.
fn column(document: &Value, kind: &str, field: &str) -> Vec<String> {
    let rows = document[kind].as_array().unwrap().iter();
    rows.map(|row| row[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_columns_stay_and_help_tells_them() {
    let served = Served::start("locked", FAST);
    for (kind, columns) in LISTS {
        let document = json_of(&served, "admin", &[kind], 0);
        let row = document[kind][0].as_object().unwrap();
        let fields: Vec<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(fields.join(", "), columns, "{kind}");
        let tsv = served.run(&["list", kind, "-o", "tsv"]).exits(0).stdout;
        assert_eq!(
            tsv.lines().count(),
            document[kind].as_array().unwrap().len()
        );
        for line in tsv.lines() {
            assert_eq!(line.split('\t').count(), fields.len(), "{kind}: {line}");
        }
        let help = run(&["help", "list", kind]).exits(0).stdout;
        let words: Vec<&str> = help.split_whitespace().collect();
        let told = format!("Columns of -o tsv: {columns}.");
        assert!(words.join(" ").contains(&told), "{kind}: {help}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_a_list_is_as_wide_as_it_and_breaks_no_id() {
    for (kind, scenario) in [
        ("environments", "fresh"),
        ("policies", "many-subscriptions"),
        ("vaults", "messy"),
        ("keys", "many-subscriptions"),
        ("subscriptions", "many-subscriptions"),
    ] {
        let served = Served::start(scenario, "1");
        let mut all = String::new();
        for width in [60, 80, 120, 200] {
            let command = served.command("admin", &["list", kind]);
            let text = shown_at(command, width);
            for line in text.lines() {
                assert!(
                    line.chars().count() <= usize::from(width),
                    "{kind} {width}: {text}"
                );
            }
            all.push_str(&format!("--- {width} columns ---\n{text}"));
        }
        let piped = served.run(&["list", kind]).exits(0);
        all.push_str(&format!("--- a pipe ---\n{}", piped.stdout));
        all.push_str(&format!("--- stderr ---\n{}", piped.stderr));
        insta::assert_snapshot!(format!("list_{kind}"), all);
    }
}

#[test]
fn who_sees_half_gets_that_half_and_is_not_told_that_there_is_no_more() {
    let served = Served::start("locked", FAST);
    let visible = |user: &str, kind: &str, code: i32| {
        let ran = served
            .run_as(user, &["list", kind, "-o", "json"])
            .exits(code);
        let document = ran.json();
        let complete = document["complete"] == true;
        assert_eq!(complete, code == 0, "{user} {kind}: {document:#}");
        assert_eq!(document["gaps"] == json!([]), complete, "{document:#}");
        let rows = document[kind].as_array().unwrap().len();
        let says_none = ran.stderr.contains("Your account sees no");
        assert_eq!(
            says_none,
            complete && rows == 0,
            "{user} {kind}: {}",
            ran.stderr
        );
        if !complete {
            ran.says_on_stderr(&["There may be more: ", "error: "]);
        }
        rows
    };
    assert_eq!(visible("key-vault-admin", "environments", 5), 0);
    assert_eq!(visible("unregistered", "environments", 5), 0);
    for (kind, _) in &LISTS[1..] {
        assert!(visible("key-vault-admin", kind, 0) > 0, "{kind}");
    }
    assert!(visible("power-platform-admin", "environments", 0) > 5);
    for kind in ["policies", "vaults", "keys"] {
        assert_eq!(visible("observer", kind, 5), 0, "{kind}");
    }
    // The service returned a list, and it is empty.
    assert_eq!(visible("observer", "subscriptions", 0), 0);
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn nothing_there_is_said_and_is_no_failure() {
    let served = Served::start("empty", FAST);
    for (kind, words) in [
        ("policies", "Your account sees no policy."),
        ("vaults", "Your account sees no vault or managed HSM."),
        ("keys", "Your account sees no key."),
    ] {
        let ran = served.run(&["list", kind]).exits(0);
        assert_eq!(ran.stdout, "", "{kind}");
        ran.says_on_stderr(&[words]);
        let quiet = served.run(&["list", kind, "-q", "--fits"]).exits(0);
        assert!(!quiet.stderr.contains("You see"), "{}", quiet.stderr);
    }
    let ran = served.run(&["list", "vaults", "--fits"]).exits(0);
    ran.says_on_stderr(&["Your account sees no vault or managed HSM that fits."]);
    let ran = served
        .run(&["list", "policies", "--geography", "uk"])
        .exits(0);
    ran.says_on_stderr(&["Your account sees no policy in `uk`."]);
    let document = json_of(&served, "admin", &["subscriptions"], 0);
    assert_eq!(column(&document, "subscriptions", "registered"), ["no"]);
    assert_eq!(column(&document, "subscriptions", "fits"), ["but"]);
}

#[test]
fn a_list_that_is_refused_or_cut_short_is_no_list() {
    for (part, trouble, arguments, kept) in [
        (json!({ "host": "bap" }), "403", &["environments"][..], 0),
        (
            json!({ "path": "/enterprisePolicies" }),
            "403",
            &["policies"],
            0,
        ),
        // The managed HSMs are a separate list.
        (json!({ "path": "/managedHSMs" }), "403", &["vaults"], 1),
        (
            json!({ "path": "/vaults/kv-contoso-cmk/keys" }),
            "403",
            &["keys"],
            0,
        ),
        (json!({ "path": "/keys/cmk-contoso" }), "403", &["keys"], 0),
        (
            json!({ "path": "/providers/Microsoft.PowerPlatform" }),
            "403",
            &["subscriptions"],
            1,
        ),
    ] {
        let served = Served::start("locked", FAST);
        served.faults(&json!([{ "match": part, "do": trouble, "times": 1000 }]));
        let ran = served
            .run(&[&["list"], arguments, &["-o", "json"]].concat())
            .exits(5);
        let document = ran.json();
        assert_eq!(document["complete"], false, "{part}");
        let gap = document["gaps"][0].as_str().unwrap();
        ran.says_on_stderr(&[&format!(": {gap}."), "error: "]);
        let rows = document[arguments[0]].as_array().unwrap().len();
        assert_eq!(rows, kept, "{part}: {document:#}");
        assert!(
            !ran.stderr.contains("Your account sees no"),
            "{part}: {}",
            ran.stderr
        );
    }
    let served = Served::start("locked", FAST);
    let open = json!({ "path": "/providers/Microsoft.PowerPlatform" });
    served.faults(&json!([{ "match": open, "do": "403", "times": 1000 }]));
    let document = json_of(&served, "admin", &["subscriptions"], 5);
    assert_eq!(
        column(&document, "subscriptions", "registered"),
        ["unknown"]
    );
    let ran = served.run(&["list", "subscriptions", "--fits"]).exits(5);
    ran.says_on_stderr(&["1 subscription is not shown, because cmkctl"]);
    // A refused sign-in gives no list either.
    let refused = ["bap", "management"]
        .map(|host| json!({ "match": { "host": host }, "do": "401", "times": 1000 }));
    served.faults(&json!(refused));
    for (kind, _) in LISTS {
        let ran = served.run(&["list", kind]).exits(4);
        assert!(
            !ran.stderr.contains("Your account sees no"),
            "{kind}: {}",
            ran.stderr
        );
    }
}

#[test]
fn what_would_do_depends_on_the_environment() {
    let served = Served::start("many-subscriptions", FAST);
    let of = |arguments: &[&str]| {
        let document = json_of(&served, "admin", arguments, 0);
        let kind = arguments[0];
        let (names, fits) = (
            column(&document, kind, "name"),
            column(&document, kind, "fits"),
        );
        names.into_iter().zip(fits).collect::<Vec<_>>()
    };
    let pairs = |all: &[(&str, &str)]| {
        let own = all
            .iter()
            .map(|(name, fit)| ((*name).to_owned(), (*fit).to_owned()));
        own.collect::<Vec<_>>()
    };
    let both = of(&["policies"]);
    assert!(both.iter().any(|(_, fit)| fit == "yes"), "{both:?}");
    let uk = of(&["policies", "--geography", "unitedkingdom"]);
    assert_eq!(uk, pairs(&[("ep-contoso-cmk", "yes")]));
    let europe = of(&["policies", "--environment", "Contoso UAT"]);
    assert!(
        europe.contains(&("ep-contoso-cmk".into(), "no".into())),
        "{europe:?}"
    );
    assert!(
        !of(&["policies", "--environment", "Contoso UAT", "--fits"])
            .contains(&("ep-contoso-cmk".into(), "no".into()))
    );
    let keys = of(&[
        "keys",
        "--vault",
        "kv-contoso-cmk",
        "--environment",
        "Contoso UAT",
    ]);
    assert_eq!(keys, pairs(&[("cmk-contoso", "yes")]));
    served
        .run(&["list", "keys", "--vault", "kv-nowhere"])
        .exits(2);
    let there = served.default_of("vault");
    let gone = there.replace("kv-contoso-cmk", "kv-nowhere");
    let ran = served.run(&["list", "keys", "--vault", &gone]).exits(2);
    ran.says_on_stderr(&["There is no vault or managed HSM", "cmkctl list vaults"]);
    served
        .run(&["list", "vaults", "--environment", "nowhere"])
        .exits(2);
    // A vault of another tenant fits none of this tenant's environments.
    let messy = Served::start("messy", FAST);
    let alone = json_of(&messy, "admin", &["vaults"], 0);
    assert_eq!(column(&alone, "vaults", "fits"), ["no"]);
    let none = json_of(&messy, "admin", &["keys", "--fits"], 0);
    assert_eq!(none["keys"], json!([]));
}

#[test]
fn environments_are_filtered_as_everywhere() {
    let served = Served::start("locked", FAST);
    let names = |more: &[&str]| {
        let document = json_of(&served, "admin", &[&["environments"], more].concat(), 0);
        column(&document, "environments", "name")
    };
    let all = names(&[]);
    assert!(all.is_sorted_by_key(|name| name.to_lowercase()), "{all:?}");
    let linked = names(&["--policy", "ep-contoso-cmk"]);
    assert_eq!(linked, ["Contoso Production", "Contoso UAT"]);
    assert_eq!(names(&["--not-encrypted"]).len(), all.len() - linked.len());
    assert_eq!(names(&["--sku", "trial"]), ["Contoso Trial"]);
    let fits = names(&["--fits"]);
    assert!(
        !fits.is_empty() && !fits.contains(&"Contoso UAT".to_owned()),
        "{fits:?}"
    );
    for wrong in [
        &["--policy", "nowhere"][..],
        &["--sku", "Nothing"],
        &["--policy", "ep-contoso-cmk", "--not-encrypted"],
    ] {
        served
            .run(&[&["list", "environments"], wrong].concat())
            .exits(2);
    }
}

#[test]
fn a_key_that_is_not_understood_is_listed_and_does_not_fit() {
    for (key, fits) in [
        (json!({ "kty": "EC" }), "no"),
        (json!({ "enabled": false }), "no"),
        (json!({ "bits": 4096 }), "but"),
        (json!({ "bits": 3072 }), "yes"),
    ] {
        let served = Served::patched(&policy_ready(key_is(key)), FAST);
        let document = json_of(&served, "admin", &["keys"], 0);
        assert_eq!(column(&document, "keys", "fits"), [fits], "{document:#}");
        let identifier = column(&document, "keys", "identifier");
        assert_eq!(
            identifier,
            ["https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso"]
        );
    }
}

fn listed(served: &Served, arguments: &[&str]) -> (Ran, u64, u64) {
    let ran = served.run(&[&["list"], arguments].concat()).exits(0);
    let ledger = served.ledger();
    let number = |name: &str| ledger[name].as_u64().unwrap();
    (ran, number("requests"), number("chain"))
}

#[test]
fn requests_grow_with_pages_subscriptions_and_vaults_alone() {
    let count = |environments: u32| {
        let served = Served::patched(&generated(environments), FAST);
        let (ran, requests, chain) = listed(&served, &["environments"]);
        assert!(ran.stdout.lines().count() > environments as usize);
        (requests, chain)
    };
    // Pages of 250. The token shows that the list covers the whole tenant.
    assert_eq!(count(1000).0, 5);
    assert_eq!(count(4000).0, 17);
    for (arguments, requests, chain) in [
        // One list of subscriptions, then the lists of its three subscriptions at the same time.
        (&["policies"][..], 1 + 3, 2),
        (&["vaults"], 1 + 3 * 2, 2),
        // Two vaults with one key each.
        (&["keys"], 1 + 3 * 2 + 2 + 2, 4),
        (&["subscriptions"], 1 + 3, 2),
    ] {
        // Slow enough that requests which are sent together are answered together.
        let served = Served::patched_with(&many(), FAST, &["--latency", "300ms"]);
        let (_, asked, row) = listed(&served, arguments);
        assert_eq!((asked, row), (requests, chain), "{arguments:?}");
    }
}

/// Three subscriptions and two vaults are visible.
fn many() -> Value {
    let text = include_str!("../../src/sandbox/scenarios/many-subscriptions.json");
    plain(serde_json::from_str(text).unwrap())
}
