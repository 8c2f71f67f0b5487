//! The cloud that gets the tokens: a name is never read as a file, and a file is understood
//! completely or refused.

use crate::tool::{FAST, Ran, Served, command, finish};
use serde_json::{Value, json};
use std::path::Path;

const CLOUDS: [&str; 5] = ["public", "gcc", "gcc-high", "dod", "china"];

/// A cloud with a foreign sign-in host.
fn foreign() -> Value {
    json!({ "name": "foreign", "base": "public",
        "endpoints": { "login": "login.foreign.example" } })
}

fn shown_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut asked = command(&["config", "show", "-o", "json"]);
    asked
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder);
    finish(asked)
}

fn value(ran: &Ran, name: &str) -> String {
    let document = ran.json();
    let found = document["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == name)
        .cloned();
    found
        .and_then(|found| found["value"].as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[test]
fn a_built_in_name_never_stands_for_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for cloud in CLOUDS {
        // An unreadable file, so reading it would fail.
        std::fs::write(folder.path().join(cloud), "not a cloud").unwrap();
        shown_in(folder.path(), &["--cloud", cloud], &[]).exits(0);
        shown_in(folder.path(), &[], &[("CMKCTL_CLOUD", cloud)]).exits(0);
    }
    // The counterpart: the path of the same file is read as a file.
    std::fs::write(folder.path().join("public"), foreign().to_string()).unwrap();
    shown_in(folder.path(), &["--cloud", "./public"], &[]).exits(0);
    std::fs::write(folder.path().join("public"), "not a cloud").unwrap();
    let refused = shown_in(folder.path(), &["--cloud", "./public"], &[]).exits(2);
    assert!(
        refused
            .stderr
            .contains("The cloud file `./public` can't be understood."),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_file_has_a_path_or_the_ending_of_one() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["mine", "publik", "cloud.txt", "foreign.toml"] {
        std::fs::write(folder.path().join(name), foreign().to_string()).unwrap();
        let refused = shown_in(folder.path(), &["--cloud", name], &[]).exits(2);
        assert!(
            refused
                .stderr
                .contains(&format!("The cloud `{name}` is not known.")),
            "{}",
            refused.stderr
        );
        assert!(
            refused
                .stderr
                .contains("Known clouds: public, gcc, gcc-high, dod, china."),
            "{}",
            refused.stderr
        );
        shown_in(folder.path(), &["--cloud", &format!("./{name}")], &[]).exits(0);
    }
    let refused = shown_in(folder.path(), &["--cloud", "publik"], &[]).exits(2);
    assert!(
        refused.stderr.contains("Did you mean `public`?"),
        "{}",
        refused.stderr
    );
    for name in ["mine.json", "MINE.JSON"] {
        std::fs::write(folder.path().join(name), foreign().to_string()).unwrap();
        shown_in(folder.path(), &["--cloud", name], &[]).exits(0);
    }
}

#[test]
fn a_member_with_another_name_is_named_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let good = json!({ "base": "public", "endpoints": { "bap": "api.bap.example" } });
    std::fs::write(folder.path().join("c.json"), good.to_string()).unwrap();
    shown_in(folder.path(), &["--cloud", "c.json"], &[]).exits(0);
    let wrong = json!({ "base": "public", "endpoint": { "bap": "api.bap.example" } });
    std::fs::write(folder.path().join("c.json"), wrong.to_string()).unwrap();
    let refused = shown_in(folder.path(), &["--cloud", "c.json"], &[]).exits(2);
    assert!(
        refused.stderr.contains("unknown field `endpoint`"),
        "{}",
        refused.stderr
    );
    // A sandbox's own file is complete. With an unknown member, it is refused too.
    let served = Served::start("ready", FAST);
    served.run(&["config", "show"]).exits(0);
    let mut file = served.cloud();
    file["sandbox"]["host"] = json!("https://elsewhere.example");
    let other = folder.path().join("sandbox.json");
    std::fs::write(&other, file.to_string()).unwrap();
    let refused = shown_in(folder.path(), &["--cloud", other.to_str().unwrap()], &[]).exits(2);
    assert!(
        refused.stderr.contains("unknown field `host`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_folder_of_settings_is_absolute_or_not_set() {
    let folder = tempfile::tempdir().unwrap();
    for (place, tenant) in [
        ("relative", "r"),
        ("home/.config", "h"),
        ("xdg", "x"),
        ("appdata", "a"),
    ] {
        let own = folder.path().join(place).join("cmkctl");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("config.toml"), format!("tenant = \"{tenant}\"\n")).unwrap();
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let tenant = |variables: &[(&str, &str)]| {
        value(&shown_in(folder.path(), &[], variables).exits(0), "tenant")
    };
    assert_eq!(
        tenant(&[("HOME", &at("home")), ("XDG_CONFIG_HOME", "relative")]),
        "h"
    );
    assert_eq!(
        tenant(&[("HOME", &at("home")), ("XDG_CONFIG_HOME", "")]),
        "h"
    );
    assert_eq!(
        tenant(&[("HOME", &at("home")), ("XDG_CONFIG_HOME", &at("xdg"))]),
        "x"
    );
    if cfg!(not(windows)) {
        assert_eq!(
            tenant(&[("HOME", &at("home")), ("APPDATA", &at("appdata"))]),
            "h"
        );
    }
    assert_eq!(tenant(&[("HOME", "home")]), "");
}
